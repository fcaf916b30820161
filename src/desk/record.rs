//! What the trail is told of a question: the only place that tells it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;
use wsman::entropy::Entropy;

use super::matter::Matter;
use super::request::Request;
use crate::answer::case::Slip;
use crate::answer::{Answer, ToolError};
use crate::audit::{Confirmed, Described, End, Entry, Form, Trail, TrailError};
use crate::catalog::{self, Kind, Parameter, Tool, schema};
use crate::store::{FolderError, Process};
use crate::tenant::{Confirming, TenantId};

/// The trail of one desk, or why there is none where there should be.
#[derive(Debug)]
pub(super) struct Record(Result<Trail, TrailError>);

impl Record {
    /// Begins the trail where there is a folder for it. One that
    /// cannot be begun stands in the way of every write, and of no read.
    pub(super) fn open(
        process: Option<Result<Arc<Process>, FolderError>>,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Self {
        let Some(process) = process else { return Self(Ok(Trail::none())) };
        let begun = process.map_err(TrailError::from).and_then(|process| Trail::open(&process, now, entropy));
        if let Err(error) = &begun {
            tracing::error!(%error, "the trail cannot be written: nothing that changes something will run");
        }
        Self(begun)
    }

    /// Before anything of a write is sent. On the disk when it returns.
    ///
    /// # Errors
    ///
    /// The refusal of the write: who cannot say what they do must not do it.
    pub(super) async fn begin(
        &self,
        now: Timestamp,
        request: &Request<'_>,
        matter: &Matter<'_>,
    ) -> Result<(), ToolError> {
        let Ok(trail) = &self.0 else { return Err(unwritten()) };
        let (trail, entry) = (trail.clone(), entry(trail, request, matter));
        // It waits for the disk.
        let begun = tokio::task::spawn_blocking(move || trail.begin(now, &entry)).await;
        begun.map_err(|_| unwritten())?.map_err(|error| unwritten().because(error))
    }

    /// When it is over, however it ended.
    pub(super) fn end(
        &self,
        now: Timestamp,
        request: &Request<'_>,
        matter: &Matter<'_>,
        answered: Result<&Answer, &ToolError>,
    ) {
        // Where the file cannot be written the line still goes to stderr.
        let none = Trail::none();
        let trail = self.0.as_ref().unwrap_or(&none);
        let code = answered.map_or_else(|error| Some(error.code()), |answer| answer.code);
        let end = End {
            outcome: answered.map_or_else(ToolError::outcome, |answer| answer.outcome).as_str().to_owned(),
            code: code.map(|code| code.as_str().to_owned()),
            duration: matter.elapsed(),
            workspaces: matter.places.iter().map(super::matter::Place::told).collect(),
            ids: std::collections::BTreeMap::new(),
            cause: answered.err().and_then(|error| error.cause.as_deref()).map(chain),
        };
        trail.end(now, &entry(trail, request, matter), &end);
    }

    /// Ends the trail of this desk.
    pub(super) fn close(&self, now: Timestamp) {
        if let Ok(trail) = &self.0 {
            trail.close(now);
        }
    }
}

fn unwritten() -> ToolError {
    ToolError::of(Slip::TrailUnwritten)
}

fn entry(trail: &Trail, request: &Request<'_>, matter: &Matter<'_>) -> Entry {
    let target = matter.target.as_ref();
    Entry {
        correlation: matter.correlation.to_owned(),
        who: request.caller.name.clone(),
        door: request.door,
        tool: matter.name().to_owned(),
        tenant: target.map(|target| target.tenant().id.to_string()),
        workspace: target.map(|target| target.workspace().id.to_string()),
        host: target.map(|target| target.host().to_string()),
        arguments: trail.arguments(request.arguments, |name| described(matter.tool?, name)),
        confirmed: confirmed(request, matter),
    }
}

/// Who said yes to what, when somebody had to.
fn confirmed(request: &Request<'_>, matter: &Matter<'_>) -> Option<Confirmed> {
    let (Tool::Function(entry), target) = (matter.tool?, matter.target.as_ref()?) else { return None };
    if !matter.is_confirmed {
        return None;
    }
    // `never` is somebody's decision, too: the operator's, in the configuration.
    let by = match target.tenant().confirm {
        Confirming::Ask => request.caller.name.clone(),
        Confirming::Never => "the configuration".to_owned(),
    };
    let named = |name: &String| request.arguments.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    let what = entry.named_by.iter().find_map(named).map(|(_, value)| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    });
    Some(Confirmed { by, what: what.unwrap_or_default() })
}

/// What the catalogue knows of an argument.
fn described(tool: Tool, name: &str) -> Option<Described<'static>> {
    let plain = |form| Some(Described { names_object: false, secret: false, form });
    let today = tool.argument_aliases().find(|(old, _)| *old == name).map_or(name, |(_, new)| new);
    if schema::VIEW.contains(&name) {
        return plain(Form::Format(&is_a_word));
    }
    match tool {
        Tool::Function(_) if ["tenant", "workspace"].contains(&today) => plain(Form::Format(&is_an_alias)),
        Tool::Function(entry) => {
            let parameter = entry.parameters.iter().find(|parameter| parameter.answers_to(today))?;
            Some(Described { names_object: parameter.names_object(), secret: false, form: form(parameter) })
        }
        Tool::Fleet(own) => own.arguments.iter().find(|argument| argument.name == today).and_then(|argument| {
            plain(match argument.form {
                catalog::Form::Tenant | catalog::Form::TenantOrAll | catalog::Form::Workspace => {
                    Form::Format(&is_an_alias)
                }
                catalog::Form::Choice(_) | catalog::Form::Flag => Form::Format(&is_a_word),
                catalog::Form::Text | catalog::Form::Object => Form::Free,
            })
        }),
    }
}

fn form(parameter: &'static Parameter) -> Form<'static> {
    match parameter.kind {
        _ if !parameter.validate_set.is_empty() => Form::OneOf(&parameter.validate_set),
        Kind::Datetime => Form::Format(&|text| text.parse::<Timestamp>().is_ok()),
        Kind::Timespan => Form::Format(&|text| text.parse::<jiff::SignedDuration>().is_ok()),
        Kind::Int | Kind::Long | Kind::Double | Kind::Bool | Kind::Switch => {
            Form::Format(&|text| text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok())
        }
        _ => Form::Free,
    }
}

fn is_an_alias(text: &str) -> bool {
    TenantId::parse(text).is_ok()
}

/// A field's name, or a cursor of ours: letters, digits and what joins them.
fn is_a_word(text: &str) -> bool {
    text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
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
