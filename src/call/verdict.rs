//! What an end on the host means to the caller.
//!
//! May-have-run wins over every kind: whoever repeats a write because it saw
//! "unreachable" writes twice.

mod tls;
mod wire;

use crate::answer::case::{self, Azure, Case, Doubt, Init, InitEnd, Lost, NoScript, Unreached, WrongTarget};
use crate::answer::{HostText, Rows, ToolError};
use crate::catalog::{Effect, Entry};
use crate::host::{Ended, HostError, HostErrorKind, HostErrorRecord, Returned, WireCase};
use crate::tenant::HostId;

pub(super) use case::Stage;

pub(super) fn text(record: &HostErrorRecord) -> HostText {
    HostText { message: record.message.clone(), id: record.id.clone() }
}

/// A write of which nobody knows whether it happened.
fn unknown(host: &HostId, why: Doubt) -> ToolError {
    ToolError::of(Case::Doubt { host: host.clone(), why })
}

/// The caller gave up before the function was started.
pub(super) fn cancelled_before() -> ToolError {
    ToolError::of(Case::Cancelled)
}

/// Somebody listens there and says nothing.
pub(super) fn silent(host: &HostId) -> ToolError {
    ToolError::of(Case::Unreached { host: host.clone(), why: Unreached::Silent })
}

/// The function did not end within its time.
pub(super) fn too_slow(entry: &'static Entry, host: &HostId) -> ToolError {
    let function = &entry.function;
    match entry.effect() {
        Effect::Write => unknown(host, Doubt::TooSlow { function }),
        Effect::Read => {
            let why = case::Ended::TooSlow { seconds: entry.timeout_seconds };
            ToolError::of(Case::Ended { host: host.clone(), function, why })
        }
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
    let no_script = |why| ToolError::of(Case::NoScript { host: host.clone(), why });
    let told = match &error.kind {
        HostErrorKind::Wire(error) if writes && error.may_have_run => unknown(host, Doubt::Connection),
        HostErrorKind::Wire(error) => wire::failed(host, stage, error),
        HostErrorKind::ScriptMissing => no_script(NoScript::Missing),
        HostErrorKind::ScriptChanged => no_script(NoScript::Changed),
        HostErrorKind::LoadFailed(record) => no_script(NoScript::NotLoaded).with_host_errors([text(record)]),
        HostErrorKind::LoadAsked(asked) => no_script(NoScript::Asked).with_host_errors([question(asked)]),
        HostErrorKind::NoLanguage(record) => no_script(NoScript::NoLanguage).with_host_errors([text(record)]),
        HostErrorKind::TargetNotTaken { differs, .. } => {
            let why = HostText { message: differs.clone(), id: "SentinelJump.TargetNotTaken".to_owned() };
            ToolError::of(Case::WrongTarget { host: host.clone(), why: WrongTarget::NotTaken }).with_host_errors([why])
        }
        HostErrorKind::ProcessEnded { function } if writes => {
            unknown(host, Doubt::ProcessEnded { function: function.clone() })
        }
        HostErrorKind::ProcessEnded { function } => {
            ToolError::of(Case::Lost { host: host.clone(), why: Lost::ProcessEnded { function: function.clone() } })
        }
        HostErrorKind::UnknownFunction(name) => {
            let function = entry.map_or(name, |entry| &entry.function).clone();
            no_script(NoScript::NoFunction { function })
        }
        HostErrorKind::InitFailed { function, ended, errors, signed_in } => {
            init_failed(host, function, ended, errors, *signed_in)
        }
        HostErrorKind::AzureTenantMismatch(record) => azure(host, Azure::OtherTenant, record),
        HostErrorKind::AzureNotSignedIn(record) => azure(host, Azure::NotSignedIn, record),
        HostErrorKind::Cancelled => cancelled_before(),
        _ if writes => unknown(host, Doubt::NotUnderstood),
        _ => ToolError::of(Case::Lost { host: host.clone(), why: Lost::NotUnderstood }),
    };
    told.because(error)
}

/// The session belongs to somebody else's Azure tenant, or to none.
fn azure(host: &HostId, why: Azure, record: &HostErrorRecord) -> ToolError {
    ToolError::of(Case::Azure { host: host.clone(), why }).with_host_errors([text(record)])
}

/// A function that signs in did not come off; the session was not opened.
fn init_failed(
    host: &HostId,
    function: &str,
    ended: &Ended,
    errors: &[HostErrorRecord],
    signed_in: Option<bool>,
) -> ToolError {
    let end = match ended {
        Ended::Exited(code) => InitEnd::Exited { code: *code },
        Ended::TimedOut => InitEnd::TimedOut,
        Ended::Silent | Ended::Cancelled => InitEnd::Silent,
        _ => InitEnd::Error,
    };
    let why = match ended {
        Ended::Asked(_) => Init::Asked,
        _ if signed_in == Some(false) => Init::NotSignedIn(end),
        _ => Init::Failed(end),
    };
    let ending = match ended {
        Ended::Asked(asked) => Some(question(asked)),
        Ended::Failed(record) => Some(text(record)),
        _ => None,
    };
    ToolError::of(Case::Init { host: host.clone(), function: function.to_owned(), why })
        .with_host_errors(ending)
        .with_host_errors(errors.iter().map(text))
}

/// What the host asked stands apart, as its errors do.
fn question(asked: &str) -> HostText {
    HostText { message: asked.to_owned(), id: "question".to_owned() }
}

/// What a call that came back means.
pub(super) fn returned(entry: &'static Entry, host: &HostId, returned: Returned) -> Result<Rows, ToolError> {
    let write = entry.effect() == Effect::Write;
    let failed = |why| ToolError::of(Case::Ended { host: host.clone(), function: &entry.function, why });
    let elsewhere = |why| ToolError::of(Case::WrongTarget { host: host.clone(), why });
    let told = match &returned.ended {
        Ended::Completed => match &returned.target_changed {
            None if is_empty_handed(&returned) => failed(case::Ended::EmptyHanded),
            None => return Ok(rows(returned, entry)),
            Some(_) if write => unknown(host, Doubt::Turned),
            Some(_) => elsewhere(WrongTarget::Turned),
        },
        Ended::Exited(code) => failed(case::Ended::Exited { code: *code }),
        Ended::Failed(record) => failed(case::Ended::Error).with_host_errors([text(record)]),
        Ended::TargetMismatch(_) => elsewhere(WrongTarget::Elsewhere),
        Ended::AzureTenantMismatch(record) => azure(host, Azure::OtherTenant, record),
        Ended::AzureNotSignedIn(record) => azure(host, Azure::NotSignedIn, record),
        Ended::Asked(asked) => failed(case::Ended::Asked).with_host_errors([question(asked)]),
        Ended::Cancelled if write => unknown(host, Doubt::Cancelled),
        Ended::Cancelled => failed(case::Ended::Cancelled),
        Ended::TimedOut => too_slow(entry, host),
        Ended::Silent if write => unknown(host, Doubt::Silent),
        Ended::Silent => failed(case::Ended::Silent),
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
