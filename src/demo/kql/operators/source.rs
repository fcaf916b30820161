//! Sources that make their rows: `print`, `datatable`, `range`, `search`.

use std::rc::Rc;

use super::{At, column_of, shape, union};
use crate::demo::kql::arithmetic;
use crate::demo::kql::bind::{Cursor, Typed};
use crate::demo::kql::error::Error;
use crate::demo::kql::functions::conversion::convert;
use crate::demo::kql::syntax::{Expr, Named, Search, Sign, Source, UnionPart};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

/// The rows of a source that is no expression.
pub(in crate::demo::kql) fn source(at: &At<'_, '_>, source: &Source) -> Result<Table, Error> {
    match source {
        Source::Union(union) => union::union(at, union, None),
        Source::Print(columns) => print(at, columns),
        Source::Datatable(columns, cells) => datatable(at, columns, cells),
        Source::Range { name, from, to, step } => range(at, name, from, to, step),
        Source::Search(search) => search_tables(at, search),
        Source::Expression(_) | Source::Given => Ok(Table::default()),
    }
}

fn print(at: &At<'_, '_>, items: &[Named]) -> Result<Table, Error> {
    let binder = at.binder(&[]);
    let mut columns = Vec::new();
    let mut row = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let typed = binder.bind(&item.value)?;
        let name = match item.names.first() {
            Some(name) => name.clone(),
            None => format!("print_{n}"),
        };
        columns.push(column_of(&name, &typed));
        row.push(typed.at(&Cursor { rows: &[], at: 0 }));
    }
    at.engine.made(&row, row.len())?;
    Ok(Table { columns, rows: vec![Row::from(row)], ..Table::default() })
}

fn datatable(at: &At<'_, '_>, columns: &[(String, Kind)], cells: &[Expr]) -> Result<Table, Error> {
    if !cells.len().is_multiple_of(columns.len().max(1)) {
        return Err(at.wrong("the number of values is no multiple of the number of columns"));
    }
    let binder = at.binder(&[]);
    let mut rows = Vec::new();
    for cells in cells.chunks(columns.len().max(1)) {
        let mut row = Vec::new();
        for (cell, (_, kind)) in cells.iter().zip(columns) {
            let value = binder.bind(cell)?.constant.ok_or_else(|| at.wrong("values must be constant"))?;
            row.push(convert(&value, *kind));
        }
        at.engine.made(&row, row.len())?;
        rows.push(Row::from(row));
    }
    let columns = columns.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
    Ok(Table { columns, rows, ..Table::default() })
}

fn range(at: &At<'_, '_>, name: &str, from: &Expr, to: &Expr, step: &Expr) -> Result<Table, Error> {
    let binder = at.binder(&[]);
    let (from, to, step) = (binder.bind(from)?, binder.bind(to)?, binder.bind(step)?);
    let kind = match from.kind {
        Kind::Int => Kind::Long,
        kind if kind.is_number() => kind.wider(to.kind).wider(step.kind),
        kind => kind,
    };
    let value = |typed: &Typed| typed.constant.clone().unwrap_or(Value::Null);
    let (mut next, to, step) = (convert(&value(&from), kind), value(&to), value(&step));
    let rises = step.real().is_some_and(|step| step > 0.0);
    let falls = step.real().is_some_and(|step| step < 0.0);
    let mut rows = Vec::new();
    while let Some(order) = next.order(&to).filter(|_| rises || falls) {
        if (rises && order.is_gt()) || (falls && order.is_lt()) {
            break;
        }
        let row = vec![next.clone()];
        at.engine.made(&row, row.len())?;
        rows.push(Row::from(row));
        let step_kind = if kind == Kind::DateTime { Kind::Timespan } else { kind };
        let (here, by) = (Typed::constant(kind, next), Typed::constant(step_kind, convert(&step, step_kind)));
        next = value(&arithmetic::binary(Sign::Add, &here, &by)?);
    }
    Ok(Table { columns: vec![Column::new(name, kind)], rows, ..Table::default() })
}

/// `search`: all tables, or those it names.
fn search_tables(at: &At<'_, '_>, search: &Search) -> Result<Table, Error> {
    let all = [UnionPart::Wildcard("*".to_owned())];
    let parts = if search.tables.is_empty() { &all[..] } else { &search.tables };
    let mut found = Vec::new();
    for (name, table) in union::parts(at, parts, false)? {
        // A column that this table lacks: no row of it is meant.
        match search_rows(at, &search.predicate, &table) {
            Ok(table) => found.push((name, Rc::new(table))),
            Err(Error::Semantic { code: "SEM0100", .. }) => {}
            Err(error) => return Err(error),
        }
    }
    union::combined(at, &found, false, Some("$table"))
}

pub(super) fn search_rows(at: &At<'_, '_>, predicate: &Expr, table: &Table) -> Result<Table, Error> {
    shape::kept(at, &at.binder(&table.columns).search(predicate)?, table)
}
