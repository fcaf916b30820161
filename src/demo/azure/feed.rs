//! Data collection rules, endpoints and associations, as the provider takes
//! them.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::exchange::Request;
use super::kind::Write;
use super::path::Target;
use super::refusal::Refusal;
use super::workbook::system;
use crate::demo::world::arm;
use crate::demo::world::demo_id;
use crate::demo::world::document::{Document, Documents};

const KINDS: [&str; 6] = ["Linux", "Windows", "Direct", "WorkspaceTransforms", "AgentSettings", "AgentDirectToStore"];
/// *Spec* a stream knows no guid.
const STREAM_TYPES: [&str; 7] = ["string", "int", "long", "real", "boolean", "datetime", "dynamic"];
/// Longest transformation, characters. Source: limits of data collection rules.
const TRANSFORM_CHARS: usize = 15_360;

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidPayload", message)
}

/// Where logs are taken is this server, whatever name the world has for it:
/// nobody could look that up.
pub(super) fn shown(document: &Document, request: &Request) -> Option<Json> {
    let mut json = Json::from(document.json.clone());
    let base = || Json::from(request.base.as_str());
    for path in ["/properties/endpoints/logsIngestion", "/properties/logsIngestion/endpoint"] {
        if let Some(place) = json.pointer_mut(path) {
            *place = base();
        }
    }
    Some(json)
}

/// The rule that a PUT leaves.
pub(super) fn rule(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let kind = write.given.get("kind").and_then(Json::as_str);
    if let Some(kind) = kind.filter(|kind| !KINDS.contains(kind)) {
        return Err(invalid(format!("The kind '{kind}' is not valid.")));
    }
    let location = location(write)?;
    let mut properties = write.properties()?.clone();
    check_destinations(write, &properties, location)?;
    check_streams(&properties)?;
    check_flows(write, &properties)?;
    let before = write.before.map(|before| before.properties());
    let place = write.target.id.to_lowercase();
    let id = format!("dcr-{}", demo_id(&[&place]).replace('-', ""));
    let id = before.and_then(|before| before["immutableId"].as_str()).unwrap_or(&id).to_owned();
    properties.insert("immutableId".to_owned(), id.into());
    if kind == Some("Direct") {
        let own = format!("https://{}-demo.{location}-1.ingest.monitor.example", write.name());
        let endpoint = before.map(|before| before["endpoints"].clone()).filter(Json::is_object);
        properties.insert("endpoints".to_owned(), endpoint.unwrap_or_else(|| json!({ "logsIngestion": own })));
    } else {
        properties.remove("endpoints");
    }
    properties.insert("provisioningState".to_owned(), "Succeeded".into());
    Ok(tracked(write, properties))
}

/// The endpoint that a PUT leaves.
pub(super) fn endpoint(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let location = location(write)?;
    let mut properties = write.given.get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
    let workspace = write.documents.of_kind(
        &format!("/subscriptions/{}", write.target.subscription.as_deref().unwrap_or_default()),
        "microsoft.operationalinsights/workspaces",
    );
    let place = workspace.first().map(|found| found.name()).unwrap_or_default();
    for (key, value) in arm::endpoint_properties(place, write.name(), location) {
        properties.insert(key.to_owned(), write.before.map_or(value, |before| before.properties()[key].clone()));
    }
    properties.entry("networkAcls").or_insert_with(|| json!({ "publicNetworkAccess": "Enabled" }));
    let access = properties["networkAcls"]["publicNetworkAccess"].as_str().unwrap_or("Enabled");
    if !["Enabled", "Disabled", "SecuredByPerimeter"].contains(&access) {
        return Err(invalid(format!("The value '{access}' of 'publicNetworkAccess' is not valid.")));
    }
    properties.insert("provisioningState".to_owned(), "Succeeded".into());
    Ok(tracked(write, properties))
}

/// The association that a PUT leaves.
pub(super) fn association(write: &Write<'_>) -> Result<Map<String, Json>, Refusal> {
    let properties = write.properties()?.clone();
    let id = |key: &str| properties.get(key).and_then(Json::as_str);
    let Some(id) = id("dataCollectionRuleId").or_else(|| id("dataCollectionEndpointId")) else {
        return Err(invalid("An association needs 'dataCollectionRuleId' or 'dataCollectionEndpointId'."));
    };
    if write.documents.get(id).is_none() {
        return Err(invalid(format!("The resource '{id}' does not exist.")));
    }
    Ok(write.document(properties.into()))
}

/// Only tags and identity of a rule change by PATCH.
pub(super) fn patch(write: &Write<'_>, before: &Document) -> Result<Map<String, Json>, Refusal> {
    let mut json = before.json.clone();
    for key in ["tags", "identity"] {
        if let Some(value) = write.given.get(key) {
            json.insert(key.to_owned(), value.clone());
        }
    }
    json.insert("systemData".to_owned(), system(write));
    Ok(json)
}

/// A rule by which machines send stays, unless their associations may go.
pub(super) fn may_go(document: &Document, request: &Request, documents: &Documents) -> Result<(), Refusal> {
    let cuts = request.parameter("deleteAssociations").is_some_and(|cuts| cuts.eq_ignore_ascii_case("true"));
    let count = associations(documents, document.id(), "dataCollectionRuleId").len();
    if count > 0 && !cuts {
        let message = format!(
            "Data collection rule '{}' cannot be deleted because it has {count} associations. Remove them, or set \
             'deleteAssociations' to true.",
            document.name()
        );
        return Err(Refusal::new(409, "AssociationExists", message));
    }
    Ok(())
}

