//! Analytics rules as backup content.
//!
//! Without etag, times and ARM id, so that two backups differ only where the
//! rules do.

use serde_json::{Map, Value as Json, json};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::psrp::{ProgressKind, ProgressRecord};

use super::backup::{Content, Exported};
use super::rules::is_named;
use super::signature::OBJECT_NOT_FOUND;
use super::{Call, Progress};
use crate::demo::world::{Rule, RuleOptions, Workspace};

impl Call<'_> {
    /// Export-AnalyticsRules.
    pub(super) fn export(&self, workspace: &Workspace) -> Vec<Step> {
        let wanted = self.bound.texts("RuleId");
        let rules: Vec<&Rule> = workspace
            .rules
            .iter()
            .filter(|rule| wanted.is_none_or(|ids| ids.iter().any(|id| is_named(rule, id))))
            .filter(|rule| self.bound.flag("Enabled").is_none_or(|enabled| rule.enabled == enabled))
            .collect();
        let mut steps = Vec::new();
        for id in wanted.unwrap_or_default() {
            if !workspace.rules.iter().any(|rule| is_named(rule, id)) {
                steps.push(self.error(format!("No rule with id '{id}'."), "RuleNotFound", OBJECT_NOT_FOUND));
            }
        }
        for (n, rule) in rules.iter().enumerate() {
            steps.extend(self.progress(n, rules.len(), &rule.body.display_name));
            steps.push(Step::Output(self.exported(workspace, rule)));
        }
        steps.extend(self.progress(rules.len(), rules.len(), "Completed"));
        steps
    }

    pub(super) fn progress(&self, done: usize, of: usize, status: &str) -> Option<Step> {
        let percent = (done * 100).checked_div(of).and_then(|percent| u8::try_from(percent).ok());
        let record = ProgressRecord {
            activity: self.function.to_owned(),
            activity_id: 0,
            status: status.to_owned(),
            percent,
            kind: if done == of { ProgressKind::Completed } else { ProgressKind::Processing },
        };
        (self.preferences.progress == Progress::Send).then_some(Step::Progress(record))
    }

    fn exported(&self, workspace: &Workspace, rule: &Rule) -> Value {
        let body = &rule.body;
        let name = body.rule_id.as_str();
        let mut content = content(rule);
        if self.bound.has("IncludeActions")
            && let Some(fields) = content.as_object_mut()
        {
            fields.insert("actions".to_owned(), json!([]));
        }
        let format = self.format();
        let content = match format {
            "YAML" => Content::Text(yaml(&content, 0), "yaml"),
            "ARM" => Content::Json(template(name, &content)),
            _ => Content::Json(content),
        };
        let id = workspace.arm_id("alertRules", name);
        let more = [
            ("Kind", Value::from(body.kind.as_str())),
            ("DisplayName", Value::from(body.display_name.as_str())),
            ("Enabled", Value::Bool(rule.enabled)),
        ];
        self.one(Exported { name, title: &body.display_name, id, format, content }, more)
    }
}

/// The rule in the form of Azure's API; what it lacks is left out.
pub(super) fn content(rule: &Rule) -> Json {
    let body = &rule.body;
    let mappings: Vec<Json> = body
        .entity_mappings
        .iter()
        .map(|mapping| {
            let fields: Vec<Json> = mapping
                .field_mappings
                .iter()
                .map(|field| json!({ "identifier": field.identifier, "columnName": field.column_name }))
                .collect();
            json!({ "entityType": mapping.entity_type, "fieldMappings": fields })
        })
        .collect();
    let mut properties = json!({
        "displayName": body.display_name,
        "description": body.description,
        "enabled": rule.enabled,
        "severity": body.severity,
        "tactics": body.tactics,
        "techniques": body.techniques,
        "query": body.query,
        "queryFrequency": body.query_frequency,
        "queryPeriod": body.query_period,
        "triggerOperator": body.trigger_operator,
        "triggerThreshold": body.trigger_threshold,
        "entityMappings": mappings,
        "customDetails": body.custom_details,
        "alertRuleTemplateName": body.alert_rule_template_name,
        "productFilter": body.product_filter,
        "severitiesFilter": body.severities_filter,
    });
    if let Some(fields) = properties.as_object_mut() {
        let may_lack = |key: &str| ["entityMappings", "severitiesFilter"].contains(&key);
        fields.retain(|key, value| !(value.is_null() || may_lack(key) && *value == json!([])));
        fields.extend(options(&rule.options));
    }
    json!({ "name": body.rule_id, "kind": body.kind, "properties": properties })
}

