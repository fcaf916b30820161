//! Sentinel's smaller types, as the provider takes them: who and when is its
//! own to say.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::exchange::Request;
use super::kind::Write;
use super::path::Target;
use super::refusal::Refusal;
use crate::demo::world::arm;
use crate::demo::world::demo_id;
use crate::demo::world::document::{Document, Documents};

/// Connectors that stable versions know.
///
/// *Spec* Microsoft.SecurityInsights 2025-09-01: the others are in preview.
const STABLE_CONNECTORS: [&str; 11] = [
    "AmazonWebServicesCloudTrail",
    "AzureActiveDirectory",
    "AzureAdvancedThreatProtection",
    "AzureSecurityCenter",
    "MicrosoftCloudAppSecurity",
    "MicrosoftDefenderAdvancedThreatProtection",
    "MicrosoftThreatIntelligence",
    "Office365",
    "PremiumMicrosoftDefenderForThreatIntelligence",
    "RestApiPoller",
    "ThreatIntelligence",
];

/// A connector as the version that is asked for knows it.
pub(super) fn connector_shown(document: &Document, request: &Request) -> Option<Json> {
    let kind = document.get("kind").as_str().unwrap_or_default();
    let is_preview = request.parameter("api-version").is_some_and(|version| version.ends_with("-preview"));
    (is_preview || STABLE_CONNECTORS.contains(&kind)).then(|| document.json.clone().into())
}

/// Refuses where a property is not there.
fn needs(write: &Write<'_>, names: &[&str]) -> Result<(), Refusal> {
    let given = write.properties()?;
    match names.iter().find(|name| given.get(**name).is_none_or(Json::is_null)) {
        None => Ok(()),
        Some(name) => Err(Refusal::bad(format!("Required property '{name}' not found in JSON. Path 'properties'."))),
    }
}

/// The given properties with what is said of a document from before.
fn signed(write: &Write<'_>, names: [&str; 4]) -> Result<Map<String, Json>, Refusal> {
    let mut properties = write.properties()?.clone();
    let who = arm::author_of(&write.caller.object);
    let now = Json::from(write.now.to_string());
    let before = write.before.map(|before| before.properties());
    let kept = |name: &str, new: &Json| before.and_then(|before| before.get(name)).unwrap_or(new).clone();
    let [created, modified, created_by, modified_by] = names;
    properties.insert(created.to_owned(), kept(created, &now));
    properties.insert(modified.to_owned(), now);
    properties.insert(created_by.to_owned(), kept(created_by, &who));
    properties.insert(modified_by.to_owned(), who);
    Ok(properties)
}

/// What was given.
pub(super) fn security(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    Ok(write.document(write.properties()?.clone().into()))
}

pub(super) fn action(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["logicAppResourceId", "triggerUri"])?;
    let logic = write.properties()?.get("logicAppResourceId").cloned().unwrap_or_default();
    if logic.as_str().is_none_or(|id| write.documents.get(id).is_none()) {
        return Err(Refusal::bad(
            "The logic app does not exist or its trigger is not a Microsoft Sentinel alert trigger.",
        ));
    }
    // The trigger's address is a secret: no read shows it.
    let workflow = demo_id(&[logic.as_str().unwrap_or_default()]).replace('-', "");
    Ok(write.document(json!({ "workflowId": workflow, "logicAppResourceId": logic })))
}

pub(super) fn automation_rule(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["displayName", "order", "triggeringLogic", "actions"])?;
    let given = write.properties()?;
    let order = given.get("order").and_then(Json::as_i64).filter(|order| (1..=1_000).contains(order));
    if order.is_none() {
        return Err(Refusal::bad("Automation rule order must be between 1 and 1000."));
    }
    let logic = given.get("triggeringLogic").cloned().unwrap_or_default();
    let fits = |name: &str, known: &[&str]| logic[name].as_str().is_some_and(|value| known.contains(&value));
    if !logic["isEnabled"].is_boolean()
        || !fits("triggersOn", &["Incidents", "Alerts"])
        || !fits("triggersWhen", &["Created", "Updated"])
    {
        return Err(Refusal::bad("The triggering logic of the automation rule is invalid."));
    }
    for action in given.get("actions").and_then(Json::as_array).into_iter().flatten() {
        let id = action["actionConfiguration"]["logicAppResourceId"].as_str();
        if action["actionType"] == "RunPlaybook" && id.is_none_or(|id| write.documents.get(id).is_none()) {
            let message = format!("Playbook '{}' was not found or access to it is denied.", id.unwrap_or_default());
            return Err(Refusal::bad(message));
        }
    }
    let names = ["createdTimeUtc", "lastModifiedTimeUtc", "createdBy", "lastModifiedBy"];
    signed(write, names).map(|properties| write.document(properties.into()))
}

