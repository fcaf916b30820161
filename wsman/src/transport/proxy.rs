//! A tunnel through an HTTP proxy.

use std::fmt;

use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::upgrade::{self, Upgraded};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use reqwest::{Body, Url};
use tokio::net::TcpStream;

use super::{Endpoint, TransportError, dial};
use crate::{Error, ErrorKind};

/// An HTTP proxy that makes tunnels (`CONNECT`).
///
/// Also for plain HTTP: a proxy that passes requests on may spread them over
/// connections, and a connection that is signed in must be one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
}

impl Proxy {
    /// Reads `http://proxy.example:3128`. Port 80 when none is written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: not such an address, or one that holds a user
    /// name: proxies that want a sign-in are not supported.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let misuse = |what| Error::new(ErrorKind::Misuse, what);
        let url = Url::parse(text).map_err(|_| misuse("the proxy's address is not a URL"))?;
        if url.scheme() != "http" {
            return Err(misuse("the proxy's address does not start with http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(misuse("the proxy's address holds a user name; a proxy that wants a sign-in is not supported"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(misuse("the proxy's address holds more than host and port"));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(misuse("the proxy's address names no host"));
        }
        Ok(Self { host, port: url.port_or_known_default().unwrap_or(80) })
    }

    /// Bytes to the host and back. The proxy resolves the host's name.
    pub(super) async fn tunnel(&self, to: &Endpoint) -> Result<TokioIo<Upgraded>, TransportError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = dial::ready(stream.map_err(|error| TransportError::ProxyUnreachable { kind: error.kind() })?);
        let lost = |_| TransportError::ProxyRefused { status: None };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        // Ends with the upgrade, or with the sender.
        tokio::spawn(connection.with_upgrades());
        let authority = to.authority();
        let uri = Uri::try_from(&authority).map_err(|_| TransportError::NoClient)?;
        let request = Request::connect(uri).header(HOST, authority).body(Body::from(""));
        let request = request.map_err(|_| TransportError::NoClient)?;
        let response = sender.send_request(request).await.map_err(lost)?;
        let status = response.status();
        if !status.is_success() {
            return Err(TransportError::ProxyRefused { status: Some(status.as_u16()) });
        }
        upgrade::on(response).await.map(TokioIo::new).map_err(lost)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "http://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "http://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for (text, full) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://Proxy/", "http://proxy:80"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Proxy::parse(text).unwrap().to_string(), full);
        }
        for (text, said) in [
            ("proxy:3128", "the proxy's address does not start with http://"),
            ("https://proxy:3128", "the proxy's address does not start with http://"),
            ("proxy", "the proxy's address is not a URL"),
            (
                "http://me:pw@proxy:3128",
                "the proxy's address holds a user name; a proxy that wants a sign-in is not supported",
            ),
            ("http://proxy:3128/path", "the proxy's address holds more than host and port"),
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Misuse, said), "{text}");
        }
    }
}
