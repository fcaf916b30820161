//! The scenario as it is written down (`dataset.json`). Only what the
//! functions need is read.
//!
//! Times in it are offsets from the host's start, so the demo never looks old.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value as Json;

use super::content::RawContent;
use super::estate::RawEstate;

/// All of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Dataset {
    pub(in crate::demo) rule_library: Vec<LibraryRule>,
    pub(in crate::demo) tenants: Vec<RawTenant>,
    pub(in crate::demo) workspaces: Vec<RawWorkspace>,
}

/// A rule that the provider deploys to several customers.
#[derive(Deserialize)]
pub(in crate::demo) struct LibraryRule {
    pub(in crate::demo) key: String,
    #[serde(flatten)]
    pub(in crate::demo) body: RuleBody,
}

/// What a rule is.
#[derive(Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RuleBody {
    pub(in crate::demo) rule_id: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) kind: String,
    pub(in crate::demo) severity: Option<String>,
    pub(in crate::demo) tactics: Vec<String>,
    pub(in crate::demo) techniques: Vec<String>,
    #[serde(default)]
    pub(in crate::demo) description: String,
    pub(in crate::demo) query: Option<String>,
    pub(in crate::demo) query_frequency: Option<String>,
    pub(in crate::demo) query_period: Option<String>,
    pub(in crate::demo) trigger_operator: Option<String>,
    pub(in crate::demo) trigger_threshold: Option<i32>,
    #[serde(default)]
    pub(in crate::demo) entity_mappings: Vec<EntityMapping>,
    #[serde(default)]
    pub(in crate::demo) required_tables: Vec<String>,
    pub(in crate::demo) custom_details: Option<BTreeMap<String, String>>,
    pub(in crate::demo) alert_rule_template_name: Option<String>,
    pub(in crate::demo) product_filter: Option<String>,
    #[serde(default)]
    pub(in crate::demo) severities_filter: Vec<String>,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct EntityMapping {
    pub(in crate::demo) entity_type: String,
    pub(in crate::demo) field_mappings: Vec<FieldMapping>,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct FieldMapping {
    pub(in crate::demo) identifier: String,
    pub(in crate::demo) column_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawTenant {
    pub(in crate::demo) alias: String,
    pub(in crate::demo) display_name: String,
    pub(in crate::demo) tenant_id: String,
    pub(in crate::demo) language: String,
    pub(in crate::demo) jump_host: JumpHost,
    pub(in crate::demo) workspaces: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct JumpHost {
    pub(in crate::demo) name: String,
    pub(in crate::demo) ps_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawWorkspace {
    pub(in crate::demo) alias: String,
    pub(in crate::demo) workspace_name: String,
    pub(in crate::demo) resource_group_name: String,
    pub(in crate::demo) subscription_id: String,
    pub(in crate::demo) subscription_name: String,
    /// The id by which queries name it.
    pub(in crate::demo) workspace_id: String,
    pub(in crate::demo) sku: String,
    /// -1 for none.
    pub(in crate::demo) daily_quota_gb: f64,
    pub(in crate::demo) rules: Vec<Deployed>,
    pub(in crate::demo) incidents: Vec<RawIncident>,
    pub(in crate::demo) tables: Vec<Table>,
    pub(in crate::demo) rule_health: Vec<Health>,
    #[serde(flatten)]
    pub(in crate::demo) content: RawContent,
    #[serde(flatten)]
    pub(in crate::demo) estate: RawEstate,
}

/// A rule in a workspace: one of the library (`key`) or one of its own.
#[derive(Deserialize)]
pub(in crate::demo) struct Deployed {
    pub(in crate::demo) key: Option<String>,
    pub(in crate::demo) enabled: bool,
    pub(in crate::demo) modified: Option<String>,
    /// How it deviates from the library: a property and its value here, or
    /// what was replaced in its text.
    #[serde(default)]
    pub(in crate::demo) drift: BTreeMap<String, Json>,
    /// A local rule's own properties.
    #[serde(flatten)]
    pub(in crate::demo) rest: BTreeMap<String, Json>,
}

/// A table of the workspace.
#[derive(Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct Table {
    pub(in crate::demo) name: String,
    /// Analytics, Basic or Auxiliary.
    pub(in crate::demo) plan: String,
    /// Days it can be queried.
    pub(in crate::demo) retention: i32,
    /// Days it keeps rows in all, the archive included.
    pub(in crate::demo) total: i32,
    pub(in crate::demo) gb_per_day: f64,
    /// Offset of its newest row from the host's start.
    pub(in crate::demo) last: String,
    /// `name:type`; none for Microsoft's own tables.
    #[serde(default)]
    pub(in crate::demo) columns: Vec<String>,
    /// When its plan last changed; never in the scenario.
    #[serde(skip)]
    pub(in crate::demo) plan_changed: Option<Timestamp>,
}

/// Seven days of one rule.
#[derive(Clone, Deserialize)]
pub(in crate::demo) struct Health {
    pub(in crate::demo) rule: String,
    pub(in crate::demo) runs: i32,
    pub(in crate::demo) failures: i32,
    pub(in crate::demo) alerts: i32,
    pub(in crate::demo) reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::demo) struct RawIncident {
    pub(in crate::demo) number: i32,
    pub(in crate::demo) id: String,
    pub(in crate::demo) title: String,
    pub(in crate::demo) severity: String,
    pub(in crate::demo) status: String,
    pub(in crate::demo) rule: String,
    pub(in crate::demo) created: String,
    pub(in crate::demo) owner: Option<String>,
    pub(in crate::demo) alerts: u32,
    pub(in crate::demo) entities: Vec<Entity>,
    pub(in crate::demo) comments: Vec<RawComment>,
    #[serde(default)]
    pub(in crate::demo) labels: Vec<String>,
    pub(in crate::demo) classification: Option<String>,
    pub(in crate::demo) classification_reason: Option<String>,
    pub(in crate::demo) classification_comment: Option<String>,
    pub(in crate::demo) closed: Option<String>,
    pub(in crate::demo) provider: Option<String>,
}

#[derive(Clone, Deserialize, PartialEq)]
pub(in crate::demo) struct Entity {
    pub(in crate::demo) kind: String,
    pub(in crate::demo) name: String,
}

#[derive(Deserialize)]
pub(in crate::demo) struct RawComment {
    pub(in crate::demo) at: String,
    pub(in crate::demo) author: String,
    pub(in crate::demo) message: String,
}

impl Dataset {
    /// The one in this program.
    pub(in crate::demo) fn embedded() -> Self {
        serde_json::from_str(include_str!("dataset.json")).unwrap_or_else(|error| unreachable!("dataset.json: {error}"))
    }
}

impl Deployed {
    /// The rule as it is in the workspace.
    pub(in crate::demo) fn body(&self, library: &[LibraryRule]) -> RuleBody {
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
pub(in crate::demo) fn at(start: Timestamp, offset: &str) -> Timestamp {
    let back = parse(offset).unwrap_or_else(|| unreachable!("dataset.json: {offset} is no offset"));
    start.checked_sub(back).unwrap_or(start)
}

/// The time that `text` names, when it is an offset: `-2d4h30m` or `+2d`.
pub(in crate::demo) fn shifted(start: Timestamp, text: &str) -> Option<Timestamp> {
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
