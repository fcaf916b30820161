//! Data collection rules and endpoints: lists, tests, and away with them.

use serde_json::{Value as Json, json};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::export::sorted;
use super::signature::{INVALID_ARGUMENT, INVALID_OPERATION, OBJECT_NOT_FOUND};
use crate::demo::clixml::{bag, count, custom, from_json, objects, optional, strings};
use crate::demo::world::estate::{Dce, Dcr};
use crate::demo::world::{Workspace, demo_id};

/// Chosen: how long the rows of a test take until they can be read.
const LATENCY_SECONDS: f64 = 42.5;
/// Longest request of the ingestion API, bytes.
const CALL_BYTES: usize = 1 << 20;

impl Call<'_> {
    /// Get-DataCollectionRules.
    pub(super) fn feeds(&self, workspace: &Workspace) -> Vec<Step> {
        let (name, kind) = (self.bound.text("Name"), self.bound.text("Kind"));
        if let Some(name) = name
            && !workspace.estate.dcrs.iter().any(|dcr| dcr.name.eq_ignore_ascii_case(name))
        {
            return vec![self.no_feed(name)];
        }
        let feeds = workspace.estate.dcrs.iter().filter(|dcr| {
            name.is_none_or(|name| dcr.name.eq_ignore_ascii_case(name))
                && kind.is_none_or(|kind| dcr.kind.eq_ignore_ascii_case(kind))
        });
        let associations = self.bound.has("IncludeAssociations");
        feeds.map(|dcr| Step::Output(custom(summary(workspace, dcr, associations)))).collect()
    }

    /// Get-DataCollectionEndpoints.
    pub(super) fn endpoints(&self, workspace: &Workspace) -> Vec<Step> {
        let name = self.bound.text("Name");
        if let Some(name) = name
            && !workspace.estate.dces.iter().any(|dce| dce.name.eq_ignore_ascii_case(name))
        {
            return vec![self.no_endpoint(name)];
        }
        let endpoints = workspace.estate.dces.iter();
        let endpoints = endpoints.filter(|dce| name.is_none_or(|name| dce.name.eq_ignore_ascii_case(name)));
        endpoints.map(|dce| Step::Output(custom(endpoint(workspace, dce)))).collect()
    }

    /// Remove-DataCollectionRule.
    pub(super) fn remove_feed(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.feed_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(dcr) = workspace.estate.dcrs.get(place) else { return Vec::new() };
        if dcr.associations > 0 && !self.bound.has("DeleteAssociations") {
            let said =
                format!("{} machines send by '{}'; -DeleteAssociations cuts them off.", dcr.associations, dcr.name);
            return vec![self.error(said, "AssociationExists", INVALID_OPERATION)];
        }
        let target = format!("{} ({} machines)", dcr.name, dcr.associations);
        if let Some(step) = self.instead_of("Delete data collection rule", &target) {
            return vec![step];
        }
        let dcr = workspace.estate.dcrs.remove(place);
        vec![Step::Output(custom([
            ("Name", Value::from(dcr.name.as_str())),
            ("Deleted", Value::Bool(true)),
            ("RemovedAssociations", Value::I32(dcr.associations)),
            ("OutputTables", strings(dcr.tables.iter().map(String::as_str))),
            ("Backup", from_json(&definition(&dcr))),
        ]))]
    }

    /// Remove-DataCollectionEndpoint.
    pub(super) fn remove_endpoint(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("DceName").unwrap_or_default();
        let Some(place) = workspace.estate.dces.iter().position(|dce| dce.name.eq_ignore_ascii_case(name)) else {
            return vec![self.no_endpoint(name)];
        };
        let Some(dce) = workspace.estate.dces.get(place) else { return Vec::new() };
        let users = users(workspace, dce);
        if !users.is_empty() {
            let said = format!("'{}' is in use by {}.", dce.name, users.join(", "));
            return vec![self.error(said, "InUse", INVALID_OPERATION)];
        }
        if let Some(step) = self.instead_of("Delete data collection endpoint", &dce.name) {
            return vec![step];
        }
        let dce = workspace.estate.dces.remove(place);
        let backup = json!({
            "name": dce.name,
            "location": workspace.estate.location,
            "properties": { "networkAcls": { "publicNetworkAccess": dce.public_network_access } },
        });
        vec![Step::Output(custom([
            ("Name", Value::from(dce.name.as_str())),
            ("Deleted", Value::Bool(true)),
            ("ReferencedByRules", strings::<String>([])),
            ("Backup", from_json(&sorted(backup))),
        ]))]
    }

    /// Test-DCRIngestion. The demo host keeps no rows: it says what it would
    /// have seen.
    pub(super) fn test_feed(&self, workspace: &Workspace) -> Vec<Step> {
        let dcr = match self.feed_at(workspace) {
            Ok(place) => workspace.estate.dcrs.get(place),
            Err(step) => return vec![step],
        };
        let Some(dcr) = dcr else { return Vec::new() };
        let stream = match self.stream_of(dcr, "StreamName") {
            Ok(stream) => stream,
            Err(step) => return vec![step],
        };
        let sample = self.bound.text("SampleData");
        let rows = match sample.map(serde_json::from_str::<Json>) {
            None => usize::try_from(self.bound.number("RecordCount").unwrap_or(1)).unwrap_or(1),
            Some(Ok(Json::Array(rows))) => rows.len(),
            Some(_) => {
                let said = "SampleData is a JSON array of rows.".to_owned();
                return vec![self.error(said, "InvalidPayload", INVALID_ARGUMENT)];
            }
        };
        if sample.is_some_and(|sample| sample.len() > CALL_BYTES) {
            return vec![self.error("SampleData is larger than 1 MB.".to_owned(), "413", INVALID_ARGUMENT)];
        }
        let action = format!("Send {rows} test rows");
        if let Some(step) = self.instead_of(&action, &format!("{}/{stream}", dcr.name)) {
            return vec![step];
        }
        // Agents send by the other kinds; only these take rows over HTTP.
        let takes_rows = stream.starts_with("Custom-");
        let is_there = dcr.tables.iter().all(|table| workspace.has_table(table));
        let checks = [
            ("stream", takes_rows, "rows are sent to streams of one's own only"),
            ("table", is_there, "the rule's table does not exist"),
        ];
        let good = checks.iter().all(|(_, ok, _)| *ok);
        let dry = self.bound.has("DryRun");
        let sent = if good && !dry { rows } else { 0 };
        let waits = self.bound.flag("WaitForArrival").unwrap_or(true);
        let arrived = if waits { sent } else { 0 };
        let checks = checks.map(|(step, ok, why)| {
            let detail = if ok { "" } else { why };
            custom([("Step", Value::from(step)), ("Ok", Value::Bool(ok)), ("Detail", Value::from(detail))])
        });
        let latency = (arrived > 0).then_some(Value::F64(LATENCY_SECONDS));
        let marker = demo_id(&[&dcr.name, stream, &self.now.to_string()]);
        let result = custom([
            ("Name", Value::from(dcr.name.as_str())),
            ("StreamName", Value::from(stream)),
            ("HttpStatus", if dry { Value::Nil } else { Value::I32(if good { 204 } else { 404 }) }),
            ("RecordsSent", count(sent)),
            ("RecordsArrived", count(arrived)),
            ("LatencySeconds", latency.unwrap_or(Value::Nil)),
            ("RunMarker", Value::from(marker)),
            ("Checks", objects(checks)),
        ]);
        let mut steps: Vec<Step> = self.progress(0, 2, "Sending").into_iter().collect();
        steps.extend(self.progress(1, 2, "Waiting for arrival"));
        steps.push(Step::Output(result));
        steps.extend(self.progress(2, 2, "Completed"));
        steps
    }

    /// The stream that the call names, or the only one.
    pub(super) fn stream_of<'d>(&self, dcr: &'d Dcr, parameter: &str) -> Result<&'d str, Step> {
        let Some(wanted) = self.bound.text(parameter) else {
            return match dcr.streams.as_slice() {
                [only] => Ok(only),
                several => {
                    let said = format!("'{}' has {} streams; give {parameter}.", dcr.name, several.len());
                    Err(self.error(said, "StreamMissing", INVALID_ARGUMENT))
                }
            };
        };
        let pairs = dcr.streams.iter().zip(dcr.tables.iter().map(Some).chain(std::iter::repeat(None)));
        let is_meant = |(stream, table): &(&String, Option<&String>)| {
            stream.eq_ignore_ascii_case(wanted) || table.is_some_and(|table| table.eq_ignore_ascii_case(wanted))
        };
        pairs.into_iter().find(is_meant).map(|(stream, _)| stream.as_str()).ok_or_else(|| {
            let said = format!("'{}' has no stream '{wanted}'; it has {}.", dcr.name, dcr.streams.join(", "));
            self.error(said, "StreamNotFound", OBJECT_NOT_FOUND)
        })
    }

    pub(super) fn feed_at(&self, workspace: &Workspace) -> Result<usize, Step> {
        let name = self.bound.text("DcrName").unwrap_or_default();
        let place = workspace.estate.dcrs.iter().position(|dcr| dcr.name.eq_ignore_ascii_case(name));
        place.ok_or_else(|| self.no_feed(name))
    }

    fn no_feed(&self, name: &str) -> Step {
        self.error(format!("No data collection rule '{name}'."), "ResourceNotFound", OBJECT_NOT_FOUND)
    }

    pub(super) fn no_endpoint(&self, name: &str) -> Step {
        self.error(format!("No data collection endpoint '{name}'."), "ResourceNotFound", OBJECT_NOT_FOUND)
    }
}

