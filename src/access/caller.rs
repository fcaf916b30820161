//! Who asks.

use std::collections::BTreeSet;

use super::ToolPolicy;
use crate::tenant::TenantId;

/// Which tenants a caller reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every configured tenant.
    All,
    /// These and no others; the others do not exist for this caller.
    Only(BTreeSet<TenantId>),
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name for the audit trail.
    pub name: String,
    /// Tenants the caller may see.
    pub reach: Reach,
    /// Tools the caller may use.
    pub policy: ToolPolicy,
}

impl Caller {
    /// The person at this computer, over stdio or the command line.
    #[must_use]
    pub fn local(policy: ToolPolicy) -> Self {
        Self { name: "local".to_owned(), reach: Reach::All, policy }
    }

    /// Whether the tenant exists for this caller.
    #[must_use]
    pub fn may_see(&self, tenant: &TenantId) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Only(tenants) => tenants.contains(tenant),
        }
    }
}
