//! Workbooks, as the provider takes and shows them.

use serde_json::{Map, Value as Json, json};

use super::exchange::Request;
use super::kind::Write;
use super::refusal::Refusal;
use crate::demo::world::arm;
use crate::demo::world::document::Document;

/// Without its content, unless that is asked for; in a list, of the category
/// and source that are asked for only.
pub(super) fn shown(document: &Document, request: &Request) -> Option<Json> {
    let said = document.properties();
    let is_one = request
        .path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(document.name()));
    let fits = |parameter: &str, property: &str| {
        let wanted = request.parameter(parameter).filter(|wanted| !wanted.is_empty());
        wanted.is_none_or(|wanted| said[property].as_str().is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
    };
    let reads = request.method == "GET";
    if reads && !is_one && !(fits("category", "category") && fits("sourceId", "sourceId")) {
        return None;
    }
    let wants = request.parameter("canFetchContent").is_some_and(|wants| wants.eq_ignore_ascii_case("true"));
    let mut json = document.json.clone();
    if reads
        && !wants
        && let Some(said) = json.get_mut("properties").and_then(Json::as_object_mut)
    {
        said.remove("serializedData");
    }
    Some(json.into())
}

/// The workbook that a PUT leaves.
pub(super) fn draft(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let mut properties = write.properties()?.clone();
    for name in ["displayName", "serializedData", "category"] {
        if properties.get(name).and_then(Json::as_str).is_none_or(str::is_empty) {
            return Err(Refusal::bad(format!("The workbook property '{name}' is required.")));
        }
    }
    if write.given.get("location").and_then(Json::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::new(400, "LocationRequired", "The location property is required for this definition."));
    }
    if uuid::Uuid::parse_str(write.name()).is_err() {
        return Err(Refusal::bad(format!("The workbook name '{}' must be a GUID.", write.name())));
    }
    if !properties.get("sourceId").is_some_and(Json::is_string) {
        let source = write.request.parameter("sourceId").unwrap_or("Azure Monitor");
        properties.insert("sourceId".to_owned(), source.into());
    }
    properties.entry("version").or_insert_with(|| "Notebook/1.0".into());
    stamp(write, &mut properties);
    let mut json = write.document(properties.into());
    json.entry("kind").or_insert_with(|| "shared".into());
    json.entry("tags").or_insert_with(|| json!({}));
    json.insert("systemData".to_owned(), system(write));
    Ok(json)
}

/// The workbook that a PATCH leaves.
pub(super) fn patch(write: &Write<'_>, before: &Document) -> Result<Map<String, Json>, Refusal> {
    let mut json = before.json.clone();
    for key in ["kind", "tags"] {
        if let Some(value) = write.given.get(key) {
            json.insert(key.to_owned(), value.clone());
        }
    }
    let mut properties = before.properties().as_object().cloned().unwrap_or_default();
    for (key, value) in write.given.get("properties").and_then(Json::as_object).into_iter().flatten() {
        properties.insert(key.clone(), value.clone());
    }
    stamp(write, &mut properties);
    json.insert("properties".to_owned(), properties.into());
    json.insert("systemData".to_owned(), system(write));
    Ok(json)
}

fn stamp(write: &Write<'_>, properties: &mut Map<String, Json>) {
    let before = write.before.and_then(|before| before.properties()["revision"].as_str()?.parse::<u32>().ok());
    properties.insert("revision".to_owned(), before.map_or(1, |revision| revision + 1).to_string().into());
    properties.insert("timeModified".to_owned(), write.now.to_string().into());
    properties.insert("userId".to_owned(), write.caller.object.as_str().into());
}

/// Who made and who changed it.
pub(super) fn system(write: &Write<'_>) -> Json {
    let who = arm::author_of(&write.caller.object)["userPrincipalName"].clone();
    let before = write.before.map(|before| before.get("systemData"));
    let kept = |key: &str, new: Json| before.and_then(|before| before.get(key)).cloned().unwrap_or(new);
    let now = Json::from(write.now.to_string());
    json!({
        "createdBy": kept("createdBy", who.clone()),
        "createdByType": "User",
        "createdAt": kept("createdAt", now.clone()),
        "lastModifiedBy": who,
        "lastModifiedByType": "User",
        "lastModifiedAt": now,
    })
}
