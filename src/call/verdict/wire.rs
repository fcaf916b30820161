//! What went wrong between here and the host, in sentences.

use std::error::Error as _;

use wsman::ErrorKind;
use wsman::transport::TransportError;

use super::{Stage, tls, transport};
use crate::answer::{Code, HostText, Outcome, ToolError};
use crate::tenant::HostId;

/// What an operation that did not come off on the wire means.
pub(super) fn failed(host: &HostId, stage: Stage, cause: &wsman::Error) -> ToolError {
    let told = match (cause.kind(), stage) {
        (ErrorKind::Tls, _) => tls::refused(host, stage, transport(cause)),
        (ErrorKind::Auth, _) => {
            ToolError::new(Outcome::Unreachable, Code::SignInRefused, sign_in(host, transport(cause)))
        }
        (ErrorKind::Unreachable, Stage::Before)
            if matches!(transport(cause), Some(TransportError::SignInTimedOut | TransportError::AnswerTimedOut)) =>
        {
            super::silent(host)
        }
        (ErrorKind::Unreachable, Stage::Before) if transport(cause) == Some(&TransportError::NameNotResolved) => {
            let said = format!(
                "The address of the host \"{host}\" has a name that does not resolve; nothing was run. Check its url in the configuration."
            );
            ToolError::new(Outcome::Unreachable, Code::Unreachable, said)
        }
        (ErrorKind::Unreachable, Stage::Before) if transport(cause).is_some_and(is_the_proxys) => {
            ToolError::new(Outcome::Unreachable, Code::Unreachable, proxy(host, transport(cause)))
        }
        (ErrorKind::Unreachable, Stage::Before) => ToolError::new(
            Outcome::Unreachable,
            Code::Unreachable,
            format!("The host \"{host}\" cannot be reached; nothing was run. Check its address and the network."),
        ),
        (ErrorKind::Unreachable, Stage::During) => ToolError::new(
            Outcome::Unreachable,
            Code::Unreachable,
            format!("The connection to the host \"{host}\" was lost before its answer was complete; try again."),
        ),
        (ErrorKind::TimedOut, Stage::Before) => super::silent(host),
        (ErrorKind::TimedOut, Stage::During) => ToolError::new(
            Outcome::Failed,
            Code::TimedOut,
            format!("The host \"{host}\" did not end the call in time."),
        ),
        (ErrorKind::PeerMisbehaved, Stage::Before) => ToolError::new(
            Outcome::Unreachable,
            Code::NotWinrm,
            format!(
                "What answered for the host \"{host}\" does not speak WinRM; check address and port. Nothing was run."
            ),
        ),
        (ErrorKind::PeerMisbehaved, Stage::During) => ToolError::new(
            Outcome::Failed,
            Code::NotWinrm,
            format!("The host \"{host}\" broke the protocol in the middle of the call; try again."),
        ),
        (ErrorKind::Refused, _) => {
            let outcome = if stage == Stage::Before { Outcome::Unreachable } else { Outcome::Failed };
            let number =
                cause.fault().and_then(|fault| fault.code).map(|code| format!(" (fault {code})")).unwrap_or_default();
            ToolError::new(outcome, Code::HostFailed, format!("The host \"{host}\" refused the operation{number}."))
        }
        (ErrorKind::Misuse, Stage::Before) if cause.source().is_none() => ToolError::refused(
            Code::SignInUnavailable,
            format!("The host \"{host}\" cannot be signed in to as configured: {cause}. Nothing was run."),
        ),
        (_, _) => {
            ToolError::new(Outcome::Failed, Code::Internal, "The server asked the host for something impossible.")
        }
    };
    told.with_host_errors(cause.fault().map(|fault| HostText {
        message: fault.text.clone(),
        id: fault.code.map(|code| code.to_string()).unwrap_or_default(),
    }))
}

/// Why there was no sign-in.
fn sign_in(host: &HostId, case: Option<&TransportError>) -> String {
    match case {
        Some(TransportError::OwnCertificateNotAsked) => format!(
            "The host \"{host}\" did not ask for our certificate when TLS began; nothing was run. Its operator must switch that on for its https port (netsh http update sslcert … clientcertnegotiation=enable)."
        ),
        Some(TransportError::OwnCertificateRefused) => format!(
            "The host \"{host}\" does not take our certificate, or wants one; nothing was run. Check its issuer, its time and what its operator has mapped it to."
        ),
        Some(TransportError::NotOffered { scheme: "Basic" }) => format!(
            "The host \"{host}\" does not offer Basic; nothing was run. Its operator must switch Basic on in its WinRM service, or the configuration must have auth = \"negotiate\"."
        ),
        Some(TransportError::NotOffered { scheme }) => format!(
            "The host \"{host}\" does not offer {scheme}; no password was sent. Its operator must switch {scheme} on in its WinRM service."
        ),
        _ => format!(
            "The host \"{host}\" refused the sign-in; check its user name and password. Repeated attempts may lock the account."
        ),
    }
}

fn is_the_proxys(case: &TransportError) -> bool {
    matches!(case, TransportError::ProxyUnreachable { .. } | TransportError::ProxyRefused { .. })
}

/// Why the proxy made no tunnel.
fn proxy(host: &HostId, case: Option<&TransportError>) -> String {
    match case {
        Some(TransportError::ProxyRefused { status: Some(407) }) => format!(
            "The proxy for the host \"{host}\" wants a sign-in, which this server does not do; nothing was run."
        ),
        Some(TransportError::ProxyRefused { status }) => {
            let status = status.map(|status| format!(" (status {status})")).unwrap_or_default();
            format!(
                "The proxy makes no tunnel to the host \"{host}\"{status}; nothing was run. It does not reach it, or is not allowed to; check the url and ask who runs the proxy."
            )
        }
        _ => format!(
            "The proxy for the host \"{host}\" cannot be reached; nothing was run. Check proxy in the configuration."
        ),
    }
}
