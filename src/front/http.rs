//! MCP over streamable HTTP, on loopback.
//!
//! rmcp speaks the protocol, both eras; this module owns the sockets. Whoever
//! can open a connection on this computer can use the server: there is no
//! sign-in, hence no other address.

mod exchange;
mod pace;
mod sessions;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ServeError;
use super::stdio::PATIENCE;
use crate::access::Caller;
use crate::desk::Door;
use crate::mcp::{Server, Visitor};
use exchange::{Held, MAX_BODY_BYTES, Whole, text};
use pace::{Pace, Paced, Room};
use sessions::{Running, Sessions};

/// The only path.
const PATH: &str = "/mcp";

/// Names the session of a client of the older protocol.
const SESSION: &str = "mcp-session-id";

/// Requests that are answered at once. Chosen: far above what one computer's
/// clients ask, and below its limit of files.
const PLACES: usize = 256;

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
    let manager = Arc::new(session_manager());
    let sessions = Sessions::new(Arc::clone(&manager));
    let mcp = service(server.clone(), manager, listener.address, ends.streams.clone());
    let desk = Counter { mcp: mcp.clone(), visitor, sessions, places: Arc::new(Semaphore::new(PLACES)) };
    let connections = TaskTracker::new();
    let room = Arc::new(Room::default());
    tokio::pin!(told_to_end);
    loop {
        let accepted = tokio::select! {
            // The end first: a flood of connections must not keep the server from ending.
            biased;
            () = &mut told_to_end => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                let pace = Pace::new(Arc::clone(&room));
                connections.spawn(serve_connection(stream, desk.clone(), pace, ends.clone()));
            }
            Err(error) => {
                // A client that was gone before it was taken, or no file left: in both cases others go on.
                tracing::debug!(kind = ?error.kind(), "a connection could not be taken");
                // Not a pause: accept is what waits; only the other tasks get their turn, so that one of them gives a file back.
                tokio::task::yield_now().await;
            }
        }
    }
    drop(listener);
    tracing::info!("ending");
    server.shut_down(PATIENCE).await;
    connections.close();
    // One harder step at a time: a client that reads its answer in the first second gets it whole.
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

fn session_manager() -> LocalSessionManager {
    let mut sessions = SessionConfig::default();
    sessions.keep_alive = Some(SILENCE);
    let mut manager = LocalSessionManager::default();
    manager.session_config = sessions;
    manager
}

fn service(server: Server, manager: Arc<LocalSessionManager>, address: SocketAddr, end: CancellationToken) -> Mcp {
    let port = address.port();
    // Spec: MCP asks servers to check Origin; a page in this computer's browser can reach loopback, too.
    let origins = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
    let mut config = StreamableHttpServerConfig::default().with_allowed_origins(origins).with_cancellation_token(end);
    config.max_request_body_bytes = MAX_BODY_BYTES;
    StreamableHttpService::new(move || Ok(server.clone()), manager, config)
}

/// Where every request is taken.
#[derive(Clone)]
struct Counter {
    mcp: Mcp,
    visitor: Visitor,
    sessions: Arc<Sessions>,
    places: Arc<Semaphore>,
}

/// What a request holds until its answer is out.
struct Holds {
    pace: Arc<Pace>,
    place: Option<OwnedSemaphorePermit>,
    running: Option<Running>,
}

impl Drop for Holds {
    fn drop(&mut self) {
        self.pace.is_answered();
    }
}

impl Counter {
    async fn take(&self, request: Request<Incoming>, pace: Arc<Pace>) -> Response<Held<Holds>> {
        pace.head_is_whole();
        let mut holds = Holds { pace, place: None, running: None };
        // Before the body is read: whoever is at the wrong door need not be waited for.
        if request.uri().path() != PATH {
            return Held::by(text(StatusCode::NOT_FOUND, "MCP is at /mcp"), holds);
        }
        let Whole { mut request, unread } = match exchange::whole(request).await {
            Ok(whole) => whole,
            Err(answer) => return Held::by(answer, holds),
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Held::by(busy(), holds);
        };
        holds.place = Some(place);
        holds.pace.request_is_whole();
        let method = request.method().clone();
        let session = session(request.headers());
        // A stream that only listens does not make a session busy: most clients have one open all the time.
        if let Some(id) = session.as_deref().filter(|_| method == Method::POST) {
            holds.running = self.sessions.running(id);
        }
        // Whoever can open a connection is the local user: there is no sign-in yet.
        request.extensions_mut().insert(self.visitor.clone());
        let answer = self.mcp.handle(request).await;
        match (session, answer.status()) {
            // rmcp has closed it for its silence; our count must not keep it.
            (Some(id), StatusCode::NOT_FOUND) => self.sessions.gone(&id),
            (Some(id), status) if method == Method::DELETE && status.is_success() => self.sessions.gone(&id),
            (None, _) => {
                if let Some(made) = session_of(&answer)
                    && self.sessions.made(&made).await.is_err()
                {
                    return Held::by(busy(), holds);
                }
            }
            _ => {}
        }
        Held::by(exchange::finished(&method, answer, unread.as_ref()), holds)
    }
}

fn session(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned)
}

fn session_of(answer: &exchange::Answer) -> Option<String> {
    session(answer.headers())
}

/// Too much is asked at once.
fn busy() -> exchange::Answer {
    let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once; try again");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

async fn serve_connection(stream: TcpStream, counter: Counter, pace: Arc<Pace>, ends: Ends) {
    let stream = Paced { stream, pace: Arc::clone(&pace) };
    let taking = Arc::clone(&pace);
    let service = service_fn(move |request: Request<Incoming>| {
        let (counter, pace) = (counter.clone(), Arc::clone(&taking));
        async move { Ok::<_, Infallible>(counter.take(request, pace).await) }
    });
    // `pace` has the times: hyper's own takes a pause between requests for a head that is late.
    let connection = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service);
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
            () = pace.is_over() => return,
        }
    }
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