/// What somebody set; Sentinel's own defaults are left out.
fn options(options: &RuleOptions) -> Map<String, Json> {
    let usual = RuleOptions::default();
    let mut fields = Map::new();
    let mut insert = |key: &str, value: Json| fields.insert(key.to_owned(), value);
    if (options.suppression_enabled, &options.suppression_duration)
        != (usual.suppression_enabled, &usual.suppression_duration)
    {
        insert("suppressionEnabled", options.suppression_enabled.into());
        insert("suppressionDuration", options.suppression_duration.as_str().into());
    }
    if (options.create_incident, &options.grouping) != (usual.create_incident, &usual.grouping) {
        let mut incident = json!({ "createIncident": options.create_incident });
        if let Some(grouping) = &options.grouping {
            incident["groupingConfiguration"] = grouping.clone();
        }
        insert("incidentConfiguration", incident);
    }
    if let Some(overrides) = &options.alert_details_override {
        insert("alertDetailsOverride", overrides.clone());
    }
    if let Some(kind) = &options.event_grouping {
        insert("eventGroupingSettings", json!({ "aggregationKind": kind }));
    }
    fields
}

fn template(name: &str, rule: &Json) -> Json {
    let resource = json!({
        "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
        "apiVersion": "2025-09-01",
        "name": format!("[concat(parameters('workspace'), '/Microsoft.SecurityInsights/{name}')]"),
        "kind": rule["kind"],
        "properties": rule["properties"],
    });
    deployment("workspace", &resource)
}

/// An ARM template of one resource, with one parameter.
pub(super) fn deployment(parameter: &str, resource: &Json) -> Json {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { parameter: { "type": "String" } },
        "resources": [resource],
    })
}

/// A name that any file system takes.
pub(super) fn file_name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Block style; scalars as JSON, which YAML contains, and text of several
/// lines as a literal block.
fn yaml(json: &Json, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match json {
        Json::Object(fields) if !fields.is_empty() => {
            fields.iter().map(|(key, value)| format!("{pad}{key}:{}", yaml_behind(value, indent))).collect()
        }
        Json::Array(items) if !items.is_empty() => {
            items.iter().map(|item| format!("{pad}-{}", yaml_behind(item, indent))).collect()
        }
        scalar => format!("{pad}{scalar}\n"),
    }
}

fn yaml_behind(value: &Json, indent: usize) -> String {
    match value {
        Json::Object(fields) if !fields.is_empty() => format!("\n{}", yaml(value, indent + 2)),
        Json::Array(items) if !items.is_empty() => format!("\n{}", yaml(value, indent + 2)),
        // A block's first line must not begin with a blank, or it would set
        // the indent.
        Json::String(text) if text.contains('\n') && !text.starts_with([' ', '\n']) && !text.ends_with('\n') => {
            let pad = " ".repeat(indent + 2);
            let lines: String = text.lines().map(|line| format!("{pad}{line}\n")).collect();
            format!(" |-\n{lines}")
        }
        scalar => format!(" {scalar}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_keeps_lines_and_nesting() {
        let rule = json!({ "a": "x: 'y'", "list": [{ "k": 1 }, "s"], "none": [], "q": "T\n| take 1" });
        let want = "a: \"x: 'y'\"\nlist:\n  -\n    k: 1\n  - \"s\"\nnone: []\nq: |-\n  T\n  | take 1\n";
        assert_eq!(yaml(&rule, 0), want);
    }
}
