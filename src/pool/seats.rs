//! One host's seats: how many sessions it has, and who gets the next one.
//!
//! A seat is the right to one shell on the host. It is taken from before the
//! shell is opened until after it is deleted, so the host never sees more
//! shells than it may have, however many calls come and go.
//!
//! Seats go round the tenants: of those who wait, the tenant that was served
//! longest ago is next, and within a tenant whoever came first. Workspaces
//! that have no session come before second sessions of others. A session that
//! comes back serves those who wait for just this one first, but only so many
//! and for so long: opening another costs seconds. A customer with two hundred
//! questions delays the others on its host by one such batch each.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::PoolKey;
use crate::host::{HostFacts, Sessions};
use crate::tenant::TenantId;

/// Calls that a session serves in a row while others wait for its seat.
///
/// Seen: without, six busy workspaces on four seats opened 57 sessions for 60
/// calls. Chosen: more than a fleet question asks of one workspace.
const BATCH_CALLS: u32 = 16;

/// How long it does so at most.
///
/// Chosen: a sixth of the half minute that a call waits for its turn.
const BATCH_TIME: Duration = Duration::from_secs(5);

/// How long a host's limit is believed that it was learnt by a refusal.
///
/// Chosen: other programs' shells count, too, and go; to find that out costs
/// one refused Create.
const LIMIT_AGE: Duration = Duration::from_secs(600);

/// How much a session has seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wear {
    pub(super) opened: Instant,
    pub(super) used: Instant,
    pub(super) calls: u32,
    /// Since when, and how often, it has served while others waited for its
    /// seat.
    pub(super) batch: Option<(Instant, u32)>,
}

impl Wear {
    /// Of one that was just opened.
    pub(super) fn new(now: Instant) -> Self {
        Self { opened: now, used: now, calls: 0, batch: None }
    }

    /// Whether it may go on serving its own although others wait.
    fn is_in_batch(&self, now: Instant) -> bool {
        self.batch.is_none_or(|(since, calls)| calls < BATCH_CALLS && now - since < BATCH_TIME)
    }

    /// It serves one of its own once more.
    fn serve(&mut self, now: Instant, others: Others) {
        self.batch = match others {
            Others::Wait => Some(self.batch.map_or((now, 1), |(since, calls)| (since, calls + 1))),
            Others::None => None,
        };
    }

    /// Whether it may serve another call.
    pub(super) fn is_fit(&self, now: Instant, terms: &Sessions) -> bool {
        now - self.opened < terms.age && now - self.used < terms.idle && self.calls < terms.calls
    }
}

/// Whether somebody waits for the seat of a session that is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Wait,
    None,
}

/// A session that nobody uses just now.
#[derive(Debug)]
pub(super) struct Warm<S> {
    pub(super) key: PoolKey,
    pub(super) session: S,
    pub(super) wear: Wear,
}

/// A seat, with a session of the right key when there was one.
pub(super) type Granted<S> = Option<Warm<S>>;

#[derive(Debug)]
struct Waiting<S> {
    number: u64,
    key: PoolKey,
    tell: oneshot::Sender<Granted<S>>,
}

/// The seats of one host. Every change ends with [`Seats::dispatch`], which
/// says what must be closed now; each of those keeps its seat until
/// [`Seats::closed`].
#[derive(Debug)]
pub(super) struct Seats<S> {
    terms: Sessions,
    is_alive: fn(&S) -> bool,
    /// What is learnt about the host.
    facts: HostFacts,
    /// When it allowed no more shells.
    limited: Option<Instant>,
    /// Leased, warm, closing or left there.
    taken: usize,
    closing: usize,
    /// Seats of each workspace that are leased or warm.
    seated: HashMap<PoolKey, usize>,
    /// Longest unused first.
    warm: Vec<Warm<S>>,
    /// In the order of arrival.
    waiting: Vec<Waiting<S>>,
    /// When each tenant was served last, by `turn`.
    served: HashMap<TenantId, u64>,
    turn: u64,
    arrived: u64,
}

