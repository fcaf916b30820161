//! One question to many workspaces at once.

use futures_util::future::join_all;
use serde_json::{Map, Value as Json, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::call::{Ask, CallPath, Executed, Request, host_errors, record};
use crate::catalog::{Code, Entry, Outcome, ToolError};
use crate::tenant::Target;

/// Workspaces asked at once. Chosen: more than a host serves at once, so that
/// one slow host leaves places for the others.
const AT_ONCE: usize = 16;

/// What one workspace said.
pub(super) struct Said {
    pub(super) target: Target,
    pub(super) result: Result<Executed, ToolError>,
}

/// Asks every target for `entry`; the answers in the order of the targets.
/// One that cannot be reached costs its own rows only.
pub(super) async fn fan_out(
    path: &CallPath,
    request: &Request<'_>,
    entry: &'static Entry,
    arguments: &Map<String, Json>,
    targets: Vec<Target>,
    correlation: &str,
) -> Vec<Said> {
    let turns = Semaphore::new(AT_ONCE);
    let ask_one = |target: Target| {
        let turns = &turns;
        async move {
            let _turn = turns.acquire().await;
            let began = Instant::now();
            let ask = Ask {
                caller: request.caller,
                entry,
                target: &target,
                arguments,
                correlation,
                progress: request.progress,
                confirm: request.confirm,
                cancel: request.cancel,
            };
            let result = path.perform(&ask).await;
            let names = (target.tenant().id.as_str(), target.workspace().id.as_str());
            let error = result.as_ref().err();
            record(request.caller, correlation, request.tool, Some(names), error, began.elapsed());
            Said { target, result }
        }
    };
    join_all(targets.into_iter().map(ask_one)).await
}

impl Said {
    /// The workspace's line in the answer.
    pub(super) fn line(&self) -> Json {
        let (tenant, workspace) = (self.target.tenant().id.as_str(), self.target.workspace().id.as_str());
        let (mut line, errors, warnings) = match &self.result {
            Ok(executed) => {
                let rows = &executed.rows;
                let line = json!({
                    "tenant": tenant,
                    "workspace": workspace,
                    "outcome": Outcome::Done.as_str(),
                    "count": rows.rows.len(),
                });
                (line, &rows.host_errors, rows.warnings.len())
            }
            Err(error) => {
                let line = json!({
                    "tenant": tenant,
                    "workspace": workspace,
                    "outcome": error.outcome.as_str(),
                    "code": error.code.as_str(),
                    "error": error.said,
                    "count": 0,
                });
                (line, &error.host_errors, 0)
            }
        };
        // The first of each workspace: fifty workspaces must still fit an answer.
        if let (Some(line), Some(first)) = (line.as_object_mut(), errors.first()) {
            line.insert("hostErrors".into(), host_errors(std::slice::from_ref(first)));
            line.insert("hostErrorCount".into(), errors.len().into());
        }
        if let (Some(line), true) = (line.as_object_mut(), warnings > 0) {
            line.insert("hostWarningCount".into(), warnings.into());
        }
        line
    }

    /// Its rows, each saying whose it is.
    pub(super) fn rows(&self) -> Vec<Json> {
        let Ok(executed) = &self.result else { return Vec::new() };
        let mut whose = Map::new();
        whose.insert("tenant".into(), self.target.tenant().id.as_str().into());
        whose.insert("workspace".into(), self.target.workspace().id.as_str().into());
        let row = |row: &Json| {
            let mut full = whose.clone();
            match row {
                // A script's own fields of these names must not say that it is somebody else's.
                Json::Object(fields) => full.extend(
                    fields
                        .iter()
                        .filter(|(name, _)| !whose.keys().any(|ours| ours.eq_ignore_ascii_case(name)))
                        .map(|(name, value)| (name.clone(), value.clone())),
                ),
                other => drop(full.insert("value".into(), other.clone())),
            }
            Json::Object(full)
        };
        executed.rows.rows.iter().map(row).collect()
    }
}

/// How the whole ended, and the code that all failures share.
pub(super) fn verdict(said: &[Said]) -> (Outcome, Option<Code>) {
    let errors: Vec<&ToolError> = said.iter().filter_map(|said| said.result.as_ref().err()).collect();
    let Some(first) = errors.first() else { return (Outcome::Done, None) };
    if errors.len() < said.len() {
        return (Outcome::Partial, None);
    }
    let outcome =
        if errors.iter().all(|error| error.outcome == first.outcome) { first.outcome } else { Outcome::Failed };
    let code = errors.iter().all(|error| error.code == first.code).then_some(first.code);
    (outcome, code)
}
