//! Reading the answer to a message.

use std::fmt;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::TransportError;
use super::error::Sent;
use super::http::broken;
use super::sign_in::{Server, offers};
use crate::auth::Seal;
use crate::auth::multipart::{FrameError, MultipartError};
use crate::soap::Fault;

/// Longest SOAP message taken from a host, in bytes.
///
/// Chosen: 16 times the largest envelope that is ever asked for (512,000
/// bytes), since hosts may round up; small enough for a hundred at once.
pub const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Room for the text around a sealed message. Chosen: it has 250 bytes, for
/// CredSSP once per 16 KiB.
const FRAME_BYTES: usize = MAX_REPLY_BYTES / 32;

/// A host's answer, unsealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status: 200, or 500 with a fault.
    pub status: u16,
    /// The SOAP message.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    // The body is what a customer's host said: its length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Whether a connection has brought an answer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    First,
    Later,
}

/// The sealed answer, unsealed.
pub(super) async fn sealed(response: Response, seal: &mut dyn Seal, age: Age) -> Result<Reply, TransportError> {
    let status = response.status().as_u16();
    if status == 401 {
        return Err(TransportError::ContextLost { status });
    }
    let server = Server::of(&response);
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES + FRAME_BYTES).await?;
    let is_empty = body.is_empty();
    match seal.unframe(&content_type, body, MAX_REPLY_BYTES) {
        Ok(body) => Ok(Reply { status, body }),
        Err(FrameError::Frame(MultipartError::ContentType)) => Err(unsealed(status, is_empty, server, age)),
        Err(FrameError::Frame(error)) => Err(TransportError::Frame(error)),
        Err(FrameError::Seal(error)) => Err(TransportError::Seal(error)),
    }
}

/// An answer that is not sealed is never believed, only explained.
fn unsealed(status: u16, is_empty: bool, server: Server, age: Age) -> TransportError {
    match status {
        413 => TransportError::TooLarge,
        500 if is_empty && age == Age::First => TransportError::Wordless { status },
        // Seen by users after two idle minutes (400), and what a host says to
        // what it takes for an unsealed request (500).
        400 | 500 if is_empty => TransportError::ContextLost { status },
        403 | 503 if server == Server::Windows => TransportError::DoorRefused { status },
        501..=504 => TransportError::HostFailed { status },
        _ => TransportError::Unsealed { status },
    }
}

/// What signs in a request that is not sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Its connection did.
    Connection,
    /// It carries the password.
    Header { scheme: &'static str },
    /// The TLS handshake showed a certificate.
    Certificate,
}

/// Who can have written an answer that is not sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The host that has proven its key.
    Hosts,
    /// Anybody on the way.
    Anybodys,
}

/// The answer where nothing is sealed; with the error, whether the host may have
/// acted on the request.
///
/// Chosen: over TLS 401, 403, 404 and 413 are said before a request is handed on,
/// whoever ends TLS; 503 only by HTTP.sys, since what stands before a host says
/// it of one that did not answer in time, too, and so are 502 and 504.
pub(super) async fn plain(response: Response, by: By, word: Word, age: Age) -> Result<Reply, (TransportError, Sent)> {
    let status = response.status().as_u16();
    let server = Server::of(&response);
    let before = match status {
        401 | 403 | 404 | 413 => true,
        503 => server == Server::Windows,
        _ => false,
    };
    let sent = if before && word == Word::Hosts { Sent::No } else { Sent::Maybe };
    let refused = |error| Err((error, sent));
    match (status, by) {
        (401, By::Connection) => return refused(TransportError::ContextLost { status }),
        (401, By::Header { scheme }) if !offers(response.headers(), scheme) => {
            return refused(TransportError::NotOffered { scheme });
        }
        (401, _) => return refused(TransportError::SignInRefused { status }),
        _ => {}
    }
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES).await.map_err(|error| (error, Sent::Maybe))?;
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let is_soap = media.eq_ignore_ascii_case("application/soap+xml");
    if is_soap && (status == 200 || status == 500 && !body.is_empty()) {
        return Ok(Reply { status, body });
    }
    // Seen: openwsman says its faults under 503, others under 400, 403, 404.
    if Fault::in_envelope(&body).is_some() {
        return Ok(Reply { status, body });
    }
    refused(match (status, by) {
        (413, _) => TransportError::TooLarge,
        (500, _) if body.is_empty() && age == Age::First => TransportError::Wordless { status },
        (400 | 500, By::Connection) if body.is_empty() => TransportError::ContextLost { status },
        (403, By::Connection) => TransportError::DoorRefused { status },
        (403, _) => TransportError::SignInRefused { status },
        (503, _) if server == Server::Windows => TransportError::DoorRefused { status },
        (500.., _) => TransportError::HostFailed { status },
        _ => TransportError::NotWinRm { status: Some(status) },
    })
}

fn content_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().into_owned()
}

async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, TransportError> {
    let too_long = TransportError::ReplyTooLong { limit: MAX_REPLY_BYTES };
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
        return Err(too_long);
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(too_long);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
