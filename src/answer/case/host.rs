//! What went wrong with a host, from the first byte to the last.

use super::super::{Code, Outcome};
use crate::config::SecretError;

/// How far a call had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Opening, loading, probing: the function was not started.
    Before,
    /// The function was sent.
    During,
}

impl Stage {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Before => Outcome::Unreachable,
            Self::During => Outcome::Failed,
        }
    }
}

cases! {
    /// Why the host was not reached. Nothing was run.
    Unreached {
        /// Its name has no address.
        NameNotResolved,
        /// The proxy wants a sign-in.
        ProxySignIn,
        /// The proxy makes no tunnel.
        ProxyRefused { status: Option<u16> },
        /// The proxy cannot be reached.
        ProxyUnreachable,
        /// No connection, for another reason.
        NoConnection,
        /// Somebody listens there and says nothing.
        Silent,
        /// Somebody listens there and hangs up.
        HungUp,
        /// What answers has trouble of its own.
        HostFailed { status: u16 },
        /// The host's HTTP service answered in WinRM's place.
        DoorRefused { status: u16 },
        /// No word but the status.
        Wordless { status: u16 },
        /// The connection is closed between the steps of a sign-in.
        NotKept,
        /// What answered is no WinRM.
        NotWinrm,
        /// Password or script were not read in time, here.
        SourcesTooSlow,
        /// It was looked for a moment ago, and is not again yet.
        Away { why: Box<Unreached>, seconds: u64 },
    }
}

impl Unreached {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NameNotResolved
            | Self::ProxySignIn
            | Self::ProxyRefused { .. }
            | Self::ProxyUnreachable
            | Self::HostFailed { .. }
            | Self::DoorRefused { .. }
            | Self::Wordless { .. }
            | Self::NotKept
            | Self::HungUp
            | Self::NoConnection => Code::Unreachable,
            Self::Silent | Self::SourcesTooSlow => Code::TimedOut,
            Self::NotWinrm => Code::NotWinrm,
            Self::Away { why, .. } => why.code(),
        }
    }
}

cases! {
    /// Why there was no sign-in.
    NoSignIn {
        /// The host did not ask for our certificate.
        CertificateNotAsked,
        /// The host did not take our certificate.
        CertificateRefused,
        /// The host has Basic switched off.
        BasicNotOffered,
        /// The host does not offer the scheme.
        NotOffered { scheme: &'static str },
        /// The host offers the scheme and takes no NTLM under it.
        NoNtlm,
        /// The host rejects the offer before it has seen a proof.
        OfferRejected,
        /// Something in front of the host refuses the first step.
        Filtered,
        /// The host refused user name and password.
        Refused,
        /// It has just refused them, and they are not tried again yet.
        Resting { minutes: u64 },
        /// The password cannot be had.
        NoPassword(SecretError),
        /// The configuration cannot be used; in the words of the client
        /// library.
        Misconfigured { why: String },
    }
}

impl NoSignIn {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Misconfigured { .. } => Outcome::Refused,
            _ => Outcome::Unreachable,
        }
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::NoNtlm | Self::OfferRejected | Self::Filtered | Self::NoPassword(_) | Self::Misconfigured { .. } => {
                Code::SignInUnavailable
            }
            _ => Code::SignInRefused,
        }
    }
}

cases! {
    /// Why there is no TLS that both ends trust.
    NoTls {
        /// The certificate, told by its SHA-256, never by what stands in it.
        Certificate { flaw: Flaw, sha256: String },
        /// No version and cipher that both ends have.
        NothingInCommon,
        /// What listens there speaks no TLS.
        NotTls,
        /// Closed before TLS was there.
        HungUp,
        /// This system trusts nobody.
        NoAuthorities,
        /// No sign-in can be bound to the certificate.
        NoBinding,
        /// For another reason.
        Failed,
    }
}

cases! {
    /// What is wrong with a certificate.
    Flaw {
        /// By an issuer that is not trusted.
        Untrusted,
        /// By itself.
        SelfSigned,
        /// For another name.
        OtherName,
        /// Not the pinned one.
        NotPinned,
        /// Its time is over.
        Expired,
        /// Its time has not come.
        NotYetValid,
        /// Taken back.
        Revoked,
        /// Not for servers.
        OtherPurpose,
        /// Cannot be verified.
        Unverifiable,
    }
}

cases! {
    /// Why there is no script to run.
    NoScript {
        /// It is not where the configuration says.
        Missing,
        /// It is not the pinned one, on the host.
        Changed,
        /// It could not be loaded.
        NotLoaded,
        /// It asked a question while it was loaded.
        Asked,
        /// The endpoint runs no script text.
        NoLanguage,
        /// It has no such function.
        NoFunction { function: String, left_out: usize },
        /// It cannot be read here.
        Unreadable { kind: std::io::ErrorKind },
        /// It is too large to be pushed.
        TooLarge,
        /// It is not the pinned one, here.
        ChangedHere,
        /// There is none to guard a function that writes.
        NoGuard { function: &'static str },
        /// A function that writes would read what a statement sets that was
        /// left out.
        Tainted { function: &'static str, variable: String, line: u32 },
    }
}

impl NoScript {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Missing | Self::NotLoaded | Self::Asked | Self::NoLanguage => Outcome::Failed,
            _ => Outcome::Refused,
        }
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::Missing | Self::Unreadable { .. } | Self::TooLarge => Code::ScriptMissing,
            Self::Changed | Self::ChangedHere => Code::ScriptChanged,
            Self::NotLoaded | Self::NoLanguage | Self::Tainted { .. } => Code::HostFailed,
            Self::Asked => Code::HostQuestion,
            Self::NoGuard { .. } => Code::NotPermitted,
            Self::NoFunction { .. } => Code::UnknownFunction,
        }
    }
}

