//! Export-TableData: rows of a table in batches of days.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::export::file_name;
use super::signature::{INVALID_ARGUMENT, INVALID_OPERATION};
use crate::demo::clixml::{count, custom, date, objects};
use crate::demo::kql;
use crate::demo::logs::Across;
use crate::demo::world::dataset::Table;
use crate::demo::world::{Workspace, hex, later};

/// Chosen: as the catalogue says of scripts.
const BATCH_DAYS: i32 = 7;
const MAX_ROWS: i32 = 500_000;
const DAYS: i64 = 30;
/// Byte order mark, and what tells Excel the separator.
const CSV_HEAD: &str = "\u{feff}sep=,\r\n";

/// The file, as it grows.
struct File {
    hash: Sha256,
    bytes: usize,
}

impl File {
    fn write(&mut self, text: &str) {
        self.hash.update(text);
        self.bytes += text.len();
    }
}

impl Call<'_> {
    /// Export-TableData.
    pub(super) fn export_table(&self, workspace: &Workspace) -> Vec<Step> {
        let name = self.bound.text("TableName").unwrap_or_default();
        let Some(table) = workspace.table(name) else { return vec![self.no_table(workspace, name)] };
        if table.plan == "Auxiliary" {
            let message = format!("'{}' is an Auxiliary table, which no query reads; run a search job.", table.name);
            return vec![self.error(message, "PlanNotQueryable", INVALID_OPERATION)];
        }
        let columns = match self.columns(table) {
            Ok(columns) => columns,
            Err(step) => return vec![step],
        };
        let until = self.bound.date("EndTime").unwrap_or(self.now);
        let from = self.bound.date("StartTime").unwrap_or_else(|| later(until, -DAYS * 86_400));
        if from >= until {
            let message = "StartTime must be before EndTime.".to_owned();
            return vec![self.error(message, "InvalidTimeRange", INVALID_ARGUMENT)];
        }
        self.write_out(workspace, table, &columns, (from, until))
    }

    fn columns<'a>(&self, table: &'a Table) -> Result<Vec<(&'a str, &'a str)>, Step> {
        let all = super::tables::columns(table).into_iter().filter_map(|column| column.split_once(':'));
        let Some(wanted) = self.bound.texts("Columns") else { return Ok(all.collect()) };
        let all: Vec<(&str, &str)> = all.collect();
        wanted
            .iter()
            .map(|wanted| {
                all.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).copied().ok_or_else(|| {
                    let message = format!("'{}' has no column '{wanted}'.", table.name);
                    self.error(message, "BadRequest", INVALID_ARGUMENT)
                })
            })
            .collect()
    }

    fn write_out(
        &self,
        workspace: &Workspace,
        table: &Table,
        columns: &[(&str, &str)],
        (from, until): (Timestamp, Timestamp),
    ) -> Vec<Step> {
        let json = self.bound.text("Format").is_some_and(|format| format.eq_ignore_ascii_case("JSONL"));
        let most = self.bound.number("MaxRows").unwrap_or(MAX_ROWS);
        let limit = if most == 0 { usize::MAX } else { usize::try_from(most).unwrap_or(usize::MAX) };
        let rows = match self.logged(workspace, table, columns, (from, until)) {
            Ok(rows) => rows,
            Err(error) => return vec![self.error(error.to_string(), "BadRequest", INVALID_ARGUMENT)],
        };
        let taken: Vec<&kql::Row> = rows.iter().take(limit).collect();
        let mut file = File { hash: Sha256::new(), bytes: 0 };
        if !json {
            file.write(CSV_HEAD);
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            file.write(&(names.join(",") + "\r\n"));
        }
        for row in &taken {
            file.write(&line(columns, row, json));
        }
        let days = i64::from(self.bound.number("BatchDays").unwrap_or(BATCH_DAYS)) * 86_400;
        let seconds = until.duration_since(from).as_secs();
        let batches = usize::try_from((seconds + days - 1) / days).unwrap_or(usize::MAX);
        let mut steps: Vec<Step> = (0..batches)
            .filter_map(|batch| self.progress(batch, batches, &format!("batch {} of {batches}", batch + 1)))
            .collect();
        steps.extend(self.progress(batches, batches, "Completed"));
        let time = |row: Option<&&kql::Row>| match row.and_then(|row| row.first()) {
            Some(kql::Value::DateTime(ticks)) => kql::timestamp(*ticks).map_or(Value::Nil, date),
            _ => Value::Nil,
        };
        let schema = columns
            .iter()
            .map(|(name, kind)| custom([("Name", Value::from(*name)), ("Type", Value::from(kind.to_lowercase()))]));
        let long = |items: usize| Value::I64(i64::try_from(items).unwrap_or(i64::MAX));
        let extension = if json { "jsonl" } else { "csv" };
        steps.push(Step::Output(custom([
            ("TableName", Value::from(table.name.as_str())),
            ("RowCount", long(taken.len())),
            ("BatchCount", count(batches)),
            ("FirstTime", time(taken.first())),
            ("LastTime", time(taken.last())),
            ("FileName", Value::from(format!("{}.{extension}", file_name(&table.name)))),
            ("Bytes", long(file.bytes)),
            ("Sha256", Value::from(hex(&file.hash.finalize()))),
            ("Truncated", Value::Bool(taken.len() < rows.len())),
            ("Checkpoint", custom([("CompletedThrough", time(taken.last())), ("Batches", count(batches))])),
            ("Schema", objects(schema)),
        ])));
        steps
    }

    /// The rows of that time, their time in front, as a query over the logs
    /// gives them.
    fn logged(
        &self,
        workspace: &Workspace,
        table: &Table,
        columns: &[(&str, &str)],
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<kql::Row>, kql::Error> {
        let mut query =
            format!("{} | where TimeGenerated >= datetime({from}) and TimeGenerated < datetime({until})", table.name);
        if let Some(condition) = self.bound.text("Where") {
            query += &format!("\n| where {condition}\n");
        }
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("['{name}']")).collect();
        query += &format!(" | sort by TimeGenerated asc | project SmTime = TimeGenerated, {}", names.join(", "));
        let logs = Across::of(workspace);
        Ok(kql::run(&query, &logs, self.now, None, kql::Limits::default())?.rows)
    }
}

/// A row as a line of the file; its first cell is not of it.
fn line(columns: &[(&str, &str)], row: &kql::Row, json: bool) -> String {
    let cells = row.iter().skip(1).map(kql::Value::cell);
    if json {
        let fields: Map<String, Json> = columns.iter().map(|(name, _)| (*name).to_owned()).zip(cells).collect();
        return Json::Object(fields).to_string() + "\n";
    }
    let cell = |cell: Json| {
        let text = match cell {
            Json::Null => String::new(),
            Json::String(text) => text,
            other => other.to_string(),
        };
        if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    cells.map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}
