//! What a caller is told when a call did not come off.

use std::error::Error as StdError;
use std::sync::Arc;

use serde::Serialize;

use super::{Code, Outcome};
use crate::spelling;

/// Text of a host, untrusted; never part of a sentence of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostText {
    /// The text.
    pub message: String,
    /// The host's id for it (`FullyQualifiedErrorId`, a fault's number).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
}

/// Why a call did not come off.
#[derive(Clone, Debug)]
pub struct ToolError {
    /// For programs.
    pub code: Code,
    /// How the call counts.
    pub outcome: Outcome,
    /// For the reader: what happened and what to do next. Fixed text plus
    /// names that the caller or the configuration gave; never a host's text.
    pub said: String,
    /// Names that were perhaps meant, for programs; the sentence has them,
    /// too.
    pub candidates: Vec<String>,
    /// What the host said, apart.
    pub host_errors: Vec<HostText>,
    /// For the log.
    pub cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ToolError {
    /// One of ours, with nothing of the host.
    pub fn new(outcome: Outcome, code: Code, said: impl Into<String>) -> Self {
        Self { code, outcome, said: said.into(), candidates: Vec::new(), host_errors: Vec::new(), cause: None }
    }

    /// We refuse; nothing ran.
    pub fn refused(code: Code, said: impl Into<String>) -> Self {
        Self::new(Outcome::Refused, code, said)
    }

    /// An argument that cannot stand.
    pub fn invalid(said: impl Into<String>) -> Self {
        Self::refused(Code::InvalidArgument, said)
    }

    /// A name that does not exist: `said` quotes it and has no full stop,
    /// since the close ones of `names` come after it.
    pub(crate) fn misspelt<'a>(
        code: Code,
        said: &str,
        wanted: &str,
        names: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let candidates = spelling::candidates(wanted, names.clone()).into_iter().map(str::to_owned).collect();
        Self { candidates, ..Self::refused(code, spelling::sentence(said, wanted, names)) }
    }

    /// With what the host said.
    #[must_use]
    pub fn with_host_errors(mut self, errors: impl IntoIterator<Item = HostText>) -> Self {
        self.host_errors.extend(errors);
        self
    }

    /// With the cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }
}
