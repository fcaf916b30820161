//! An analytics rule that New-AnalyticsRule is asked for.

use serde_json::{Map, Value as Json, json};
use wsman::clixml::Value;
use wsman::clixml::json::to_json_within;

use super::rules::length;
use super::signature::Bound;
use crate::demo::logs::Shapes;
use crate::demo::world::dataset::{EntityMapping, RuleBody};
use crate::demo::world::{RuleOptions, Workspace, demo_id};

/// Repeated objects in a table cost so many bytes at most.
const REPEATS: usize = 1 << 16;
/// Entity mappings of a rule, identifiers of a mapping, custom details of a
/// rule: Sentinel's own limits.
const MAPPINGS: usize = 10;
const IDENTIFIERS: usize = 3;
const DETAILS: usize = 20;
/// Seconds between runs, at least and at most.
const SCHEDULE: std::ops::RangeInclusive<i64> = 300..=14 * 86_400;
/// Parameters that only a rule with a schedule may have.
const SCHEDULED_ONLY: [&str; 4] = ["QueryFrequency", "QueryPeriod", "TriggerOperator", "TriggerThreshold"];
/// Kinds that can be made; the others come with a workspace.
const KINDS: [&str; 4] = ["Scheduled", "NRT", "MicrosoftSecurityIncidentCreation", "Fusion"];

/// A rule that may be made.
pub(super) struct Draft {
    pub(super) body: RuleBody,
    pub(super) enabled: bool,
    pub(super) options: RuleOptions,
}

impl Draft {
    /// What is asked for, or why Azure would refuse it.
    pub(super) fn read(bound: &Bound, workspace: &Workspace) -> Result<Self, String> {
        let draft = match bound.text("InputObject") {
            Some(json) => from_json(bound, workspace, json)?,
            None => from_parameters(bound, workspace)?,
        };
        draft.check(bound, workspace)?;
        Ok(draft)
    }

    fn check(&self, bound: &Bound, workspace: &Workspace) -> Result<(), String> {
        let body = &self.body;
        let kind = body.kind.as_str();
        let fusion = workspace.rules.iter().find(|rule| rule.body.kind == "Fusion");
        match kind {
            "Scheduled" | "NRT" => {
                let query = body.query.as_deref().filter(|query| !query.trim().is_empty());
                let query = query.ok_or_else(|| format!("A rule of kind {kind} needs a query."))?;
                if let Some(why) = Shapes::of(workspace).refusal(query, workspace.start) {
                    return Err(why);
                }
            }
            _ if body.query.is_some() => return Err(format!("A rule of kind {kind} has no query.")),
            "MicrosoftSecurityIncidentCreation" if body.product_filter.is_none() => {
                return Err(format!("A rule of kind {kind} needs a product filter."));
            }
            "Fusion" if fusion.is_some_and(|rule| rule.body.rule_id != body.rule_id) => {
                return Err("The workspace has its one Fusion rule.".to_owned());
            }
            _ => {}
        }
        if kind == "Scheduled" {
            self.check_schedule()?;
        } else if let Some(name) = SCHEDULED_ONLY.iter().find(|name| bound.is_given(name)) {
            return Err(format!("A rule of kind {kind} has no {name}."));
        }
        if body.product_filter.is_some() && kind != "MicrosoftSecurityIncidentCreation" {
            return Err(format!("A rule of kind {kind} has no product filter."));
        }
        if body.entity_mappings.len() > MAPPINGS {
            return Err(format!("{} entity mappings; {MAPPINGS} is the most.", body.entity_mappings.len()));
        }
        if body.entity_mappings.iter().any(|mapping| mapping.field_mappings.len() > IDENTIFIERS) {
            return Err(format!("An entity mapping has more than {IDENTIFIERS} identifiers."));
        }
        let details = body.custom_details.as_ref().map_or(0, std::collections::BTreeMap::len);
        if details > DETAILS {
            return Err(format!("{details} custom details; {DETAILS} is the most."));
        }
        Ok(())
    }

