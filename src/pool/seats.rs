//! One host's seats: how many sessions it has, and who gets the next one.
//!
//! A seat is the right to one shell on the host. It is taken from before the
//! shell is opened until after it is deleted, so the host never sees more
//! shells than it may have, however many calls come and go.
//!
//! Seats go round the tenants: of those who wait, the tenant that was served
//! longest ago is next, and within a tenant whoever came first. A customer
//! with two hundred questions delays the others on its host by one call each.

use std::collections::HashMap;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::PoolKey;
use crate::host::Sessions;
use crate::tenant::TenantId;

/// How much a session has seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wear {
    pub(super) opened: Instant,
    pub(super) used: Instant,
    pub(super) calls: u32,
}

impl Wear {
    /// Whether it may serve another call.
    pub(super) fn is_fit(&self, now: Instant, terms: &Sessions) -> bool {
        now - self.opened < terms.age && now - self.used < terms.idle && self.calls < terms.calls
    }
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
    /// Leased, warm or closing.
    taken: usize,
    closing: usize,
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
            taken: 0,
            closing: 0,
            warm: Vec::new(),
            waiting: Vec::new(),
            served: HashMap::new(),
            turn: 0,
            arrived: 0,
        }
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
    pub(super) fn free(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// A leased session is about to be closed.
    pub(super) fn closes(&mut self) {
        self.closing += 1;
    }

    /// One of those is gone.
    pub(super) fn closed(&mut self) {
        self.closing = self.closing.saturating_sub(1);
        self.free();
    }

    /// Takes every unused session of a key, or of all, to be closed.
    pub(super) fn drain(&mut self, key: Option<&PoolKey>) -> Vec<Warm<S>> {
        self.take_out(|warm| key.is_none_or(|key| warm.key == *key))
    }

    /// Hands out what is free. What comes back is to be closed.
    pub(super) fn dispatch(&mut self, now: Instant) -> Vec<Warm<S>> {
        let (terms, is_alive) = (self.terms, self.is_alive);
        let mut over = self.take_out(|warm| !is_alive(&warm.session) || !warm.wear.is_fit(now, &terms));
        self.waiting.retain(|waiting| !waiting.tell.is_closed());
        // Nobody waits, or there is nothing to hand out or to close for them.
        if self.waiting.is_empty() || self.taken >= terms.max && self.warm.is_empty() {
            return over;
        }
        // Seats that will be free without our doing.
        let mut coming = self.closing;
        for number in self.order() {
            let Some(at) = self.waiting.iter().position(|waiting| waiting.number == number) else { continue };
            let waiting = self.waiting.remove(at);
            if let Some(own) = self.warm.iter().rposition(|warm| warm.key == waiting.key) {
                let warm = self.warm.remove(own);
                self.grant(waiting, Some(warm));
                continue;
            }
            if self.taken < self.terms.max {
                self.taken += 1;
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
                over.push(self.warm.remove(0));
                self.closing += 1;
            }
        }
        over
    }

    fn grant(&mut self, waiting: Waiting<S>, granted: Granted<S>) {
        match waiting.tell.send(granted) {
            Ok(()) => {
                self.turn += 1;
                self.served.insert(waiting.key.tenant().clone(), self.turn);
            }
            // Gone in this moment; what it was given is there for the next in line.
            Err(Some(warm)) => self.give_back(warm),
            Err(None) => self.free(),
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
        self.closing += out.len();
        out
    }
}

#[cfg(test)]
mod tests;
