//! Shells that are left to delete: of a host that did not answer when its
//! sessions were closed, and of processes that are gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::seats::Seats;
use super::{Pool, PoolKey, Seat, Shared, Standing};
use crate::host::{Session, Sessions};
use crate::store::{Orphans, Shell, StoreError};
use crate::tenant::HostId;

/// How long a host may take to make a shell that was asked for and not
/// answered.
///
/// Chosen: as long as a client waits for the answer.
const LATE: Duration = Duration::from_secs(60);

/// A shell that is left to delete. It has a seat of its host until it is
/// [gone](Pool::gone).
#[derive(Clone, Debug)]
pub struct Left {
    /// Its host.
    pub host: HostId,
    /// What it takes to delete it.
    pub shell: Shell,
    since: Instant,
}

impl Left {
    /// Whether a host that does not find it will not make it any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.shell.made || Instant::now() - self.since >= LATE
    }
}

impl Pool {
    /// Takes over the shells of processes that are gone, as
    /// [`Shells::orphans`](crate::store::Shells::orphans) does. They count as taken
    /// from when they are [adopted](Self::adopt).
    ///
    /// # Errors
    ///
    /// [`StoreError`]: none was taken over.
    pub async fn orphans(&self, can_delete: impl Fn(&Shell) -> bool + Send + 'static) -> Result<Orphans, StoreError> {
        let Some(store) = self.shared.store.clone() else { return Ok(Orphans::default()) };
        let taken = tokio::task::spawn_blocking(move || store.shells().orphans(can_delete)).await;
        taken.unwrap_or(Err(StoreError::Unusable { code: 0 }))
    }

    /// Counts a shell of a process that is gone among those of its host.
    pub fn adopt(&self, host: &HostId, terms: Sessions, shell: Shell) {
        self.shared.hosts().entry(host.clone()).or_insert_with(|| seats(terms)).adopts();
        self.shared.put_left(host.clone(), shell);
    }

    /// What is left to delete now.
    #[must_use]
    pub fn left(&self) -> Vec<Left> {
        self.shared.left().clone()
    }

    /// Waits for more to delete. Cancel safe.
    pub async fn more_left(&self) {
        self.shared.more.notified().await;
    }

    /// It is gone, or nobody here can delete it.
    pub async fn gone(&self, left: &Left) {
        let known = {
            let mut all = self.shared.left();
            let before = all.len();
            all.retain(|one| one.shell != left.shell);
            all.len() < before
        };
        if !known {
            return;
        }
        if let Some(store) = self.shared.store.clone() {
            let shell = left.shell.clone();
            let forgotten = tokio::task::spawn_blocking(move || store.shells().forget(&shell)).await;
            if let Ok(Err(error)) = forgotten {
                tracing::warn!(%error, "a shell that is gone is still remembered");
            }
        }
        self.shared.with(&left.host, |seats| {
            seats.left_is_gone();
            Vec::new()
        });
    }
}

impl Shared {
    /// Frees the seat when the shell is gone; one that is left keeps it.
    pub(super) async fn settle(self: Arc<Self>, account: Account, seat: Seat) {
        let Some(shell) = account.settled().await else { return };
        tracing::warn!(host = %seat.key.host, "a shell was left on its host; it is deleted when the host answers");
        let host = seat.key.host.clone();
        let mut seat = seat.close();
        // Its seat stays with the shell.
        seat.kept = true;
        self.with(&host, |seats| {
            seats.leaves_shell();
            Vec::new()
        });
        self.put_left(host, shell);
    }

    /// Whether the host has as many shells as it allows, and others of ours are
    /// among them.
    pub(super) fn is_full(&self, key: &PoolKey) -> bool {
        self.hosts().get_mut(&key.host).is_some_and(|seats| seats.learns_limit(Instant::now()))
    }

    fn put_left(&self, host: HostId, shell: Shell) {
        self.left().push(Left { host, shell, since: Instant::now() });
        self.more.notify_one();
    }
}

/// The seats of a host that was not spoken with yet.
pub(super) fn seats(terms: Sessions) -> Seats<Standing> {
    let is_alive = |standing: &Standing| Session::is_reusable(&standing.session);
    Seats::new(terms, is_alive)
}
