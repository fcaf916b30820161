//! `sentinel_tenants_list`: whose workspaces there are.
//!
//! From the configuration, and from what sessions have told before: no host is
//! asked, so it answers at once, also of customers whose host is dead.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};

use super::targets::{TENANT, known, targets, text};
use super::{Asking, FleetTool, QUESTION, Told};
use crate::answer::{About, One, ToolError};
use crate::catalog::{Argument, Definition, Form, OutputKind, Tool, ToolSet};
use crate::tenant::{Confirming, Target};

/// The tool.
pub(super) const TOOL: FleetTool = FleetTool { definition: &DEFINITION, handler };

static DEFINITION: Definition = Definition {
    name: "sentinel_tenants_list",
    title: "List customers and workspaces",
    description: "List the tenants (customers) and workspaces there are, by the aliases that other tools take. lacks: tools that the host's script cannot serve; null: not known before its first call.",
    set: ToolSet::Fleet,
    annotations: QUESTION,
    arguments: &[Argument { name: TENANT, form: Form::TenantOrAll }],
    aliases: &[],
    function: None,
    fields: &["workspaceName", "host", "lacks", "confirm", "language", "azureTenant"],
};

fn handler(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    std::future::ready(ask(&asking)).boxed()
}

fn ask(asking: &Asking<'_>) -> Result<Told, ToolError> {
    known(asking, &DEFINITION)?;
    let targets = targets(asking, text(asking.arguments, TENANT)?, None)?;
    let rows = Arc::new(targets.iter().map(|target| row(asking, target)).collect());
    Ok(Told { rows, about: About::One(One::of(OutputKind::List)), places: Vec::new() })
}

fn row(asking: &Asking<'_>, target: &Target) -> Json {
    let (tenant, workspace) = (target.tenant(), target.workspace());
    json!({
        "tenant": tenant.id.as_str(),
        "workspace": workspace.id.as_str(),
        "workspaceName": workspace.name,
        "host": target.host().as_str(),
        "lacks": lacks(asking, target),
        "confirm": match tenant.confirm {
            Confirming::Ask => "ask",
            Confirming::Never => "never",
        },
        "language": tenant.language.unwrap_or_else(|| asking.desk.config().language).to_string(),
        "azureTenant": tenant.azure_tenant,
    })
}

/// Tools that the caller may call and the host's script has no function for;
/// `None` while no session has told what it has.
fn lacks(asking: &Asking<'_>, target: &Target) -> Option<Vec<&'static str>> {
    let has = asking.path().functions_of(target.host())?;
    let callable = asking.request.caller.policy.callable(asking.desk.tools());
    let lacking = callable.filter_map(|tool| match tool {
        Tool::Function(entry) => {
            let found = has.iter().any(|name| name.eq_ignore_ascii_case(&entry.function));
            (!found).then_some(entry.tool.as_str())
        }
        Tool::Fleet(_) => None,
    });
    Some(lacking.collect())
}
