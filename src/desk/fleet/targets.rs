//! Which workspaces a question is for: by exact aliases only.

use serde_json::{Map, Value as Json};

use super::Asking;
use crate::answer::case::{BadArgument, Misspelt, Unknown, Wanted};
use crate::answer::{ToolError, expected};
use crate::call;
use crate::catalog::schema::VIEW;
use crate::catalog::{Definition, Kind, reading};
use crate::tenant::{ALL_TENANTS, Target};

/// Which customer, in every tool.
pub(super) const TENANT: &str = "tenant";
/// Which of its workspaces, in every tool.
pub(super) const WORKSPACE: &str = "workspace";

/// What both were called where they may be left out.
pub(super) const OLD_FILTERS: [(&str, &str); 2] = [("tenant_filter", TENANT), ("workspace_filter", WORKSPACE)];

/// Refuses arguments that a tool does not have.
pub(super) fn known(asking: &Asking<'_>, own: &Definition) -> Result<(), ToolError> {
    for name in asking.arguments.keys() {
        let known = own.arguments.iter().map(|argument| argument.name).chain(VIEW);
        if !known.clone().any(|known| known == name) {
            return Err(ToolError::of(BadArgument::Unknown(Misspelt::of(name, known))));
        }
    }
    Ok(())
}

/// A text argument; null and "" are as good as none.
pub(super) fn text<'a>(given: &'a Map<String, Json>, name: &str) -> Result<Option<&'a str>, ToolError> {
    match given.get(name) {
        None | Some(Json::Null) => Ok(None),
        // No alias and no choice is empty.
        Some(Json::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(expected(name, Wanted::Text)),
    }
}

/// A switch; not given is off.
pub(super) fn flag(given: &Map<String, Json>, name: &str) -> Result<bool, ToolError> {
    match given.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::String(text)) if text.is_empty() => Ok(false),
        Some(value) => {
            let read = reading::read(Kind::Bool, value).and_then(|value| value.as_bool());
            read.ok_or_else(|| expected(name, Wanted::Flag))
        }
    }
}

/// What the caller may see and both aliases leave; without a tenant, and with
/// the word for all, of all.
pub(super) fn targets(
    asking: &Asking<'_>,
    tenant: Option<&str>,
    workspace: Option<&str>,
) -> Result<Vec<Target>, ToolError> {
    let (registry, caller) = (&asking.desk.config().registry, asking.request.caller);
    let mut targets: Vec<Target> = registry.targets().filter(|target| caller.may_see(&target.tenant().id)).collect();
    let tenant = tenant.filter(|tenant| *tenant != ALL_TENANTS);
    if let Some(tenant) = tenant {
        targets.retain(|target| target.tenant().id.as_str() == tenant);
        if targets.is_empty() {
            return Err(call::unknown_tenant(registry, caller, tenant));
        }
    }
    if let Some(workspace) = workspace {
        let known: Vec<String> = targets.iter().map(|target| target.workspace().id.to_string()).collect();
        targets.retain(|target| target.workspace().id.as_str() == workspace);
        if targets.is_empty() {
            if let Some(tenant) = tenant {
                return Err(call::unknown_workspace(registry, tenant, workspace));
            }
            let known = known.iter().map(String::as_str);
            return Err(ToolError::of(Unknown::Workspace(Misspelt::of(workspace, known))));
        }
    }
    Ok(targets)
}
