//! What a workspace's tables look like: enough to say whether a query can be
//! run there.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{parsers, schema};
use crate::demo::kql::{self, Column, Database, Error, Function, Kind, Limits, Table, WATCHLIST_COLUMNS};
use crate::demo::world::Workspace;
use crate::demo::world::content::{SavedSearch, Watchlist};
use crate::demo::world::document::Documents;

/// The tables, functions and watchlists of a workspace, without a row.
pub(in crate::demo) struct Shapes {
    tables: Vec<Table>,
    functions: HashMap<String, Function>,
    /// Alias and columns.
    watchlists: Vec<(String, Vec<String>)>,
}

impl Shapes {
    /// Of a workspace that was read a moment ago.
    pub(in crate::demo) fn of(workspace: &Workspace) -> Self {
        let tables = workspace.tables.iter().map(schema::empty).collect();
        Self::new(tables, &workspace.content.searches, &workspace.content.watchlists)
    }

    /// Of the workspace that has this id.
    pub(in crate::demo) fn in_documents(documents: &Documents, workspace: &str) -> Self {
        let tables = documents.list(&format!("{workspace}/tables")).into_iter().map(|table| {
            let columns = table.properties()["schema"]["columns"].as_array().into_iter().flatten();
            let columns = columns.filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?)));
            schema::named(table.name(), columns)
        });
        let watchlists = Watchlist::below(workspace, documents);
        Self::new(tables.collect(), &SavedSearch::below(workspace, documents), &watchlists)
    }

    fn new(tables: Vec<Table>, searches: &[SavedSearch], watchlists: &[Watchlist]) -> Self {
        let watchlists = watchlists.iter().map(|list| (list.alias.clone(), list.columns.clone()));
        Self { tables, functions: parsers::functions(searches), watchlists: watchlists.collect() }
    }

    /// Why a rule with that query would be refused, by a run over no rows.
    pub(in crate::demo) fn refusal(&self, query: &str, now: Timestamp) -> Option<String> {
        match kql::run(&format!("{query}\n| take 0"), self, now, None, Limits::default()) {
            Err(error @ (Error::Syntax { .. } | Error::Semantic { .. })) => {
                Some(format!("The query cannot be run: {error}"))
            }
            _ => None,
        }
    }
}

impl Database for Shapes {
    fn tables(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.name.clone()).collect()
    }

    fn table(&self, name: &str) -> Option<Arc<Table>> {
        let own = self.tables.iter().find(|table| table.name == name).cloned();
        own.or_else(|| schema::known(name)).map(Arc::new)
    }

    fn function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).cloned()
    }

    fn watchlist(&self, alias: &str) -> Option<Arc<Table>> {
        let (_, columns) = self.watchlists.iter().find(|(known, _)| known.eq_ignore_ascii_case(alias))?;
        let mut items = Table::empty("Watchlist", WATCHLIST_COLUMNS);
        items.columns.extend(columns.iter().map(|name| Column::new(name, Kind::String)));
        Some(Arc::new(items))
    }
}
