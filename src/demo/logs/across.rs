//! The logs of several workspaces, asked as one.

use std::sync::Arc;

use super::Logs;
use crate::demo::kql::{Database, Function, Row, Table, Value};
use crate::demo::world::{State, Workspace};

/// Logs of the workspaces that a query names, the one that it is asked of
/// first.
pub(in crate::demo) struct Across(Vec<Logs>);

impl Across {
    /// Of the workspaces of these ids, compared without case.
    pub(in crate::demo) fn new(state: &State, ids: &[String]) -> Self {
        let workspace = |id: &String| state.workspaces.iter().find(|workspace| workspace.id().eq_ignore_ascii_case(id));
        Self(ids.iter().filter_map(workspace).map(|workspace| Logs::new(workspace, state)).collect())
    }

    /// Of a workspace that was read a moment ago.
    pub(in crate::demo) fn of(workspace: &Workspace) -> Self {
        Self(vec![Logs::of(workspace, workspace.as_read())])
    }
}

impl Database for Across {
    fn tables(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.0.iter().flat_map(Logs::tables) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The rows of all of them, in the columns of the first that has the table.
    fn table(&self, name: &str) -> Option<Arc<Table>> {
        let mut tables: Vec<Arc<Table>> = self.0.iter().filter_map(|logs| logs.table(name)).collect();
        if tables.len() < 2 {
            return tables.pop();
        }
        let mut whole = Table { rows: Vec::new(), ..Table::clone(tables.first()?) };
        for table in &tables {
            let places: Vec<Option<usize>> =
                whole.columns.iter().map(|column| table.columns.iter().position(|other| other == column)).collect();
            whole.rows.extend(table.rows.iter().map(|row| {
                let cell = |place: &Option<usize>| place.and_then(|place| row.get(place)).cloned();
                places.iter().map(|place| cell(place).unwrap_or(Value::Null)).collect::<Row>()
            }));
        }
        Some(Arc::new(whole))
    }

    fn function(&self, name: &str) -> Option<Function> {
        self.0.first()?.function(name)
    }

    fn watchlist(&self, alias: &str) -> Option<Arc<Table>> {
        self.0.first()?.watchlist(alias)
    }
}
