//! What a query runs in: the workspace, the time, the limits, the names.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::bind::Typed;
use super::error::Error;
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
#[derive(Clone, Copy)]
pub(in crate::demo) struct Limits<'a> {
    /// Rows of an answer; the rest is cut and told.
    pub(in crate::demo) rows: usize,
    /// Rows read and made on the way, in all.
    pub(in crate::demo) work: u64,
    /// Bytes of text made on the way, in all.
    pub(in crate::demo) bytes: u64,
    /// Whether the time is up; asked every few thousand rows.
    pub(in crate::demo) expired: &'a (dyn Fn() -> bool + Sync),
}

impl Default for Limits<'_> {
    /// Those of the query interface. Work and bytes are *chosen*: some seconds
    /// of one core, and what a host of a demo can spare.
    fn default() -> Self {
        Self { rows: 500_000, work: 20_000_000, bytes: 256 << 20, expired: &|| false }
    }
}

/// How deep functions, tables and expressions may nest while they run.
///
/// Chosen: below what `run`'s stack holds.
const DEPTH_AT_MOST: usize = 400;
/// How often the clock is asked.
const CLOCK_EVERY: u64 = 4_096;

pub(super) struct Engine<'a> {
    pub(super) database: &'a dyn Database,
    /// Ticks.
    pub(super) now: i64,
    /// Ticks; rows outside are not read.
    pub(super) timespan: Option<(i64, i64)>,
    pub(super) limits: Limits<'a>,
    work: Cell<u64>,
    bytes: Cell<u64>,
    depth: Cell<usize>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(database: &'a dyn Database, now: i64, timespan: Option<(i64, i64)>, limits: Limits<'a>) -> Self {
        Self { database, now, timespan, limits, work: Cell::new(0), bytes: Cell::new(0), depth: Cell::new(0) }
    }

    /// Counts rows that are read or made.
    pub(super) fn spend(&self, rows: usize) -> Result<(), Error> {
        let before = self.work.get();
        let after = before.saturating_add(rows as u64);
        self.work.set(after);
        if after > self.limits.work {
            return Err(Error::Limit {
                code: "80DA0001",
                message: "Query was throttled: it reads or makes more rows than it may (E_RUNAWAY_QUERY).".to_owned(),
            });
        }
        if before / CLOCK_EVERY != after / CLOCK_EVERY && (self.limits.expired)() {
            return Err(Error::Limit {
                code: "504",
                message: "Query execution has exceeded the allowed limits (80DA0002): timeout.".to_owned(),
            });
        }
        Ok(())
    }

    /// Counts what was made for a row.
    pub(super) fn made(&self, values: &[Value]) -> Result<(), Error> {
        let size: usize = values.iter().map(|value| value.size() + size_of::<Value>()).sum();
        self.bytes.set(self.bytes.get().saturating_add(size as u64));
        if self.bytes.get() > self.limits.bytes {
            return Err(Error::Limit {
                code: "80DA0007",
                message: "Query execution lacks memory resources to complete (80DA0007): Partial query failure: \
                          Low memory condition (E_LOW_MEMORY_CONDITION)."
                    .to_owned(),
            });
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
