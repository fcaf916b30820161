//! The call itself: lease a session, ask the probe, send, judge the end.

pub(super) mod plan;

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use super::bind::bind;
use super::confirm::Consent;
use super::limit;
use super::pause::{Next, Pauses};
use super::shape::Rows;
use super::sign_in::Tried;
use super::validate::Arguments;
use super::verdict::{self, Stage};
use super::{Ask, CallPath};
use crate::catalog::{Code, ToolError};
use crate::config::Host;
use crate::host::{Call, HostError, Style};
use crate::pool::{Key, Lease};
use crate::tenant::Effect;

/// How long a call may wait for its turn.
///
/// Chosen: half of the shortest patience of a client (60 s).
const WAIT: Duration = Duration::from_secs(30);

/// How long a probe may take. It is one small command on an open session.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// What the host layer gets on top of a call's own time to stop it and report.
///
/// Chosen: a stop takes five seconds at most.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// Runs the function. Once more on a fresh session when a warm one turns out
/// to be dead before the function was sent, or when a read was lost; a write
/// that was sent is never sent again.
pub(super) async fn run(
    path: &CallPath,
    ask: &Ask<'_>,
    arguments: &Arguments,
    consent: Consent,
) -> Result<Rows, ToolError> {
    let entry = ask.entry;
    let repeatable = entry.retry_safe && entry.effect() == Effect::Read;
    let deadline = Instant::now() + entry.timeout();
    let (error, next) = match attempt(path, ask, arguments, consent).await {
        Ok(rows) => return Ok(rows),
        Err(Attempt::Lost(error)) if repeatable => (error, Pauses::new().wait(deadline, ask.cancel).await),
        // Nobody is troubled: a session that stood idle had been closed.
        Err(Attempt::Stale(error)) if !ask.cancel.is_cancelled() => (error, Next::Try),
        Err(over) => return Err(over.into_error()),
    };
    if next == Next::GiveUp {
        return Err(error);
    }
    // The others of this workspace are as old as the one that was dead.
    path.pool().distrust(&Key::of(ask.target));
    debug!(code = error.code.as_str(), "lost; once more on a fresh session");
    attempt(path, ask, arguments, consent).await.map_err(Attempt::into_error)
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

async fn attempt(path: &CallPath, ask: &Ask<'_>, arguments: &Arguments, consent: Consent) -> Result<Rows, Attempt> {
    let entry = ask.entry;
    let host = path.host_of(ask.target)?;
    let mut lease = wait(path, ask, host).await?;
    let was_warm = lease.session().is_some();
    open(path, ask, host, &mut lease).await?.map_err(|error| verdict::failed(entry, &host.id, Stage::Before, error))?;
    let (call, warning) = match prepare(ask, arguments, consent, host, &mut lease).await {
        Ok(prepared) => prepared,
        Err(Unready::Ours(error)) => {
            lease.give_back();
            return Err(error.into());
        }
        Err(Unready::Hosts(error)) => {
            let lost = verdict::is_lost(&error);
            let told = verdict::failed(entry, &host.id, Stage::Before, error);
            if !lost {
                lease.give_back();
            }
            return Err(if lost && was_warm { Attempt::Stale(told) } else { Attempt::Over(told) });
        }
        Err(Unready::GivenUp(error)) => return Err(error.into()),
    };
    let Some(session) = lease.session() else { return Err(no_session().into()) };
    match timeout(entry.timeout() + GRACE, session.call(call, ask.progress, ask.cancel)).await {
        // The session is dropped with the lease: nobody knows what it is doing.
        Err(_) => Err(verdict::too_slow(entry, &host.id).into()),
        Ok(Err(error)) => {
            // Whatever the session says of itself: it failed in the middle of a call.
            drop(lease);
            let lost = verdict::is_lost(&error);
            let unsent = !verdict::may_have_run(&error);
            let told = verdict::failed(entry, &host.id, Stage::During, error);
            Err(match lost {
                true if was_warm && unsent => Attempt::Stale(told),
                true => Attempt::Lost(told),
                false => Attempt::Over(told),
            })
        }
        Ok(Ok(returned)) => {
            if returned.target_changed.is_none() {
                lease.give_back();
            }
            let mut rows = verdict::returned(entry, &host.id, returned)?;
            rows.ours.extend(warning);
            Ok(rows)
        }
    }
}

/// Waits for the session; a write waits for the other writes of its workspace
/// first, so that it takes no session from a read meanwhile.
pub(super) async fn wait<'p>(path: &'p CallPath, ask: &Ask<'_>, host: &Host) -> Result<Lease<'p>, ToolError> {
    let key = Key::of(ask.target);
    let waiting = async {
        let alone = match ask.entry.effect() {
            Effect::Write => Some(path.pool().alone(&key).await),
            Effect::Read => None,
        };
        path.pool().lease(key, host.sessions, alone).await
    };
    tokio::select! {
        biased;
        () = ask.cancel.cancelled() => Err(verdict::cancelled_before()),
        waited = timeout(WAIT, waiting) => match waited {
            Ok(lease) => Ok(lease),
            Err(_) => Err(limit::busy(&host.id)),
        },
    }
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

/// Asks the probe and encodes the call for it. The text is a warning for the
/// caller.
async fn prepare(
    ask: &Ask<'_>,
    arguments: &Arguments,
    consent: Consent,
    host: &Host,
    lease: &mut Lease<'_>,
) -> Result<(Call, Option<String>), Unready> {
    let entry = ask.entry;
    let session = lease.session().ok_or_else(no_session).map_err(Unready::GivenUp)?;
    let style = host.style.or_else(|| session.report().style);
    if style.is_none() && entry.effect() == Effect::Write {
        let said = format!(
            "The script on the host \"{}\" does not show which workspace it is on, so nothing may be written with it.",
            host.id
        );
        return Err(Unready::Ours(ToolError::refused(Code::TargetMismatch, said)));
    }
    if style == Some(Style::Session) && entry.effect() == Effect::Write && !session.holds_whole_target() {
        let said = format!(
            "The script on the host \"{}\" does not keep subscription, resource group and workspace all three, so nothing may be written with it.",
            host.id
        );
        return Err(Unready::Ours(ToolError::refused(Code::TargetMismatch, said)));
    }
    let probe = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(Unready::GivenUp(verdict::cancelled_before())),
        probe = timeout(PROBE_TIME, session.probe(&entry.function)) => probe,
    };
    let probe = probe.map_err(|_| Unready::GivenUp(verdict::silent(&host.id)))?.map_err(Unready::Hosts)?;
    let bound = bind(entry, arguments, consent, &probe, style, ask.target).map_err(Unready::Ours)?;
    let call = Call {
        function: probe.name.clone(),
        parameters: bound.parameters,
        progress: probe.progress,
        write: entry.effect() == Effect::Write,
        timeout: entry.timeout(),
    };
    Ok((call, bound.warning))
}

pub(super) fn no_session() -> ToolError {
    ToolError::refused(Code::Internal, "No session was opened.")
}

/// Makes sure that the lease has a session. The outer error is ours, the
/// inner one the host's.
pub(super) async fn open(
    path: &CallPath,
    ask: &Ask<'_>,
    host: &Host,
    lease: &mut Lease<'_>,
) -> Result<Result<(), HostError>, ToolError> {
    if lease.session().is_some() {
        return Ok(Ok(()));
    }
    let deadline = Instant::now() + plan::open_time(host, ask.target) + GRACE;
    let opening = async {
        // A file can be on a share that does not answer.
        let plan = timeout_at(deadline, plan::plan(host, ask.target, lease.probes())).await;
        let plan = plan.map_err(|_| plan::too_slow(&host.id))??;
        let trying = timeout_at(deadline, path.sign_ins().may_try(&host.id, &plan.credentials.password)).await;
        let attempt = trying.map_err(|_| verdict::silent(&host.id))??;
        let opened = timeout_at(deadline, lease.open(&plan)).await;
        let tried = opened.as_ref().map_or(Tried::NotHad, verdict::tried);
        attempt.end(plan.credentials.password, tried).await;
        Ok(opened)
    };
    let opened = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(verdict::cancelled_before()),
        opened = opening => opened?,
    };
    opened.map_err(|_| verdict::silent(&host.id))
}
