//! Operators that keep, add and leave out rows and columns.

use super::{At, column_of, fits};
use crate::demo::kql::bind::{Cursor, Typed};
use crate::demo::kql::error::Error;
use crate::demo::kql::names::Names;
use crate::demo::kql::syntax::{Expr, Named, Node, Pattern};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

pub(super) fn filter(at: &At<'_, '_>, predicate: &Expr, table: &Table) -> Result<Table, Error> {
    kept(at, &at.binder(&table.columns).truth(predicate)?, table)
}

/// The rows of which it is true.
pub(super) fn kept(at: &At<'_, '_>, predicate: &Typed, table: &Table) -> Result<Table, Error> {
    let mut rows = Vec::new();
    for (n, row) in table.rows.iter().enumerate() {
        at.engine.spend(1)?;
        if predicate.at(&Cursor { rows: &table.rows, at: n }).truth() == Some(true) {
            rows.push(row.clone());
        }
    }
    Ok(table.with_rows(rows))
}

/// Columns and what fills them; several names take a dynamic array apart.
fn bound(at: &At<'_, '_>, columns: &[Named], table: &Table, names: &mut Names) -> Result<Vec<(Column, Typed)>, Error> {
    let binder = at.binder(&table.columns);
    let mut made = Vec::new();
    for column in columns {
        let typed = binder.bind(&column.value)?;
        match column.names.as_slice() {
            [] => {
                let name = names.of(&column.value);
                made.push((column_of(&name, &typed), typed));
            }
            [name] => made.push((column_of(name, &typed), typed)),
            several => {
                for (n, name) in several.iter().enumerate() {
                    let (whole, index) = (typed.clone(), Value::count(n));
                    let part = Typed::of(Kind::Dynamic, &[&typed], move |cursor| {
                        crate::demo::kql::bind::element(&whole.at(cursor), &index)
                    })?;
                    made.push((column_of(name, &part), part));
                }
            }
        }
    }
    Ok(made)
}

pub(super) fn extend(at: &At<'_, '_>, columns: &[Named], table: &Table) -> Result<Table, Error> {
    let mut names = Names::default();
    table.columns.iter().for_each(|column| names.take(&column.name));
    let made = bound(at, columns, table, &mut names)?;
    let mut all = table.columns.clone();
    let mut places = Vec::new();
    for (column, _) in &made {
        // A name that exists is replaced where it stands.
        match all.iter().position(|known| known.name == column.name) {
            Some(place) => {
                if let Some(known) = all.get_mut(place) {
                    known.kind = column.kind;
                }
                places.push(place);
            }
            None => {
                places.push(all.len());
                all.push(column.clone());
            }
        }
    }
    let mut rows = Vec::with_capacity(table.rows.len());
    for n in 0..table.rows.len() {
        let cursor = Cursor { rows: &table.rows, at: n };
        let values: Vec<Value> = made.iter().map(|(_, typed)| typed.at(&cursor)).collect();
        at.engine.made(&values, all.len())?;
        let mut row = cursor.row().to_vec();
        row.resize(all.len(), Value::Null);
        for (place, value) in places.iter().zip(values) {
            if let Some(cell) = row.get_mut(*place) {
                *cell = value;
            }
        }
        rows.push(Row::from(row));
    }
    Ok(Table { name: table.name.clone(), columns: all, rows, ordered: table.ordered })
}

pub(super) fn project(at: &At<'_, '_>, columns: &[Named], table: &Table) -> Result<Table, Error> {
    let mut names = Names::default();
    for name in columns.iter().flat_map(|column| &column.names) {
        names.declare(at.name, name)?;
    }
    let made = bound(at, columns, table, &mut names)?;
    let fill = |cursor: &Cursor<'_>, row: &mut Vec<Value>| row.extend(made.iter().map(|(_, typed)| typed.at(cursor)));
    let rows = at.rows(table, fill, made.len())?;
    let columns = made.iter().map(|(column, _)| column.clone()).collect();
    Ok(Table { name: table.name.clone(), columns, rows, ordered: table.ordered })
}

