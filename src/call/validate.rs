//! Arguments against the catalogue, before anything is sent.
//!
//! rmcp checks nothing, and a host swallows what it does not know: every
//! name, type and value is checked here.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::encode;
use crate::answer::{Code, ToolError, expected};
use crate::catalog::schema::VIEW;
use crate::catalog::{Entry, Kind, Parameter};
use crate::spelling;

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
        if value.is_null() {
            continue; // Clients send null for "not given".
        }
        let value = check(parameter, value)?;
        if arguments.0.insert(&parameter.name, value).is_some() {
            return Err(ToolError::invalid(format!("The argument \"{}\" is given twice.", parameter.name)));
        }
    }
    for parameter in entry.arguments().filter(|parameter| parameter.mandatory && parameter.parameter_set.is_none()) {
        if !arguments.0.contains_key(parameter.name.as_str()) {
            return Err(ToolError::invalid(format!("The argument \"{}\" is missing.", parameter.name)));
        }
    }
    alternatives(entry, &arguments)?;
    Ok(arguments)
}

/// Exactly one of the mandatory arguments that exclude each other.
fn alternatives(entry: &Entry, arguments: &Arguments) -> Result<(), ToolError> {
    let names: Vec<&str> = entry.alternatives().into_iter().map(|parameter| parameter.name.as_str()).collect();
    let given = names.iter().filter(|name| arguments.0.contains_key(**name)).count();
    match (names.len(), given) {
        (0, _) | (_, 1) => Ok(()),
        (1, _) => Err(ToolError::invalid(format!("The argument {} is missing.", spelling::quoted(names, "")))),
        (_, 0) => Err(ToolError::invalid(format!("One of {} is missing.", spelling::quoted(names, " or ")))),
        _ => Err(ToolError::invalid(format!("Give only one of {}.", spelling::quoted(names, " and ")))),
    }
}

fn parameter(entry: &'static Entry, name: &str) -> Result<&'static Parameter, ToolError> {
    let exact = entry.arguments().find(|parameter| parameter.name.eq_ignore_ascii_case(name));
    if let Some(parameter) = exact.or_else(|| entry.arguments().find(|parameter| parameter.answers_to(name))) {
        return Ok(parameter);
    }
    let ours = entry.parameters.iter().any(|parameter| !parameter.is_argument() && parameter.answers_to(name));
    if ours {
        return Err(ToolError::invalid(format!("The argument \"{name}\" is set by the server; leave it out.")));
    }
    let names = entry.arguments().map(|parameter| parameter.name.as_str()).chain(["tenant", "workspace"]).chain(VIEW);
    Err(ToolError::misspelt(Code::InvalidArgument, &format!("There is no argument \"{name}\""), name, names))
}

/// One value, in its canonical form.
fn check(parameter: &Parameter, value: &Json) -> Result<Json, ToolError> {
    let name = &parameter.name;
    match parameter.kind {
        Kind::String => text(parameter, value.as_str().ok_or_else(|| expected(name, "a string"))?).map(Json::from),
        Kind::Strings => {
            let items = value.as_array().ok_or_else(|| expected(name, "a list of strings"))?;
            let texts = items
                .iter()
                .map(|item| text(parameter, item.as_str().ok_or_else(|| expected(name, "a list of strings"))?));
            texts.collect::<Result<Vec<_>, _>>().map(Json::from)
        }
        Kind::Int => {
            let number = value.as_i64().filter(|number| i32::try_from(*number).is_ok());
            range(parameter, number.ok_or_else(|| expected(name, "a whole number"))?)
        }
        Kind::Long => range(parameter, value.as_i64().ok_or_else(|| expected(name, "a whole number"))?),
        Kind::Double => value.is_number().then(|| value.clone()).ok_or_else(|| expected(name, "a number")),
        Kind::Bool | Kind::Switch => {
            value.is_boolean().then(|| value.clone()).ok_or_else(|| expected(name, "true or false"))
        }
        Kind::Datetime => value
            .as_str()
            .and_then(encode::utc)
            .map(Json::from)
            .ok_or_else(|| expected(name, "a time with its zone, such as 2026-02-03T04:05:06Z")),
        Kind::Timespan => value
            .as_str()
            .and_then(encode::span)
            .map(Json::from)
            .ok_or_else(|| expected(name, "a span of time, such as PT1H30M or 01:30:00")),
        Kind::Hashtable | Kind::Object => {
            value.is_object().then(|| value.clone()).ok_or_else(|| expected(name, "an object"))
        }
        Kind::Hashtables | Kind::Objects => {
            let objects = value.as_array().is_some_and(|items| items.iter().all(Json::is_object));
            objects.then(|| value.clone()).ok_or_else(|| expected(name, "a list of objects"))
        }
    }
}

fn text(parameter: &Parameter, value: &str) -> Result<String, ToolError> {
    let name = &parameter.name;
    if !parameter.validate_set.is_empty() {
        let known = parameter.validate_set.iter().find(|known| known.eq_ignore_ascii_case(value));
        return known.cloned().ok_or_else(|| {
            let all = spelling::quoted(parameter.validate_set.iter().map(String::as_str), ", ");
            ToolError::invalid(format!("The argument \"{name}\" must be one of {all}."))
        });
    }
    if let Some((least, greatest)) = parameter.validate_length {
        let length = value.encode_utf16().count();
        if !(least..=greatest).contains(&length) {
            return Err(expected(name, &format!("{least} to {greatest} characters long, not {length}")));
        }
    }
    if let Some(pattern) = &parameter.validate_pattern {
        // A pattern that the engine here cannot read is left to the host, which checks again.
        if Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(value)) {
            let form = if pattern.contains("{12}") {
                "an id such as 00000000-0000-0000-0000-000000000000".to_owned()
            } else {
                format!("of the form {pattern}")
            };
            return Err(expected(name, &form));
        }
    }
    Ok(value.to_owned())
}

fn range(parameter: &Parameter, number: i64) -> Result<Json, ToolError> {
    match parameter.validate_range {
        Some((least, greatest)) if !(least..=greatest).contains(&number) => {
            Err(expected(&parameter.name, &format!("from {least} to {greatest}, not {number}")))
        }
        _ => Ok(number.into()),
    }
}
