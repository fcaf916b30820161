//! What went wrong, exactly: cases with their data, and no prose.
//!
//! How a case counts ([`Case::outcome`]), its code for programs
//! ([`Case::code`]) and the sentence for the reader all follow from it, so
//! they cannot contradict each other.

/// An enum of exact cases that knows the names of all of them: a test holds
/// its samples, and so the snapshots of every language, against that list.
macro_rules! cases {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$about:meta])* $case:ident $({ $($field:ident: $type:ty),* $(,)? })? $(($($tuple:ty),*))?,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::allow_attributes, reason = "not every enum of cases has fields")]
        #[allow(missing_docs, reason = "fields are named for what they hold; the case says the rest")]
        pub enum $name {
            $($(#[$about])* $case $({ $($field: $type),* })? $(($($tuple),*))?,)*
        }

        impl $name {
            /// Names of all cases.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($case)),*];

            /// Name of the case, for logs and tests.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$case { .. } => stringify!($case),)*
                }
            }
        }
    };
}

mod argument;
mod confirm;
mod health;
mod host;
mod names;
mod slip;
mod warning;

pub use argument::{BadArgument, Unfit, Wanted};
pub use confirm::{Unasked, Unconfirmed, Void};
pub use health::Reason;
pub use host::{
    Azure, Doubt, Ended, Flaw, Init, InitEnd, Lost, NoScript, NoSignIn, NoTls, Stage, Unreached, WrongTarget,
};
pub use names::{Forbidden, Misspelt, Offered, Unknown};
pub use slip::Slip;
pub use warning::Warning;

use super::{Code, Outcome};
use crate::tenant::{HostId, TenantId, WorkspaceId};

cases! {
    /// Why a question came to nothing.
    Case {
        /// An argument cannot stand.
        Argument(BadArgument),
        /// A name that nothing has.
        Unknown(Unknown),
        /// The caller may not.
        Forbidden(Forbidden),
        /// No person could be asked.
        Unasked { tool: &'static str, tenant: TenantId, workspace: WorkspaceId, why: Unasked },
        /// A person was asked, and it did not come to a yes.
        Unconfirmed { tool: &'static str, tenant: TenantId, workspace: WorkspaceId, why: Unconfirmed },
        /// The call names no object that a person could confirm.
        Nameless { tool: &'static str },
        /// The caller gave up before anything was run.
        Cancelled,
        /// Too many calls wait for the host.
        Busy { host: HostId },
        /// A workspace of many did not answer in time.
        Late { seconds: u64 },
        /// The host was not reached.
        Unreached { host: HostId, why: Unreached },
        /// No sign-in on the host.
        NoSignIn { host: HostId, why: NoSignIn },
        /// No TLS that both ends trust.
        NoTls { host: HostId, stage: Stage, why: NoTls },
        /// The host understood and refused, with the number of its fault.
        /// `later`: it may not then.
        Refused { host: HostId, stage: Stage, fault: Option<u32>, later: bool },
        /// No script, or not the right one.
        NoScript { host: HostId, why: NoScript },
        /// Not, or not surely, the workspace that was asked for.
        WrongTarget { host: HostId, why: WrongTarget },
        /// The sign-in of the session to Azure.
        Azure { host: HostId, why: Azure },
        /// A function that init runs did not come off.
        Init { host: HostId, function: String, why: Init },
        /// The function was run, and came to nothing.
        Ended { host: HostId, function: &'static str, why: Ended },
        /// The function was sent, and its answer was lost.
        Lost { host: HostId, why: Lost },
        /// A write may have happened. `look`: the tool that shows it.
        Doubt { host: HostId, why: Doubt, look: Option<&'static str> },
        /// A mistake of ours.
        Slip(Slip),
    }
}

impl Case {
    /// How the question counts.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Argument(_)
            | Self::Unknown(_)
            | Self::Forbidden(_)
            | Self::Unasked { .. }
            | Self::Unconfirmed { .. }
            | Self::Nameless { .. }
            | Self::Cancelled
            | Self::Busy { .. } => Outcome::Refused,
            Self::Late { .. } | Self::Init { .. } | Self::Ended { .. } | Self::Lost { .. } => Outcome::Failed,
            Self::Unreached { .. } => Outcome::Unreachable,
            Self::NoSignIn { why, .. } => why.outcome(),
            Self::NoTls { stage, .. } | Self::Refused { stage, .. } => stage.outcome(),
            Self::NoScript { why, .. } => why.outcome(),
            Self::WrongTarget { why, .. } => why.outcome(),
            Self::Azure { why, .. } => why.outcome(),
            Self::Doubt { .. } => Outcome::Unknown,
            Self::Slip(slip) => slip.outcome(),
        }
    }

    /// What went wrong, for programs.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Argument(_) => Code::InvalidArgument,
            Self::Unknown(unknown) => unknown.code(),
            Self::Forbidden(_) => Code::NotPermitted,
            Self::Unasked { .. } | Self::Nameless { .. } => Code::ConfirmationRequired,
            Self::Unconfirmed { .. } => Code::ConfirmationFailed,
            Self::Cancelled => Code::Cancelled,
            Self::Busy { .. } => Code::Busy,
            Self::Late { .. } => Code::TimedOut,
            Self::Unreached { why, .. } => why.code(),
            Self::NoSignIn { why, .. } => why.code(),
            Self::NoTls { .. } => Code::TlsRefused,
            Self::Refused { .. } => Code::HostFailed,
            Self::NoScript { why, .. } => why.code(),
            Self::WrongTarget { .. } => Code::TargetMismatch,
            Self::Azure { why, .. } => why.code(),
            Self::Init { why, .. } => why.code(),
            Self::Ended { why, .. } => why.code(),
            Self::Lost { why, .. } => why.code(),
            Self::Doubt { .. } => Code::UnknownOutcome,
            Self::Slip(slip) => slip.code(),
        }
    }

    /// Names that were perhaps meant, for programs; the sentence has them,
    /// too.
    #[must_use]
    pub fn candidates(&self) -> &[String] {
        match self {
            Self::Argument(argument) => argument.candidates(),
            Self::Unknown(unknown) => unknown.candidates(),
            _ => &[],
        }
    }
}

macro_rules! into_case {
    ($($name:ident as $case:ident),*) => {
        $(impl From<$name> for Case {
            fn from(case: $name) -> Self {
                Self::$case(case)
            }
        })*
    };
}

into_case!(BadArgument as Argument, Unknown as Unknown, Forbidden as Forbidden, Slip as Slip);
