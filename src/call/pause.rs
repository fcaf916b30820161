//! Pauses: before a lost read is asked once more, and before a host that did
//! not answer is.
//!
//! A host that has just dropped one session mostly drops the next one at
//! once, too; and all calls that it dropped together should not come back
//! together.

use std::time::Duration;

use backoff::backoff::Backoff as _;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Middle of the first pause. Chosen: a listener that is started anew is back
/// within a second; a person hardly notices it.
const FIRST: Duration = Duration::from_millis(250);

/// How far a pause strays from its middle, to either side.
const JITTER: f64 = 0.5;

/// Middle of the first pause before a host that was not there is looked for
/// again, and the longest.
///
/// Chosen: one that was started anew is found within two seconds, and a fleet
/// question waits for one that is gone once. A call's turn is half a minute.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_secs(30);

/// The longest before a shell is deleted that is left.
///
/// Chosen: a call that waits for its seat has half a minute.
const LAST_CLEARING: Duration = Duration::from_secs(10);

/// Whether the call goes on after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again.
    Try,
    /// The caller gave up, or the call's time is over before the pause is.
    GiveUp,
}

/// The pauses of one call.
///
/// Only the interval policy of the `backoff` crate is used: its retry loops
/// know neither cancellation nor what may not run twice.
#[derive(Debug)]
pub(super) struct Pauses(ExponentialBackoff);

impl Pauses {
    pub(super) fn new() -> Self {
        // How often is for the caller to say, and how long for its deadline.
        let policy = ExponentialBackoffBuilder::new()
            .with_initial_interval(FIRST)
            .with_randomization_factor(JITTER)
            .with_max_elapsed_time(None)
            .build();
        Self(policy)
    }

    /// Of a host that was not there.
    pub(super) fn between_looks() -> Self {
        Self::growing(LAST_LOOK)
    }

    /// Of shells that are to be deleted.
    pub(super) fn between_clearings() -> Self {
        Self::growing(LAST_CLEARING)
    }

    fn growing(longest: Duration) -> Self {
        let policy = ExponentialBackoffBuilder::new()
            .with_initial_interval(FIRST_LOOK)
            .with_multiplier(2.0)
            .with_max_interval(longest)
            .with_randomization_factor(0.2)
            .with_max_elapsed_time(None)
            .build();
        Self(policy)
    }

    /// The length of the next pause.
    pub(super) fn next(&mut self) -> Duration {
        self.0.next_backoff().unwrap_or(FIRST)
    }

    /// Waits for the next pause to end.
    pub(super) async fn wait(&mut self, deadline: Instant, cancel: &CancellationToken) -> Next {
        let until = Instant::now() + self.next();
        if until >= deadline {
            return Next::GiveUp;
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => Next::GiveUp,
            () = sleep_until(until) => Next::Try,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pause_is_short_and_never_quite_the_same() {
        let all: Vec<Duration> = (0..32).map(|_| Pauses::new().next()).collect();
        for pause in &all {
            assert!((FIRST / 2..=FIRST * 3 / 2).contains(pause), "{pause:?}");
        }
        assert!(all.iter().any(|pause| *pause != all[0]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_with_the_caller_s_patience() {
        let cancel = CancellationToken::new();
        let deadline = Instant::now() + Duration::from_secs(60);
        assert_eq!(Pauses::new().wait(deadline, &cancel).await, Next::Try);
        assert_eq!(Pauses::new().wait(Instant::now(), &cancel).await, Next::GiveUp);
        cancel.cancel();
        assert_eq!(Pauses::new().wait(deadline, &cancel).await, Next::GiveUp);
    }
}
