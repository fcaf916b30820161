//! Why a host operation did not come off.

use super::call::Ended;
use super::record::HostErrorRecord;
use super::wire::{WireCase, WireError};

/// Why a host operation did not come off.
#[derive(Debug, thiserror::Error)]
#[error("operation on host {host} failed")]
pub struct HostError {
    /// Host's name in the configuration.
    pub host: String,
    /// What happened.
    #[source]
    pub kind: HostErrorKind,
}

impl HostError {
    /// Whether the host refused another shell because its user has as many as
    /// it allows.
    #[must_use]
    pub fn is_out_of_shells(&self) -> bool {
        matches!(&self.kind, HostErrorKind::Wire(error) if error.case == WireCase::Refused { fault: Some(SHELLS_PER_USER) })
    }
}

/// `MaxShellsPerUser` is reached.
const SHELLS_PER_USER: u32 = 2_150_859_173;

/// The cases of [`HostError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// The session or the wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The script is not where the configuration says.
    #[error("script not found on the host")]
    ScriptMissing,
    /// The script's hash is not the pinned one.
    #[error("script does not have the pinned hash")]
    ScriptChanged,
    /// The script cannot be loaded (parse error, missing parameter). The text
    /// is our loader's, from the host.
    #[error("script could not be loaded")]
    LoadFailed(HostErrorRecord),
    /// The script or module asked a question while it was loaded.
    #[error("the script asked a question while it was loaded")]
    LoadAsked(String),
    /// The session is not on the target and cannot be brought there: `differs`
    /// says how, `derived` names the keys that another target left behind.
    #[error("the script did not take the target")]
    TargetNotTaken {
        /// What differs, in our words.
        differs: String,
        /// Keys of the session table.
        derived: Vec<String>,
    },
    /// The endpoint runs no script text (JEA, NoLanguage), so our module
    /// cannot be sent. The text is the engine's.
    #[error("the endpoint does not allow scripts")]
    NoLanguage(HostErrorRecord),
    /// The function ended the host's process itself, and with it the session.
    #[error("the function ended the host process")]
    ProcessEnded {
        /// Function of the script.
        function: String,
    },
    /// The script has no such function.
    #[error("the script has no function {function}")]
    UnknownFunction {
        /// The function.
        function: String,
        /// Statements of the script that were left out, which may have defined
        /// it.
        left_out: usize,
    },
    /// A function that signs in did not come off.
    #[error("{function} failed while the session was opened")]
    InitFailed {
        /// Function of the script.
        function: String,
        /// How it ended.
        ended: Ended,
        /// What else it wrote. Untrusted.
        errors: Vec<HostErrorRecord>,
        /// Whether the host was signed in to Azure all the same.
        signed_in: Option<bool>,
    },
    /// The session is signed in to another Azure tenant. The text is our
    /// module's, from the host.
    #[error("signed in to another Azure tenant")]
    AzureTenantMismatch(HostErrorRecord),
    /// The session is not signed in to Azure.
    #[error("not signed in to Azure")]
    AzureNotSignedIn(HostErrorRecord),
    /// The host answered our module with something it never says.
    #[error("unexpected answer of the host module: {0}")]
    Unexpected(&'static str),
    /// The caller cancelled before the call began.
    #[error("cancelled")]
    Cancelled,
}

impl From<wsman::Error> for HostErrorKind {
    fn from(error: wsman::Error) -> Self {
        Self::Wire(error.into())
    }
}
