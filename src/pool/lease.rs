//! A session for the length of one call.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::seats::{Granted, Seats, Warm, Wear};
use super::{Alone, Pool, PoolKey, Seat, Shared};
use crate::host::{HostError, HostErrorKind, OpenPlan, Probes, Session, Sessions};

/// How long a session that nobody waits for any more may go on opening.
///
/// It is closed as soon as it is open, and its seat is taken until then: a
/// host may have the shell already, and nobody else can know. Chosen: opening
/// takes seconds; whoever is slower will not become a session any more.
const GIVEN_UP: Duration = Duration::from_secs(10);

/// The right to use a session, alone.
///
/// [`Lease::give_back`] keeps the session for the next call. Dropping the
/// lease throws the session away: a call that was given up half-way leaves a
/// session in a state that nobody knows.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a Pool,
    key: PoolKey,
    /// `None` while, and after, an opening that was given up.
    seat: Option<Seat>,
    warm: Option<(Session, Wear)>,
    alone: Option<Alone>,
}

/// One who waits; gives back what it was given and did not take.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    key: &'a PoolKey,
    granted: oneshot::Receiver<Granted<Session>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.granted.close();
        let Ok(left) = self.granted.try_recv() else { return };
        self.shared.with(&self.key.host, |seats| {
            match left {
                Some(warm) => seats.give_back(warm),
                None => seats.free(self.key),
            }
            Vec::new()
        });
    }
}

impl Pool {
    /// Waits for a session of the key, or for the right to open one. There
    /// are as many sessions of one key as calls that run on it, within what
    /// the host may have.
    ///
    /// Cancel safe. The lease holds `alone` until its session has ended or
    /// was given back.
    pub async fn lease(&self, key: PoolKey, terms: Sessions, alone: Option<Alone>) -> Lease<'_> {
        let granted = {
            let mut hosts = self.shared.hosts();
            let seats = hosts.entry(key.host.clone()).or_insert_with(|| Seats::new(terms, Session::is_reusable));
            seats.ask(key.clone())
        };
        let mut waiting = Waiting { shared: &self.shared, key: &key, granted };
        self.shared.with(&key.host, |_| Vec::new());
        // The sender lives in the seats until it has told.
        let granted = (&mut waiting.granted).await.unwrap_or(None);
        drop(waiting);
        let seat = Seat { shared: Arc::clone(&self.shared), key: key.clone(), closing: false, kept: false };
        let warm = granted.map(|warm| (warm.session, warm.wear));
        if warm.is_some() {
            self.shared.reused.fetch_add(1, Ordering::Relaxed);
        }
        Lease { pool: self, key, seat: Some(seat), warm, alone }
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
        self.warm.as_mut().map(|(session, _)| session)
    }

    /// Opens a session where there is none.
    ///
    /// Cancel safe: a session that nobody waits for any more is closed once it
    /// is open, and the host's place is taken until then.
    ///
    /// # Errors
    ///
    /// As [`Session::open`].
    pub async fn open(&mut self, plan: &OpenPlan) -> Result<(), HostError> {
        let failed = |kind| HostError { host: plan.host.clone(), kind };
        let Some(seat) = self.seat.take() else {
            return Err(failed(HostErrorKind::Unexpected("a lease without a seat")));
        };
        let (mut tell, opened) = oneshot::channel::<Opening>();
        let (shared, mine) = (Arc::clone(&self.pool.shared), plan.clone());
        let work = async move {
            let mut opening = std::pin::pin!(Session::open(&mine));
            let result = tokio::select! {
                result = &mut opening => result,
                () = tell.closed() => match timeout(GIVEN_UP, opening).await {
                    Ok(result) => result,
                    Err(_) => return,
                },
            };
            if result.is_ok() {
                shared.opened.fetch_add(1, Ordering::Relaxed);
            }
            // Nobody there: it is closed on the way out.
            drop(tell.send(Opening { seat: Some(seat), result: Some(result) }));
        };
        self.pool.shared.spawn(work.in_current_span());
        let ended = || failed(HostErrorKind::Unexpected("the task that opens a session ended"));
        let mut opening = opened.await.map_err(|_| ended())?;
        self.seat = opening.seat.take();
        let session = match opening.result.take() {
            Some(result) => result?,
            None => return Err(ended()),
        };
        let now = Instant::now();
        self.warm = Some((session, Wear::new(now)));
        Ok(())
    }

    /// Keeps the session for the next call, if it may serve one.
    pub fn give_back(mut self) {
        if !self.warm.as_ref().is_some_and(|(session, _)| session.is_reusable()) {
            return;
        }
        let (Some((session, mut wear)), Some(seat)) = (self.warm.take(), self.seat.take()) else { return };
        // From the end of the call: a long one does not age it.
        wear.used = Instant::now();
        wear.calls += 1;
        let warm = Warm { key: self.key.clone(), session, wear };
        seat.keep(warm);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let (Some((session, _)), Some(seat)) = (self.warm.take(), self.seat.take()) {
            self.pool.shared.retire(session, seat.close(), self.alone.take());
        }
    }
}

/// What came of an opening. Dropped before it was taken, it closes the
/// session.
struct Opening {
    seat: Option<Seat>,
    result: Option<Result<Session, HostError>>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let (Some(seat), Some(Ok(session))) = (self.seat.take(), self.result.take()) {
            let shared = Arc::clone(&seat.shared);
            shared.retire(session, seat.close(), None);
        }
    }
}
