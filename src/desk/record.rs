//! Who did what, where, and how it ended: the only place that says so.

use super::matter::Matter;
use super::request::Request;
use crate::answer::{Answer, ToolError};
use crate::watch::field;

/// Before anything of a write is sent.
pub(super) fn begin(request: &Request<'_>, matter: &Matter<'_>) -> Result<(), ToolError> {
    let (tenant, workspace) = matter.place().unwrap_or(("", ""));
    tracing::info!(
        target: field::AUDIT,
        correlation = matter.correlation,
        caller = %request.caller.name,
        tool = matter.name(),
        tenant,
        workspace,
        "begin"
    );
    Ok(())
}

/// When it is over, however it ended.
///
/// Names and numbers only: no argument's value, no output, no host text.
pub(super) fn end(request: &Request<'_>, matter: &Matter<'_>, answered: Result<&Answer, &ToolError>) {
    let (tenant, workspace) = matter.place().unwrap_or(("", ""));
    let error = answered.err();
    let outcome = answered.map_or_else(ToolError::outcome, |answer| answer.outcome).as_str();
    let code = answered.map_or_else(|error| Some(error.code()), |answer| answer.code);
    let cause = error.and_then(|error| error.cause.as_deref()).map(chain).unwrap_or_default();
    tracing::info!(
        target: field::AUDIT,
        correlation = matter.correlation,
        caller = %request.caller.name,
        tool = matter.name(),
        tenant,
        workspace,
        outcome,
        code = code.map_or("", crate::answer::Code::as_str),
        cause,
        duration_ms = u64::try_from(matter.elapsed().as_millis()).unwrap_or(u64::MAX),
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
