//! One connection: HTTP, sign-in, sealing.

use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, SERVER, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::driver::{Driver, unix_now};
use super::mishap::Mishap;
use super::parts::Parts;
use super::tls::HostTls;
use crate::auth::multipart::{FrameError, MultipartError};
use crate::auth::ntlm::FileTime;
use crate::auth::{Accepted, Acceptor, AuthError, Demand, Seal, basic};
#[cfg(feature = "credssp")]
use crate::auth::{CredSspAcceptor, CredSspStep};
use crate::entropy::Entropy;
use crate::soap;

/// Longest HTTP body taken, in bytes. Chosen: four times the largest envelope
/// that a host takes; what lies between gets a fault instead of a 413.
const MAX_BODY_BYTES: usize = 2 << 20;

struct Connection {
    driver: Arc<Driver>,
    parts: Arc<Parts>,
    /// The account of the certificate that the client showed.
    certified: Option<String>,
    sign_in: Mutex<SignIn>,
}

enum SignIn {
    No,
    Step(Box<Acceptor>),
    #[cfg(feature = "credssp")]
    CredSsp(Box<CredSspAcceptor>),
    Done {
        seal: Box<dyn Seal>,
        user: String,
    },
}

/// Why a message could not be opened.
enum Unopened {
    NotSignedIn,
    NotSealed,
    /// The seal or its frame.
    Broken,
}

/// How a message came, and how its answer goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Sealed,
    Plain,
}

#[cfg(feature = "credssp")]
const CREDSSP: &str = "CredSSP";
const SOAP: &str = "application/soap+xml;charset=UTF-8";
/// A client that showed its certificate says so. Source: [MS-WSMV] §3.1.4.1.29.2.
const MUTUAL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// The connection closes without another byte.
#[derive(Debug, thiserror::Error)]
#[error("hung up on purpose")]
pub(super) struct HangUp;

pub(super) async fn serve(stream: TcpStream, driver: Arc<Driver>, parts: Arc<Parts>) {
    // Without it a delayed answer would be measured, not ours.
    let _ = stream.set_nodelay(true);
    match &parts.tls {
        // A handshake that failed is the client's trouble.
        Some(tls) => {
            let Ok(stream) = tls.acceptor().accept(stream).await else { return };
            let shown = stream.get_ref().1.peer_certificates().is_some();
            let certified = tls.certified.clone().filter(|_| shown);
            speak(stream, driver, parts, certified).await;
        }
        None => speak(stream, driver, parts, None).await,
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    driver: Arc<Driver>,
    parts: Arc<Parts>,
    certified: Option<String>,
) {
    let connection = Arc::new(Connection { driver, parts, certified, sign_in: Mutex::new(SignIn::No) });
    let service = service_fn(move |request| {
        let connection = Arc::clone(&connection);
        async move { connection.answer(request).await }
    });
    // An error is a client that went away, or a hang-up on purpose.
    let _ = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service).await;
}

