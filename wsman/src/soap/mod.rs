//! WS-Management envelopes: what a client asks ([`Request`]) and what a host
//! answers ([`Answer`]), each readable and writable from both ends.
//!
//! Only the operations of a remote shell are here. Nothing in this layer
//! knows what the streams carry.
//!
//! Source: [MS-WSMV], DSP0226.

mod answer;
mod fault;
pub(crate) mod ns;
mod request;

pub use answer::{
    Answer, AnswerEnvelope, CommandState, Listed, Received, ResourceCreated, ShellDescription, StreamData,
};
pub use fault::{Fault, FaultClass};
pub use request::{Header, Operation, Request, Robust, SignalCode};

use crate::xml::TreeError;

/// Why an envelope was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoapError {
    /// Not XML that this crate reads.
    #[error("envelope is not readable XML")]
    Xml(#[from] TreeError),
    /// XML, but no SOAP 1.2 envelope.
    #[error("not a SOAP 1.2 envelope")]
    NotAnEnvelope,
    /// A part that must be there is not.
    #[error("envelope lacks {0}")]
    Missing(&'static str),
    /// A part is not in its form.
    #[error("envelope has an invalid {0}")]
    Invalid(&'static str),
    /// The answer belongs to another request.
    #[error("answer relates to another request")]
    OtherRequest,
    /// An action that this end does not know.
    #[error("unknown action")]
    UnknownAction,
}

/// Reads `uuid:…`, with or without the prefix, in any case.
fn parse_uuid(text: &str) -> Option<uuid::Uuid> {
    let text = text.trim();
    let bare = text.get(..5).filter(|p| p.eq_ignore_ascii_case("uuid:")).map_or(text, |_| text.get(5..).unwrap_or(""));
    uuid::Uuid::try_parse(bare).ok()
}

/// As Windows writes ids: upper case, hyphens.
fn upper(id: uuid::Uuid) -> String {
    let mut buffer = uuid::Uuid::encode_buffer();
    id.hyphenated().encode_upper(&mut buffer).to_owned()
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = text.trim();
    // Hosts and clients that wrap their base64 exist; the engine reads it too.
    if text.bytes().any(|b| b.is_ascii_whitespace()) {
        let packed: String = text.split_ascii_whitespace().collect();
        return base64::engine::general_purpose::STANDARD.decode(packed).ok();
    }
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn encode_base64(data: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(data)
}
