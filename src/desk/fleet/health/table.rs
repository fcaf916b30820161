//! What a function gave back, read by whatever script it came from.
//!
//! Scripts differ: a field may have another case, an older name, or stand
//! below `properties`, as Azure has it. What is not there is not guessed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::answer::ToolError;
use crate::answer::case::Reason;
use crate::call::Executed;

/// Rows of a function that can be read.
pub(super) struct Table {
    rows: Vec<Map<String, Json>>,
    /// The host wrote errors beside them: some may be missing.
    pub(super) partial: bool,
}

impl Table {
    /// # Errors
    ///
    /// Why the answer cannot be read.
    pub(super) fn of(executed: &Executed) -> Result<Self, Reason> {
        let rows = &executed.rows;
        if rows.rows.is_empty() && !rows.text.is_empty() {
            return Err(Reason::ScreenOnly);
        }
        let object = |row| if let Json::Object(fields) = row { Some(fields) } else { None };
        let objects: Option<Vec<Map<String, Json>>> = rows.rows.iter().map(object).collect();
        let rows_read = objects.ok_or(Reason::NoObjects)?;
        Ok(Self { rows: rows_read, partial: !rows.host_errors.is_empty() })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A field of every row, by any of its names.
    ///
    /// # Errors
    ///
    /// Names the field, when a row lacks it or has another kind
    /// of value there.
    pub(super) fn column<'a, T>(
        &'a self,
        names: &[&str],
        read: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<Vec<T>, Reason> {
        let found: Vec<Option<T>> = self.rows.iter().map(|row| field(row, names).and_then(&read)).collect();
        let missing = found.iter().filter(|value| value.is_none()).count();
        let (all, field) = (found.len(), names.first().copied().unwrap_or_default().to_owned());
        match missing {
            0 => Ok(found.into_iter().flatten().collect()),
            rows if rows == all => Err(Reason::NoField { field }),
            rows => Err(Reason::NoFieldInSome { field, rows, all }),
        }
    }

    /// The same for a field that a row may do without.
    pub(super) fn optional<'a, T>(&'a self, names: &[&str], read: impl Fn(&'a Json) -> Option<T>) -> Vec<Option<T>> {
        self.rows.iter().map(|row| field(row, names).and_then(&read)).collect()
    }

    /// Whether some row has the field at all, null or not.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.rows.iter().any(|row| field(row, names).is_some())
    }
}

fn field<'a>(row: &'a Map<String, Json>, names: &[&str]) -> Option<&'a Json> {
    let named = |row: &'a Map<String, Json>, wanted: &str| {
        row.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    // The outer name wins: a script that flattens and keeps the original below means the outer.
    let below = named(row, "properties").and_then(Json::as_object);
    names.iter().find_map(|name| named(row, name)).or_else(|| names.iter().find_map(|name| named(below?, name)))
}

/// True or false, as such or in words.
pub(super) fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Text that is not empty.
pub(super) fn text(value: &Json) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// A whole number, as such or in words.
pub(super) fn number(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A point in time with its zone.
pub(super) fn time(value: &Json) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// How many things are in it: of a list, of a text, of nothing.
pub(super) fn how_many(value: &Json) -> Option<usize> {
    match value {
        Json::Null => Some(0),
        Json::Array(items) => Some(items.iter().filter(|item| !item.is_null()).count()),
        Json::String(text) => Some(usize::from(!text.trim().is_empty())),
        Json::Object(_) => Some(1),
        _ => None,
    }
}

/// How often each value stands there.
pub(super) fn tally<'a>(values: impl IntoIterator<Item = &'a str>) -> Map<String, Json> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().map(|(value, count)| (value.to_owned(), count.into())).collect()
}

/// The start of a list of names, with what was left out said.
pub(super) fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> Json {
    /// Chosen: enough to begin with; the tool that lists them has all.
    const NAMES: usize = 5;
    const CHARS: usize = 60;
    let names: Vec<&str> = names.into_iter().collect();
    let short = |name: &&str| name.chars().take(CHARS).collect::<String>();
    let mut shown: Vec<String> = names.iter().take(NAMES).map(short).collect();
    if names.len() > NAMES {
        shown.push(format!("… and {} more", names.len() - NAMES));
    }
    shown.into()
}

/// Why an answer is not there: a check says it in its own words.
pub(super) type Read = Result<Executed, ToolError>;
