//! Answers of reads, kept for a while.
//!
//! A write drops everything that its workspace has, and a read that began
//! before the write ended is not kept: it may have seen the old state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::Rows;
use crate::tenant::{Target, TenantId, WorkspaceId};

/// Answers kept at once.
///
/// Chosen: a team asks a few dozen different questions within the minutes
/// that answers live.
const ENTRIES: usize = 256;

/// Bytes of them. An answer that alone is larger is not kept.
///
/// *Chosen*: thousands of usual answers; most of the large ones are those that
/// are kept for their pages, too, and counted once here and once there.
const BYTES: usize = 32 << 20;

/// What was asked, of whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    tenant: TenantId,
    workspace: WorkspaceId,
    function: String,
    /// Canonical: sorted by the catalogue's names.
    arguments: String,
}

impl Key {
    pub(super) fn new(target: &Target, function: &str, arguments: &super::validate::Arguments) -> Self {
        Self {
            tenant: target.tenant().id.clone(),
            workspace: target.workspace().id.clone(),
            function: function.to_owned(),
            arguments: arguments.canonical(),
        }
    }
}

#[derive(Debug)]
struct Kept {
    rows: Arc<Rows>,
    since: Instant,
    until: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, Kept>,
    writes: HashMap<(TenantId, WorkspaceId), u64>,
}

/// How many writes a workspace had seen when a read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u64);

/// The cache.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Inner>);

impl Cache {
    /// A kept answer and its age.
    pub(super) fn find(&self, key: &Key, now: Instant) -> Option<(Arc<Rows>, Duration)> {
        let inner = self.lock();
        let kept = inner.kept.get(key).filter(|kept| kept.until > now)?;
        Some((Arc::clone(&kept.rows), now - kept.since))
    }

    /// To be asked before a read begins.
    pub(super) fn epoch(&self, key: &Key) -> Epoch {
        let place = (key.tenant.clone(), key.workspace.clone());
        Epoch(self.lock().writes.get(&place).copied().unwrap_or(0))
    }

    /// Keeps an answer, unless a write ended since `epoch`.
    pub(super) fn keep(&self, key: Key, rows: Arc<Rows>, epoch: Epoch, keep_for: Duration, now: Instant) {
        if self.epoch(&key) != epoch || rows.bytes() > BYTES {
            return;
        }
        let mut inner = self.lock();
        inner.kept.retain(|_, kept| kept.until > now);
        let mut all = rows.bytes() + inner.kept.values().map(|kept| kept.rows.bytes()).sum::<usize>();
        while inner.kept.len() >= ENTRIES || all > BYTES {
            let oldest = inner.kept.iter().min_by_key(|(_, kept)| kept.since).map(|(key, _)| key.clone());
            let Some(gone) = oldest.and_then(|oldest| inner.kept.remove(&oldest)) else { break };
            all = all.saturating_sub(gone.rows.bytes());
        }
        inner.kept.insert(key, Kept { rows, since: now, until: now + keep_for });
    }

    /// A write on the workspace ended, however it ended.
    pub(super) fn written(&self, target: &Target) {
        let (tenant, workspace) = (&target.tenant().id, &target.workspace().id);
        let mut inner = self.lock();
        inner.kept.retain(|key, _| key.tenant != *tenant || key.workspace != *workspace);
        *inner.writes.entry((tenant.clone(), workspace.clone())).or_default() += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
