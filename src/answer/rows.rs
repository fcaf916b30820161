//! What a function gave back.

use std::sync::Arc;

use serde_json::Value as Json;
use wsman::clixml::Value;
use wsman::clixml::json::to_json_within;

use super::HostText;
use super::case::Warning;
use super::rename::rename;
use crate::catalog::OutputShape;

/// Bytes that objects which a row repeats may cost. Chosen: far above a page.
const REPEATS: usize = 1 << 20;

/// What a function gave back, as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) rows: Arc<Vec<Json>>,
    pub(crate) text: Vec<String>,
    /// Warnings of the host.
    pub(crate) warnings: Vec<String>,
    /// Warnings of ours.
    pub(crate) ours: Vec<Warning>,
    pub(crate) host_errors: Vec<HostText>,
}

impl Rows {
    /// The objects that a function put out, under the catalogue's names.
    pub(crate) fn of(data: &[Value], output: &OutputShape) -> Self {
        let mut rows = Vec::new();
        let mut left_out = 0;
        let mut push = |value: &Value| {
            let converted = to_json_within(value, REPEATS);
            left_out += converted.left_out;
            rows.push(rename(converted.json, output));
        };
        for value in data {
            match value.items() {
                // A script that writes its array as one object means its items.
                Some(items) => items.iter().for_each(&mut push),
                None => push(value),
            }
        }
        let mut ours = Vec::new();
        if left_out > 0 {
            ours.push(Warning::RepeatsLeftOut { count: left_out });
        }
        Self { rows: Arc::new(rows), ours, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::OutputKind;

    #[test]
    fn an_array_that_came_as_one_object_is_its_rows() {
        let data = [Value::list(vec!["a".into(), Value::I32(2)]), Value::custom([("RuleId", Value::from("r"))])];
        let rows = Rows::of(&data, &OutputShape { kind: OutputKind::List, properties: Vec::new() });
        assert_eq!(rows.rows, Arc::new(vec![json!("a"), json!(2), json!({"RuleId": "r"})]));
    }
}
