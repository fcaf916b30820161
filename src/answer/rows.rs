//! What a function gave back.

use std::sync::Arc;

use serde_json::Value as Json;
use wsman::clixml::Value;
use wsman::clixml::json::to_json_within;

use super::case::Warning;
use super::rename::rename;
use super::shape::said_bytes;
use super::{HostText, Records};
use crate::catalog::OutputShape;

/// Bytes that objects which a row repeats may cost. Chosen: far above a page.
const REPEATS: usize = 1 << 20;

/// What a function gave back, as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) rows: Arc<Records>,
    pub(crate) text: Vec<String>,
    /// Warnings of the host.
    pub(crate) warnings: Vec<String>,
    /// Warnings of ours.
    pub(crate) ours: Vec<Warning>,
    pub(crate) host_errors: Vec<HostText>,
    /// Defaults that were sent and left something out.
    pub(crate) filters: Vec<Filter>,
}

/// A default that was sent, since it leaves something out.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The parameter, by the catalogue.
    pub name: &'static str,
    /// Its value.
    pub value: Json,
}

impl Filter {
    /// To read.
    pub(super) fn said(&self) -> String {
        let one = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = match &self.value {
            Json::Array(all) => all.iter().map(one).collect::<Vec<_>>().join(", "),
            value => one(value),
        };
        format!("{} = {value}", self.name)
    }
}

impl Rows {
    /// With how they were asked for. As many rows as may come at most are
    /// perhaps not all.
    pub(crate) fn asked(&mut self, warning: Option<Warning>, filters: Vec<Filter>, limit: Option<(&'static str, u64)>) {
        self.ours.extend(warning);
        self.filters = filters;
        let count = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let at_limit = limit.filter(|(_, most)| *most > 0 && count >= *most);
        self.ours.extend(at_limit.map(|(name, most)| Warning::AtLimit { name, most }));
    }

    /// Bytes that they take, more or less.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + said_bytes(&self.text, &self.warnings, &self.host_errors)
    }
}

/// The objects that a function puts out, under the catalogue's names, made
/// rows as they come: one as an object takes several times the bytes of its
/// row.
///
/// A script that writes its array as one object means its items, and one
/// that writes JSON means what stands in it. Where rows are objects, what
/// is none fell out by the way (`$list.Add($x)` does): it stands in `text`.
pub(crate) struct Gathering<'a> {
    sorted: Sorted<'a>,
    left_out: usize,
}

impl<'a> Gathering<'a> {
    pub(crate) fn of(output: &'a OutputShape) -> Self {
        let sorted = Sorted { output, rows: Records::default(), scalars: Vec::new(), text: Vec::new() };
        Self { sorted, left_out: 0 }
    }

    /// Takes an object.
    pub(crate) fn take(&mut self, value: &Value) {
        match value.items() {
            Some(items) => items.iter().for_each(|item| self.push(item)),
            None => self.push(value),
        }
    }

    fn push(&mut self, value: &Value) {
        let converted = to_json_within(value, REPEATS);
        self.left_out += converted.left_out;
        self.sorted.push(converted.json);
    }

    /// All of them.
    pub(crate) fn finish(self) -> Rows {
        let (rows, text) = self.sorted.finish();
        let count = self.left_out;
        let ours = (count > 0).then_some(Warning::RepeatsLeftOut { count });
        Rows { rows: Arc::new(rows), text, ours: ours.into_iter().collect(), ..Rows::default() }
    }
}

/// Rows and what is none, while they come.
struct Sorted<'a> {
    output: &'a OutputShape,
    rows: Records,
    /// Until it is known whether rows are objects.
    scalars: Vec<Json>,
    text: Vec<String>,
}

