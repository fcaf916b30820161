//! HTTP on one connection: the HTTP client's, or our own through a tunnel.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use reqwest::{Body, Client, Response, Url, redirect, retry};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::error::{Sent, TransportError, classify, tls_case};
use super::gate::OneShot;
use super::{Endpoint, Proxy};

/// Posts to one address on one connection, and never on a second.
pub(super) struct Http {
    url: Url,
    engine: Engine,
}

enum Engine {
    /// Connects with the first request.
    Direct(Client),
    /// The HTTP client makes tunnels for https alone, so this is our own.
    Tunnel { sender: SendRequest<Body>, _connection: Running },
}

/// A task that ends with its owner.
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const AGENT: &str = concat!("wsman/", env!("CARGO_PKG_VERSION"));

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (CONNECTION, HeaderValue::from_static("Keep-Alive")),
        (USER_AGENT, HeaderValue::from_static(AGENT)),
    ])
}

impl Http {
    /// Without a proxy, whatever the environment says.
    pub(super) fn direct(
        endpoint: &Endpoint,
        gate: &OneShot,
        tls: ClientConfig,
        connect: Duration,
    ) -> Result<Self, TransportError> {
        let client = Client::builder()
            .connect_timeout(connect)
            .connector_layer(gate.clone())
            .default_headers(headers())
            .http1_only()
            .no_proxy()
            // How long a connection may idle is the owner's decision.
            .pool_idle_timeout(None)
            .pool_max_idle_per_host(1)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .tcp_nodelay(true)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|_| TransportError::NoClient)?;
        Ok(Self { url: endpoint.url(), engine: Engine::Direct(client) })
    }

    /// Connects through the proxy. Dropping the future closes the socket.
    pub(super) async fn tunnelled(
        endpoint: &Endpoint,
        proxy: &Proxy,
        tls: Option<ClientConfig>,
    ) -> Result<Self, TransportError> {
        let stream = proxy.tunnel(endpoint).await?;
        let engine = match tls {
            None => Engine::over(stream).await?,
            Some(config) => {
                let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| TransportError::NoClient)?;
                let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
                Engine::over(connected.map_err(|error| no_tls(&error))?).await?
            }
        };
        Ok(Self { url: endpoint.url(), engine })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn post(&mut self, headers: HeaderMap, body: Vec<u8>) -> Result<Response, (TransportError, Sent)> {
        match &mut self.engine {
            Engine::Direct(client) => {
                let request = client.post(self.url.clone()).headers(headers).body(body);
                request.send().await.map_err(|error| classify(&error))
            }
            Engine::Tunnel { sender, .. } => {
                let request = request(&self.url, headers, body).map_err(|error| (error, Sent::No))?;
                sender.ready().await.map_err(|_| (TransportError::ConnectionLost, Sent::No))?;
                let sent = sender.try_send_request(request).await;
                let response = sent.map_err(|error| {
                    let sent = if error.message().is_some() { Sent::No } else { Sent::Maybe };
                    (broken(error.error()), sent)
                })?;
                Ok(Response::from(response.map(Body::wrap)))
            }
        }
    }
}

impl Engine {
    async fn over<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: S) -> Result<Self, TransportError> {
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|_| TransportError::ConnectionLost)?;
        let task = tokio::spawn(connection);
        Ok(Self::Tunnel { sender, _connection: Running(task.abort_handle()) })
    }
}

fn request(url: &Url, more: HeaderMap, body: Vec<u8>) -> Result<Request<Body>, TransportError> {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::post(url.path()).header(HOST, host).body(Body::from(body));
    if let Ok(request) = &mut request {
        request.headers_mut().extend(headers());
        request.headers_mut().extend(more);
    }
    request.map_err(|_| TransportError::NoClient)
}

/// Why TLS did not come about in a tunnel.
fn no_tls(error: &io::Error) -> TransportError {
    tls_case(error).unwrap_or(TransportError::TlsHungUp)
}

fn broken(error: &hyper::Error) -> TransportError {
    let tls = std::iter::successors(error.source(), |&error| error.source()).find_map(tls_case);
    tls.unwrap_or_else(|| if error.is_parse() { TransportError::NotHttp } else { TransportError::ConnectionLost })
}
