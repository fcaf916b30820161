//! `sort` and `top`.

use std::cmp::Ordering;

use super::At;
use crate::demo::kql::bind::Cursor;
use crate::demo::kql::error::Error;
use crate::demo::kql::syntax::SortKey;
use crate::demo::kql::table::Table;
use crate::demo::kql::value::{Kind, Value};

pub(super) fn sort(at: &At<'_, '_>, keys: &[SortKey], table: &Table, most: Option<usize>) -> Result<Table, Error> {
    let binder = at.binder(&table.columns);
    let typed = keys.iter().map(|key| binder.bind(&key.value)).collect::<Result<Vec<_>, _>>()?;
    if let Some(wrong) = typed.iter().find(|typed| typed.kind == Kind::Dynamic) {
        return Err(at.wrong(format!("key can't be of {} type", wrong.kind.name())));
    }
    at.engine.spend(table.rows.len())?;
    let mut rows: Vec<(Vec<Value>, usize)> = (0..table.rows.len())
        .map(|n| (typed.iter().map(|typed| typed.at(&Cursor { rows: &table.rows, at: n })).collect(), n))
        .collect();
    rows.sort_by(|(left, _), (right, _)| {
        let by_key = keys.iter().zip(left.iter().zip(right)).map(|(key, (left, right))| compared(key, left, right));
        by_key.fold(Ordering::Equal, Ordering::then)
    });
    let taken = rows.iter().take(most.unwrap_or(usize::MAX));
    let rows = taken.filter_map(|(_, n)| table.rows.get(*n).cloned()).collect();
    Ok(Table { ordered: true, ..table.with_rows(rows) })
}

/// Nulls come first where it rises and last where it falls, if nothing is said.
fn compared(key: &SortKey, left: &Value, right: &Value) -> Ordering {
    let is_null = |value: &Value| value.is_null() || matches!(value, Value::Real(number) if number.is_nan());
    let (left_null, right_null) = (is_null(left), is_null(right));
    if left_null && right_null {
        return Ordering::Equal;
    }
    if left_null || right_null {
        let first = key.nulls_first.unwrap_or(!key.descending);
        return if left_null == first { Ordering::Less } else { Ordering::Greater };
    }
    let order = left.order(right).unwrap_or(Ordering::Equal);
    if key.descending { order.reverse() } else { order }
}
