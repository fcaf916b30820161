//! The call itself: open a session, ask the probe, send, judge the end.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::bind::{bind, check_asks_nothing};
use super::confirm::Consent;
use super::open::{GRACE, Opened, Visit};
use super::pause::{Next, Pauses};
use super::validate::Arguments;
use super::verdict;
use super::{Ask, CallPath};
use crate::answer::case::{Case, Warning, WrongTarget};
use crate::answer::{Filter, Gathering, Outcome, Rows, ToolError};
use crate::catalog::Effect;
use crate::config::Host;
use crate::host::{Call, HostError, Style};
use crate::pool::PoolKey;

/// How long a probe may take. It is one small command on an open session.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// Runs the function. Once more on a fresh session when a warm one turns out
/// to be dead before the function was sent, or when a read was lost or not
/// heard whole; a write that was sent is never sent again.
///
/// Opening and both attempts have the function's one time together.
pub(super) async fn run(
    path: &CallPath,
    ask: &Ask<'_>,
    arguments: &Arguments,
    consent: Consent,
) -> Result<Rows, ToolError> {
    let entry = ask.entry;
    let repeatable = entry.retry_safe && entry.effect() == Effect::Read;
    let deadline = Instant::now() + entry.timeout();
    let (first, next) = match attempt(path, ask, arguments, consent, deadline).await {
        Ok(Run { rows, whole: false }) if repeatable => (Ok(rows), Next::Try),
        Ok(Run { rows, .. }) => return Ok(rows),
        Err(Attempt::Lost(error)) if repeatable => (Err(error), Pauses::new().wait(deadline, ask.cancel).await),
        // Nobody is troubled: a session that stood idle had been closed.
        Err(Attempt::Stale(error)) if !ask.cancel.is_cancelled() => (Err(error), Next::Try),
        Err(over) => return Err(over.into_error()),
    };
    if next == Next::GiveUp {
        return first;
    }
    // The others of this workspace are as old as the one that was dead.
    path.pool().distrust(&PoolKey::of(ask.target));
    let code = first.as_ref().err().map(|error| error.code().as_str());
    debug!(code, "lost; once more on a fresh session");
    match (attempt(path, ask, arguments, consent, deadline).await, first) {
        (Ok(run), _) => Ok(run.rows),
        // What was heard of the first is more than nothing.
        (Err(_), Ok(rows)) => Ok(rows),
        (Err(second), Err(first)) => Err(told_by(first, second.into_error())),
    }
}

/// Which of two failed attempts tells what happened: that nothing ran the second
/// time is no word on the first.
fn told_by(first: ToolError, second: ToolError) -> ToolError {
    let nothing_ran = |error: &ToolError| matches!(error.outcome(), Outcome::Unreachable | Outcome::Refused);
    if nothing_ran(&second) && !nothing_ran(&first) { first } else { second }
}

/// What came back.
struct Run {
    rows: Rows,
    /// All that the host said was heard as it was said.
    whole: bool,
}

/// Why one attempt gave nothing.
enum Attempt {
    /// The warm session was dead; the function was not sent.
    Stale(ToolError),
    /// The session broke under the call.
    Lost(ToolError),
    /// Another session would not help.
    Over(ToolError),
}

impl Attempt {
    fn into_error(self) -> ToolError {
        match self {
            Self::Stale(error) | Self::Lost(error) | Self::Over(error) => error,
        }
    }
}

impl From<ToolError> for Attempt {
    fn from(error: ToolError) -> Self {
        Self::Over(error)
    }
}

