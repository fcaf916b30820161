//! What takes longer than a request: 202, and where to ask how it goes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::refusal::Refusal;
use crate::demo::world::demo_id;
use crate::demo::world::document::Documents;

/// *Seen* in a recording of 2022-06-28.
const VERSION: &str = "2015-11-01-preview";

/// Operations, and how often each must be asked for before it has ended.
#[derive(Debug, Default)]
pub(super) struct Operations {
    begun: u64,
    open: BTreeMap<String, Operation>,
}

#[derive(Debug)]
struct Operation {
    /// The resource that it makes or removes.
    resource: String,
    polls_left: u32,
    start: Timestamp,
    end: Option<Timestamp>,
    /// Why it fails.
    failure: Option<(String, String)>,
}

/// What an operation is begun with.
pub(super) struct Begin<'a> {
    pub(super) request: &'a Request,
    pub(super) resource: &'a str,
    pub(super) now: Timestamp,
    pub(super) polls: u32,
    pub(super) retry_after: Option<u32>,
    pub(super) failure: Option<(String, String)>,
}

impl Operations {
    /// Begins one: 202 without a body, and where to ask.
    pub(super) fn started(&mut self, begin: Begin<'_>, documents: &Documents) -> Answer {
        self.begun += 1;
        let id = demo_id(&["operation", begin.resource, &self.begun.to_string()]);
        let operation = Operation {
            resource: begin.resource.to_owned(),
            polls_left: begin.polls,
            start: begin.now,
            end: None,
            failure: begin.failure,
        };
        self.open.insert(id.clone(), operation);
        let mut parts = begin.resource.split('/').skip(2);
        let subscription = parts.next().unwrap_or_default();
        let workspace = begin.resource.split("/tables/").next().unwrap_or_default();
        let workspace = workspace.split("/providers/Microsoft.SecurityInsights").next().unwrap_or_default();
        let location =
            documents.get(workspace).map_or("global", |found| found.get("location").as_str().unwrap_or("global"));
        let base = &begin.request.base;
        let status = format!(
            "{base}/subscriptions/{subscription}/providers/Microsoft.OperationalInsights/locations/{location}/\
             operationStatuses/{id}?api-version={VERSION}"
        );
        let version = begin.request.parameter("api-version").unwrap_or(VERSION);
        let result = format!("{base}{}/operationresults/{id}?api-version={version}", begin.request.path);
        // *Seen* in a recording: no Retry-After.
        let answer = Answer::empty(202).with("azure-asyncoperation", status).with("location", result);
        match begin.retry_after {
            None => answer,
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
        }
    }

    /// How it goes: `GET …/operationStatuses/{id}`.
    pub(super) fn status(
        &mut self,
        id: &str,
        request: &Request,
        now: Timestamp,
        documents: &mut Documents,
    ) -> Result<Answer, Refusal> {
        let operation = self.asked(id, now, documents)?;
        let written = |time: Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut body = json!({
            "status": "Updating",
            "name": id,
            "id": request.path,
            "startTime": written(operation.start),
        });
        if let Some(end) = operation.end {
            body["endTime"] = written(end).into();
            body["status"] = "Succeeded".into();
            if let Some((code, message)) = &operation.failure {
                body["status"] = "Failed".into();
                body["error"] = json!({ "code": code, "message": message });
            }
        }
        Ok(Answer::json(200, body))
    }

    /// What became of it: `GET …/operationresults/{id}`.
    pub(super) fn result(&mut self, id: &str, now: Timestamp, documents: &mut Documents) -> Result<Answer, Refusal> {
        let operation = self.asked(id, now, documents)?;
        if operation.end.is_none() {
            return Ok(Answer::empty(202));
        }
        if let Some((code, message)) = &operation.failure {
            return Err(Refusal::new(400, code, message.clone()));
        }
        let found = documents.get(&operation.resource).map(|found| Json::from(found.json.clone()));
        Ok(found.map_or_else(|| Answer::empty(204), |json| Answer::json(200, json)))
    }

    /// One more question: an operation ends by being asked for.
    fn asked(&mut self, id: &str, now: Timestamp, documents: &mut Documents) -> Result<&Operation, Refusal> {
        let missing = || Refusal::new(404, "NotFound", format!("Operation '{id}' was not found."));
        let operation = self.open.get_mut(&id.to_lowercase()).ok_or_else(missing)?;
        if operation.end.is_none() {
            match operation.polls_left.checked_sub(1) {
                Some(left) => operation.polls_left = left,
                None => {
                    operation.end = Some(now);
                    let failed = operation.failure.is_some();
                    finish(&operation.resource, if failed { "Failed" } else { "Succeeded" }, documents);
                }
            }
        }
        Ok(operation)
    }
}

/// The resource says how its operation ended.
fn finish(resource: &str, state: &str, documents: &mut Documents) {
    let Some(mut json) = documents.get(resource).map(|found| found.json.clone()) else { return };
    if let Some(properties) = json.get_mut("properties") {
        properties["provisioningState"] = state.into();
    }
    documents.put(resource, json);
}

/// The resource says that its operation runs.
pub(super) fn mark(resource: &str, documents: &mut Documents) {
    finish(resource, "Updating", documents);
}
