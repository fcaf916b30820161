//! Analytics rules: list and details.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use regex::Regex;
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::signature::{INVALID_ARGUMENT, OBJECT_NOT_FOUND};
use crate::demo::clixml::{bag, count, custom, date, from_json, objects, optional, span, strings};
use crate::demo::world::{Rule, Workspace};

/// How long a group of alerts takes more; Sentinel's own default.
const FIVE_HOURS: &str = "PT5H";

impl Call<'_> {
    /// Get-AnalyticsRules.
    pub(super) fn rules(&self, workspace: &Workspace) -> Vec<Step> {
        let bound = self.bound;
        let name = bound.text("NameFilter").map(wildcard);
        let among = |name: &str, value: Option<&str>| {
            let same = |value: &str, wanted: &String| wanted.eq_ignore_ascii_case(value);
            bound.texts(name).is_none_or(|all| value.is_some_and(|value| all.iter().any(|wanted| same(value, wanted))))
        };
        let tactic =
            |wanted: &str, rule: &Rule| rule.body.tactics.iter().any(|tactic| tactic.eq_ignore_ascii_case(wanted));
        workspace
            .rules
            .iter()
            .filter(|rule| bound.flag("Enabled").is_none_or(|enabled| rule.enabled == enabled))
            .filter(|rule| among("Kind", Some(&rule.body.kind)))
            .filter(|rule| among("Severity", rule.body.severity.as_deref()))
            .filter(|rule| bound.text("Tactic").is_none_or(|wanted| tactic(wanted, rule)))
            .filter(|rule| name.as_ref().is_none_or(|name| name.is_match(&rule.body.display_name)))
            .filter(|rule| bound.date("ModifiedSince").is_none_or(|since| rule.modified >= since))
            .map(|rule| {
                let query = rule.body.query.as_deref().filter(|_| bound.has("IncludeQuery"));
                let mut properties = summary(workspace, rule);
                properties.push(("Query", optional(query)));
                Step::Output(custom(properties))
            })
            .collect()
    }

    /// Get-AnalyticsRuleDetails.
    pub(super) fn rule_details(&self, workspace: &Workspace) -> Vec<Step> {
        match self.rule_at(workspace).map(|place| workspace.rules.get(place)) {
            Ok(rule) => rule.map(|rule| Step::Output(self.whole_rule(workspace, rule))).into_iter().collect(),
            Err(step) => vec![step],
        }
    }

    /// Where the rule that the call names is.
    pub(super) fn rule_at(&self, workspace: &Workspace) -> Result<usize, Step> {
        let (id, name) = (self.bound.text("RuleId"), self.bound.text("RuleName").unwrap_or_default());
        let (by, wanted) = id.map_or(("name", name), |id| ("id", id));
        let is_it = |rule: &Rule| match id {
            Some(id) => is_named(rule, id),
            None => rule.body.display_name.to_lowercase() == name.to_lowercase(),
        };
        let found: Vec<(usize, &Rule)> = workspace.rules.iter().enumerate().filter(|(_, rule)| is_it(rule)).collect();
        match found.as_slice() {
            [(place, _)] => Ok(*place),
            [] => Err(self.error(format!("No rule with {by} '{wanted}'."), "RuleNotFound", OBJECT_NOT_FOUND)),
            several => {
                let ids: Vec<&str> = several.iter().map(|(_, rule)| rule.body.rule_id.as_str()).collect();
                let message =
                    format!("{} rules are named '{wanted}'; give the id of one: {}.", several.len(), ids.join(", "));
                Err(self.error(message, "RuleNameAmbiguous", INVALID_ARGUMENT))
            }
        }
    }

    fn whole_rule(&self, workspace: &Workspace, rule: &Rule) -> Value {
        let body = &rule.body;
        let is_query = body.query.is_some();
        let if_query = |value: Value| if is_query { value } else { Value::Nil };
        let mappings = body.entity_mappings.iter().map(|mapping| {
            let fields = mapping.field_mappings.iter().map(|field| {
                custom([
                    ("Identifier", Value::from(field.identifier.as_str())),
                    ("ColumnName", Value::from(field.column_name.as_str())),
                ])
            });
            custom([("EntityType", Value::from(mapping.entity_type.as_str())), ("FieldMappings", objects(fields))])
        });
        let details = body
            .custom_details
            .as_ref()
            .map(|details| bag(&[], details.iter().map(|(key, column)| (key.clone(), Value::from(column.as_str())))));
        let options = &rule.options;
        let grouping = options.grouping.as_ref().map_or_else(
            || {
                custom([
                    ("Enabled", Value::Bool(groups(rule))),
                    ("ReopenClosedIncident", Value::Bool(false)),
                    ("LookbackDuration", span(Some(FIVE_HOURS))),
                    ("MatchingMethod", Value::from("AllEntities")),
                ])
            },
            from_json,
        );
        let incident =
            custom([("CreateIncident", Value::Bool(options.create_incident)), ("GroupingConfiguration", grouping)]);
        let usual = if body.kind == "NRT" { "AlertPerResult" } else { "SingleAlert" };
        let events = options.event_grouping.as_deref().unwrap_or(usual);
        let mut properties = summary(workspace, rule);
        properties.extend([
            ("Description", Value::from(body.description.as_str())),
            ("Query", optional(body.query.as_deref())),
            ("EntityMappings", objects(mappings)),
            ("CustomDetails", optional(details)),
            ("AlertDetailsOverride", options.alert_details_override.as_ref().map_or(Value::Nil, from_json)),
            ("EventGrouping", if_query(Value::from(events))),
            ("IncidentConfiguration", if_query(incident)),
            ("SuppressionDuration", if_query(span(Some(&options.suppression_duration)))),
            // The scenario attaches no playbooks to rules.
            ("Actions", if self.bound.has("IncludeActions") { objects([]) } else { Value::Nil }),
            ("Health", if self.bound.has("IncludeHealth") { self.health(workspace, rule) } else { Value::Nil }),
            ("Tables", strings(tables(workspace, rule))),
        ]);
        custom(properties)
    }

    /// The last seven days: the scenario's figures, else a rule that ran each
    /// time and never failed.
    fn health(&self, workspace: &Workspace, rule: &Rule) -> Value {
        let told = workspace.health.iter().find(|health| Some(&health.rule) == rule.key.as_ref());
        let week = SignedDuration::from_hours(7 * 24);
        let (runs, failures, alerts, reason) = match told {
            Some(health) => (health.runs, health.failures, health.alerts, health.reason.as_deref()),
            None => {
                let every = rule.body.query_frequency.as_deref().and_then(length);
                let runs = every
                    .filter(|every| every.as_secs() > 0 && rule.enabled)
                    .map_or(0, |every| week.as_secs() / every.as_secs());
                let recent = |created| self.now.duration_since(created) <= week;
                let alerts: u32 = workspace
                    .incidents
                    .iter()
                    .filter(|incident| incident.rules.contains(&rule.body.rule_id) && recent(incident.created))
                    .map(|incident| incident.alert_count)
                    .sum();
                (i32::try_from(runs).unwrap_or(i32::MAX), 0, i32::try_from(alerts).unwrap_or(i32::MAX), None)
            }
        };
        custom([
            ("runs", Value::I32(runs)),
            ("failures", Value::I32(failures)),
            ("alerts", Value::I32(alerts)),
            ("lastFailureReason", optional(reason)),
        ])
    }
}

