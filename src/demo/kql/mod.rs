//! Runs queries in the Kusto Query Language over tables.
//!
//! The text becomes words ([`lexer`]), a tree ([`parse`]), and row by row
//! values: names are resolved and types checked against each operator's
//! columns ([`bind`]) before its rows are touched, so that a query over empty
//! tables is refused as over full ones. Types, nulls and names of columns are
//! Kusto's, errors those of Log Analytics. Left out are plugins but
//! `bag_unpack`, series, graphs and what reads other clusters; they are
//! refused by name.
//!
//! It knows nothing of HTTP and of the workspace's content: that is a
//! [`Database`].

mod aggregate;
mod arithmetic;
mod bind;
mod call;
mod compare;
mod decimal;
mod engine;
mod error;
mod fuel;
mod functions;
mod lexer;
mod names;
mod operators;
mod parse;
mod run;
mod syntax;
mod table;
mod time;
mod value;

use std::rc::Rc;

use jiff::Timestamp;

pub(in crate::demo) use engine::{Database, Function, Limits};
pub(in crate::demo) use error::Error;
pub(in crate::demo) use table::{Column, Row, Table};
pub(in crate::demo) use time::{ticks, timestamp};
pub(in crate::demo) use value::{Kind, Value};

/// Columns that the items of every watchlist have.
pub(in crate::demo) const WATCHLIST_COLUMNS: &str =
    "_DTItemId:string LastUpdatedTimeUTC:datetime SearchKey:string WatchlistItem:dynamic";

/// Bytes of the stack that a query runs on.
///
/// Chosen: ten times what the deepest query that is let in was seen to take
/// without optimisation.
const STACK: usize = 64 << 20;

/// Runs `query`.
///
/// Rows whose `TimeGenerated` lies outside `timespan` are not read. How much of
/// the answer its reader wants is the reader's to say.
///
/// # Errors
/// What the text or its names have wrong, and which limit it ran into.
pub(in crate::demo) fn run(
    query: &str,
    database: &dyn Database,
    now: Timestamp,
    timespan: Option<(Timestamp, Timestamp)>,
    limits: Limits,
) -> Result<Table, Error> {
    let timespan = timespan.map(|(from, to)| (ticks(from), ticks(to)));
    // A stack of its own: how deep a query goes is bounded, whoever calls.
    std::thread::scope(|scope| {
        let work = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            let engine = engine::Engine::new(database, ticks(now), timespan, limits);
            let table = run::query(&engine, &engine::Scope::default(), &parse::query(query)?)?;
            engine.spend(0)?;
            Ok(Table { name: "PrimaryResult".to_owned(), ..Rc::unwrap_or_clone(table) })
        });
        let work = work.map_err(|_| Error::TooLarge)?;
        work.join().unwrap_or_else(|_| unreachable!("a query's thread answers or refuses"))
    })
}

#[cfg(test)]
mod tests;
