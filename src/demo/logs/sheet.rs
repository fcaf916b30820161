//! Rows while they are made: the chances they are made by, and the table they
//! go to.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::demo::kql::{Kind, Row, Table, Value, ticks};
use crate::demo::world::{demo_id, digest};

/// Chances that are the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: &[&str]) -> Self {
        let head: String = digest(seed).chars().take(16).collect();
        Self(u64::from_str_radix(&head, 16).unwrap_or(1))
    }

    /// A number below `below`.
    pub(super) fn roll(&mut self, below: u64) -> u64 {
        // Source: splitmix64, public domain.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.roll(of.len() as u64)).unwrap_or_default();
        of.get(at).copied().unwrap_or_else(|| unreachable!("picked from what is never empty"))
    }

    pub(super) fn id(&mut self) -> Value {
        Value::text(demo_id(&[&self.roll(u64::MAX).to_string()]))
    }
}

/// A cell of a row.
pub(super) type Cell = (&'static str, Value);

/// Rows of one table.
pub(super) struct Sheet {
    table: Table,
    rows: Vec<(i64, Vec<Value>)>,
    tenant: String,
}

impl Sheet {
    pub(super) fn new(table: Table, tenant: &str) -> Self {
        Self { table, rows: Vec::new(), tenant: tenant.to_owned() }
    }

    /// A row of that time; what it does not say is empty.
    pub(super) fn put<'n>(&mut self, time: Timestamp, cells: impl IntoIterator<Item = (&'n str, Value)>) {
        let time = ticks(time);
        let mut row: Vec<Value> = self.table.columns.iter().map(|column| nothing(column.kind)).collect();
        let named = [
            ("TimeGenerated", Value::DateTime(time)),
            ("TenantId", Value::text(&self.tenant)),
            ("Type", Value::text(&self.table.name)),
            ("SourceSystem", Value::text("Azure")),
        ];
        for (name, value) in named.into_iter().chain(cells) {
            let place = self.table.columns.iter().position(|column| &*column.name == name);
            let cell = place.and_then(|place| row.get_mut(place));
            *cell.unwrap_or_else(|| unreachable!("{} has no column {name}", self.table.name)) = value;
        }
        self.rows.push((time, row));
    }

    /// The table, its rows by time.
    pub(super) fn table(mut self) -> Table {
        self.rows.sort_by_key(|(time, _)| *time);
        self.table.rows = self.rows.into_iter().map(|(_, row)| Row::from(row)).collect();
        self.table
    }

    pub(super) fn name(&self) -> &str {
        &self.table.name
    }

    /// Its columns' names and types.
    pub(super) fn columns(&self) -> Vec<(String, Kind)> {
        self.table.columns.iter().map(|column| (column.name.to_string(), column.kind)).collect()
    }
}

fn nothing(kind: Kind) -> Value {
    if kind == Kind::String { Value::text("") } else { Value::Null }
}

pub(super) fn text(value: impl AsRef<str>) -> Value {
    Value::text(value)
}

pub(super) fn json(value: Json) -> Value {
    Value::dynamic(value)
}

pub(super) fn int(value: i32) -> Value {
    Value::Int(value)
}

pub(super) fn date(time: Timestamp) -> Value {
    Value::DateTime(ticks(time))
}
