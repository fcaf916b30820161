//! Analytics rules, as the provider takes and shows them.

use serde_json::{Map, Value as Json, json};

use super::exchange::Request;
use super::kind::Write;
use super::refusal::Refusal;
use crate::demo::logs::Shapes;
use crate::demo::world::check::{self, Quota};
use crate::demo::world::document::Document;

/// What stable versions know.
///
/// *Spec* Microsoft.SecurityInsights, every stable version up to 2025-12-01:
/// the others are in preview, and rules of theirs are missing from lists.
const STABLE: [&str; 3] = ["Fusion", "MicrosoftSecurityIncidentCreation", "Scheduled"];
const KINDS: [&str; 6] =
    ["Fusion", "MLBehaviorAnalytics", "MicrosoftSecurityIncidentCreation", "NRT", "Scheduled", "ThreatIntelligence"];
const SEVERITIES: [&str; 4] = ["High", "Medium", "Low", "Informational"];
const OPERATORS: [&str; 4] = ["GreaterThan", "LessThan", "Equal", "NotEqual"];

/// A rule as the version that is asked for knows it.
pub(super) fn shown(document: &Document, request: &Request) -> Option<Json> {
    let kind = document.get("kind").as_str().unwrap_or_default();
    let is_preview = request.parameter("api-version").is_some_and(|version| version.ends_with("-preview"));
    (is_preview || STABLE.contains(&kind)).then(|| document.json.clone().into())
}

/// The rule that a PUT leaves: the whole of what was given.
pub(super) fn draft(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let kind = write.given.get("kind").and_then(Json::as_str).unwrap_or_default();
    let is_preview = write.request.parameter("api-version").is_some_and(|version| version.ends_with("-preview"));
    if !KINDS.contains(&kind) || !(is_preview || STABLE.contains(&kind)) {
        return Err(Refusal::bad(format!("The alert rule kind '{kind}' is not supported by this api version.")));
    }
    if let Some(before) = write.before.map(|before| before.get("kind")).filter(|before| *before != kind) {
        let before = before.as_str().unwrap_or_default();
        return Err(Refusal::bad(format!("The kind of an alert rule cannot be changed from '{before}' to '{kind}'.")));
    }
    let mut properties = write.properties()?.clone();
    let needed: &[&str] = match kind {
        "Scheduled" => &[
            "displayName",
            "enabled",
            "severity",
            "query",
            "queryFrequency",
            "queryPeriod",
            "triggerOperator",
            "triggerThreshold",
            "suppressionDuration",
            "suppressionEnabled",
        ],
        "NRT" => &["displayName", "enabled", "severity", "query", "suppressionDuration", "suppressionEnabled"],
        "MicrosoftSecurityIncidentCreation" => &["displayName", "enabled", "productFilter"],
        _ => &["enabled", "alertRuleTemplateName"],
    };
    for name in needed {
        if properties.get(*name).is_none_or(Json::is_null) {
            return Err(Refusal::bad(format!("Required property '{name}' not found in JSON. Path 'properties'.")));
        }
    }
    check_types(kind, &properties)?;
    check_workspace(write, kind, &properties)?;
    let is_query = matches!(kind, "Scheduled" | "NRT");
    if is_query {
        // *Seen* in a recording of 2026-03-25: what is not set comes back as null.
        for name in ["tactics", "techniques", "description", "alertRuleTemplateName", "entityMappings", "customDetails"]
        {
            properties.entry(name).or_insert(Json::Null);
        }
        let incident = properties.entry("incidentConfiguration").or_insert(Json::Null);
        if incident.is_null() {
            *incident = json!({ "createIncident": true });
        }
        if incident["groupingConfiguration"].is_null() {
            incident["groupingConfiguration"] = json!({
                "enabled": false,
                "reopenClosedIncident": false,
                "lookbackDuration": "PT5H",
                "matchingMethod": "AllEntities",
            });
        }
        for name in ["groupByEntities", "groupByAlertDetails", "groupByCustomDetails"] {
            if let Some(grouping) = incident["groupingConfiguration"].as_object_mut() {
                grouping.entry(name).or_insert(Json::Null);
            }
        }
    }
    if kind == "Fusion"
        && let Some(before) = write.before.and_then(|before| before.properties().as_object())
    {
        // Only its switch is anybody's to set.
        let enabled = properties["enabled"].clone();
        properties.clone_from(before);
        properties.insert("enabled".to_owned(), enabled);
    }
    for name in ["queryFrequency", "queryPeriod", "suppressionDuration"] {
        if let Some(span) = properties.get_mut(name) {
            plain_span(span);
        }
    }
    if let Some(grouping) =
        properties.get_mut("incidentConfiguration").map(|incident| &mut incident["groupingConfiguration"])
        && grouping.is_object()
    {
        plain_span(&mut grouping["lookbackDuration"]);
    }
    properties.insert("lastModifiedUtc".to_owned(), write.now.to_string().into());
    Ok(write.document(properties.into()))
}