pub(super) fn bookmark(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["displayName", "query"])?;
    signed(write, ["created", "updated", "createdBy", "updatedBy"]).map(|properties| write.document(properties.into()))
}

pub(super) fn relation(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["relatedResourceId"])?;
    let id = write.properties()?.get("relatedResourceId").and_then(Json::as_str).unwrap_or_default();
    let Some(related) = write.documents.get(id) else {
        return Err(Refusal::new(404, "NotFound", format!("Related resource '{id}' was not found.")));
    };
    Ok(write.document(json!({
        "relatedResourceId": related.id(),
        "relatedResourceName": related.name(),
        "relatedResourceType": related.get("type"),
        "relatedResourceKind": related.get("kind").as_str().unwrap_or_default(),
    })))
}

pub(super) fn task(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["title", "status"])?;
    if !["New", "Completed"].contains(&write.properties()?["status"].as_str().unwrap_or_default()) {
        return Err(Refusal::bad("Invalid value for 'status'."));
    }
    let names = ["createdTimeUtc", "lastModifiedTimeUtc", "createdBy", "lastModifiedBy"];
    signed(write, names).map(|properties| write.document(properties.into()))
}

pub(super) fn connector(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    if write.given.get("kind").and_then(Json::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::bad("Required property 'kind' not found in JSON."));
    }
    security(write)
}

pub(super) fn saved_search(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["category", "displayName", "query"])?;
    let mut properties = write.properties()?.clone();
    properties.entry("version").or_insert(2.into());
    Ok(write.document(properties.into()))
}

pub(super) fn role_assignment(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["roleDefinitionId", "principalId"])?;
    let mut properties = write.properties()?.clone();
    let now = write.now.to_string();
    properties.insert("scope".to_owned(), write.target.scope.as_str().into());
    properties.entry("principalType").or_insert_with(|| "ServicePrincipal".into());
    for name in ["createdOn", "updatedOn"] {
        properties.entry(name).or_insert_with(|| now.clone().into());
    }
    let object = write.caller.object.as_str();
    for name in ["createdBy", "updatedBy"] {
        properties.entry(name).or_insert_with(|| object.into());
    }
    Ok(write.document(properties.into()))
}

/// A watchlist; the rows of its content become items, and no read shows them
/// again.
pub(super) fn watchlist(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["displayName", "provider", "itemsSearchKey"])?;
    let mut properties = signed(write, ["created", "updated", "createdBy", "updatedBy"])?;
    let given = write.properties()?;
    if let Some(raw) = given.get("rawContent").and_then(Json::as_str) {
        let key = given.get("itemsSearchKey").and_then(Json::as_str).unwrap_or_default();
        let skip = given.get("numberOfLinesToSkip").and_then(Json::as_u64).unwrap_or_default();
        let rows =
            rows(raw, usize::try_from(skip).unwrap_or(usize::MAX), given.get("contentType").and_then(Json::as_str));
        let (columns, _) = rows.as_ref().ok_or_else(|| Refusal::bad("The content of the watchlist cannot be read."))?;
        if !columns.iter().any(|column| column == key) {
            return Err(Refusal::bad(format!("The search key '{key}' is not a column of the watchlist.")));
        }
    }
    let name = write.name();
    let before = write.before.map(|before| before.properties());
    let id = demo_id(&[&write.target.id.to_lowercase(), "watchlist"]);
    let mut keep = |key: &str, value: Json| {
        let value = before.and_then(|before| before.get(key)).cloned().unwrap_or(value);
        properties.insert(key.to_owned(), value);
    };
    keep("watchlistId", id.into());
    keep("watchlistAlias", name.into());
    keep("watchlistType", "watchlist".into());
    keep("isDeleted", false.into());
    keep("tenantId", write.caller.tenant.as_str().into());
    properties.entry("labels").or_insert_with(|| json!([]));
    properties.entry("source").or_insert_with(|| "Local file".into());
    properties.insert("uploadStatus".to_owned(), "Complete".into());
    properties.insert("provisioningState".to_owned(), "Succeeded".into());
    Ok(write.document(properties.into()))
}

