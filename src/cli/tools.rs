//! `tools`: what a client would see.

use serde_json::Value as Json;

use super::args::List;
use super::sheet::{Column, Fit, Sheet, Table, Tone};
use super::source::{self, CommandError};
use super::terminal::Terminal;
use super::{Exit, explain, print};
use crate::access::{Caller, ToolPolicy};
use crate::answer::In;
use crate::answer::case::{Case, Misspelt, Unknown};
use crate::call::sight;
use crate::catalog::Effect;
use crate::catalog::schema::{self, Sight};
use crate::catalog::{Tool, Tools};
use crate::config::env;
use crate::desk::tools;
use crate::tenant::Language;

/// Without a configuration, the tools as such.
pub(super) async fn run(args: &List) -> Result<Exit, CommandError> {
    let configured = args.source.is_given() || env::config().is_some();
    let (policy, sight) = if configured {
        let config = source::any(&args.source, &args.tools).await?.config;
        let caller = Caller::local(config.policy.clone());
        let sight = sight(&config.registry, &caller);
        (caller.policy, sight)
    } else {
        (source::narrowed(ToolPolicy::default(), &args.tools), Sight::default())
    };
    let all = tools();
    if let Some(name) = &args.tool {
        return Ok(one(&all, name, args.json, (&policy, &sight)));
    }
    let tools = policy.visible(&all);
    match print::terminal() {
        _ if args.json => print::json(&tools.map(|tool| Json::from(schema::listed(tool))).collect()),
        Some(terminal) => print::sheet(&list(tools), terminal),
        None => tools.for_each(|tool| {
            let effect = if tool.effect() == Effect::Read { "reads" } else { "writes" };
            print::line(&format!("{:<30} {effect:<7} {}", tool.name(), tool.title()));
        }),
    }
    Ok(Exit::Done)
}

/// One tool, whether clients are shown it or not.
fn one(all: &Tools, name: &str, as_json: bool, (policy, sight): (&ToolPolicy, &Sight)) -> Exit {
    let prefixed = format!("sentinel_{name}");
    let Some(tool) = all.find(name).or_else(|| all.find(&prefixed)) else {
        let unknown = Case::Unknown(Unknown::Tool(Misspelt::of(name, all.iter().map(Tool::name))));
        print::complain(&In(Language::English, &unknown).to_string());
        return Exit::Refused;
    };
    if as_json {
        print::json(&schema::listed(&tool).into());
        return Exit::Done;
    }
    let terminal = print::terminal().unwrap_or(Terminal::UNKNOWN);
    print::sheet(&explain::sheet(&tool, sight, policy, terminal.width), terminal);
    Exit::Done
}

/// A line per tool, set by set.
fn list<'a>(tools: impl Iterator<Item = &'a Tool>) -> Sheet {
    let mut tools: Vec<&Tool> = tools.collect();
    tools.sort_by_key(|tool| tool.set().to_string());
    let mut table = Table::new(["set", "tool", "does", "what"].map(Column::new).into(), Fit::Cut);
    for tool in &tools {
        let cells =
            [tool.set().to_string(), tool.name().to_owned(), explain::does(tool).to_owned(), tool.title().to_owned()];
        table.row(cells.into());
    }
    let mut sheet = Sheet::default();
    sheet.table(&table);
    sheet.gap();
    sheet.line(
        Tone::Plain,
        format!("{} tools; `sentinel-jump tools NAME` explains one, --tools all shows all.", tools.len()),
    );
    sheet
}
