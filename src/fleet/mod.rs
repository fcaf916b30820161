//! Questions over many workspaces, and the door to all tools.

mod answer;
mod fan_out;
mod health;
mod rule;
mod rules;
mod targets;

use crate::call::{Answer, CallPath, Request};
use crate::catalog::{Fleet, Tool, find};

/// Answers any tool: a fleet question here, a function down its path.
pub async fn answer(path: &CallPath, request: Request<'_>) -> Answer {
    match find(request.tool) {
        Some(Tool::Fleet(Fleet::HealthCheck)) => health::answer(path, &request).await,
        Some(Tool::Fleet(Fleet::ListAnalyticsRules)) => rules::answer(path, &request).await,
        Some(Tool::Function(entry)) if entry.function == rule::FUNCTION => rule::answer(path, request, entry).await,
        _ => path.answer(request).await,
    }
}
