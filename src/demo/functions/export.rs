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
use crate::demo::world::{Rule, Workspace};

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
            "ARM" => Content::Json(sorted(template(name, &content))),
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

/// The rule as a restore sends it.
pub(super) fn content(rule: &Rule) -> Json {
    plain(&Json::Object(rule.source.clone()), &["lastModifiedUtc"])
}

/// A document as a restore sends it: without what Azure writes itself, so that
/// two backups differ only where the things do. What is unset is left out.
pub(super) fn plain(document: &Json, read_only: &[&str]) -> Json {
    let mut properties = document["properties"].as_object().cloned().unwrap_or_default();
    properties.retain(|key, value| !value.is_null() && !read_only.contains(&key.as_str()));
    let mut plain = Map::new();
    plain.insert("name".to_owned(), document["name"].clone());
    if let Some(kind) = document.get("kind").filter(|kind| !kind.is_null()) {
        plain.insert("kind".to_owned(), kind.clone());
    }
    plain.insert("properties".to_owned(), set_only(properties.into()));
    sorted(Json::Object(plain))
}

/// Without properties that are null, at any depth.
fn set_only(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            fields.map(|(key, value)| (key, set_only(value))).collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(set_only).collect(),
        other => other,
    }
}

/// The same with the keys of every object in order.
pub(super) fn sorted(json: Json) -> Json {
    match json {
        Json::Object(fields) => {
            let mut fields: Vec<(String, Json)> = fields.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.into_iter().collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
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
