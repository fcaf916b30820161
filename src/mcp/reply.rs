//! Our tools and answers as rmcp's types.

use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, Tool as McpTool, ToolAnnotations};
use serde_json::Value as Json;

use crate::answer::{Answer, Outcome};
use crate::catalog::Tool;
use crate::catalog::schema::{self, Sight};

/// A tool as clients see it.
pub(super) fn tool(tool: &Tool, sight: &Sight) -> McpTool {
    let hints = tool.annotations();
    McpTool::new(tool.name(), tool.description(), Arc::new(schema::input(tool, sight)))
        .with_title(tool.title())
        .with_raw_output_schema(Arc::new(schema::output(tool)))
        .with_annotations(
            ToolAnnotations::new()
                .read_only(hints.read_only_hint)
                .destructive(hints.destructive_hint)
                .idempotent(hints.idempotent_hint)
                .open_world(hints.open_world_hint),
        )
}

/// An answer as clients see it: the envelope, and a copy to read.
pub(super) fn answer(answer: Answer) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.text)]);
    result.structured_content = Some(Json::Object(answer.envelope));
    // A partial answer is an answer: models read no further in what is marked as an error.
    result.is_error = Some(!matches!(answer.outcome, Outcome::Done | Outcome::Partial));
    result
}
