//! Records: errors, progress, information, texts.

use std::sync::Arc;

use super::{PayloadError, object, text, to_text};
use crate::clixml::{EncodeError, Object, Property, Value};

/// An error of PowerShell.
///
/// All texts are the host's and untrusted.
///
/// Source: [MS-PSRP] §2.2.3.15.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorRecord {
    /// What PowerShell would print.
    pub message: String,
    /// `FullyQualifiedErrorId`.
    pub id: String,
    /// `ErrorCategory_Category`, a number of [MS-PSRP] §2.2.3.9.
    pub category: i32,
    /// Type of the exception, first name.
    pub exception_type: String,
    /// File, line and function of each frame, when the host sent it.
    pub stack_trace: Option<String>,
}

impl std::fmt::Debug for ErrorRecord {
    /// Without the message: it may quote input and output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorRecord")
            .field("id", &self.id)
            .field("category", &self.category)
            .field("message_bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}

impl ErrorRecord {
    /// An error with message, id and category.
    pub fn new(message: impl Into<String>, id: impl Into<String>, category: i32) -> Self {
        Self {
            message: message.into(),
            id: id.into(),
            category,
            exception_type: "System.Management.Automation.RuntimeException".into(),
            stack_trace: None,
        }
    }

    /// Reads it out of a decoded record; what is missing stays empty.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let exception = value.get("Exception");
        let exception_type = exception
            .and_then(Value::as_object)
            .and_then(|exception| exception.type_names.as_ref()?.first().cloned())
            .unwrap_or_default();
        let message = value
            .get("ErrorDetails_Message")
            .or_else(|| exception.and_then(|exception| exception.get("Message")))
            .map(to_text)
            .filter(|message| !message.is_empty())
            .unwrap_or_else(|| to_text(value));
        Self {
            message,
            id: text(value, "FullyQualifiedErrorId"),
            category: value
                .get("ErrorCategory_Category")
                .and_then(Value::as_i64)
                .and_then(|number| number.try_into().ok())
                .unwrap_or(0),
            exception_type: exception_type.into(),
            stack_trace: value.get("ErrorDetails_ScriptStackTrace").map(to_text),
        }
    }

    /// As hosts and clients write it; also the `me` of a refused host call.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let names = [&*self.exception_type, "System.SystemException", "System.Exception", "System.Object"];
        let exception = object(Object {
            type_names: Some(names.iter().map(|name| Box::from(*name)).collect()),
            to_string: Some(format!("{}: {}", self.exception_type, self.message).into()),
            adapted: properties([("Message", Value::from(self.message.as_str())), ("InnerException", Value::Nil)]),
            ..Object::default()
        });
        let reason = self.exception_type.rsplit('.').next().unwrap_or_default();
        object(Object {
            type_names: Some(Arc::from(["System.Management.Automation.ErrorRecord".into(), "System.Object".into()])),
            to_string: Some(self.message.as_str().into()),
            extended: properties([
                ("Exception", exception),
                ("TargetObject", Value::Nil),
                ("FullyQualifiedErrorId", Value::from(self.id.as_str())),
                ("InvocationInfo", Value::Nil),
                ("ErrorCategory_Category", Value::I32(self.category)),
                ("ErrorCategory_Activity", Value::from("")),
                ("ErrorCategory_Reason", Value::from(reason)),
                ("ErrorCategory_TargetName", Value::from("")),
                ("ErrorCategory_TargetType", Value::from("")),
                ("ErrorCategory_Message", Value::from(format!("{}: (:) [], {reason}", category_name(self.category)))),
                ("SerializeExtendedInfo", Value::Bool(false)),
            ]),
            ..Object::default()
        })
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        super::decode(payload).map(|value| Self::from_value(&value))
    }
}

/// Source: [MS-PSRP] §2.2.3.9.
const CATEGORIES: [&str; 32] = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
];

fn category_name(category: i32) -> &'static str {
    usize::try_from(category).ok().and_then(|category| CATEGORIES.get(category)).copied().unwrap_or(CATEGORIES[0])
}

fn properties<const N: usize>(list: [(&str, Value); N]) -> Vec<Property> {
    list.into_iter().map(|(name, value)| Property { name: name.into(), value }).collect()
}

/// A warning, verbose or debug record, by its text.
///
/// Source: [MS-PSRP] §2.2.3.15 (informational records).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRecord(pub String);

