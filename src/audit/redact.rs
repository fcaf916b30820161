//! Arguments as the trail may keep them.
//!
//! Enough to say later what was asked for, and to prove that a text was this
//! one; not the text. What names the object is plain, or the trail would not
//! say on what.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::key::{Key, Over, hex};

/// Longest plain text, in characters. Chosen: names of Azure have at most 260.
const LONGEST_PLAIN: usize = 260;

/// Most items of a list that is written item by item.
const MOST_ITEMS: usize = 32;

/// Most bytes of all arguments, or of the object. Chosen: 40 arguments of a
/// hundred bytes are 4 KiB; more is a list that somebody made long.
const MOST_BYTES: usize = 16 * 1024;

/// What the catalogue knows of an argument.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// It says on which rule, incident or table; its value is plain.
    pub names_object: bool,
    /// Nothing of it is kept, not even that it was given.
    pub secret: bool,
    /// What its texts may be.
    pub form: Form<'a>,
}

/// What a text may be. Asked of every value: a refused call's need not fit.
#[derive(Clone, Copy)]
pub enum Form<'a> {
    /// Anything.
    Free,
    /// One of these, in any case.
    OneOf(&'a [String]),
    /// What this is true of: a date, an id, a number of addresses.
    Format(&'a dyn Fn(&str) -> bool),
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("Free"),
            Self::OneOf(values) => f.debug_tuple("OneOf").field(values).finish(),
            Self::Format(_) => f.write_str("Format"),
        }
    }
}

/// Arguments without secrets and free text. Made by
/// [`Trail::arguments`](super::Trail::arguments) only.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Arguments {
    #[serde(skip_serializing_if = "super::entry::is_empty")]
    object: Map<String, Json>,
    #[serde(skip_serializing_if = "super::entry::is_empty")]
    arguments: Map<String, Json>,
}

impl Arguments {
    pub(super) fn of<'d>(
        given: &Map<String, Json>,
        describe: impl Fn(&str) -> Option<Described<'d>>,
        key: &Key,
    ) -> Self {
        let mut kept = Self::default();
        let mut unknown = Map::new();
        for (name, value) in given {
            match describe(name) {
                // Its name is the caller's text, too.
                None => drop(unknown.insert(name.clone(), value.clone())),
                Some(described) if described.secret => {}
                Some(described) => {
                    let part = if described.names_object { &mut kept.object } else { &mut kept.arguments };
                    part.insert(name.clone(), written(value, described, key));
                }
            }
        }
        if !unknown.is_empty() {
            let hidden = hidden(&Json::Object(unknown.clone()).to_string(), key);
            kept.arguments.insert("(unknown)".to_owned(), json!({ "count": unknown.len(), "hmac": hidden["hmac"] }));
        }
        for part in [&mut kept.object, &mut kept.arguments] {
            let whole = Json::Object(std::mem::take(part));
            let text = whole.to_string();
            *part = match whole {
                Json::Object(whole) if text.len() <= MOST_BYTES => whole,
                _ => Map::from_iter([("(all)".to_owned(), hidden(&text, key))]),
            };
        }
        kept
    }
}

fn written(value: &Json, described: Described<'_>, key: &Key) -> Json {
    match value {
        Json::Array(items) if items.len() <= MOST_ITEMS => {
            items.iter().map(|item| scalar(item, described, key)).collect()
        }
        value => scalar(value, described, key),
    }
}

fn scalar(value: &Json, described: Described<'_>, key: &Key) -> Json {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
        Json::String(text) if is_plain(text, described) => value.clone(),
        Json::String(text) => hidden(text, key),
        // Tables, and lists in lists: no description reaches their texts.
        Json::Array(_) | Json::Object(_) => hidden(&value.to_string(), key),
    }
}

fn is_plain(text: &str, described: Described<'_>) -> bool {
    let fits = match described.form {
        _ if described.names_object => true,
        Form::Free => false,
        Form::OneOf(values) => values.iter().any(|value| value.eq_ignore_ascii_case(text)),
        Form::Format(fits) => fits(text),
    };
    fits && text.chars().nth(LONGEST_PLAIN).is_none()
}

/// Stands for a text: the same for the same text in this folder, and without
/// the folder's key no way to try texts.
fn hidden(text: &str, key: &Key) -> Json {
    let mark = key.seal(Over::Text, &[text.as_bytes()]);
    // Half of it tells texts apart, and people read these lines.
    json!({ "hmac": hex(&mark.0[..16]) })
}
