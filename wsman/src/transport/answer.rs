//! Reading the answer to a message.

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::TransportError;
use super::connection::{MAX_REPLY_BYTES, Reply};
use super::error::classify;
use super::sign_in::offers;
use crate::auth::{Seal, multipart};

/// Room for the text around a sealed message. Chosen: it has 250 bytes.
const FRAME_BYTES: usize = 1024;

/// The sealed answer, unsealed.
pub(super) async fn sealed(response: Response, seal: &mut dyn Seal) -> Result<Reply, TransportError> {
    let status = response.status().as_u16();
    if status == 401 {
        return Err(TransportError::ContextLost { status });
    }
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES + FRAME_BYTES).await?;
    let is_empty = body.is_empty();
    let sealed = match multipart::decode(&content_type, body, MAX_REPLY_BYTES) {
        Ok(sealed) => sealed,
        Err(multipart::MultipartError::ContentType) => return Err(unsealed(status, is_empty)),
        Err(error) => return Err(TransportError::Frame(error)),
    };
    let body = seal.unseal(&sealed.header, sealed.data).map_err(TransportError::Seal)?;
    Ok(Reply { status, body })
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

/// The answer where nothing is sealed. `scheme`: what goes with every request;
/// `None` when the connection itself is signed in.
pub(super) async fn plain(response: Response, scheme: Option<&'static str>) -> Result<Reply, TransportError> {
    let status = response.status().as_u16();
    match (status, scheme) {
        (401, None) => return Err(TransportError::ContextLost { status }),
        (401, Some(scheme)) if !offers(response.headers(), scheme) => {
            return Err(TransportError::NotOffered { scheme });
        }
        (401, Some(_)) | (403, _) => return Err(TransportError::SignInRefused { status }),
        _ => {}
    }
    let content_type = content_type(&response);
    let body = body(response, MAX_REPLY_BYTES).await?;
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match status {
        200 | 500 if media.eq_ignore_ascii_case("application/soap+xml") => Ok(Reply { status, body }),
        400 | 500 if body.is_empty() && scheme.is_none() => Err(TransportError::ContextLost { status }),
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
