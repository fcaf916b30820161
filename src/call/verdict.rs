//! What an end on the host means to the caller.
//!
//! May-have-run wins over every kind: whoever repeats a write because it saw
//! "unreachable" writes twice.

mod tls;
mod wire;

use crate::answer::{Code, HostText, Outcome, Rows, ToolError};
use crate::catalog::Effect;
use crate::catalog::Entry;
use crate::host::{Ended, HostError, HostErrorKind, HostErrorRecord, Returned, WireCase};
use crate::tenant::HostId;

/// How far a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Opening, loading, probing: the function was not started.
    Before,
    /// The function was sent.
    During,
}

pub(super) fn text(record: &HostErrorRecord) -> HostText {
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
        HostErrorKind::Wire(error) => matches!(
            error.case,
            WireCase::NameNotResolved
                | WireCase::ProxyUnreachable
                | WireCase::ProxyRefused { .. }
                | WireCase::NoAnswer
                | WireCase::Unreachable
                | WireCase::Refused { .. }
                | WireCase::NotWinrm
        ),
        _ => false,
    }
}

/// Whether the function may have run. `false` is a promise: it did not.
pub(super) fn may_have_run(error: &HostError) -> bool {
    match &error.kind {
        HostErrorKind::Wire(error) => error.may_have_run,
        _ => true,
    }
}

/// What a host operation that did not come off means, in a call of `entry` or
/// beside any.
pub(super) fn failed(entry: Option<&Entry>, host: &HostId, stage: Stage, error: HostError) -> ToolError {
    let writes = stage == Stage::During && entry.is_some_and(|entry| entry.effect() == Effect::Write);
    let told = match &error.kind {
        HostErrorKind::Wire(error) if writes && error.may_have_run => unknown(host, "The connection was lost"),
        HostErrorKind::Wire(error) => wire::failed(host, stage, error),
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
        HostErrorKind::LoadAsked(question) => {
            let said = format!(
                "The script on the host \"{host}\" asked a question while it was loaded that nobody may answer; hostErrors has it. Nothing was run."
            );
            let question = HostText { message: question.clone(), id: "question".to_owned() };
            ToolError::new(Outcome::Failed, Code::HostQuestion, said).with_host_errors([question])
        }
        HostErrorKind::TargetNotTaken { differs, .. } => {
            let said = format!(
                "The script on the host \"{host}\" cannot be brought to the workspace that was asked for; nothing was run. Its operator must name the functions that choose one in script.select."
            );
            let why = HostText { message: differs.clone(), id: "SentinelJump.TargetNotTaken".to_owned() };
            ToolError::refused(Code::TargetMismatch, said).with_host_errors([why])
        }
        HostErrorKind::NoLanguage(record) => {
            let said = format!(
                "The endpoint on the host \"{host}\" allows no scripts; nothing was run. Leave script out of its configuration: its functions are then called as plain commands."
            );
            ToolError::new(Outcome::Failed, Code::HostFailed, said).with_host_errors([text(record)])
        }
        HostErrorKind::ProcessEnded { .. } if writes => unknown(host, "The function ended the host's PowerShell"),
        HostErrorKind::ProcessEnded { function } => {
            let said = format!(
                "\"{function}\" ended the host's PowerShell itself ([Environment]::Exit) on the host \"{host}\"; its answer is lost. The script must use return or throw there."
            );
            ToolError::new(Outcome::Failed, Code::HostFailed, said)
        }
        HostErrorKind::UnknownFunction(name) => {
            let name = entry.map_or(name, |entry| &entry.function);
            let said = format!("The script on the host \"{host}\" has no function \"{name}\"; nothing was run.");
            ToolError::refused(Code::UnknownFunction, said)
        }
        HostErrorKind::InitFailed { function, ended, errors, signed_in } => {
            init_failed(host, function, ended, errors, *signed_in)
        }
        HostErrorKind::AzureTenantMismatch(record) => other_azure_tenant(host).with_host_errors([text(record)]),
        HostErrorKind::AzureNotSignedIn(record) => no_azure(host).with_host_errors([text(record)]),
        HostErrorKind::Cancelled => cancelled_before(),
        _ if writes => unknown(host, "The answer could not be understood"),
        _ => ToolError::new(
            Outcome::Failed,
            Code::Internal,
            format!("The host \"{host}\" answered something that this server does not understand."),
        ),
    };
    told.because(error)
}

/// The session belongs to somebody else's Azure tenant.
fn other_azure_tenant(host: &HostId) -> ToolError {
    let said = format!(
        "The session on the host \"{host}\" is signed in to another Azure tenant than the configuration says; nothing was run. Its operator must sign in to the right one, or correct azure_tenant."
    );
    ToolError::refused(Code::TargetMismatch, said)
}

/// The session belongs to no Azure tenant.
fn no_azure(host: &HostId) -> ToolError {
    let said = format!(
        "The session on the host \"{host}\" is not signed in to Azure; nothing was run. Its operator must sign in for this tenant, in the folder that azure_config_dir names, or with init."
    );
    ToolError::new(Outcome::Failed, Code::AzureNotSignedIn, said)
}

/// A function that signs in did not come off; the session was not opened.
fn init_failed(
    host: &HostId,
    function: &str,
    ended: &Ended,
    errors: &[HostErrorRecord],
    signed_in: Option<bool>,
) -> ToolError {
    let failed = |code, said: String| ToolError::new(Outcome::Failed, code, said);
    let why = match ended {
        Ended::Exited(code) => format!("it ended the script with exit code {code}"),
        Ended::TimedOut => "it did not end in time".to_owned(),
        Ended::Silent | Ended::Cancelled => "it ended without saying how".to_owned(),
        _ => "hostErrors has its own words".to_owned(),
    };
    let told = match ended {
        Ended::Asked(question) => {
            let said = format!(
                "\"{function}\", which init runs on the host \"{host}\", asked a question that nobody may answer; hostErrors has it. Nothing else was run."
            );
            let question = HostText { message: question.clone(), id: "question".to_owned() };
            failed(Code::HostQuestion, said).with_host_errors([question])
        }
        _ if signed_in == Some(false) => failed(
            Code::AzureNotSignedIn,
            format!(
                "\"{function}\" failed to sign the host \"{host}\" in to Azure ({why}); nothing else was run. Its operator must look at the sign-in."
            ),
        ),
        _ => failed(
            Code::HostFailed,
            format!("\"{function}\", which init runs on the host \"{host}\", failed ({why}); nothing else was run."),
        ),
    };
    let ending = if let Ended::Failed(record) = ended { Some(text(record)) } else { None };
    told.with_host_errors(ending).with_host_errors(errors.iter().map(text))
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
            None => return Ok(rows(returned, entry)),
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
        Ended::AzureTenantMismatch(record) => other_azure_tenant(host).with_host_errors([text(record)]),
        Ended::AzureNotSignedIn(record) => no_azure(host).with_host_errors([text(record)]),
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

fn rows(returned: Returned, entry: &Entry) -> Rows {
    Rows {
        text: returned.text,
        warnings: returned.warnings,
        host_errors: returned.errors.iter().map(text).collect(),
        ..Rows::of(&returned.data, &entry.output)
    }
}

/// Whether the function wrote errors and brought nothing: "incident not found"
/// is no success. What a native program writes to its standard error is not by
/// itself an error (`az` warns there).
fn is_empty_handed(returned: &Returned) -> bool {
    returned.data.is_empty() && returned.errors.iter().any(|error| !error.id.starts_with("NativeCommandError"))
}

#[cfg(test)]
mod tests;