/// What list, details and a new rule have in common.
pub(super) fn summary(workspace: &Workspace, rule: &Rule) -> Vec<(&'static str, Value)> {
    let body = &rule.body;
    vec![
        ("RuleId", Value::from(body.rule_id.as_str())),
        ("DisplayName", Value::from(body.display_name.as_str())),
        ("Kind", Value::from(body.kind.as_str())),
        ("Enabled", Value::Bool(rule.enabled)),
        ("Severity", optional(body.severity.as_deref())),
        ("Tactics", strings(body.tactics.iter().map(String::as_str))),
        ("Techniques", strings(body.techniques.iter().map(String::as_str))),
        ("QueryFrequency", span(body.query_frequency.as_deref())),
        ("QueryPeriod", span(body.query_period.as_deref())),
        ("TriggerOperator", optional(body.trigger_operator.as_deref())),
        ("TriggerThreshold", optional(body.trigger_threshold)),
        ("SuppressionEnabled", Value::Bool(rule.options.suppression_enabled)),
        ("CreateIncident", Value::Bool(rule.options.create_incident)),
        ("GroupingEnabled", Value::Bool(groups(rule))),
        ("EntityMappingCount", count(body.entity_mappings.len())),
        ("TemplateName", optional(body.alert_rule_template_name.as_deref())),
        ("TemplateVersion", optional(rule.template_version())),
        ("LastModifiedUtc", date(rule.modified)),
        ("Etag", Value::from(rule.etag(workspace))),
    ]
}

fn groups(rule: &Rule) -> bool {
    let said = rule.options.grouping.as_ref().and_then(|grouping| {
        let flag = |name: &str| grouping.get(name).and_then(serde_json::Value::as_bool);
        flag("enabled").or_else(|| flag("Enabled"))
    });
    said.unwrap_or(!rule.body.entity_mappings.is_empty())
}

/// Tables that the query reads: as the library says, else those of the
/// workspace whose name is a word of the query.
pub(super) fn tables<'a>(workspace: &'a Workspace, rule: &'a Rule) -> Vec<&'a str> {
    if !rule.body.required_tables.is_empty() {
        return rule.body.required_tables.iter().map(String::as_str).collect();
    }
    let query = rule.body.query.as_deref().unwrap_or_default();
    let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    workspace.tables.iter().map(|table| table.name.as_str()).filter(|table| words.contains(table)).collect()
}

/// An ISO 8601 duration whose days have 24 hours.
pub(super) fn length(span: &str) -> Option<SignedDuration> {
    span.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// Whether `id` is the rule's name in ARM.
pub(super) fn is_named(rule: &Rule, id: &str) -> bool {
    rule.body.rule_id.eq_ignore_ascii_case(id)
}

/// A PowerShell wildcard: `*`, `?`, `[a-z]`; a backtick takes the next
/// character as it is.
pub(super) fn wildcard(pattern: &str) -> Regex {
    let mut regex = String::from("(?is)^");
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '`' => regex.push_str(&regex::escape(&rest.next().unwrap_or('`').to_string())),
            '[' if rest.as_str().contains(']') => {
                let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                regex.push_str(&format!("[{}]", regex::escape(&class).replace("\\-", "-")));
            }
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push('$');
    // A class that is none (`[]`, `[z-a]`): nothing has such a name.
    Regex::new(&regex).unwrap_or_else(|_| nothing())
}

fn nothing() -> Regex {
    Regex::new("[^\\s\\S]").unwrap_or_else(|_| unreachable!("a constant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_matches_as_in_powershell() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("pass*", "Password spray", true),
            ("pass", "Password spray", false),
            ("*spray?", "Password spray", false),
            ("[m-p]ass*", "Password spray", true),
            ("a.c", "abc", false),
            ("a[", "a[", true),
            ("a`*", "a*", true),
            ("a`*", "ab", false),
            ("[z-a]", "z", false),
        ] {
            assert_eq!(wildcard(pattern).is_match(text), matches, "{pattern} on {text}");
        }
    }
}
