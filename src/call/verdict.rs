//! What an end on the host means to the caller.
//!
//! May-have-run wins over every kind: whoever repeats a write because it saw
//! "unreachable" writes twice.

mod tls;
mod wire;

use crate::answer::case::{self, Azure, Case, Doubt, Init, InitEnd, Lost, NoScript, Unreached, Warning, WrongTarget};
use crate::answer::{HostText, Rows, ToolError};
use crate::catalog::{Effect, Entry};
use crate::host::{Ended, HostError, HostErrorKind, HostErrorRecord, Returned, Taint, WireCase};
use crate::tenant::HostId;

pub(super) use case::Stage;

/// Id of our own error for output that could not be read.
const UNREADABLE: &str = "SentinelJump.Unreadable";

/// Characters of a script's name in a sentence of ours. Chosen: longer than
/// the variables of any script seen.
const NAME_CHARS: usize = 64;

/// Warnings of tainted variables in one answer. Chosen: enough to go and look.
const TAINTS: usize = 5;

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

/// What a call that came back means. What the function put out is kept,
/// however it ended, but for what may be of another workspace.
pub(super) fn returned(entry: &'static Entry, host: &HostId, returned: Returned) -> Result<Rows, ToolError> {
    let Some(case) = judge(entry, host, &returned) else {
        let warning = program_failed(&returned).map(|code| Warning::ProgramFailed {
            host: host.clone(),
            function: &entry.function,
            code,
        });
        let mut rows = rows(returned, entry, host);
        rows.ours.extend(warning);
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
    let told = ToolError::of(case).with_host_errors(words).with_host_errors(returned.errors.iter().map(text));
    // It may be another customer's.
    if returned.target_changed.is_some() {
        return Err(told);
    }
    Err(told.with_left(rows(Returned { errors: Vec::new(), ..returned }, entry, host)))
}

/// With what the function had put out when its call was lost.
pub(super) fn with_left(
    told: ToolError,
    entry: &'static Entry,
    host: &HostId,
    left: Option<Box<Returned>>,
) -> ToolError {
    let Some(left) = left else { return told };
    let errors: Vec<HostText> = left.errors.iter().map(text).collect();
    told.with_host_errors(errors).with_left(rows(Returned { errors: Vec::new(), ..*left }, entry, host))
}

/// How a call counts that came back: `None` is done.
///
/// `failed` means that nothing will happen again. A write is failed only by
/// the host's own word that ended the pipeline before the begin record: then
/// nothing of the function ran. Whatever else is not plainly done may have
/// happened. *End* is what the wire and the end record say, in the order in
/// which it is looked at; *begun* is the begin record.
///
/// | # | end | begun | besides | a read | a write |
/// |--|--|--|--|--|--|
/// | 1 | came back | – | the target changed | [`WrongTarget::Turned`] | [`Doubt::Turned`] |
/// | 2 | came back | – | asked, swallowed the refusal | done, the question in hostErrors | row 14 |
/// | 3 | came back | – | output that cannot be read, and no other | [`Lost::NotUnderstood`] | [`Doubt::NotUnderstood`] |
/// | 4 | came back | – | some output cannot be read | done, told in hostErrors | [`Doubt::NotUnderstood`] |
/// | 5 | came back | – | errors and no output | [`case::Ended::EmptyHanded`] | [`Doubt::Error`] |
/// | 6 | came back | – | its last native program failed | done, with a warning | [`Doubt::ProgramFailed`] |
/// | 7 | came back | – | | done | done |
/// | 8 | `exit` | – | | [`case::Ended::Exited`] | [`Doubt::Exited`] |
/// | 9 | failed | no | the guard: other target | [`WrongTarget::Elsewhere`] | the same |
/// | 10 | failed | no | the guard: Azure | [`Case::Azure`] | the same |
/// | 11 | failed | no | the guard: tainted | [`NoScript::Tainted`] | the same |
/// | 12 | failed | no | any other word | [`case::Ended::NotBegun`] | the same |
/// | 13 | failed | yes | any word, also one like the guard's | [`case::Ended::Error`] | [`Doubt::Error`] |
/// | 14 | any | – | asked and was refused | [`case::Ended::Asked`] | [`Doubt::Asked`] |
/// | 15 | stopped | – | by the caller | [`case::Ended::Cancelled`] | [`Doubt::Cancelled`] |
/// | 16 | stopped | – | by the deadline | [`case::Ended::TooSlow`] | [`Doubt::TooSlow`] |
/// | 17 | completed | – | neither end record nor exit code | [`case::Ended::Silent`] | [`Doubt::Silent`] |
///
/// A call that did not come back is told by [`failed`]: it was not sent, or a
/// write is [`Doubt::Connection`], or [`Doubt::ProcessEnded`] when the
/// function is one that may end its process.
fn judge(entry: &'static Entry, host: &HostId, returned: &Returned) -> Option<Case> {
    let host = || host.clone();
    let function = &*entry.function;
    let write = entry.effect() == Effect::Write;
    let either = |read: case::Ended, doubt: Doubt| match write {
        true => Case::Doubt { host: host(), why: doubt },
        false => Case::Ended { host: host(), function, why: read },
    };
    let not_understood = || match write {
        true => Case::Doubt { host: host(), why: Doubt::NotUnderstood },
        false => Case::Lost { host: host(), why: Lost::NotUnderstood },
    };
    let failed = || match returned.began {
        true => either(case::Ended::Error, Doubt::Error { function }),
        false => Case::Ended { host: host(), function, why: case::Ended::NotBegun },
    };
    Some(match &returned.ended {
        Ended::Completed => {
            let is_unread = returned.errors.iter().any(|error| error.id == UNREADABLE);
            let only_unread = returned.data.is_empty() && returned.errors.iter().all(|error| error.id == UNREADABLE);
            match program_failed(returned) {
                _ if returned.target_changed.is_some() => match write {
                    true => Case::Doubt { host: host(), why: Doubt::Turned },
                    false => Case::WrongTarget { host: host(), why: WrongTarget::Turned },
                },
                _ if is_unread && (write || only_unread) => not_understood(),
                _ if is_empty_handed(returned) => either(case::Ended::EmptyHanded, Doubt::Error { function }),
                Some(code) if write => Case::Doubt { host: host(), why: Doubt::ProgramFailed { function, code } },
                _ => return None,
            }
        }
        Ended::Exited(code) => either(case::Ended::Exited { code: *code }, Doubt::Exited { function, code: *code }),
        Ended::TargetMismatch(_) if !returned.began => Case::WrongTarget { host: host(), why: WrongTarget::Elsewhere },
        Ended::AzureTenantMismatch(_) if !returned.began => Case::Azure { host: host(), why: Azure::OtherTenant },
        Ended::AzureNotSignedIn(_) if !returned.began => Case::Azure { host: host(), why: Azure::NotSignedIn },
        Ended::Tainted(_) => match returned.tainted.first() {
            Some(Taint { variable, line, .. }) => {
                let (variable, line) = (variable_name(variable), *line);
                Case::NoScript { host: host(), why: NoScript::Tainted { function, variable, line } }
            }
            None => failed(),
        },
        Ended::Failed(_) | Ended::TargetMismatch(_) | Ended::AzureTenantMismatch(_) | Ended::AzureNotSignedIn(_) => {
            failed()
        }
        Ended::Asked(_) => either(case::Ended::Asked, Doubt::Asked { function }),
        Ended::Cancelled => either(case::Ended::Cancelled, Doubt::Cancelled),
        Ended::TimedOut => either(case::Ended::TooSlow { seconds: entry.timeout_seconds }, Doubt::TooSlow { function }),
        Ended::Silent => either(case::Ended::Silent, Doubt::Silent),
    })
}

/// Exit code of the last native program, when it failed.
fn program_failed(returned: &Returned) -> Option<i32> {
    returned.exit_code.filter(|code| *code != 0)
}

/// A name of the script as it may stand in a sentence of ours: no more than a
/// name can be.
fn variable_name(name: &str) -> String {
    let is_of_a_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    name.chars().filter(is_of_a_name).take(NAME_CHARS).collect()
}

fn rows(returned: Returned, entry: &'static Entry, host: &HostId) -> Rows {
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
    let of = Rows::of(returned.data, &entry.output);
    let mut rows = Rows {
        text: of.text.into_iter().chain(returned.text).collect(),
        warnings: returned.warnings,
        host_errors: returned.errors.iter().map(text).collect(),
        rows: of.rows,
        ours: of.ours,
        filters: Vec::new(),
    };
    rows.ours.extend(ours);
    rows
}

/// Whether the function wrote errors and brought nothing: "incident not found"
/// is no success. What a native program writes to its standard error is not by
/// itself an error (`az` warns there).
fn is_empty_handed(returned: &Returned) -> bool {
    returned.data.is_empty() && returned.errors.iter().any(|error| !error.id.starts_with("NativeCommandError"))
}

#[cfg(test)]
mod tests;
