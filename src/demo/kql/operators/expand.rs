//! `mv-expand`, `mv-apply` and `evaluate`.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::At;
use crate::demo::kql::bind::{Cursor, Typed};
use crate::demo::kql::error::Error;
use crate::demo::kql::functions::conversion::convert;
use crate::demo::kql::names::Names;
use crate::demo::kql::run;
use crate::demo::kql::syntax::{Expand, Expr, Node, Pipeline};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value, scalar};

/// Columns of an expansion: where they stand, and what they are made of.
struct Plan {
    columns: Vec<Column>,
    parts: Vec<(usize, Typed, Kind)>,
    index: Option<usize>,
    most: usize,
}

fn plan(at: &At<'_, '_>, expand: &Expand, table: &Table) -> Result<Plan, Error> {
    let binder = at.binder(&table.columns);
    let mut names = Names::default();
    let mut columns = table.columns.clone();
    let mut parts = Vec::new();
    for (column, wanted) in &expand.columns {
        let typed = binder.bind(&column.value)?;
        if typed.kind != Kind::Dynamic {
            return Err(at.wrong(format!("expanded expression must be of type dynamic, not {}", typed.kind.name())));
        }
        let name = match column.names.first() {
            Some(name) => name.clone(),
            None => names.of(&column.value),
        };
        let kind = wanted.unwrap_or(Kind::Dynamic);
        let place = columns.iter().position(|known| *known.name == *name).unwrap_or(columns.len());
        match columns.get_mut(place) {
            Some(known) => known.kind = kind,
            None => columns.push(Column::new(name, kind)),
        }
        parts.push((place, typed, kind));
    }
    let index = expand.index.as_ref().map(|name| {
        columns.push(Column::new(name, Kind::Long));
        columns.len() - 1
    });
    let most = expand.limit.as_ref().map(|limit| at.number(limit)).transpose()?.unwrap_or(usize::MAX);
    Ok(Plan { columns, parts, index, most })
}

/// The rows that one row becomes.
fn expanded(at: &At<'_, '_>, plan: &Plan, pairs: bool, cursor: &Cursor<'_>) -> Result<Vec<Row>, Error> {
    let lists: Vec<Vec<Json>> = plan.parts.iter().map(|(_, typed, _)| items(&typed.at(cursor), pairs)).collect();
    let length = lists.iter().map(Vec::len).max().unwrap_or_default().min(plan.most);
    let mut rows = Vec::new();
    for n in 0..length {
        let mut row = cursor.row().to_vec();
        row.resize(plan.columns.len(), Value::Null);
        for ((place, _, kind), items) in plan.parts.iter().zip(&lists) {
            let value = items.get(n).map_or(Value::Null, |item| Value::dynamic(item.clone()));
            if let Some(cell) = row.get_mut(*place) {
                *cell = cast(&value, *kind);
            }
        }
        if let Some(cell) = plan.index.and_then(|place| row.get_mut(place)) {
            *cell = Value::count(n);
        }
        at.engine.made(row.get(cursor.row().len()..).unwrap_or_default(), row.len())?;
        rows.push(Row::from(row));
    }
    Ok(rows)
}

/// Spec: an element of another type is null; times are texts in JSON.
fn cast(value: &Value, kind: Kind) -> Value {
    match (kind, scalar(value)) {
        (Kind::Dynamic, _) => value.clone(),
        (Kind::String, Some(inner)) => Value::text(inner.to_text()),
        (Kind::String, None) => Value::text(value.to_text()),
        (Kind::Int | Kind::Long | Kind::Real, Some(Value::String(_))) => Value::Null,
        _ => convert(value, kind),
    }
}

/// What a value holds: its elements, its fields each as a bag of one or as a
/// pair. A scalar holds itself, an empty array nothing.
fn items(value: &Value, pairs: bool) -> Vec<Json> {
    match value.json() {
        Some(Json::Array(items)) => items.clone(),
        Some(Json::Object(fields)) => fields
            .iter()
            .map(|(name, value)| {
                if pairs { json!([name, value]) } else { Json::Object(Map::from_iter([(name.clone(), value.clone())])) }
            })
            .collect(),
        Some(other) => vec![other.clone()],
        None => vec![Json::Null],
    }
}

pub(super) fn expand(at: &At<'_, '_>, expand: &Expand, table: &Table) -> Result<Table, Error> {
    let plan = plan(at, expand, table)?;
    let mut rows = Vec::new();
    for n in 0..table.rows.len() {
        rows.extend(expanded(at, &plan, expand.pairs, &Cursor { rows: &table.rows, at: n })?);
    }
    Ok(Table { name: table.name.clone(), columns: plan.columns, rows, ordered: table.ordered })
}