/// The associations of a rule that is gone go with it.
pub(super) fn settle(documents: &mut Documents, target: &Target, _: Timestamp) {
    if documents.get(&target.id).is_none() {
        let gone: Vec<String> =
            associations(documents, &target.id, "dataCollectionRuleId").iter().map(|one| one.id().to_owned()).collect();
        for id in gone {
            documents.remove(&id);
        }
    }
}

/// What is associated with a rule or an endpoint.
pub(super) fn associations<'a>(documents: &'a Documents, id: &str, key: &str) -> Vec<&'a Document> {
    let scope: String = id.split('/').take(3).collect::<Vec<_>>().join("/");
    let all = documents.of_kind(&scope, "microsoft.insights/datacollectionruleassociations").into_iter();
    all.filter(|one| one.properties()[key].as_str().is_some_and(|named| named.eq_ignore_ascii_case(id))).collect()
}

fn location<'a>(write: &'a Write<'_>) -> Result<&'a str, Refusal> {
    let location = write.given.get("location").and_then(Json::as_str).filter(|location| !location.is_empty());
    location
        .ok_or_else(|| Refusal::new(400, "LocationRequired", "The location property is required for this definition."))
}

fn tracked(write: &Write<'_>, properties: Map<String, Json>) -> Map<String, Json> {
    let mut json = write.document(properties.into());
    json.insert("systemData".to_owned(), system(write));
    json
}

fn check_destinations(write: &Write<'_>, properties: &Map<String, Json>, location: &str) -> Result<(), Refusal> {
    for to in properties.get("destinations").and_then(|all| all["logAnalytics"].as_array()).into_iter().flatten() {
        let id = to["workspaceResourceId"].as_str().unwrap_or_default();
        let Some(workspace) = write.documents.get(id) else {
            return Err(invalid(format!("The workspace '{id}' does not exist.")));
        };
        let home = workspace.get("location").as_str().unwrap_or_default();
        if !home.eq_ignore_ascii_case(location) {
            return Err(invalid(format!("The workspace is in '{home}', not in '{location}'.")));
        }
    }
    Ok(())
}

fn check_streams(properties: &Map<String, Json>) -> Result<(), Refusal> {
    for (stream, declared) in properties.get("streamDeclarations").and_then(Json::as_object).into_iter().flatten() {
        if !stream.starts_with("Custom-") {
            return Err(invalid(format!("The declared stream '{stream}' must start with 'Custom-'.")));
        }
        for column in declared["columns"].as_array().into_iter().flatten() {
            let kind = column["type"].as_str().unwrap_or_default();
            if !STREAM_TYPES.contains(&kind) {
                return Err(invalid(format!("The type '{kind}' of a column of stream '{stream}' is not valid.")));
            }
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, list) in properties.get("dataSources").and_then(Json::as_object).into_iter().flatten() {
        for source in list.as_array().into_iter().flatten() {
            let name = source["name"].as_str().unwrap_or_default();
            if name.is_empty() || names.contains(&name) {
                return Err(invalid(format!("The data source name '{name}' is missing or used twice.")));
            }
            names.push(name);
        }
    }
    Ok(())
}

fn check_flows(write: &Write<'_>, properties: &Map<String, Json>) -> Result<(), Refusal> {
    let nothing = json!({});
    let destinations = properties.get("destinations").unwrap_or(&nothing);
    let targets = destinations.as_object().into_iter().flatten().flat_map(|(_, one)| match one {
        Json::Array(all) => all.iter().collect::<Vec<_>>(),
        one => vec![one],
    });
    let targets: Vec<&str> = targets.filter_map(|to| to["name"].as_str()).collect();
    for flow in properties.get("dataFlows").and_then(Json::as_array).into_iter().flatten() {
        for to in flow["destinations"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if !targets.contains(&to) {
                return Err(invalid(format!("The data flow names the destination '{to}', which is not declared.")));
            }
        }
        let declared = properties.get("streamDeclarations");
        for stream in flow["streams"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if stream.starts_with("Custom-") && declared.is_none_or(|all| all.get(stream).is_none()) {
                return Err(invalid(format!("The data flow names the stream '{stream}', which is not declared.")));
            }
        }
        check_output(write, destinations, flow)?;
    }
    Ok(())
}

fn check_output(write: &Write<'_>, destinations: &Json, flow: &Json) -> Result<(), Refusal> {
    if let Some(transform) = flow["transformKql"].as_str() {
        let refused = |message: &str| Err(Refusal::new(400, "InvalidTransformQuery", message));
        if transform.chars().count() > TRANSFORM_CHARS {
            return refused("The transformation is longer than 15360 characters.");
        }
        if transform.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next() != Some("source") {
            return refused("The transformation must start from 'source'.");
        }
    }
    let Some(output) = flow["outputStream"].as_str() else { return Ok(()) };
    let table = arm::table_of(output);
    for to in destinations["logAnalytics"].as_array().into_iter().flatten() {
        let workspace = to["workspaceResourceId"].as_str().unwrap_or_default();
        // Microsoft's own tables come into being with their first row.
        if output.starts_with("Custom-") && write.documents.get(&format!("{workspace}/tables/{table}")).is_none() {
            let message = format!(
                "Table for output stream '{output}' is not available for destination '{}'.",
                to["name"].as_str().unwrap_or_default()
            );
            return Err(Refusal::new(400, "InvalidOutputTable", message));
        }
    }
    Ok(())
}
