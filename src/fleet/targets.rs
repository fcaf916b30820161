//! Which workspaces a question is for: by exact aliases only.

use serde_json::{Map, Value as Json};

use crate::call::{self, CallPath, Request};
use crate::catalog::schema::VIEW;
use crate::catalog::{Code, ToolError};
use crate::tenant::Target;

/// Refuses arguments that a tool does not have.
pub(super) fn known(given: &Map<String, Json>, names: &[&str]) -> Result<(), ToolError> {
    for name in given.keys() {
        let known = names.iter().chain(&VIEW).copied();
        if !known.clone().any(|known| known == name) {
            let said = format!("There is no argument \"{name}\"");
            return Err(ToolError::misspelt(Code::InvalidArgument, &said, name, known));
        }
    }
    Ok(())
}

/// A text argument; null is as good as none.
pub(super) fn text<'a>(given: &'a Map<String, Json>, name: &str) -> Result<Option<&'a str>, ToolError> {
    match given.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(call::expected(name, "a string")),
    }
}

/// What the caller may see and both aliases leave.
pub(super) fn targets(
    path: &CallPath,
    request: &Request<'_>,
    tenant: Option<&str>,
    workspace: Option<&str>,
) -> Result<Vec<Target>, ToolError> {
    let registry = &path.config().registry;
    let mut targets: Vec<Target> =
        registry.targets().filter(|target| request.caller.may_see(&target.tenant().id)).collect();
    if let Some(tenant) = tenant {
        targets.retain(|target| target.tenant().id.as_str() == tenant);
        if targets.is_empty() {
            return Err(call::unknown_tenant(registry, request.caller, tenant));
        }
    }
    if let Some(workspace) = workspace {
        let known: Vec<String> = targets.iter().map(|target| target.workspace().id.to_string()).collect();
        targets.retain(|target| target.workspace().id.as_str() == workspace);
        if targets.is_empty() {
            if let Some(tenant) = tenant {
                return Err(call::unknown_workspace(registry, tenant, workspace));
            }
            let said = format!("No tenant has a workspace \"{workspace}\"");
            let known = known.iter().map(String::as_str);
            return Err(ToolError::misspelt(Code::UnknownWorkspace, &said, workspace, known));
        }
    }
    Ok(targets)
}
