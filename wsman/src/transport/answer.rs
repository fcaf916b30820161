//! Reading the answer to a message.

use std::fmt;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::TransportError;
use super::error::classify;
use super::sign_in::offers;
use crate::auth::Seal;
use crate::auth::multipart::{FrameError, MultipartError};

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

/// The sealed answer, unsealed.
pub(super) async fn sealed(response: Response, seal: &mut dyn Seal) -> Result<Reply, TransportError> {
    let status = response.status().as_u16();
    if status == 401 {
        return Err(TransportError::ContextLost { status });
    }
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES + FRAME_BYTES).await?;
    let is_empty = body.is_empty();
    match seal.unframe(&content_type, body, MAX_REPLY_BYTES) {
        Ok(body) => Ok(Reply { status, body }),
        Err(FrameError::Frame(MultipartError::ContentType)) => Err(unsealed(status, is_empty)),
        Err(FrameError::Frame(error)) => Err(TransportError::Frame(error)),
        Err(FrameError::Seal(error)) => Err(TransportError::Seal(error)),
    }
}

/// An answer that is not sealed is never believed, only explained.
fn unsealed(status: u16, is_empty: bool) -> TransportError {
    match status {
        // Seen by users after two idle minutes (400), and what a host says to
        // what it takes for an unsealed request (500).
        400 | 500 if is_empty => TransportError::ContextLost { status },
        502..=504 => TransportError::HostFailed { status },
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

/// The answer where nothing is sealed.
pub(super) async fn plain(response: Response, by: By) -> Result<Reply, TransportError> {
    let status = response.status().as_u16();
    match (status, by) {
        (401, By::Connection) => return Err(TransportError::ContextLost { status }),
        (401, By::Header { scheme }) if !offers(response.headers(), scheme) => {
            return Err(TransportError::NotOffered { scheme });
        }
        (401, _) | (403, _) => return Err(TransportError::SignInRefused { status }),
        _ => {}
    }
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES).await?;
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match status {
        200 | 500 if media.eq_ignore_ascii_case("application/soap+xml") => Ok(Reply { status, body }),
        400 | 500 if body.is_empty() && by == By::Connection => Err(TransportError::ContextLost { status }),
        500.. => Err(TransportError::HostFailed { status }),
        _ => Err(TransportError::NotWinRm { status: Some(status) }),
    }
}

fn content_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, TransportError> {
    let too_long = TransportError::ReplyTooLong { limit: MAX_REPLY_BYTES };
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
        return Err(too_long);
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error).0)? {
        if body.len() + chunk.len() > limit {
            return Err(too_long);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
