//! No TLS that both ends trust.

use crate::answer::case::{Flaw, NoTls};
use crate::host::{CertificateProblem, WireCase};

/// Why there is none.
pub(super) fn refused(found: &WireCase) -> NoTls {
    match found {
        WireCase::Certificate { problem, sha256 } => {
            NoTls::Certificate { flaw: flaw(*problem), sha256: sha256.clone() }
        }
        WireCase::NoCommonTls => NoTls::NothingInCommon,
        WireCase::NotTls => NoTls::NotTls,
        WireCase::TlsHungUp => NoTls::HungUp,
        WireCase::NoAuthorities => NoTls::NoAuthorities,
        WireCase::NoChannelBinding => NoTls::NoBinding,
        _ => NoTls::Failed,
    }
}

fn flaw(problem: CertificateProblem) -> Flaw {
    match problem {
        CertificateProblem::UntrustedIssuer => Flaw::Untrusted,
        CertificateProblem::SelfSigned => Flaw::SelfSigned,
        CertificateProblem::WrongName => Flaw::OtherName,
        CertificateProblem::NotPinned => Flaw::NotPinned,
        CertificateProblem::Expired => Flaw::Expired,
        CertificateProblem::NotYetValid => Flaw::NotYetValid,
        CertificateProblem::Revoked => Flaw::Revoked,
        CertificateProblem::WrongPurpose => Flaw::OtherPurpose,
        _ => Flaw::Unverifiable,
    }
}
