//! What an end on the host means to the caller.
//!
//! May-have-run wins over every kind: whoever repeats a write because it saw
//! "unreachable" writes twice.

mod tls;

use std::error::Error as _;

use wsman::ErrorKind;
use wsman::transport::TransportError;

use super::shape::Rows;
use super::sign_in::Tried;
use crate::catalog::{Code, Entry, HostText, Outcome, ToolError};
use crate::host::{Ended, HostError, HostErrorKind, HostErrorRecord, Returned};
use crate::tenant::{Effect, HostId};

/// How far a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Opening, loading, probing: the function was not started.
    Before,
    /// The function was sent.
    During,
}

fn text(record: &HostErrorRecord) -> HostText {
    HostText { message: record.message.clone(), id: record.id.clone() }
}

/// A write of which nobody knows whether it happened.
pub(super) fn unknown(host: &HostId, why: &str) -> ToolError {
    let said = format!("{why} on the host \"{host}\"; the change may have been made. Look before you try again.");
    ToolError::new(Outcome::Unknown, Code::UnknownOutcome, said)
}

/// The caller gave up before the function was started.
pub(super) fn cancelled_before() -> ToolError {
    ToolError::refused(Code::Cancelled, "Cancelled; nothing was run.")
}

/// Somebody listens there and says nothing.
pub(super) fn silent(host: &HostId) -> ToolError {
    let said = format!("The host \"{host}\" did not answer in time; nothing was run.");
    ToolError::new(Outcome::Unreachable, Code::TimedOut, said)
}

/// The function did not end within its time.
pub(super) fn too_slow(entry: &Entry, host: &HostId) -> ToolError {
    match entry.effect() {
        Effect::Write => unknown(host, &format!("\"{}\" did not end within its time", entry.function)),
        Effect::Read => ToolError::new(
            Outcome::Failed,
            Code::TimedOut,
            format!(
                "\"{}\" did not end within {} seconds on the host \"{host}\" and was stopped; narrow the question or try later.",
                entry.function, entry.timeout_seconds
            ),
        ),
    }
}

/// Whether the call was lost on the way, so that a fresh session may do.
pub(super) fn is_lost(error: &HostError) -> bool {
    match &error.kind {
        HostErrorKind::Wsman(error) => {
            matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Refused | ErrorKind::PeerMisbehaved)
        }
        _ => false,
    }
}

/// Whether the function may have run. `false` is a promise: it did not.
pub(super) fn may_have_run(error: &HostError) -> bool {
    match &error.kind {
        HostErrorKind::Wsman(error) => error.may_have_run(),
        _ => true,
    }
}

/// What opening a session says of the password.
pub(super) fn tried(opened: &Result<(), HostError>) -> Tried {
    match opened {
        Ok(()) => Tried::Taken,
        Err(HostError { kind: HostErrorKind::Wsman(cause), .. }) => match (cause.kind(), transport(cause)) {
            (_, Some(TransportError::SignInRefused { .. })) => Tried::Refused,
            (ErrorKind::Refused, _) => Tried::Taken,
            _ => Tried::NotHad,
        },
        // Found out by asking the host in an open session.
        Err(_) => Tried::Taken,
    }
}

