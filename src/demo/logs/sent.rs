//! Rows that somebody sent, as the rule's transformation makes them rows of
//! their table.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::sheet::Sheet;
use crate::demo::kql::{self, Column, Database, Function, Kind, Limits, Row, Table, Value};
use crate::demo::world::Sent;

/// Columns that the platform fills, whatever is sent.
const PLATFORM: [&str; 4] = ["TenantId", "Type", "SourceSystem", "_ResourceId"];

/// The one table that a transformation reads.
struct Source(Arc<Table>);

impl Database for Source {
    fn tables(&self) -> Vec<String> {
        vec!["source".to_owned()]
    }

    fn table(&self, name: &str) -> Option<Arc<Table>> {
        (name == "source").then(|| Arc::clone(&self.0))
    }

    fn function(&self, _: &str) -> Option<Function> {
        None
    }

    fn watchlist(&self, _: &str) -> Option<Arc<Table>> {
        None
    }
}

/// Adds them. Rows that the transformation cannot make are lost, as they are
/// in Azure.
pub(super) fn rows(sent: &Sent, sheet: &mut Sheet) {
    let wanted = sheet.columns();
    let source = source(&sent.rows, &wanted);
    let made = kql::run(&sent.transform, &Source(Arc::new(source)), sent.time, None, Limits::default());
    let Ok(made) = made else { return };
    for row in &made.rows {
        let mut time = sent.time;
        let mut cells = Vec::new();
        for (column, value) in made.columns.iter().zip(row.iter()) {
            let Some((name, kind)) = wanted.iter().find(|(name, _)| **name == *column.name) else { continue };
            let value = value.converted(*kind);
            match (name.as_str(), &value) {
                ("TimeGenerated", Value::DateTime(ticks)) => time = kql::timestamp(*ticks).unwrap_or(time),
                ("TimeGenerated", _) => {}
                (name, _) if PLATFORM.contains(&name) => {}
                _ => cells.push((name.as_str(), value)),
            }
        }
        sheet.put(time, cells);
    }
}

/// What was sent, as a table: the columns that it is meant for, and what else
/// there is of its own.
fn source(rows: &[Map<String, Json>], wanted: &[(String, Kind)]) -> Table {
    let own = wanted.iter().filter(|(name, _)| !PLATFORM.contains(&name.as_str()));
    let mut columns: Vec<Column> = own.map(|(name, kind)| Column::new(name, *kind)).collect();
    for (name, value) in rows.iter().flatten() {
        if !columns.iter().any(|column| *column.name == **name) {
            columns.push(Column::new(name, kind_of(value)));
        }
    }
    let cell = |row: &Map<String, Json>, column: &Column| {
        let value = row.get(&*column.name).cloned().unwrap_or_default();
        Value::dynamic(value).converted(column.kind)
    };
    let rows = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect::<Row>()).collect();
    Table { name: "source".to_owned(), columns, rows, ..Table::default() }
}

fn kind_of(value: &Json) -> Kind {
    match value {
        Json::String(_) => Kind::String,
        Json::Bool(_) => Kind::Bool,
        Json::Number(number) if number.is_f64() => Kind::Real,
        Json::Number(_) => Kind::Long,
        _ => Kind::Dynamic,
    }
}