impl TextRecord {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&object(Object {
            to_string: Some(self.0.as_str().into()),
            extended: properties([
                ("InformationalRecord_Message", Value::from(self.0.as_str())),
                ("InformationalRecord_SerializeInvocationInfo", Value::Bool(false)),
            ]),
            ..Object::default()
        }))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        Ok(Self(value.get("InformationalRecord_Message").map_or_else(|| to_text(&value), to_text)))
    }
}

/// What Write-Progress said.
///
/// Source: [MS-PSRP] §2.2.2.25.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressRecord {
    /// What is going on.
    pub activity: String,
    /// Tells several bars apart.
    pub activity_id: i32,
    /// Where it stands.
    pub status: String,
    /// 0 to 100; `None` when not known.
    pub percent: Option<u8>,
    /// Whether it goes on.
    pub kind: ProgressKind,
}

/// Whether an activity goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgressKind {
    /// It goes on.
    Processing,
    /// It ended.
    Completed,
}

impl ProgressRecord {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let (word, number) = match self.kind {
            ProgressKind::Processing => ("Processing", 0),
            ProgressKind::Completed => ("Completed", 1),
        };
        super::encode(&Value::custom([
            ("Activity", Value::from(self.activity.as_str())),
            ("ActivityId", Value::I32(self.activity_id)),
            ("StatusDescription", Value::from(self.status.as_str())),
            ("CurrentOperation", Value::Nil),
            ("ParentActivityId", Value::I32(-1)),
            ("PercentComplete", Value::I32(self.percent.map_or(-1, i32::from))),
            ("Type", super::enumeration("System.Management.Automation.ProgressRecordType", word, number)),
            ("SecondsRemaining", Value::I32(-1)),
        ]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        Ok(Self::from_value(&super::decode(payload)?))
    }

    pub(super) fn from_value(value: &Value) -> Self {
        let number = |name| value.get(name).and_then(Value::as_i64);
        Self {
            activity: text(value, "Activity"),
            activity_id: number("ActivityId").and_then(|n| n.try_into().ok()).unwrap_or(0),
            status: text(value, "StatusDescription"),
            percent: number("PercentComplete").and_then(|n| n.try_into().ok()).filter(|n| *n <= 100),
            kind: if number("Type") == Some(1) { ProgressKind::Completed } else { ProgressKind::Processing },
        }
    }
}

/// What Write-Information or Write-Host said.
///
/// The wire's record also names user, computer and process of the host; they
/// are left out here, since no caller needs them and logs must not have them.
///
/// Source: [MS-PSRP] §2.2.2.26.
#[derive(Clone, Debug, PartialEq)]
pub struct InformationRecord {
    /// What was said; of Write-Host the text, of Write-Information any value.
    pub message: Value,
    /// Write-Host's `-NoNewline`: the next record goes on in the same line.
    pub no_newline: bool,
    /// Written by Write-Host (tag `PSHOST`).
    pub from_write_host: bool,
}

impl InformationRecord {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        to_text(&self.message)
    }

    /// A line of Write-Host.
    pub fn write_host(line: impl Into<String>) -> Self {
        Self { message: Value::from(line.into()), no_newline: false, from_write_host: true }
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let data = value.get("MessageData").cloned().unwrap_or(Value::Nil);
        let tags = value.get("Tags").and_then(Value::items).unwrap_or_default();
        let from_write_host = tags.iter().any(|tag| tag.as_str() == Some("PSHOST"));
        let host_message =
            data.as_object().is_some_and(|o| o.is_a("System.Management.Automation.HostInformationMessage"));
        let no_newline = host_message && data.get("NoNewLine").and_then(Value::as_bool) == Some(true);
        let message = if host_message { data.get("Message").cloned().unwrap_or(Value::Nil) } else { data };
        Ok(Self { message, no_newline, from_write_host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back() {
        let error = ErrorRecord::new("no such rule", "RuleNotFound,Get-X", 13);
        let payload = super::super::encode(&error.to_value()).unwrap();
        assert_eq!(ErrorRecord::decode(&payload), Ok(error));

        let progress = ProgressRecord {
            activity: "Export".into(),
            activity_id: 7,
            status: "1 of 2".into(),
            percent: Some(50),
            kind: ProgressKind::Processing,
        };
        assert_eq!(ProgressRecord::decode(&progress.encode().unwrap()), Ok(progress));

        let warning = TextRecord("careful".into());
        assert_eq!(TextRecord::decode(&warning.encode().unwrap()), Ok(warning));
    }

    #[test]
    fn an_error_shows_no_message_in_debug() {
        assert!(!format!("{:?}", ErrorRecord::new("planted-secret", "X", 0)).contains("planted"));
    }
}