impl Connection {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Answer>, HangUp> {
        if request.uri().path() != "/wsman" {
            return Ok(bare(StatusCode::NOT_FOUND));
        }
        if request.method() != Method::POST {
            return Ok(bare(StatusCode::METHOD_NOT_ALLOWED));
        }
        let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let authorization = header(AUTHORIZATION).map(str::to_owned);
        let content_type = header(CONTENT_TYPE).unwrap_or_default().to_owned();
        let Ok(body) = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await else {
            return Ok(closing(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let body = body.to_bytes();
        let Some(authorization) = authorization else { return self.exchange(None, &content_type, &body).await };
        if authorization.trim() == MUTUAL {
            return match self.certified.clone() {
                Some(user) => {
                    self.driver.sign_ins.fetch_add(1, Relaxed);
                    self.exchange(Some(user), &content_type, &body).await
                }
                None => Ok(self.challenge()),
            };
        }
        if let Some(token) = basic_token(&authorization) {
            return match self.accept_basic(token) {
                Ok(user) => self.exchange(Some(user), &content_type, &body).await,
                Err(Refused) => Ok(self.challenge()),
            };
        }
        let token = match self.step(&authorization) {
            Ok(Stepped::Continue(token)) => {
                let mut response = bare(StatusCode::UNAUTHORIZED);
                response.headers_mut().insert(WWW_AUTHENTICATE, token);
                return Ok(response);
            }
            Ok(Stepped::Done(token)) => token,
            Err(Refused) => return Ok(self.challenge()),
        };
        // A client may send its first sealed message along with the last
        // token, which saves a round trip.
        let mut response =
            if body.is_empty() { bare(StatusCode::OK) } else { self.exchange(None, &content_type, &body).await? };
        if let Some(token) = token {
            response.headers_mut().insert(WWW_AUTHENTICATE, token);
        }
        Ok(response)
    }

    /// One step of the sign-in. Whatever is wrong, the client learns nothing.
    fn step(&self, authorization: &str) -> Result<Stepped, Refused> {
        let (scheme, token) = authorization.split_once(' ').ok_or(Refused)?;
        #[cfg(feature = "credssp")]
        if scheme.eq_ignore_ascii_case(CREDSSP) {
            return self.step_credssp(token);
        }
        let scheme = ["Negotiate", "NTLM"].into_iter().find(|s| s.eq_ignore_ascii_case(scheme)).ok_or(Refused)?;
        let token = STANDARD.decode(token.trim()).map_err(|_| Refused)?;
        let mut sign_in = self.sign_in.lock().unwrap_or_else(PoisonError::into_inner);
        let acceptor = match std::mem::replace(&mut *sign_in, SignIn::No) {
            SignIn::Step(acceptor) => *acceptor,
            _ => {
                let now = FileTime::from_unix(unix_now());
                let accounts = Arc::clone(&self.parts.accounts);
                let demand = self.parts.tls.as_ref().map_or(Demand::Anything, HostTls::demand);
                Acceptor::new(accounts, &self.parts.name, now, demand, &mut Entropy::system()).map_err(|_| Refused)?
            }
        };
        let shown = |token: &[u8]| HeaderValue::try_from(format!("{scheme} {}", STANDARD.encode(token)));
        match acceptor.step(&token).map_err(|error| self.refused(error))? {
            Accepted::Continue { token, next } => {
                *sign_in = SignIn::Step(Box::new(next));
                shown(&token).map(Stepped::Continue).map_err(|_| Refused)
            }
            Accepted::Done { token, seal, username } => {
                *sign_in = SignIn::Done { seal, user: username };
                self.driver.sign_ins.fetch_add(1, Relaxed);
                Ok(Stepped::Done(token.and_then(|token| shown(&token).ok())))
            }
        }
    }

    /// One step of a sign-in with CredSSP.
    #[cfg(feature = "credssp")]
    fn step_credssp(&self, token: &str) -> Result<Stepped, Refused> {
        let identity = self.parts.credssp.as_ref().ok_or(Refused)?;
        let token = STANDARD.decode(token.trim()).map_err(|_| Refused)?;
        let mut sign_in = self.sign_in.lock().unwrap_or_else(PoisonError::into_inner);
        let acceptor = match std::mem::replace(&mut *sign_in, SignIn::No) {
            SignIn::CredSsp(acceptor) => acceptor,
            _ => {
                let (now, accounts) = (FileTime::from_unix(unix_now()), Arc::clone(&self.parts.accounts));
                let new = CredSspAcceptor::new(identity, accounts, &self.parts.name, now, &mut Entropy::system());
                Box::new(new.map_err(|error| self.refused(error))?)
            }
        };
        match acceptor.step(&token).map_err(|error| self.refused(error))? {
            CredSspStep::Continue { token, next } => {
                *sign_in = SignIn::CredSsp(next);
                let shown = HeaderValue::try_from(format!("{CREDSSP} {}", STANDARD.encode(&token)));
                shown.map(Stepped::Continue).map_err(|_| Refused)
            }
            CredSspStep::Done { seal, username } => {
                *sign_in = SignIn::Done { seal, user: username };
                self.driver.sign_ins.fetch_add(1, Relaxed);
                Ok(Stepped::Done(None))
            }
        }
    }

    /// Signs in one request.
    fn accept_basic(&self, token: &str) -> Result<String, Refused> {
        if !self.parts.basic.is_offered(self.parts.tls.is_some()) {
            return Err(Refused);
        }
        let user = basic::accept(&self.parts.accounts, token).map_err(|error| self.refused(error))?;
        self.driver.sign_ins.fetch_add(1, Relaxed);
        Ok(user.to_owned())
    }

    fn refused(&self, error: AuthError) -> Refused {
        *self.driver.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Refused
    }

    /// A request and its answer, in the same form.
    async fn exchange(
        &self,
        by_header: Option<String>,
        content_type: &str,
        body: &Bytes,
    ) -> Result<Response<Answer>, HangUp> {
        let (user, plain, form) = match self.opened(by_header, content_type, body) {
            Ok(opened) => opened,
            Err(Unopened::NotSignedIn) => return Ok(self.challenge()),
            // Recorded: 500 and nothing else, for what is not sealed.
            Err(Unopened::NotSealed) => return Ok(bare(StatusCode::INTERNAL_SERVER_ERROR)),
            Err(Unopened::Broken) => return Ok(closing(StatusCode::BAD_REQUEST)),
        };
        let mishap = self.meet(&plain);
        match mishap {
            Some(Mishap::DropBefore) => return Err(HangUp),
            Some(Mishap::Refuse { status }) => {
                return Ok(closing(StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)));
            }
            Some(Mishap::Stall(stall)) => tokio::time::sleep(stall).await,
            _ => {}
        }
        let reply = self.driver.ask(&user, &plain).await.ok_or(HangUp)?;
        match mishap {
            Some(Mishap::DropAfter) => return Err(HangUp),
            Some(Mishap::Delay(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        let (kind, body) = self.closed(form, reply.body)?;
        let cut = if let Some(Mishap::CutAnswer { bytes }) = mishap { Some(bytes) } else { None };
        let mut response = Response::new(Answer::new(body, cut));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        named(&mut response);
        Ok(response)
    }

    /// A request in whatever form it may come.
    fn opened(
        &self,
        by_header: Option<String>,
        content_type: &str,
        body: &Bytes,
    ) -> Result<(String, Vec<u8>, Form), Unopened> {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let is_plain = media.eq_ignore_ascii_case("application/soap+xml");
        match (by_header, &*self.sign_in.lock().unwrap_or_else(PoisonError::into_inner)) {
            (Some(user), _) if is_plain => return Ok((user, body.to_vec(), Form::Plain)),
            (Some(_), _) => return Err(Unopened::NotSignedIn),
            (None, SignIn::Done { user, .. }) if is_plain && self.parts.tls.is_some() => {
                return Ok((user.clone(), body.to_vec(), Form::Plain));
            }
            _ => {}
        }
        self.unseal(content_type, body).map(|(user, plain)| (user, plain, Form::Sealed))
    }

    /// The answer in its form, with its media type.
    fn closed(&self, form: Form, body: Vec<u8>) -> Result<(&'static str, Bytes), HangUp> {
        if form == Form::Plain {
            return Ok((SOAP, Bytes::from(body)));
        }
        match &mut *self.sign_in.lock().unwrap_or_else(PoisonError::into_inner) {
            SignIn::Done { seal, .. } => {
                let (kind, body) = seal.frame(body).map_err(|_| HangUp)?;
                Ok((kind, Bytes::from(body)))
            }
            _ => Err(HangUp),
        }
    }

    /// What may be tried.
    fn challenge(&self) -> Response<Answer> {
        let mut response = bare(StatusCode::UNAUTHORIZED);
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate"));
        #[cfg(feature = "credssp")]
        if self.parts.credssp.is_some() {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(CREDSSP));
        }
        if self.parts.basic.is_offered(self.parts.tls.is_some()) {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"WSMAN\""));
        }
        response
    }

    /// The plain request and whose it is. After one that cannot be unsealed,
    /// the connection is no longer signed in: message numbers do not match.
    fn unseal(&self, content_type: &str, body: &Bytes) -> Result<(String, Vec<u8>), Unopened> {
        match &mut *self.sign_in.lock().unwrap_or_else(PoisonError::into_inner) {
            SignIn::Done { seal, user } => match seal.unframe(content_type, body.to_vec(), MAX_BODY_BYTES) {
                Ok(plain) => Ok((user.clone(), plain)),
                Err(FrameError::Frame(MultipartError::ContentType)) => Err(Unopened::NotSealed),
                Err(_) => Err(Unopened::Broken),
            },
            _ => Err(Unopened::NotSignedIn),
        }
    }

    fn meet(&self, plain: &[u8]) -> Option<Mishap> {
        if self.driver.mishaps.is_empty() {
            return None;
        }
        let operation = soap::Request::decode(plain).map_or("Invalid", |request| request.operation.name());
        self.driver.mishaps.meet(operation)
    }
}

enum Stepped {
    Continue(HeaderValue),
    Done(Option<HeaderValue>),
}

struct Refused;

fn basic_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Basic").then_some(token)
}

fn bare(status: StatusCode) -> Response<Answer> {
    let mut response = Response::new(Answer::new(Bytes::new(), None));
    *response.status_mut() = status;
    named(&mut response);
    response
}

fn closing(status: StatusCode) -> Response<Answer> {
    let mut response = bare(status);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn named(response: &mut Response<Answer>) {
    response.headers_mut().insert(SERVER, HeaderValue::from_static("Microsoft-HTTPAPI/2.0"));
}

/// A body that may break off.
struct Answer {
    data: Option<Bytes>,
    announced: u64,
    /// It breaks off, but only when what there is has been sent.
    cut: Option<Flush>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Waits,
    Done,
}

impl Answer {
    fn new(mut data: Bytes, cut: Option<usize>) -> Self {
        let announced = data.len() as u64;
        if let Some(bytes) = cut {
            data.truncate(bytes);
        }
        Self { data: (!data.is_empty()).then_some(data), announced, cut: cut.map(|_| Flush::Waits) }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = HangUp;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HangUp>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.cut {
            None => Poll::Ready(None),
            Some(Flush::Waits) => {
                self.cut = Some(Flush::Done);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Flush::Done) => Poll::Ready(Some(Err(HangUp))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
