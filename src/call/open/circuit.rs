//! A host that is not there is not waited for again by each call.
//!
//! A circuit per host: closed while openings come off or fail with a word of
//! the host's; open, with a pause, after one that found nobody; and when the
//! pause is over, one call goes and looks. Who comes meanwhile waits for what
//! it finds, but no longer than a connection takes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::answer::ToolError;
use crate::answer::case::{Case, Unreached};
use crate::call::pause::Pauses;
use crate::tenant::HostId;

/// After so long, one who looks has a connection.
///
/// Chosen: what a connection may take, and a little.
const CONNECTED: Duration = Duration::from_secs(6);

/// What is known of a host.
#[derive(Clone, Debug)]
enum State {
    /// Nothing against it.
    Closed,
    /// Nobody was there; nobody looks before.
    Open { until: Instant, why: Unreached },
    /// Somebody looks.
    Probed { since: Instant },
}

#[derive(Debug)]
struct Circuit {
    state: watch::Sender<State>,
    pauses: Mutex<Pauses>,
}

/// All hosts' circuits.
#[derive(Debug, Default)]
pub(in crate::call) struct Circuits(Mutex<HashMap<HostId, Arc<Circuit>>>);

/// The right to connect to a host. Dropped without a word, nothing was learnt.
#[derive(Debug)]
pub(super) struct Passage {
    circuit: Arc<Circuit>,
    /// It goes to look.
    probes: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Somebody answered, whatever it was.
    Somebody,
    /// Nobody did.
    Nobody(Unreached),
}

impl Found {
    /// What a call's end says of the host.
    pub(super) fn told_by<T>(ended: &Result<T, ToolError>) -> Self {
        match ended.as_ref().map_err(|error| &*error.case) {
            Err(Case::Unreached {
                why:
                    why @ (Unreached::NameNotResolved
                    | Unreached::ProxyUnreachable
                    | Unreached::ProxyRefused { .. }
                    | Unreached::NoConnection
                    | Unreached::Silent),
                ..
            }) => Self::Nobody(why.clone()),
            _ => Self::Somebody,
        }
    }
}

impl Circuits {
    /// Refuses at once while nobody looks; takes nothing.
    ///
    /// # Errors
    ///
    /// As the last who looked was told, with when somebody looks again.
    pub(super) fn look(&self, host: &HostId) -> Result<(), ToolError> {
        match &*self.of(host).state.borrow() {
            State::Open { until, why } if Instant::now() < *until => Err(away(host, why, *until)),
            _ => Ok(()),
        }
    }

    /// The right to connect, when there is hope. Cancel safe.
    ///
    /// # Errors
    ///
    /// As [`look`](Self::look).
    pub(super) async fn may_try(&self, host: &HostId) -> Result<Passage, ToolError> {
        let circuit = self.of(host);
        let mut news = circuit.state.subscribe();
        loop {
            let mut probed_since = None;
            let mut refused = None;
            let probes = circuit.state.send_if_modified(|state| match state {
                State::Closed => false,
                State::Open { until, why } if Instant::now() < *until => {
                    refused = Some(away(host, why, *until));
                    false
                }
                State::Open { .. } => {
                    *state = State::Probed { since: Instant::now() };
                    true
                }
                State::Probed { since } => {
                    probed_since = Some(*since);
                    false
                }
            });
            if let Some(refused) = refused {
                return Err(refused);
            }
            let go = |probes| Passage { circuit: Arc::clone(&circuit), probes };
            let Some(since) = probed_since else { return Ok(go(probes)) };
            let ended = news.wait_for(|state| !matches!(state, State::Probed { .. }));
            if timeout_at(since + CONNECTED, ended).await.is_err() {
                return Ok(go(false));
            }
        }
    }

    /// Waits until nobody is there: who waits for something else meanwhile
    /// waits in vain. Cancel safe.
    pub(super) async fn until_away(&self, host: &HostId) -> ToolError {
        let mut news = self.of(host).state.subscribe();
        let is_away = |state: &State| matches!(state, State::Open { until, .. } if Instant::now() < *until);
        let found = news.wait_for(is_away).await.map(|state| state.clone());
        match found {
            Ok(State::Open { until, why }) => away(host, &why, until),
            // The circuit lives as long as the server.
            _ => std::future::pending().await,
        }
    }

    /// What somebody found there who did not ask here.
    pub(super) fn found(&self, host: &HostId, found: Found) {
        self.of(host).ends(found);
    }

