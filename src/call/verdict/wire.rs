//! What went wrong between here and the host.

use super::{text, tls};
use crate::answer::ToolError;
use crate::answer::case::{Case, Lost, NoSignIn, Slip, Stage, Unreached};
use crate::host::{Retry, Unavailable, WireCase, WireError};
use crate::tenant::HostId;

/// What an operation beside any call means that did not come off on the wire.
pub(super) fn before(host: &HostId, error: &WireError) -> ToolError {
    ToolError::of(case(host.clone(), Stage::Before, error)).with_host_errors(error.fault.as_ref().map(text))
}

pub(super) fn case(host: HostId, stage: Stage, error: &WireError) -> Case {
    let found = &error.case;
    let why = match found {
        WireCase::Certificate { .. }
        | WireCase::NoCommonTls
        | WireCase::NotTls
        | WireCase::TlsHungUp
        | WireCase::NoAuthorities
        | WireCase::NoChannelBinding
        | WireCase::TlsFailed => return Case::NoTls { host, stage, why: tls::refused(found) },
        WireCase::OwnCertificateNotAsked => return Case::NoSignIn { host, why: NoSignIn::CertificateNotAsked },
        WireCase::OwnCertificateRefused => return Case::NoSignIn { host, why: NoSignIn::CertificateRefused },
        WireCase::NotOffered { scheme: "Basic" } => return Case::NoSignIn { host, why: NoSignIn::BasicNotOffered },
        WireCase::NotOffered { scheme } => return Case::NoSignIn { host, why: NoSignIn::NotOffered { scheme } },
        WireCase::SignInUnavailable { why } => {
            let why = match why {
                Unavailable::NoNtlm => NoSignIn::NoNtlm,
                Unavailable::Filtered => NoSignIn::Filtered,
                // Rejected; whatever else comes is the host's no to the offer, too.
                _ => NoSignIn::OfferRejected,
            };
            return Case::NoSignIn { host, why };
        }
        WireCase::SignInRefused | WireCase::Denied => return Case::NoSignIn { host, why: NoSignIn::Refused },
        WireCase::Refused { fault } => {
            return Case::Refused { host, stage, fault: *fault, later: error.retry != Retry::Never };
        }
        WireCase::Misconfigured { why } if stage == Stage::Before => {
            return Case::NoSignIn { host, why: NoSignIn::Misconfigured { why: why.clone() } };
        }
        WireCase::Misconfigured { .. } | WireCase::Impossible => return Slip::Impossible.into(),
        WireCase::NoAnswer => (Unreached::Silent, Lost::Connection),
        WireCase::TimedOut => (Unreached::Silent, Lost::TimedOut),
        WireCase::NameNotResolved => (Unreached::NameNotResolved, Lost::Connection),
        WireCase::ProxyUnreachable => (Unreached::ProxyUnreachable, Lost::Connection),
        WireCase::ProxyRefused { status: Some(407) } => (Unreached::ProxySignIn, Lost::Connection),
        WireCase::ProxyRefused { status } => (Unreached::ProxyRefused { status: *status }, Lost::Connection),
        WireCase::HungUp => (Unreached::HungUp, Lost::Connection),
        WireCase::Unreachable => (Unreached::NoConnection, Lost::Connection),
        WireCase::HostFailed { status } => (Unreached::HostFailed { status: *status }, Lost::Connection),
        WireCase::DoorRefused { status } => (Unreached::DoorRefused { status: *status }, Lost::Connection),
        WireCase::Wordless { status } => (Unreached::Wordless { status: *status }, Lost::Connection),
        WireCase::NotKept => (Unreached::NotKept, Lost::Connection),
        WireCase::NotWinrm => (Unreached::NotWinrm, Lost::Protocol),
    };
    match stage {
        Stage::Before => Case::Unreached { host, why: why.0 },
        Stage::During => Case::Lost { host, why: why.1 },
    }
}
