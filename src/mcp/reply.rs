//! Our tools and answers as rmcp's types.

use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, Tool as McpTool};
use serde_json::Value as Json;

use crate::answer::{Answer, Outcome};
use crate::catalog::Tool;
use crate::catalog::schema;

/// A tool as clients see it.
pub(super) fn tool(tool: &Tool) -> McpTool {
    let mut listed = McpTool::new(tool.name(), tool.description(), Arc::new(schema::input(tool)))
        .with_raw_output_schema(Arc::new(schema::output(tool)));
    // The same four keys as rmcp has, with what need not be said left out.
    listed.annotations = serde_json::from_value(schema::hints(tool.annotations()).into()).ok();
    listed
}

/// An answer as clients see it: the envelope, and a copy to read.
pub(super) fn answer(answer: Answer) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.text)]);
    result.structured_content = Some(Json::Object(answer.envelope));
    // A partial answer is an answer: models read no further in what is marked as an error.
    result.is_error = Some(!matches!(answer.outcome, Outcome::Done | Outcome::Partial));
    result
}
