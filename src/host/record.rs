//! An error of the host, in its own words.

use wsman::psrp::ErrorRecord;

/// An error that the function wrote or ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostErrorRecord {
    /// The host's text. Untrusted.
    pub message: String,
    /// `FullyQualifiedErrorId`.
    pub id: String,
    /// `ErrorCategory_Category`.
    pub category: Option<i32>,
}

impl HostErrorRecord {
    /// As our module would have said it.
    pub(super) fn ours(id: &str, message: String) -> Self {
        Self { message, id: format!("SentinelJump.{id}"), category: None }
    }
}

impl From<ErrorRecord> for HostErrorRecord {
    fn from(error: ErrorRecord) -> Self {
        Self { message: error.message, id: error.id, category: Some(error.category) }
    }
}
