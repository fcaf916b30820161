//! Mistakes of ours.

use super::super::{Code, Outcome};

cases! {
    /// A mistake of ours.
    Slip {
        /// A panic.
        Panic,
        /// A panic, and a change may have been made.
        PanicInWrite,
        /// The host was asked for something that cannot be asked.
        Impossible,
        /// A function without a target.
        NoTarget,
        /// A lease without a session.
        NoSession,
        /// The target's host is not in the configuration.
        HostUnknown,
        /// The target's tenant is not in the configuration.
        TenantUnknown,
        /// A reading tool asked for a function that writes.
        WriteInRead,
        /// A fleet question has no turns for a host.
        NoTurns,
        /// A tool of the server's own has no handler.
        NoHandler,
        /// The trail cannot be written, so nothing may be changed.
        TrailUnwritten,
        /// The catalogue lacks the function behind a tool.
        NoFunction,
    }
}

impl Slip {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Panic | Self::Impossible => Outcome::Failed,
            Self::PanicInWrite => Outcome::Unknown,
            _ => Outcome::Refused,
        }
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::PanicInWrite => Code::UnknownOutcome,
            _ => Code::Internal,
        }
    }
}
