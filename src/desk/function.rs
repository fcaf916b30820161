//! A question about one workspace: one function of the script.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::matter::Matter;
use super::{Desk, Request, Told};
use crate::answer::case::Slip;
use crate::answer::{About, One, ToolError};
use crate::call::Ask;
use crate::catalog::{Effect, Entry, Tool};

/// Asks it. What a write is about to do is written down before anything of it
/// is sent, and after a person has said yes.
pub(super) async fn ask(
    desk: &Desk,
    request: &Request<'_>,
    matter: &mut Matter<'_>,
    entry: &'static Entry,
    arguments: &Map<String, Json>,
) -> Result<Told, ToolError> {
    let target = matter.target.clone();
    let Some(target) = &target else {
        return Err(ToolError::of(Slip::NoTarget));
    };
    let ask = Ask {
        caller: request.caller,
        tool: Tool::Function(entry),
        entry,
        target,
        arguments,
        correlation: matter.correlation,
        progress: request.progress,
        confirm: request.confirm,
        cancel: request.cancel,
        language: matter.language,
    };
    // Two steps: between them stands the line that says what is about to be done, after the yes and before the first byte.
    let prepared = desk.path.prepare(&ask).await?;
    matter.is_confirmed = prepared.is_confirmed();
    if entry.effect() == Effect::Write {
        desk.record.begin(desk.now(), request, matter).await?;
    }
    let executed = desk.path.run(&ask, prepared).await?;
    let rows = &executed.rows;
    let about = One {
        untrusted: &entry.untrusted_output,
        text: rows.text.clone(),
        warnings: rows.warnings.clone(),
        ours: rows.ours.clone(),
        host_errors: rows.host_errors.clone(),
        filters: rows.filters.clone(),
        cached: executed.cached,
        ..One::of(entry.output.kind)
    };
    Ok(Told { rows: Arc::clone(&rows.rows), about: About::One(about), places: Vec::new() })
}
