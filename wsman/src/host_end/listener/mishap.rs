//! Things that go wrong on purpose.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Operation (`Command`, `Receive`, …); `None`: any.
    pub operation: Option<&'static str>,
    /// Which of its requests, over all connections.
    pub hit: Hit,
    /// What happens.
    pub mishap: Mishap,
}

/// Which requests a [`Rule`] hits, counted since it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// All.
    Every,
    /// The n-th; the first is 1.
    Nth(u64),
}

/// What happens to a request. The first rule that hits counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// The connection closes before the host has seen the request.
    DropBefore,
    /// The host acts on it, and the connection closes instead of the answer.
    DropAfter,
    /// The answer breaks off after so many bytes of its body.
    CutAnswer {
        /// Bytes of the sealed body that are sent.
        bytes: usize,
    },
    /// The host acts on it so much later.
    Stall(Duration),
    /// The answer comes so much later.
    Delay(Duration),
    /// The host does not act on it and says this, without a body.
    Refuse {
        /// HTTP status.
        status: u16,
    },
}

#[derive(Debug, Default)]
pub(super) struct Mishaps {
    /// With how many requests each has seen.
    rules: Mutex<Vec<(Rule, u64)>>,
    met: AtomicU64,
}

impl Mishaps {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules: Mutex::new(rules.into_iter().map(|rule| (rule, 0)).collect()), met: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, rule: Rule) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push((rule, 0));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Counts a request; says what happens to it.
    pub(super) fn meet(&self, operation: &str) -> Option<Mishap> {
        let mut met = None;
        for (rule, seen) in self.rules.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            if rule.operation.is_some_and(|wanted| wanted != operation) {
                continue;
            }
            *seen += 1;
            if met.is_none() && matches!(rule.hit, Hit::Every) | (rule.hit == Hit::Nth(*seen)) {
                met = Some(rule.mishap.clone());
            }
        }
        self.met.fetch_add(u64::from(met.is_some()), Relaxed);
        met
    }

    pub(super) fn met(&self) -> u64 {
        self.met.load(Relaxed)
    }
}
