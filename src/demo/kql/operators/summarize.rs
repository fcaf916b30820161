//! `summarize` and `distinct`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{At, column_of};
use crate::demo::kql::aggregate::{Aggregates, Group, around};
use crate::demo::kql::bind::{Cursor, Typed};
use crate::demo::kql::error::Error;
use crate::demo::kql::names::{Names, auto_name};
use crate::demo::kql::syntax::{Named, Node};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

/// The key of a group, and where its rows stand.
type Keyed = (Vec<Value>, Vec<usize>);

/// What a column of the answer reads: a whole aggregate or an expression.
enum Output {
    /// The columns of an aggregate, from that place on.
    Aggregate(usize, usize),
    Expression(Typed),
}

pub(super) fn summarize(at: &At<'_, '_>, items: &[Named], by: &[Named], table: &Table) -> Result<Table, Error> {
    let mut names = Names::default();
    let keys = keys(at, by, table, &mut names)?;
    let by_columns: Vec<Column> = keys.iter().map(|(column, _)| column.clone()).collect();
    let aggregates =
        Aggregates { input: &table.columns, before: keys.len(), found: RefCell::new(Vec::new()), by: &by_columns };
    let mut columns = by_columns.clone();
    let mut outputs = Vec::new();
    let binder = around(at.engine, at.scope, &aggregates);
    for name in items.iter().flat_map(|item| &item.names) {
        names.declare(at.name, name)?;
    }
    for item in items {
        let before = aggregates.found.borrow().len();
        let typed = binder.bind(&item.value)?;
        let found = aggregates.found.borrow();
        // The call itself, not an expression of one.
        let whole = found.get(before).filter(|_| {
            matches!(&item.value.node, Node::Call(name, _) if !["iff", "case"].contains(&name.as_str()))
                && found.len() == before + 1
                && is_aggregate(&item.value.node)
        });
        match whole {
            Some(aggregate) => {
                let start = keys.len() + found.iter().take(before).map(|made| made.columns.len()).sum::<usize>();
                for (n, column) in aggregate.columns.iter().enumerate() {
                    let name = match (item.names.get(n), aggregate.columns.len()) {
                        (Some(name), _) => name.clone(),
                        _ => names.unique(&column.name),
                    };
                    columns.push(Column::new(name, column.kind));
                }
                outputs.push(Output::Aggregate(start, aggregate.columns.len()));
            }
            None => {
                let name = match item.names.first() {
                    Some(name) => name.clone(),
                    None => names.of(&item.value),
                };
                columns.push(column_of(&name, &typed));
                outputs.push(Output::Expression(typed));
            }
        }
    }
    let groups = groups(at, &keys, table)?;
    let found = aggregates.found.borrow();
    let mut rows = Vec::with_capacity(groups.len());
    for (key, places) in groups {
        let group = Group { rows: &table.rows, places: &places };
        let keyed = key.len();
        let mut full = key;
        for aggregate in found.iter() {
            at.engine.spend(places.len())?;
            full.extend((aggregate.run)(&group));
        }
        let full = [Row::from(full)];
        let cursor = Cursor { rows: &full, at: 0 };
        let mut row: Vec<Value> = cursor.row().iter().take(keyed).cloned().collect();
        for output in &outputs {
            match output {
                Output::Aggregate(start, count) => row.extend(cursor.row().iter().skip(*start).take(*count).cloned()),
                Output::Expression(typed) => row.push(typed.at(&cursor)),
            }
        }
        at.engine.made(&row, row.len())?;
        rows.push(Row::from(row));
    }
    Ok(Table { columns, rows, ..Table::default() })
}

/// Whether a call is of an aggregate: those that only take its arguments on
/// have given their columns to it.
fn is_aggregate(node: &Node) -> bool {
    let Node::Call(name, _) = node else { return false };
    crate::demo::kql::functions::find(name).is_none()
        && !["bin", "floor", "coalesce", "toscalar"].contains(&name.as_str())
}

fn keys(at: &At<'_, '_>, by: &[Named], table: &Table, names: &mut Names) -> Result<Vec<(Column, Typed)>, Error> {
    let binder = at.binder(&table.columns);
    let mut keys = Vec::new();
    for key in by {
        let typed = binder.bind(&key.value)?;
        if typed.kind == Kind::Dynamic {
            let what = auto_name(&key.value).unwrap_or_default();
            return Err(at.wrong(format!(
                "Group key '{what}' is of a 'dynamic' type. Please use an explicit cast as grouping by a 'dynamic' type \
                 is not supported"
            )));
        }
        let name = match key.names.first() {
            Some(name) => name.clone(),
            None => names.of(&key.value),
        };
        names.take(&name);
        keys.push((column_of(&name, &typed), typed));
    }
    Ok(keys)
}

/// Keys and their rows, in the order in which they are met. Without keys all
/// rows are one group, also when there are none.
fn groups(at: &At<'_, '_>, keys: &[(Column, Typed)], table: &Table) -> Result<Vec<Keyed>, Error> {
    if keys.is_empty() {
        return Ok(vec![(Vec::new(), (0..table.rows.len()).collect())]);
    }
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut groups: Vec<Keyed> = Vec::new();
    for n in 0..table.rows.len() {
        at.engine.spend(1)?;
        let cursor = Cursor { rows: &table.rows, at: n };
        let values: Vec<Value> = keys.iter().map(|(_, typed)| typed.at(&cursor)).collect();
        let mut key = Vec::new();
        values.iter().for_each(|value| value.key(&mut key));
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, rows)) => rows.push(n),
            None => groups.push((values, vec![n])),
        }
    }
    Ok(groups)
}

pub(super) fn distinct(at: &At<'_, '_>, columns: Option<&[Named]>, table: &Table) -> Result<Table, Error> {
    let mut names = Names::default();
    let keys = match columns {
        Some(columns) => keys(at, columns, table, &mut names)?,
        None => {
            let all = table.columns.iter().enumerate();
            all.map(|(n, column)| (column.clone(), Typed::column(column.kind, n))).collect()
        }
    };
    let rows = groups(at, &keys, table)?.into_iter().map(|(key, _)| Row::from(key)).collect();
    let columns = keys.into_iter().map(|(column, _)| column).collect();
    Ok(Table { columns, rows, ..Table::default() })
}
