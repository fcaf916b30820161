//! `tools`: what a client would see.

use serde_json::{Value as Json, json};

use super::args::List;
use super::source::{self, CommandError};
use super::{Exit, print};
use crate::call::sight;
use crate::catalog::schema::{self, Sight};
use crate::catalog::{Tool, visible};
use crate::config::env;
use crate::tenant::{Caller, Effect, Mode, Policy};

/// Without a configuration, the tools as such.
pub(super) async fn run(args: &List) -> Result<Exit, CommandError> {
    let configured = args.source.demo || args.source.config.is_some() || env::config().is_some();
    let (policy, sight) = if configured {
        let sourced = source::any(&args.source, &args.tools).await?;
        let sight = sight(&sourced.config.registry, &Caller::local());
        (sourced.config.policy, sight)
    } else {
        let mut policy = Policy::default();
        if !args.tools.tools.is_empty() {
            policy.sets = args.tools.tools.iter().copied().collect();
        }
        if args.tools.read_only {
            policy.mode = Mode::ReadOnly;
        }
        (policy, Sight::default())
    };
    let tools = visible(&policy);
    if args.json {
        print::json(&tools.iter().map(|tool| described(tool, &sight)).collect());
    } else {
        for tool in &tools {
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
