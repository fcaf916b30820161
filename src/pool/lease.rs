//! A session for the length of one call.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::reaper::Wear;
use super::{Key, Pool};
use crate::host::{HostError, OpenPlan, Probes, Session};
use crate::tenant::HostId;

/// The place of one key's session.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) host: HostId,
    pub(super) idle: Duration,
    pub(super) warm: Arc<Mutex<Option<Warm>>>,
}

/// A session and how much it has seen.
#[derive(Debug)]
pub(super) struct Warm {
    pub(super) session: Session,
    pub(super) wear: Wear,
}

/// The right to use a key's session, alone.
///
/// [`Lease::give_back`] keeps the session for the next call. Dropping the
/// lease throws the session away: a call that was given up half-way leaves a
/// session in a state that nobody knows.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a Pool,
    key: Key,
    place: OwnedMutexGuard<Option<Warm>>,
    warm: Option<Warm>,
}

impl Pool {
    /// Waits until the key's session is free. The lease has no session yet if
    /// there was none, or none that is fit.
    ///
    /// Cancel safe.
    pub async fn lease(&self, key: Key, idle: Duration) -> Lease<'_> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Slot { host: key.host.clone(), idle, warm: Arc::default() });
            Arc::clone(slots.entry(key.clone()).or_insert_with(new))
        };
        self.reap(Instant::now());
        let mut place = Arc::clone(&slot.warm).lock_owned().await;
        let mut warm = place.take();
        let fit = |warm: &Warm| warm.session.is_reusable() && warm.wear.is_fit(Instant::now(), idle);
        if warm.as_ref().is_some_and(|warm| !fit(warm)) {
            warm.take().into_iter().for_each(|warm| self.retire(warm));
        }
        if warm.is_some() {
            self.reused.fetch_add(1, Ordering::Relaxed);
        }
        Lease { pool: self, key, place, warm }
    }
}

impl Lease<'_> {
    /// What is known of the functions of all scripts, for the plan of a session.
    #[must_use]
    pub fn probes(&self) -> Probes {
        self.pool.probes.clone()
    }

    /// The session, once there is one.
    pub fn session(&mut self) -> Option<&mut Session> {
        self.warm.as_mut().map(|warm| &mut warm.session)
    }

    /// Opens a session where there is none, on a host that may have `max`.
    ///
    /// # Errors
    ///
    /// As [`Session::open`].
    pub async fn open(&mut self, plan: &OpenPlan, max: usize) -> Result<(), HostError> {
        self.pool.make_room(&self.key.host, max);
        let session = Session::open(plan).await?;
        let now = Instant::now();
        self.pool.opened.fetch_add(1, Ordering::Relaxed);
        self.warm = Some(Warm { session, wear: Wear { opened: now, used: now, calls: 0 } });
        Ok(())
    }

    /// Keeps the session for the next call, if it may serve one.
    pub fn give_back(mut self) {
        if self.warm.as_ref().is_some_and(|warm| warm.session.is_reusable()) {
            *self.place = self.warm.take().map(|mut warm| {
                warm.wear.used = Instant::now();
                warm.wear.calls += 1;
                warm
            });
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(warm) = self.warm.take() {
            self.pool.retire(warm);
        }
    }
}
