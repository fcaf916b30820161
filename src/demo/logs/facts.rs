//! What the scenario writes down of the logs: rows, feeds, and how much came
//! in before something changed.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use super::sheet::{Sheet, json, text};
use crate::demo::kql::{Kind, Value};
use crate::demo::world::dataset::{RawIncident, shifted};

/// The part of the scenario that only logs read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scenario {
    alias: String,
    pub(super) incidents: Vec<RawIncident>,
    pub(super) connectors: Vec<Connector>,
    tables: Vec<Before>,
    #[serde(skip)]
    facts: Vec<Fact>,
    /// Tables whose data costs nothing.
    #[serde(skip)]
    pub(super) free: Vec<String>,
}

/// A feed of data.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connector {
    pub(super) name: String,
    pub(super) kind: String,
    /// `Connected`, `Stale` or `Failed`.
    pub(super) status: String,
    pub(super) last_data: String,
    pub(super) hint: Option<String>,
}

/// How much a table took before that changed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Before {
    name: String,
    was_gb_per_day: Option<f64>,
}

/// Rows of a table as they are written down.
#[derive(Clone, Deserialize)]
struct Fact {
    workspace: String,
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Json>>,
}

static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct All {
        workspaces: Vec<Scenario>,
        facts: Vec<Fact>,
        prices: Prices,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Prices {
        free_tables: Vec<String>,
    }
    let all = serde_json::from_str::<All>(include_str!("../world/dataset.json"));
    let All { mut workspaces, facts, prices } = all.unwrap_or_else(|error| unreachable!("dataset.json: {error}"));
    for workspace in &mut workspaces {
        workspace.facts = facts.iter().filter(|fact| fact.workspace == workspace.alias).cloned().collect();
        workspace.free.clone_from(&prices.free_tables);
    }
    workspaces
});

/// Whether what that table takes costs nothing.
pub(in crate::demo) fn is_free(table: &str) -> bool {
    SCENARIOS.iter().any(|scenario| scenario.free.iter().any(|free| free.eq_ignore_ascii_case(table)))
}

impl Scenario {
    /// What is written down of a workspace; of others nothing is.
    pub(super) fn of(alias: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.alias == alias)
    }

    /// Gigabytes a day that a table took before.
    pub(super) fn before(&self, table: &str) -> Option<f64> {
        self.tables.iter().find(|before| before.name == table)?.was_gb_per_day
    }
}

/// The rows that are written down of that table.
pub(super) fn rows(start: Timestamp, scenario: Option<&Scenario>, sheet: &mut Sheet) {
    let table = sheet.name().to_owned();
    for fact in scenario.into_iter().flat_map(|scenario| &scenario.facts).filter(|fact| fact.table == table) {
        let kinds = sheet.columns();
        for row in &fact.rows {
            let time = fact.columns.iter().position(|name| name == "TimeGenerated");
            let time = time.and_then(|place| shifted(start, row.get(place)?.as_str()?)).unwrap_or(start);
            let cells = fact.columns.iter().zip(row).filter(|(name, _)| *name != "TimeGenerated");
            sheet.put(time, cells.map(|(name, cell)| (name.as_str(), value(&kinds, name, cell))));
        }
    }
}

fn value(kinds: &[(String, Kind)], name: &str, cell: &Json) -> Value {
    match (kinds.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind), cell) {
        (Some(Kind::Dynamic), other) => json(other.clone()),
        (_, Json::String(written)) => text(written),
        (Some(Kind::Int), number) => {
            number.as_i64().and_then(|number| i32::try_from(number).ok()).map_or(Value::Null, Value::Int)
        }
        (_, Json::Bool(truth)) => Value::Bool(*truth),
        (_, number) => number.as_i64().map_or(Value::Null, Value::Long),
    }
}
