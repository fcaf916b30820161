//! HTTP on one connection of our own.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use reqwest::{Body, Response, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;

use super::counted::{Counted, Written};
use super::error::{Sent, TransportError, tls_case};
use super::{Endpoint, Proxy, dial};

/// Posts to one address on one connection, and never on a second.
///
/// The connection is read also while nothing is asked, so a host that closed it
/// is seen before the next request goes out.
pub(super) struct Http {
    url: Url,
    sender: SendRequest<Body>,
    written: Written,
    /// What was written before the request that is under way.
    before: u64,
    _connection: Running,
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
    /// Connects, through the proxy or without any, whatever the environment
    /// says. Dropping the future closes the socket.
    pub(super) async fn connect(
        endpoint: &Endpoint,
        proxy: Option<&Proxy>,
        tls: Option<ClientConfig>,
    ) -> Result<Self, TransportError> {
        match proxy {
            None => Self::secured(endpoint, dial::connect(endpoint).await?, tls).await,
            Some(proxy) => Self::secured(endpoint, proxy.tunnel(endpoint).await?, tls).await,
        }
    }

    async fn secured<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        endpoint: &Endpoint,
        stream: S,
        tls: Option<ClientConfig>,
    ) -> Result<Self, TransportError> {
        let Some(config) = tls else { return Self::over(endpoint, stream).await };
        let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| TransportError::NoClient)?;
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        Self::over(endpoint, connected.map_err(|error| no_tls(&error))?).await
    }

    async fn over<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        endpoint: &Endpoint,
        inner: S,
    ) -> Result<Self, TransportError> {
        let written = Written::default();
        let stream = Counted { inner, written: written.clone() };
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|_| TransportError::ConnectionLost)?;
        let task = tokio::spawn(connection);
        Ok(Self { url: endpoint.url(), sender, written, before: 0, _connection: Running(task.abort_handle()) })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether a byte of the last request may have left.
    pub(super) fn sent(&self) -> Sent {
        if self.written.bytes() == self.before { Sent::No } else { Sent::Maybe }
    }

    pub(super) async fn post(&mut self, headers: HeaderMap, body: Vec<u8>) -> Result<Response, (TransportError, Sent)> {
        self.before = self.written.bytes();
        let request = request(&self.url, headers, body).map_err(|error| (error, Sent::No))?;
        // A connection that the host has closed is seen here.
        self.sender.ready().await.map_err(|_| (TransportError::ConnectionLost, Sent::No))?;
        match self.sender.try_send_request(request).await {
            Ok(response) => Ok(Response::from(response.map(Body::wrap))),
            Err(error) => {
                let sent = if error.message().is_some() { Sent::No } else { self.sent() };
                Err((broken(error.error()), sent))
            }
        }
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

/// Why TLS did not come about.
fn no_tls(error: &io::Error) -> TransportError {
    tls_case(error).unwrap_or(TransportError::TlsHungUp)
}

/// Why there is no answer, or no more of it.
pub(super) fn broken(error: &(dyn StdError + 'static)) -> TransportError {
    let chain = || std::iter::successors(Some(error), |&error| error.source());
    if let Some(case) = chain().find_map(tls_case) {
        return case;
    }
    let not_http = chain().filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse);
    if not_http { TransportError::NotHttp } else { TransportError::ConnectionLost }
}
