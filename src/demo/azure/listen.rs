//! The simulated Azure behind a socket on loopback.
//!
//! One port for both: https for everything, and http for managed identities
//! alone, which Azure's own metadata service speaks.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::certificate;
use super::exchange::{Answer, Request};
use super::face::{Azure, Seen, Settings};
use super::fault::Fault;
use crate::demo::serve::DemoError;
use crate::demo::world::World;

/// Longest request taken, in bytes. *Spec* logs ingestion takes one megabyte,
/// the resource manager four.
const MAX_BODY_BYTES: usize = 5 << 20;

/// A simulated Azure that listens until this is dropped.
pub struct AzureEnd {
    azure: Arc<Azure>,
    address: SocketAddr,
    ca_pem: String,
    _ends: DropGuard,
}

impl AzureEnd {
    /// Listens at an address of loopback for clients of `world`.
    ///
    /// # Errors
    ///
    /// [`DemoError`] when it cannot listen, or not there.
    pub async fn start(listen: SocketAddr, world: Arc<World>, settings: Settings) -> Result<Self, DemoError> {
        if !listen.ip().is_loopback() {
            return Err(DemoError::Azure { kind: std::io::ErrorKind::AddrNotAvailable });
        }
        let (ca_pem, acceptor) =
            certificate::authority().map_err(|_| DemoError::Azure { kind: std::io::ErrorKind::Other })?;
        let refused = |error: std::io::Error| DemoError::Azure { kind: error.kind() };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let azure = Arc::new(Azure::new(world, settings));
        let ends = CancellationToken::new();
        tokio::spawn(accept(listener, acceptor, Arc::clone(&azure), ends.clone()));
        Ok(Self { azure, address, ca_pem, _ends: ends.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The resource manager's endpoint, and every other's.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority that its certificate is by, in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Writes the authority to a file, for clients that read it from one.
    ///
    /// # Errors
    ///
    /// [`DemoError`] when it cannot be written there.
    pub fn write_authority(&self, path: &Path) -> Result<(), DemoError> {
        std::fs::write(path, &self.ca_pem)
            .map_err(|error| DemoError::Unwritable { path: path.to_owned(), kind: error.kind() })
    }

    /// Where tokens are had in the form of `IDENTITY_ENDPOINT`: for the managed
    /// identity of the tenant of that alias, or the provider's without one.
    #[must_use]
    pub fn identity_endpoint(&self, tenant: Option<&str>) -> String {
        let host = tenant.map(|alias| format!("/{alias}")).unwrap_or_default();
        format!("{}{host}/msi/token", self.url())
    }

    /// What stands for `http://169.254.169.254` on that tenant's jump host.
    #[must_use]
    pub fn metadata_host(&self, tenant: Option<&str>) -> String {
        let host = tenant.map(|alias| format!("/{alias}")).unwrap_or_default();
        format!("http://{}{host}", self.address)
    }

    /// Puts these faults in the place of all others.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.azure.set_faults(faults);
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.azure.seen()
    }
}

impl std::fmt::Debug for AzureEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AzureEnd").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, azure: Arc<Azure>, ends: CancellationToken) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // One connection's trouble; the next may be better.
                Err(_) => continue,
            },
            () = ends.cancelled() => return,
        };
        let (acceptor, azure, ends) = (acceptor.clone(), Arc::clone(&azure), ends.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, acceptor, azure) => {}
                () = ends.cancelled() => {}
            }
        });
    }
}

/// *Spec* RFC 8446 §5.1: the first byte of a TLS connection is a handshake's.
const HANDSHAKE: u8 = 22;

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, azure: Arc<Azure>) {
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first == [HANDSHAKE] => {
            // A handshake that failed is the client's trouble.
            if let Ok(stream) = acceptor.accept(stream).await {
                speak(stream, azure, true).await;
            }
        }
        Ok(1) => speak(stream, azure, false).await,
        _ => {}
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: S, azure: Arc<Azure>, is_sealed: bool) {
    let service = service_fn(move |request| {
        let azure = Arc::clone(&azure);
        async move {
            let Some(request) = whole(request, is_sealed).await else {
                let mut response = Response::new(Sent::new(Bytes::new(), None));
                *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
                return Ok::<_, Infallible>(response);
            };
            let answer = azure.answer(&request);
            if !answer.wait.is_zero() {
                tokio::time::sleep(answer.wait).await;
            }
            Ok(response(answer))
        }
    });
    // An error is a client that went away, or an answer cut on purpose.
    let _ = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service).await;
}

/// The request with its body; `None` when that is too long.
async fn whole(request: hyper::Request<Incoming>, is_sealed: bool) -> Option<Request> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.ok()?.to_bytes();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if is_sealed { "https" } else { "http" };
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    Some(Request {
        method: head.method.as_str().to_ascii_uppercase(),
        path: head.uri.path().to_owned(),
        query: query.into_owned().collect(),
        headers: head.headers.iter().map(header).collect(),
        body: body.to_vec(),
        base: format!("{scheme}://{host}"),
        is_sealed,
    })
}

fn response(answer: Answer) -> Response<Sent> {
    let mut response = Response::new(Sent::new(Bytes::from(answer.body), answer.cut));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The connection ends in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
struct Cut;

/// A body that may break off.
struct Sent {
    data: Option<Bytes>,
    announced: u64,
    ends: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// It breaks off, but only when what there is has been sent.
    CutWhenSent,
    Cut,
}

impl Sent {
    fn new(mut data: Bytes, cut: Option<usize>) -> Self {
        let announced = data.len() as u64;
        if let Some(bytes) = cut {
            data.truncate(bytes);
        }
        let ends = if cut.is_some() { End::CutWhenSent } else { End::Whole };
        Self { data: (!data.is_empty()).then_some(data), announced, ends }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.ends {
            End::Whole => Poll::Ready(None),
            End::CutWhenSent => {
                self.ends = End::Cut;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Cut => Poll::Ready(Some(Err(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.ends == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(if self.ends == End::Whole {
            self.data.as_ref().map_or(0, Bytes::len) as u64
        } else {
            self.announced
        })
    }
}
