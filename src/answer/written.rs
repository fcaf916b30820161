//! JSON as text, written once: for its cost, and to be read.

use std::io;

use serde_json::Value as Json;

use super::tokens::part;

/// A row as it was written once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    /// Without its empty fields, in one line: for the copy.
    pub(super) copy: String,
    /// Tokens of both copies: this one, and the whole, empty fields and all.
    pub(super) tokens: usize,
}

impl Written {
    pub(super) fn of(row: &Json) -> Self {
        let mut text = Vec::new();
        let Json::Object(fields) = row else {
            push(&mut text, row);
            let copy = utf8(text);
            return Self { tokens: 2 * part(&copy), copy };
        };
        let mut empty = Vec::new();
        text.push(b'{');
        for (name, value) in fields {
            if value.is_null() {
                push(&mut empty, name);
                empty.extend(b":null,");
                continue;
            }
            if text.len() > 1 {
                text.push(b',');
            }
            push(&mut text, name);
            text.push(b':');
            push(&mut text, value);
        }
        text.push(b'}');
        let copy = utf8(text);
        Self { tokens: 2 * part(&copy) + part(&utf8(empty)), copy }
    }
}

/// Bytes of a value's JSON. Counted, not kept.
pub(super) fn length(value: &Json) -> usize {
    let mut counter = Counter(0);
    push(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn push(to: impl io::Write, value: &(impl serde::Serialize + ?Sized)) {
    // Neither a vector nor a counter fails, and every key of JSON is a string.
    serde_json::to_writer(to, value).unwrap_or_default();
}

fn utf8(text: Vec<u8>) -> String {
    // serde_json writes nothing else.
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_copy_lacks_empty_fields_and_the_cost_does_not() {
        for (row, copy) in [
            (json!({}), "{}"),
            (json!({"a": 1}), r#"{"a":1}"#),
            (json!({"a": null}), "{}"),
            (json!({"a": null, "bb": null}), "{}"),
            (json!({"a": null, "b": 1}), r#"{"b":1}"#),
            (json!({"a": null, "b": 1, "c": null, "d": {"e": null}}), r#"{"b":1,"d":{"e":null}}"#),
            (json!({"ä\"": "ü\n", "n": null}), r#"{"ä\"":"ü\n"}"#),
            (json!("text"), r#""text""#),
            (json!(null), "null"),
        ] {
            let written = Written::of(&row);
            assert_eq!(written.copy, copy);
            assert!(written.tokens + 6 >= part(copy) + part(&row.to_string()), "{row}");
            assert_eq!(length(&row), row.to_string().len(), "{row}");
        }
    }
}
