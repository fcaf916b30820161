//! Who did what, where, and how it ended.

use std::time::Duration;

use crate::catalog::ToolError;
use crate::telemetry::field;
use crate::tenant::Caller;

/// Writes one line for one call on one workspace.
///
/// Names and numbers only: no argument's value, no output, no host text.
pub(crate) fn record(
    caller: &Caller,
    correlation: &str,
    tool: &str,
    target: Option<(&str, &str)>,
    error: Option<&ToolError>,
    duration: Duration,
) {
    let (tenant, workspace) = target.unwrap_or(("", ""));
    let outcome = error.map_or("done", |error| error.outcome.as_str());
    let code = error.map_or("", |error| error.code.as_str());
    let cause = error.and_then(|error| error.cause.as_deref()).map(chain).unwrap_or_default();
    tracing::info!(
        target: field::AUDIT,
        correlation,
        caller = %caller.name,
        tool,
        tenant,
        workspace,
        outcome,
        code,
        cause,
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "call"
    );
}

/// The causes in one line. Every error type of ours and of wsman shows names
/// and numbers only.
fn chain(error: &(dyn std::error::Error + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = error.source();
    }
    text
}
