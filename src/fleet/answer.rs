//! What all fleet tools share: the steps around the question, and its answer.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::call::{self, Answer, CallPath, Head, Lines, Question, Request};
use crate::catalog::schema::fields;
use crate::catalog::{Code, Fleet, Outcome, Tool, ToolError};

/// What came of a question, before it is cut into pages.
pub(super) struct Told {
    pub(super) rows: Vec<Json>,
    pub(super) about: call::Fleet,
}

impl Told {
    /// A question that was answered thus; the rest is to be filled in.
    pub(super) fn new((outcome, code): (Outcome, Option<Code>), rows: Vec<Json>) -> Self {
        let (lines, missing) = (Lines::default(), Vec::new());
        Self { rows, about: call::Fleet { outcome, code, lines, missing, more: Map::new(), cached: None } }
    }
}

/// A fleet tool: asks when there is no cursor. Never fails: an error is an
/// answer, too.
pub(super) async fn answer<'a, F>(
    path: &'a CallPath,
    request: &'a Request<'a>,
    fleet: Fleet,
    question: impl FnOnce(String) -> F,
) -> Answer
where
    F: Future<Output = Result<Told, ToolError>>,
{
    let correlation = path.id();
    let began = Instant::now();
    let answer = steps(path, request, fleet, question, &correlation, began).await;
    answer.unwrap_or_else(|error| {
        call::record(request.caller, &correlation, request.tool, None, Some(&error), began.elapsed());
        call::refused(&head(fleet, &correlation, began), &error)
    })
}

fn head(fleet: Fleet, correlation: &str, began: Instant) -> Head<'_> {
    let function = fleet.function().unwrap_or_else(|| fleet.name());
    Head { tool: fleet.name(), function, target: None, correlation, duration: began.elapsed() }
}

async fn steps<F>(
    path: &CallPath,
    request: &Request<'_>,
    fleet: Fleet,
    question: impl FnOnce(String) -> F,
    correlation: &str,
    began: Instant,
) -> Result<Answer, ToolError>
where
    F: Future<Output = Result<Told, ToolError>>,
{
    let tool = Tool::Fleet(fleet);
    if !path.config().policy.allows(tool.set(), tool.effect()) {
        let said = format!("\"{}\" is switched off on this server.", tool.name());
        return Err(ToolError::refused(Code::NotPermitted, said));
    }
    let view = call::view(request.arguments)?;
    call::fields(&view, fields(fleet).iter().copied())?;
    let asked = Question::new(&request.caller.name, tool.name(), request.arguments);
    if let Some(found) = path.kept(&view, &asked) {
        let found = found?;
        let Some(about) = found.fleet else {
            return Err(ToolError::refused(
                Code::Internal,
                "A page of many workspaces that does not say how it ended.",
            ));
        };
        let page = call::page_within(&found.rows, found.at, &view, call::room(&about));
        let cursor = page.next.map(|next| format!("{}.{next}", found.id));
        call::record(request.caller, correlation, request.tool, None, None, began.elapsed());
        return Ok(call::fleet(&head(fleet, correlation, began), &about, Some(found.age), page, cursor));
    }
    let Told { rows, about } = question(correlation.to_owned()).await?;
    let (rows, about) = (Arc::new(rows), Arc::new(about));
    let page = call::page_within(&rows, 0, &view, call::room(&about));
    let cursor = path.keep(page.next, asked, rows, Some(Arc::clone(&about)));
    Ok(call::fleet(&head(fleet, correlation, began), &about, None, page, cursor))
}
