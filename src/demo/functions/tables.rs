//! Tables: list, retention, plan, new ones and away with them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::draft::json_of;
use super::export::sorted;
use super::rules::{tables as read_by, wildcard};
use super::signature::{INVALID_ARGUMENT, INVALID_OPERATION, OBJECT_NOT_FOUND, RESOURCE_EXISTS};
use crate::demo::clixml::{count, custom, date, from_json, objects};
use crate::demo::world::Workspace;
use crate::demo::world::dataset::{Table, shifted};

/// Microsoft's own tables that can be Basic. Chosen: those of the scenario
/// that Microsoft's list names.
const MAY_BE_BASIC: [&str; 3] = ["AzureDiagnostics", "CommonSecurityLog", "Syslog"];
/// Names that the platform fills itself.
const RESERVED: [&str; 6] = ["TenantId", "Type", "Title", "UniqueId", "SourceSystem", "MG"];
const COLUMN_TYPES: [&str; 8] = ["string", "int", "long", "real", "boolean", "dateTime", "guid", "dynamic"];
const COLUMNS_AT_MOST: usize = 500;
/// A plan changes once a week.
const BETWEEN_PLANS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Days that Basic and Auxiliary tables can be queried.
const FIXED_RETENTION: i32 = 30;

/// Columns of a schema template, after the time. Chosen: the first ones of
/// each, enough for a demo.
const TEMPLATES: [(&str, &str); 7] = [
    ("Syslog", "Computer:string Facility:string SeverityLevel:string ProcessName:string SyslogMessage:string"),
    (
        "CommonSecurityLog",
        "DeviceVendor:string DeviceProduct:string DeviceAction:string SourceIP:string DestinationIP:string \
         DestinationPort:int Message:string",
    ),
    ("SecurityEvent", "Computer:string EventID:int Account:string LogonType:int Process:string"),
    ("DNSActivityLogs", "ClientIP:string QueryName:string QueryType:string ResponseCode:string"),
    ("WebActivityLogs", "ClientIP:string Url:string Method:string StatusCode:int UserAgent:string"),
    ("AuthenticationLogs", "UserName:string ClientIP:string Result:string Reason:string"),
    ("ProcessEvents", "Computer:string ProcessName:string CommandLine:string ParentProcess:string UserName:string"),
];

