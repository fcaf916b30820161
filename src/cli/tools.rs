//! `tools`: what a client would see.

use serde_json::{Value as Json, json};

use super::args::List;
use super::source::{self, CommandError};
use super::{Exit, print};
use crate::access::{Caller, ToolPolicy};
use crate::call::sight;
use crate::catalog::Effect;
use crate::catalog::Tool;
use crate::catalog::schema::{self, Sight};
use crate::config::env;
use crate::desk::tools;

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
    let tools = policy.visible(&all);
    if args.json {
        print::json(&tools.map(|tool| described(tool, &sight)).collect());
    } else {
        for tool in tools {
            let effect = if tool.effect() == Effect::Read { "reads" } else { "writes" };
            print::line(&format!("{:<30} {effect:<7} {}", tool.name(), tool.title()));
        }
    }
    Ok(Exit::Done)
}

/// A tool as MCP has it.
fn described(tool: &Tool, sight: &Sight) -> Json {
    let hints = tool.annotations();
    json!({
        "name": tool.name(),
        "title": tool.title(),
        "description": tool.description(),
        "inputSchema": schema::input(tool, sight),
        "outputSchema": schema::output(tool),
        "annotations": {
            "readOnlyHint": hints.read_only_hint,
            "destructiveHint": hints.destructive_hint,
            "idempotentHint": hints.idempotent_hint,
            "openWorldHint": hints.open_world_hint,
        },
    })
}