    fn check_schedule(&self) -> Result<(), String> {
        let seconds = |name: &str, span: Option<&str>| {
            let seconds = span.and_then(length).map(|span| span.as_secs()).filter(|seconds| SCHEDULE.contains(seconds));
            seconds.ok_or_else(|| format!("{name} must be from 5 minutes to 14 days."))
        };
        let frequency = seconds("QueryFrequency", self.body.query_frequency.as_deref())?;
        let period = seconds("QueryPeriod", self.body.query_period.as_deref())?;
        if period < frequency {
            return Err("QueryPeriod must not be shorter than QueryFrequency: events would be missed.".to_owned());
        }
        Ok(())
    }

    /// What a reviewer would say. Chosen: what makes incidents hard to work
    /// with.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.body.query.is_some() && self.body.entity_mappings.is_empty() {
            warnings.push("The rule maps no entities.".to_owned());
        }
        if self.body.tactics.is_empty() && self.body.query.is_some() {
            warnings.push("The rule names no tactics.".to_owned());
        }
        warnings
    }
}

fn from_parameters(bound: &Bound, workspace: &Workspace) -> Result<Draft, String> {
    let owned = |name: &str| bound.text(name).map(str::to_owned);
    let kind = bound.text("Kind").unwrap_or("Scheduled").to_owned();
    let is_query = matches!(kind.as_str(), "Scheduled" | "NRT");
    let scheduled = |name: &str, default: &str| {
        (kind == "Scheduled").then(|| bound.span(name).map_or_else(|| default.to_owned(), str::to_owned))
    };
    let severity = bound.text("Severity").unwrap_or("Medium").to_owned();
    let operator = bound.text("TriggerOperator").unwrap_or("GreaterThan").to_owned();
    let name = owned("DisplayName").unwrap_or_default();
    let body = RuleBody {
        rule_id: rule_id(bound, workspace, &name, &kind),
        display_name: name,
        severity: is_query.then_some(severity),
        tactics: bound.texts("Tactics").unwrap_or_default().to_vec(),
        techniques: bound.texts("Techniques").unwrap_or_default().to_vec(),
        description: owned("Description").unwrap_or_default(),
        query: owned("Query"),
        query_frequency: scheduled("QueryFrequency", "PT1H"),
        query_period: scheduled("QueryPeriod", "PT1H"),
        trigger_operator: (kind == "Scheduled").then_some(operator),
        trigger_threshold: (kind == "Scheduled").then(|| bound.number("TriggerThreshold").unwrap_or(0)),
        entity_mappings: mappings(bound.value("EntityMappings"))?,
        required_tables: Vec::new(),
        custom_details: match bound.value("CustomDetails") {
            Some(table) => Some(
                serde_json::from_value(json_of(table))
                    .map_err(|_| "Custom details are names of columns by name.".to_owned())?,
            ),
            None => None,
        },
        alert_rule_template_name: owned("AlertRuleTemplateName"),
        product_filter: owned("ProductFilter"),
        severities_filter: Vec::new(),
        kind,
    };
    let defaults = RuleOptions::default();
    let options = RuleOptions {
        suppression_enabled: bound.flag("SuppressionEnabled").unwrap_or(defaults.suppression_enabled),
        suppression_duration: bound.span("SuppressionDuration").map_or(defaults.suppression_duration, str::to_owned),
        create_incident: bound.flag("CreateIncident").unwrap_or(defaults.create_incident),
        // Azure groups nothing where it is not told to.
        grouping: Some(bound.value("GroupingConfiguration").map_or_else(no_grouping, |given| camel(json_of(given)))),
        alert_details_override: bound.value("AlertDetailsOverride").map(json_of),
        event_grouping: owned("EventGrouping"),
    };
    Ok(Draft { body, enabled: bound.flag("Enabled").unwrap_or(false), options })
}

