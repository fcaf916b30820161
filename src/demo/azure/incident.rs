//! Incidents and their comments, as the provider takes them.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::kind::Write;
use super::path::Target;
use super::refusal::Refusal;
use crate::demo::world::arm;
use crate::demo::world::document::Documents;

const SEVERITIES: [&str; 4] = ["High", "Medium", "Low", "Informational"];
const STATUSES: [&str; 3] = ["New", "Active", "Closed"];

/// Reasons that fit a classification.
const REASONS: [(&str, &[&str]); 4] = [
    ("TruePositive", &["SuspiciousActivity"]),
    ("BenignPositive", &["SuspiciousButExpected"]),
    ("FalsePositive", &["IncorrectAlertLogic", "InaccurateData"]),
    ("Undetermined", &[]),
];

/// Longest comment, characters; most comments of an incident.
const COMMENT_CHARS: usize = 30_000;
const COMMENTS: usize = 100;

/// What the service says of an incident by itself: a PUT cannot change it.
const ITS_OWN: [&str; 9] = [
    "lastModifiedTimeUtc",
    "createdTimeUtc",
    "incidentNumber",
    "additionalData",
    "relatedAnalyticRuleIds",
    "incidentUrl",
    "providerName",
    "providerIncidentId",
    "teamInformation",
];

/// The incident that a PUT leaves: what was not given is wiped.
pub(super) fn draft(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let given = write.properties()?;
    let said = |name: &str| given.get(name).and_then(Json::as_str);
    for (name, known) in [("title", None), ("severity", Some(&SEVERITIES[..])), ("status", Some(&STATUSES[..]))] {
        let Some(value) = said(name).filter(|value| !value.is_empty()) else {
            return Err(Refusal::bad(format!("Required property '{name}' not found in JSON. Path 'properties'.")));
        };
        if known.is_some_and(|known| !known.contains(&value)) {
            return Err(Refusal::bad(format!("Invalid value for '{name}': '{value}'.")));
        }
    }
    let classification = said("classification");
    if said("status") == Some("Closed") && classification.is_none() {
        return Err(Refusal::bad("Classification is required when closing an incident."));
    }
    if let Some(classification) = classification {
        let fitting = REASONS.iter().find(|(name, _)| *name == classification).map(|(_, reasons)| *reasons);
        let fitting =
            fitting.ok_or_else(|| Refusal::bad(format!("Invalid value for 'classification': '{classification}'.")))?;
        if let Some(reason) = said("classificationReason").filter(|reason| !fitting.contains(reason)) {
            let message = format!("ClassificationReason '{reason}' does not match Classification '{classification}'.");
            return Err(Refusal::bad(message));
        }
    }
    let now = write.now.to_string();
    let before = write.before.and_then(|before| before.properties().as_object());
    let mut properties = Map::new();
    let mut put = |key: &str, value: Json| properties.insert(key.to_owned(), value);
    put("title", given.get("title").cloned().unwrap_or_default());
    for name in [
        "description",
        "severity",
        "status",
        "classification",
        "classificationReason",
        "classificationComment",
        "firstActivityTimeUtc",
        "lastActivityTimeUtc",
    ] {
        if let Some(value) = given.get(name).filter(|value| !value.is_null()) {
            put(name, value.clone());
        }
    }
    put("owner", owner(given.get("owner"))?);
    put("labels", labels(given.get("labels"))?);
    put("lastModifiedTimeUtc", now.clone().into());
    put("createdTimeUtc", now.into());
    let number = next_number(write);
    put("incidentNumber", number.into());
    put(
        "additionalData",
        json!({ "alertsCount": 0, "bookmarksCount": 0, "commentsCount": 0, "alertProductNames": [], "tactics": [] }),
    );
    put("relatedAnalyticRuleIds", json!([]));
    let id = write.kind.id(write.target, write.documents);
    let portal = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident";
    put("incidentUrl", format!("{portal}{id}").into());
    put("providerName", "Azure Sentinel".into());
    put("providerIncidentId", number.to_string().into());
    for name in ITS_OWN {
        if name != "lastModifiedTimeUtc"
            && let Some(value) = before.and_then(|before| before.get(name))
        {
            properties.insert(name.to_owned(), value.clone());
        }
    }
    Ok(write.document(properties.into()))
}

