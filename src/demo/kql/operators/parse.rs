//! `parse` and `parse-where`.

use regex::Regex;

use super::At;
use crate::demo::kql::bind::Cursor;
use crate::demo::kql::error::Error;
use crate::demo::kql::functions::conversion::convert;
use crate::demo::kql::functions::pattern;
use crate::demo::kql::syntax::{Parse, ParseMode, ParsePart};
use crate::demo::kql::table::{Column, Row, Table};
use crate::demo::kql::value::{Kind, Value};

pub(super) fn parse(at: &At<'_, '_>, parse: &Parse, table: &Table) -> Result<Table, Error> {
    let value = at.binder(&table.columns).bind(&parse.value)?;
    let regex = regex_of(at, parse)?;
    let wanted: Vec<(&str, Kind)> = parse
        .parts
        .iter()
        .filter_map(|part| match part {
            ParsePart::Column(name, kind) => Some((name.as_str(), *kind)),
            _ => None,
        })
        .collect();
    let mut columns = table.columns.clone();
    let mut places = Vec::new();
    for (name, kind) in &wanted {
        match columns.iter().position(|column| *column.name == **name) {
            Some(place) => {
                if let Some(column) = columns.get_mut(place) {
                    column.kind = *kind;
                }
                places.push(place);
            }
            None => {
                places.push(columns.len());
                columns.push(Column::new(name, *kind));
            }
        }
    }
    let mut rows = Vec::new();
    for n in 0..table.rows.len() {
        let cursor = Cursor { rows: &table.rows, at: n };
        let found = fields(&regex, parse.mode, &value.at(&cursor).to_text(), &wanted);
        if found.is_none() && parse.filter {
            at.engine.spend(1)?;
            continue;
        }
        let values = found.unwrap_or_else(|| wanted.iter().map(|(_, kind)| kind.nothing()).collect());
        at.engine.made(&values, columns.len())?;
        let mut row = cursor.row().to_vec();
        row.resize(columns.len(), Value::Null);
        for (place, value) in places.iter().zip(values) {
            if let Some(cell) = row.get_mut(*place) {
                *cell = value;
            }
        }
        rows.push(Row::from(row));
    }
    Ok(Table { name: table.name.clone(), columns, rows, ordered: table.ordered })
}

/// What the columns hold; none where the text does not fit.
fn fields(regex: &Regex, mode: ParseMode, text: &str, wanted: &[(&str, Kind)]) -> Option<Vec<Value>> {
    let found = regex.captures(text)?;
    let mut values = Vec::new();
    for (n, (_, kind)) in wanted.iter().enumerate() {
        let part = found.get(n + 1).map_or("", |part| part.as_str());
        let value = convert(&Value::text(part), *kind);
        // Spec: simple mode takes nothing where one value is of another type.
        if mode != ParseMode::Relaxed && value.is_null() {
            return None;
        }
        values.push(value);
    }
    Some(values)
}

/// The pattern as a regular expression: a column is as short as it can be, the
/// last one goes to the end.
fn regex_of(at: &At<'_, '_>, parse: &Parse) -> Result<Regex, Error> {
    let mut text = "(?s)^".to_owned();
    let last = parse.parts.len().saturating_sub(1);
    for (n, part) in parse.parts.iter().enumerate() {
        text += &match part {
            ParsePart::Star if n == last => ".*".to_owned(),
            ParsePart::Star => ".*?".to_owned(),
            ParsePart::Text(text) if parse.mode == ParseMode::Regex => format!("(?:{text})"),
            ParsePart::Text(text) => regex::escape(text),
            ParsePart::Column(_, kind) => {
                let number = matches!(kind, Kind::Int | Kind::Long);
                match (number, n == last) {
                    (true, _) if parse.mode != ParseMode::Relaxed => r"\s*([-+]?\d+)\s*".to_owned(),
                    (_, true) => "(.*)".to_owned(),
                    _ => "(.*?)".to_owned(),
                }
            }
        };
    }
    text.push('$');
    // Groups of the query's own patterns would shift ours.
    let plain = parse.parts.iter().all(|part| match part {
        ParsePart::Text(text) if parse.mode == ParseMode::Regex => {
            pattern::compile(text).is_some_and(|regex| regex.captures_len() == 1)
        }
        _ => true,
    });
    pattern::compile(&text)
        .filter(|_| plain)
        .ok_or_else(|| at.wrong("its pattern is no regular expression without groups"))
}
