//! The query service: `/v1/workspaces/{id}/query`, `/v1{resource}/query`,
//! `/v1/$batch`, and the resource manager's own way to it.
//!
//! [`evaluate`] hands the query to `kql`, which runs it over the `logs`.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::identity::Caller;
use super::place;
use super::refusal::Refusal;
use crate::demo::kql;
use crate::demo::logs::Across;
use crate::demo::world::document::{Document, Documents};
use crate::demo::world::{State, demo_id};

/// What is asked, and of what.
pub(in crate::demo) struct Query<'a> {
    /// KQL, as it came.
    pub(in crate::demo) text: &'a str,
    /// Ids of the workspaces in small letters, the one that was asked first.
    pub(in crate::demo) workspaces: &'a [String],
    /// From and until.
    pub(in crate::demo) timespan: Option<(Timestamp, Timestamp)>,
    pub(in crate::demo) now: Timestamp,
}

/// What a query gives.
#[derive(Debug, PartialEq)]
pub(in crate::demo) struct Rows {
    /// Name, and the type as the service names it: `string`, `datetime`,
    /// `long`, `int`, `real`, `bool`, `dynamic`, `guid`, `timespan`, `decimal`.
    pub(in crate::demo) columns: Vec<(String, String)>,
    /// One value per column.
    pub(in crate::demo) rows: Vec<Vec<Json>>,
}

/// Runs a query over the logs of the workspaces.
pub(in crate::demo) fn evaluate(state: &State, query: &Query<'_>) -> Result<Rows, kql::Error> {
    let logs = Across::new(state, query.workspaces);
    let table = kql::run(query.text, &logs, query.now, query.timespan, kql::Limits::default())?;
    let column = |column: &kql::Column| (column.name.to_string(), column.kind.name().to_owned());
    Ok(Rows {
        columns: table.columns.iter().map(column).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(kql::Value::cell).collect()).collect(),
    })
}

/// How many rows an answer has at most, and how many bytes. *Spec* limits of
/// the query service.
const ROWS: usize = 500_000;
const BYTES: usize = 64_000_000;

/// Longest that a client may wait, seconds. *Spec* ten minutes.
const WAIT_SECONDS: u64 = 600;

/// One workspace of the query service, by its path.
pub(super) fn workspace<'a>(documents: &'a Documents, customer: &str) -> Option<&'a Document> {
    let all = documents.of_kind("/subscriptions", "microsoft.operationalinsights/workspaces").into_iter();
    all.into_iter()
        .find(|found| found.properties()["customerId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(customer)))
}

/// A question as it was asked.
pub(super) struct Asked<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
    pub(super) correlation: &'a str,
}