fn owner(given: Option<&Json>) -> Result<Json, Refusal> {
    let fields = ["objectId", "email", "assignedTo", "userPrincipalName", "ownerType"];
    let owner = match given.filter(|owner| !owner.is_null()) {
        None => Json::Object(Map::new()),
        Some(owner) if owner.is_object() => owner.clone(),
        Some(_) => return Err(Refusal::bad("Error converting value. Path 'properties.owner'.")),
    };
    let text = |name: &str| owner[name].as_str().filter(|text| !text.is_empty());
    let known = text("objectId").or_else(|| text("userPrincipalName")).and_then(arm::owner_known);
    let field = |name: &&str| {
        let value = match &known {
            Some(known) => known[*name].clone(),
            // Nobody whom the directory knows.
            None if *name == "ownerType" && text("objectId").is_some() => text(name).unwrap_or("Unknown").into(),
            None => json!(text(name)),
        };
        ((*name).to_owned(), value)
    };
    Ok(fields.iter().map(field).collect::<Map<_, _>>().into())
}

fn labels(given: Option<&Json>) -> Result<Json, Refusal> {
    let wrong = || Refusal::bad("Error converting value. Path 'properties.labels'.");
    let Some(all) = given.filter(|labels| !labels.is_null()) else { return Ok(json!([])) };
    let one = |label: &Json| {
        let name = label["labelName"].as_str().ok_or_else(wrong)?;
        Ok(json!({ "labelName": name, "labelType": label["labelType"].as_str().unwrap_or("User") }))
    };
    all.as_array().ok_or_else(wrong)?.iter().map(one).collect::<Result<Vec<_>, _>>().map(Json::from)
}

fn next_number(write: &Write<'_>) -> i64 {
    let collection = format!("{}/providers/Microsoft.SecurityInsights/incidents", write.target.scope);
    let numbers = write.documents.list(&collection).into_iter();
    numbers.filter_map(|incident| incident.properties()["incidentNumber"].as_i64()).max().unwrap_or_default() + 1
}

/// The alerts of an incident follow it.
pub(super) fn settle(documents: &mut Documents, target: &Target, _: Timestamp) {
    arm::settle_alerts(documents, &target.id);
}

/// The comment that a PUT leaves. Its author is who asks.
pub(super) fn comment(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let message = write.properties()?.get("message").and_then(Json::as_str).filter(|text| !text.is_empty());
    let message =
        message.ok_or_else(|| Refusal::bad("Required property 'message' not found in JSON. Path 'properties'."))?;
    if message.chars().count() > COMMENT_CHARS {
        return Err(Refusal::bad(format!("The comment exceeds the maximum length of {COMMENT_CHARS} characters.")));
    }
    let all = write.documents.list(&format!("{}/comments", write.target.parent));
    if write.before.is_none() && all.len() >= COMMENTS {
        return Err(Refusal::bad(format!("The incident has reached the maximum number of comments ({COMMENTS}).")));
    }
    let now = write.now.to_string();
    let created =
        write.before.map_or_else(|| now.clone().into(), |before| before.properties()["createdTimeUtc"].clone());
    Ok(write.document(json!({
        "message": message,
        "createdTimeUtc": created,
        "lastModifiedTimeUtc": now,
        "author": arm::author_of(&write.caller.object),
    })))
}

/// The incident counts its comments, and changes with each.
pub(super) fn settle_comments(documents: &mut Documents, target: &Target, now: Timestamp) {
    arm::settle_comments(documents, &target.parent, now);
}
