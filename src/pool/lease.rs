//! A session for the length of one call.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::account::Account;
use super::left::seats;
use super::seats::{Granted, Warm, Wear};
use super::{Alone, Pool, PoolKey, Seat, Shared, Standing};
use crate::host::{CONFIGURATION, HostError, HostErrorKind, HostFacts, OpenPlan, Probes, Session, Sessions};
use crate::store::Shell;

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
    warm: Option<(Standing, Wear)>,
    alone: Option<Alone>,
    facts: HostFacts,
    makes_room: bool,
}

/// One who waits; gives back what it was given and did not take.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    key: &'a PoolKey,
    granted: oneshot::Receiver<Granted<Standing>>,
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
            let seats = hosts.entry(key.host.clone()).or_insert_with(|| seats(terms));
            seats.ask(key.clone())
        };
        let mut waiting = Waiting { shared: &self.shared, key: &key, granted };
        // Who comes in the same moment is in line before anything is handed out:
        // else the first workspace of many would get every seat of its host.
        tokio::task::yield_now().await;
        self.shared.with(&key.host, |_| Vec::new());
        // The sender lives in the seats until it has told.
        let granted = (&mut waiting.granted).await.unwrap_or(None);
        drop(waiting);
        let seat = Seat { shared: Arc::clone(&self.shared), key: key.clone(), closing: false, kept: false };
        let warm = granted.map(|warm| (warm.session, warm.wear));
        if warm.is_some() {
            self.shared.reused.fetch_add(1, Ordering::Relaxed);
        }
        let facts = self.facts(&key.host, terms);
        Lease { pool: self, key, seat: Some(seat), warm, alone, facts, makes_room: false }
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
        self.warm.as_mut().map(|(standing, _)| &mut standing.session)
    }

    /// Whether the host allowed no more shells when this one was to be opened,
    /// and others of this process are there, of which the longest unused makes
    /// room: who waits for a lease again gets its seat.
    #[must_use]
    pub fn makes_room(&self) -> bool {
        self.makes_room
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
        let (shared, facts) = (Arc::clone(&self.pool.shared), self.facts.clone());
        let (watch, account) = Account::open(shared.store.clone(), self.shell(plan));
        let mine = OpenPlan { facts, shells: Some(watch), ..plan.clone() };
        let work = async move {
            let host = mine.host.clone();
            let mut opening = Box::pin(async move { Session::open(&mine).await });
            let result = tokio::select! {
                result = &mut opening => result,
                () = tell.closed() => match timeout(GIVEN_UP, &mut opening).await {
                    Ok(result) => result,
                    Err(_) => Err(HostError { host, kind: HostErrorKind::Cancelled }),
                },
            };
            // The client of one that was given up is told so, and the account is told by nobody else.
            drop(opening);
            match result {
                Ok(session) => {
                    shared.opened.fetch_add(1, Ordering::Relaxed);
                    let standing = Standing { session, account };
                    // Nobody there: it is closed on the way out.
                    drop(tell.send(Opening { seat: Some(seat), result: Some(Ok(standing)), makes_room: false }));
                }
                Err(error) => {
                    // While its own seat still counts.
                    let makes_room = error.is_out_of_shells() && shared.is_full(&seat.key);
                    drop(tell.send(Opening { seat: None, result: Some(Err(error)), makes_room }));
                    shared.settle(account, seat).await;
                }
            }
        };
        self.pool.shared.spawn(work.in_current_span());
        let ended = || failed(HostErrorKind::Unexpected("the task that opens a session ended"));
        let mut opening = opened.await.map_err(|_| ended())?;
        self.seat = opening.seat.take();
        self.makes_room = opening.makes_room;
        let standing = match opening.result.take() {
            Some(result) => result?,
            None => return Err(ended()),
        };
        let now = Instant::now();
        self.warm = Some((standing, Wear::new(now)));
        Ok(())
    }

    /// What has to be remembered of the shell, but for its id.
    fn shell(&self, plan: &OpenPlan) -> Shell {
        Shell {
            tenant: self.key.tenant.to_string(),
            host: self.key.host.to_string(),
            url: plan.access.url.clone(),
            id: String::new(),
            configuration: plan.access.configuration_name.as_deref().unwrap_or(CONFIGURATION).to_owned(),
            made: false,
        }
    }

    /// Keeps the session for the next call, if it may serve one.
    pub fn give_back(mut self) {
        if !self.warm.as_ref().is_some_and(|(standing, _)| standing.session.is_reusable()) {
            return;
        }
        let (Some((standing, mut wear)), Some(seat)) = (self.warm.take(), self.seat.take()) else { return };
        // From the end of the call: a long one does not age it.
        wear.used = Instant::now();
        wear.calls += 1;
        let warm = Warm { key: self.key.clone(), session: standing, wear };
        seat.keep(warm);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let (Some((standing, _)), Some(seat)) = (self.warm.take(), self.seat.take()) {
            self.pool.shared.retire(standing, seat.close(), self.alone.take());
        }
    }
}

/// What came of an opening. Dropped before it was taken, it closes the
/// session.
struct Opening {
    seat: Option<Seat>,
    result: Option<Result<Standing, HostError>>,
    makes_room: bool,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let (Some(seat), Some(Ok(standing))) = (self.seat.take(), self.result.take()) {
            let shared = Arc::clone(&seat.shared);
            shared.retire(standing, seat.close(), None);
        }
    }
}
