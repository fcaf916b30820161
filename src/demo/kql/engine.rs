//! What a query runs in: the workspace, the time, the limits, the names.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::bind::Typed;
use super::error::Error;
use super::fuel;
use super::syntax::Lambda;
use super::table::{Row, Table};
use super::value::{Kind, Value};

/// What a query can read.
pub(in crate::demo) trait Database: Sync {
    /// Names of all tables, for `union *`.
    fn tables(&self) -> Vec<String>;
    /// The table of that name.
    fn table(&self, name: &str) -> Option<Arc<Table>>;
    /// The saved function of that name.
    fn function(&self, name: &str) -> Option<Function>;
    /// The items of the watchlist of that alias.
    fn watchlist(&self, alias: &str) -> Option<Arc<Table>>;
}

/// A saved function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Function {
    /// As it is saved: `starttime:datetime=datetime(null)`.
    pub(in crate::demo) parameters: String,
    pub(in crate::demo) query: String,
}

/// How much a query may take.
///
/// *Chosen*: some seconds of one core, and what a host of a demo can spare.
/// Rows stand for time, so that a query stops at the same row everywhere.
#[derive(Clone, Copy)]
pub(in crate::demo) struct Limits {
    /// Rows read and made on the way, in all.
    pub(in crate::demo) work: u64,
    /// Bytes of values made on the way, in all.
    pub(in crate::demo) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { work: 4_000_000, bytes: 256 << 20 }
    }
}

/// How deep functions, tables and expressions may nest while they run.
///
/// Chosen: below what `run`'s stack holds.
const DEPTH_AT_MOST: usize = 400;
/// Evaluations of an expression that stand for a row.
const EVALUATIONS: u64 = 10;

pub(super) struct Engine<'a> {
    pub(super) database: &'a dyn Database,
    /// Ticks.
    pub(super) now: i64,
    /// Ticks; rows outside are not read.
    pub(super) timespan: Option<(i64, i64)>,
    limits: Limits,
    work: Cell<u64>,
    bytes: Cell<u64>,
    depth: Cell<usize>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(database: &'a dyn Database, now: i64, timespan: Option<(i64, i64)>, limits: Limits) -> Self {
        fuel::fill(limits.work.saturating_mul(EVALUATIONS));
        Self { database, now, timespan, limits, work: Cell::new(0), bytes: Cell::new(0), depth: Cell::new(0) }
    }

    /// Counts rows that are read or made.
    pub(super) fn spend(&self, rows: usize) -> Result<(), Error> {
        self.work.set(self.work.get().saturating_add(rows as u64));
        if self.work.get() > self.limits.work || fuel::is_out() { Err(Error::TimedOut) } else { Ok(()) }
    }

    /// Counts a row of so many cells, of which these are new.
    pub(super) fn made(&self, fresh: &[Value], cells: usize) -> Result<(), Error> {
        let size: usize = fresh.iter().map(Value::size).sum::<usize>() + cells * size_of::<Value>();
        self.bytes.set(self.bytes.get().saturating_add(size as u64));
        if self.bytes.get() > self.limits.bytes {
            return Err(Error::TooLarge);
        }
        self.spend(1)
    }

    /// Runs `action` one deeper.
    pub(super) fn deeper<T>(&self, action: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        if self.depth.get() >= DEPTH_AT_MOST {
            return Err(Error::semantic("SEM0001", "Query exceeds the maximum depth of nested expressions"));
        }
        self.spend(1)?;
        self.depth.set(self.depth.get() + 1);
        let done = action();
        self.depth.set(self.depth.get() - 1);
        done
    }

    /// A table of the workspace, the rows of the asked time only.
    pub(super) fn read(&self, name: &str) -> Result<Option<Rc<Table>>, Error> {
        let Some(table) = self.database.table(name) else { return Ok(None) };
        self.spend(table.rows.len())?;
        let time = table.column("TimeGenerated");
        let within = |row: &&Row| match (self.timespan, time.and_then(|column| row.get(column))) {
            (Some((from, to)), Some(Value::DateTime(ticks))) => (from..=to).contains(ticks),
            _ => true,
        };
        let rows = table.rows.iter().filter(within).cloned().collect();
        Ok(Some(Rc::new(table.with_rows(rows))))
    }
}

/// What a name stands for, apart from columns and the workspace's tables.
#[derive(Clone)]
pub(super) enum Binding {
    Scalar(Value, Kind),
    /// A parameter that was given an expression over the row.
    Inline(Typed),
    Table(Rc<Table>),
    Function(Rc<Lambda>, Scope),
}

/// Names, the newest first.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Entry>>);

struct Entry {
    name: String,
    binding: Binding,
    before: Scope,
}

impl Scope {
    pub(super) fn with(&self, name: &str, binding: Binding) -> Self {
        Self(Some(Rc::new(Entry { name: name.to_owned(), binding, before: self.clone() })))
    }

    pub(super) fn find(&self, name: &str) -> Option<&Binding> {
        let mut scope = self;
        while let Some(entry) = &scope.0 {
            if entry.name == name {
                return Some(&entry.binding);
            }
            scope = &entry.before;
        }
        None
    }
}

impl Drop for Entry {
    /// One after the other: thousands of names would be as many calls deep.
    fn drop(&mut self) {
        let mut rest = self.before.0.take();
        while let Some(entry) = rest {
            rest = match Rc::try_unwrap(entry) {
                Ok(mut entry) => entry.before.0.take(),
                Err(_) => None,
            };
        }
    }
}
