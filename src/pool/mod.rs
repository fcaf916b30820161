//! Warm sessions: several per tenant and workspace, leased per call.
//!
//! A session serves one workspace of one tenant for its whole life. It is
//! thrown away, never mended: after an error, after 500 calls, after half an
//! hour, after its host's idle time. All sessions of a host together are never
//! more than it may have (`seats`). A seat is free when its shell is known to
//! be gone (`account`); what is left on a host keeps it (`left`).

mod account;
mod key;
mod lease;
mod left;
mod reaper;
mod seats;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::host::{HostFacts, Probes, Session, Sessions};
use crate::store::Store;
use crate::tenant::HostId;

pub use key::PoolKey;
pub use lease::Lease;
pub use left::Left;

use account::Account;
use seats::{Seats, Warm};

/// What the pool has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions opened.
    pub opened: u64,
    /// Calls that found a warm session.
    pub reused: u64,
    /// Sessions given up, for whatever reason.
    pub closed: u64,
}

/// How long closing everything may take.
///
/// Chosen: an MCP client kills a server that does not end soon after its
/// input did.
const CLOSING: Duration = Duration::from_secs(5);

/// The right to be the only write on a workspace.
///
/// Chosen: writes to one workspace go one after the other. Scripts read an
/// object, change it and write it back; two at once lose one of the changes,
/// and an answer of each would say that it was made.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "held for its drop")] OwnedMutexGuard<()>);

/// The warm sessions of all hosts.
#[derive(Debug, Default)]
pub struct Pool {
    shared: Arc<Shared>,
    writes: Mutex<HashMap<PoolKey, Arc<tokio::sync::Mutex<()>>>>,
    probes: Probes,
}

/// What outlives a lease: sessions that are opened and closed behind a
/// caller's back come here.
#[derive(Debug, Default)]
struct Shared {
    hosts: Mutex<HashMap<HostId, Seats<Standing>>>,
    background: Mutex<JoinSet<()>>,
    /// Where shells are remembered beyond the process.
    store: Option<Arc<Store>>,
    left: Mutex<Vec<Left>>,
    /// There is more left.
    more: Notify,
    opened: AtomicU64,
    reused: AtomicU64,
    closed: AtomicU64,
}

/// A session, and the account of its shell.
#[derive(Debug)]
struct Standing {
    session: Session,
    account: Account,
}

impl Pool {
    /// A pool whose shells are remembered beyond the process.
    #[must_use]
    pub fn remembering(store: Arc<Store>) -> Self {
        Self { shared: Arc::new(Shared { store: Some(store), ..Shared::default() }), ..Self::default() }
    }

    /// What is learnt about a host, for each of its sessions.
    fn facts(&self, host: &HostId, terms: Sessions) -> HostFacts {
        self.shared.hosts().entry(host.clone()).or_insert_with(|| left::seats(terms)).facts().clone()
    }

    /// Whether the workspace has a session, in use or not.
    #[must_use]
    pub fn is_seated(&self, key: &PoolKey) -> bool {
        self.shared.hosts().get(&key.host).is_some_and(|seats| seats.is_seated(key))
    }

    /// What the pool has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            opened: self.shared.opened.load(Ordering::Relaxed),
            reused: self.shared.reused.load(Ordering::Relaxed),
            closed: self.shared.closed.load(Ordering::Relaxed),
        }
    }

    /// Waits until no other write runs on the workspace. Cancel safe; who
    /// came first is first.
    pub async fn alone(&self, key: &PoolKey) -> Alone {
        let turn = {
            let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(writes.entry(key.clone()).or_default())
        };
        Alone(turn.lock_owned().await)
    }

    /// Closes the unused sessions of a workspace: one of them turned out to
    /// be dead, so the others probably are.
    pub fn distrust(&self, key: &PoolKey) {
        self.shared.with(&key.host, |seats| seats.drain(Some(key)));
    }

    /// Closes every session that nobody uses, waiting at most five seconds.
    pub async fn close(&self) {
        for host in self.shared.names() {
            self.shared.with(&host, |seats| seats.drain(None));
        }
        let mut background = std::mem::take(&mut *self.shared.background());
        let all = async { while background.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSING, all).await.is_err() {
            tracing::warn!(
                remembered = self.shared.store.is_some(),
                "some sessions could not be closed in time; the next process deletes those that are remembered"
            );
        }
    }
}

impl Shared {
    /// Changes a host's seats, hands out what is free then, and closes what
    /// the change or the handing out gave up.
    fn with(self: &Arc<Self>, host: &HostId, change: impl FnOnce(&mut Seats<Standing>) -> Vec<Warm<Standing>>) {
        let over = {
            let mut hosts = self.hosts();
            let Some(seats) = hosts.get_mut(host) else { return };
            let mut over = change(seats);
            over.extend(seats.dispatch(Instant::now()));
            over
        };
        for warm in over {
            let seat = Seat { shared: Arc::clone(self), key: warm.key, closing: true, kept: false };
            self.retire(warm.session, seat, None);
        }
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<HostId, Seats<Standing>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, Vec<Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn background(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.background.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self) -> Vec<HostId> {
        self.hosts().keys().cloned().collect()
    }

    /// Closes a session in the background. The right to write that its call had
    /// is free when it is closed, its seat when its shell is gone.
    fn retire(self: &Arc<Self>, standing: Standing, seat: Seat, alone: Option<Alone>) {
        self.closed.fetch_add(1, Ordering::Relaxed);
        // Outside a runtime there is nobody to close it; the host ends it when it is idle.
        if tokio::runtime::Handle::try_current().is_ok() {
            let shared = Arc::clone(self);
            self.spawn(async move {
                standing.session.close().await;
                drop(alone);
                shared.settle(standing.account, seat).await;
            });
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background();
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }
}

/// The right to one shell on a host; given back on drop.
#[derive(Debug)]
struct Seat {
    shared: Arc<Shared>,
    key: PoolKey,
    /// Its session is being closed.
    closing: bool,
    /// It went back with its session.
    kept: bool,
}

impl Seat {
    /// From now on it counts as one that will soon be free.
    fn close(mut self) -> Self {
        if !self.closing {
            self.closing = true;
            self.shared.with(&self.key.host, |seats| {
                seats.closes(&self.key);
                Vec::new()
            });
        }
        self
    }

    /// Gives seat and session back together.
    fn keep(mut self, warm: Warm<Standing>) {
        // The seat goes with the session; what is dropped here gives nothing back.
        self.kept = true;
        self.shared.with(&self.key.host, |seats| {
            seats.give_back(warm);
            Vec::new()
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let closing = self.closing;
        self.shared.with(&self.key.host, |seats| {
            if closing {
                seats.closed();
            } else {
                seats.free(&self.key);
            }
            Vec::new()
        });
    }
}