impl Call<'_> {
    /// Get-SentinelTables.
    pub(super) fn tables(&self, workspace: &Workspace) -> Vec<Step> {
        let name = self.bound.text("NameFilter").map(wildcard);
        let plan = self.bound.text("Plan");
        let kind = self.bound.text("TableType").unwrap_or("All");
        let is_wanted = |table: &&Table| {
            name.as_ref().is_none_or(|name| name.is_match(&table.name))
                && plan.is_none_or(|plan| plan == table.plan)
                && match kind {
                    "All" => true,
                    "Custom" => is_custom(table),
                    "Microsoft" => !is_custom(table),
                    // The scenario has no results of searches and no restored logs.
                    _ => false,
                }
        };
        let row = |table: &Table| Step::Output(self.table_row(workspace, table));
        workspace.tables.iter().filter(is_wanted).map(row).collect()
    }

    fn table_row(&self, workspace: &Workspace, table: &Table) -> Value {
        let mut properties = definition(workspace, table);
        properties.push(("LastPlanModifiedDate", table.plan_changed.map_or(Value::Nil, date)));
        properties.push(("ColumnCount", count(columns(table).len())));
        if self.bound.has("IncludeSchema") {
            properties.push(("Columns", objects(columns(table).iter().map(column))));
        }
        let usage = self.bound.has("IncludeUsage");
        let days = f64::from(self.bound.number("UsageDays").unwrap_or(7));
        let last = shifted(workspace.start, &table.last).filter(|_| usage);
        let billed = if crate::demo::logs::is_free(&table.name) { 0.0 } else { table.gb_per_day * days };
        let billed = (billed * 1e6).round() / 1e6;
        properties.push(("BillableGB", if usage { Value::F64(billed) } else { Value::Nil }));
        properties.push(("LastIngested", last.map_or(Value::Nil, date)));
        properties.push(("ProvisioningState", Value::from("Succeeded")));
        custom(properties)
    }

    /// View-TableRetention.
    pub(super) fn retention(&self, workspace: &Workspace) -> Vec<Step> {
        let default = workspace.estate.retention_in_days;
        if let Some(name) = self.bound.text("TableName")
            && workspace.table(name).is_none()
        {
            return vec![self.no_table(workspace, name)];
        }
        let name = self.bound.text("TableName");
        let only = self.bound.has("OnlyNonDefault");
        let tables = workspace.tables.iter().filter(|table| {
            name.is_none_or(|name| table.name.eq_ignore_ascii_case(name))
                && !(only && table.retention == default && table.total == default)
        });
        let row = |table: &Table| {
            Step::Output(custom([
                ("TableName", Value::from(table.name.as_str())),
                ("Plan", Value::from(table.plan.as_str())),
                ("RetentionInDays", Value::I32(table.retention)),
                ("TotalRetentionInDays", Value::I32(table.total)),
                ("ArchiveRetentionInDays", Value::I32(table.total - table.retention)),
                ("RetentionIsDefault", Value::Bool(table.retention == default)),
                ("WorkspaceDefaultRetention", Value::I32(default)),
            ]))
        };
        tables.map(row).collect()
    }

    /// Update-TableRetention.
    pub(super) fn set_retention(&self, workspace: &mut Workspace) -> Vec<Step> {
        let default = workspace.estate.retention_in_days;
        let table = match self.table_at(workspace) {
            Ok(table) => table,
            Err(step) => return vec![step],
        };
        let (days, total) = (self.bound.number("RetentionInDays"), self.bound.number("TotalRetentionInDays"));
        if days.is_none() && total.is_none() {
            return vec![self.bad("Give RetentionInDays, TotalRetentionInDays or both.".to_owned())];
        }
        if days.is_some() && table.plan != "Analytics" {
            let said = format!("The retention of the {} table '{}' cannot be changed.", table.plan, table.name);
            return vec![self.bad(said)];
        }
        let after = match lengths(default, table, days, total) {
            Ok(after) => after,
            Err(said) => return vec![self.bad(said)],
        };
        let before = (table.retention, table.total);
        let action = format!("Set retention to {}/{} days", after.0, after.1);
        if let Some(step) = self.instead_of(&action, &format!("{} (now {}/{})", table.name, before.0, before.1)) {
            return vec![step];
        }
        (table.retention, table.total) = after;
        vec![Step::Output(custom([
            ("TableName", Value::from(table.name.as_str())),
            ("Plan", Value::from(table.plan.as_str())),
            ("PreviousRetentionInDays", Value::I32(before.0)),
            ("RetentionInDays", Value::I32(after.0)),
            ("PreviousTotalRetentionInDays", Value::I32(before.1)),
            ("TotalRetentionInDays", Value::I32(after.1)),
            ("ArchiveRetentionInDays", Value::I32(after.1 - after.0)),
        ]))]
    }

    /// Update-TablePlan.
    pub(super) fn set_plan(&self, workspace: &mut Workspace) -> Vec<Step> {
        let plan = self.bound.text("Plan").unwrap_or("Analytics");
        let name = self.bound.text("TableName").unwrap_or_default();
        let affected = rules_on(workspace, name);
        let default = workspace.estate.retention_in_days;
        let table = match self.table_at(workspace) {
            Ok(table) => table,
            Err(step) => return vec![step],
        };
        if let Some(said) = unfit_plan(table, plan, self.now) {
            return vec![self.error(said, "InvalidTablePlan", INVALID_OPERATION)];
        }
        let before = table.plan.clone();
        let target = format!("{} (now {before}, {} enabled rules read it)", table.name, affected.len());
        if let Some(step) = self.instead_of(&format!("Move to {plan}"), &target) {
            return vec![step];
        }
        if before != plan {
            plan.clone_into(&mut table.plan);
            table.plan_changed = Some(self.now);
            table.retention = if plan == "Analytics" { default } else { FIXED_RETENTION };
            table.total = table.total.max(table.retention);
        }
        vec![Step::Output(custom([
            ("TableName", Value::from(table.name.as_str())),
            ("PreviousPlan", Value::from(before)),
            ("Plan", Value::from(plan)),
            ("RetentionInDays", Value::I32(table.retention)),
            ("TotalRetentionInDays", Value::I32(table.total)),
            ("LastPlanModifiedDate", table.plan_changed.map_or(Value::Nil, date)),
            ("AffectedRules", objects(affected)),
        ]))]
    }

    /// New-SentinelTable.
    pub(super) fn new_table(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("TableName").unwrap_or_default();
        let columns = match self.wanted_columns() {
            Ok(columns) => columns,
            Err(said) => return vec![self.bad(said)],
        };
        if workspace.table(name).is_some() {
            let said = format!("The table '{name}' exists; creating it again would drop the columns left out.");
            return vec![self.error(said, "Conflict", RESOURCE_EXISTS)];
        }
        let default = workspace.estate.retention_in_days;
        let plan = self.bound.text("Plan").unwrap_or("Analytics");
        let mut table = Table {
            name: name.to_owned(),
            plan: plan.to_owned(),
            retention: if plan == "Analytics" { default } else { FIXED_RETENTION },
            total: 0,
            gb_per_day: 0.0,
            last: "-0m".to_owned(),
            columns,
            plan_changed: None,
        };
        table.total = table.retention;
        let days = self.bound.number("RetentionInDays").filter(|_| plan == "Analytics");
        match lengths(default, &table, days, self.bound.number("TotalRetentionInDays")) {
            Ok(after) => (table.retention, table.total) = after,
            Err(said) => return vec![self.bad(said)],
        }
        if let Some(step) = self.instead_of(&format!("Create table ({plan})"), name) {
            return vec![step];
        }
        let mut properties = definition(workspace, &table);
        properties.retain(|(name, _)| !["TableType", "ArchiveRetentionInDays", "RetentionIsDefault"].contains(name));
        properties.push(("ColumnCount", count(table.columns.len())));
        properties.push(("Columns", objects(table.columns.iter().map(column))));
        properties.push(("ProvisioningState", Value::from("Succeeded")));
        properties.push(("ResourceId", Value::from(workspace.part_id(&format!("tables/{name}")))));
        workspace.tables.push(table);
        vec![Step::Output(custom(properties))]
    }

    fn wanted_columns(&self) -> Result<Vec<String>, String> {
        let mut columns = vec!["TimeGenerated:dateTime".to_owned()];
        if let Some(schema) = self.bound.text("Schema") {
            let template = TEMPLATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(schema));
            columns.extend(template.into_iter().flat_map(|(_, text)| text.split_whitespace()).map(str::to_owned));
            return Ok(columns);
        }
        let given = self.bound.value("Columns").map(json_of).unwrap_or_default();
        let rows = match given {
            Json::Array(rows) => rows,
            one => vec![one],
        };
        for row in &rows {
            let part = |key: &str| row.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?.1.as_str();
            let (Some(name), Some(kind)) = (part("name"), part("type")) else {
                return Err("A column is {name, type}.".to_owned());
            };
            let Some(kind) = COLUMN_TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind)) else {
                return Err(format!("The column '{name}' has no type '{kind}'; it takes {}.", COLUMN_TYPES.join(", ")));
            };
            if name.starts_with('_') || RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
                return Err(format!("The name '{name}' is reserved; leave the column out."));
            }
            if !name.eq_ignore_ascii_case("TimeGenerated") {
                columns.push(format!("{name}:{kind}"));
            }
        }
        if columns.len() > COLUMNS_AT_MOST {
            return Err(format!("{} columns are too many; a table has {COLUMNS_AT_MOST} at most.", columns.len()));
        }
        Ok(columns)
    }

    /// Remove-SentinelTable.
    pub(super) fn remove_table(&self, workspace: &mut Workspace) -> Vec<Step> {
        let name = self.bound.text("TableName").unwrap_or_default();
        let Some(place) = workspace.tables.iter().position(|table| table.name.eq_ignore_ascii_case(name)) else {
            return vec![self.no_table(workspace, name)];
        };
        let Some(table) = workspace.tables.get(place) else { return Vec::new() };
        if !is_custom(table) {
            let said = format!("'{}' is one of Microsoft's own tables, which cannot be deleted.", table.name);
            return vec![self.error(said, "InvalidOperation", INVALID_OPERATION)];
        }
        let dependents = dependents(workspace, &table.name);
        if !dependents.is_empty() && !self.bound.has("SkipDependencyCheck") {
            let said = format!(
                "'{}' is in use by {}; -SkipDependencyCheck deletes it all the same.",
                table.name,
                dependents.iter().map(|(kind, name)| format!("{kind} '{name}'")).collect::<Vec<_>>().join(", ")
            );
            return vec![self.error(said, "TableInUse", INVALID_OPERATION)];
        }
        if let Some(step) = self.instead_of("Delete table with all its data", &table.name) {
            return vec![step];
        }
        let table = workspace.tables.remove(place);
        let columns = table.columns.iter().map(|text| {
            let (name, kind) = text.split_once(':').unwrap_or((text, "string"));
            json!({ "name": name, "type": kind })
        });
        let columns: Vec<Json> = columns.collect();
        let backup = json!({
            "name": table.name,
            "properties": {
                "plan": table.plan,
                "retentionInDays": table.retention,
                "totalRetentionInDays": table.total,
                "schema": { "name": table.name, "columns": columns },
            },
        });
        let backup = sorted(backup);
        let dependents = dependents
            .iter()
            .map(|(kind, name)| custom([("Kind", Value::from(*kind)), ("Name", Value::from(name.as_str()))]));
        vec![Step::Output(custom([
            ("TableName", Value::from(table.name.as_str())),
            ("Deleted", Value::Bool(true)),
            ("RowsLast30d", Value::I64(rows(&table))),
            ("Dependents", objects(dependents)),
            ("SchemaBackup", from_json(&backup)),
        ]))]
    }

    fn table_at<'w>(&self, workspace: &'w mut Workspace) -> Result<&'w mut Table, Step> {
        let name = self.bound.text("TableName").unwrap_or_default();
        let missing = self.no_table(workspace, name);
        workspace.tables.iter_mut().find(|table| table.name.eq_ignore_ascii_case(name)).ok_or(missing)
    }

    pub(super) fn no_table(&self, workspace: &Workspace, name: &str) -> Step {
        let said = format!("No table '{name}' in workspace '{}'.", workspace.place.name);
        self.error(said, "TableNotFound", OBJECT_NOT_FOUND)
    }

    fn bad(&self, said: String) -> Step {
        self.error(said, "InvalidParameter", INVALID_ARGUMENT)
    }
}

