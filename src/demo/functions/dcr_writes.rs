//! Data collection rules and endpoints: new ones, sources, transformations.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::dcr::{endpoint, summary};
use super::signature::{INVALID_ARGUMENT, OBJECT_NOT_FOUND, RESOURCE_EXISTS};
use crate::demo::clixml::{count, custom, strings};
use crate::demo::world::estate::{Dce, Dcr};
use crate::demo::world::{Workspace, demo_id};

/// Longest transformation, characters. Source: limits of data collection rules.
const TRANSFORM_CHARS: usize = 15_360;

/// What a kind of source sends: its stream, its table, and the kind of rule
/// that it needs. A stream of one's own has the name of its table.
const SOURCES: [(&str, &str, &str, &str); 9] = [
    ("Syslog", "Microsoft-Syslog", "Syslog", "Linux"),
    ("CEF", "Microsoft-CommonSecurityLog", "CommonSecurityLog", "Linux"),
    ("WindowsSecurityEvents", "Microsoft-SecurityEvent", "SecurityEvent", "Windows"),
    ("WindowsEventLogs", "Microsoft-Event", "Event", "Windows"),
    ("TextLog", "Custom-", "", ""),
    ("JsonLog", "Custom-", "", ""),
    ("IISLog", "Microsoft-W3CIISLog", "W3CIISLog", "Windows"),
    ("PerformanceCounters", "Microsoft-Perf", "Perf", ""),
    ("WindowsFirewall", "Microsoft-WindowsFirewall", "WindowsFirewall", "Windows"),
];

/// A source as it will be.
struct Source {
    kind: &'static str,
    stream: String,
    table: String,
}

