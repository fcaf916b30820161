//! What went wrong between here and the host, in sentences.

use super::{Stage, text, tls};
use crate::answer::{Code, Outcome, ToolError};
use crate::host::{WireCase, WireError};
use crate::tenant::HostId;

/// What an operation that did not come off on the wire means.
pub(super) fn failed(host: &HostId, stage: Stage, error: &WireError) -> ToolError {
    let told = match (&error.case, stage) {
        (
            case @ (WireCase::Certificate { .. }
            | WireCase::NoCommonTls
            | WireCase::NotTls
            | WireCase::TlsHungUp
            | WireCase::NoAuthorities
            | WireCase::NoChannelBinding
            | WireCase::TlsFailed),
            _,
        ) => tls::refused(host, stage, case),
        (
            case @ (WireCase::OwnCertificateNotAsked
            | WireCase::OwnCertificateRefused
            | WireCase::NotOffered { .. }
            | WireCase::SignInRefused
            | WireCase::Denied),
            _,
        ) => ToolError::new(Outcome::Unreachable, Code::SignInRefused, sign_in(host, case)),
        (WireCase::NoAnswer | WireCase::TimedOut, Stage::Before) => super::silent(host),
        (WireCase::TimedOut, Stage::During) => ToolError::new(
            Outcome::Failed,
            Code::TimedOut,
            format!("The host \"{host}\" did not end the call in time."),
        ),
        (
            case @ (WireCase::NameNotResolved
            | WireCase::ProxyUnreachable
            | WireCase::ProxyRefused { .. }
            | WireCase::Unreachable),
            Stage::Before,
        ) => ToolError::new(Outcome::Unreachable, Code::Unreachable, not_reached(host, case)),
        (
            WireCase::NameNotResolved
            | WireCase::ProxyUnreachable
            | WireCase::ProxyRefused { .. }
            | WireCase::NoAnswer
            | WireCase::Unreachable,
            Stage::During,
        ) => ToolError::new(
            Outcome::Unreachable,
            Code::Unreachable,
            format!("The connection to the host \"{host}\" was lost before its answer was complete; try again."),
        ),
        (WireCase::NotWinrm, Stage::Before) => ToolError::new(
            Outcome::Unreachable,
            Code::NotWinrm,
            format!(
                "What answered for the host \"{host}\" does not speak WinRM; check address and port. Nothing was run."
            ),
        ),
        (WireCase::NotWinrm, Stage::During) => ToolError::new(
            Outcome::Failed,
            Code::NotWinrm,
            format!("The host \"{host}\" broke the protocol in the middle of the call; try again."),
        ),
        (WireCase::Refused { fault }, _) => {
            let outcome = if stage == Stage::Before { Outcome::Unreachable } else { Outcome::Failed };
            let number = fault.map(|code| format!(" (fault {code})")).unwrap_or_default();
            ToolError::new(outcome, Code::HostFailed, format!("The host \"{host}\" refused the operation{number}."))
        }
        (WireCase::Misconfigured { why }, Stage::Before) => ToolError::refused(
            Code::SignInRefused,
            format!("The host \"{host}\" cannot be signed in to as configured: {why}. Nothing was run."),
        ),
        (WireCase::Misconfigured { .. } | WireCase::Impossible, _) => {
            ToolError::new(Outcome::Failed, Code::Internal, "The server asked the host for something impossible.")
        }
    };
    told.with_host_errors(error.fault.as_ref().map(text))
}

/// Why there was no sign-in.
fn sign_in(host: &HostId, case: &WireCase) -> String {
    match case {
        WireCase::OwnCertificateNotAsked => format!(
            "The host \"{host}\" did not ask for our certificate when TLS began; nothing was run. Its operator must switch that on for its https port (netsh http update sslcert … clientcertnegotiation=enable)."
        ),
        WireCase::OwnCertificateRefused => format!(
            "The host \"{host}\" does not take our certificate, or wants one; nothing was run. Check its issuer, its time and what its operator has mapped it to."
        ),
        WireCase::NotOffered { scheme: "Basic" } => format!(
            "The host \"{host}\" does not offer Basic; nothing was run. Its operator must switch Basic on in its WinRM service, or the configuration must have auth = \"negotiate\"."
        ),
        WireCase::NotOffered { scheme } => format!(
            "The host \"{host}\" does not offer {scheme}; no password was sent. Its operator must switch {scheme} on in its WinRM service."
        ),
        _ => format!(
            "The host \"{host}\" refused the sign-in; check its user name and password. Repeated attempts may lock the account."
        ),
    }
}

/// Why nothing is there.
fn not_reached(host: &HostId, case: &WireCase) -> String {
    match case {
        WireCase::NameNotResolved => format!(
            "The address of the host \"{host}\" has a name that does not resolve; nothing was run. Check its url in the configuration."
        ),
        WireCase::ProxyRefused { status: Some(407) } => format!(
            "The proxy for the host \"{host}\" wants a sign-in, which this server does not do; nothing was run."
        ),
        WireCase::ProxyRefused { status } => {
            let status = status.map(|status| format!(" (status {status})")).unwrap_or_default();
            format!(
                "The proxy makes no tunnel to the host \"{host}\"{status}; nothing was run. It does not reach it, or is not allowed to; check the url and ask who runs the proxy."
            )
        }
        WireCase::ProxyUnreachable => format!(
            "The proxy for the host \"{host}\" cannot be reached; nothing was run. Check proxy in the configuration."
        ),
        _ => format!("The host \"{host}\" cannot be reached; nothing was run. Check its address and the network."),
    }
}
