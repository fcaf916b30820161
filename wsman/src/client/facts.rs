//! What was learnt about a host, for its next session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// What was learnt about one host. Clones share it: give every session with the
/// host the same, and keep it as long as the host is known.
///
/// Nothing of it is needed, and nothing of it is secret: without it each
/// session finds out anew.
#[derive(Clone, Debug, Default)]
pub struct HostFacts(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    /// 0: nothing is known.
    envelope_bytes: AtomicU32,
    /// 0: nothing is known.
    shells: AtomicUsize,
}

impl HostFacts {
    /// The most bytes of an envelope that the host takes, where it takes less
    /// than hosts of its version do.
    #[must_use]
    pub fn envelope_bytes(&self) -> Option<u32> {
        Some(self.0.envelope_bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    /// The least of all that are learnt counts.
    pub fn learn_envelope_bytes(&self, bytes: u32) {
        let least = |known: u32| (known == 0 || bytes < known).then_some(bytes);
        let _ = self.0.envelope_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, least);
    }

    /// How many shells the host allows the user, where it refused one more
    /// (fault 2150859173). Only who counts its shells can know: this crate
    /// keeps it and does not use it.
    #[must_use]
    pub fn shell_limit(&self) -> Option<usize> {
        Some(self.0.shells.load(Ordering::Relaxed)).filter(|shells| *shells > 0)
    }

    /// Later words count: quotas are raised, too.
    pub fn learn_shell_limit(&self, shells: usize) {
        self.0.shells.store(shells, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_the_least_envelope_is_remembered_for_every_clone() {
        let facts = HostFacts::default();
        assert_eq!((facts.envelope_bytes(), facts.shell_limit()), (None, None));
        let other = facts.clone();
        for bytes in [153_600, 38_400, 76_800] {
            other.learn_envelope_bytes(bytes);
        }
        assert_eq!(facts.envelope_bytes(), Some(38_400));
        other.learn_shell_limit(2);
        assert_eq!(facts.shell_limit(), Some(2));
    }
}
