//! `sentinel_list_analytics_rules`: every analytics rule of every customer.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json, json};

use super::fan_out::{self, Asking, Said};
use super::targets::{OLD_FILTERS, TENANT, WORKSPACE, flag, known, targets, text};
use super::{FleetTool, QUESTION, Told};
use crate::answer::case::Slip;
use crate::answer::{self, Records, ToolError};
use crate::call::Executed;
use crate::catalog::{Argument, Definition, Entry, Form, ToolSet, function};

const ENABLED: &str = "enabled_only";

/// The tool.
pub(super) const TOOL: FleetTool = FleetTool { definition: &DEFINITION, handler };

static DEFINITION: Definition = Definition {
    name: "sentinel_list_analytics_rules",
    title: "List analytics rules of all customers",
    description: "List or compare analytics rules across customers; without filters of all. Each row says whose it is; a host that cannot be reached is named.",
    set: ToolSet::Fleet,
    annotations: QUESTION,
    arguments: &[
        Argument { name: TENANT, form: Form::TenantOrAll },
        Argument { name: WORKSPACE, form: Form::Workspace },
        Argument { name: ENABLED, form: Form::Flag },
    ],
    aliases: &OLD_FILTERS,
    function: Some("Get-AnalyticsRules"),
    fields: &[],
};

fn handler(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    async move { ask(&asking).await }.boxed()
}

async fn ask(asking: &Asking<'_>) -> Result<Told, ToolError> {
    let entry = entry("Get-AnalyticsRules")?;
    known(asking, &DEFINITION)?;
    let arguments = arguments(asking.arguments)?;
    let (tenant, workspace) = (text(asking.arguments, TENANT)?, text(asking.arguments, WORKSPACE)?);
    let targets = targets(asking, tenant, workspace)?;
    let arguments = &arguments;
    let said = asking.each(targets, |target| async move { asking.read(entry, &target, arguments).await }).await;
    let rows: Records = said.iter().flat_map(rows).collect();
    // Names that users know from the tool of this name that came before.
    let more = [
        ("timestamp", json!(asking.now().to_string())),
        ("workspaces_queried", json!(said.len())),
        ("total_rules", json!(rows.len())),
        ("summary", json!(fan_out::counts(&said))),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    let lines = answer::lines(said.iter().map(|said| said.line(Said::counted)));
    let age = fan_out::cached(said.iter().filter_map(|said| said.result.as_ref().ok()));
    Ok(Told::many(&said, rows, lines, more).cached(age))
}

/// The catalogue's entry of a function that the server itself asks for.
pub(super) fn entry(name: &str) -> Result<&'static Entry, ToolError> {
    function(name).ok_or_else(|| ToolError::of(Slip::NoFunction))
}

/// The rows of a workspace, each saying whose it is.
fn rows(said: &Said<Executed>) -> impl Iterator<Item = Json> {
    let rows = said.result.as_ref().ok().map(|executed| executed.rows.rows.iter());
    rows.into_iter().flatten().map(|row| said.row(&row))
}

/// The function's arguments, from the tool's.
fn arguments(given: &Map<String, Json>) -> Result<Map<String, Json>, ToolError> {
    let mut arguments = Map::new();
    if flag(given, ENABLED)? {
        arguments.insert("Enabled".into(), true.into());
    }
    Ok(arguments)
}
