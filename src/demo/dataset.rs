//! The scenario as it is written down (`dataset.json`). Only what the
//! functions need is read.
//!
//! Times in it are offsets from the host's start, so the demo never looks old.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value as Json;

use super::content::Content;
use super::estate::Estate;

/// All of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dataset {
    pub(super) rule_library: Vec<LibraryRule>,
    pub(super) tenants: Vec<RawTenant>,
    pub(super) workspaces: Vec<RawWorkspace>,
}

/// A rule that the provider deploys to several customers.
#[derive(Deserialize)]
pub(super) struct LibraryRule {
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) body: RuleBody,
}

/// What a rule is.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleBody {
    pub(super) rule_id: String,
    pub(super) display_name: String,
    pub(super) kind: String,
    pub(super) severity: Option<String>,
    pub(super) tactics: Vec<String>,
    pub(super) techniques: Vec<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) query: Option<String>,
    pub(super) query_frequency: Option<String>,
    pub(super) query_period: Option<String>,
    pub(super) trigger_operator: Option<String>,
    pub(super) trigger_threshold: Option<i32>,
    #[serde(default)]
    pub(super) entity_mappings: Vec<EntityMapping>,
    #[serde(default)]
    pub(super) required_tables: Vec<String>,
    pub(super) custom_details: Option<BTreeMap<String, String>>,
    pub(super) alert_rule_template_name: Option<String>,
    pub(super) product_filter: Option<String>,
    #[serde(default)]
    pub(super) severities_filter: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntityMapping {
    pub(super) entity_type: String,
    pub(super) field_mappings: Vec<FieldMapping>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldMapping {
    pub(super) identifier: String,
    pub(super) column_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawTenant {
    pub(super) alias: String,
    pub(super) display_name: String,
    pub(super) tenant_id: String,
    pub(super) language: String,
    pub(super) jump_host: JumpHost,
    pub(super) workspaces: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JumpHost {
    pub(super) name: String,
    pub(super) ps_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawWorkspace {
    pub(super) alias: String,
    pub(super) workspace_name: String,
    pub(super) resource_group_name: String,
    pub(super) subscription_id: String,
    pub(super) rules: Vec<Deployed>,
    pub(super) incidents: Vec<RawIncident>,
    pub(super) tables: Vec<Table>,
    pub(super) rule_health: Vec<Health>,
    #[serde(flatten)]
    pub(super) content: Content,
    #[serde(flatten)]
    pub(super) estate: Estate,
}

/// A rule in a workspace: one of the library (`key`) or one of its own.
#[derive(Deserialize)]
pub(super) struct Deployed {
    pub(super) key: Option<String>,
    pub(super) enabled: bool,
    pub(super) modified: Option<String>,
    /// How it deviates from the library: a property and its value here, or
    /// what was replaced in its text.
    #[serde(default)]
    pub(super) drift: BTreeMap<String, Json>,
    /// A local rule's own properties.
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Json>,
}

/// A table of the workspace.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Table {
    pub(super) name: String,
    /// Analytics, Basic or Auxiliary.
    pub(super) plan: String,
    /// Days it can be queried.
    pub(super) retention: i32,
    /// Days it keeps rows in all, the archive included.
    pub(super) total: i32,
    pub(super) gb_per_day: f64,
    /// Offset of its newest row from the host's start.
    pub(super) last: String,
    /// `name:type`; none for Microsoft's own tables.
    #[serde(default)]
    pub(super) columns: Vec<String>,
    /// When its plan last changed; never in the scenario.
    #[serde(skip)]
    pub(super) plan_changed: Option<Timestamp>,
}

/// Seven days of one rule.
#[derive(Clone, Deserialize)]
pub(super) struct Health {
    pub(super) rule: String,
    pub(super) runs: i32,
    pub(super) failures: i32,
    pub(super) alerts: i32,
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawIncident {
    pub(super) number: i32,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) severity: String,
    pub(super) status: String,
    pub(super) rule: String,
    pub(super) created: String,
    pub(super) owner: Option<String>,
    pub(super) alerts: u32,
    pub(super) entities: Vec<Entity>,
    pub(super) comments: Vec<RawComment>,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    pub(super) classification: Option<String>,
    pub(super) classification_reason: Option<String>,
    pub(super) classification_comment: Option<String>,
    pub(super) closed: Option<String>,
    pub(super) provider: Option<String>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Entity {
    pub(super) kind: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct RawComment {
    pub(super) at: String,
    pub(super) author: String,
    pub(super) message: String,
}

impl Dataset {
    /// The one in this program.
    pub(super) fn embedded() -> Self {
        serde_json::from_str(include_str!("dataset.json")).unwrap_or_else(|error| unreachable!("dataset.json: {error}"))
    }
}

impl Deployed {
    /// The rule as it is in the workspace.
    pub(super) fn body(&self, library: &[LibraryRule]) -> RuleBody {
        let managed = library.iter().find(|rule| Some(&rule.key) == self.key.as_ref());
        let mut body = match managed {
            Some(rule) => rule.body.clone(),
            None => serde_json::to_value(&self.rest)
                .and_then(serde_json::from_value)
                .unwrap_or_else(|error| unreachable!("dataset.json: a rule neither managed nor whole: {error}")),
        };
        for (property, change) in &self.drift {
            let field = match property.as_str() {
                "severity" => &mut body.severity,
                "query" => &mut body.query,
                "queryPeriod" => &mut body.query_period,
                other => unreachable!("dataset.json: drift of {other}"),
            };
            *field = match (change["find"].as_str(), change["replace"].as_str()) {
                (Some(find), Some(replace)) => field.take().map(|text| text.replace(find, replace)),
                _ => change.as_str().map(str::to_owned),
            };
        }
        body
    }
}

/// The time that lies `offset` (`-2d4h30m`) from `start`.
pub(super) fn at(start: Timestamp, offset: &str) -> Timestamp {
    let back = parse(offset).unwrap_or_else(|| unreachable!("dataset.json: {offset} is no offset"));
    start.checked_sub(back).unwrap_or(start)
}

/// The time that `text` names, when it is an offset: `-2d4h30m` or `+2d`.
pub(super) fn shifted(start: Timestamp, text: &str) -> Option<Timestamp> {
    match text.strip_prefix('+') {
        Some(ahead) => start.checked_add(parse(&format!("-{ahead}"))?).ok(),
        None => start.checked_sub(parse(text)?).ok(),
    }
}

fn parse(offset: &str) -> Option<SignedDuration> {
    let mut rest = offset.strip_prefix('-').filter(|rest| !rest.is_empty())?;
    let mut seconds = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let size = match behind.chars().next()? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            _ => return None,
        };
        seconds += number.parse::<i64>().ok()? * size;
        rest = behind.get(1..)?;
    }
    Some(SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_lies_before_the_start() {
        let start: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        assert_eq!(at(start, "-2d4h30m").to_string(), "2026-03-08T07:30:00Z");
        assert_eq!(at(start, "-4m").to_string(), "2026-03-10T11:56:00Z");
        assert_eq!(shifted(start, "+2d").map(|time| time.to_string()).as_deref(), Some("2026-03-12T12:00:00Z"));
        assert_eq!(shifted(start, "crane-3"), None);
        assert_eq!(parse("2d"), None);
        assert_eq!(parse("-2x"), None);
    }
}
