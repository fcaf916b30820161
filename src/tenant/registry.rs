//! The registry: who the tenants are and what may be a target.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{HostId, Language, TenantId, WorkspaceId};

/// One Log Analytics workspace of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Alias.
    pub id: WorkspaceId,
    /// Azure subscription id.
    pub subscription: String,
    /// Azure resource group.
    pub resource_group: String,
    /// Name of the workspace in Azure.
    pub name: String,
}

/// Whether a person must confirm what may lose something of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirming {
    /// By typing the object's name; who cannot be asked is refused.
    #[default]
    Ask,
    /// Never: the operator takes it upon himself.
    Never,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Alias.
    pub id: TenantId,
    /// The pin: the only jump host that ever serves this tenant.
    pub host: HostId,
    /// Azure tenant that its sessions must be signed in to, when it is known.
    pub azure_tenant: Option<String>,
    /// Folder on the host in which `az` keeps this tenant's sign-in; a relative
    /// one begins in the profile's local application data.
    pub azure_config_dir: String,
    /// Whether a person must confirm what may lose something.
    pub confirm: Confirming,
    /// What answers about this tenant are written in, if it says so.
    pub language: Option<Language>,
    /// Workspaces by alias.
    pub workspaces: BTreeMap<WorkspaceId, Arc<Workspace>>,
}

/// A workspace of a tenant, on the tenant's own host.
///
/// Made by [`Registry`] alone, so that a host can never be paired with
/// somebody else's workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    tenant: Arc<Tenant>,
    workspace: Arc<Workspace>,
}

impl Target {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The pinned host.
    #[must_use]
    pub fn host(&self) -> &HostId {
        &self.tenant.host
    }
}

/// Why two aliases name no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// No tenant has that alias.
    Tenant,
    /// The tenant has no workspace of that alias.
    Workspace,
}

/// All tenants.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    tenants: BTreeMap<TenantId, Arc<Tenant>>,
}

impl Registry {
    /// From the configuration.
    pub fn new(tenants: impl IntoIterator<Item = Tenant>) -> Self {
        Self { tenants: tenants.into_iter().map(|tenant| (tenant.id.clone(), Arc::new(tenant))).collect() }
    }

    /// Tenants in the order of their aliases.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> + Clone {
        self.tenants.values().map(|tenant| &**tenant)
    }

    /// The target that two exact aliases name.
    ///
    /// # Errors
    ///
    /// [`NoTarget`] says which of the two is unknown.
    pub fn resolve(&self, tenant: &str, workspace: &str) -> Result<Target, NoTarget> {
        let tenant = self.tenants.get(tenant).ok_or(NoTarget::Tenant)?;
        let workspace = tenant.workspaces.get(workspace).ok_or(NoTarget::Workspace)?;
        Ok(Target { tenant: Arc::clone(tenant), workspace: Arc::clone(workspace) })
    }

    /// Every target, by tenant and workspace.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.tenants.values().flat_map(|tenant| {
            tenant
                .workspaces
                .values()
                .map(|workspace| Target { tenant: Arc::clone(tenant), workspace: Arc::clone(workspace) })
        })
    }
}
