//! Parameters as PowerShell binds them, by the probe of a real engine.
//!
//! Left out: abbreviated names and positions; the server sends whole names.

mod bound;
mod convert;

use std::sync::LazyLock;

use regex::Regex;
use wsman::clixml::{Limits, Value, decode};
use wsman::psrp::ErrorRecord;

use super::Impact;
use crate::host::COMMON_PARAMETERS;
use bound::Argument;
use convert::{flag, instant, number, span, switch, table, tables, texts};

pub(in crate::demo) use bound::Bound;
pub(in crate::demo) use convert::text;

/// What a real engine's `Get-SjProbe` says of `SentinelManager.psm1`.
const PROBE: &str = include_str!("probe.clixml");

/// Set of parameters that are in every set.
const ALL_SETS: &str = "__AllParameterSets";

/// Parameters that only functions with `SupportsShouldProcess` have.
const CONSENTS: [&str; 2] = ["WhatIf", "Confirm"];

// Numbers of ErrorCategory. Source: [MS-PSRP] §2.2.3.9.
pub(in crate::demo) const INVALID_ARGUMENT: i32 = 5;
pub(in crate::demo) const INVALID_DATA: i32 = 6;
pub(in crate::demo) const INVALID_OPERATION: i32 = 7;
pub(in crate::demo) const NOT_IMPLEMENTED: i32 = 11;
pub(in crate::demo) const RESOURCE_EXISTS: i32 = 20;
pub(in crate::demo) const OBJECT_NOT_FOUND: i32 = 13;
pub(in crate::demo) const SECURITY_ERROR: i32 = 25;

/// One function as its caller sees it.
pub(in crate::demo) struct Signature {
    pub(in crate::demo) name: String,
    /// The probe's object.
    pub(in crate::demo) probe: Value,
    should_process: bool,
    pub(in crate::demo) impact: Impact,
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

/// The functions, in the probe's order.
pub(in crate::demo) fn signatures() -> &'static [Signature] {
    static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
        let probes = decode(PROBE, &Limits::DECODE).unwrap_or_else(|error| unreachable!("probe.clixml: {error}"));
        probes.items().unwrap_or_default().iter().map(Signature::read).collect()
    });
    &SIGNATURES
}

/// The function of that name, compared without case.
pub(in crate::demo) fn signature(name: &str) -> Option<&'static Signature> {
    signatures().iter().find(|signature| signature.name.eq_ignore_ascii_case(name))
}

/// A binding error. `caller` is whose parameters they are in PowerShell's
/// eyes; empty for a call through our module, which binds ahead of it.
pub(in crate::demo) fn binding_error(message: String, id: &str, caller: &str, category: i32) -> ErrorRecord {
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
pub(in crate::demo) fn unknown_parameter(name: &str, caller: &str) -> ErrorRecord {
    let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
    binding_error(message, "NamedParameterNotFound", caller, INVALID_ARGUMENT)
}

/// An argument outside its set.
pub(in crate::demo) fn outside_set(
    parameter: &str,
    value: &str,
    allowed: &[impl AsRef<str>],
    caller: &str,
) -> ErrorRecord {
    let set = allowed.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",");
    let why = format!(
        "The argument \"{value}\" does not belong to the set \"{set}\" specified by the ValidateSet attribute. \
         Supply an argument that is in the set and then try the command again."
    );
    invalid(parameter, &why, caller)
}

/// An argument of a type that does not convert.
pub(in crate::demo) fn unfit(parameter: &str, value: &Value, wanted: &str, caller: &str) -> ErrorRecord {
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
    pub(in crate::demo) fn bind(&self, given: &[(String, Value)], caller: &str) -> Result<Bound, ErrorRecord> {
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
        if let Some(known) = CONSENTS.iter().find(|known| is(known)).filter(|_| self.should_process) {
            bound.0.insert(
                (*known).to_owned(),
                Argument::Flag(
                    switch(value)
                        .ok_or_else(|| unfit(known, value, "System.Management.Automation.SwitchParameter", caller))?,
                ),
            );
            return Ok(());
        }
        let mut others = COMMON_PARAMETERS.iter().filter(|known| !CONSENTS.contains(known));
        let known = others.find(|known| is(known)).ok_or_else(|| unknown_parameter(name, caller))?;
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

fn read_text(value: &Value, name: &str) -> String {
    value.get(name).and_then(text).unwrap_or_default()
}

fn read_items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::items).unwrap_or_default()
}
