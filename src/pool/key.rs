//! Whose session it is.

use crate::tenant::{HostId, Target, TenantId, WorkspaceId};

/// One workspace of one tenant, on the tenant's own host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    pub(super) host: HostId,
    pub(super) tenant: TenantId,
    pub(super) workspace: WorkspaceId,
}

impl PoolKey {
    /// The key of a target.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self {
            host: target.host().clone(),
            tenant: target.tenant().id.clone(),
            workspace: target.workspace().id.clone(),
        }
    }

    pub(super) fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}
