//! Metrics of data collection rules.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::action::Action;
use super::exchange::Answer;
use super::manager::asked_version;
use super::refusal::Refusal;
use crate::demo::world::arm::table_of;
use crate::demo::world::document::Document;

const VERSIONS: [&str; 4] = ["2018-01-01", "2021-05-01", "2023-10-01", "2024-02-01"];
const NAMESPACE: &str = "Microsoft.Insights/dataCollectionRules";

/// Name, title, unit and how it is added up.
const METRICS: [(&str, &str, &str); 3] = [
    ("BytesIngested", "Logs Ingestion Bytes per Min", "Bytes"),
    ("RowsReceived", "Logs Rows Received per Min", "Count"),
    ("RowsDropped", "Logs Rows Dropped per Min", "Count"),
];

/// Chosen: two million rows make a gigabyte.
const ROWS_PER_GIGABYTE: f64 = 2_000_000.0;
/// Most points of a series. Chosen: a month of hours.
const POINTS: usize = 744;

/// `GET {rule}/providers/Microsoft.Insights/metrics`: evenly what its tables
/// take.
pub(super) fn metrics(action: &Action<'_>) -> Result<Answer, Refusal> {
    let rule = rule(action)?;
    let bad = |message: String| Refusal::new(400, "BadRequest", message);
    let wanted = action.request.parameter("metricnames").unwrap_or(METRICS[0].0);
    let every = action.request.parameter("interval").unwrap_or("PT1H");
    let every =
        length(every).filter(|every| every.as_secs() > 0).ok_or_else(|| bad(format!("Invalid interval '{every}'.")))?;
    let span = action.request.parameter("timespan");
    let (from, until) = match span {
        None => (action.now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(action.now), action.now),
        Some(text) => between(text, action.now).ok_or_else(|| bad(format!("Invalid timespan '{text}'.")))?,
    };
    let aggregation = action.request.parameter("aggregation").unwrap_or("Total").to_lowercase();
    let gigabytes_a_day = volume(action, rule);
    let share = every.as_secs_f64() / 86_400.0;
    let mut value = Vec::new();
    for name in wanted.split(',') {
        let known = METRICS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name.trim()));
        let Some((name, title, unit)) = known else {
            let names = METRICS.map(|(name, ..)| name).join(",");
            let message = format!("Failed to find metric configuration for metric: {name}, valid metrics: {names}");
            return Err(bad(message));
        };
        let point = match *name {
            "BytesIngested" => gigabytes_a_day * 1e9 * share,
            "RowsReceived" => gigabytes_a_day * ROWS_PER_GIGABYTE * share,
            _ => 0.0,
        };
        let times = std::iter::successors(Some(from), |time| time.checked_add(every).ok());
        let times = times.take_while(|time| *time < until).take(POINTS);
        let data: Vec<Json> = times.map(|time| json!({ "timeStamp": time.to_string(), &aggregation: point })).collect();
        value.push(json!({
            "id": format!("{}/providers/Microsoft.Insights/metrics/{name}", rule.id()),
            "type": "Microsoft.Insights/metrics",
            "name": { "value": name, "localizedValue": title },
            "displayDescription": title,
            "unit": unit,
            "timeseries": [{ "metadatavalues": [], "data": data }],
            "errorCode": "Success",
        }));
    }
    let body = json!({
        "cost": 0,
        "timespan": format!("{from}/{until}"),
        "interval": action.request.parameter("interval").unwrap_or("PT1H"),
        "value": value,
        "namespace": NAMESPACE,
        "resourceregion": rule.get("location"),
    });
    Ok(Answer::json(200, body))
}

/// `GET {rule}/providers/Microsoft.Insights/metricDefinitions`.
pub(super) fn definitions(action: &Action<'_>) -> Result<Answer, Refusal> {
    let rule = rule(action)?;
    let one = |(name, title, unit): (&str, &str, &str)| {
        json!({
            "id": format!("{}/providers/microsoft.insights/metricdefinitions/{name}", rule.id()),
            "resourceId": rule.id(),
            "namespace": NAMESPACE,
            "name": { "value": name, "localizedValue": title },
            "isDimensionRequired": false,
            "unit": unit,
            "primaryAggregationType": "Total",
            "supportedAggregationTypes": ["Average", "Total"],
            "metricAvailabilities": [{ "timeGrain": "PT1M", "retention": "P93D" }, { "timeGrain": "PT1H", "retention": "P93D" }],
        })
    };
    Ok(Answer::json(200, json!({ "value": METRICS.map(one) })))
}

fn rule<'a>(action: &Action<'a>) -> Result<&'a Document, Refusal> {
    let version = asked_version(action.request)?;
    if !VERSIONS.contains(&version) {
        let message =
            format!("The api-version '{version}' is invalid. The supported versions are '{}'.", VERSIONS.join(","));
        return Err(Refusal::new(400, "InvalidApiVersionParameter", message));
    }
    let found = action.documents.get(&action.target.scope);
    found.filter(|found| found.kind().eq_ignore_ascii_case(NAMESPACE)).ok_or_else(|| {
        let message = format!("The resource '{}' has no metrics.", action.target.scope);
        Refusal::new(404, "ResourceNotFound", message)
    })
}

/// Gigabytes that the tables of a rule take a day.
fn volume(action: &Action<'_>, rule: &Document) -> f64 {
    let said = rule.properties();
    let workspace = said["destinations"]["logAnalytics"][0]["workspaceResourceId"].as_str().unwrap_or_default();
    let flows = said["dataFlows"].as_array().into_iter().flatten();
    let stream = |flow: &Json| flow["outputStream"].as_str().or_else(|| flow["streams"][0].as_str()).map(str::to_owned);
    let tables: Vec<String> = flows.filter_map(stream).map(|stream| table_of(&stream).to_owned()).collect();
    let at = action.state.workspaces.iter().find(|one| one.id().eq_ignore_ascii_case(workspace));
    let volumes = at.into_iter().flat_map(|one| &one.volumes);
    let own = volumes.filter(|volume| tables.iter().any(|table| table.eq_ignore_ascii_case(&volume.table)));
    own.map(|volume| volume.gb_per_day).sum()
}

fn between(text: &str, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    // *Seen* of az 2.91.0: encoded twice, and without a zone.
    let text = percent_decode_str(text).decode_utf8().ok()?;
    let time = |text: &str| text.parse::<Timestamp>().or_else(|_| format!("{text}Z").parse()).ok();
    match text.split_once('/') {
        Some((from, until)) => Some((time(from)?, time(until)?)),
        None => Some((now.checked_sub(length(&text)?).ok()?, now)),
    }
}

fn length(text: &str) -> Option<SignedDuration> {
    text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}
