//! Export-TableData: rows of a table in batches of days.
//!
//! The scenario has no rows, only how many gigabytes a table takes a day. The
//! rows are made from that, the same ones for the same table and time.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;

use super::Call;
use super::export::file_name;
use super::signature::{INVALID_ARGUMENT, INVALID_OPERATION};
use crate::demo::clixml::{count, custom, date, objects};
use crate::demo::world::dataset::{Table, shifted};
use crate::demo::world::{Workspace, demo_id, hex, later};

/// Rows of a table that takes a gigabyte a day, each day.
///
/// Chosen: a ten-thousandth of what such a table has, so that the largest
/// table of the scenario takes no second.
const ROWS_PER_GIGABYTE: f64 = 70.0;
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
        if self.bound.text("Where").is_some() {
            let message = "The demo host runs no KQL; leave out Where.".to_owned();
            return vec![self.error(message, "DemoHostCannotRunQuery", INVALID_ARGUMENT)];
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
        // No row is older than the table keeps it, none newer than its last.
        let oldest = later(self.now, -i64::from(table.retention) * 86_400);
        let newest = shifted(workspace.start, &table.last).unwrap_or(self.now);
        let times = times(table, from.max(oldest), until.min(newest));
        let limit = if most == 0 { usize::MAX } else { usize::try_from(most).unwrap_or(usize::MAX) };
        let taken = &times[..times.len().min(limit)];
        let mut file = File { hash: Sha256::new(), bytes: 0 };
        if !json {
            file.write(CSV_HEAD);
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            file.write(&(names.join(",") + "\r\n"));
        }
        for time in taken {
            file.write(&row(workspace, table, columns, *time, json));
        }
        let days = i64::from(self.bound.number("BatchDays").unwrap_or(BATCH_DAYS)) * 86_400;
        let seconds = until.duration_since(from).as_secs();
        let batches = usize::try_from((seconds + days - 1) / days).unwrap_or(usize::MAX);
        let mut steps: Vec<Step> = (0..batches)
            .filter_map(|batch| self.progress(batch, batches, &format!("batch {} of {batches}", batch + 1)))
            .collect();
        steps.extend(self.progress(batches, batches, "Completed"));
        let time = |time: Option<&Timestamp>| time.map_or(Value::Nil, |time| date(*time));
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
            ("Truncated", Value::Bool(taken.len() < times.len())),
            ("Checkpoint", custom([("CompletedThrough", time(taken.last())), ("Batches", count(batches))])),
            ("Schema", objects(schema)),
        ])));
        steps
    }
}

/// When rows came, evenly over each day.
fn times(table: &Table, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let a_day = table.gb_per_day * ROWS_PER_GIGABYTE;
    if a_day <= 0.0 || from >= until {
        return Vec::new();
    }
    // Below a row a second: a whole number of seconds each.
    let every = SignedDuration::from_secs_f64((86_400.0 / a_day).round().max(1.0));
    // Counted from the epoch, so that two exports share their rows.
    let step = every.as_secs();
    let first = (from.as_second() + step - 1).div_euclid(step) * step;
    std::iter::successors(Some(first), |second| second.checked_add(step))
        .take_while(|second| *second < until.as_second())
        .filter_map(|second| Timestamp::from_second(second).ok())
        .collect()
}

fn row(workspace: &Workspace, table: &Table, columns: &[(&str, &str)], time: Timestamp, json: bool) -> String {
    let values = columns.iter().map(|(name, kind)| cell(workspace, table, name, kind, time));
    if json {
        let fields: Map<String, Json> = columns.iter().map(|(name, _)| (*name).to_owned()).zip(values).collect();
        return Json::Object(fields).to_string() + "\n";
    }
    let mut line = String::new();
    for (n, value) in values.enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // No text here needs quotes: names, addresses and ids only.
        let _ = match value {
            Json::String(text) => write!(line, "{comma}{text}"),
            other => write!(line, "{comma}{other}"),
        };
    }
    line + "\r\n"
}

/// Chosen: addresses of documentation, counts, and ids that look like none.
fn cell(workspace: &Workspace, table: &Table, name: &str, kind: &str, time: Timestamp) -> Json {
    let second = time.as_second();
    match (name, kind) {
        ("TenantId", _) => demo_id(&[&workspace.place.subscription, "tenant"]).into(),
        ("Type", _) => table.name.as_str().into(),
        (_, "dateTime") => time.to_string().into(),
        (_, "int" | "long") => (second % 1_000).into(),
        (_, "real") => ((second % 1_000) as f64 / 10.0).into(),
        (name, _) if name.contains("Ip") || name.contains("IP") => format!("192.0.2.{}", second % 254 + 1).into(),
        (name, _) => format!("{}-{}", name.to_lowercase(), second % 97).into(),
    }
}
