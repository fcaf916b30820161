//! Incidents: closing, owners, and the list of comments.

use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::signature::{INVALID_ARGUMENT, OBJECT_NOT_FOUND};
use crate::demo::clixml::{custom, date, optional};
use crate::demo::world::content::analysts;
use crate::demo::world::{Comment, Workspace};

/// Reasons that fit a classification. Source: incidents of Microsoft.SecurityInsights.
const REASONS: [(&str, &[&str]); 4] = [
    ("TruePositive", &["SuspiciousActivity"]),
    ("BenignPositive", &["SuspiciousButExpected"]),
    ("FalsePositive", &["IncorrectAlertLogic", "InaccurateData"]),
    ("Undetermined", &[]),
];

/// Who an incident is to belong to.
struct Owner {
    name: String,
    object_id: Option<String>,
}

impl Call<'_> {
    /// Close-SentinelIncident.
    pub(super) fn close(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.place_of(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(incident) = workspace.incidents.get_mut(place) else { return Vec::new() };
        let given = self.bound.text("Classification").unwrap_or_default();
        let Some((classification, fitting)) = REASONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(given)) else {
            let message = "An incident is closed with a classification.".to_owned();
            return vec![self.error(message, "BadRequest", INVALID_ARGUMENT)];
        };
        let reason = match self.bound.text("ClassificationReason") {
            None => None,
            Some(given) => match fitting.iter().find(|reason| reason.eq_ignore_ascii_case(given)) {
                Some(reason) => Some((*reason).to_owned()),
                None => {
                    let message = format!(
                        "The reason '{given}' does not fit the classification '{classification}'; {}.",
                        if fitting.is_empty() {
                            "it has none".to_owned()
                        } else {
                            format!("it takes {}", fitting.join(" or "))
                        }
                    );
                    return vec![self.error(message, "BadRequest", INVALID_ARGUMENT)];
                }
            },
        };
        let target = format!("#{}: {}", incident.number, incident.title);
        if let Some(step) = self.instead_of(&format!("Close as {classification}"), &target) {
            return vec![step];
        }
        let before = incident.status.clone();
        let comment = self.bound.text("ClassificationComment").map(str::to_owned);
        let after = (Some((*classification).to_owned()), reason, comment);
        let is_same = (&incident.classification, &incident.classification_reason, &incident.classification_comment)
            == (&after.0, &after.1, &after.2);
        let changed = before != "Closed" || !is_same;
        if changed {
            (incident.classification, incident.classification_reason, incident.classification_comment) = after;
            "Closed".clone_into(&mut incident.status);
            incident.changed = self.now;
        }
        vec![Step::Output(custom([
            ("IncidentNumber", Value::I32(incident.number)),
            ("IncidentId", Value::from(incident.id.as_str())),
            ("Title", Value::from(incident.title.as_str())),
            ("PreviousStatus", Value::from(before)),
            ("Status", Value::from(incident.status.as_str())),
            ("Classification", optional(incident.classification.as_deref())),
            ("ClassificationReason", optional(incident.classification_reason.as_deref())),
            ("ClassificationComment", optional(incident.classification_comment.as_deref())),
            ("Changed", Value::Bool(changed)),
        ]))]
    }

    /// Assign-IncidentOwner.
    pub(super) fn assign(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.place_of(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let owner = match self.wanted_owner() {
            Ok(owner) => owner,
            Err(step) => return vec![step],
        };
        let Some(incident) = workspace.incidents.get_mut(place) else { return Vec::new() };
        let name = owner.as_ref().map(|owner| owner.name.clone());
        let action = name.as_deref().map_or_else(|| "Remove owner".to_owned(), |name| format!("Assign to {name}"));
        let now = incident.owner.as_deref().unwrap_or("unassigned");
        if let Some(step) = self.instead_of(&action, &format!("#{}: {} (now {now})", incident.number, incident.title)) {
            return vec![step];
        }
        let before = incident.owner.clone();
        let starts = self.bound.has("SetActive") && incident.status == "New";
        let changed = starts || before != name;
        if changed {
            incident.owner.clone_from(&name);
            incident.changed = self.now;
            if starts {
                "Active".clone_into(&mut incident.status);
            }
        }
        vec![Step::Output(custom([
            ("IncidentNumber", Value::I32(incident.number)),
            ("IncidentId", Value::from(incident.id.as_str())),
            ("Title", Value::from(incident.title.as_str())),
            ("PreviousOwner", Value::from(before.unwrap_or_default())),
            ("Owner", Value::from(name.unwrap_or_default())),
            ("OwnerObjectId", optional(owner.and_then(|owner| owner.object_id))),
            ("Status", Value::from(incident.status.as_str())),
            ("Changed", Value::Bool(changed)),
        ]))]
    }

    /// `None`: nobody, which must have been asked for.
    ///
    /// The analysts do not exist in a customer's directory, but a script that
    /// knows them sends their id along. Chosen: the demo's script knows the
    /// provider's analysts, and no user of a customer.
    fn wanted_owner(&self) -> Result<Option<Owner>, Step> {
        let (upn, id) = (self.bound.text("OwnerUpn"), self.bound.text("OwnerObjectId"));
        let ways = [upn.is_some(), id.is_some(), self.bound.has("Unassign")];
        if ways.into_iter().filter(|given| *given).count() != 1 {
            let message = "Give one of OwnerUpn, OwnerObjectId and Unassign.".to_owned();
            return Err(self.error(message, "OwnerMissing", INVALID_ARGUMENT));
        }
        let owner = match (upn, id) {
            (Some(upn), _) => {
                let known = analysts().iter().find(|analyst| analyst.upn.eq_ignore_ascii_case(upn));
                let known = known.ok_or_else(|| {
                    let message =
                        format!("The directory of this tenant has no user '{upn}'; give the object id of the owner.");
                    self.error(message, "OwnerNotFound", OBJECT_NOT_FOUND)
                })?;
                Some(Owner { name: known.upn.clone(), object_id: Some(known.object_id.clone()) })
            }
            (None, Some(id)) => {
                let known = analysts().iter().find(|analyst| analyst.object_id.eq_ignore_ascii_case(id));
                // Azure takes any id and shows it where it knows no name.
                let name = known.map_or(id, |analyst| analyst.upn.as_str());
                Some(Owner { name: name.to_owned(), object_id: Some(id.to_ascii_lowercase()) })
            }
            (None, None) => None,
        };
        Ok(owner)
    }

    /// Get-IncidentComments.
    pub(super) fn comment_list(&self, workspace: &Workspace) -> Vec<Step> {
        let place = match self.place_of(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(incident) = workspace.incidents.get(place) else { return Vec::new() };
        let top = usize::try_from(self.bound.number("Top").unwrap_or(100)).unwrap_or(100);
        let comments = incident.comments.iter().take(top);
        let row = |comment: &Comment| {
            Step::Output(custom([
                ("IncidentNumber", Value::I32(incident.number)),
                ("CommentId", Value::from(comment.id.as_str())),
                ("Author", Value::from(comment.author.as_str())),
                ("CreatedTimeUtc", date(comment.created)),
                ("LastModifiedTimeUtc", date(comment.modified)),
                ("Message", Value::from(comment.message.as_str())),
            ]))
        };
        comments.map(row).collect()
    }
}
