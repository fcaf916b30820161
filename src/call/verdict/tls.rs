//! No TLS that both ends trust: what the operator is to do.

use super::Stage;
use crate::answer::{Code, Outcome, ToolError};
use crate::host::{CertificateProblem, WireCase};
use crate::tenant::HostId;

/// The sentence of each case. The certificate is told by its SHA-256, never by
/// what stands in it.
pub(super) fn refused(host: &HostId, stage: Stage, case: &WireCase) -> ToolError {
    let (outcome, end) = match stage {
        Stage::Before => (Outcome::Unreachable, "nothing was run"),
        Stage::During => (Outcome::Failed, "the call was given up"),
    };
    let said = match case {
        WireCase::Certificate { problem, sha256 } => certificate(host, *problem, sha256, end),
        WireCase::NoCommonTls => format!(
            "The host \"{host}\" has no TLS 1.2 or 1.3 with a cipher that this server takes, as Windows before 2016 with an RSA certificate; {end}. Use http, which is sealed, or give the host an ECDSA certificate."
        ),
        WireCase::NotTls => format!(
            "What listens for the host \"{host}\" does not speak TLS; {end}. Check its url: WinRM has 5986 for https and 5985 for http."
        ),
        WireCase::TlsHungUp => format!(
            "The host \"{host}\" closed the connection before TLS was there; {end}. Its operator must bind a certificate to its https listener."
        ),
        WireCase::NoAuthorities => format!(
            "This system trusts no certificate authority, so the host \"{host}\" cannot be believed; {end}. Name its authority (tls.ca) or pin its certificate (tls.pin) in the configuration."
        ),
        WireCase::NoChannelBinding => format!(
            "No sign-in can be bound to the certificate of the host \"{host}\"; {end}. Its operator must give it an RSA or ECDSA certificate."
        ),
        _ => format!("TLS with the host \"{host}\" failed; {end}. Its operator must look at its certificate and key."),
    };
    ToolError::new(outcome, Code::TlsRefused, said)
}

fn certificate(host: &HostId, problem: CertificateProblem, found: &str, end: &str) -> String {
    let is = match problem {
        CertificateProblem::UntrustedIssuer => {
            let advice =
                "If that is its certificate, name its authority (tls.ca) or pin it (tls.pin) in the configuration.";
            return format!(
                "The certificate of the host \"{host}\" is by an issuer that is not trusted; {end}. Its SHA-256 is {found}. {advice}"
            );
        }
        CertificateProblem::SelfSigned => {
            return format!(
                "The certificate of the host \"{host}\" is self-signed; {end}. Its SHA-256 is {found}. Compare that on the host itself, then pin it (tls.pin) in the configuration."
            );
        }
        CertificateProblem::WrongName => {
            return format!(
                "The certificate of the host \"{host}\" is for another name than its url has; {end}. Use the name that is in the certificate, or pin it (tls.pin) in the configuration; its SHA-256 is {found}."
            );
        }
        CertificateProblem::NotPinned => {
            return format!(
                "The certificate of the host \"{host}\" is not the pinned one; {end}. Its SHA-256 is {found}. It was renewed, or somebody stands in between: ask its operator before you change tls.pin."
            );
        }
        CertificateProblem::Expired => "has expired",
        CertificateProblem::NotYetValid => "is not valid yet, or this computer's clock is wrong",
        CertificateProblem::Revoked => "was revoked",
        CertificateProblem::WrongPurpose => "is not meant for servers",
        _ => "cannot be verified",
    };
    format!(
        "The certificate of the host \"{host}\" {is}; {end}. Its SHA-256 is {found}. Its operator must put that right."
    )
}
