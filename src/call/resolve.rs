//! Which target: by exact names only.

use serde_json::{Map, Value as Json};

use crate::access::Caller;
use crate::answer::case::{BadArgument, Misspelt, Unknown, Wanted};
use crate::answer::{ToolError, expected};
use crate::catalog::schema::Sight;
use crate::tenant::{NoTarget, Registry, Target};

/// The target that the arguments name. A tenant that the caller may not see
/// is as unknown as one that does not exist.
pub(crate) fn target(registry: &Registry, caller: &Caller, arguments: &Map<String, Json>) -> Result<Target, ToolError> {
    let tenant = alias(arguments, "tenant", || known_tenants(registry, caller))?;
    let seen = registry.tenants().any(|known| known.id.as_str() == tenant && caller.may_see(&known.id));
    if !seen {
        return Err(unknown_tenant(registry, caller, tenant));
    }
    let workspaces = || known_workspaces(registry, tenant);
    let workspace = alias(arguments, "workspace", workspaces)?;
    registry.resolve(tenant, workspace).map_err(|no_target| match no_target {
        NoTarget::Tenant => unknown_tenant(registry, caller, tenant),
        NoTarget::Workspace => unknown_workspace(registry, tenant, workspace),
    })
}

fn alias<'a>(
    arguments: &'a Map<String, Json>,
    name: &'static str,
    known: impl FnOnce() -> Vec<String>,
) -> Result<&'a str, ToolError> {
    match arguments.get(name) {
        Some(Json::String(text)) => Ok(text),
        None | Some(Json::Null) => Err(ToolError::of(BadArgument::NoTarget { name, known: known() })),
        Some(_) => Err(expected(name, Wanted::Text)),
    }
}

/// The refusal of a tenant alias.
pub(crate) fn unknown_tenant(registry: &Registry, caller: &Caller, tenant: &str) -> ToolError {
    let known = known_tenants(registry, caller);
    ToolError::of(Unknown::Tenant(Misspelt::of(tenant, known.iter().map(String::as_str))))
}

/// The refusal of a workspace alias.
pub(crate) fn unknown_workspace(registry: &Registry, tenant: &str, workspace: &str) -> ToolError {
    let known = known_workspaces(registry, tenant);
    let workspace = Misspelt::of(workspace, known.iter().map(String::as_str));
    ToolError::of(Unknown::WorkspaceOf { tenant: tenant.to_owned(), workspace })
}

/// Aliases of the tenants that the caller may see.
pub(crate) fn known_tenants(registry: &Registry, caller: &Caller) -> Vec<String> {
    registry.tenants().filter(|tenant| caller.may_see(&tenant.id)).map(|tenant| tenant.id.to_string()).collect()
}

fn known_workspaces(registry: &Registry, tenant: &str) -> Vec<String> {
    let tenant = registry.tenants().find(|known| known.id.as_str() == tenant);
    tenant.map(|tenant| tenant.workspaces.keys().map(ToString::to_string).collect()).unwrap_or_default()
}

/// What the caller may see, for schemas.
#[must_use]
pub fn sight(registry: &Registry, caller: &Caller) -> Sight {
    let seen = registry.tenants().filter(|tenant| caller.may_see(&tenant.id));
    let mut workspaces: Vec<String> =
        seen.flat_map(|tenant| tenant.workspaces.keys().map(ToString::to_string)).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    Sight { tenants: known_tenants(registry, caller), workspaces }
}
