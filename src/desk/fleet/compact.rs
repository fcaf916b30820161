//! Two tools that stand for all the others, for clients that cannot carry a
//! long list: one finds tools, one calls them.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json, json};

use super::targets::{known, text};
use super::{Asking, FleetTool, QUESTION, Told};
use crate::answer::case::{BadArgument, Misspelt, Unknown, Wanted};
use crate::answer::{About, One, ToolError, expected};
use crate::catalog::{
    Annotations, Argument, Definition, Effect, Form, Kind, OutputKind, Tool, ToolSet, reading, schema,
};

const QUERY: &str = "query";
const TOOL: &str = "tool";
const ARGUMENTS: &str = "arguments";

/// The tool that finds.
pub(super) const SEARCH: FleetTool = FleetTool { definition: &SEARCHED, handler: search };
/// The tool that calls.
pub(super) const INVOKE: FleetTool = FleetTool { definition: &INVOKED, handler: misused };

static SEARCHED: Definition = Definition {
    name: "sentinel_search_tools",
    title: "Find a tool",
    description: "Find tools for Microsoft Sentinel by words such as incident, rule, table, backup, health or the name of a tool; without query all. Each row has a tool's name, description and inputSchema.",
    set: ToolSet::Compact,
    annotations: QUESTION,
    arguments: &[Argument { name: QUERY, form: Form::Text }],
    aliases: &[],
    function: None,
    fields: &["tool", "writes", "description", "inputSchema"],
};

static INVOKED: Definition = Definition {
    name: "sentinel_invoke",
    title: "Call a tool",
    description: "Call a tool that sentinel_search_tools found, with arguments that fit its inputSchema.",
    set: ToolSet::Compact,
    // As the worst of what may be called with it.
    annotations: Annotations {
        read_only_hint: false,
        destructive_hint: true,
        idempotent_hint: false,
        open_world_hint: true,
    },
    arguments: &[Argument { name: TOOL, form: Form::Text }, Argument { name: ARGUMENTS, form: Form::Object }],
    aliases: &[],
    function: None,
    fields: &[],
};

/// What [`INVOKE`] is to call; `None` when it is another tool, or when it
/// cannot be told.
pub(in crate::desk) fn invoked<'a>(
    tool: &str,
    arguments: &'a Map<String, Json>,
) -> Option<(&'a str, Map<String, Json>)> {
    if tool != INVOKED.name || arguments.keys().any(|name| name != TOOL && name != ARGUMENTS) {
        return None;
    }
    let Some(Json::String(tool)) = arguments.get(TOOL) else { return None };
    let arguments = match arguments.get(ARGUMENTS) {
        None | Some(Json::Null) => Map::new(),
        Some(given) => match reading::read(Kind::Object, given)? {
            Json::Object(given) => given,
            _ => return None,
        },
    };
    // One in the other would be found as little as a tool that does not exist.
    (tool != INVOKED.name).then_some((tool, arguments))
}

/// Whoever gets here asked for nothing that can be called.
fn misused(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    std::future::ready(Err(wrong(&asking))).boxed()
}

fn wrong(asking: &Asking<'_>) -> ToolError {
    if let Err(error) = known(asking, &INVOKED) {
        return error;
    }
    match asking.arguments.get(TOOL) {
        None | Some(Json::Null) => ToolError::of(BadArgument::Missing { name: TOOL }),
        Some(Json::String(tool)) if tool == INVOKED.name => {
            let callable = asking.request.caller.policy.callable(asking.desk.tools());
            ToolError::of(Unknown::Tool(Misspelt::of(tool, callable.map(Tool::name))))
        }
        Some(Json::String(_)) => expected(ARGUMENTS, Wanted::Object),
        Some(_) => expected(TOOL, Wanted::Text),
    }
}

fn search(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    std::future::ready(found(&asking)).boxed()
}

/// Tools that the caller may call, those with most of the words first.
fn found(asking: &Asking<'_>) -> Result<Told, ToolError> {
    known(asking, &SEARCHED)?;
    let query = text(asking.arguments, QUERY)?.unwrap_or_default().to_lowercase();
    let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let callable = asking.request.caller.policy.callable(asking.desk.tools());
    let mut found: Vec<(usize, &Tool)> = callable.map(|tool| (fit(tool, &words), tool)).collect();
    if !words.is_empty() {
        found.retain(|(fit, _)| *fit > 0);
    }
    // Stable: those that fit alike stay in the order of their names.
    found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    let rows = Arc::new(found.into_iter().map(|(_, tool)| row(tool)).collect());
    Ok(Told { rows, about: About::One(One::of(OutputKind::List)), places: Vec::new() })
}

/// How well a tool fits the words: one in its name says twice as much as one
/// in its description.
fn fit(tool: &Tool, words: &[&str]) -> usize {
    let (name, said) = (tool.name(), format!("{} {} {}", tool.title(), tool.description(), tool.set()).to_lowercase());
    // "incidents" finds what is called "incident".
    let stem = |word: &str| word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(word).to_owned();
    words
        .iter()
        .map(|word| stem(word))
        .map(|word| 2 * usize::from(name.contains(&word)) + usize::from(said.contains(&word)))
        .sum()
}

fn row(tool: &Tool) -> Json {
    json!({
        "tool": tool.name(),
        "writes": tool.effect() == Effect::Write,
        "description": tool.description(),
        "inputSchema": schema::input(tool),
    })
}