    fn of(&self, host: &HostId) -> Arc<Circuit> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(host.clone()).or_insert_with(|| {
            let (state, _) = watch::channel(State::Closed);
            Arc::new(Circuit { state, pauses: Mutex::new(Pauses::between_looks()) })
        }))
    }
}

impl Circuit {
    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ends(&self, found: Found) {
        self.state.send_if_modified(|state| match (found, &state) {
            // One of several that went together; the first has said it.
            (Found::Nobody(_), State::Open { .. }) | (Found::Somebody, State::Closed) => false,
            (Found::Nobody(why), _) => {
                *state = State::Open { until: Instant::now() + self.pauses().next(), why };
                true
            }
            (Found::Somebody, _) => {
                *self.pauses() = Pauses::between_looks();
                *state = State::Closed;
                true
            }
        });
    }
}

impl Passage {
    /// Keeps what was found.
    pub(super) fn end(mut self, found: Found) {
        self.probes = false;
        self.circuit.ends(found);
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if !self.probes {
            return;
        }
        // Given up: the next one looks.
        self.circuit.state.send_if_modified(|state| {
            let mine = matches!(state, State::Probed { .. });
            if mine {
                *state = State::Open { until: Instant::now(), why: Unreached::Silent };
            }
            mine
        });
    }
}

fn away(host: &HostId, why: &Unreached, until: Instant) -> ToolError {
    let left = until.saturating_duration_since(Instant::now());
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let why = Unreached::Away { why: Box::new(why.clone()), seconds };
    ToolError::of(Case::Unreached { host: host.clone(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> HostId {
        HostId::parse("jump").unwrap()
    }

    fn nobody() -> Found {
        Found::Nobody(Unreached::NoConnection)
    }

    #[tokio::test(start_paused = true)]
    async fn e10_while_nobody_is_there_nobody_waits_and_one_looks() {
        let (circuits, host) = (Circuits::default(), host());
        circuits.may_try(&host).await.unwrap().end(nobody());
        let refused = circuits.may_try(&host).await.unwrap_err();
        assert!(
            matches!(&*refused.case, Case::Unreached { why: Unreached::Away { why, seconds: 1..=2 }, .. }
                if **why == Unreached::NoConnection),
            "{refused:?}"
        );
        assert!(circuits.look(&host).is_err());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(circuits.look(&host).is_ok());
        let probe = circuits.may_try(&host).await.unwrap();
        let other = circuits.may_try(&host);
        tokio::pin!(other);
        let waits = tokio::time::timeout(Duration::from_secs(1), &mut other).await;
        assert!(waits.is_err(), "somebody looks already");
        probe.end(nobody());
        assert!(other.await.is_err(), "and found nobody");
    }

    #[tokio::test(start_paused = true)]
    async fn e10_one_who_has_a_connection_keeps_nobody_waiting() {
        let (circuits, host) = (Circuits::default(), host());
        circuits.may_try(&host).await.unwrap().end(nobody());
        tokio::time::advance(Duration::from_secs(2)).await;
        let probe = circuits.may_try(&host).await.unwrap();
        let began = Instant::now();
        let other = circuits.may_try(&host).await.unwrap();
        assert_eq!(began.elapsed(), CONNECTED);
        drop(other);
        probe.end(Found::Somebody);
        assert!(circuits.look(&host).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn e10_a_look_that_was_given_up_is_taken_over() {
        let (circuits, host) = (Circuits::default(), host());
        circuits.may_try(&host).await.unwrap().end(nobody());
        tokio::time::advance(Duration::from_secs(2)).await;
        drop(circuits.may_try(&host).await.unwrap());
        let next = circuits.may_try(&host).await.unwrap();
        assert!(next.probes);
    }

    #[tokio::test(start_paused = true)]
    async fn e10_pauses_grow_and_begin_anew() {
        let (circuits, host) = (Circuits::default(), host());
        let mut all = Vec::new();
        for _ in 0..8 {
            let went = Instant::now();
            let passage = loop {
                match circuits.may_try(&host).await {
                    Ok(passage) => break passage,
                    Err(_) => tokio::time::advance(Duration::from_millis(100)).await,
                }
            };
            all.push(went.elapsed());
            passage.end(nobody());
        }
        assert!(all[7] > all[2] && all[7] <= Duration::from_secs(37), "{all:?}");
        circuits.found(&host, Found::Somebody);
        circuits.may_try(&host).await.unwrap().end(nobody());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(circuits.look(&host).is_ok(), "the first pause again");
    }
}