/// A data collection rule as the lists show it.
pub(super) fn summary(workspace: &Workspace, dcr: &Dcr, associations: bool) -> Vec<(&'static str, Value)> {
    let place = &workspace.place;
    let transforms = dcr.streams.iter().map(|stream| (stream.clone(), Value::from(dcr.transform_of(stream))));
    let is_changed = dcr.streams.iter().any(|stream| dcr.transform_of(stream) != "source");
    vec![
        ("Name", Value::from(dcr.name.as_str())),
        ("ImmutableId", Value::from(dcr.immutable_id.as_str())),
        ("Kind", Value::from(dcr.kind.as_str())),
        ("Location", Value::from(workspace.estate.location.as_str())),
        ("ResourceGroupName", Value::from(place.resource_group.as_str())),
        ("DataSourceTypes", strings(dcr.sources.iter().map(String::as_str))),
        ("Streams", strings(dcr.streams.iter().map(String::as_str))),
        ("OutputTables", strings(dcr.tables.iter().map(String::as_str))),
        ("DestinationWorkspaces", strings([place.name.as_str()])),
        ("HasTransform", Value::Bool(is_changed)),
        ("TransformKql", bag(&[], transforms)),
        ("DataCollectionEndpoint", optional(dcr.dce.as_deref())),
        ("LogsIngestionEndpoint", optional(dcr.endpoint.as_deref())),
        ("AssociationCount", if associations { Value::I32(dcr.associations) } else { Value::Nil }),
        ("ProvisioningState", Value::from("Succeeded")),
        ("ResourceId", Value::from(workspace.resource_id("Microsoft.Insights/dataCollectionRules", &dcr.name))),
    ]
}

