//! Which sessions have had their time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pool;
use super::lease::Slot;
use crate::tenant::HostId;

/// A session's oldest age. Chosen: Azure tokens live for an hour; half of it
/// leaves no session with one about to run out.
const AGE: Duration = Duration::from_secs(1_800);

/// A session's last call. Chosen: what a script leaks per call stays small.
const CALLS: u32 = 500;

/// How much a session has seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wear {
    pub(super) opened: Instant,
    pub(super) used: Instant,
    pub(super) calls: u32,
}

impl Wear {
    /// Whether it may serve another call.
    pub(super) fn is_fit(&self, now: Instant, idle: Duration) -> bool {
        now - self.opened < AGE && now - self.used < idle && self.calls < CALLS
    }
}

/// How often unused sessions are looked at. Chosen: a session costs its user
/// one of 30 shells on the host; half a minute more does not matter.
const LOOK: Duration = Duration::from_secs(30);

impl Pool {
    /// Closes unused sessions when their time has come, for ever. Run it beside
    /// the server: who asks nothing more would leave shells open on the hosts.
    pub async fn tend(&self) -> std::convert::Infallible {
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            self.reap(Instant::now());
        }
    }

    /// Closes every unused session that is not fit any more.
    pub(super) fn reap(&self, now: Instant) {
        for slot in self.all() {
            let Ok(mut warm) = slot.warm.try_lock() else { continue };
            if warm.as_ref().is_some_and(|warm| !warm.wear.is_fit(now, slot.idle)) {
                warm.take().into_iter().for_each(|warm| self.retire(warm));
            }
        }
    }

    /// Makes room for one more session on a host that may have `max`: closes
    /// those that were unused longest. Leased ones stay; their number is
    /// limited elsewhere.
    pub(super) fn make_room(&self, host: &HostId, max: usize) {
        let slots = self.all();
        let mut leased = 0;
        let mut idle: Vec<(Instant, &Arc<Slot>)> = Vec::new();
        for slot in slots.iter().filter(|slot| slot.host == *host) {
            match slot.warm.try_lock() {
                Ok(warm) => idle.extend(warm.as_ref().map(|warm| (warm.wear.used, slot))),
                Err(_) => leased += 1,
            }
        }
        idle.sort_by_key(|(used, _)| *used);
        // The session to be opened is among the leased ones.
        let spare = (leased + idle.len()).saturating_sub(max);
        for (_, slot) in idle.into_iter().take(spare) {
            if let Ok(mut warm) = slot.warm.try_lock() {
                warm.take().into_iter().for_each(|warm| self.retire(warm));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn age_idleness_and_calls_each_end_a_session() {
        let start = Instant::now();
        let idle = Duration::from_secs(600);
        let fresh = Wear { opened: start, used: start, calls: 0 };
        assert!(fresh.is_fit(start, idle));
        assert!(!fresh.is_fit(start + idle, idle));
        assert!(!Wear { calls: CALLS, ..fresh }.is_fit(start, idle));
        let busy = Wear { used: start + AGE, ..fresh };
        assert!(!busy.is_fit(start + AGE, idle));
    }
}