/// What a table is, first the properties that all functions show.
fn definition(workspace: &Workspace, table: &Table) -> Vec<(&'static str, Value)> {
    let custom = is_custom(table);
    vec![
        ("TableName", Value::from(table.name.as_str())),
        ("TableType", Value::from(if custom { "CustomLog" } else { "Microsoft" })),
        ("TableSubType", Value::from(if custom { "DataCollectionRuleBased" } else { "Any" })),
        ("Plan", Value::from(table.plan.as_str())),
        ("RetentionInDays", Value::I32(table.retention)),
        ("TotalRetentionInDays", Value::I32(table.total)),
        ("ArchiveRetentionInDays", Value::I32(table.total - table.retention)),
        ("RetentionIsDefault", Value::Bool(table.retention == workspace.estate.retention_in_days)),
    ]
}

fn is_custom(table: &Table) -> bool {
    table.name.ends_with("_CL")
}

/// Its columns; of Microsoft's own tables those that every one has.
pub(super) fn columns(table: &Table) -> Vec<&str> {
    if table.columns.is_empty() {
        return vec!["TenantId:string", "TimeGenerated:dateTime", "Type:string"];
    }
    table.columns.iter().map(String::as_str).collect()
}

fn column(text: impl AsRef<str>) -> Value {
    let (name, kind) = text.as_ref().split_once(':').unwrap_or_else(|| (text.as_ref(), "string"));
    custom([("Name", Value::from(name)), ("Type", Value::from(kind))])
}