cases! {
    /// Not, or not surely, the workspace that was asked for.
    WrongTarget {
        /// The script does not show which workspace it is on.
        NotShown,
        /// The script does not keep all of a target.
        NotKept,
        /// The function takes no such parameters.
        NotTold { function: &'static str, missing: Vec<&'static str> },
        /// The session was on another one.
        Elsewhere,
        /// The script cannot be brought to it.
        NotTaken,
        /// The session turned to another one during a read.
        Turned,
    }
}

impl WrongTarget {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Turned => Outcome::Failed,
            _ => Outcome::Refused,
        }
    }
}

cases! {
    /// The sign-in of the session to Azure.
    Azure {
        /// To somebody else's tenant.
        OtherTenant,
        /// There is none.
        NotSignedIn,
    }
}

impl Azure {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::OtherTenant => Outcome::Refused,
            Self::NotSignedIn => Outcome::Failed,
        }
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::OtherTenant => Code::TargetMismatch,
            Self::NotSignedIn => Code::AzureNotSignedIn,
        }
    }
}

cases! {
    /// A function that init runs did not come off.
    Init {
        /// It asked something.
        Asked,
        /// And the host is not signed in to Azure.
        NotSignedIn(InitEnd),
        /// And nothing is known of the sign-in, or it is there.
        Failed(InitEnd),
    }
}

impl Init {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Asked => Code::HostQuestion,
            Self::NotSignedIn(_) => Code::AzureNotSignedIn,
            Self::Failed(_) => Code::HostFailed,
        }
    }
}

cases! {
    /// How a function that init runs ended.
    InitEnd {
        /// It ended the script.
        Exited { code: i32 },
        /// Not in time.
        TimedOut,
        /// Without saying how.
        Silent,
        /// With an error of its own.
        Error,
    }
}

cases! {
    /// How a function that was run came to nothing.
    Ended {
        /// With errors alone.
        EmptyHanded,
        /// It ended the script.
        Exited { code: i32 },
        /// With an error of its own.
        Error,
        /// With an error before anything of it ran.
        NotBegun,
        /// It asked something.
        Asked,
        /// The caller gave up.
        Cancelled,
        /// Not within its time.
        TooSlow { seconds: u64 },
        /// Without saying how.
        Silent,
        /// With more output than is taken, its end among it.
        TooMuch { megabytes: usize },
    }
}

impl Ended {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::EmptyHanded
            | Self::Exited { .. }
            | Self::Error
            | Self::NotBegun
            | Self::Silent
            | Self::TooMuch { .. } => Code::HostFailed,
            Self::Asked => Code::HostQuestion,
            Self::Cancelled => Code::Cancelled,
            Self::TooSlow { .. } => Code::TimedOut,
        }
    }
}

cases! {
    /// How the answer of a function was lost. Nothing was changed.
    Lost {
        /// With the connection.
        Connection,
        /// What stands before the host answered in its place.
        Door { status: u16 },
        /// The host refused the sign-in of a further connection.
        SignIn,
        /// A deadline ran out.
        TimedOut,
        /// The host broke the protocol.
        Protocol,
        /// It was not understood.
        NotUnderstood,
        /// The function ended the host's PowerShell.
        ProcessEnded { function: String },
    }
}

impl Lost {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Connection | Self::Door { .. } | Self::SignIn => Code::Unreachable,
            Self::TimedOut => Code::TimedOut,
            Self::Protocol => Code::NotWinrm,
            Self::NotUnderstood => Code::Internal,
            Self::ProcessEnded { .. } => Code::HostFailed,
        }
    }
}

cases! {
    /// Why nobody knows whether a write happened.
    Doubt {
        /// It did not end within its time.
        TooSlow { function: &'static str },
        /// The connection was lost.
        Connection,
        /// What stands before the host answered in its place, and could be
        /// anybody.
        Door { status: u16 },
        /// The host broke the call off, with the number of its fault.
        BrokenOff { fault: Option<u32> },
        /// The answer was not understood.
        NotUnderstood,
        /// The session turned to another workspace.
        Turned,
        /// The caller gave up while it ran.
        Cancelled,
        /// It ended without saying how.
        Silent,
        /// It ended the host's PowerShell.
        ProcessEnded { function: String },
        /// It ended with an error of its own, or left nothing but errors.
        Error { function: &'static str },
        /// It asked something.
        Asked { function: &'static str },
        /// It ended the script.
        Exited { function: &'static str, code: i32 },
        /// The last native program that it ran failed.
        ProgramFailed { function: &'static str, code: i32 },
        /// It put out more than is taken, its end among it.
        TooMuch { function: &'static str },
    }
}
