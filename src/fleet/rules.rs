//! `sentinel_list_analytics_rules`: every analytics rule of every customer.

use serde_json::{Map, Value as Json, json};

use super::answer::{self, Told};
use super::fan_out::{self, Asking, Said};
use super::targets::{known, targets, text};
use crate::call::{self, Answer, CallPath, Executed, Request};
use crate::catalog::{Code, Entry, Fleet, Tool, ToolError, find};

const FILTERS: [&str; 3] = ["tenant_filter", "workspace_filter", "enabled_only"];

/// Answers the question.
pub(super) async fn answer(path: &CallPath, request: &Request<'_>) -> Answer {
    let question = async |correlation: String| ask(path, request, &correlation).await;
    answer::answer(path, request, Fleet::ListAnalyticsRules, question).await
}

async fn ask(path: &CallPath, request: &Request<'_>, correlation: &str) -> Result<Told, ToolError> {
    let entry = entry("Get-AnalyticsRules")?;
    known(request.arguments, &FILTERS)?;
    let arguments = arguments(request.arguments)?;
    let (tenant, workspace) = (text(request.arguments, FILTERS[0])?, text(request.arguments, FILTERS[1])?);
    let targets = targets(path, request, tenant, workspace)?;
    let asking = Asking::new(path, request, Fleet::ListAnalyticsRules, correlation);
    let (asking, arguments) = (&asking, &arguments);
    let said = asking.each(targets, |target| async move { asking.read(entry, &target, arguments).await }).await;
    let mut told = Told::new(fan_out::verdict(&said), said.iter().flat_map(rows).collect());
    let about = &mut told.about;
    about.lines = call::lines(said.iter().map(|said| said.line(Said::counted)));
    about.missing = said.iter().filter_map(Said::missing).collect();
    about.cached = fan_out::cached(said.iter().filter_map(|said| said.result.as_ref().ok()));
    // Names that users know from the tool of this name that came before.
    about.more.insert("timestamp".into(), path.now().to_string().into());
    about.more.insert("workspaces_queried".into(), said.len().into());
    about.more.insert("total_rules".into(), told.rows.len().into());
    about.more.insert("summary".into(), json!(fan_out::counts(&said)));
    Ok(told)
}

/// The catalogue's entry of a function that the server itself asks for.
pub(super) fn entry(function: &str) -> Result<&'static Entry, ToolError> {
    match find(function) {
        Some(Tool::Function(entry)) => Ok(entry),
        _ => Err(ToolError::refused(Code::Internal, "The catalogue lacks the function behind this tool.")),
    }
}

/// The rows of a workspace, each saying whose it is.
fn rows(said: &Said<Executed>) -> Vec<Json> {
    let rows = said.result.as_ref().map(|executed| executed.rows.rows.as_slice()).unwrap_or_default();
    rows.iter().map(|row| said.row(row)).collect()
}

/// The function's arguments, from the tool's.
fn arguments(given: &Map<String, Json>) -> Result<Map<String, Json>, ToolError> {
    let mut arguments = Map::new();
    match given.get("enabled_only") {
        None | Some(Json::Null | Json::Bool(false)) => {}
        Some(Json::Bool(true)) => drop(arguments.insert("Enabled".into(), true.into())),
        Some(_) => return Err(call::expected("enabled_only", "true or false")),
    }
    Ok(arguments)
}
