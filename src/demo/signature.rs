//! Parameters as PowerShell binds them, by the probe of a real engine.
//!
//! Left out: abbreviated names and positions; the server sends whole names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use wsman::clixml::{Content, Limits, Value, decode};
use wsman::psrp::ErrorRecord;

use super::functions::Impact;

/// What a real engine's `Get-SjProbe` says of `SentinelManager.psm1`.
const PROBE: &str = include_str!("probe.clixml");

/// Set of parameters that are in every set.
const ALL_SETS: &str = "__AllParameterSets";

/// PowerShell's own, which every advanced function has.
const COMMON: [&str; 13] = [
    "Verbose",
    "Debug",
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "ProgressAction",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "UseTransaction",
];

// Numbers of ErrorCategory. Source: [MS-PSRP] §2.2.3.9.
pub(super) const INVALID_ARGUMENT: i32 = 5;
pub(super) const INVALID_DATA: i32 = 6;
pub(super) const INVALID_OPERATION: i32 = 7;
pub(super) const NOT_IMPLEMENTED: i32 = 11;
pub(super) const RESOURCE_EXISTS: i32 = 20;
pub(super) const OBJECT_NOT_FOUND: i32 = 13;
pub(super) const SECURITY_ERROR: i32 = 25;

/// One function as its caller sees it.
pub(super) struct Signature {
    pub(super) name: String,
    /// The probe's object.
    pub(super) probe: Value,
    should_process: bool,
    pub(super) impact: Impact,
    default_set: String,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    kind: Kind,
    aliases: Vec<String>,
    mandatory: bool,
    set: String,
    allowed: Vec<String>,
    range: Option<(i64, i64)>,
    pattern: Option<Regex>,
    length: Option<(i64, i64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Texts,
    Number,
    Flag,
    Switch,
    Date,
    Span,
    Table,
    Tables,
}

/// A bound value.
enum Argument {
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
pub(super) struct Bound(BTreeMap<String, Argument>);

/// The functions, in the probe's order.
pub(super) fn signatures() -> &'static [Signature] {
    static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
        let probes = decode(PROBE, &Limits::DECODE).unwrap_or_else(|error| unreachable!("probe.clixml: {error}"));
        probes.items().unwrap_or_default().iter().map(Signature::read).collect()
    });
    &SIGNATURES
}

/// The function of that name, compared without case.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    signatures().iter().find(|signature| signature.name.eq_ignore_ascii_case(name))
}

/// A binding error. `caller` is whose parameters they are in PowerShell's
/// eyes; empty for a call through our module, which binds ahead of it.
pub(super) fn binding_error(message: String, id: &str, caller: &str, category: i32) -> ErrorRecord {
    let exception = match id {
        "ParameterArgumentTransformationError" => "ParameterBindingArgumentTransformationException",
        _ if category == INVALID_DATA => "ParameterBindingValidationException",
        _ => "ParameterBindingException",
    };
    let id = if caller.is_empty() { id.to_owned() } else { format!("{id},{caller}") };
    ErrorRecord {
        exception_type: format!("System.Management.Automation.{exception}"),
        ..ErrorRecord::new(message, id, category)
    }
}

/// A name that no parameter has.
pub(super) fn unknown_parameter(name: &str, caller: &str) -> ErrorRecord {
    let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
    binding_error(message, "NamedParameterNotFound", caller, INVALID_ARGUMENT)
}

/// An argument outside its set.
pub(super) fn outside_set(parameter: &str, value: &str, allowed: &[impl AsRef<str>], caller: &str) -> ErrorRecord {
    let set = allowed.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",");
    let why = format!(
        "The argument \"{value}\" does not belong to the set \"{set}\" specified by the ValidateSet attribute. \
         Supply an argument that is in the set and then try the command again."
    );
    invalid(parameter, &why, caller)
}

/// An argument of a type that does not convert.
pub(super) fn unfit(parameter: &str, value: &Value, wanted: &str, caller: &str) -> ErrorRecord {
    let message = format!(
        "Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{}\" to type \
         \"{wanted}\".",
        text(value).unwrap_or_default()
    );
    binding_error(message, "ParameterArgumentTransformationError", caller, INVALID_DATA)
}

fn invalid(parameter: &str, why: &str, caller: &str) -> ErrorRecord {
    let message = format!("Cannot validate argument on parameter '{parameter}'. {why}");
    binding_error(message, "ParameterArgumentValidationError", caller, INVALID_DATA)
}

