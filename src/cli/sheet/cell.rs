//! What stands in a cell.

use serde_json::Value as Json;

use crate::cli::visible::visible;

/// Characters of a cell at most. Chosen: more than any terminal is wide.
const CHARS: usize = 2_000;

/// A value in one line, as short as it can be said.
pub(super) fn cell(value: &Json) -> String {
    let text = match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) if items.iter().all(is_scalar) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let text = visible(text.trim());
    match text.char_indices().nth(CHARS) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Whether it is one value, no list and no object.
pub(super) fn is_scalar(value: &Json) -> bool {
    !value.is_array() && !value.is_object()
}

/// Whether nothing is there to be seen.
pub(super) fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether it is for machines: an id, an etag, an address.
pub(super) fn is_opaque(value: &Json) -> bool {
    // Chosen: a GUID has 36; words of that length have no digits and people's text has spaces.
    const LONG: usize = 32;
    value.as_str().is_some_and(|text| {
        text.len() >= LONG && !text.contains(char::is_whitespace) && text.contains(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_said_in_one_line() {
        for (value, said) in [
            (json!(null), ""),
            (json!(["InitialAccess", "Persistence"]), "InitialAccess, Persistence"),
            (json!({"High": 1}), r#"{"High":1}"#),
            (json!("a\nb\u{1b}[2J"), r"a\nb\u001b[2J"),
            (json!(true), "true"),
        ] {
            assert_eq!(cell(&value), said);
        }
        assert_eq!(cell(&json!("x".repeat(CHARS + 1))).chars().count(), CHARS + 1);
    }

    #[test]
    fn ids_are_told_from_words() {
        for id in ["000000b0-0d3a-4000-8000-000000000001", "https://portal.example/incidents/0000-000000"] {
            assert!(is_opaque(&json!(id)), "{id}");
        }
        for word in ["Sign-in from a country new for 1 user", "T1110.003", "Donaudampfschifffahrtsgesellschaft"] {
            assert!(!is_opaque(&json!(word)), "{word}");
        }
    }
}
