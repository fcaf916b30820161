//! What an end on the host means to the caller.
//!
//! May-have-run wins over every kind: whoever repeats a write because it saw
//! "unreachable" writes twice.

mod judge;
mod tls;
mod wire;

use crate::answer::case::{Azure, Case, Init, InitEnd, Lost, NoScript, Slip, Unreached, Warning, WrongTarget};
use crate::answer::{HostText, Rows, ToolError};
use crate::catalog::Entry;
use crate::host::{
    Ended, Gaps, HostError, HostErrorKind, HostErrorRecord, OUTPUT_BYTES, Retry, Returned, WireCase, WireError,
};
use crate::tenant::HostId;

use judge::{Fate, judge, program_failed};

/// Id of our own error for output that could not be read.
const UNREADABLE: &str = "SentinelJump.Unreadable";

/// Characters of a script's name in a sentence of ours. Chosen: longer than
/// the variables of any script seen.
const NAME_CHARS: usize = 64;

/// Warnings of tainted variables in one answer. Chosen: enough to go and look.
const TAINTS: usize = 5;

/// What is taken of one call, for sentences.
const MEGABYTES: usize = OUTPUT_BYTES >> 20;

pub(super) fn text(record: &HostErrorRecord) -> HostText {
    HostText { message: record.message.clone(), id: record.id.clone() }
}

/// The caller gave up before the function was started.
pub(super) fn cancelled_before() -> ToolError {
    ToolError::of(Case::Cancelled)
}

/// What came of asking the host for something that is no call.
pub(super) fn asked(host: &HostId, error: &WireError) -> ToolError {
    wire::before(host, error)
}

/// Somebody listens there and says nothing.
pub(super) fn silent(host: &HostId) -> ToolError {
    ToolError::of(Case::Unreached { host: host.clone(), why: Unreached::Silent })
}

/// Whether the call was lost on the way, so that a fresh session may do: by
/// what the client says would help.
pub(super) fn is_lost(error: &HostError) -> bool {
    match &error.kind {
        HostErrorKind::Wire(error) => match error.case {
            // The time is over that it had.
            WireCase::TimedOut => false,
            // Something in between said it, once.
            WireCase::NotWinrm => true,
            _ => error.retry != Retry::Never,
        },
        _ => false,
    }
}

