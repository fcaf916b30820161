//! What a caller is told when a call did not come off.

use std::error::Error as StdError;
use std::sync::Arc;

use serde::Serialize;

use super::case::Case;
use super::sentences::In;
use super::{Code, Outcome, Rows};
use crate::tenant::Language;

/// Text of a host, untrusted; never part of a sentence of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostText {
    /// The text.
    pub message: String,
    /// The host's id for it (`FullyQualifiedErrorId`, a fault's number).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
}

/// Why a call did not come off: an exact case, and what belongs to it. The
/// sentence is written where the answer is, in the reader's language.
#[derive(Clone, Debug)]
pub struct ToolError {
    /// What went wrong. How it counts, its code, its sentence and the names
    /// that were perhaps meant follow from it. Boxed: every step of a call
    /// returns one of these or what it was for.
    pub case: Box<Case>,
    /// What the host said, apart.
    pub host_errors: Vec<HostText>,
    /// What the function had put out before it ended.
    pub(crate) left: Option<Box<Rows>>,
    /// For the log; never shown.
    pub cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ToolError {
    /// Nothing but the case.
    pub fn of(case: impl Into<Case>) -> Self {
        Self { case: Box::new(case.into()), host_errors: Vec::new(), left: None, cause: None }
    }

    /// How the call counts.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.case.outcome()
    }

    /// For programs.
    #[must_use]
    pub fn code(&self) -> Code {
        self.case.code()
    }

    /// For the reader: what happened and what to do next. Fixed text plus
    /// names that the caller or the configuration gave; never a host's text.
    #[must_use]
    pub fn said(&self, language: Language) -> String {
        In(language, &*self.case).to_string()
    }

    /// With what the host said.
    #[must_use]
    pub fn with_host_errors(mut self, errors: impl IntoIterator<Item = HostText>) -> Self {
        self.host_errors.extend(errors);
        self
    }

    /// With what the function had put out, if that is anything.
    #[must_use]
    pub(crate) fn with_left(mut self, left: Rows) -> Self {
        self.left = (left != Rows::default()).then(|| Box::new(left));
        self
    }

    /// With the cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }
}
