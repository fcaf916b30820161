//! Data collection rules and endpoints.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{Kept, head, properties, set};
use crate::demo::world::document::{Document, Documents};
use crate::demo::world::estate::{Dce, Dcr, RawDcr};
use crate::demo::world::{Workspace, demo_id};

const RULES: &str = "Microsoft.Insights/dataCollectionRules";
const ENDPOINTS: &str = "Microsoft.Insights/dataCollectionEndpoints";

/// The name by which a rule's flows name the workspace.
const DESTINATION: &str = "workspace";

/// A kind of source: what the functions call it, its list in a rule, and what
/// tells it from others of that list.
const SOURCES: [(&str, &str, &str); 9] = [
    ("Syslog", "syslog", "Microsoft-Syslog"),
    ("CEF", "syslog", "Microsoft-CommonSecurityLog"),
    ("WindowsSecurityEvents", "windowsEventLogs", "Microsoft-SecurityEvent"),
    ("WindowsEventLogs", "windowsEventLogs", ""),
    ("TextLog", "logFiles", "text"),
    ("JsonLog", "logFiles", "json"),
    ("IISLog", "iisLogs", ""),
    ("PerformanceCounters", "performanceCounters", ""),
    ("WindowsFirewall", "windowsFirewallLogs", ""),
];

impl Kept for Dcr {
    /// A workspace has no list of its rules: they are those of the
    /// subscription that send to it.
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let scope = format!("/subscriptions/{}", workspace.place.subscription);
        let own = workspace.id();
        let found = documents.of_kind(&scope, &RULES.to_lowercase()).into_iter().filter(|found| {
            let mut sends = found.properties()["destinations"]["logAnalytics"].as_array().into_iter().flatten();
            sends.any(|one| one["workspaceResourceId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&own)))
        });
        let associations = documents.of_kind(&scope, "microsoft.insights/datacollectionruleassociations");
        found.map(|found| read(found, &associations)).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.resource_id(RULES, &self.name)
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        let id = self.id(workspace);
        head(json, &[("id", id.into()), ("name", self.name.as_str().into()), ("type", RULES.into())]);
        head(json, &[("location", workspace.estate.location.as_str().into()), ("tags", json!({}))]);
        head(json, &[("kind", self.kind.as_str().into())]);
        let endpoint = self.dce.as_ref().map(|name| workspace.resource_id(ENDPOINTS, name));
        let said = properties(json);
        set(said, "immutableId", self.immutable_id.as_str().into());
        set(said, "dataCollectionEndpointId", json!(endpoint));
        self.write_sources(said, workspace);
        said.entry("destinations").or_insert_with(|| {
            let to = json!({
                "name": DESTINATION,
                "workspaceResourceId": workspace.id(),
                "workspaceId": workspace.customer_id,
            });
            json!({ "logAnalytics": [to] })
        });
        self.write_flows(said);
        if let Some(endpoint) = &self.endpoint {
            set(said, "endpoints", json!({ "logsIngestion": endpoint }));
        }
        set(said, "provisioningState", "Succeeded".into());
        head(json, &[("etag", Json::Null)]);
    }
}

impl Dcr {
    /// Sources that the document does not have yet.
    fn write_sources(&self, said: &mut Map<String, Json>, workspace: &Workspace) {
        let known = source_kinds(said.get("dataSources").unwrap_or(&Json::Null));
        let sources = said.entry("dataSources").or_insert_with(|| json!({}));
        let mut names = self.source_names.iter();
        for (n, kind) in self.sources.iter().enumerate() {
            let name = names.next().cloned();
            if n < known.len() {
                continue;
            }
            let Some((_, list, _)) = SOURCES.iter().find(|(known, ..)| known == kind) else { continue };
            let stream = self.stream_of_source(kind);
            let name = name.unwrap_or_else(|| format!("{}-{}", kind.to_lowercase(), n + 1));
            let mut source = json!({ "name": name, "streams": [stream] });
            match (kind.as_str(), self.details.get(kind)) {
                (_, Some(details)) => merge(&mut source, details),
                ("Syslog" | "CEF", None) => merge(&mut source, &json!({ "facilityNames": ["*"], "logLevels": ["*"] })),
                ("TextLog" | "JsonLog", None) => {
                    let format = if kind == "JsonLog" { "json" } else { "text" };
                    merge(&mut source, &json!({ "format": format, "filePatterns": [] }));
                }
                _ => {}
            }
            if let Some(all) = sources.as_object_mut() {
                let list = all.entry(*list).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(source);
                }
            }
        }
        let custom = self.streams.iter().filter_map(|stream| Some((stream, stream.strip_prefix("Custom-")?)));
        for (stream, table) in custom {
            let columns = workspace.table(table).map(|table| table.columns.clone()).unwrap_or_default();
            let column = |text: &String| {
                let (name, kind) = text.split_once(':').unwrap_or((text, "string"));
                // *Spec* streams know no guid, and spell the time another way than tables.
                let kind = match kind {
                    "dateTime" => "datetime",
                    "guid" => "string",
                    other => other,
                };
                json!({ "name": name, "type": kind })
            };
            let columns: Vec<Json> = columns.iter().map(column).collect();
            let all = said.entry("streamDeclarations").or_insert_with(|| json!({}));
            if let Some(all) = all.as_object_mut() {
                all.entry(stream.as_str()).or_insert_with(|| json!({ "columns": columns }));
            }
        }
    }

