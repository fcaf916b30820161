//! Arguments that fit their function.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wsman::clixml::Value;

/// A bound value.
pub(super) enum Argument {
    Text(String),
    Texts(Vec<String>),
    Number(i32),
    Flag(bool),
    Date(Timestamp),
    /// ISO 8601.
    Span(String),
    /// A table or several.
    Tables(Value),
}

/// Arguments that fit their function.
#[derive(Default)]
pub(in crate::demo) struct Bound(pub(super) BTreeMap<String, Argument>);

impl Bound {
    pub(in crate::demo) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Argument::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(in crate::demo) fn texts(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name) {
            Some(Argument::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    pub(in crate::demo) fn number(&self, name: &str) -> Option<i32> {
        match self.0.get(name) {
            Some(Argument::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(in crate::demo) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Argument::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A switch that was given and not as false.
    pub(in crate::demo) fn has(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    /// ISO 8601.
    pub(in crate::demo) fn span(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Argument::Span(span)) => Some(span),
            _ => None,
        }
    }

    /// A table, or a list of them.
    pub(in crate::demo) fn value(&self, name: &str) -> Option<&Value> {
        match self.0.get(name) {
            Some(Argument::Tables(value)) => Some(value),
            _ => None,
        }
    }

    pub(in crate::demo) fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(in crate::demo) fn date(&self, name: &str) -> Option<Timestamp> {
        match self.0.get(name) {
            Some(Argument::Date(date)) => Some(*date),
            _ => None,
        }
    }
}
