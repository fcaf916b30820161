//! Values as PowerShell turns them into a parameter's type; `None` for what
//! does not convert.

use jiff::Timestamp;
use wsman::clixml::{Content, Value};

/// As `[timespan]` makes it; what is written as ISO 8601 is none to PowerShell.
pub(super) fn span(value: &Value) -> Option<String> {
    match value.base() {
        Value::TimeSpan(span) => Some(span.to_string()),
        Value::String(text) => {
            let (days, clock) = text.as_str()?.trim().split_once('.').unwrap_or(("0", text.as_str()?.trim()));
            let days = days.parse::<u32>().ok()?;
            let parts: Option<Vec<u32>> = clock.split(':').map(|part| part.parse().ok()).collect();
            match parts?.as_slice() {
                [hours @ 0..24, minutes @ 0..60] => Some(format!("P{days}DT{hours}H{minutes}M0S")),
                [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] => {
                    Some(format!("P{days}DT{hours}H{minutes}M{seconds}S"))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn table(value: &Value) -> Option<Value> {
    let is_table = value.as_object().is_some_and(|object| matches!(object.content, Content::Dictionary(_)));
    is_table.then(|| value.clone())
}

/// A single table is a list of one.
pub(super) fn tables(value: &Value) -> Option<Value> {
    match value.items() {
        Some(items) => items.iter().map(table).collect::<Option<Vec<_>>>().map(Value::list),
        None => table(value).map(|one| Value::list(vec![one])),
    }
}

/// As `[string]` makes it; `$null` becomes the empty string. `None` for what
/// is no scalar.
pub(in crate::demo) fn text(value: &Value) -> Option<String> {
    Some(match value.base() {
        Value::Nil => String::new(),
        Value::String(text) | Value::Uri(text) => text.to_string_lossy().into_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Guid(guid) => guid.to_string(),
        Value::F64(number) => number.to_string(),
        Value::DateTime(date) => date.to_string(),
        other => other.as_i64()?.to_string(),
    })
}

pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value.items() {
        Some(items) => items.iter().map(text).collect(),
        None => text(value).map(|one| vec![one]),
    }
}

pub(super) fn number(value: &Value) -> Option<i32> {
    match value.base() {
        Value::Nil => Some(0),
        Value::Bool(flag) => Some(i32::from(*flag)),
        Value::String(text) => text.as_str()?.trim().parse().ok(),
        // PowerShell rounds to the even one.
        Value::F64(number) => format!("{:.0}", number.round_ties_even()).parse().ok(),
        other => other.as_i64()?.try_into().ok(),
    }
}

pub(super) fn flag(value: &Value) -> Option<bool> {
    match value.base() {
        Value::Bool(flag) => Some(*flag),
        other => other.as_i64().map(|number| number != 0),
    }
}

pub(super) fn switch(value: &Value) -> Option<bool> {
    match value.base() {
        Value::Nil => Some(false),
        Value::Bool(flag) => Some(*flag),
        // Object SwitchParameter.
        other => other.get("IsPresent").and_then(Value::as_bool),
    }
}

/// Chosen: what names no zone is UTC, as on a host whose zone is UTC.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let written = match value.base() {
        Value::DateTime(date) => date.as_str().to_owned(),
        Value::String(text) => text.as_str()?.trim().to_owned(),
        _ => return None,
    };
    let whole = if written.contains(['T', ' ']) { written } else { format!("{written}T00:00:00") };
    whole.parse().or_else(|_| format!("{whole}Z").parse()).ok()
}