impl Sorted<'_> {
    fn push(&mut self, row: Json) {
        match row {
            Json::Object(_) | Json::Array(_) => self.rows.push(&rename(row, self.output)),
            scalar => self.scalars.push(scalar),
        }
    }

    fn finish(mut self) -> (Records, Vec<String>) {
        if self.rows.is_empty() {
            self.read_json();
        }
        if self.rows.is_empty() {
            self.scalars.iter().for_each(|scalar| self.rows.push(scalar));
        } else {
            let strays = self.scalars.drain(..).filter(|scalar| !scalar.is_null());
            self.text.extend(strays.map(|scalar| scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned)));
        }
        (self.rows, self.text)
    }

    /// Reads texts that are JSON: all of them together, since a native program
    /// writes its line by line, or each by itself. What stands in them is
    /// looked at once: a text in it stays one.
    fn read_json(&mut self) {
        let scalars = std::mem::take(&mut self.scalars);
        let lines: Option<Vec<&str>> = scalars.iter().map(Json::as_str).collect();
        let whole = lines.filter(|lines| lines.len() > 1).and_then(|lines| written_json(&lines.join("\n")));
        let read = match whole {
            Some(whole) => vec![whole],
            None => {
                scalars.into_iter().map(|scalar| scalar.as_str().and_then(written_json).unwrap_or(scalar)).collect()
            }
        };
        for row in read {
            match row {
                Json::Array(rows) => rows.into_iter().for_each(|row| self.push(row)),
                row => self.push(row),
            }
        }
    }
}

/// The array or object that a text is the JSON of, as a whole.
fn written_json(text: &str) -> Option<Json> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let looks = text.starts_with('[') && text.ends_with(']') || text.starts_with('{') && text.ends_with('}');
    looks.then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::OutputKind;

    #[test]
    fn an_array_that_came_as_one_object_is_its_rows() {
        let data = [Value::list(vec!["a".into(), Value::I32(2)]), Value::from("b")];
        assert_eq!(of(data.to_vec()), (vec![json!("a"), json!(2), json!("b")], Vec::new()));
    }

    fn of(data: Vec<Value>) -> (Vec<Json>, Vec<String>) {
        let output = OutputShape { kind: OutputKind::List, properties: Vec::new(), telling: Vec::new() };
        let mut gathering = Gathering::of(&output);
        for value in data {
            gathering.take(&value);
        }
        let rows = gathering.finish();
        (rows.rows.iter().collect(), rows.text)
    }

    #[test]
    fn c7_json_text_is_its_rows_and_never_inside_a_property() {
        let (a, b) = (json!({"a": 1}), json!({"a": 2}));
        assert_eq!(of(vec![r#"[{"a":1},{"a":2}]"#.into()]), (vec![a.clone(), b.clone()], Vec::new()));
        assert_eq!(of(vec![r#" {"a":1} "#.into(), r#"{"a":2}"#.into()]), (vec![a.clone(), b.clone()], Vec::new()));
        let lines = ["[", r#"  {"a": 1},"#, r#"  {"a": 2}"#, "]"].map(Value::from);
        assert_eq!(of(lines.to_vec()), (vec![a, b], Vec::new()), "a line per row");
        let export = r#"[{"a":1}]"#;
        let row = Value::custom([("Content", Value::from(export))]);
        assert_eq!(of(vec![row]), (vec![json!({"Content": export})], Vec::new()));
        for text in ["[+] 29 rules", "{0}", "[1", "12", "\"x\"", ""] {
            assert_eq!(of(vec![text.into()]), (vec![json!(text)], Vec::new()), "{text}");
        }
        assert_eq!(of(vec![r#"["[1]"]"#.into()]), (vec![json!("[1]")], Vec::new()), "looked at once");
    }

    #[test]
    fn c7_what_fell_out_beside_objects_stands_in_text() {
        let rule = |n: i32| Value::custom([("RuleId", Value::I32(n))]);
        let data = vec![Value::I32(0), rule(1), Value::I32(1), rule(2), Value::from("fertig"), Value::Bool(true)];
        let text = ["0", "1", "fertig", "true"].map(str::to_owned).to_vec();
        assert_eq!(of(data), (vec![json!({"RuleId": 1}), json!({"RuleId": 2})], text));
        assert_eq!(of(vec![Value::I32(0), Value::I32(1)]), (vec![json!(0), json!(1)], Vec::new()), "they are the rows");
    }
}
