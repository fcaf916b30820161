//! How a question ended, for programs.

use serde::Serialize;

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
    /// What is needed to sign in cannot be had here, or is no such thing.
    SignInUnavailable = "sign_in_unavailable",
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
