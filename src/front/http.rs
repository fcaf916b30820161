//! MCP over streamable HTTP, on loopback.
//!
//! rmcp speaks the protocol, both eras; this module owns the sockets. Whoever
//! can open a connection on this computer can use the server: there is no
//! sign-in, hence no other address.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ServeError;
use super::stdio::PATIENCE;
use crate::access::Caller;
use crate::desk::Door;
use crate::mcp::{Server, Visitor};

/// The only path.
const PATH: &str = "/mcp";

/// Longest request taken, in bytes. Chosen: a workbook's content, the longest
/// argument, has one megabyte at most.
const MAX_BODY_BYTES: usize = 4 << 20;

/// How long a connection may stand without a request, or with half of its
/// head.
///
/// Chosen: longer than the 90 s for which Go and Rust clients keep one, so
/// that no request meets a connection that is just being closed.
const HEAD: Duration = Duration::from_secs(120);

/// Connections at once. Chosen: far above what one computer's clients open,
/// and below its limit of files.
const CONNECTIONS: usize = 256;

/// How long a session of the older protocol may be silent.
///
/// Chosen: twice the longest call, which says nothing when its client wants
/// no progress; a client comes back from a break to the session it left.
const SILENCE: Duration = Duration::from_secs(2 * 3_600);

/// How long answers may take to reach their clients at the end.
const GRACE: Duration = Duration::from_secs(1);

/// An address that only this computer can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loopback(SocketAddr);

/// An address that others could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from elsewhere, and there is no sign-in yet; give a loopback address such as 127.0.0.1:8321"
)]
pub struct NotLoopback(SocketAddr);

impl TryFrom<SocketAddr> for Loopback {
    type Error = NotLoopback;
    fn try_from(address: SocketAddr) -> Result<Self, NotLoopback> {
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(NotLoopback(address)) }
    }
}

/// A socket that listens.
#[derive(Debug)]
pub struct HttpListener {
    listener: TcpListener,
    address: SocketAddr,
}

impl HttpListener {
    /// Listens. Port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`], such as when the port is taken.
    pub async fn bind(address: Loopback) -> Result<Self, ServeError> {
        let Loopback(address) = address;
        let failed = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where clients find it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// The next connection.
    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.listener.accept().await?;
        // Seen: rmcp writes an event and its end apart, and each answer waits 40 ms for the client's acknowledgement.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

type Mcp = StreamableHttpService<Server, LocalSessionManager>;

/// Serves until told to end; then stops every call, on the hosts too, lets
/// the answers out and closes sessions and connections.
///
/// A client of 2026-07-28 cancels a call by closing its response. Before, a
/// lost connection cancels nothing: the client may come back for the answer,
/// and cancels with a message or by deleting its session.
pub async fn serve_http(server: Server, caller: Caller, listener: HttpListener, told_to_end: impl Future<Output = ()>) {
    let visitor = Visitor { caller: Arc::new(caller), door: Door::Http };
    let ends = Ends::default();
    let mcp = service(server.clone(), listener.address, ends.streams.clone());
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::pin!(told_to_end);
    loop {
        let next = async {
            // Never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = &mut told_to_end => break,
            next = next => next,
        };
        match accepted {
            Ok(stream) => {
                let serving = serve_connection(stream, mcp.clone(), visitor.clone(), ends.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                // A client that was gone before it was taken, or no file left: in both cases others go on.
                tracing::debug!(kind = ?error.kind(), "a connection could not be taken");
                tokio::task::yield_now().await;
            }
        }
    }
    drop(listener);
    tracing::info!("ending");
    server.shut_down(PATIENCE).await;
    connections.close();
    for end in [ends.connections, ends.streams, ends.all] {
        end.cancel();
        if timeout(GRACE, connections.wait()).await.is_ok() {
            break;
        }
    }
    // Sessions that had no connection, too.
    mcp.config.cancellation_token.cancel();
}

/// The steps of the end, each harder than the one before.
#[derive(Clone, Debug, Default)]
struct Ends {
    /// Connections take no further request.
    connections: CancellationToken,
    /// Streams and sessions end.
    streams: CancellationToken,
    /// Connections are cut.
    all: CancellationToken,
}

fn service(server: Server, address: SocketAddr, end: CancellationToken) -> Mcp {
    let port = address.port();
    let origins = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
    let mut config = StreamableHttpServerConfig::default().with_allowed_origins(origins).with_cancellation_token(end);
    config.max_request_body_bytes = MAX_BODY_BYTES;
    let mut sessions = SessionConfig::default();
    sessions.keep_alive = Some(SILENCE);
    let mut manager = LocalSessionManager::default();
    manager.session_config = sessions;
    StreamableHttpService::new(move || Ok(server.clone()), Arc::new(manager), config)
}

async fn serve_connection(stream: TcpStream, mcp: Mcp, visitor: Visitor, ends: Ends) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let mcp = mcp.clone();
        // Whoever can open a connection is the local user: there is no sign-in yet.
        request.extensions_mut().insert(visitor.clone());
        async move {
            if request.uri().path() == PATH {
                Ok::<_, Infallible>(mcp.handle(request).await)
            } else {
                Ok(nothing_there())
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut is_ending = false;
    loop {
        tokio::select! {
            biased;
            () = ends.all.cancelled() => return,
            () = ends.connections.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            // An error is a client that went away.
            _ = connection.as_mut() => return,
        }
    }
}

fn nothing_there() -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"MCP is at /mcp")).boxed());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1"] {
            assert!(Loopback::try_from(good.parse::<SocketAddr>().unwrap()).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[::ffff:127.0.0.1]:1", "[fe80::1]:1"] {
            assert!(Loopback::try_from(bad.parse::<SocketAddr>().unwrap()).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn no_answer_waits_for_an_acknowledgement() {
        let address = Loopback::try_from("127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
        let listener = HttpListener::bind(address).await.unwrap();
        let _client = TcpStream::connect(listener.address).await.unwrap();
        assert!(listener.accept().await.unwrap().nodelay().unwrap());
    }
}