/// From a rule as Export-AnalyticsRules and Azure's API write it.
fn from_json(bound: &Bound, workspace: &Workspace, text: &str) -> Result<Draft, String> {
    let rule: Json = serde_json::from_str(text).map_err(|_| "The input object is no JSON.".to_owned())?;
    let kind = rule["kind"].as_str().unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(format!("A rule of kind '{kind}' cannot be created."));
    }
    let mut properties = rule["properties"].as_object().cloned().unwrap_or_default();
    // What the call says itself wins.
    let name = bound.text("DisplayName").or_else(|| rule["properties"]["displayName"].as_str()).unwrap_or_default();
    let id = match (bound.text("RuleId"), rule["name"].as_str()) {
        (None, Some(id)) => id.to_owned(),
        _ => rule_id(bound, workspace, name, kind),
    };
    let given = [("ruleId", Json::from(id)), ("kind", kind.into()), ("displayName", name.into())];
    properties.extend(given.map(|(key, value)| (key.to_owned(), value)));
    for list in ["tactics", "techniques"] {
        properties.entry(list).or_insert_with(|| json!([]));
    }
    let read = |key: &str| properties.get(key).filter(|value| !value.is_null()).cloned();
    let defaults = RuleOptions::default();
    let incident = read("incidentConfiguration").unwrap_or_default();
    let options = RuleOptions {
        suppression_enabled: read("suppressionEnabled").and_then(|value| value.as_bool()).unwrap_or(false),
        suppression_duration: read("suppressionDuration")
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or(defaults.suppression_duration),
        create_incident: incident["createIncident"].as_bool().unwrap_or(defaults.create_incident),
        grouping: Some(incident.get("groupingConfiguration").cloned().unwrap_or_else(no_grouping)),
        alert_details_override: read("alertDetailsOverride"),
        event_grouping: properties
            .get("eventGroupingSettings")
            .and_then(|settings| settings["aggregationKind"].as_str().map(str::to_owned)),
    };
    let enabled = bound.flag("Enabled").or_else(|| read("enabled").and_then(|value| value.as_bool())).unwrap_or(false);
    let body = serde_json::from_value(Json::Object(properties))
        .map_err(|_| "The input object is no analytics rule.".to_owned())?;
    Ok(Draft { body, enabled, options })
}

fn no_grouping() -> Json {
    json!({
        "enabled": false,
        "reopenClosedIncident": false,
        "lookbackDuration": "PT5H",
        "matchingMethod": "AllEntities",
    })
}

/// Chosen: by workspace and name, so that a repeat finds the rule it made.
fn rule_id(bound: &Bound, workspace: &Workspace, name: &str, kind: &str) -> String {
    match bound.text("RuleId") {
        Some(id) => id.to_owned(),
        None if kind == "Fusion" => "BuiltInFusion".to_owned(),
        None => demo_id(&[&workspace.place.subscription, &workspace.place.name, name]),
    }
}

fn mappings(given: Option<&Value>) -> Result<Vec<EntityMapping>, String> {
    let Some(given) = given else { return Ok(Vec::new()) };
    serde_json::from_value(camel(json_of(given)))
        .map_err(|_| "An entity mapping is {entityType, fieldMappings: [{identifier, columnName}]}.".to_owned())
}

/// A table as JSON; PowerShell knows no other.
pub(super) fn json_of(value: &Value) -> Json {
    to_json_within(value, REPEATS).json
}

/// Keys with a small first letter: PowerShell tables do not tell them apart.
fn camel(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            let small = |key: String| {
                let mut rest = key.chars();
                let first = rest.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(rest).collect::<String>()
            };
            fields.into_iter().map(|(key, value)| (small(key), camel(value))).collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(camel).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lose_their_capitals_only_at_the_front() {
        let table = json!([{ "EntityType": "IP", "FieldMappings": [{ "Identifier": "Address", "columnName": "X" }] }]);
        let want = json!([{ "entityType": "IP", "fieldMappings": [{ "identifier": "Address", "columnName": "X" }] }]);
        assert_eq!(camel(table), want);
    }
}