/// Both retentions as they will be. Azure takes 4 to 730 days (archive to
/// 4383), and -1 for the default.
fn lengths(default: i32, table: &Table, days: Option<i32>, total: Option<i32>) -> Result<(i32, i32), String> {
    let days = match days {
        None => table.retention,
        Some(-1) => default,
        Some(days @ 4..=730) => days,
        Some(other) => return Err(format!("RetentionInDays is 4 to 730 or -1, not {other}.")),
    };
    let total = match total {
        None => table.total.max(days),
        Some(-1) => days,
        Some(total @ 4..=4383) => total,
        Some(other) => return Err(format!("TotalRetentionInDays is 4 to 4383 or -1, not {other}.")),
    };
    if total < days {
        return Err(format!("TotalRetentionInDays ({total}) is less than RetentionInDays ({days})."));
    }
    Ok((days, total))
}

/// Why a table cannot have that plan now.
fn unfit_plan(table: &Table, plan: &str, now: Timestamp) -> Option<String> {
    let name = &table.name;
    if table.plan == plan {
        return None;
    }
    if let Some(changed) = table.plan_changed
        && now.duration_since(changed) < BETWEEN_PLANS
    {
        return Some(format!("The plan of '{name}' has changed within the last seven days; it changes once a week."));
    }
    // Source: Auxiliary is a plan that a table is born with.
    if plan == "Auxiliary" || table.plan == "Auxiliary" {
        return Some(format!("'{name}' cannot be moved from {} to {plan}.", table.plan));
    }
    let fits = is_custom(table) || MAY_BE_BASIC.contains(&name.as_str());
    (plan == "Basic" && !fits).then(|| format!("'{name}' cannot be a Basic table."))
}

