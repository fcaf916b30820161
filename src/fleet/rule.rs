//! `sentinel_get_analytics_rule` by the arguments that users know:
//! `workspace_name` and `rule_id` beside `tenant`, `workspace` and `RuleId`.

use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use super::targets::text;
use crate::call::{self, Answer, CallPath, Head, Request};
use crate::catalog::{Code, Entry, ToolError};
use crate::near;
use crate::tenant::Target;

/// Function of the tool that takes these names.
pub(super) use crate::catalog::schema::RULE as FUNCTION;

/// Answers as any function does, after the names were brought together.
pub(super) async fn answer(path: &CallPath, request: Request<'_>, entry: &'static Entry) -> Answer {
    let began = Instant::now();
    match renamed(path, &request) {
        Ok(arguments) => path.answer(Request { arguments: &arguments, ..request }).await,
        Err(error) => {
            let correlation = path.id();
            call::record(request.caller, &correlation, &entry.tool, None, Some(&error), began.elapsed());
            let head = Head {
                tool: &entry.tool,
                function: &entry.function,
                target: None,
                correlation: &correlation,
                duration: began.elapsed(),
            };
            call::refused(&head, &error)
        }
    }
}

/// The same question under the names of today.
fn renamed(path: &CallPath, request: &Request<'_>) -> Result<Map<String, Json>, ToolError> {
    let mut arguments = request.arguments.clone();
    if let Some(id) = arguments.remove("rule_id").filter(|id| !id.is_null()) {
        let other = arguments.iter().any(|(name, value)| name.eq_ignore_ascii_case("RuleId") && !value.is_null());
        if other {
            return Err(ToolError::invalid("\"rule_id\" is another name of \"RuleId\"; give only one of them."));
        }
        arguments.insert("RuleId".into(), id);
    }
    let Some(name) = text(request.arguments, "workspace_name")?.map(str::to_owned) else {
        arguments.remove("workspace_name");
        return Ok(arguments);
    };
    arguments.remove("workspace_name");
    if text(request.arguments, "workspace")?.is_some_and(|workspace| workspace != name) {
        let said = "\"workspace_name\" is another name of \"workspace\"; they are not the same here.";
        return Err(ToolError::invalid(said));
    }
    if text(request.arguments, "tenant")?.is_none() {
        arguments.insert("tenant".into(), tenant(path, request, &name)?.into());
    }
    arguments.insert("workspace".into(), name.into());
    Ok(arguments)
}

/// The only tenant that has a workspace of that alias.
fn tenant(path: &CallPath, request: &Request<'_>, workspace: &str) -> Result<String, ToolError> {
    let seen = path.config().registry.targets().filter(|target| request.caller.may_see(&target.tenant().id));
    let (named, others): (Vec<Target>, Vec<Target>) =
        seen.partition(|target| target.workspace().id.as_str() == workspace);
    match named.as_slice() {
        [only] => Ok(only.tenant().id.to_string()),
        [] => {
            let known = others.iter().map(|target| target.workspace().id.as_str());
            let said = format!("No tenant has a workspace \"{workspace}\"");
            Err(ToolError::misspelt(Code::UnknownWorkspace, &said, workspace, known))
        }
        several => {
            let tenants = near::quoted(several.iter().map(|target| target.tenant().id.as_str()), ", ");
            let said = format!("Several tenants have a workspace \"{workspace}\"; name one of {tenants} as tenant.");
            let candidates = several.iter().map(|target| target.tenant().id.to_string()).collect();
            Err(ToolError { candidates, ..ToolError::invalid(said) })
        }
    }
}
