//! USER_EVENT: what a script forwarded.

use super::{PayloadError, to_text};
use crate::clixml::Value;

/// A forwarded event of the host.
///
/// Source: [MS-PSRP] §2.2.2.12 (USER_EVENT).
#[derive(Clone, PartialEq)]
pub struct UserEvent {
    /// Number of the event in its session.
    pub id: i64,
    /// `SourceIdentifier`.
    pub source: String,
    /// When, as the host's clock has it.
    pub time: Option<crate::clixml::DateTime>,
    /// Who raised it.
    pub sender: Value,
    /// Its arguments.
    pub arguments: Vec<Value>,
    /// What was sent along.
    pub data: Value,
}

impl std::fmt::Debug for UserEvent {
    /// Without the data: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserEvent").field("id", &self.id).field("source", &self.source).finish_non_exhaustive()
    }
}

impl UserEvent {
    /// Reads a payload. The names are prefixed `PSEventArgs.`.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or it says no source.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let owned = |name| value.get(name).cloned().unwrap_or(Value::Nil);
        let source = value.get("PSEventArgs.SourceIdentifier").ok_or(PayloadError::Missing("SourceIdentifier"))?;
        let arguments = value.get("PSEventArgs.SourceArgs").and_then(Value::items);
        Ok(Self {
            id: value.get("PSEventArgs.EventIdentifier").and_then(Value::as_i64).unwrap_or(0),
            source: to_text(source),
            time: match value.get("PSEventArgs.TimeGenerated") {
                Some(Value::DateTime(time)) => Some(time.clone()),
                _ => None,
            },
            sender: owned("PSEventArgs.Sender"),
            arguments: arguments.map(<[_]>::to_vec).unwrap_or_default(),
            data: owned("PSEventArgs.MessageData"),
        })
    }
}
