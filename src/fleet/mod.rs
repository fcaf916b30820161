//! Questions over many workspaces, and the door to all tools.

mod fan_out;
mod rules;

use crate::call::{Answer, CallPath, Request};
use crate::catalog::{Fleet, Tool, find};

/// Answers any tool: a fleet question here, a function down its path.
pub async fn answer(path: &CallPath, request: Request<'_>) -> Answer {
    match find(request.tool) {
        Some(Tool::Fleet(Fleet::ListAnalyticsRules)) => rules::answer(path, &request).await,
        _ => path.answer(request).await,
    }
}