impl Asked<'_> {
    /// `GET` with the query in the path, `POST` with it in the body; `home` is
    /// the workspace.
    pub(super) fn answer(&self, request: &Request, home: Option<&Document>) -> Answer {
        let given = match request.method.as_str() {
            "GET" => {
                let part = |name: &str| request.parameter(name).map(Json::from).unwrap_or_default();
                Ok(json!({ "query": part("query"), "timespan": part("timespan") }))
            }
            "POST" => serde_json::from_slice(&request.body).map_err(|_| ()),
            _ => return self.refused(405, "MethodNotAllowed", "The method is not allowed", None),
        };
        let Ok(given) = given else {
            return self.refused(400, "BadArgumentError", "The request body is not valid JSON", None);
        };
        self.one(&given, request.header("prefer").unwrap_or_default(), home)
    }

    /// `POST /v1/$batch`.
    pub(super) fn batch(&self, request: &Request) -> Answer {
        let given: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let Some(all) = given["requests"].as_array() else {
            return self.refused(400, "BadArgumentError", "The batch request has no requests", None);
        };
        let one = |asked: &Json| {
            let home = asked["workspace"].as_str().and_then(|id| workspace(self.documents(), id));
            let prefer = asked["headers"].as_object().into_iter().flatten();
            let prefer = prefer.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("prefer"));
            let prefer = prefer.and_then(|(_, value)| value.as_str()).unwrap_or_default();
            let answer = self.one(&asked["body"], prefer, home);
            let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
            json!({ "id": asked["id"], "status": answer.status, "headers": {}, "body": body })
        };
        Answer::json(200, json!({ "responses": all.iter().map(one).collect::<Vec<_>>() }))
    }

    /// `GET …/metadata`: the tables of a workspace and their columns.
    pub(super) fn metadata(&self, home: Option<&Document>) -> Answer {
        let Some(home) = home.filter(|home| self.sees(home)) else { return self.nowhere() };
        let table = |found: &&Document| {
            let schema = &found.properties()["schema"];
            let columns = ["standardColumns", "columns"].iter().flat_map(|list| schema[*list].as_array());
            let columns =
                columns.flatten().map(|column| json!({ "name": column["name"], "type": kind(&column["type"]) }));
            json!({
                "id": found.name(),
                "name": found.name(),
                "timespanColumn": "TimeGenerated",
                "columns": columns.collect::<Vec<_>>(),
            })
        };
        let tables = self.documents().list(&format!("{}/tables", home.id()));
        let body = json!({
            "tables": tables.iter().map(table).collect::<Vec<_>>(),
            "workspaces": [{
                "id": home.properties()["customerId"],
                "resourceId": home.id(),
                "name": home.name(),
                "region": home.get("location"),
            }],
        });
        Answer::json(200, body)
    }

    fn one(&self, given: &Json, prefer: &str, home: Option<&Document>) -> Answer {
        let Some(home) = home.filter(|home| self.sees(home)) else { return self.nowhere() };
        let Some(text) = given["query"].as_str().filter(|text| !text.trim().is_empty()) else {
            let inner = json!({ "code": "QueryValidationError", "message": "Failed parsing the query" });
            return self.refused(400, "BadArgumentError", INVALID, Some(inner));
        };
        let wait = preferred(prefer, "wait").map(|wait| wait.parse::<u64>());
        if let Some(Err(_)) = wait {
            return self.refused(400, "BadArgumentError", INVALID, None);
        }
        if wait.is_some_and(|wait| wait.is_ok_and(|wait| wait > WAIT_SECONDS)) {
            let inner = json!({ "code": "InvalidWait", "message": "The wait preference is longer than 600 seconds" });
            return self.refused(400, "BadArgumentError", INVALID, Some(inner));
        }
        let timespan = match given["timespan"].as_str().filter(|span| !span.is_empty()) {
            None => None,
            Some(span) => match timespan(span, self.now) {
                Some(found) => Some(found),
                None => {
                    let inner = json!({ "code": "InvalidTimespan", "message": "The timespan is not ISO 8601" });
                    return self.refused(400, "BadArgumentError", INVALID, Some(inner));
                }
            },
        };
        let mut workspaces = vec![home.id().to_lowercase()];
        for more in given["workspaces"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            match self.named(more) {
                Some(found) => workspaces.push(found.id().to_lowercase()),
                None => return self.nowhere(),
            }
        }
        let query = Query { text, workspaces: &workspaces, timespan, now: self.now };
        let answer = match evaluate(self.state, &query) {
            Ok(rows) => Answer::json(200, shown(rows, prefer)),
            Err(why) => self.unanswered(&why),
        };
        if prefer.is_empty() { answer } else { answer.with("preference-applied", prefer.to_owned()) }
    }

    /// A further workspace, by any of its names.
    fn named(&self, name: &str) -> Option<&Document> {
        let found = workspace(self.documents(), name).or_else(|| self.documents().get(name)).or_else(|| {
            let all = self.documents().of_kind("/subscriptions", "microsoft.operationalinsights/workspaces");
            all.into_iter().find(|found| found.name().eq_ignore_ascii_case(name))
        });
        found.filter(|found| self.sees(found))
    }

    fn documents(&self) -> &Documents {
        &self.state.documents
    }

    fn sees(&self, home: &Document) -> bool {
        let subscription = home.id().split('/').nth(2).unwrap_or_default();
        place::is_seen(subscription, self.caller, self.documents()).is_ok()
    }

    fn nowhere(&self) -> Answer {
        let inner = json!({ "code": "WorkspaceNotFoundError", "message": "The workspace could not be found" });
        self.refused(404, "PathNotFoundError", "The requested path does not exist", Some(inner))
    }

    fn unanswered(&self, why: &kql::Error) -> Answer {
        let mut error = why.body();
        error["correlationId"] = self.correlation.into();
        // *Seen* in recordings of 2021-11-15.
        let status = if *why == kql::Error::TimedOut { 504 } else { 400 };
        Answer::json(status, json!({ "error": error }))
    }

    fn refused(&self, status: u16, code: &str, message: &str, inner: Option<Json>) -> Answer {
        let mut error = json!({ "message": message, "code": code, "correlationId": self.correlation });
        if let Some(inner) = inner {
            error["innererror"] = inner;
        }
        Answer::json(status, json!({ "error": error }))
    }
}