/// Each row's expansion goes through the body by itself; the row's other
/// columns come back in front.
pub(super) fn apply(at: &At<'_, '_>, expand: &Expand, body: &Pipeline, table: &Table) -> Result<Table, Error> {
    let plan = plan(at, expand, table)?;
    let mut tables: Vec<(String, Rc<Table>)> = Vec::new();
    let mut prefixes = Vec::new();
    let empty = Rc::new(Table { columns: plan.columns.clone(), ..Table::default() });
    let shape = run::run(at.engine, at.scope, body, Some(Rc::clone(&empty)))?;
    for n in 0..table.rows.len() {
        let cursor = Cursor { rows: &table.rows, at: n };
        let rows = expanded(at, &plan, expand.pairs, &cursor)?;
        let given = Rc::new(Table { columns: plan.columns.clone(), rows, ..Table::default() });
        tables.push((String::new(), run::run(at.engine, at.scope, body, Some(given))?));
        prefixes.push(n);
    }
    let fresh = |column: &Column| !shape.columns.iter().any(|made| made.name == column.name);
    let replaced: Vec<usize> = plan.parts.iter().map(|(place, ..)| *place).collect();
    let kept: Vec<usize> = (0..table.columns.len())
        .filter(|n| !replaced.contains(n) && table.columns.get(*n).is_some_and(fresh))
        .collect();
    let mut columns: Vec<Column> = kept.iter().filter_map(|n| table.columns.get(*n).cloned()).collect();
    columns.extend(shape.columns.iter().cloned());
    let mut rows = Vec::new();
    for (n, (_, made)) in prefixes.iter().zip(&tables) {
        let before = table.rows.get(*n);
        for row in &made.rows {
            at.engine.made(&[], columns.len())?;
            let front = kept.iter().map(|place| before.and_then(|row| row.get(*place)).cloned().unwrap_or(Value::Null));
            rows.push(front.chain(row.iter().cloned()).collect());
        }
    }
    Ok(Table { columns, rows, ..Table::default() })
}

/// The plugins that turn a bag into columns.
pub(super) fn evaluate(at: &At<'_, '_>, call: &Expr, table: &Table) -> Result<Table, Error> {
    let Node::Call(name, arguments) = &call.node else { return Err(at.wrong("a call of a plugin is expected")) };
    let first = arguments.first().map(|argument| &argument.value.node);
    let (name, Some(Node::Name(column))) = (name.as_str(), first) else {
        return Err(Error::semantic("SEM0260", format!("'evaluate' operator: Unknown plugin: '{name}'")));
    };
    if name != "bag_unpack" {
        return Err(Error::semantic("SEM0260", format!("'evaluate' operator: Unknown plugin: '{name}'")));
    }
    let place = at.place(table, column)?;
    let prefix = match arguments.get(1) {
        Some(argument) => at.binder(&[]).bind(&argument.value)?.constant.map(|value| value.to_text()),
        None => None,
    };
    let prefix = prefix.unwrap_or_default();
    unpacked(at, table, place, &prefix)
}

fn unpacked(at: &At<'_, '_>, table: &Table, place: usize, prefix: &str) -> Result<Table, Error> {
    let mut found: Vec<(String, Option<Kind>)> = Vec::new();
    for row in &table.rows {
        let Some(Json::Object(fields)) = row.get(place).and_then(Value::json) else { continue };
        for (name, value) in fields {
            at.engine.spend(1)?;
            let kind = match value {
                Json::Bool(_) => Some(Kind::Bool),
                Json::Number(number) if number.is_f64() => Some(Kind::Real),
                Json::Number(_) => Some(Kind::Long),
                Json::String(_) => Some(Kind::String),
                Json::Null => None,
                _ => Some(Kind::Dynamic),
            };
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if *known == kind || kind.is_none() => {}
                Some((_, known @ None)) => *known = kind,
                Some((_, known)) => *known = Some(Kind::Dynamic),
                None => found.push((name.clone(), kind)),
            }
        }
    }
    let kept: Vec<usize> = (0..table.columns.len()).filter(|n| *n != place).collect();
    let mut columns: Vec<Column> = kept.iter().filter_map(|n| table.columns.get(*n).cloned()).collect();
    for (name, kind) in &found {
        let column = Column::new(format!("{prefix}{name}"), kind.unwrap_or(Kind::Dynamic));
        if columns.iter().any(|known| known.name == column.name) {
            return Err(at.wrong(format!("bag_unpack: a column with the name '{}' is already declared", column.name)));
        }
        columns.push(column);
    }
    let mut rows = Vec::new();
    for row in &table.rows {
        let bag = row.get(place).and_then(Value::json);
        let unpacked = found.iter().map(|(name, kind)| {
            let kind = kind.unwrap_or(Kind::Dynamic);
            let value = bag.and_then(|bag| bag.get(name)).map_or(Value::Null, |value| Value::dynamic(value.clone()));
            convert(&value, kind)
        });
        let front = kept.iter().map(|n| row.get(*n).cloned().unwrap_or(Value::Null));
        let made: Row = front.chain(unpacked).collect();
        at.engine.made(made.get(kept.len()..).unwrap_or_default(), made.len())?;
        rows.push(made);
    }
    Ok(Table { name: table.name.clone(), columns, rows, ordered: table.ordered })
}