/// The table with the columns at those places.
fn picked(at: &At<'_, '_>, table: &Table, places: &[usize]) -> Result<Table, Error> {
    let columns = places.iter().filter_map(|place| table.columns.get(*place).cloned()).collect();
    let pick = |row: &Row| places.iter().map(|place| row.get(*place).cloned().unwrap_or(Value::Null)).collect();
    let mut rows = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        at.engine.made(&[], places.len())?;
        rows.push(pick(row));
    }
    Ok(Table { name: table.name.clone(), columns, rows, ordered: table.ordered })
}

/// A name without a star must be a column's.
fn known(at: &At<'_, '_>, patterns: &[Pattern], table: &Table) -> Result<(), Error> {
    for pattern in patterns.iter().filter(|pattern| !pattern.text.contains('*')) {
        at.place(table, &pattern.text)?;
    }
    Ok(())
}

pub(super) fn project_away(at: &At<'_, '_>, patterns: &[Pattern], table: &Table) -> Result<Table, Error> {
    known(at, patterns, table)?;
    let stays = |column: &Column| !patterns.iter().any(|pattern| fits(&pattern.text, &column.name));
    let places = table.columns.iter().enumerate().filter(|(_, column)| stays(column)).map(|(n, _)| n);
    picked(at, table, &places.collect::<Vec<_>>())
}

pub(super) fn project_keep(at: &At<'_, '_>, patterns: &[Pattern], table: &Table) -> Result<Table, Error> {
    known(at, patterns, table)?;
    let stays = |column: &Column| patterns.iter().any(|pattern| fits(&pattern.text, &column.name));
    let places = table.columns.iter().enumerate().filter(|(_, column)| stays(column)).map(|(n, _)| n);
    picked(at, table, &places.collect::<Vec<_>>())
}

pub(super) fn rename(at: &At<'_, '_>, names: &[(String, Expr)], table: &Table) -> Result<Table, Error> {
    let mut renamed = table.clone();
    for (name, old) in names {
        let Node::Name(old) = &old.node else { return Err(at.wrong("a name of a column is expected")) };
        let place = at.place(table, old)?;
        if table.column(name).is_some_and(|other| other != place) {
            return Err(at.wrong(format!("a column with the name '{name}' is already declared")));
        }
        if let Some(column) = renamed.columns.get_mut(place) {
            column.name = name.as_str().into();
        }
    }
    Ok(renamed)
}

pub(super) fn reorder(at: &At<'_, '_>, patterns: &[Pattern], table: &Table) -> Result<Table, Error> {
    let mut places: Vec<usize> = Vec::new();
    for pattern in patterns {
        let named = patterns.iter().filter(|other| !other.text.contains('*'));
        let named: Vec<&str> = named.map(|other| other.text.as_str()).collect();
        let star = pattern.text.contains('*');
        let mut fitting: Vec<(usize, &Column)> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(place, column)| {
                fits(&pattern.text, &column.name)
                    && !places.contains(place)
                    && !(star && named.contains(&&*column.name))
            })
            .collect();
        if let Some(descending) = pattern.order {
            fitting.sort_by(|(_, left), (_, right)| left.name.cmp(&right.name));
            if descending {
                fitting.reverse();
            }
        }
        places.extend(fitting.into_iter().map(|(place, _)| place));
    }
    let rest: Vec<usize> = (0..table.columns.len()).filter(|place| !places.contains(place)).collect();
    places.extend(rest);
    picked(at, table, &places)
}

pub(super) fn schema(table: &Table) -> Table {
    let rows = table.columns.iter().enumerate().map(|(n, column)| {
        Row::from(vec![
            Value::text(&column.name),
            Value::count(n),
            Value::text(column.kind.dotnet()),
            Value::text(column.kind.name()),
        ])
    });
    let mut schema = Table::empty("", "ColumnName:string ColumnOrdinal:long DataType:string ColumnType:string");
    schema.rows = rows.collect();
    schema
}