impl Signature {
    fn read(probe: &Value) -> Self {
        Self {
            name: read_text(probe, "name"),
            should_process: probe.get("shouldProcess").and_then(Value::as_bool) == Some(true),
            // Reads have none, and never ask.
            impact: Impact::parse(&read_text(probe, "confirmImpact")),
            default_set: read_text(probe, "defaultSet"),
            parameters: read_items(probe, "parameters").iter().map(Parameter::read).collect(),
            probe: probe.clone(),
        }
    }

    /// Binds arguments by name.
    ///
    /// # Errors
    ///
    /// What PowerShell says; the function then does not run.
    pub(super) fn bind(&self, given: &[(String, Value)], caller: &str) -> Result<Bound, ErrorRecord> {
        let mut bound = Bound::default();
        let mut named: Vec<(&Parameter, &Value)> = Vec::new();
        for (name, value) in given {
            let Some(parameter) = self.parameters.iter().find(|parameter| parameter.answers_to(name)) else {
                self.bind_common(name, value, caller, &mut bound)?;
                continue;
            };
            if named.iter().any(|(known, _)| known.name == parameter.name) {
                let message = format!(
                    "Cannot bind parameter because parameter '{}' is specified more than once.",
                    parameter.name
                );
                return Err(binding_error(message, "ParameterAlreadyBound", caller, INVALID_ARGUMENT));
            }
            named.push((parameter, value));
        }
        for &(parameter, value) in &named {
            bound.0.insert(parameter.name.clone(), parameter.bind(value, caller)?);
        }
        let set = self.set_of(&named, caller)?;
        let missing: Vec<&str> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.mandatory && (parameter.set == ALL_SETS || parameter.set == set))
            .map(|parameter| parameter.name.as_str())
            .filter(|name| !bound.0.contains_key(*name))
            .collect();
        if missing.is_empty() {
            return Ok(bound);
        }
        let message = format!(
            "Cannot process command because of one or more missing mandatory parameters: {}.",
            missing.join(" ")
        );
        Err(binding_error(message, "MissingMandatoryParameter", caller, INVALID_ARGUMENT))
    }

    fn bind_common(&self, name: &str, value: &Value, caller: &str, bound: &mut Bound) -> Result<(), ErrorRecord> {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        if let Some(known) = ["WhatIf", "Confirm"].iter().find(|known| is(known)).filter(|_| self.should_process) {
            bound.0.insert(
                (*known).to_owned(),
                Argument::Flag(
                    switch(value)
                        .ok_or_else(|| unfit(known, value, "System.Management.Automation.SwitchParameter", caller))?,
                ),
            );
            return Ok(());
        }
        let known = COMMON.iter().find(|known| is(known)).ok_or_else(|| unknown_parameter(name, caller))?;
        bound.0.insert((*known).to_owned(), Argument::Text(text(value).unwrap_or_default()));
        Ok(())
    }

    fn set_of<'a>(&'a self, named: &[(&'a Parameter, &Value)], caller: &str) -> Result<&'a str, ErrorRecord> {
        let mut sets = named.iter().map(|(parameter, _)| parameter.set.as_str()).filter(|set| *set != ALL_SETS);
        let set = sets.next().unwrap_or(&self.default_set);
        if sets.all(|other| other == set) {
            return Ok(set);
        }
        let message = "Parameter set cannot be resolved using the specified named parameters. One or more parameters \
                       issued cannot be used together or an insufficient number of parameters were provided.";
        Err(binding_error(message.to_owned(), "AmbiguousParameterSet", caller, INVALID_ARGUMENT))
    }
}

impl Parameter {
    fn read(probe: &Value) -> Self {
        let type_name = read_text(probe, "type");
        let sets = read_items(probe, "sets");
        let bounds = |name: &str| {
            let rule = probe.get(name)?;
            Some((rule.get("min")?.as_i64()?, rule.get("max")?.as_i64()?))
        };
        Self {
            name: read_text(probe, "name"),
            kind: match type_name.as_str() {
                "System.String" => Kind::Text,
                "System.String[]" => Kind::Texts,
                "System.Int32" => Kind::Number,
                "System.Boolean" => Kind::Flag,
                "System.Management.Automation.SwitchParameter" => Kind::Switch,
                "System.DateTime" => Kind::Date,
                "System.TimeSpan" => Kind::Span,
                "System.Collections.Hashtable" => Kind::Table,
                "System.Collections.Hashtable[]" => Kind::Tables,
                other => unreachable!("probe.clixml: a parameter of type {other}"),
            },
            aliases: read_items(probe, "aliases").iter().filter_map(text).collect(),
            mandatory: probe.get("mandatory").and_then(Value::as_bool) == Some(true),
            set: sets.first().map_or_else(String::new, |set| read_text(set, "set")),
            allowed: read_items(probe, "validateSet").iter().filter_map(text).collect(),
            range: bounds("validateRange"),
            pattern: Regex::new(&read_text(probe, "validatePattern")).ok().filter(|regex| !regex.as_str().is_empty()),
            length: bounds("validateLength"),
        }
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    fn bind(&self, value: &Value, caller: &str) -> Result<Argument, ErrorRecord> {
        let (converted, wanted) = match self.kind {
            Kind::Text => (text(value).map(Argument::Text), "System.String"),
            Kind::Texts => (texts(value).map(Argument::Texts), "System.String[]"),
            Kind::Number => (number(value).map(Argument::Number), "System.Int32"),
            Kind::Flag => (flag(value).map(Argument::Flag), "System.Boolean"),
            Kind::Switch => (switch(value).map(Argument::Flag), "System.Management.Automation.SwitchParameter"),
            Kind::Date => (instant(value).map(Argument::Date), "System.DateTime"),
            Kind::Span => (span(value).map(Argument::Span), "System.TimeSpan"),
            Kind::Table => (table(value).map(Argument::Tables), "System.Collections.Hashtable"),
            Kind::Tables => (tables(value).map(Argument::Tables), "System.Collections.Hashtable[]"),
        };
        let argument = converted.ok_or_else(|| unfit(&self.name, value, wanted, caller))?;
        self.validate(&argument, caller)?;
        Ok(self.spelled(argument))
    }

    /// As the parameter's set spells it, so that functions need not compare
    /// without case.
    fn spelled(&self, argument: Argument) -> Argument {
        let spell = |given: String| {
            let known = self.allowed.iter().find(|allowed| allowed.eq_ignore_ascii_case(&given));
            known.cloned().unwrap_or(given)
        };
        match argument {
            Argument::Text(one) => Argument::Text(spell(one)),
            Argument::Texts(all) => Argument::Texts(all.into_iter().map(spell).collect()),
            other => other,
        }
    }

    fn validate(&self, argument: &Argument, caller: &str) -> Result<(), ErrorRecord> {
        match argument {
            Argument::Text(one) => self.validate_text(one, caller),
            Argument::Texts(all) => all.iter().try_for_each(|one| self.validate_text(one, caller)),
            Argument::Number(number) => self.validate_number(i64::from(*number), caller),
            Argument::Flag(_) | Argument::Date(_) | Argument::Span(_) | Argument::Tables(_) => Ok(()),
        }
    }

    fn validate_number(&self, number: i64, caller: &str) -> Result<(), ErrorRecord> {
        let Some((min, max)) = self.range else { return Ok(()) };
        let (how, bound, may) = match number {
            _ if number < min => ("less than the minimum", min, "greater"),
            _ if number > max => ("greater than the maximum", max, "less"),
            _ => return Ok(()),
        };
        let why = format!(
            "The {number} argument is {how} allowed range of {bound}. Supply an argument that is {may} than or equal \
             to {bound} and then try the command again."
        );
        Err(invalid(&self.name, &why, caller))
    }

    fn validate_text(&self, value: &str, caller: &str) -> Result<(), ErrorRecord> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(value)) {
            return Err(outside_set(&self.name, value, &self.allowed, caller));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(value)) {
            let why = format!(
                "The argument \"{value}\" does not match the \"{pattern}\" pattern. Supply an argument that matches \
                 \"{pattern}\" and try the command again."
            );
            return Err(invalid(&self.name, &why, caller));
        }
        if let Some((min, max)) = self.length {
            // .NET counts UTF-16 code units.
            let length = i64::try_from(value.encode_utf16().count()).unwrap_or(i64::MAX);
            if length < min || length > max {
                let how = if length < min { "short" } else { "long" };
                let why = format!("The character length ({length}) of the argument is too {how}.");
                return Err(invalid(&self.name, &why, caller));
            }
        }
        if value.is_empty() && self.mandatory {
            let message = format!("Cannot bind argument to parameter '{}' because it is an empty string.", self.name);
            let id = "ParameterArgumentValidationErrorEmptyStringNotAllowed";
            return Err(binding_error(message, id, caller, INVALID_DATA));
        }
        Ok(())
    }
}

