//! The one way to a session, for whoever needs one.
//!
//! Seat, plan, password, whether this password may be tried, opening, report:
//! calls, the looks before a confirmation, surveys of a script and fleet
//! questions all come this way, so that all keep to a host's limits, to the
//! rest of a refused password and to the caller's patience. Nothing else can
//! open a session.

mod circuit;
mod clear;
mod plan;
mod sign_in;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::abilities::Abilities;
use super::limit;
use super::pause::{Next, Pauses};
use super::verdict;
use crate::answer::ToolError;
use crate::answer::case::Slip;
use crate::catalog::{Effect, Entry};
use crate::config::{Config, Host, Vault};
use crate::host::Session;
use crate::pool::{Lease, Pool, PoolKey};
use crate::tenant::Target;

pub(super) use circuit::Circuits;
use circuit::Found;
pub(super) use sign_in::SignIns;
use sign_in::{Again, Tried};

/// How often a call waits for another session to make room for its own, where
/// the host allows fewer than are configured.
///
/// Chosen: the first time its limit is learnt; the second is for several that
/// learn it together.
const TURNS: u32 = 2;

/// How long a call may wait for its turn.
///
/// Chosen: half of the shortest patience of a client (60 s).
const WAIT: Duration = Duration::from_secs(30);

/// What the host layer gets on top of an operation's own time to stop it and
/// report.
///
/// Chosen: a stop takes five seconds at most.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// What opening needs of the server.
#[derive(Clone, Copy)]
pub(super) struct Door<'a> {
    pub(super) config: &'a Config,
    pub(super) vault: &'a Vault,
    pub(super) pool: &'a Pool,
    pub(super) sign_ins: &'a SignIns,
    pub(super) circuits: &'a Circuits,
    pub(super) abilities: &'a Abilities,
}

/// Who wants in, and what for.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) target: &'a Target,
    /// The function that will be asked for, if it is one.
    pub(super) entry: Option<&'static Entry>,
    /// A write is alone on its workspace.
    pub(super) effect: Effect,
    /// When whoever wants in will have given up; opening has a time of its own
    /// besides.
    pub(super) by: Option<Instant>,
    pub(super) cancel: &'a CancellationToken,
}

impl Visit<'_> {
    /// `at`, or before it when nobody waits that long.
    fn until(&self, at: Instant) -> Instant {
        self.by.map_or(at, |by| by.min(at))
    }
}

/// A session for this visit alone.
pub(super) struct Opened<'p> {
    pub(super) lease: Lease<'p>,
    /// It had been open before: it may turn out to be dead.
    pub(super) was_warm: bool,
}

impl Opened<'_> {
    /// The session.
    pub(super) fn session(&mut self) -> Result<&mut Session, ToolError> {
        self.lease.session().ok_or_else(|| ToolError::of(Slip::NoSession))
    }
}

impl<'p> Door<'p> {
    /// A session of the target: a warm one, or a new one.
    ///
    /// Cancel safe: what was begun is closed in the background.
    ///
    /// # Errors
    ///
    /// As the caller is told; nothing of the script ran but `init`.
    pub(super) async fn open(&self, visit: &Visit<'_>) -> Result<Opened<'p>, ToolError> {
        let host = self.host(visit.target)?;
        let mut turns = 0;
        loop {
            let seated = self.pool.is_seated(&PoolKey::of(visit.target));
            if !seated {
                self.circuits.look(&host.id)?;
            }
            let mut lease = tokio::select! {
                biased;
                lease = self.wait(visit, host) => lease?,
                // All its seats may be those of shells that cannot be deleted.
                away = self.circuits.until_away(&host.id), if !seated => return Err(away),
            };
            if lease.session().is_some() {
                return Ok(Opened { lease, was_warm: true });
            }
            let filled = tokio::select! {
                biased;
                () = visit.cancel.cancelled() => return Err(verdict::cancelled_before()),
                filled = self.fill(visit, host, &mut lease) => filled,
            };
            match filled {
                Ok(()) => {
                    if let Some(session) = lease.session() {
                        self.abilities.tell(&host.id, &session.report().functions);
                    }
                    return Ok(Opened { lease, was_warm: false });
                }
                Err(Unfilled { .. }) if lease.makes_room() && turns < TURNS => turns += 1,
                Err(Unfilled { error, relents: true }) if turns == 0 => {
                    turns += 1;
                    // Without the seat, which another may need.
                    drop(lease);
                    if Pauses::new().wait(Instant::now() + WAIT, visit.cancel).await == Next::GiveUp {
                        return Err(error);
                    }
                }
                Err(Unfilled { error, .. }) => return Err(error),
            }
        }
    }

    /// The host that serves the target.
    pub(super) fn host(&self, target: &Target) -> Result<&'p Host, ToolError> {
        let host = self.config.host(target.host());
        host.ok_or_else(|| ToolError::of(Slip::HostUnknown))
    }

    /// Waits for the seat; a write waits for the other writes of its workspace
    /// first, so that it takes no session from a read meanwhile.
    async fn wait(&self, visit: &Visit<'_>, host: &Host) -> Result<Lease<'p>, ToolError> {
        let key = PoolKey::of(visit.target);
        let waiting = async {
            let alone = match visit.effect {
                Effect::Write => Some(self.pool.alone(&key).await),
                Effect::Read => None,
            };
            self.pool.lease(key, host.sessions, alone).await
        };
        tokio::select! {
            biased;
            () = visit.cancel.cancelled() => Err(verdict::cancelled_before()),
            waited = timeout_at(visit.until(Instant::now() + WAIT), waiting) => {
                waited.map_err(|_| limit::busy(&host.id))
            }
        }
    }

    async fn fill(&self, visit: &Visit<'_>, host: &Host, lease: &mut Lease<'p>) -> Result<(), Unfilled> {
        let deadline = visit.until(Instant::now() + plan::open_time(host, visit.target) + GRACE);
        // A file can be on a share that does not answer.
        let plan = timeout_at(deadline, plan::plan(self.vault, host, visit.target, lease.probes())).await;
        let plan = plan.map_err(|_| plan::too_slow(&host.id))??;
        let trying = timeout_at(deadline, self.sign_ins.may_try(&host.id, &plan.password)).await;
        let attempt = trying.map_err(|_| verdict::silent(&host.id))??;
        // After those who went first, and may have found nobody.
        let passage = self.circuits.may_try(&host.id).await?;
        let opened = timeout_at(deadline, lease.open(&plan)).await;
        let tried = opened.as_ref().map_or(Tried::NotHad, Tried::told_by);
        let again = attempt.end(plan.password, tried).await;
        let relents = again == Again::Once || matches!(&opened, Ok(Err(error)) if verdict::may_relent(error));
        let told = match opened {
            Ok(opened) => opened.map_err(|error| verdict::not_ready(visit.entry, &host.id, error)),
            Err(_) => Err(verdict::silent(&host.id)),
        };
        passage.end(Found::told_by(&told));
        told.map_err(|error| Unfilled { error, relents })
    }
}

/// Why there is no session.
struct Unfilled {
    error: ToolError,
    /// The host may think better of it in a moment.
    relents: bool,
}

impl From<ToolError> for Unfilled {
    fn from(error: ToolError) -> Self {
        Self { error, relents: false }
    }
}
