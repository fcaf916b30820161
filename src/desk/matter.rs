//! What is known of a question while it is answered.

use tokio::time::Instant;

use crate::answer::{Code, Head, Outcome, ToolError};
use crate::audit;
use crate::catalog::Tool;
use crate::tenant::{Language, Target};

/// One question, as far as it has come. What it says is what the trail and
/// the head of the answer say, also when the answer is an error.
#[derive(Debug)]
pub(super) struct Matter<'a> {
    pub(super) correlation: &'a str,
    /// As asked for.
    asked: &'a str,
    began: Instant,
    pub(super) tool: Option<Tool>,
    /// Of a question about one workspace.
    pub(super) target: Option<Target>,
    /// Of a question about several: each workspace, and how it ended there.
    pub(super) places: Vec<Place>,
    /// What the answer is written in. Said once, here: by the request, else by
    /// the tenant of a question about one, else by the server.
    pub(super) language: Language,
    /// A person, or the operator, said yes.
    pub(super) is_confirmed: bool,
}

/// How a question over several workspaces ended in one of them.
#[derive(Clone, Debug)]
pub struct Place {
    target: Target,
    outcome: Outcome,
    code: Option<Code>,
}

impl Place {
    /// As the trail writes it.
    pub(super) fn told(&self) -> audit::Place {
        audit::Place {
            tenant: self.target.tenant().id.to_string(),
            workspace: self.target.workspace().id.to_string(),
            host: self.target.host().to_string(),
            outcome: self.outcome.as_str().to_owned(),
            code: self.code.map(|code| code.as_str().to_owned()),
        }
    }

    /// How it ended there; an error says so.
    pub(super) fn of(target: &Target, error: Option<&ToolError>) -> Self {
        let outcome = error.map_or(Outcome::Done, ToolError::outcome);
        Self { target: target.clone(), outcome, code: error.map(ToolError::code) }
    }
}

impl<'a> Matter<'a> {
    pub(super) fn new(correlation: &'a str, asked: &'a str, language: Language) -> Self {
        let (tool, target, places) = (None, None, Vec::new());
        Self { correlation, asked, began: Instant::now(), tool, target, places, language, is_confirmed: false }
    }

    /// Name of the tool, or what was asked for where there is none.
    pub(super) fn name(&self) -> &str {
        match &self.tool {
            Some(tool) => tool.name(),
            None => crate::spelling::shown(self.asked),
        }
    }

    /// How long it has taken so far.
    pub(super) fn elapsed(&self) -> std::time::Duration {
        self.began.elapsed()
    }

    /// Tenant and workspace, by alias.
    pub(super) fn place(&self) -> Option<(&str, &str)> {
        self.target.as_ref().map(|target| (target.tenant().id.as_str(), target.workspace().id.as_str()))
    }

    /// What stands in every answer.
    pub(super) fn head(&self) -> Head<'_> {
        let function = match &self.tool {
            Some(Tool::Function(entry)) => entry.function.as_str(),
            Some(Tool::Fleet(own)) => own.function.unwrap_or(own.name),
            None => self.name(),
        };
        let target = self.place();
        Head {
            tool: self.name(),
            function,
            target,
            correlation: self.correlation,
            duration: self.elapsed(),
            language: self.language,
        }
    }
}