/// The exact case on the wire.
fn transport(cause: &wsman::Error) -> Option<&TransportError> {
    std::iter::successors(cause.source(), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// What a host operation that did not come off means.
pub(super) fn failed(entry: &Entry, host: &HostId, stage: Stage, error: HostError) -> ToolError {
    let told = match &error.kind {
        HostErrorKind::Wsman(cause)
            if stage == Stage::During && cause.may_have_run() && entry.effect() == Effect::Write =>
        {
            unknown(host, "The connection was lost")
        }
        HostErrorKind::Wsman(cause) => wire(host, stage, cause),
        HostErrorKind::ScriptMissing => ToolError::new(
            Outcome::Failed,
            Code::ScriptMissing,
            format!("The script is not where the configuration says on the host \"{host}\"; nothing was run."),
        ),
        HostErrorKind::ScriptChanged => ToolError::refused(
            Code::ScriptChanged,
            format!(
                "The script for the host \"{host}\" does not have the pinned SHA-256; nothing was run. Its operator must check the script and pin it anew."
            ),
        ),
        HostErrorKind::LoadFailed(record) => ToolError::new(
            Outcome::Failed,
            Code::HostFailed,
            format!("The script on the host \"{host}\" could not be loaded; nothing was run."),
        )
        .with_host_errors([text(record)]),
        HostErrorKind::UnknownFunction(_) => ToolError::refused(
            Code::UnknownFunction,
            format!("The script on the host \"{host}\" has no function \"{}\"; nothing was run.", entry.function),
        ),
        HostErrorKind::Cancelled => cancelled_before(),
        _ if stage == Stage::During && entry.effect() == Effect::Write => {
            unknown(host, "The answer could not be understood")
        }
        _ => ToolError::new(
            Outcome::Failed,
            Code::Internal,
            format!("The host \"{host}\" answered something that this server does not understand."),
        ),
    };
    told.because(error)
}

fn wire(host: &HostId, stage: Stage, cause: &wsman::Error) -> ToolError {
    let told = match (cause.kind(), stage) {
        (ErrorKind::Tls, _) => tls::refused(host, stage, transport(cause)),
        (ErrorKind::Auth, _) if matches!(transport(cause), Some(TransportError::NotOffered { .. })) => {
            not_offered(host, transport(cause))
        }
        (ErrorKind::Auth, _) => ToolError::new(
            Outcome::Unreachable,
            Code::SignInRefused,
            format!(
                "The host \"{host}\" refused the sign-in; check its user name and password. Repeated attempts may lock the account."
            ),
        ),
        (ErrorKind::Unreachable, Stage::Before)
            if matches!(transport(cause), Some(TransportError::SignInTimedOut | TransportError::AnswerTimedOut)) =>
        {
            silent(host)
        }
        (ErrorKind::Unreachable, Stage::Before) if transport(cause) == Some(&TransportError::NameNotResolved) => {
            let said = format!(
                "The address of the host \"{host}\" has a name that does not resolve; nothing was run. Check its url in the configuration."
            );
            ToolError::new(Outcome::Unreachable, Code::Unreachable, said)
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
        (ErrorKind::TimedOut, Stage::Before) => silent(host),
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
        (_, _) => {
            ToolError::new(Outcome::Failed, Code::Internal, "The server asked the host for something impossible.")
        }
    };
    told.with_host_errors(cause.fault().map(|fault| HostText {
        message: fault.text.clone(),
        id: fault.code.map(|code| code.to_string()).unwrap_or_default(),
    }))
}

/// The host has the configured sign-in switched off.
fn not_offered(host: &HostId, case: Option<&TransportError>) -> ToolError {
    let scheme = if let Some(TransportError::NotOffered { scheme }) = case { *scheme } else { "this sign-in" };
    let said = match scheme {
        "Basic" => format!(
            "The host \"{host}\" does not offer Basic; nothing was run. Its operator must switch Basic on in its WinRM service, or the configuration must have auth = \"negotiate\"."
        ),
        scheme => format!(
            "The host \"{host}\" does not offer {scheme}; no password was sent. Its operator must switch {scheme} on in its WinRM service."
        ),
    };
    ToolError::new(Outcome::Unreachable, Code::SignInRefused, said)
}

/// What a call that came back means.
pub(super) fn returned(entry: &Entry, host: &HostId, returned: Returned) -> Result<Rows, ToolError> {
    let write = entry.effect() == Effect::Write;
    let function = &entry.function;
    let failed = |code, said: String| ToolError::new(Outcome::Failed, code, said);
    let told = match &returned.ended {
        Ended::Completed => match &returned.target_changed {
            None if is_empty_handed(&returned) => failed(
                Code::HostFailed,
                format!(
                    "\"{function}\" returned nothing but errors on the host \"{host}\"; hostErrors has its own words."
                ),
            ),
            None => return Ok(Rows::of(returned)),
            Some(_) if write => unknown(host, "The session turned to another workspace"),
            Some(_) => failed(
                Code::TargetMismatch,
                format!(
                    "The session on the host \"{host}\" turned to another workspace during the call; its answer was thrown away."
                ),
            ),
        },
        Ended::Exited(code) => failed(
            Code::HostFailed,
            format!("\"{function}\" ended the script with exit code {code} on the host \"{host}\"."),
        ),
        Ended::Failed(record) => failed(
            Code::HostFailed,
            format!("\"{function}\" failed on the host \"{host}\"; hostErrors has its own words."),
        )
        .with_host_errors([text(record)]),
        Ended::TargetMismatch(_) => ToolError::refused(
            Code::TargetMismatch,
            format!("The session on the host \"{host}\" was not on the workspace that was asked for; nothing was run."),
        ),
        Ended::Asked(question) => {
            let said = format!(
                "\"{function}\" asked a question on the host \"{host}\" that nobody may answer; hostErrors has it."
            );
            let question = HostText { message: question.clone(), id: "question".to_owned() };
            failed(Code::HostQuestion, said).with_host_errors([question])
        }
        Ended::Cancelled if write => unknown(host, "The call was cancelled while it ran"),
        Ended::Cancelled => {
            failed(Code::Cancelled, format!("Cancelled; \"{function}\" was stopped on the host \"{host}\"."))
        }
        Ended::TimedOut => too_slow(entry, host),
        Ended::Silent if write => unknown(host, "The call ended without saying how"),
        Ended::Silent => {
            failed(Code::HostFailed, format!("\"{function}\" ended on the host \"{host}\" without saying how."))
        }
    };
    Err(told.with_host_errors(returned.errors.iter().map(text)))
}

/// Whether the function wrote errors and brought nothing: "incident not found"
/// is no success. What a native program writes to its standard error is not by
/// itself an error (`az` warns there).
fn is_empty_handed(returned: &Returned) -> bool {
    returned.data.is_empty() && returned.errors.iter().any(|error| !error.id.starts_with("NativeCommandError"))
}

#[cfg(test)]
mod tests;
