//! What `Format-Table` and its like put out: no data but a drawing, which
//! whoever holds the screen is to make.
//!
//! *Seen* on PowerShell 7.6: `FormatStartData` with the columns, a
//! `FormatEntryData` for each object, `FormatEndData`; the values are text.

use wsman::clixml::Value;

const OF: &str = "Microsoft.PowerShell.Commands.Internal.Format.";

/// Draws it.
#[derive(Debug, Default)]
pub(super) struct Display {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    lines: Vec<String>,
}

#[derive(Debug)]
struct Column {
    label: String,
    to_the_right: bool,
}

/// Cells of a table that stand at the right: numbers.
const RIGHT: i64 = 3;

impl Display {
    /// Takes a part of a drawing; `false`: it is data.
    pub(super) fn take(&mut self, value: &Value) -> bool {
        let names = value.as_object().and_then(|object| object.type_names.as_ref()?.first());
        let name = names.map_or("", |name| name.strip_prefix("Deserialized.").unwrap_or(name));
        match name.strip_prefix(OF) {
            None => return false,
            Some("FormatStartData") => {
                self.draw();
                self.columns = columns(value);
            }
            Some("FormatEntryData") => {
                if let Some(entry) = value.get("formatEntryInfo") {
                    self.entry(entry);
                }
            }
            Some("GroupStartData") => {
                let group = value.get("groupingEntry").map(texts).unwrap_or_default().concat();
                if !group.trim().is_empty() {
                    self.draw();
                    self.lines.push(group);
                }
            }
            Some("GroupEndData" | "FormatEndData") => self.draw(),
            Some(_) => {}
        }
        true
    }

    /// What is drawn so far.
    pub(super) fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// The rest, at the end of the call.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.draw();
        self.lines
    }

    fn entry(&mut self, entry: &Value) {
        if let Some(cells) = entry.get("formatPropertyFieldList").and_then(Value::items) {
            self.rows.push(cells.iter().map(|cell| text(cell, "propertyValue")).collect());
        } else if let Some(fields) = entry.get("listViewFieldList").and_then(Value::items) {
            let field = |field: &Value| {
                let label = Some(text(field, "label")).filter(|label| !label.is_empty());
                let value = field.get("formatPropertyField").map(|value| text(value, "propertyValue"));
                (label.unwrap_or_else(|| text(field, "propertyName")), value.unwrap_or_default())
            };
            let fields: Vec<(String, String)> = fields.iter().map(field).collect();
            let width = fields.iter().map(|(label, _)| wide(label)).max().unwrap_or_default();
            let lines = fields.iter().map(|(label, value)| format!("{} : {value}", padded(label, width, false)));
            self.lines.extend(lines);
            self.lines.push(String::new());
        } else {
            let line = texts(entry).concat();
            self.lines.extend(line.lines().map(str::to_owned));
        }
    }

    /// Draws the table of the rows that came.
    fn draw(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return;
        }
        let count = rows.iter().map(Vec::len).max().unwrap_or_default().max(self.columns.len());
        let cell = |row: &[String], n: usize| row.get(n).cloned().unwrap_or_default();
        let label = |n: usize| self.columns.get(n).map(|column| column.label.clone()).unwrap_or_default();
        let widths: Vec<usize> = (0..count)
            .map(|n| rows.iter().map(|row| wide(&cell(row, n))).max().unwrap_or_default().max(wide(&label(n))))
            .collect();
        let line = |of: &dyn Fn(usize) -> String| {
            let cells = widths.iter().enumerate().map(|(n, width)| {
                let to_the_right = self.columns.get(n).is_some_and(|column| column.to_the_right);
                padded(&of(n), *width, to_the_right)
            });
            cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
        };
        let mut lines = Vec::new();
        if self.columns.iter().any(|column| !column.label.is_empty()) {
            lines.push(line(&label));
            lines.push(line(&|n| "-".repeat(wide(&label(n)))));
        }
        lines.extend(rows.iter().map(|row| line(&|n| cell(row, n))));
        self.lines.append(&mut lines);
    }
}