    fn stream_of_source(&self, kind: &str) -> &str {
        let known = SOURCES.iter().find(|(known, ..)| *known == kind).map(|(_, _, stream)| *stream);
        let is_its = |stream: &&String| known == Some(stream.as_str());
        let found = self.streams.iter().find(is_its).or_else(|| self.streams.last());
        found.map(String::as_str).unwrap_or_default()
    }

    /// One flow per stream, and their transformations.
    fn write_flows(&self, said: &mut Map<String, Json>) {
        let flows = said.entry("dataFlows").or_insert_with(|| json!([]));
        let Some(flows) = flows.as_array_mut() else { return };
        for (stream, table) in self.streams.iter().zip(&self.tables) {
            let has =
                |flow: &&mut Json| flow["streams"].as_array().into_iter().flatten().any(|one| one == stream.as_str());
            match flows.iter_mut().find(has) {
                Some(flow) => {
                    if flow["transformKql"].as_str().unwrap_or("source") != self.transform_of(stream) {
                        flow["transformKql"] = self.transform_of(stream).into();
                    }
                }
                None => flows.push(json!({
                    "streams": [stream],
                    "destinations": [DESTINATION],
                    "transformKql": self.transform_of(stream),
                    "outputStream": output_stream(stream, table),
                })),
            }
        }
    }
}

fn read(document: &Document, associations: &[&Document]) -> Dcr {
    let said = document.properties();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let (mut streams, mut tables, mut transforms) = (Vec::new(), Vec::new(), Vec::new());
    for flow in said["dataFlows"].as_array().into_iter().flatten() {
        for stream in flow["streams"].as_array().into_iter().flatten().map(text) {
            if streams.contains(&stream) {
                continue;
            }
            tables.push(table_of(flow["outputStream"].as_str().unwrap_or(&stream)).to_owned());
            transforms.push((stream.clone(), flow["transformKql"].as_str().unwrap_or("source").to_owned()));
            streams.push(stream);
        }
    }
    let is_its = |association: &&&Document| {
        association.properties()["dataCollectionRuleId"]
            .as_str()
            .is_some_and(|id| id.eq_ignore_ascii_case(document.id()))
    };
    let sources = source_kinds(&said["dataSources"]);
    let names = said["dataSources"].as_object().into_iter().flatten().flat_map(|(_, list)| list.as_array());
    let names = names.flatten().map(|source| text(&source["name"]));
    let endpoint = said["endpoints"]["logsIngestion"].as_str().map(str::to_owned);
    Dcr {
        immutable_id: text(&said["immutableId"]),
        name: document.name().to_owned(),
        kind: document.get("kind").as_str().unwrap_or_default().to_owned(),
        source_names: names.collect(),
        sources,
        associations: i32::try_from(associations.iter().filter(is_its).count()).unwrap_or(i32::MAX),
        dce: said["dataCollectionEndpointId"].as_str().and_then(|id| id.rsplit('/').next()).map(str::to_owned),
        transform: transforms.first().map_or("source", |(_, text)| text).to_owned(),
        transforms: transforms.into_iter().collect(),
        streams,
        tables,
        endpoint,
        details: BTreeMap::new(),
        source: document.json.clone(),
    }
}

