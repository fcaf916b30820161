//! `union`.

use std::collections::HashMap;
use std::rc::Rc;

use super::{At, fits};
use crate::demo::kql::error::Error;
use crate::demo::kql::run;
use crate::demo::kql::syntax::{Expr, Node, Union, UnionPart};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

/// The tables that parts of a union name.
pub(super) fn parts(at: &At<'_, '_>, parts: &[UnionPart], fuzzy: bool) -> Result<Vec<(String, Rc<Table>)>, Error> {
    let mut tables = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        match part {
            UnionPart::Wildcard(pattern) => {
                for name in at.engine.database.tables().iter().filter(|name| fits(pattern, name)) {
                    if let Some(table) = at.engine.read(name)? {
                        tables.push((name.clone(), table));
                    }
                }
            }
            UnionPart::Expression(expr) => match run::table(at.engine, at.scope, expr, at.name) {
                Ok(table) => tables.push((label(expr, n + 1), table)),
                // Spec: tables and functions that cannot be resolved fall, if one is left.
                Err(Error::Semantic { code: "SEM0100" | "SEM0260", .. }) if fuzzy => {}
                Err(error) => return Err(error),
            },
        }
    }
    Ok(tables)
}

/// What the source column calls a part: its table, or its place.
fn label(expr: &Expr, n: usize) -> String {
    match &expr.node {
        Node::Name(name) => name.clone(),
        Node::Table(pipeline) => match &pipeline.source {
            crate::demo::kql::syntax::Source::Expression(inner) => label(inner, n),
            _ => format!("union_arg{n}"),
        },
        _ => format!("union_arg{n}"),
    }
}

pub(super) fn union(at: &At<'_, '_>, union: &Union, input: Option<Rc<Table>>) -> Result<Table, Error> {
    let mut tables = Vec::new();
    if let Some(table) = input {
        let name = if table.name.is_empty() { "union_arg0".to_owned() } else { table.name.clone() };
        tables.push((name, table));
    }
    tables.extend(parts(at, &union.tables, union.fuzzy)?);
    if tables.is_empty() {
        return Err(at.wrong("none of the tables can be resolved"));
    }
    combined(at, &tables, union.inner, union.source_column.as_deref())
}

/// All rows in columns by name and type; a name of several types gets its type
/// behind it.
pub(super) fn combined(
    at: &At<'_, '_>,
    tables: &[(String, Rc<Table>)],
    inner: bool,
    source: Option<&str>,
) -> Result<Table, Error> {
    let mut kinds: Vec<(&Column, usize)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for column in tables.iter().flat_map(|(_, table)| &table.columns) {
        let place = *places.entry((&column.name, column.kind.name())).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => kinds.push((column, 1)),
        }
    }
    let mut of_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, (column, count)) in kinds.iter().enumerate() {
        if !inner || *count == tables.len() {
            of_name.entry(&column.name).or_default().push(n);
        }
    }
    // Columns of one name stand together, where the first of them was met.
    let mut order: Vec<usize> = Vec::new();
    for (column, _) in &kinds {
        order.extend(
            of_name.get(&*column.name).into_iter().flatten().filter(|n| !order.contains(n)).collect::<Vec<_>>(),
        );
    }
    let mut columns: Vec<Column> = source.into_iter().map(|name| Column::new(name, Kind::String)).collect();
    for n in &order {
        let Some((column, _)) = kinds.get(*n) else { continue };
        let several = of_name.get(&*column.name).is_some_and(|all| all.len() > 1);
        let name = if several { format!("{}_{}", column.name, column.kind.name()) } else { column.name.to_string() };
        columns.push(Column::new(name, column.kind));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (label, table) in tables {
        let from: Vec<Option<usize>> = order
            .iter()
            .map(|n| kinds.get(*n).and_then(|(wanted, _)| table.columns.iter().position(|column| column == *wanted)))
            .collect();
        for row in &table.rows {
            at.engine.made(&[], columns.len())?;
            let cells = from.iter().zip(&order).map(|(place, n)| match place {
                Some(place) => row.get(*place).cloned().unwrap_or(Value::Null),
                None => kinds.get(*n).map_or(Value::Null, |(column, _)| column.kind.nothing()),
            });
            rows.push(source.map(|_| Value::text(label)).into_iter().chain(cells).collect());
        }
    }
    Ok(Table { columns, rows, ..Table::default() })
}
