//! `join` and `lookup`.

use std::collections::{HashMap, HashSet};

use super::At;
use crate::demo::kql::bind::{Cursor, Typed};
use crate::demo::kql::error::Error;
use crate::demo::kql::names::Names;
use crate::demo::kql::run;
use crate::demo::kql::syntax::{Expr, Join, JoinKind, Node, Sign};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

/// The keys of both sides.
struct Keys {
    left: Vec<Typed>,
    right: Vec<Typed>,
    /// Where the right side's keys stand, when they are columns.
    right_columns: Vec<usize>,
}

pub(super) fn join(at: &At<'_, '_>, join: &Join, left: &Table) -> Result<Table, Error> {
    let right = run::table(at.engine, at.scope, &join.right, at.name)?;
    let keys = keys(at, &join.on, left, &right)?;
    // Which rows of the right side have a key.
    let mut places: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for n in 0..right.rows.len() {
        at.engine.spend(1)?;
        if let Some(key) = key(&keys.right, &right, n) {
            places.entry(key).or_default().push(n);
        }
    }
    let one_sided = match join.kind {
        JoinKind::LeftAnti | JoinKind::LeftSemi => {
            let wanted = join.kind == JoinKind::LeftSemi;
            let has = |n: usize| key(&keys.left, left, n).is_some_and(|key| places.contains_key(&key));
            Some(kept(left, |n| has(n) == wanted))
        }
        JoinKind::RightAnti | JoinKind::RightSemi => {
            let wanted = join.kind == JoinKind::RightSemi;
            let known: HashSet<Vec<u8>> = (0..left.rows.len()).filter_map(|n| key(&keys.left, left, n)).collect();
            let has = |n: usize| key(&keys.right, &right, n).is_some_and(|key| known.contains(&key));
            Some(kept(&right, |n| has(n) == wanted))
        }
        _ => None,
    };
    if let Some(table) = one_sided {
        at.engine.spend(table.rows.len())?;
        return Ok(table);
    }
    both(at, join, left, &right, &keys, &places)
}

fn kept(table: &Table, wanted: impl Fn(usize) -> bool) -> Table {
    let rows = table.rows.iter().enumerate().filter(|(n, _)| wanted(*n)).map(|(_, row)| row.clone()).collect();
    Table { ordered: false, ..table.with_rows(rows) }
}

fn both(
    at: &At<'_, '_>,
    join: &Join,
    left: &Table,
    right: &Table,
    keys: &Keys,
    places: &HashMap<Vec<u8>, Vec<usize>>,
) -> Result<Table, Error> {
    let left_too = matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter);
    let right_too = matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter);
    let away: &[usize] = if join.lookup { &keys.right_columns } else { &[] };
    let taken: Vec<usize> = (0..right.columns.len()).filter(|n| !away.contains(n)).collect();
    let mut met = vec![false; right.rows.len()];
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    let nothing = |table: &Table| table.columns.iter().map(|column| column.kind.nothing()).collect::<Vec<_>>();
    let (no_left, no_right) = (nothing(left), nothing(right));
    let width = left.columns.len() + taken.len();
    let mut add = |left: &[Value], right: &[Value]| {
        at.engine.made(&[], width)?;
        let right = taken.iter().map(|n| right.get(*n).cloned().unwrap_or(Value::Null));
        rows.push(left.iter().cloned().chain(right).collect::<Row>());
        Ok::<(), Error>(())
    };
    for (n, row) in left.rows.iter().enumerate() {
        at.engine.spend(1)?;
        let key = key(&keys.left, left, n);
        if let (JoinKind::InnerUnique, Some(key)) = (join.kind, &key)
            && !seen.insert(key.clone())
        {
            continue;
        }
        match key.as_ref().and_then(|key| places.get(key)) {
            Some(found) => {
                for place in found {
                    if let Some(met) = met.get_mut(*place) {
                        *met = true;
                    }
                    add(row, right.rows.get(*place).map_or(&no_right, |row| row))?;
                }
            }
            None if left_too => add(row, &no_right)?,
            None => {}
        }
    }
    if right_too {
        for (row, _) in right.rows.iter().zip(&met).filter(|(_, met)| !**met) {
            add(&no_left, row)?;
        }
    }
    let mut names = Names::default();
    let mut columns = left.columns.clone();
    columns.iter().for_each(|column| names.take(&column.name));
    for column in taken.iter().filter_map(|n| right.columns.get(*n)) {
        columns.push(Column::new(names.unique(&column.name), column.kind));
    }
    Ok(Table { columns, rows, ..Table::default() })
}

/// The key of a row; none where a part of it is null, which is equal to nothing.
fn key(parts: &[Typed], table: &Table, n: usize) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for part in parts {
        let value = part.at(&Cursor { rows: &table.rows, at: n });
        if value.is_null() {
            return None;
        }
        value.key(&mut key);
    }
    Some(key)
}

fn keys(at: &At<'_, '_>, on: &[Expr], left: &Table, right: &Table) -> Result<Keys, Error> {
    let mut keys = Keys { left: Vec::new(), right: Vec::new(), right_columns: Vec::new() };
    let mut conditions: Vec<&Expr> = Vec::new();
    for expr in on {
        match &expr.node {
            Node::And(parts) => conditions.extend(parts),
            _ => conditions.push(expr),
        }
    }
    for condition in conditions {
        let (one, other) = match &condition.node {
            Node::Name(name) => (name.as_str(), name.as_str()),
            Node::Binary(Sign::Equal, one, other) => match (sided(one), sided(other)) {
                (Some((true, one)), Some((false, other))) | (Some((false, other)), Some((true, one))) => (one, other),
                _ => return Err(at.wrong("each condition is a column or $left.a == $right.b")),
            },
            _ => return Err(at.wrong("each condition is a column or $left.a == $right.b")),
        };
        let (left_place, right_place) = (place(at, left, one)?, place(at, right, other)?);
        let kind = |table: &Table, n: usize| table.columns.get(n).map_or(Kind::Dynamic, |column| column.kind);
        let (left_kind, right_kind) = (kind(left, left_place), kind(right, right_place));
        let whole = |kind| matches!(kind, Kind::Int | Kind::Long);
        if left_kind != right_kind && !(whole(left_kind) && whole(right_kind)) {
            let message = format!(
                "'{}' operator: key columns '{one}' ({}) and '{other}' ({}) differ in type",
                at.name,
                left_kind.name(),
                right_kind.name()
            );
            return Err(Error::semantic("SEM0028", message));
        }
        keys.left.push(Typed::column(left_kind, left_place));
        keys.right.push(Typed::column(right_kind, right_place));
        keys.right_columns.push(right_place);
    }
    Ok(keys)
}

fn place(at: &At<'_, '_>, table: &Table, name: &str) -> Result<usize, Error> {
    table.column(name).ok_or_else(|| Error::unresolved(at.name, "column", name))
}

/// `$left.a`: whether it is the left one, and the column.
fn sided(expr: &Expr) -> Option<(bool, &str)> {
    let Node::Member(side, name) = &expr.node else { return None };
    match &side.node {
        Node::Name(side) if side == "$left" => Some((true, name)),
        Node::Name(side) if side == "$right" => Some((false, name)),
        _ => None,
    }
}