/// A data collection endpoint as the list shows it.
pub(super) fn endpoint(workspace: &Workspace, dce: &Dce) -> Vec<(&'static str, Value)> {
    let location = workspace.estate.location.as_str();
    let address = |part: &str| Value::from(format!("https://{}-demo.{location}-1.{part}.monitor.example", dce.name));
    let id = demo_id(&[&workspace.place.name, &dce.name]).replace('-', "");
    vec![
        ("Name", Value::from(dce.name.as_str())),
        ("ImmutableId", Value::from(format!("dce-{id}"))),
        ("Location", Value::from(location)),
        ("ResourceGroupName", Value::from(workspace.place.resource_group.as_str())),
        ("LogsIngestionEndpoint", address("ingest")),
        ("ConfigurationEndpoint", address("handler.control")),
        ("PublicNetworkAccess", Value::from(dce.public_network_access.as_str())),
        ("UsedByRules", strings(users(workspace, dce))),
        ("ProvisioningState", Value::from("Succeeded")),
        ("ResourceId", Value::from(workspace.resource_id("Microsoft.Insights/dataCollectionEndpoints", &dce.name))),
    ]
}

fn users(workspace: &Workspace, dce: &Dce) -> Vec<String> {
    let uses = |dcr: &&Dcr| dcr.dce.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&dce.name));
    workspace.estate.dcrs.iter().filter(uses).map(|dcr| dcr.name.clone()).collect()
}

/// The rule as a restore sends it: without what Azure writes itself.
fn definition(dcr: &Dcr) -> Json {
    const ITS_OWN: [&str; 5] = ["immutableId", "provisioningState", "endpoints", "metadata", "ingestionQuotas"];
    let mut json = dcr.source.clone();
    let parts = ["name", "kind", "location", "tags", "identity", "properties"];
    let is_nothing = |value: &Json| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    json.retain(|key, value| parts.contains(&key.as_str()) && !is_nothing(value));
    if let Some(properties) = json.get_mut("properties").and_then(Json::as_object_mut) {
        properties.retain(|key, value| !is_nothing(value) && !ITS_OWN.contains(&key.as_str()));
    }
    let places = json.get_mut("properties").and_then(|said| said["destinations"]["logAnalytics"].as_array_mut());
    for place in places.into_iter().flatten().filter_map(Json::as_object_mut) {
        place.remove("workspaceId");
    }
    sorted(json.into())
}
