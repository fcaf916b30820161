//! `catalog probe`: what a host's script has, beside the catalogue.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Map;

use super::rules::entry;
use super::targets::{known, targets, text};
use super::{Asking, FleetTool, QUESTION, Told};
use crate::answer::case::{Misspelt, Unknown};
use crate::answer::{About, One, ToolError};
use crate::catalog::{Argument, Definition, Form, OutputKind, ToolSet};
use crate::desk::matter::Place;
use crate::tenant::Target;

/// The tool.
pub(super) const TOOL: FleetTool = FleetTool { definition: &DEFINITION, handler };

static DEFINITION: Definition = Definition {
    name: "catalog_probe",
    title: "What a host's script has",
    description: "Asks a host for every function of its script.",
    set: ToolSet::Fleet,
    annotations: QUESTION,
    arguments: &[
        Argument { name: "tenant", form: Form::Tenant },
        Argument { name: "host", form: Form::Tenant },
        Argument { name: "known", form: Form::Choice(&[]) },
    ],
    aliases: &[],
    function: None,
    fields: &[],
};

fn handler(asking: Asking<'_>) -> BoxFuture<'_, Result<Told, ToolError>> {
    async move { ask(&asking).await }.boxed()
}

/// Any workspace of the tenant, or of the first tenant on the host: the script
/// is the host's.
async fn ask(asking: &Asking<'_>) -> Result<Told, ToolError> {
    known(asking, &DEFINITION)?;
    let target = match text(asking.arguments, "host")? {
        Some(host) => on_host(asking, host)?,
        None => {
            let all = targets(asking, text(asking.arguments, "tenant")?, None)?;
            all.into_iter().next().ok_or_else(|| ToolError::of(Unknown::AnyTenant))?
        }
    };
    let none = Map::new();
    // Any function: only the right to ask the target is looked at.
    let look = asking.ask(entry("Get-AnalyticsRules")?, &target, &none);
    let overlay = asking.path().overlay(&look, text(asking.arguments, "known")?).await;
    let places = vec![Place::of(&target, overlay.as_ref().err())];
    // Without a bound of its own: it goes into a file, not into a model's context.
    let rows = Arc::new(overlay?.into_iter().collect());
    Ok(Told { rows, about: About::One(One::of(OutputKind::Object)), places })
}

fn on_host(asking: &Asking<'_>, host: &str) -> Result<Target, ToolError> {
    let targets = targets(asking, None, None)?;
    let found = targets.iter().find(|target| target.host().as_str() == host).cloned();
    found.ok_or_else(|| {
        let mut names: Vec<&str> = targets.iter().map(|target| target.host().as_str()).collect();
        names.dedup();
        ToolError::of(Unknown::Host(Misspelt::of(host, names)))
    })
}