/// Whether a host that said no when a session was to be opened may say yes in
/// a moment. Nothing was run.
pub(super) fn may_relent(error: &HostError) -> bool {
    match &error.kind {
        HostErrorKind::Wire(error) => {
            matches!(error.case, WireCase::Refused { .. }) && error.retry != Retry::Never && !error.may_have_run
        }
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

/// What a host operation before or beside any call means, or one that was to
/// prepare a call of `entry`. Nothing of the function ran.
pub(super) fn not_ready(entry: Option<&Entry>, host: &HostId, error: HostError) -> ToolError {
    let no_script = |why| ToolError::of(Case::NoScript { host: host.clone(), why });
    let told = match &error.kind {
        HostErrorKind::Wire(error) => wire::before(host, error),
        HostErrorKind::ScriptMissing => no_script(NoScript::Missing),
        HostErrorKind::ScriptChanged => no_script(NoScript::Changed),
        HostErrorKind::LoadFailed(record) => no_script(NoScript::NotLoaded).with_host_errors([text(record)]),
        HostErrorKind::LoadAsked(asked) => no_script(NoScript::Asked).with_host_errors([question(asked)]),
        HostErrorKind::NoLanguage(record) => no_script(NoScript::NoLanguage).with_host_errors([text(record)]),
        HostErrorKind::TargetNotTaken { differs, .. } => {
            let why = HostText { message: differs.clone(), id: "SentinelJump.TargetNotTaken".to_owned() };
            ToolError::of(Case::WrongTarget { host: host.clone(), why: WrongTarget::NotTaken }).with_host_errors([why])
        }
        HostErrorKind::ProcessEnded { function } => {
            ToolError::of(Case::Lost { host: host.clone(), why: Lost::ProcessEnded { function: function.clone() } })
        }
        HostErrorKind::UnknownFunction { function, left_out } => {
            let function = entry.map_or(function, |entry| &entry.function).clone();
            no_script(NoScript::NoFunction { function, left_out: *left_out })
        }
        HostErrorKind::InitFailed { function, ended, errors, signed_in } => {
            init_failed(host, function, ended, errors, *signed_in)
        }
        HostErrorKind::AzureTenantMismatch(record) => azure(host, Azure::OtherTenant, record),
        HostErrorKind::AzureNotSignedIn(record) => azure(host, Azure::NotSignedIn, record),
        HostErrorKind::Cancelled => cancelled_before(),
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
        Ended::Failed(record) | Ended::Tainted(record) => Some(text(record)),
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

/// What a call means whose last word was not heard, with what the function had
/// put out before.
pub(super) fn lost(
    entry: &'static Entry,
    host: &HostId,
    error: HostError,
    left: Option<Box<Returned>>,
    output: Rows,
) -> ToolError {
    let fault = match &error.kind {
        HostErrorKind::Wire(error) => error.fault.as_ref().map(text),
        _ => None,
    };
    let told = not_done(judge(entry, host, Fate::Lost(&error.kind, left.as_deref()))).with_host_errors(fault);
    with_left(told.because(error), entry, host, left, output)
}

/// What a call means of which not even the loss was told in time.
pub(super) fn stuck(entry: &'static Entry, host: &HostId) -> ToolError {
    not_done(judge(entry, host, Fate::Stuck))
}

/// Nothing that was lost is done.
fn not_done(case: Option<Case>) -> ToolError {
    ToolError::of(case.unwrap_or_else(|| Slip::Impossible.into()))
}

/// What a call that came back means. What the function put out, `output`, is
/// kept, however it ended, but for what may be of another workspace.
pub(super) fn returned(
    entry: &'static Entry,
    host: &HostId,
    returned: Returned,
    output: Rows,
) -> Result<Rows, ToolError> {
    let case = judge(entry, host, Fate::Back(&returned));
    let Some(case) = case else {
        let function = &*entry.function;
        let failed =
            program_failed(&returned).map(|code| Warning::ProgramFailed { host: host.clone(), function, code });
        let mut rows = rows(returned, output, entry, host);
        rows.ours.extend(failed);
        return Ok(rows);
    };
    let words = match &returned.ended {
        Ended::Failed(record)
        | Ended::AzureTenantMismatch(record)
        | Ended::AzureNotSignedIn(record)
        | Ended::Tainted(record) => Some(text(record)),
        Ended::Asked(asked) => Some(question(asked)),
        _ => None,
    };
    let told = ToolError::of(case).with_host_errors(words);
    // It may be another customer's.
    if returned.target_changed.is_some() {
        return Err(told.with_host_errors(returned.errors.iter().map(text)));
    }
    Err(with_left(told, entry, host, Some(Box::new(returned)), output))
}

/// With what the function had put out before it ended.
fn with_left(
    told: ToolError,
    entry: &'static Entry,
    host: &HostId,
    left: Option<Box<Returned>>,
    output: Rows,
) -> ToolError {
    let Some(left) = left else { return told };
    let errors: Vec<HostText> = left.errors.iter().map(text).collect();
    told.with_host_errors(errors).with_left(rows(Returned { errors: Vec::new(), ..*left }, output, entry, host))
}

/// A name of the script as it may stand in a sentence of ours: no more than a
/// name can be.
fn variable_name(name: &str) -> String {
    let is_of_a_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    name.chars().filter(is_of_a_name).take(NAME_CHARS).collect()
}

fn rows(returned: Returned, output: Rows, entry: &'static Entry, host: &HostId) -> Rows {
    let tainted = returned.tainted.iter().map(|taint| Warning::Tainted {
        host: host.clone(),
        function: &entry.function,
        variable: variable_name(&taint.variable),
        line: taint.line,
    });
    let ours: Vec<Warning> = match &returned.ended {
        Ended::Tainted(_) => Vec::new(),
        _ => tainted.take(TAINTS).collect(),
    };
    let function = &*entry.function;
    let Gaps { missing, foreign, dropped } = returned.gaps;
    let beyond = (dropped > 0).then(|| Warning::Dropped {
        host: host.clone(),
        function,
        megabytes: MEGABYTES,
        messages: dropped,
    });
    let gaps = (missing + foreign > 0).then(|| Warning::Gaps { host: host.clone(), function, missing, foreign });
    let mut rows = Rows {
        text: output.text.into_iter().chain(returned.text).collect(),
        warnings: returned.warnings,
        host_errors: returned.errors.iter().map(text).collect(),
        rows: output.rows,
        ours: output.ours,
        filters: Vec::new(),
    };
    rows.ours.extend(ours.into_iter().chain(beyond).chain(gaps));
    rows
}

#[cfg(test)]
mod tests;
