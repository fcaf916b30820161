//! `sentinel_list_analytics_rules`: every analytics rule of every customer.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use super::fan_out::{self, fan_out};
use crate::call::{self, Answer, CallPath, Head, Question, Request};
use crate::catalog::schema::VIEW;
use crate::catalog::{Code, Fleet, Outcome, Tool, ToolError, find};
use crate::tenant::Target;

const TOOL: Fleet = Fleet::ListAnalyticsRules;
const FILTERS: [&str; 3] = ["tenant_filter", "workspace_filter", "enabled_only"];

/// Answers the question. Never fails: an error is an answer, too.
pub(super) async fn answer(path: &CallPath, request: &Request<'_>) -> Answer {
    let correlation = path.id();
    let began = Instant::now();
    let answer = steps(path, request, &correlation, began).await;
    answer.unwrap_or_else(|error| {
        call::record(request.caller, &correlation, request.tool, None, Some(&error), began.elapsed());
        call::refused(&head(&correlation, began), &error)
    })
}

fn head(correlation: &str, began: Instant) -> Head<'_> {
    Head { tool: TOOL.name(), function: TOOL.function(), target: None, correlation, duration: began.elapsed() }
}

async fn steps(path: &CallPath, request: &Request<'_>, correlation: &str, began: Instant) -> Result<Answer, ToolError> {
    let tool = Tool::Fleet(TOOL);
    if !path.config().policy.allows(tool.set(), tool.effect()) {
        let said = format!("\"{}\" is switched off on this server.", tool.name());
        return Err(ToolError::refused(Code::NotPermitted, said));
    }
    let Some(Tool::Function(entry)) = find(TOOL.function()) else {
        return Err(ToolError::refused(Code::Internal, "The catalogue lacks the function behind this tool."));
    };
    let view = call::view(request.arguments)?;
    let fields = entry.output.properties.iter().map(|field| field.name.as_str());
    call::fields(&view, fields.chain(["tenant", "workspace"]))?;
    let arguments = arguments(request.arguments)?;
    let targets = targets(path, request)?;
    let question = Question::new(&request.caller.name, tool.name(), request.arguments);
    if let Some(found) = path.kept(&view, &question) {
        let found = found?;
        let page = call::page(&found.rows, found.at, &view);
        let cursor = page.next.map(|next| format!("{}.{next}", found.id));
        let kept = call::Fleet {
            outcome: Outcome::Done,
            code: None,
            workspaces: Vec::new(),
            missing: Vec::new(),
            cached: Some(found.age),
        };
        call::record(request.caller, correlation, request.tool, None, None, began.elapsed());
        return Ok(call::fleet(&head(correlation, began), kept, page, cursor));
    }
    let said = fan_out(path, request, entry, &arguments, targets, correlation).await;
    let rows: Arc<Vec<Json>> = Arc::new(said.iter().flat_map(fan_out::Said::rows).collect());
    let page = call::page(&rows, 0, &view);
    let cursor = path.keep(page.next, question, rows);
    let (outcome, code) = fan_out::verdict(&said);
    let missing = said.iter().filter_map(|said| {
        let error = said.result.as_ref().err()?;
        let (tenant, workspace) = (&said.target.tenant().id, &said.target.workspace().id);
        Some(format!("Missing: {tenant}/{workspace} ({}): {}", error.code.as_str(), error.said))
    });
    let all = call::Fleet {
        outcome,
        code,
        workspaces: said.iter().map(fan_out::Said::line).collect(),
        missing: missing.collect(),
        cached: None,
    };
    Ok(call::fleet(&head(correlation, began), all, page, cursor))
}

/// The function's arguments, from the tool's.
fn arguments(given: &Map<String, Json>) -> Result<Map<String, Json>, ToolError> {
    for name in given.keys() {
        let known = FILTERS.iter().chain(&VIEW).copied();
        if !known.clone().any(|known| known == name) {
            let said = format!("There is no argument \"{name}\"");
            return Err(ToolError::misspelt(Code::InvalidArgument, &said, name, known));
        }
    }
    let mut arguments = Map::new();
    match given.get("enabled_only") {
        None | Some(Json::Null | Json::Bool(false)) => {}
        Some(Json::Bool(true)) => drop(arguments.insert("Enabled".into(), true.into())),
        Some(_) => return Err(call::expected("enabled_only", "true or false")),
    }
    Ok(arguments)
}

/// The targets that the filters leave, by exact alias.
fn targets(path: &CallPath, request: &Request<'_>) -> Result<Vec<Target>, ToolError> {
    let registry = &path.config().registry;
    let filter = |name: &str| match request.arguments.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(alias)) => Ok(Some(alias.as_str())),
        Some(_) => Err(call::expected(name, "a string")),
    };
    let (tenant, workspace) = (filter("tenant_filter")?, filter("workspace_filter")?);
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
