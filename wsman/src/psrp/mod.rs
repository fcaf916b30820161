//! The PowerShell Remoting Protocol: what travels in a shell's streams.
//!
//! [`fragment`] cuts messages up and puts them together, [`Message`] names
//! every type, the other modules read and write their payloads from both
//! ends. Nothing here knows how the bytes travel.
//!
//! Source: [MS-PSRP] §2.2.

mod event;
pub mod fragment;
mod host;
mod message;
mod metadata;
mod pipeline;
mod pool;
mod question;
mod record;
mod session_key;

pub use event::UserEvent;
pub use host::{Choice, ConsoleData, HostCall, HostInfo, HostMethod, HostResponse, Refusal};
pub use message::{Destination, Message, MessageError, MessageType};
pub use metadata::{CommandMetadata, GetCommandMetadata};
pub use pipeline::{
    Argument, Command, CreatePipeline, InvocationInfo, Merge, MergeTo, PipelineFlags, PipelineState,
    PipelineStateMessage,
};
pub use pool::{
    ApplicationPrivateData, InitRunspacePool, ProtocolVersion, RunspacePoolState, RunspacePoolStateMessage,
    SessionCapability,
};
pub use question::{
    Alternative, Cell, Coordinates, Field, Key, Question, Rectangle, ScreenProperty, ScreenValue, StreamKind,
};
pub use record::{ErrorRecord, InformationRecord, ProgressKind, ProgressRecord, TextRecord};

pub use session_key::{EncryptedSessionKey, KeyPair, PublicKey, Sealing, SecretError, SessionKey};

use std::sync::Arc;

use crate::clixml::{DecodeError, EncodeError, Limits, Object, Value};

/// Why a payload was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Not CLIXML.
    #[error("payload is not readable CLIXML")]
    Clixml(#[from] DecodeError),
    /// A property that must be there is not, or has another type.
    #[error("payload lacks a valid {0}")]
    Missing(&'static str),
}

/// Decodes a payload with the limits for messages.
pub(crate) fn decode(payload: &[u8]) -> Result<Value, PayloadError> {
    Ok(crate::clixml::decode(payload, &Limits::DECODE)?)
}

/// Encodes a payload that this crate built itself, of values that are valid
/// by construction.
pub(crate) fn encode(value: &Value) -> Result<Vec<u8>, EncodeError> {
    crate::clixml::encode(value, &Limits::ENCODE).map(String::into_bytes)
}

fn enumeration(type_name: &str, text: &str, number: i32) -> Value {
    Value::enumeration([type_name, "System.Enum", "System.ValueType", "System.Object"], text, number)
}

fn required<'v>(value: &'v Value, name: &'static str) -> Result<&'v Value, PayloadError> {
    value.get(name).ok_or(PayloadError::Missing(name))
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).map_or_else(String::new, to_text)
}

/// A value as a short text: what PowerShell would show for it.
pub(crate) fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Uri(text) | Value::Xml(text) | Value::ScriptBlock(text) => {
            text.to_string_lossy().into_owned()
        }
        Value::Object(object) => match (&object.to_string, value.base()) {
            (_, base @ Value::String(_)) => to_text(base),
            (Some(text), _) => text.to_string_lossy().into_owned(),
            (None, base) if !std::ptr::eq(base, value) => to_text(base),
            _ => String::new(),
        },
        Value::Bool(value) => value.to_string(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::DateTime(date) => date.to_string(),
        Value::TimeSpan(span) => span.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Version(version) => version.to_string(),
        Value::Guid(id) => id.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        other => other.as_i64().map_or_else(String::new, |number| number.to_string()),
    }
}

fn object(object: Object) -> Value {
    Value::Object(Arc::new(object))
}