impl<S> Seats<S> {
    pub(super) fn new(terms: Sessions, is_alive: fn(&S) -> bool) -> Self {
        Self {
            terms,
            is_alive,
            facts: HostFacts::default(),
            limited: None,
            taken: 0,
            closing: 0,
            seated: HashMap::new(),
            warm: Vec::new(),
            waiting: Vec::new(),
            served: HashMap::new(),
            turn: 0,
            arrived: 0,
        }
    }

    /// What is learnt about the host.
    pub(super) fn facts(&self) -> &HostFacts {
        &self.facts
    }

    /// Sessions that the host may have now.
    fn max(&self, now: Instant) -> usize {
        let limit = self.limited.filter(|since| now - *since < LIMIT_AGE).and_then(|_| self.facts.shell_limit());
        limit.map_or(self.terms.max, |limit| limit.min(self.terms.max))
    }

    /// The host allowed no shell for a leased seat: the others are all that it
    /// allows. `false`: there are no others, so that says nothing.
    pub(super) fn learns_limit(&mut self, now: Instant) -> bool {
        let others = self.taken.saturating_sub(1);
        if others > 0 {
            self.facts.learn_shell_limit(others);
            self.limited = Some(now);
        }
        others > 0
    }

    /// Whether a workspace has a session, in use or not.
    pub(super) fn is_seated(&self, key: &PoolKey) -> bool {
        self.seated.contains_key(key)
    }

    /// A shell of an earlier process is there.
    pub(super) fn adopts(&mut self) {
        self.taken += 1;
    }

    /// One that is closed does not go: nobody knows when its seat is free.
    pub(super) fn leaves_shell(&mut self) {
        self.closing = self.closing.saturating_sub(1);
    }

