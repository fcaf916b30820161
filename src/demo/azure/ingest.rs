//! Logs ingestion: rows sent to a stream of a data collection rule.

use std::io::Read as _;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::exchange::{Answer, Request};
use super::identity::Caller;
use super::manager::asked_version;
use super::place;
use super::refusal::Refusal;
use crate::demo::world::arm::table_of;
use crate::demo::world::document::{Document, Documents};
use crate::demo::world::{Sent, State};

/// Longest request, before and after it is unpacked. *Spec* one megabyte.
const MOST_BYTES: usize = 1 << 20;

const VERSIONS: [&str; 2] = ["2021-11-01-preview", "2023-01-01"];

/// `POST /dataCollectionRules/{immutable id}/streams/{stream}`: 204 when the
/// rows are taken.
pub(super) fn taken(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    (rule, stream): (&str, &str),
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let documents = &state.documents;
    if request.method != "POST" {
        return Err(Refusal::new(405, "MethodNotAllowed", "The method is not allowed."));
    }
    let version = asked_version(request)?;
    if !VERSIONS.contains(&version) {
        let message = format!("The api-version '{version}' is not supported.");
        return Err(Refusal::new(400, "UnsupportedApiVersion", message));
    }
    let found = documents.of_kind("/subscriptions", "microsoft.insights/datacollectionrules").into_iter();
    let mut found = found.filter(|found| found.properties()["immutableId"].as_str().is_some_and(|id| id == rule));
    let found = found.next().filter(|found| sees(found, caller, documents)).ok_or_else(|| {
        Refusal::new(404, "NotFound", format!("Data collection rule with immutable Id '{rule}' not found."))
    })?;
    let said = found.properties();
    let flows = said["dataFlows"].as_array().into_iter().flatten();
    let mut flows = flows.filter(|flow| flow["streams"].as_array().into_iter().flatten().any(|one| one == stream));
    let flow = flows.next().filter(|_| stream.starts_with("Custom-")).ok_or_else(|| {
        let message = format!("Stream: '{stream}' was not found in the data collection rule.");
        Refusal::new(400, "InvalidStream", message)
    })?;
    let rows = rows(request)?;
    let workspace = said["destinations"]["logAnalytics"][0]["workspaceResourceId"].as_str().unwrap_or_default();
    let sent = Sent {
        workspace: workspace.to_lowercase(),
        table: table_of(flow["outputStream"].as_str().unwrap_or(stream)).to_owned(),
        transform: flow["transformKql"].as_str().unwrap_or("source").to_owned(),
        time: now,
        rows,
    };
    state.sent.push(sent);
    Ok(Answer::empty(204))
}

fn sees(rule: &Document, caller: &Caller, documents: &Documents) -> bool {
    let subscription = rule.id().split('/').nth(2).unwrap_or_default();
    place::is_seen(subscription, caller, documents).is_ok()
}

fn rows(request: &Request) -> Result<Vec<serde_json::Map<String, Json>>, Refusal> {
    let invalid = |message: &str| Refusal::new(400, "InvalidPayload", message);
    let too_long = |bytes: usize| {
        let message = format!(
            "Maximum allowed content length: {MOST_BYTES} bytes (1 MB). Provided content length: {bytes} bytes."
        );
        Refusal::new(413, "ContentLengthLimitExceeded", message)
    };
    if request.body.len() > MOST_BYTES {
        return Err(too_long(request.body.len()));
    }
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.to_lowercase().starts_with("application/json") {
        return Err(Refusal::new(415, "UnsupportedMediaType", "The content type must be application/json."));
    }
    let body = match request.header("content-encoding").unwrap_or_default() {
        "" | "identity" => request.body.clone(),
        "gzip" => {
            let mut body = Vec::new();
            let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
            GzDecoder::new(request.body.as_slice())
                .take(most + 1)
                .read_to_end(&mut body)
                .map_err(|_| invalid("The body is no gzip."))?;
            body
        }
        _ => return Err(Refusal::new(415, "UnsupportedContentEncoding", "The content encoding must be gzip.")),
    };
    if body.len() > MOST_BYTES {
        return Err(too_long(body.len()));
    }
    match serde_json::from_slice(&body) {
        Ok(Json::Array(rows)) => rows
            .into_iter()
            .map(|row| match row {
                Json::Object(row) => Ok(row),
                _ => Err(invalid("Every element of the array must be a JSON object.")),
            })
            .collect(),
        _ => Err(invalid("The body must be a JSON array.")),
    }
}
