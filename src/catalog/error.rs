//! What a caller is told when a call did not come off.

use std::error::Error as StdError;
use std::sync::Arc;

use serde::Serialize;

use crate::near;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The function returned.
    Done,
    /// Some workspaces of a fleet answer are missing.
    Partial,
    /// The host said so.
    Failed,
    /// We said so; nothing ran.
    Refused,
    /// Nothing ran.
    Unreachable,
    /// It may have run.
    Unknown,
}

impl Outcome {
    /// As answers write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What went wrong, for programs. The list is closed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// As answers write it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// An argument is missing, misspelt or of the wrong form.
    InvalidArgument = "invalid_argument",
    /// No tenant of that alias.
    UnknownTenant = "unknown_tenant",
    /// The tenant has no workspace of that alias.
    UnknownWorkspace = "unknown_workspace",
    /// No such tool, or the host's script lacks the function.
    UnknownFunction = "unknown_function",
    /// The policy says no.
    NotPermitted = "not_permitted",
    /// A person must confirm first.
    ConfirmationRequired = "confirmation_required",
    /// What was typed to confirm was not the name.
    ConfirmationFailed = "confirmation_failed",
    /// The host cannot be reached.
    Unreachable = "unreachable",
    /// The host refused the credentials.
    SignInRefused = "sign_in_refused",
    /// The host's certificate was refused.
    TlsRefused = "tls_refused",
    /// What answered is no WinRM.
    NotWinrm = "not_winrm",
    /// The script is not there.
    ScriptMissing = "script_missing",
    /// The script is not the pinned one.
    ScriptChanged = "script_changed",
    /// No Azure sign-in on the host.
    AzureNotSignedIn = "azure_not_signed_in",
    /// The session is on another workspace.
    TargetMismatch = "target_mismatch",
    /// The function asked something.
    HostQuestion = "host_question",
    /// The function or the host failed.
    HostFailed = "host_failed",
    /// A deadline ran out.
    TimedOut = "timed_out",
    /// The caller gave up.
    Cancelled = "cancelled",
    /// It may have run.
    UnknownOutcome = "unknown_outcome",
    /// Too many calls wait for the host.
    Busy = "busy",
    /// Too many calls in a time.
    RateLimited = "rate_limited",
    /// Our fault.
    Internal = "internal",
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

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
        let candidates = near::candidates(wanted, names.clone()).into_iter().map(str::to_owned).collect();
        Self { candidates, ..Self::refused(code, near::sentence(said, wanted, names)) }
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