/// What the workspace refuses: its query is run, and its rules are counted.
fn check_workspace(write: &Write<'_>, kind: &str, properties: &Map<String, Json>) -> Result<(), Refusal> {
    let scope = &write.target.scope;
    let is_on = |properties: &Json| properties["enabled"] == true;
    let before = write.before.map(|before| before.properties());
    let enabled = properties.get("enabled") == Some(&Json::Bool(true));
    // A rule is switched off whatever its query has become.
    if let Some(query) = properties.get("query").and_then(Json::as_str).filter(|_| enabled || before.is_none())
        && let Some(why) = Shapes::in_documents(write.documents, scope).refusal(query, write.now)
    {
        return Err(Refusal::bad(why));
    }
    let rules = write.documents.list(&format!("{scope}/providers/Microsoft.SecurityInsights/alertRules"));
    let count = |quota: Quota| {
        let counts =
            |rule: &&&Document| rule.get("kind") == kind && (quota == Quota::Total || is_on(rule.properties()));
        rules.iter().filter(counts).count()
    };
    let more = [(Quota::Enabled, enabled && !before.is_some_and(is_on)), (Quota::Total, before.is_none())];
    let over = |(quota, _): (Quota, bool)| check::over_quota(kind, quota, count(quota));
    match more.into_iter().filter(|(_, counts)| *counts).find_map(over) {
        Some(why) => Err(Refusal::bad(why)),
        None => Ok(()),
    }
}

fn check_types(kind: &str, properties: &Map<String, Json>) -> Result<(), Refusal> {
    let said = |name: &str| properties.get(name).filter(|value| !value.is_null());
    let wrong = |name: &str| {
        let message = format!("Error converting value to the type of the property. Path 'properties.{name}'.");
        Err(Refusal::bad(message))
    };
    let texts = [
        "displayName",
        "description",
        "query",
        "queryFrequency",
        "queryPeriod",
        "suppressionDuration",
        "severity",
        "triggerOperator",
        "alertRuleTemplateName",
        "productFilter",
    ];
    for name in texts {
        if said(name).is_some_and(|value| !value.is_string()) {
            return wrong(name);
        }
    }
    for name in ["enabled", "suppressionEnabled"] {
        if said(name).is_some_and(|value| !value.is_boolean()) {
            return wrong(name);
        }
    }
    for name in ["tactics", "techniques", "entityMappings", "severitiesFilter"] {
        if said(name).is_some_and(|value| !value.is_array()) {
            return wrong(name);
        }
    }
    if said("triggerThreshold").is_some_and(|value| value.as_i64().is_none_or(|value| i32::try_from(value).is_err())) {
        return wrong("triggerThreshold");
    }
    for (name, known) in [("severity", &SEVERITIES), ("triggerOperator", &OPERATORS)] {
        if let Some(value) = said(name).and_then(Json::as_str)
            && !known.contains(&value)
        {
            return Err(Refusal::bad(format!("Invalid value for '{name}': '{value}'.")));
        }
    }
    for name in ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"] {
        if kind == "NRT" && said(name).is_some() {
            return Err(Refusal::bad(format!(
                "Could not find member '{name}' on object of type 'NrtAlertRuleProperties'."
            )));
        }
    }
    for name in ["queryFrequency", "queryPeriod"] {
        let seconds = said(name).and_then(Json::as_str).map(seconds);
        if kind == "Scheduled" && !seconds.flatten().is_some_and(|seconds| (300..=14 * 86_400).contains(&seconds)) {
            return Err(Refusal::bad(format!(
                "Invalid Properties for alert rule: '{name}' must be between 5 minutes and 14 days."
            )));
        }
    }
    Ok(())
}

/// The service reads a span and writes it in its own form: PT60M is PT1H.
fn plain_span(span: &mut Json) {
    let Some(all) = span.as_str().and_then(seconds).filter(|seconds| *seconds > 0) else { return };
    let (days, rest) = (all / 86_400, all % 86_400);
    let part = |count: i64, unit: char| if count > 0 { format!("{count}{unit}") } else { String::new() };
    let time = format!("{}{}{}", part(rest / 3_600, 'H'), part(rest % 3_600 / 60, 'M'), part(rest % 60, 'S'));
    let mark = if time.is_empty() { "" } else { "T" };
    *span = format!("P{}{mark}{time}", part(days, 'D')).into();
}

fn seconds(span: &str) -> Option<i64> {
    let span = span.parse::<jiff::Span>().ok()?;
    Some(span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_in_one_form() {
        for (given, want) in [
            ("PT02H00M00S", "PT2H"),
            ("PT60M", "PT1H"),
            ("PT24H", "P1D"),
            ("P1DT90M", "P1DT1H30M"),
            ("PT5S", "PT5S"),
            ("soon", "soon"),
        ] {
            let mut span = Json::from(given);
            plain_span(&mut span);
            assert_eq!(span, want, "{given}");
        }
    }
}