impl Call<'_> {
    /// New-DCRForTable.
    pub(super) fn new_feed_for_table(&self, workspace: &mut Workspace) -> Vec<Step> {
        let table = self.bound.text("TableName").unwrap_or_default();
        let Some(table) = workspace.table(table).map(|known| known.name.clone()).filter(|name| name.ends_with("_CL"))
        else {
            let said = format!("'{table}' is no table of this workspace that a rule can write; create it first.");
            return vec![self.error(said, "InvalidOutputTable", INVALID_ARGUMENT)];
        };
        let default = format!("dcr-{}", table.to_lowercase().replace('_', "-"));
        let name = self.bound.text("DcrName").unwrap_or(&default).to_owned();
        let stream = format!("Custom-{table}");
        let source = Source { kind: "", stream: stream.clone(), table: table.clone() };
        let dcr = match self.draft(workspace, &name, "Direct", source) {
            Ok(dcr) => dcr,
            Err(step) => return vec![step],
        };
        if let Some(step) = self.instead_of(&format!("Create data collection rule for {table}"), &name) {
            return vec![step];
        }
        let address = dcr.endpoint.clone().unwrap_or_default();
        let uri = format!("{address}/dataCollectionRules/{}/streams/{stream}?api-version=2023-01-01", dcr.immutable_id);
        let mut properties = summary(workspace, &dcr, true);
        properties.push(("StreamName", Value::from(stream)));
        properties.push(("IngestionUri", Value::from(uri)));
        workspace.estate.dcrs.push(dcr);
        vec![Step::Output(custom(properties))]
    }

    /// New-StandaloneDCR.
    pub(super) fn new_feed(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("DcrName").unwrap_or_default();
        let kind = self.bound.text("Kind").unwrap_or("Windows");
        let feeds = &workspace.estate.dcrs;
        if kind == "WorkspaceTransforms" && feeds.iter().any(|dcr| dcr.kind == kind) {
            return vec![self.invalid("The workspace has its rule of kind WorkspaceTransforms.".to_owned())];
        }
        let dcr = self.source(kind).and_then(|source| self.draft(workspace, name, kind, source));
        let dcr = match dcr {
            Ok(dcr) => dcr,
            Err(step) => return vec![step],
        };
        let from = self.bound.text("DataSourceType").unwrap_or_default();
        if let Some(step) = self.instead_of(&format!("Create data collection rule ({from})"), name) {
            return vec![step];
        }
        let answer = custom(summary(workspace, &dcr, true));
        workspace.estate.dcrs.push(dcr);
        vec![Step::Output(answer)]
    }

    /// New-StandaloneDCE.
    pub(super) fn new_endpoint(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("DceName").unwrap_or_default();
        if workspace.estate.dces.iter().any(|dce| dce.name.eq_ignore_ascii_case(name)) {
            let said = format!("The data collection endpoint '{name}' exists.");
            return vec![self.error(said, "Conflict", RESOURCE_EXISTS)];
        }
        if let Some(step) = self.elsewhere(workspace) {
            return vec![step];
        }
        let access = self.bound.text("PublicNetworkAccess").unwrap_or("Enabled");
        if let Some(step) = self.instead_of(&format!("Create data collection endpoint ({access})"), name) {
            return vec![step];
        }
        let dce = Dce { name: name.to_owned(), public_network_access: access.to_owned() };
        let mut properties = endpoint(workspace, &dce);
        properties.retain(|(name, _)| !["UsedByRules", "ResourceGroupName"].contains(name));
        workspace.estate.dces.push(dce);
        vec![Step::Output(custom(properties))]
    }

    /// Add-DCRDataSource.
    pub(super) fn add_source(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.feed_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(dcr) = workspace.estate.dcrs.get(place) else { return Vec::new() };
        let source = match self.source(&dcr.kind).and_then(|source| self.in_workspace(workspace, source)) {
            Ok(source) => source,
            Err(step) => return vec![step],
        };
        let number = dcr.sources.len() + 1;
        let default = format!("{}-{number}", source.kind.to_lowercase());
        let name = self.bound.text("SourceName").unwrap_or(&default).to_owned();
        let details = self.details(source.kind);
        let known = dcr.source_names.iter().any(|known| known.eq_ignore_ascii_case(&name));
        let transform = match self.transform() {
            Ok(transform) => transform,
            Err(step) => return vec![step],
        };
        if let Some(step) = self.instead_of(&format!("Add {} as {name}", source.kind), &dcr.name) {
            return vec![step];
        }
        let Some(dcr) = workspace.estate.dcrs.get_mut(place) else { return Vec::new() };
        // The same name again replaces, so a second call adds nothing.
        if !known {
            dcr.sources.push(source.kind.to_owned());
            dcr.source_names.push(name.clone());
            dcr.details.extend(details);
        }
        if !dcr.streams.contains(&source.stream) {
            dcr.streams.push(source.stream.clone());
            dcr.tables.push(source.table);
        }
        dcr.transforms.insert(source.stream, transform);
        let Some(dcr) = workspace.estate.dcrs.get(place) else { return Vec::new() };
        let mut properties = summary(workspace, dcr, true);
        properties.push(("AddedSource", Value::from(name)));
        vec![Step::Output(custom(properties))]
    }

    /// Update-DCRTransformation. The demo runs no KQL: a dry run counts the
    /// rows that it was given.
    pub(super) fn set_transform(&self, workspace: &mut Workspace) -> Vec<Step> {
        let place = match self.feed_at(workspace) {
            Ok(place) => place,
            Err(step) => return vec![step],
        };
        let Some(dcr) = workspace.estate.dcrs.get_mut(place) else { return Vec::new() };
        let stream = match self.stream_of(dcr, "Stream") {
            Ok(stream) => stream.to_owned(),
            Err(step) => return vec![step],
        };
        let after = match self.transform() {
            Ok(transform) => transform,
            Err(step) => return vec![step],
        };
        let rows = match self.bound.text("TestRows").map(serde_json::from_str::<Json>) {
            None => None,
            Some(Ok(Json::Array(rows))) => Some(rows.len()),
            Some(_) => return vec![self.invalid("TestRows is a JSON array of rows.".to_owned())],
        };
        if let Some(step) = self.instead_of("Replace transformation", &format!("{}/{stream}", dcr.name)) {
            return vec![step];
        }
        let before = dcr.transform_of(&stream).to_owned();
        let changed = before != after;
        dcr.transforms.insert(stream.clone(), after.clone());
        let dry = rows.map_or(Value::Nil, |rows| {
            custom([("RowsIn", count(rows)), ("RowsOut", count(rows)), ("ColumnsLost", strings::<String>([]))])
        });
        vec![Step::Output(custom([
            ("Name", Value::from(dcr.name.as_str())),
            ("Stream", Value::from(stream)),
            ("PreviousTransformKql", Value::from(before)),
            ("TransformKql", Value::from(after)),
            ("Changed", Value::Bool(changed)),
            ("DryRun", dry),
        ]))]
    }

    /// A rule that does not exist yet.
    fn draft(&self, workspace: &Workspace, name: &str, kind: &str, source: Source) -> Result<Dcr, Step> {
        let estate = &workspace.estate;
        if estate.dcrs.iter().any(|dcr| dcr.name.eq_ignore_ascii_case(name)) {
            let said = format!("The data collection rule '{name}' exists.");
            return Err(self.error(said, "Conflict", RESOURCE_EXISTS));
        }
        if let Some(step) = self.elsewhere(workspace) {
            return Err(step);
        }
        let source = self.in_workspace(workspace, source)?;
        let dce = match self.bound.text("DceName") {
            None => None,
            Some(wanted) => {
                let known = estate.dces.iter().find(|dce| dce.name.eq_ignore_ascii_case(wanted));
                Some(known.ok_or_else(|| self.no_endpoint(wanted))?.name.clone())
            }
        };
        if ["TextLog", "JsonLog", "IISLog"].contains(&source.kind) && dce.is_none() {
            return Err(self.invalid(format!("A source of type {} needs DceName.", source.kind)));
        }
        let endpoint = (kind == "Direct").then(|| {
            let host = dce.as_deref().unwrap_or(name);
            format!("https://{host}-demo.{}-1.ingest.monitor.example", estate.location)
        });
        let place = workspace.resource_id("Microsoft.Insights/dataCollectionRules", name).to_lowercase();
        Ok(Dcr {
            source: Map::new(),
            immutable_id: format!("dcr-{}", demo_id(&[&place]).replace('-', "")),
            name: name.to_owned(),
            kind: kind.to_owned(),
            source_names: self.bound.text("SourceName").map(str::to_owned).into_iter().collect(),
            sources: Some(source.kind).filter(|kind| !kind.is_empty()).map(str::to_owned).into_iter().collect(),
            streams: vec![source.stream],
            tables: vec![source.table],
            associations: 0,
            dce,
            transform: self.transform()?,
            endpoint,
            transforms: BTreeMap::new(),
            details: self.details(source.kind),
        })
    }

    /// What the call says of a source beside its kind, as Azure writes it.
    fn details(&self, kind: &str) -> BTreeMap<String, Json> {
        let mut details = Map::new();
        for (parameter, property) in [
            ("XPathQueries", "xPathQueries"),
            ("Facilities", "facilityNames"),
            ("LogLevels", "logLevels"),
            ("FilePatterns", "filePatterns"),
            ("CounterSpecifiers", "counterSpecifiers"),
        ] {
            if let Some(given) = self.bound.texts(parameter) {
                details.insert(property.to_owned(), given.to_vec().into());
            }
        }
        let every = match kind {
            "Syslog" | "CEF" => json!({ "facilityNames": ["*"], "logLevels": ["*"] }),
            "TextLog" => json!({ "format": "text" }),
            "JsonLog" => json!({ "format": "json" }),
            "PerformanceCounters" => {
                json!({ "samplingFrequencyInSeconds": self.bound.number("SamplingFrequencyInSeconds").unwrap_or(60) })
            }
            _ => json!({}),
        };
        for (key, value) in every.as_object().into_iter().flatten() {
            details.entry(key.clone()).or_insert_with(|| value.clone());
        }
        BTreeMap::from([(kind.to_owned(), details.into())])
    }

    /// The source that the call describes, for a rule of that kind.
    fn source(&self, rule: &str) -> Result<Source, Step> {
        let given = self.bound.text("DataSourceType").unwrap_or_default();
        let known = SOURCES.iter().find(|(kind, ..)| kind.eq_ignore_ascii_case(given));
        let Some((kind, stream, table, platform)) = known else {
            return Err(self.invalid(format!("There is no source of type '{given}'.")));
        };
        if !platform.is_empty() && rule != *platform {
            return Err(self.invalid(format!("A source of type {kind} needs a rule of kind {platform}, not {rule}.")));
        }
        let wanted = self.bound.text("OutputTable");
        let table = wanted.unwrap_or(table);
        if table.is_empty() {
            return Err(self.invalid(format!("A source of type {kind} needs OutputTable.")));
        }
        let needed = [
            ("WindowsSecurityEvents", "XPathQueries"),
            ("WindowsEventLogs", "XPathQueries"),
            ("TextLog", "FilePatterns"),
            ("JsonLog", "FilePatterns"),
            ("PerformanceCounters", "CounterSpecifiers"),
        ];
        if let Some((_, parameter)) =
            needed.iter().find(|(of, parameter)| of == kind && !self.bound.is_given(parameter))
        {
            return Err(self.invalid(format!("A source of type {kind} needs {parameter}.")));
        }
        let stream = if *stream == "Custom-" { format!("Custom-{table}") } else { (*stream).to_owned() };
        Ok(Source { kind, stream, table: table.to_owned() })
    }

    /// The source, when its table is there. Microsoft's own tables come into
    /// being with their first row.
    fn in_workspace(&self, workspace: &Workspace, source: Source) -> Result<Source, Step> {
        if source.table.ends_with("_CL") && !workspace.has_table(&source.table) {
            let said = format!("The table '{}' does not exist; create it first.", source.table);
            return Err(self.error(said, "InvalidOutputTable", OBJECT_NOT_FOUND));
        }
        Ok(source)
    }

    fn transform(&self) -> Result<String, Step> {
        let transform = self.bound.text("TransformKql").unwrap_or("source");
        if transform.chars().count() > TRANSFORM_CHARS {
            let said = format!("A transformation has {TRANSFORM_CHARS} characters at most.");
            return Err(self.error(said, "InvalidTransformQuery", INVALID_ARGUMENT));
        }
        let first = transform.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if first != "source" {
            let said = "A transformation starts from 'source'.".to_owned();
            return Err(self.error(said, "InvalidTransformQuery", INVALID_ARGUMENT));
        }
        Ok(transform.to_owned())
    }

    /// Azure refuses a rule in another region than its workspace's.
    fn elsewhere(&self, workspace: &Workspace) -> Option<Step> {
        let here = workspace.estate.location.as_str();
        let wanted = self.bound.text("Location").filter(|wanted| !wanted.eq_ignore_ascii_case(here))?;
        Some(self.invalid(format!("The workspace is in '{here}', not in '{wanted}'.")))
    }

    fn invalid(&self, said: String) -> Step {
        self.error(said, "InvalidPayload", INVALID_ARGUMENT)
    }
}
