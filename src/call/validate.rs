//! Arguments against the catalogue, before anything is sent.
//!
//! rmcp checks nothing, and a host swallows what it does not know: every
//! name, type and value is checked here. What clients send in another form
//! than asked for is read as [`reading`] has it, when nothing is lost.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::encode;
use crate::answer::case::{BadArgument, Misspelt, Wanted};
use crate::answer::{ToolError, expected};
use crate::catalog::schema::VIEW;
use crate::catalog::{Entry, Kind, Parameter, reading};

/// Checked arguments under the catalogue's names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments(pub(super) BTreeMap<&'static str, Json>);

impl Arguments {
    /// The same text for the same arguments.
    pub(super) fn canonical(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// Checks a function's arguments. `tenant`, `workspace` and the view's are
/// somebody else's.
pub(super) fn arguments(entry: &'static Entry, given: &Map<String, Json>) -> Result<Arguments, ToolError> {
    let mut arguments = Arguments::default();
    for (name, value) in given {
        if name == "tenant" || name == "workspace" || VIEW.contains(&name.as_str()) {
            continue;
        }
        let parameter = parameter(entry, name)?;
        if !is_given(parameter, value) {
            continue;
        }
        let value = check(parameter, value)?;
        if arguments.0.insert(&parameter.name, value).is_some() {
            return Err(ToolError::of(BadArgument::Twice { name: &parameter.name }));
        }
    }
    for parameter in entry.arguments().filter(|parameter| parameter.mandatory && parameter.parameter_set.is_none()) {
        if !arguments.0.contains_key(parameter.name.as_str()) {
            return Err(ToolError::of(BadArgument::Missing { name: &parameter.name }));
        }
    }
    alternatives(entry, &arguments)?;
    Ok(arguments)
}

/// Exactly one of the mandatory arguments that exclude each other.
fn alternatives(entry: &'static Entry, arguments: &Arguments) -> Result<(), ToolError> {
    let names: Vec<&'static str> = entry.alternatives().into_iter().map(|parameter| parameter.name.as_str()).collect();
    let given = names.iter().filter(|name| arguments.0.contains_key(**name)).count();
    match (names.as_slice(), given) {
        ([], _) | (_, 1) => Ok(()),
        ([name], _) => Err(ToolError::of(BadArgument::Missing { name })),
        (_, 0) => Err(ToolError::of(BadArgument::NoneOf { names })),
        _ => Err(ToolError::of(BadArgument::MoreThanOneOf { names })),
    }
}

fn parameter(entry: &'static Entry, name: &str) -> Result<&'static Parameter, ToolError> {
    let exact = entry.arguments().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
    if let Some(parameter) = exact.or_else(|| entry.arguments().find(|parameter| parameter.answers_to(name))) {
        return Ok(parameter);
    }
    let ours = entry.parameters.iter().any(|parameter| !parameter.is_argument() && parameter.answers_to(name));
    if ours {
        return Err(ToolError::of(BadArgument::Ours { name: name.to_owned() }));
    }
    let names = entry.arguments().map(|parameter| parameter.name.as_str()).chain(["tenant", "workspace"]).chain(VIEW);
    Err(ToolError::of(BadArgument::Unknown(Misspelt::of(name, names))))
}

/// Clients send null for "not given", and "" in the place of what they leave
/// out. A text that may be empty is one: it clears a description.
fn is_given(parameter: &'static Parameter, value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) if text.is_empty() => may_be_empty(parameter),
        _ => true,
    }
}

/// Whether "" is a value of it. PowerShell takes none for a mandatory text.
fn may_be_empty(parameter: &'static Parameter) -> bool {
    parameter.kind == Kind::String && !parameter.mandatory && text(parameter, "").is_ok()
}

/// One value, in its canonical form.
fn check(parameter: &'static Parameter, value: &Json) -> Result<Json, ToolError> {
    let name = &parameter.name;
    let value = reading::read(parameter.kind, value).ok_or_else(|| expected(name, wanted(parameter.kind)))?;
    if reading::is_too_deep(&value) {
        return Err(expected(name, Wanted::NoDeeper { most: reading::DEPTH }));
    }
    let texts = |form: fn(&str) -> Option<String>| {
        let read = value.as_str().and_then(form);
        read.map(Json::from).ok_or_else(|| expected(name, wanted(parameter.kind)))
    };
    match parameter.kind {
        Kind::String => text(parameter, value.as_str().unwrap_or_default()).map(Json::from),
        Kind::Strings => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let items = items.iter().map(|item| text(parameter, item.as_str().unwrap_or_default()));
            items.collect::<Result<Vec<_>, _>>().map(Json::from)
        }
        Kind::Int | Kind::Long => range(parameter, value.as_i64().unwrap_or_default()),
        Kind::Datetime => texts(encode::utc),
        Kind::Timespan => texts(encode::span),
        Kind::Double
        | Kind::Bool
        | Kind::Switch
        | Kind::Hashtable
        | Kind::Hashtables
        | Kind::Object
        | Kind::Objects => Ok(value),
    }
}

/// What a value of that kind is.
fn wanted(kind: Kind) -> Wanted {
    match kind {
        Kind::String => Wanted::Text,
        Kind::Strings => Wanted::Texts,
        Kind::Int | Kind::Long => Wanted::Whole,
        Kind::Double => Wanted::Number,
        Kind::Bool | Kind::Switch => Wanted::Flag,
        Kind::Datetime => Wanted::Time,
        Kind::Timespan => Wanted::Span,
        Kind::Hashtable | Kind::Object => Wanted::Object,
        Kind::Hashtables | Kind::Objects => Wanted::Objects,
    }
}

fn text(parameter: &'static Parameter, value: &str) -> Result<String, ToolError> {
    let name = &parameter.name;
    if !parameter.validate_set.is_empty() {
        let known = parameter.validate_set.iter().find(|known| known.eq_ignore_ascii_case(value));
        return known.cloned().ok_or_else(|| expected(name, Wanted::OneOf(&parameter.validate_set)));
    }
    if let Some((least, greatest)) = parameter.validate_length {
        let found = value.encode_utf16().count();
        if !(least..=greatest).contains(&found) {
            return Err(expected(name, Wanted::Long { least, greatest, found }));
        }
    }
    if let Some(pattern) = &parameter.validate_pattern {
        // A pattern that the engine here cannot read is left to the host, which checks again.
        if Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(value)) {
            let form = if pattern.contains("{12}") { Wanted::Guid } else { Wanted::Pattern(pattern) };
            return Err(expected(name, form));
        }
    }
    Ok(value.to_owned())
}

fn range(parameter: &Parameter, number: i64) -> Result<Json, ToolError> {
    match parameter.validate_range {
        Some((least, greatest)) if !(least..=greatest).contains(&number) => {
            Err(expected(&parameter.name, Wanted::Within { least, greatest, found: number }))
        }
        _ => Ok(number.into()),
    }
}

#[cfg(test)]
mod tests;
