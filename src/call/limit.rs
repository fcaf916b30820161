//! How many calls may wait for a host.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer::ToolError;
use crate::answer::case::{Case, Slip};
use crate::config::Config;
use crate::tenant::{HostId, Target, TenantId};

/// Calls of one tenant that may wait for their turn on its host.
///
/// Chosen: a fleet question and a few analysts fit; an agent that loops does
/// not fill the memory, and takes no place of another tenant.
const WAITING: usize = 64;

/// Every tenant's queue.
#[derive(Debug)]
pub(super) struct Limits(BTreeMap<TenantId, Arc<Semaphore>>);

/// A place in a tenant's queue; given back on drop.
#[derive(Debug)]
pub(super) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let room = |host: &HostId| WAITING + config.host(host).map_or(0, |host| host.sessions.max);
        let tenants = config.registry.tenants();
        Self(tenants.map(|tenant| (tenant.id.clone(), Arc::new(Semaphore::new(room(&tenant.host))))).collect())
    }

    /// Takes a place in the tenant's queue, at once or not at all.
    pub(super) fn join(&self, target: &Target) -> Result<Place, ToolError> {
        let room = self.0.get(&target.tenant().id).ok_or_else(|| ToolError::of(Slip::TenantUnknown))?;
        Arc::clone(room).try_acquire_owned().map(Place).map_err(|_| busy(target.host()))
    }
}

/// Too many are waiting, or it took too long.
pub(super) fn busy(host: &HostId) -> ToolError {
    ToolError::of(Case::Busy { host: host.clone() })
}
