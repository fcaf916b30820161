//! What the workspaces have logged: the tables that queries run over.
//!
//! Rows are made from the scenario, when a table is first read, and are the
//! same for the same start: everyday ones (`everyday`), what its incidents
//! left behind (`story`), its facts as they are written down, and what the
//! platform says of itself (`platform`), such as how much came in. A table has
//! some hundreds to some thousands of rows; how many gigabytes it takes stands
//! in `Usage`.

mod across;
mod custom;
mod everyday;
mod facts;
mod parsers;
mod people;
mod platform;
mod schema;
mod sent;
mod shapes;
mod sheet;
mod story;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::kql::{Column, Database, Function, Kind, Row, Table, Value, WATCHLIST_COLUMNS};
use super::world::arm::Held;
use super::world::content::Watchlist;
use super::world::dataset::{self, Health, shifted};
use super::world::{Incident, Place, Sent, State, Workspace, demo_id, later};
pub(super) use across::Across;
use facts::Scenario;
pub(super) use facts::is_free;
pub(super) use shapes::Shapes;
use sheet::{Dice, Sheet, date, text};

/// The logs of one workspace, as it is now.
struct Logs {
    place: Place,
    customer_id: String,
    workspace_id: String,
    start: Timestamp,
    tables: Vec<dataset::Table>,
    incidents: Vec<Incident>,
    /// Id and name.
    rules: Vec<(String, String, Option<String>)>,
    health: Vec<Health>,
    watchlists: Vec<Watchlist>,
    functions: HashMap<String, Function>,
    /// Rows that were sent to it.
    sent: Vec<Sent>,
    /// Tables that were read.
    made: Mutex<HashMap<String, Arc<Table>>>,
}

impl Logs {
    /// With the rows that were sent to the workspace.
    fn new(workspace: &Workspace, state: &State) -> Self {
        let id = workspace.id().to_lowercase();
        let sent = state.sent.iter().filter(|sent| sent.workspace == id).cloned();
        Self { sent: sent.collect(), ..Self::of(workspace, workspace.held(&state.documents)) }
    }

    fn of(workspace: &Workspace, held: Held) -> Self {
        let Held { tables, rules, incidents, watchlists, searches } = held;
        let rules = rules.into_iter().map(|rule| (rule.body.rule_id, rule.body.display_name, rule.key));
        Self {
            place: workspace.place.clone(),
            customer_id: workspace.customer_id.clone(),
            workspace_id: workspace.id(),
            start: workspace.start,
            tables,
            incidents,
            rules: rules.collect(),
            health: workspace.health.clone(),
            watchlists,
            functions: parsers::functions(&searches),
            sent: Vec::new(),
            made: Mutex::default(),
        }
    }

    /// When a table's newest row came.
    fn newest(&self, table: &dataset::Table) -> Timestamp {
        shifted(self.start, &table.last).unwrap_or(self.start)
    }

    /// The name of a thing of Sentinel's in this workspace.
    fn arm_id(&self, kind: &str, name: &str) -> String {
        format!("{}/providers/Microsoft.SecurityInsights/{kind}/{name}", self.workspace_id)
    }

    /// The table of that name; `None` where neither the workspace nor Microsoft
    /// has one.
    fn make(&self, name: &str) -> Option<Table> {
        let table = self.tables.iter().find(|table| table.name == name);
        let empty = table.map(schema::empty).or_else(|| schema::known(name))?;
        let mut sheet = Sheet::new(empty, &self.customer_id);
        let mut dice = Dice::new(&[&self.place.alias, name]);
        let scenario = Scenario::of(&self.place.alias);
        match (name, table) {
            // Source: these two come with Sentinel, whatever else is connected.
            ("SecurityIncident", _) => platform::incidents(self, &mut sheet),
            ("SecurityAlert", _) => platform::alerts(self, &mut sheet),
            (_, None) => {}
            // Source: rows of the Auxiliary plan are found by search jobs only.
            (_, Some(table)) if table.plan == "Auxiliary" => {}
            ("Usage", _) => platform::usage(self, scenario, &mut sheet),
            ("SentinelHealth", _) => platform::health(self, scenario, &mut sheet, &mut dice),
            ("Heartbeat", Some(table)) => platform::heartbeat(self, table, &mut sheet),
            (_, Some(table)) => {
                everyday::rows(self, table, &mut sheet, &mut dice);
                story::rows(self, scenario, &mut sheet, &mut dice);
                facts::rows(self.start, scenario, &mut sheet);
            }
        }
        for sent in self.sent.iter().filter(|sent| sent.table == name) {
            sent::rows(sent, &mut sheet);
        }
        Some(sheet.table())
    }
}

impl Database for Logs {
    fn tables(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.name.clone()).collect()
    }

    fn table(&self, name: &str) -> Option<Arc<Table>> {
        // A panic elsewhere leaves whole tables behind.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = made.get(name) {
            return Some(Arc::clone(table));
        }
        let table = Arc::new(self.make(name)?);
        made.insert(name.to_owned(), Arc::clone(&table));
        Some(table)
    }

    fn function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).cloned()
    }

    fn watchlist(&self, alias: &str) -> Option<Arc<Table>> {
        let list = self.watchlists.iter().find(|list| list.alias.eq_ignore_ascii_case(alias))?;
        let mut items = Table::empty("Watchlist", WATCHLIST_COLUMNS);
        items.columns.extend(list.columns.iter().map(|name| Column::new(name, Kind::String)));
        let updated = list.updated.map_or(Value::Null, date);
        let key = list.columns.iter().position(|name| *name == list.search_key);
        items.rows = list
            .items
            .iter()
            .map(|item| {
                // Offsets in it are times, as everywhere in the scenario.
                let cells: Vec<String> = item
                    .iter()
                    .map(|cell| shifted(self.start, cell).map_or_else(|| cell.clone(), |time| time.to_string()))
                    .collect();
                let bag: Map<String, Json> =
                    list.columns.iter().cloned().zip(cells.iter().cloned().map(Json::from)).collect();
                let search_key = key.and_then(|key| cells.get(key)).cloned().unwrap_or_default();
                let mut row = vec![
                    text(demo_id(&[&list.alias, &search_key])),
                    updated.clone(),
                    text(&search_key),
                    Value::dynamic(Json::Object(bag)),
                ];
                row.extend(cells.iter().map(text));
                Row::from(row)
            })
            .collect();
        Some(Arc::new(items))
    }
}

/// Times from the newest one back over so many days: the further back, the
/// fewer, so that a short time has rows and a long one is not full of them.
fn times(newest: Timestamp, days: i64, count: u64) -> impl Iterator<Item = Timestamp> {
    let seconds = days * 86_400;
    (0..count).map(move |n| {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "days in seconds")]
        let back = ((n as f64 / count as f64).powi(2) * seconds as f64) as i64;
        later(newest, -back)
    })
}

#[cfg(test)]
mod tests;
