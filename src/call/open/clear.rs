//! Shells that are left on hosts are deleted, until they are gone.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};

use super::Door;
use super::circuit::Found;
use super::sign_in::Tried;
use crate::answer::case::Unreached;
use crate::call::pause::Pauses;
use crate::call::verdict;
use crate::config::Host;
use crate::host::{Retry, WireCase, WireError, remove_shell};
use crate::pool::Left;
use crate::store::{KEPT, Orphans, Shell};
use crate::tenant::HostId;

/// For one of them to be deleted.
///
/// Chosen: to connect and be answered; a host that takes longer is asked again.
const DELETE: Duration = Duration::from_secs(10);

impl Door<'_> {
    /// Deletes what processes that are gone left behind and what this one has
    /// to leave, for ever.
    pub(in crate::call) async fn clear(&self) -> std::convert::Infallible {
        // Nobody but the host that it was opened on is asked.
        let urls: HashSet<(String, String)> =
            self.config.hosts.values().map(|host| (host.id.to_string(), host.access.url.clone())).collect();
        let can_delete = move |shell: &Shell| urls.contains(&(shell.host.clone(), shell.url.clone()));
        match self.pool.orphans(can_delete).await {
            Ok(orphans) => self.adopt(orphans),
            Err(error) => tracing::warn!(%error, "what earlier processes left on the hosts is not known"),
        }
        loop {
            let mut pauses = Pauses::between_clearings();
            loop {
                let left = self.pool.left();
                if left.is_empty() {
                    break;
                }
                let mut hosts: BTreeMap<HostId, Vec<Left>> = BTreeMap::new();
                left.into_iter().for_each(|one| hosts.entry(one.host.clone()).or_default().push(one));
                join_all(hosts.into_iter().map(|(host, left)| self.clear_host(host, left))).await;
                if self.pool.left().is_empty() {
                    break;
                }
                tokio::select! {
                    () = sleep(pauses.next()) => {}
                    () = self.pool.more_left() => {}
                }
            }
            self.pool.more_left().await;
        }
    }

    /// What earlier processes left.
    fn adopt(&self, orphans: Orphans) {
        for shell in orphans.taken {
            let host = HostId::parse(&shell.host).ok().and_then(|id| self.config.host(&id));
            if let Some(host) = host {
                self.pool.adopt(&host.id, host.sessions, shell);
            }
        }
        // Perhaps the host is in the next configuration again.
        for shell in orphans.kept {
            tracing::warn!(host = shell.host, "a shell was left on a host that is configured no more");
        }
        for shell in orphans.forgotten {
            tracing::warn!(
                host = shell.host,
                days = KEPT.as_hours() / 24,
                "a shell was left on a host that has long been configured no more; it is forgotten"
            );
        }
    }

    /// One after the other: a host that does not answer one answers none.
    async fn clear_host(&self, id: HostId, left: Vec<Left>) {
        let Some(host) = self.config.host(&id) else { return };
        for one in left {
            let deleted = timeout(DELETE, self.delete(host, &one.shell)).await;
            if let Some(found) = found(&id, &deleted) {
                self.circuits.found(&id, found);
            }
            match deleted {
                Ok(Some(Ok(()))) if one.is_final() => {
                    tracing::info!(host = %id, "a shell that was left is gone");
                    self.pool.gone(&one).await;
                }
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(error))) if is_hopeless(&error) => {
                    tracing::warn!(host = %id, %error, "a shell that was left cannot be deleted");
                    self.pool.gone(&one).await;
                }
                _ => return,
            }
        }
    }

    /// `None`: the password cannot be had, or rests, which says nothing of the
    /// host.
    async fn delete(&self, host: &Host, shell: &Shell) -> Option<Result<(), WireError>> {
        let password = self.vault.fetch(&host.password).await.ok()?;
        let attempt = self.sign_ins.may_try(&host.id, &password).await.ok()?;
        let deleted = remove_shell(&host.access, &password, &shell.id, &shell.configuration).await;
        attempt.end(password, deleted.as_ref().map_or_else(Tried::of, |()| Tried::Taken)).await;
        Some(deleted)
    }
}

/// What that says of the host, for calls.
fn found(host: &HostId, deleted: &Result<Option<Result<(), WireError>>, Elapsed>) -> Option<Found> {
    Some(match deleted {
        Ok(Some(Err(error))) => {
            let told: Result<(), _> = Err(verdict::asked(host, error));
            Found::told_by(&told)
        }
        Ok(Some(Ok(()))) => Found::Somebody,
        // Not asked.
        Ok(None) => return None,
        Err(_) => Found::Nobody(Unreached::Silent),
    })
}

/// The host understood and says no for good; everything else may change.
fn is_hopeless(error: &WireError) -> bool {
    matches!(error.case, WireCase::Refused { .. }) && error.retry == Retry::Never
}