fn columns(start: &Value) -> Vec<Column> {
    let all = start.get("shapeInfo").and_then(|shape| shape.get("tableColumnInfoList")).and_then(Value::items);
    let column = |column: &Value| {
        let label = Some(text(column, "label")).filter(|label| !label.is_empty());
        Column {
            label: label.unwrap_or_else(|| text(column, "propertyName")),
            to_the_right: column.get("alignment").and_then(Value::as_i64) == Some(RIGHT),
        }
    };
    all.unwrap_or_default().iter().map(column).collect()
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
    // A cell of several lines would tear the table.
    text.replace(['\r', '\n'], " ")
}

/// Every text of a drawing that is neither table nor list, in order.
fn texts(value: &Value) -> Vec<String> {
    let Some(object) = value.as_object() else { return Vec::new() };
    if let Some(items) = value.items() {
        return items.iter().flat_map(texts).collect();
    }
    if object.is_a(&format!("{OF}FormatNewLine")) {
        return vec!["\n".to_owned()];
    }
    let mut all = Vec::new();
    for property in object.extended.iter().chain(&object.adapted) {
        match property.name.as_str() {
            Some("text" | "propertyValue") => all.extend(property.value.as_str().map(str::to_owned)),
            _ => all.extend(texts(&property.value)),
        }
    }
    all
}

fn wide(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize, to_the_right: bool) -> String {
    let gap = " ".repeat(width.saturating_sub(wide(text)));
    if to_the_right { format!("{gap}{text}") } else { format!("{text}{gap}") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wsman::clixml::{Object, Property};

    use super::*;

    fn typed(name: &str, properties: Vec<(&str, Value)>) -> Value {
        let properties = properties.into_iter().map(|(name, value)| Property { name: name.into(), value });
        Value::Object(Arc::new(Object {
            type_names: Some(Arc::from([format!("{OF}{name}").into_boxed_str()])),
            extended: properties.collect(),
            ..Object::default()
        }))
    }

    fn cell(text: &str) -> Value {
        typed("FormatPropertyField", vec![("propertyValue", text.into())])
    }

    #[test]
    fn c7_a_table_is_drawn() {
        let column = |label: &str, alignment| {
            let info =
                vec![("propertyName", label.into()), ("alignment", Value::I32(alignment)), ("label", Value::Nil)];
            typed("TableColumnInfo", info)
        };
        let shape = typed(
            "TableHeaderInfo",
            vec![("tableColumnInfoList", Value::list(vec![column("N", 3), column("Name", 1)]))],
        );
        let entry = |n: &str, name: &str| {
            let row = typed("TableRowEntry", vec![("formatPropertyFieldList", Value::list(vec![cell(n), cell(name)]))]);
            typed("FormatEntryData", vec![("formatEntryInfo", row)])
        };
        let mut display = Display::default();
        for part in [
            typed("FormatStartData", vec![("shapeInfo", shape)]),
            typed("GroupStartData", vec![("groupingEntry", Value::Nil)]),
            entry("1", "Übung"),
            entry("10", "b"),
            typed("GroupEndData", vec![]),
            typed("FormatEndData", vec![]),
        ] {
            assert!(display.take(&part));
        }
        assert_eq!(display.finish(), [" N Name", " - ----", " 1 Übung", "10 b"]);
        assert!(!Display::default().take(&Value::custom([("formatEntryInfo", Value::Nil)])), "data");
    }

    #[test]
    fn c7_what_is_neither_table_nor_list_is_its_texts_line_by_line() {
        let mut display = Display::default();
        for name in ["Anmeldung", "Übung"] {
            let wide = typed("WideViewEntry", vec![("formatPropertyField", cell(name))]);
            assert!(display.take(&typed("FormatEntryData", vec![("formatEntryInfo", wide)])));
        }
        assert_eq!(display.finish(), ["Anmeldung", "Übung"]);
    }
}