    /// A shell of either kind is gone.
    pub(super) fn left_is_gone(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// Gets in line. The receiver may be dropped at any time; what it was
    /// given must come back.
    pub(super) fn ask(&mut self, key: PoolKey) -> oneshot::Receiver<Granted<S>> {
        let (tell, granted) = oneshot::channel();
        self.arrived += 1;
        self.waiting.push(Waiting { number: self.arrived, key, tell });
        granted
    }

    /// A leased session is free again.
    pub(super) fn give_back(&mut self, warm: Warm<S>) {
        self.warm.push(warm);
    }

    /// A leased seat is free again; it has no session.
    pub(super) fn free(&mut self, key: &PoolKey) {
        self.leaves(key);
        self.taken = self.taken.saturating_sub(1);
    }

    /// A leased session is about to be closed.
    pub(super) fn closes(&mut self, key: &PoolKey) {
        self.leaves(key);
        self.closing += 1;
    }

    /// One of those is gone.
    pub(super) fn closed(&mut self) {
        self.closing = self.closing.saturating_sub(1);
        self.taken = self.taken.saturating_sub(1);
    }

    fn leaves(&mut self, key: &PoolKey) {
        if let Some(seats) = self.seated.get_mut(key) {
            *seats = seats.saturating_sub(1);
            if *seats == 0 {
                self.seated.remove(key);
            }
        }
    }

    /// Takes every unused session of a key, or of all, to be closed.
    pub(super) fn drain(&mut self, key: Option<&PoolKey>) -> Vec<Warm<S>> {
        self.take_out(|warm| key.is_none_or(|key| warm.key == *key))
    }

    /// Hands out what is free. What comes back is to be closed.
    pub(super) fn dispatch(&mut self, now: Instant) -> Vec<Warm<S>> {
        let (terms, is_alive, max) = (self.terms, self.is_alive, self.max(now));
        let mut over = self.take_out(|warm| !is_alive(&warm.session) || !warm.wear.is_fit(now, &terms));
        self.waiting.retain(|waiting| !waiting.tell.is_closed());
        // Nobody waits, or there is nothing to hand out or to close for them.
        if self.waiting.is_empty() || self.taken >= max && self.warm.is_empty() {
            return over;
        }
        self.serve_batches(now);
        // Seats that will be free without our doing.
        let mut coming = self.closing;
        let mut order = self.order();
        while let Some(number) = self.next(&mut order) {
            let Some(at) = self.waiting.iter().position(|waiting| waiting.number == number) else { continue };
            let waiting = self.waiting.remove(at);
            if let Some(own) = self.warm.iter().rposition(|warm| warm.key == waiting.key) {
                let mut warm = self.warm.remove(own);
                warm.wear.serve(now, self.others(&waiting.key));
                self.grant(waiting, Some(warm));
                continue;
            }
            if self.taken < max {
                self.taken += 1;
                *self.seated.entry(waiting.key.clone()).or_default() += 1;
                self.grant(waiting, None);
                continue;
            }
            // Stays in line. A seat that is about to be free serves it; only when
            // none is, the session unused for longest makes room.
            self.waiting.insert(at, waiting);
            if coming > 0 {
                coming -= 1;
            } else if self.warm.is_empty() {
                break;
            } else {
                let unused = self.warm.remove(0);
                self.leaves(&unused.key);
                self.closing += 1;
                over.push(unused);
            }
        }
        over
    }

    /// Sessions that are free serve those who wait for just them, as long as
    /// their batch lasts.
    fn serve_batches(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(warm) = self.warm.get(at) {
            let own = self.waiting.iter().position(|waiting| waiting.key == warm.key);
            let Some(own) = own.filter(|_| warm.wear.is_in_batch(now)) else {
                at += 1;
                continue;
            };
            let (waiting, mut warm) = (self.waiting.remove(own), self.warm.remove(at));
            warm.wear.serve(now, self.others(&waiting.key));
            self.grant(waiting, Some(warm));
        }
    }

    fn others(&self, key: &PoolKey) -> Others {
        if self.waiting.iter().any(|waiting| waiting.key != *key) { Others::Wait } else { Others::None }
    }

    /// Takes the next out of the line: workspaces without a session first.
    fn next(&self, order: &mut Vec<u64>) -> Option<u64> {
        let key = |number: &u64| self.waiting.iter().find(|waiting| waiting.number == *number).map(|one| &one.key);
        let is_unseated = |number: &u64| key(number).is_some_and(|key| !self.seated.contains_key(key));
        let at = order.iter().position(is_unseated).unwrap_or(0);
        (at < order.len()).then(|| order.remove(at))
    }

    fn grant(&mut self, waiting: Waiting<S>, granted: Granted<S>) {
        let Waiting { key, tell, .. } = waiting;
        match tell.send(granted) {
            Ok(()) => {
                self.turn += 1;
                self.served.insert(key.tenant().clone(), self.turn);
            }
            // Gone in this moment; what it was given is there for the next in line.
            Err(Some(warm)) => self.give_back(warm),
            Err(None) => self.free(&key),
        }
    }

    /// Numbers of those who wait, in the order of their turns.
    fn order(&self) -> Vec<u64> {
        let mut served = self.served.clone();
        let mut turn = self.turn;
        let mut left: Vec<(&TenantId, u64)> =
            self.waiting.iter().map(|waiting| (waiting.key.tenant(), waiting.number)).collect();
        let mut order = Vec::with_capacity(left.len());
        let by_turn = |served: &HashMap<TenantId, u64>, (tenant, number): &(&TenantId, u64)| {
            (served.get(*tenant).copied().unwrap_or(0), *number)
        };
        while let Some(at) = (0..left.len()).min_by_key(|at| left.get(*at).map(|entry| by_turn(&served, entry))) {
            let (tenant, number) = left.remove(at);
            turn += 1;
            served.insert(tenant.clone(), turn);
            order.push(number);
        }
        order
    }

    fn take_out(&mut self, goes: impl Fn(&Warm<S>) -> bool) -> Vec<Warm<S>> {
        let (out, stay) = std::mem::take(&mut self.warm).into_iter().partition(goes);
        self.warm = stay;
        let out: Vec<Warm<S>> = out;
        out.iter().for_each(|warm| self.leaves(&warm.key));
        self.closing += out.len();
        out
    }
}

#[cfg(test)]
mod tests;