const INVALID: &str = "The request had some invalid properties";

/// The answer's form: what is more than an answer may hold is left out, and
/// said.
fn shown(rows: Rows, prefer: &str) -> Json {
    let columns: Vec<Json> = rows.columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
    let of = rows.rows.len();
    let mut bytes = 0;
    let fits = |row: &Vec<Json>| {
        bytes += row.iter().map(|cell| cell.to_string().len()).sum::<usize>();
        bytes <= BYTES
    };
    let kept: Vec<Vec<Json>> = rows.rows.into_iter().take(ROWS).take_while(fits).collect();
    let is_cut = kept.len() < of;
    let mut body = json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": kept }] });
    if prefer.contains("include-statistics=true") {
        body["statistics"] =
            json!({ "query": { "executionTime": 0.015, "resourceUsage": {}, "datasetStatistics": [] } });
    }
    if prefer.contains("include-render=true") {
        body["render"] = json!({});
    }
    if is_cut {
        body["error"] = json!({
            "code": "PartialError",
            "message": "There were some errors when processing your query.",
            "details": [{
                "code": "EngineError",
                "message": "Something went wrong processing your query on the server.",
                "innererror": {
                    "code": "-2133196797",
                    "message": "The results of this query exceed the set limit of 500000 records or 64000000 bytes.",
                    "severity": 2,
                    "severityName": "Error",
                },
            }],
        });
    }
    body
}

fn preferred<'a>(prefer: &'a str, name: &str) -> Option<&'a str> {
    prefer
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// `P1D`, `from/until`, `from/P1D`, `P1D/until`.
fn timespan(text: &str, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let time = |text: &str| text.trim().parse::<Timestamp>().ok();
    let Some((from, until)) = text.split_once('/') else {
        return Some((now.checked_sub(length(text)?).ok()?, now));
    };
    match (time(from), time(until)) {
        (Some(from), Some(until)) => Some((from, until)),
        (Some(from), None) => Some((from, from.checked_add(length(until)?).ok()?)),
        (None, Some(until)) => Some((until.checked_sub(length(from)?).ok()?, until)),
        (None, None) => None,
    }
}

fn length(text: &str) -> Option<SignedDuration> {
    text.trim().parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// A column's type, as the query service names it.
fn kind(of: &Json) -> &str {
    match of.as_str().unwrap_or("string") {
        "dateTime" | "DateTime" => "datetime",
        "boolean" => "bool",
        other => other,
    }
}

/// Refuses a query of the resource graph, which has words of its own.
pub(super) fn graph(request: &Request, now: Timestamp) -> Refusal {
    let given: Json = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = demo_id(&["graph", &now.to_string()]);
    let asked = given["query"].as_str().unwrap_or_default();
    let message = format!(
        "Please provide below info when asking for support: timestamp = {now}, correlationId = {id}. Query is invalid: \
         '{}'.",
        asked.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
    );
    Refusal::new(400, "BadRequest", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timespan_is_read_in_each_form() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        let day = ("2026-03-09T12:00:00Z".parse().unwrap(), now);
        for text in [
            "P1D",
            "PT86400.0S",
            "2026-03-09T12:00:00Z/2026-03-10T12:00:00Z",
            "2026-03-09T12:00:00Z/P1D",
            "PT24H/2026-03-10T12:00:00Z",
        ] {
            assert_eq!(timespan(text, now), Some(day), "{text}");
        }
        assert_eq!(timespan("yesterday", now), None);
    }
}