/// Makes items of a watchlist's content.
pub(super) fn settle_items(documents: &mut Documents, target: &Target, now: Timestamp) {
    let Some(list) = documents.get(&target.id) else { return };
    let mut json = list.json.clone();
    let Some(said) = json.get_mut("properties").and_then(Json::as_object_mut) else { return };
    let Some(raw) = said.remove("rawContent") else { return };
    said.remove("contentType");
    let skip = said.get("numberOfLinesToSkip").and_then(Json::as_u64).unwrap_or_default();
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let told = |key: &str| said.get(key).cloned().unwrap_or_default();
    let sign = arm::Sign { tenant: told("tenantId"), who: told("updatedBy"), time: now.to_string().into() };
    let id = list.id().to_owned();
    documents.put(&target.id, json);
    let Some((columns, rows)) = rows(raw.as_str().unwrap_or_default(), skip, None) else { return };
    for (n, row) in rows.iter().enumerate() {
        let pairs = columns.iter().zip(row).map(|(column, text)| (column.clone(), Json::from(text.as_str())));
        let values: Map<String, Json> = pairs.collect();
        let name = demo_id(&[&id.to_lowercase(), &now.to_string(), &n.to_string(), &row.join("\u{1f}")]);
        let item = arm::watchlist_item(&id, &name, &sign, &values);
        let item = item.as_object().cloned().unwrap_or_default();
        documents.put(&format!("{}/watchlistItems/{name}", target.id), item);
    }
}

pub(super) fn watchlist_item(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    needs(write, &["itemsKeyValue"])?;
    if !write.properties()?["itemsKeyValue"].is_object() {
        return Err(Refusal::bad("Error converting value. Path 'properties.itemsKeyValue'."));
    }
    let mut properties = signed(write, ["created", "updated", "createdBy", "updatedBy"])?;
    properties.insert("watchlistItemId".to_owned(), write.name().into());
    properties.entry("watchlistItemType").or_insert_with(|| "watchlist-item".into());
    properties.entry("isDeleted").or_insert(false.into());
    properties.entry("tenantId").or_insert_with(|| write.caller.tenant.as_str().into());
    properties.entry("entityMapping").or_insert_with(|| json!({}));
    Ok(write.document(properties.into()))
}

/// A watchlist changes with its items.
pub(super) fn settle_watchlist(documents: &mut Documents, target: &Target, now: Timestamp) {
    let Some(mut json) = documents.get(&target.parent).map(|found| found.json.clone()) else { return };
    if let Some(said) = json.get_mut("properties") {
        said["updated"] = now.to_string().into();
    }
    documents.put(&target.parent, json);
}

/// Columns and rows of a watchlist's content, which is CSV or TSV.
fn rows(raw: &str, skip: usize, kind: Option<&str>) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let raw = raw.trim_start_matches('\u{feff}');
    let first = raw.lines().nth(skip).unwrap_or_default();
    let is_tabbed = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("text/tsv"))
        || (kind.is_none() && first.contains('\t') && !first.contains(','));
    let mut records = records(raw, if is_tabbed { '\t' } else { ',' })?.into_iter().skip(skip);
    let columns = records.next().filter(|columns| columns.iter().all(|column| !column.is_empty()))?;
    let rows: Vec<Vec<String>> = records.filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
    Some((columns, rows))
}

/// *Spec* RFC 4180.
fn records(text: &str, comma: char) -> Option<Vec<Vec<String>>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            c if c == comma && !is_quoted => record.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    (!is_quoted).then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_watchlist_is_read() {
        let (columns, found) = rows("x\r\na,b\r\n1,\"2, \"\"3\"\"\nlines\"\r\n\r\n", 1, None).unwrap();
        assert_eq!(columns, ["a", "b"]);
        assert_eq!(found, [["1", "2, \"3\"\nlines"]]);
        assert_eq!(rows("a\tb\n1\t2", 0, None).unwrap().1, [["1", "2"]]);
        for wrong in ["", "a,,b\n1,2,3", "a,b\n\"1,2"] {
            assert_eq!(rows(wrong, 0, None), None, "{wrong:?}");
        }
    }
}