async fn attempt(
    path: &CallPath,
    ask: &Ask<'_>,
    arguments: &Arguments,
    consent: Consent,
    deadline: Instant,
) -> Result<Run, Attempt> {
    let entry = ask.entry;
    let host = path.door().host(ask.target)?;
    let (effect, by) = (entry.effect(), Some(deadline));
    let visit = Visit { target: ask.target, entry: Some(entry), effect, by, cancel: ask.cancel };
    let mut opened = path.door().open(&visit).await?;
    let was_warm = opened.was_warm;
    let (call, asked) = match ready(ask, arguments, consent, host, &mut opened, deadline).await {
        Ok(ready) => ready,
        Err(Unready::Ours(error)) => {
            opened.lease.give_back();
            return Err(error.into());
        }
        Err(Unready::Hosts(error)) => {
            let lost = verdict::is_lost(&error);
            let told = verdict::not_ready(Some(entry), &host.id, error);
            if !lost {
                opened.lease.give_back();
            }
            return Err(if lost && was_warm { Attempt::Stale(told) } else { Attempt::Over(told) });
        }
        Err(Unready::GivenUp(error)) => return Err(error.into()),
    };
    let session = opened.session()?;
    let mut output = Gathering::of(&entry.output);
    let mut take = |value| output.take(&value);
    let ended = timeout_at(deadline + GRACE, session.call_into(call, &mut take, ask.progress, ask.cancel)).await;
    match ended {
        // The session is dropped with the lease: nobody knows what it is doing.
        Err(_) => Err(verdict::stuck(entry, &host.id).into()),
        Ok(Err(error)) => {
            let left = session.take_left();
            // Whatever the session says of itself: it failed in the middle of a call.
            drop(opened);
            let lost = verdict::is_lost(&error);
            let unsent = !verdict::may_have_run(&error);
            let told = verdict::lost(entry, &host.id, error, left, output.finish());
            Err(match lost {
                true if was_warm && unsent => Attempt::Stale(told),
                true => Attempt::Lost(told),
                false => Attempt::Over(told),
            })
        }
        Ok(Ok(returned)) => {
            if returned.target_changed.is_none() {
                opened.lease.give_back();
            }
            let whole = !returned.gaps.is_any();
            let mut rows = verdict::returned(entry, &host.id, returned, output.finish())?;
            rows.asked(asked.warning, asked.filters, asked.limit);
            Ok(Run { rows, whole })
        }
    }
}

/// What the answer says of how the call was made.
struct Asked {
    warning: Option<Warning>,
    filters: Vec<Filter>,
    limit: Option<(&'static str, u64)>,
}

/// Why a call was not sent.
enum Unready {
    /// We refuse; the session is as good as before.
    Ours(ToolError),
    /// The host's doing.
    Hosts(HostError),
    /// Left in the middle; the session is not to be used again.
    GivenUp(ToolError),
}

/// Asks the probe and encodes the call for it.
async fn ready(
    ask: &Ask<'_>,
    arguments: &Arguments,
    consent: Consent,
    host: &Host,
    opened: &mut Opened<'_>,
    deadline: Instant,
) -> Result<(Call, Asked), Unready> {
    let entry = ask.entry;
    let session = opened.session().map_err(Unready::GivenUp)?;
    let style = session.style();
    let elsewhere = |why| Unready::Ours(ToolError::of(Case::WrongTarget { host: host.id.clone(), why }));
    if style.is_none() && entry.effect() == Effect::Write {
        return Err(elsewhere(WrongTarget::NotShown));
    }
    if style == Some(Style::Session) && entry.effect() == Effect::Write && !session.holds_whole_target() {
        return Err(elsewhere(WrongTarget::NotKept));
    }
    let probe = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(Unready::GivenUp(verdict::cancelled_before())),
        probe = timeout_at(deadline.min(Instant::now() + PROBE_TIME), session.probe(&entry.function)) => probe,
    };
    let probe = probe.map_err(|_| Unready::GivenUp(verdict::silent(&host.id)))?.map_err(Unready::Hosts)?;
    let bound = bind(entry, arguments, consent, &probe, style, ask.target).map_err(Unready::Ours)?;
    if !session.has_answers(&probe.name) {
        check_asks_nothing(entry, &probe, &bound, &host.id).map_err(Unready::Ours)?;
    }
    // Chosen: what is over is not begun. A write that is stopped as it starts is
    // in doubt for nothing.
    let timeout = deadline.saturating_duration_since(Instant::now());
    if timeout.is_zero() {
        return Err(Unready::Ours(verdict::silent(&host.id)));
    }
    let call = Call {
        function: probe.name.clone(),
        parameters: bound.parameters,
        progress: probe.progress,
        write: entry.effect() == Effect::Write,
        confirmed: if consent.is_given() { confirmed(ask, arguments) } else { Vec::new() },
        timeout,
    };
    Ok((call, Asked { warning: bound.warning, filters: bound.filters, limit: bound.limit }))
}

/// Names that a question of the script's may have after our own confirmation.
fn confirmed(ask: &Ask<'_>, arguments: &Arguments) -> Vec<String> {
    let given = ask.entry.named_by.iter().filter_map(|name| arguments.0.get(name.as_str()));
    let objects = given.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let (tenant, workspace) = (ask.target.tenant(), ask.target.workspace());
    let places = [tenant.id.to_string(), workspace.id.to_string(), workspace.name.clone()];
    objects.chain(places).collect()
}
