//! Analytics rules: on, off, away, and new ones.

use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::draft::Draft;
use super::export::content;
use super::rules::{is_named, summary};
use super::signature::{INVALID_ARGUMENT, INVALID_OPERATION, RESOURCE_EXISTS};
use crate::demo::clixml::{custom, date, from_json, strings};
use crate::demo::logs::Shapes;
use crate::demo::world::check::{self, Quota};
use crate::demo::world::{Rule, Workspace};

impl Call<'_> {
    /// Enable-AnalyticsRule and Disable-AnalyticsRule.
    pub(super) fn switch_rule(&self, workspace: &mut Workspace, enabled: bool) -> Vec<Step> {
        let place = match self.rule_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(rule) = workspace.rules.get(place) else { return Vec::new() };
        let before = rule.enabled;
        let (action, now) = if enabled { ("Enable rule", "disabled") } else { ("Disable rule", "enabled") };
        let now = if before == enabled { "already so" } else { now };
        if let Some(step) = self.instead_of(action, &format!("{} (now {now})", rule.body.display_name)) {
            return vec![step];
        }
        if enabled && !before {
            // Azure's PUT checks the query and the quota anew.
            if let Some(why) = refused_query(workspace, rule) {
                return vec![self.error(why, "BadRequest", INVALID_ARGUMENT)];
            }
            if let Some(why) = over_quota(workspace, &rule.body.kind, Quota::Enabled) {
                return vec![self.error(why, "LimitExceeded", INVALID_OPERATION)];
            }
        }
        let Some(rule) = workspace.rules.get_mut(place) else { return Vec::new() };
        if before != enabled {
            rule.enabled = enabled;
            rule.modified = self.now;
        }
        vec![Step::Output(custom([
            ("RuleId", Value::from(rule.body.rule_id.as_str())),
            ("DisplayName", Value::from(rule.body.display_name.as_str())),
            ("Kind", Value::from(rule.body.kind.as_str())),
            ("PreviousEnabled", Value::Bool(before)),
            ("Enabled", Value::Bool(enabled)),
            ("Changed", Value::Bool(before != enabled)),
            ("LastModifiedUtc", date(rule.modified)),
        ]))]
    }

    /// Remove-AnalyticsRule.
    pub(super) fn remove_rule(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.rule_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(rule) = workspace.rules.get(place) else { return Vec::new() };
        let target = format!("{} ({})", rule.body.display_name, rule.body.kind);
        if let Some(step) = self.instead_of("Delete rule", &target) {
            return vec![step];
        }
        let rule = workspace.rules.remove(place);
        vec![Step::Output(custom([
            ("RuleId", Value::from(rule.body.rule_id.as_str())),
            ("DisplayName", Value::from(rule.body.display_name.as_str())),
            ("Kind", Value::from(rule.body.kind.as_str())),
            ("Deleted", Value::Bool(true)),
            ("Backup", from_json(&content(&rule))),
        ]))]
    }

    /// New-AnalyticsRule.
    pub(super) fn new_rule(&self, workspace: &mut Workspace) -> Vec<Step> {
        let draft = match Draft::read(self.bound, workspace) {
            Ok(draft) => draft,
            Err(why) => return vec![self.error(why, "BadRequest", INVALID_ARGUMENT)],
        };
        let known = workspace.rules.iter().position(|rule| is_named(rule, &draft.body.rule_id));
        if known.is_some() && !self.bound.has("Force") {
            let message = format!("A rule with id '{}' exists; -Force replaces it.", draft.body.rule_id);
            return vec![self.error(message, "Conflict", RESOURCE_EXISTS)];
        }
        let target = format!(
            "{} ({}, enabled={})",
            draft.body.display_name,
            draft.body.severity.as_deref().unwrap_or("no severity"),
            draft.enabled
        );
        if let Some(step) = self.instead_of(if known.is_some() { "Replace rule" } else { "Create rule" }, &target) {
            return vec![step];
        }
        let quotas = [(draft.enabled, Quota::Enabled), (known.is_none(), Quota::Total)];
        let over = |(_, quota): (bool, Quota)| over_quota(workspace, &draft.body.kind, quota);
        if let Some(why) = quotas.into_iter().filter(|(counts, _)| *counts).find_map(over) {
            return vec![self.error(why, "LimitExceeded", INVALID_OPERATION)];
        }
        let warnings = draft.warnings();
        let replaced = known.and_then(|place| workspace.rules.get(place));
        let rule = Rule {
            // A rule that is replaced stays the scenario's.
            key: replaced.and_then(|rule| rule.key.clone()),
            source: replaced.map(|rule| rule.source.clone()).unwrap_or_default(),
            enabled: draft.enabled,
            modified: self.now,
            options: draft.options,
            body: draft.body,
        };
        let mut properties = summary(workspace, &rule);
        properties.push(("Created", Value::Bool(known.is_none())));
        properties.push(("ValidationWarnings", strings(warnings)));
        match known.and_then(|place| workspace.rules.get_mut(place)) {
            Some(place) => *place = rule,
            None => workspace.rules.push(rule),
        }
        vec![Step::Output(custom(properties))]
    }
}

fn refused_query(workspace: &Workspace, rule: &Rule) -> Option<String> {
    let query = rule.body.query.as_deref()?;
    Shapes::of(workspace).refusal(query, workspace.start)
}

/// Whether one more rule of that kind is too many.
fn over_quota(workspace: &Workspace, kind: &str, quota: Quota) -> Option<String> {
    let counts = |rule: &&Rule| rule.body.kind == kind && (quota == Quota::Total || rule.enabled);
    check::over_quota(kind, quota, workspace.rules.iter().filter(counts).count())
}
