//! The call itself: lease a session, ask the probe, send, judge the end.

mod plan;

use std::time::Duration;

use tokio::time::timeout;
use tracing::debug;

use super::bind::bind;
use super::limit::{self, Place};
use super::shape::Rows;
use super::validate::Arguments;
use super::verdict::{self, Stage};
use super::{Ask, CallPath};
use crate::catalog::{Code, Entry, ToolError};
use crate::config::Host;
use crate::host::{Call, HostError};
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
const GRACE: Duration = Duration::from_secs(10);

/// Runs the function, a lost read once more on a fresh session.
pub(super) async fn run(
    path: &CallPath,
    ask: &Ask<'_>,
    entry: &'static Entry,
    arguments: &Arguments,
    place: &Place,
) -> Result<Rows, ToolError> {
    let again = entry.retry_safe && entry.effect() == Effect::Read;
    match attempt(path, ask, entry, arguments, place).await {
        Err(Attempt::Lost(error)) if again && !ask.cancel.is_cancelled() => {
            debug!(correlation = ask.correlation, code = error.code.as_str(), "lost; once more on a fresh session");
            attempt(path, ask, entry, arguments, place).await.map_err(Attempt::into_error)
        }
        other => other.map_err(Attempt::into_error),
    }
}

/// Why one attempt gave nothing.
enum Attempt {
    /// The session broke under the call: another one may do.
    Lost(ToolError),
    /// Another one would not help.
    Over(ToolError),
}

impl Attempt {
    fn into_error(self) -> ToolError {
        match self {
            Self::Lost(error) | Self::Over(error) => error,
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
    entry: &'static Entry,
    arguments: &Arguments,
    place: &Place,
) -> Result<Rows, Attempt> {
    let host = path
        .config()
        .host(ask.target.host())
        .ok_or_else(|| ToolError::refused(Code::Internal, "The target's host is not configured."))?;
    let waiting = async {
        let lease = path.pool().lease(Key::of(ask.target), host.sessions.idle).await;
        // The session first, then the turn: who waits for a session takes nobody's turn.
        place.turn().await.map(|turn| (lease, turn))
    };
    let (mut lease, _turn) = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(verdict::cancelled_before().into()),
        waited = timeout(WAIT, waiting) => match waited {
            Ok(Ok(both)) => both,
            _ => return Err(limit::busy(&host.id).into()),
        },
    };
    let was_warm = lease.session().is_some();
    let before = |error: HostError| {
        let lost = was_warm && verdict::is_lost(&error);
        let told = verdict::failed(entry, &host.id, Stage::Before, error);
        if lost { Attempt::Lost(told) } else { Attempt::Over(told) }
    };
    open(ask, host, &mut lease).await?.map_err(before)?;
    let Some(session) = lease.session() else {
        return Err(ToolError::refused(Code::Internal, "No session was opened.").into());
    };
    let style = host.style.or(session.report().style);
    if style.is_none() && entry.effect() == Effect::Write {
        let said = format!(
            "The script on the host \"{}\" does not show which workspace it is on, so nothing may be written with it.",
            host.id
        );
        lease.give_back();
        return Err(ToolError::refused(Code::TargetMismatch, said).into());
    }
    let probe = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(verdict::cancelled_before().into()),
        probe = timeout(PROBE_TIME, session.probe(&entry.function)) => probe,
    };
    let probe = match probe {
        Ok(Ok(probe)) => probe,
        Ok(Err(error)) => {
            if verdict::is_lost(&error) {
                drop(lease);
            } else {
                lease.give_back();
            }
            return Err(before(error));
        }
        Err(_) => {
            let said = format!("The host \"{}\" did not answer in time; nothing was run.", host.id);
            return Err(ToolError::new(crate::catalog::Outcome::Unreachable, Code::TimedOut, said).into());
        }
    };
    let parameters = match bind(entry, arguments, &probe, style, ask.target) {
        Ok(parameters) => parameters,
        Err(error) => {
            lease.give_back();
            return Err(error.into());
        }
    };
    let call = Call {
        function: probe.name.clone(),
        parameters,
        progress: probe.progress,
        write: entry.effect() == Effect::Write,
        timeout: entry.timeout(),
    };
    let returned = timeout(entry.timeout() + GRACE, session.call(call, ask.progress, ask.cancel)).await;
    match returned {
        // The session is dropped with the lease: nobody knows what it is doing.
        Err(_) => Err(verdict::too_slow(entry, &host.id).into()),
        Ok(Err(error)) => {
            // Whatever the session says of itself: it failed in the middle of a call.
            drop(lease);
            let lost = verdict::is_lost(&error);
            let told = verdict::failed(entry, &host.id, Stage::During, error);
            Err(if lost { Attempt::Lost(told) } else { Attempt::Over(told) })
        }
        Ok(Ok(returned)) => {
            if returned.target_changed.is_some() {
                drop(lease);
            } else {
                lease.give_back();
            }
            Ok(verdict::returned(entry, &host.id, returned)?)
        }
    }
}

/// Makes sure that the lease has a session. The outer error is ours, the
/// inner one the host's.
async fn open(ask: &Ask<'_>, host: &Host, lease: &mut Lease<'_>) -> Result<Result<(), HostError>, ToolError> {
    if lease.session().is_some() {
        return Ok(Ok(()));
    }
    let opening = async {
        let plan = plan::plan(host, ask.target).await?;
        Ok(timeout(plan.open_timeout + GRACE, lease.open(&plan, host.sessions.max)).await)
    };
    let opened = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(verdict::cancelled_before()),
        opened = opening => opened?,
    };
    opened.map_or_else(
        |_| {
            let said = format!("The host \"{}\" did not answer in time; nothing was run.", host.id);
            Err(ToolError::new(crate::catalog::Outcome::Unreachable, Code::TimedOut, said))
        },
        Ok,
    )
}