/// A rule of the scenario.
pub(super) fn from_scenario(raw: RawDcr) -> Dcr {
    let mut details = json!({});
    if !raw.x_path.is_empty() {
        details["xPathQueries"] = json!(raw.x_path);
    }
    if raw.sources.iter().any(|kind| kind == "Syslog" || kind == "CEF") {
        details["facilityNames"] = json!(["*"]);
        details["logLevels"] = if raw.levels.is_empty() { json!(["*"]) } else { json!(raw.levels) };
    }
    Dcr {
        immutable_id: raw.immutable_id,
        name: raw.name,
        kind: raw.kind,
        details: raw.sources.iter().map(|kind| (kind.clone(), details.clone())).collect(),
        sources: raw.sources,
        streams: raw.streams,
        tables: raw.tables,
        associations: raw.associations,
        dce: raw.dce,
        transform: raw.transform,
        endpoint: raw.endpoint,
        transforms: BTreeMap::new(),
        source_names: Vec::new(),
        source: Map::new(),
    }
}

/// What the sources of a rule are called.
fn source_kinds(sources: &Json) -> Vec<String> {
    let all = sources.as_object().into_iter().flatten();
    let all =
        all.flat_map(|(list, sources)| sources.as_array().into_iter().flatten().map(move |source| (list, source)));
    let kind = |(list, source): (&String, &Json)| {
        let tells = |mark: &str| {
            mark.is_empty()
                || source["format"] == mark
                || source["streams"].as_array().into_iter().flatten().any(|stream| stream == mark)
        };
        let known = SOURCES.iter().find(|(_, known, mark)| known == list && tells(mark));
        known.map_or(list.as_str(), |(kind, ..)| kind).to_owned()
    };
    all.map(kind).collect()
}

/// The table that an output stream writes.
pub(in crate::demo) fn table_of(stream: &str) -> &str {
    stream.strip_prefix("Custom-").or_else(|| stream.strip_prefix("Microsoft-")).unwrap_or(stream)
}

fn output_stream(stream: &str, table: &str) -> String {
    if table.ends_with("_CL") {
        return format!("Custom-{table}");
    }
    if stream.starts_with("Microsoft-") && table_of(stream) == table {
        return stream.to_owned();
    }
    format!("Microsoft-{table}")
}

fn merge(into: &mut Json, from: &Json) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

impl Kept for Dce {
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        let scope = format!("/subscriptions/{}", workspace.place.subscription);
        let found = documents.of_kind(&scope, &ENDPOINTS.to_lowercase()).into_iter();
        let read = |found: &Document| Self {
            name: found.name().to_owned(),
            public_network_access: found.properties()["networkAcls"]["publicNetworkAccess"]
                .as_str()
                .unwrap_or("Enabled")
                .to_owned(),
        };
        found.map(read).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.resource_id(ENDPOINTS, &self.name)
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        let location = workspace.estate.location.as_str();
        head(json, &[("id", self.id(workspace).into()), ("name", self.name.as_str().into())]);
        head(json, &[("type", ENDPOINTS.into()), ("location", location.into()), ("tags", json!({}))]);
        let said = properties(json);
        for (key, value) in endpoint_properties(&workspace.place.name, &self.name, location) {
            said.entry(key).or_insert(value);
        }
        set(said, "networkAcls", json!({ "publicNetworkAccess": self.public_network_access }));
        set(said, "provisioningState", "Succeeded".into());
        head(json, &[("etag", Json::Null)]);
    }
}

/// What a new endpoint is given: its id and where it listens.
pub(in crate::demo) fn endpoint_properties(place: &str, name: &str, location: &str) -> [(&'static str, Json); 4] {
    let id = demo_id(&[place, name]).replace('-', "");
    let address =
        |part: &str| json!({ "endpoint": format!("https://{name}-demo.{location}-1.{part}.monitor.example") });
    [
        ("immutableId", format!("dce-{id}").into()),
        ("configurationAccess", address("handler.control")),
        ("logsIngestion", address("ingest")),
        ("metricsIngestion", address("metrics.ingest")),
    ]
}