impl Bound {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Argument::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn texts(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name) {
            Some(Argument::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i32> {
        match self.0.get(name) {
            Some(Argument::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Argument::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A switch that was given and not as false.
    pub(super) fn has(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    /// ISO 8601.
    pub(super) fn span(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Argument::Span(span)) => Some(span),
            _ => None,
        }
    }

    /// A table, or a list of them.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        match self.0.get(name) {
            Some(Argument::Tables(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn date(&self, name: &str) -> Option<Timestamp> {
        match self.0.get(name) {
            Some(Argument::Date(date)) => Some(*date),
            _ => None,
        }
    }
}

/// As `[timespan]` makes it; what is written as ISO 8601 is none to PowerShell.
fn span(value: &Value) -> Option<String> {
    match value.base() {
        Value::TimeSpan(span) => Some(span.to_string()),
        Value::String(text) => {
            let (days, clock) = text.as_str()?.trim().split_once('.').unwrap_or(("0", text.as_str()?.trim()));
            let days = days.parse::<u32>().ok()?;
            let parts: Option<Vec<u32>> = clock.split(':').map(|part| part.parse().ok()).collect();
            match parts?.as_slice() {
                [hours @ 0..24, minutes @ 0..60] => Some(format!("P{days}DT{hours}H{minutes}M0S")),
                [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] => {
                    Some(format!("P{days}DT{hours}H{minutes}M{seconds}S"))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn table(value: &Value) -> Option<Value> {
    let is_table = value.as_object().is_some_and(|object| matches!(object.content, Content::Dictionary(_)));
    is_table.then(|| value.clone())
}

/// A single table is a list of one.
fn tables(value: &Value) -> Option<Value> {
    match value.items() {
        Some(items) => items.iter().map(table).collect::<Option<Vec<_>>>().map(Value::list),
        None => table(value).map(|one| Value::list(vec![one])),
    }
}

/// As `[string]` makes it; `$null` becomes the empty string. `None` for what
/// is no scalar.
pub(super) fn text(value: &Value) -> Option<String> {
    Some(match value.base() {
        Value::Nil => String::new(),
        Value::String(text) | Value::Uri(text) => text.to_string_lossy().into_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Guid(guid) => guid.to_string(),
        Value::F64(number) => number.to_string(),
        Value::DateTime(date) => date.to_string(),
        other => other.as_i64()?.to_string(),
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value.items() {
        Some(items) => items.iter().map(text).collect(),
        None => text(value).map(|one| vec![one]),
    }
}

fn number(value: &Value) -> Option<i32> {
    match value.base() {
        Value::Nil => Some(0),
        Value::Bool(flag) => Some(i32::from(*flag)),
        Value::String(text) => text.as_str()?.trim().parse().ok(),
        // PowerShell rounds to the even one.
        Value::F64(number) => format!("{:.0}", number.round_ties_even()).parse().ok(),
        other => other.as_i64()?.try_into().ok(),
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value.base() {
        Value::Bool(flag) => Some(*flag),
        other => other.as_i64().map(|number| number != 0),
    }
}

fn switch(value: &Value) -> Option<bool> {
    match value.base() {
        Value::Nil => Some(false),
        Value::Bool(flag) => Some(*flag),
        // Object SwitchParameter.
        other => other.get("IsPresent").and_then(Value::as_bool),
    }
}

/// Chosen: what names no zone is UTC, as on a host whose zone is UTC.
fn instant(value: &Value) -> Option<Timestamp> {
    let written = match value.base() {
        Value::DateTime(date) => date.as_str().to_owned(),
        Value::String(text) => text.as_str()?.trim().to_owned(),
        _ => return None,
    };
    let whole = if written.contains(['T', ' ']) { written } else { format!("{written}T00:00:00") };
    whole.parse().or_else(|_| format!("{whole}Z").parse()).ok()
}

fn read_text(value: &Value, name: &str) -> String {
    value.get(name).and_then(text).unwrap_or_default()
}

fn read_items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::items).unwrap_or_default()
}
