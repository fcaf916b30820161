//! Tables of a workspace.
//!
//! How much a table takes a day is in no document: those are the rows of
//! `Usage`.

use serde_json::{Map, Value as Json, json};

use super::{Kept, head, properties, set};
use crate::demo::world::Workspace;
use crate::demo::world::dataset::Table;
use crate::demo::world::document::{Document, Documents};

/// Columns of every table, which the platform fills.
const STANDARD: [(&str, &str); 3] = [("TenantId", "string"), ("TimeGenerated", "dateTime"), ("Type", "string")];

impl Kept for Table {
    fn all(workspace: &Workspace, documents: &Documents) -> Vec<Self> {
        documents.list(&workspace.part_id("tables")).into_iter().map(|found| read(found, workspace)).collect()
    }

    fn id(&self, workspace: &Workspace) -> String {
        workspace.part_id(&format!("tables/{}", self.name))
    }

    fn write(&self, json: &mut Map<String, Json>, workspace: &Workspace) {
        // *Seen* in a recording: no type, and the properties first.
        let id = self.id(workspace).replacen("resourceGroups", "resourcegroups", 1);
        let default = workspace.estate.retention_in_days;
        let said = properties(json);
        set(said, "totalRetentionInDays", self.total.into());
        set(said, "archiveRetentionInDays", (self.total - self.retention).into());
        set(said, "plan", self.plan.as_str().into());
        set(said, "retentionInDaysAsDefault", (self.retention == default).into());
        set(said, "totalRetentionInDaysAsDefault", (self.total == self.retention).into());
        set(said, "lastPlanModifiedDate", json!(self.plan_changed.map(|time| time.to_string())));
        said.entry("schema").or_insert_with(|| schema(&self.name, &self.columns));
        set(said, "provisioningState", "Succeeded".into());
        set(said, "retentionInDays", self.retention.into());
        head(json, &[("id", id.into()), ("name", self.name.as_str().into())]);
    }
}

fn read(document: &Document, workspace: &Workspace) -> Table {
    let said = document.properties();
    let name = document.name();
    let days = |key: &str| said[key].as_i64().and_then(|days| i32::try_from(days).ok()).unwrap_or_default();
    let column = |column: &Json| {
        format!("{}:{}", column["name"].as_str().unwrap_or_default(), column["type"].as_str().unwrap_or_default())
    };
    let columns = said["schema"]["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let volume = workspace.volumes.iter().find(|volume| volume.table.eq_ignore_ascii_case(name));
    Table {
        name: name.to_owned(),
        plan: said["plan"].as_str().unwrap_or_default().to_owned(),
        retention: days("retentionInDays"),
        total: days("totalRetentionInDays"),
        gb_per_day: volume.map_or(0.0, |volume| volume.gb_per_day),
        last: volume.map_or("-0m", |volume| &volume.last).to_owned(),
        columns: columns.iter().map(column).collect(),
        plan_changed: said["lastPlanModifiedDate"].as_str().and_then(|time| time.parse().ok()),
    }
}

/// The schema of a table: one of Microsoft's own has the standard columns
/// alone, as the scenario knows no others.
pub(in crate::demo) fn schema(name: &str, columns: &[String]) -> Json {
    let is_custom = name.ends_with("_CL");
    let column =
        |name: &str, kind: &str| json!({ "name": name, "type": kind, "isDefaultDisplay": false, "isHidden": false });
    let own = columns.iter().map(|text| text.split_once(':').unwrap_or((text, "string")));
    let standard = STANDARD.iter().filter(|(name, _)| !is_custom || *name == "TenantId");
    json!({
        "name": name,
        "tableType": if is_custom { "CustomLog" } else { "Microsoft" },
        "tableSubType": if is_custom { "DataCollectionRuleBased" } else { "Any" },
        "columns": own.map(|(name, kind)| column(name, kind)).collect::<Vec<_>>(),
        "standardColumns": standard.map(|(name, kind)| column(name, kind)).collect::<Vec<_>>(),
        "solutions": ["LogManagement"],
        "isTroubleshootingAllowed": true,
    })
}
