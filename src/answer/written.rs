//! JSON as text, written once: for its length, and to be read.

use std::io;

use serde_json::Value as Json;

/// A row as it was written once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    /// Without its empty fields, in one line: for the copy.
    pub(super) copy: String,
    /// Bytes of the whole, empty fields and all: for the page.
    pub(super) bytes: usize,
}

impl Written {
    pub(super) fn of(row: &Json) -> Self {
        let mut text = Vec::new();
        let Json::Object(fields) = row else {
            push(&mut text, row);
            return Self { bytes: text.len(), copy: utf8(text) };
        };
        let mut left_out = 0;
        text.push(b'{');
        for (name, value) in fields {
            let begin = text.len();
            if begin > 1 {
                text.push(b',');
            }
            push(&mut text, name);
            text.push(b':');
            if value.is_null() {
                // Counted with a comma: at the beginning, the next field will be written without.
                left_out += text.len() - begin + "null".len() + usize::from(begin == 1);
                text.truncate(begin);
            } else {
                push(&mut text, value);
            }
        }
        // When every field was left out, one of them needs no comma.
        let unneeded = usize::from(text.len() == 1 && left_out > 0);
        text.push(b'}');
        Self { bytes: text.len() + left_out - unneeded, copy: utf8(text) }
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
    fn the_copy_lacks_empty_fields_and_the_length_does_not() {
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
            assert_eq!((written.copy.as_str(), written.bytes), (copy, row.to_string().len()), "{row}");
            assert_eq!(length(&row), row.to_string().len(), "{row}");
        }
    }
}
