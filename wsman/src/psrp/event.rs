//! USER_EVENT: what a script forwarded.

use super::{PayloadError, to_text};
use crate::clixml::{Property, Value};

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
        let object = value.as_object().ok_or(PayloadError::Missing("PSEventArgs"))?;
        let find = |name: &str| {
            let is = |p: &&Property| p.name.as_str().and_then(|n| n.strip_prefix("PSEventArgs.")) == Some(name);
            object.extended.iter().find(is).map(|property| property.value.clone())
        };
        Ok(Self {
            id: find("EventIdentifier").and_then(|id| id.as_i64()).unwrap_or(0),
            source: to_text(&find("SourceIdentifier").ok_or(PayloadError::Missing("SourceIdentifier"))?),
            time: find("TimeGenerated")
                .and_then(|time| if let Value::DateTime(time) = time { Some(time) } else { None }),
            sender: find("Sender").unwrap_or(Value::Nil),
            arguments: find("SourceArgs").and_then(|list| list.items().map(<[_]>::to_vec)).unwrap_or_default(),
            data: find("MessageData").unwrap_or(Value::Nil),
        })
    }
}
