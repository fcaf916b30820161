//! Which fields of rows become columns.

use serde_json::{Map, Value as Json};

use super::cell::{cell, is_empty, is_opaque, is_scalar};
use super::table::{Column, Fit, GAP, Table, width};

/// A row.
pub(super) type Row = Map<String, Json>;

/// The narrowest column that is still worth it for a wider cell. Chosen: a
/// word and a half.
const NARROW: usize = 12;

/// Columns for rows, and what has no place among them.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// Fields that are somewhere filled, and not shown.
    pub(super) left_out: Vec<String>,
}

/// How much a field is worth a column, the better the less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Told,
    /// Mostly empty.
    Sparse,
    /// For machines, or a value with parts.
    Opaque,
}

struct Field<'a> {
    name: &'a str,
    worth: Worth,
    width: usize,
    right: bool,
}

impl Columns {
    /// Those of the rows' fields that fit the width: in the rows' order, ids
    /// and fields that are mostly empty only where there is room left. Without
    /// `but`.
    pub(super) fn fitting(rows: &[&Row], width: usize, but: &[&str]) -> Self {
        let fields = fields(rows, but);
        let mut order: Vec<usize> = (0..fields.len()).collect();
        order.sort_by_key(|index| fields.get(*index).map(|field| field.worth));
        let mut left = width;
        let mut taken: Vec<Option<usize>> = vec![None; fields.len()];
        for index in order {
            let Some(field) = fields.get(index) else { continue };
            // One column of text shall not push out all others.
            let wanted = field.width.min(if field.worth == Worth::Told { width / 2 } else { field.width });
            let given = match wanted {
                wanted if wanted <= left => wanted,
                _ if left >= NARROW && field.worth == Worth::Told => left,
                _ => break,
            };
            if let Some(taken) = taken.get_mut(index) {
                *taken = Some(given);
            }
            left = left.saturating_sub(given + GAP);
        }
        let mut columns = Vec::new();
        let mut left_out = Vec::new();
        for (field, taken) in fields.iter().zip(taken) {
            match taken {
                Some(width) => {
                    columns.push(Column { name: field.name.to_owned(), width: Some(width), right: field.right });
                }
                None => left_out.push(field.name.to_owned()),
            }
        }
        Self { columns, left_out }
    }

    /// All of the rows' fields, because they were asked for by name.
    pub(super) fn all(rows: &[&Row], width: usize, but: &[&str]) -> Self {
        // An id that is broken cannot be copied: half of the width is theirs.
        let mut ids = width / 2;
        let columns = fields(rows, but).into_iter().map(|field| {
            let is_whole = field.worth == Worth::Opaque && field.width <= ids;
            ids -= if is_whole { field.width } else { 0 };
            Column { name: field.name.to_owned(), width: is_whole.then_some(field.width), right: field.right }
        });
        Self { columns: columns.collect(), left_out: Vec::new() }
    }

    /// What stands in the columns for a row.
    pub(super) fn cells(&self, row: &Row) -> Vec<String> {
        self.columns.iter().map(|column| row.get(&column.name).map(cell).unwrap_or_default()).collect()
    }

    /// A table of the rows.
    pub(super) fn table<'a>(&self, rows: impl IntoIterator<Item = &'a Row>, fit: Fit) -> Table {
        let mut table = Table::new(self.columns.clone(), fit);
        for row in rows {
            table.row(self.cells(row));
        }
        table
    }
}

/// The fields that are somewhere filled, in the order in which they come.
fn fields<'a>(rows: &[&'a Row], but: &[&str]) -> Vec<Field<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !but.contains(&name.as_str()) && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let fields = names.into_iter().filter_map(|name| {
        let values: Vec<&Json> = rows.iter().filter_map(|row| row.get(name)).filter(|value| !is_empty(value)).collect();
        let widest = values.iter().map(|value| width(&cell(value))).max()?;
        let has_parts = |value: &&Json| match value {
            Json::Array(items) => !items.iter().all(is_scalar),
            other => other.is_object(),
        };
        let worth = if values.iter().any(|value| is_opaque(value) || has_parts(value)) {
            Worth::Opaque
        } else if values.len() * 3 < rows.len() {
            Worth::Sparse
        } else {
            Worth::Told
        };
        let right = values.iter().all(|value| value.is_number());
        Some(Field { name, worth, width: widest.max(width(name)), right })
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> Vec<Row> {
        let row = |id: u32, name: &str, tactics: Json, template: Json| {
            json!({"RuleId": format!("000000b0-0d3a-4000-8000-{id:012}"), "DisplayName": name, "Enabled": true,
                   "Tactics": tactics, "TemplateName": template, "Query": null, "Count": id})
        };
        let rows = [
            row(1, "Password spray against Entra ID", json!(["CredentialAccess"]), json!("a template")),
            row(2, "Inbox rule sends mail outside", json!(["Collection", "DefenseEvasion"]), json!(null)),
            row(3, "MFA fatigue", json!([]), json!("")),
            row(12, "Break-glass account used", json!(["InitialAccess"]), json!(null)),
        ];
        rows.into_iter().map(|row| row.as_object().cloned().unwrap()).collect()
    }

    fn shown(width: usize) -> (String, Vec<String>) {
        let rows = rows();
        let columns = Columns::fitting(&rows.iter().collect::<Vec<_>>(), width, &[]);
        let lines = columns.table(&rows, Fit::Cut).lines();
        assert!(lines.iter().all(|line| super::width(&line.text) <= width), "{lines:?}");
        (lines.iter().map(|line| format!("{}\n", line.text)).collect(), columns.left_out)
    }

    #[test]
    fn ids_and_empty_fields_come_last_and_nothing_is_wider_than_the_terminal() {
        let (text, left_out) = shown(60);
        assert_eq!(
            text,
            "DisplayName                     Enabled  Tactics\n\
             Password spray against Entra…   true     CredentialAccess\n\
             Inbox rule sends mail outside   true     Collection, Defens…\n\
             MFA fatigue                     true\n\
             Break-glass account used        true     InitialAccess\n"
        );
        assert_eq!(left_out, ["RuleId", "TemplateName", "Count"]);
        let (text, left_out) = shown(160);
        assert!(text.starts_with("RuleId ") && left_out.is_empty(), "{text}");
        assert!(!text.contains("Query"), "{text}");
        for width in 24..160 {
            shown(width);
        }
    }
}