/// Enabled rules that read the table.
fn rules_on(workspace: &Workspace, table: &str) -> Vec<Value> {
    let reads = |name: &&str| name.eq_ignore_ascii_case(table);
    let rules = workspace.rules.iter().filter(|rule| rule.enabled && read_by(workspace, rule).iter().any(reads));
    rules
        .map(|rule| {
            custom([
                ("RuleId", Value::from(rule.body.rule_id.as_str())),
                ("DisplayName", Value::from(rule.body.display_name.as_str())),
            ])
        })
        .collect()
}

/// What names the table: kind and name.
fn dependents(workspace: &Workspace, table: &str) -> Vec<(&'static str, String)> {
    let names = |all: &[String]| all.iter().any(|name| name.eq_ignore_ascii_case(table));
    let rules = workspace.rules.iter().filter(|rule| read_by(workspace, rule).contains(&table));
    let searches = workspace.content.searches.iter().filter(|search| search.query.contains(table));
    let functions = searches.filter_map(|search| search.alias.clone());
    let books = workspace.estate.workbooks.iter().filter(|book| names(&book.tables));
    let feeds = workspace.estate.dcrs.iter().filter(|dcr| names(&dcr.tables));
    rules
        .map(|rule| ("rule", rule.body.display_name.clone()))
        .chain(functions.map(|alias| ("function", alias)))
        .chain(books.map(|book| ("workbook", book.display_name.clone())))
        .chain(feeds.map(|dcr| ("DCR", dcr.name.clone())))
        .collect()
}

/// Rows of thirty days. Chosen: two million make a gigabyte.
fn rows(table: &Table) -> i64 {
    // The scenario's tables take some gigabytes a day: no loss of digits.
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^53")]
    let rows = (table.gb_per_day * 30.0 * 2_000_000.0) as i64;
    rows
}
