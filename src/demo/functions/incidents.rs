//! Incidents: list, details, comments.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::export::sorted;
use super::signature::{INVALID_OPERATION, OBJECT_NOT_FOUND};
use super::{AUTHOR, Call};
use crate::demo::clixml::{count, custom, date, from_json, objects, optional, strings};
use crate::demo::world::arm::as_azure_has_it;
use crate::demo::world::{Comment, Incident, Workspace, demo_id};

/// Sentinel's own limit.
const COMMENTS_PER_INCIDENT: usize = 100;

impl Call<'_> {
    /// Get-SentinelIncidents.
    pub(super) fn incidents(&self, workspace: &Workspace) -> Vec<Step> {
        let mut found: Vec<&Incident> =
            workspace.incidents.iter().filter(|incident| self.is_wanted(incident)).collect();
        let severity = |incident: &Incident| match incident.severity.as_str() {
            "High" => 0,
            "Medium" => 1,
            "Low" => 2,
            _ => 3,
        };
        match self.bound.text("OrderBy").unwrap_or("CreatedDesc").to_ascii_lowercase().as_str() {
            "createdasc" => found.sort_by_key(|incident| incident.created),
            "severitydesc" => found.sort_by_key(|incident| (severity(incident), Reverse(incident.created))),
            "lastmodifieddesc" => found.sort_by_key(|incident| Reverse(incident.modified())),
            _ => found.sort_by_key(|incident| Reverse(incident.created)),
        }
        found.truncate(usize::try_from(self.bound.number("Top").unwrap_or(50)).unwrap_or(50));
        found.into_iter().map(|incident| Step::Output(custom(summary(incident)))).collect()
    }

    fn is_wanted(&self, incident: &Incident) -> bool {
        let bound = self.bound;
        let same = str::eq_ignore_ascii_case;
        let status = bound.texts("Status").map_or_else(
            || incident.status != "Closed",
            |wanted| {
                let fits =
                    |one: &String| same(one, &incident.status) || (same(one, "Open") && incident.status != "Closed");
                wanted.iter().any(fits)
            },
        );
        let severity = bound.texts("Severity").is_none_or(|all| all.iter().any(|one| same(one, &incident.severity)));
        let owner = bound.text("Owner").is_none_or(|wanted| match &incident.owner {
            Some(owner) => same(wanted, owner),
            None => same(wanted, "unassigned"),
        });
        let title =
            bound.text("TitleFilter").is_none_or(|part| incident.title.to_lowercase().contains(&part.to_lowercase()));
        let label = bound.text("Label").is_none_or(|wanted| incident.labels.iter().any(|label| same(wanted, label)));
        let rule = bound.text("RuleId").is_none_or(|id| incident.rules.iter().any(|rule| same(rule, id)));
        let (after, before) = self.window();
        let time = after.is_none_or(|after| incident.created >= after)
            && before.is_none_or(|before| incident.created <= before);
        status && severity && owner && title && label && rule && time
    }

    /// The time of creation asked for. Seven days are the default only where
    /// nothing else bounds it: with CreatedBefore alone they would mostly
    /// leave nothing.
    fn window(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let before = self.bound.date("CreatedBefore");
        let after = self.bound.date("CreatedAfter").or_else(|| {
            let days = self.bound.number("LastDays").or_else(|| before.is_none().then_some(7))?;
            self.now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).ok()
        });
        (after, before)
    }

    /// Show-IncidentDetails.
    pub(super) fn incident_details(&self, workspace: &Workspace) -> Vec<Step> {
        let place = match self.place_of(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        workspace
            .incidents
            .get(place)
            .map(|incident| Step::Output(self.whole_incident(workspace, incident)))
            .into_iter()
            .collect()
    }

    /// Add-IncidentComment.
    pub(super) fn add_comment(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.place_of(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(incident) = workspace.incidents.get_mut(place) else { return Vec::new() };
        if let Some(step) = self.instead_of("Add comment", &format!("#{}: {}", incident.number, incident.title)) {
            return vec![step];
        }
        let comments = &mut incident.comments;
        let message = self.bound.text("Message").unwrap_or_default().to_owned();
        let id = match self.bound.text("CommentId") {
            Some(id) => id.to_owned(),
            None => demo_id(&[&incident.id, &comments.len().to_string(), &message]),
        };
        let known = comments.iter().position(|comment| comment.id.eq_ignore_ascii_case(&id));
        if known.is_none() && comments.len() >= COMMENTS_PER_INCIDENT {
            let message =
                format!("Incident {} has {COMMENTS_PER_INCIDENT} comments, the most it can have.", incident.number);
            return vec![self.error(message, "TooManyComments", INVALID_OPERATION)];
        }
        let created = known.and_then(|n| comments.get(n)).map_or(self.now, |comment| comment.created);
        let comment = Comment { id, created, modified: self.now, author: AUTHOR.to_owned(), message };
        let answer = custom([
            ("IncidentNumber", Value::I32(incident.number)),
            ("CommentId", Value::from(comment.id.as_str())),
            ("Author", Value::from(comment.author.as_str())),
            ("CreatedTimeUtc", date(comment.created)),
            ("Message", Value::from(comment.message.as_str())),
        ]);
        // Azure's PUT: the same id again replaces, so a retry adds nothing.
        match known.and_then(|n| comments.get_mut(n)) {
            Some(place) => *place = comment,
            None => comments.push(comment),
        }
        vec![Step::Output(answer)]
    }

    /// Where the incident that the call names is.
    pub(super) fn place_of(&self, workspace: &Workspace) -> Result<usize, Step> {
        let (number, id) = (self.bound.number("IncidentNumber"), self.bound.text("IncidentId"));
        let is_it = |incident: &Incident| match (number, id) {
            (Some(number), _) => incident.number == number,
            (None, id) => id.is_some_and(|id| incident.id.eq_ignore_ascii_case(id)),
        };
        workspace.incidents.iter().position(is_it).ok_or_else(|| {
            let named = number.map_or_else(|| id.unwrap_or_default().to_owned(), |number| number.to_string());
            self.error(
                format!("Incident {named} not found in workspace '{}'.", workspace.place.name),
                "IncidentNotFound",
                OBJECT_NOT_FOUND,
            )
        })
    }

    fn whole_incident(&self, workspace: &Workspace, incident: &Incident) -> Value {
        let wants = |what: &str| match self.bound.texts("Include") {
            Some(all) => all.iter().any(|one| one.eq_ignore_ascii_case(what)),
            None => matches!(what, "Alerts" | "Entities" | "Comments"),
        };
        let part = |what: &str, list: Value| if wants(what) { list } else { Value::Nil };
        let description = incident.description.as_deref().unwrap_or_default();
        let mut properties = summary(incident);
        properties.extend([
            ("Description", Value::from(description)),
            ("ClassificationReason", optional(incident.classification_reason.as_deref())),
            ("ClassificationComment", optional(incident.classification_comment.as_deref())),
            ("Etag", Value::from(incident.etag(workspace))),
            ("Alerts", part("Alerts", alerts(incident))),
            ("Entities", part("Entities", entities(incident))),
            ("Comments", part("Comments", comments(incident))),
            // The scenario has no tasks, bookmarks or merged incidents.
            ("Tasks", part("Tasks", objects([]))),
            ("MergedIncidentNumber", Value::Nil),
        ]);
        if wants("Bookmarks") {
            properties.push(("Bookmarks", objects([])));
        }
        if wants("Relations") {
            // Incidents of the scenario belong together by their labels.
            properties.push(("Relations", objects([])));
        }
        custom(properties)
    }
}

/// What list and details have in common.
fn summary(incident: &Incident) -> Vec<(&'static str, Value)> {
    vec![
        ("IncidentNumber", Value::I32(incident.number)),
        ("IncidentId", Value::from(incident.id.as_str())),
        ("Title", Value::from(incident.title.as_str())),
        ("Severity", Value::from(incident.severity.as_str())),
        ("Status", Value::from(incident.status.as_str())),
        ("Owner", Value::from(incident.owner.as_deref().unwrap_or_default())),
        ("CreatedTimeUtc", date(incident.created)),
        ("LastModifiedTimeUtc", date(incident.modified())),
        ("FirstActivityTimeUtc", date(incident.first_activity)),
        ("AlertsCount", count(incident.alert_count as usize)),
        ("CommentsCount", count(incident.comments.len())),
        ("AlertProducts", strings(incident.products.iter().map(String::as_str))),
        ("Tactics", strings(incident.tactics.iter().map(String::as_str))),
        ("Labels", strings(incident.labels.iter().map(String::as_str))),
        ("ProviderName", Value::from(incident.provider.as_str())),
        ("Classification", optional(incident.classification.as_deref())),
        ("RelatedRuleIds", strings(incident.rules.iter().map(String::as_str))),
        ("IncidentUrl", Value::from(incident.url.as_str())),
    ]
}

fn alerts(incident: &Incident) -> Value {
    objects(incident.alerts.iter().map(|alert| {
        custom([
            ("Name", Value::from(alert.name.as_str())),
            ("Severity", Value::from(alert.severity.as_str())),
            ("Product", Value::from(alert.product.as_str())),
            ("Time", date(alert.time)),
            ("Status", Value::from(alert.status.as_str())),
        ])
    }))
}

/// As Azure has them: `Ip` with an `address`.
fn entities(incident: &Incident) -> Value {
    objects(incident.entities.iter().map(|entity| {
        let (kind, properties) = as_azure_has_it(entity);
        let properties = from_json(&sorted(properties));
        custom([("Kind", Value::from(kind)), ("Name", Value::from(entity.name.as_str())), ("Properties", properties)])
    }))
}

fn comments(incident: &Incident) -> Value {
    objects(incident.comments.iter().map(|comment| {
        custom([
            ("CommentId", Value::from(comment.id.as_str())),
            ("Author", Value::from(comment.author.as_str())),
            ("CreatedTimeUtc", date(comment.created)),
            ("Message", Value::from(comment.message.as_str())),
        ])
    }))
}
