//! Warm sessions: one per tenant and workspace, leased per call.
//!
//! A session serves one workspace for its whole life. It is thrown away,
//! never mended: after an error, after 500 calls, after half an hour, after
//! its host's idle time.

mod key;
mod lease;
mod reaper;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::host::{Probes, Session};

pub use key::Key;
pub use lease::Lease;
use lease::{Slot, Warm};

/// What the pool has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions opened.
    pub opened: u64,
    /// Calls that found a warm session.
    pub reused: u64,
    /// Sessions given up, for whatever reason.
    pub closed: u64,
}

/// How long closing everything may take.
///
/// Chosen: an MCP client kills a server that does not end soon after its
/// input did.
const CLOSING: Duration = Duration::from_secs(5);

/// The warm sessions of all hosts.
#[derive(Debug, Default)]
pub struct Pool {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    closing: Mutex<JoinSet<()>>,
    opened: AtomicU64,
    reused: AtomicU64,
    closed: AtomicU64,
    probes: Probes,
}

impl Pool {
    /// What the pool has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            opened: self.opened.load(Ordering::Relaxed),
            reused: self.reused.load(Ordering::Relaxed),
            closed: self.closed.load(Ordering::Relaxed),
        }
    }

    /// Closes every session that nobody uses, waiting at most five seconds.
    pub async fn close(&self) {
        for slot in self.all() {
            if let Ok(mut warm) = slot.warm.try_lock() {
                warm.take().into_iter().for_each(|warm| self.retire(warm));
            }
        }
        let mut closing = std::mem::take(&mut *self.closing.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while closing.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSING, all).await.is_err() {
            tracing::warn!("some sessions could not be closed in time; their hosts end them when they are idle");
        }
    }

    fn all(&self) -> Vec<Arc<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Closes a session in the background.
    fn retire(&self, warm: Warm) {
        self.closed.fetch_add(1, Ordering::Relaxed);
        let session: Session = warm.session;
        // Outside a runtime there is nobody to close it; the host ends it when it is idle.
        if tokio::runtime::Handle::try_current().is_ok() {
            let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
            while closing.try_join_next().is_some() {}
            closing.spawn(session.close());
        }
    }
}
