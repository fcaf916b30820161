//! One request over HTTP: its body read in time and without loss, its answer
//! with what it holds while it is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::front::json::Unread;
use crate::front::message;

/// Longest request taken, in bytes. Chosen: a workbook's content, the longest
/// argument, has one megabyte at most.
pub(super) const MAX_BODY_BYTES: usize = 4 << 20;

/// How long a body may take. Chosen: four megabytes from the same computer
/// take less than one.
const BODY: Duration = Duration::from_secs(30);

pub(super) type Answer = Response<BoxBody<Bytes, Infallible>>;

/// A request whose body is there.
pub(super) struct Whole {
    pub(super) request: Request<Full<Bytes>>,
    /// What is wrong with it, if it is no message.
    pub(super) unread: Option<Unread>,
}

/// Reads the body to its end.
///
/// # Errors
///
/// The answer to a body that is too long or too late.
pub(super) async fn whole(request: Request<Incoming>) -> Result<Whole, Answer> {
    let (head, body) = request.into_parts();
    // A length that is announced is refused before a byte of it is read.
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_long());
    }
    let bytes = match timeout(BODY, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Err(_) => return Err(closing(StatusCode::REQUEST_TIMEOUT, "the body took longer than 30 s")),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_long()),
        Ok(Err(_)) => return Err(closing(StatusCode::BAD_REQUEST, "the body cannot be read")),
        Ok(Ok(body)) => body.to_bytes(),
    };
    let (bytes, unread) = match (&head.method, message::without_loss(&bytes)) {
        // As it was read: rmcp reads it once more, and must see what we saw, half surrogates mended and old forms made new.
        (&Method::POST, Ok(read)) => (Bytes::from(read), None),
        (&Method::POST, Err(unread)) => (bytes, Some(unread)),
        _ => (bytes, None),
    };
    Ok(Whole { request: Request::from_parts(head, Full::new(bytes)), unread })
}

fn too_long() -> Answer {
    closing(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 4 MiB")
}

/// An answer after which the rest of the request is not read.
fn closing(status: StatusCode, said: &'static str) -> Answer {
    let mut answer = text(status, said);
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

pub(super) fn text(status: StatusCode, said: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(said.as_bytes())).boxed());
    *answer.status_mut() = status;
    answer
}

/// The answer as clients know it.
///
/// rmcp says 415 to a body that is no message, with a text that no client
/// reads; and 202 to DELETE, which common clients take for a failure.
pub(super) fn finished(method: &Method, answer: Answer, unread: Option<&Unread>) -> Answer {
    match (answer.status(), unread.and_then(Unread::answer)) {
        (StatusCode::ACCEPTED, _) if method == Method::DELETE => text(StatusCode::NO_CONTENT, ""),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some(said)) => {
            let mut refused = Response::new(Full::new(Bytes::from(said.to_string())).boxed());
            *refused.status_mut() = StatusCode::BAD_REQUEST;
            refused.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            refused
        }
        _ => answer,
    }
}

/// A body that holds something until it is out.
pub(super) struct Held<T> {
    body: BoxBody<Bytes, Infallible>,
    _held: T,
}

impl<T> Held<T> {
    pub(super) fn by(answer: Answer, held: T) -> Response<Self> {
        answer.map(|body| Self { body, _held: held })
    }
}

impl<T: Unpin> Body for Held<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
