//! Our module's answers, as Rust types. `None`: a part is missing, so it is
//! not our module that answered.

use wsman::clixml::Value;

use super::plan::Style;
use super::probe::{FunctionProbe, ParameterProbe, ParameterSet, WrittenQuestion};
use super::record::HostErrorRecord;
use super::report::{AzureSignIn, Dropped, LoadReport, Via};

pub(super) fn is_a(value: &Value, type_name: &str) -> bool {
    value.as_object().is_some_and(|object| object.is_a(type_name))
}

pub(super) fn load_report(value: &Value) -> Option<LoadReport> {
    let dropped = value.get("dropped")?.items()?.iter().map(|statement| {
        Some(Dropped {
            line: statement.get("line")?.as_i64()?.try_into().ok()?,
            reason: statement.get("reason")?.as_str()?.to_owned(),
            text: statement.get("text")?.as_str()?.to_owned(),
        })
    });
    Some(LoadReport {
        sha256: value.get("sha256")?.as_str()?.to_owned(),
        functions: texts(value.get("functions")?)?,
        dropped: dropped.collect::<Option<_>>()?,
        style: match value.get("style")?.as_str() {
            Some("session") => Some(Style::Session),
            Some("contract") => Some(Style::Contract),
            _ => None,
        },
    })
}

pub(super) fn function_probe(value: &Value) -> Option<FunctionProbe> {
    let asks = value.get("asks")?.items()?.iter().map(|ask| {
        Some(WrittenQuestion { kind: text(ask, "kind")?, text: text(ask, "text")?, line: ask.get("line")?.as_i64()? })
    });
    Some(FunctionProbe {
        name: text(value, "name")?,
        line: value.get("line")?.as_i64()?,
        advanced: flag(value, "advanced")?,
        should_process: flag(value, "shouldProcess")?,
        output_types: texts(value.get("outputType")?)?,
        synopsis: text(value, "synopsis")?,
        parameters: value.get("parameters")?.items()?.iter().map(parameter_probe).collect::<Option<_>>()?,
        asks: asks.collect::<Option<_>>()?,
        asks_via: texts(value.get("asksVia")?)?,
        exits: flag(value, "exits")?,
        exits_via: texts(value.get("exitsVia")?)?,
        writes_host: flag(value, "writesHost")?,
        returns: flag(value, "returns")?,
        console: flag(value, "console")?,
        session: flag(value, "session")?,
        progress: flag(value, "progress")?,
    })
}

fn parameter_probe(value: &Value) -> Option<ParameterProbe> {
    let sets = value
        .get("sets")?
        .items()?
        .iter()
        .map(|set| Some(ParameterSet { name: text(set, "set")?, mandatory: flag(set, "mandatory")? }));
    let between = |name| match present(value.get(name)?) {
        None => Some(None),
        Some(rule) => Some(Some((rule.get("min")?.clone(), rule.get("max")?.clone()))),
    };
    let length = match between("validateLength")? {
        None => None,
        Some((least, most)) => Some((least.as_i64()?, most.as_i64()?)),
    };
    Some(ParameterProbe {
        name: text(value, "name")?,
        type_name: text(value, "type")?,
        nullable: flag(value, "nullable")?,
        enumeration: flag(value, "enumeration")?,
        is_switch: flag(value, "switch")?,
        dynamic: flag(value, "dynamic")?,
        mandatory: flag(value, "mandatory")?,
        aliases: texts(value.get("aliases")?)?,
        default: text(value, "default")?,
        sets: sets.collect::<Option<_>>()?,
        validate_set: texts(value.get("validateSet")?)?,
        validate_range: between("validateRange")?,
        validate_pattern: text(value, "validatePattern")?,
        validate_length: length,
        help: text(value, "help")?,
    })
}

/// A text of the script; what no Rust string holds is replaced, help texts
/// and defaults may have anything in them.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn flag(value: &Value, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

fn present(value: &Value) -> Option<&Value> {
    Some(value).filter(|value| **value != Value::Nil)
}

pub(super) fn azure(value: &Value) -> Option<AzureSignIn> {
    let text = |name| value.get(name)?.as_str();
    let full = |name| text(name).map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
    let id = text("problemId")?;
    Some(AzureSignIn {
        signed_in: match value.get("signedIn")? {
            Value::Nil => None,
            told => Some(told.as_bool()?),
        },
        tenant: full("tenant")?,
        via: match text("via")? {
            "az" => Some(Via::Cli),
            "Az" => Some(Via::Module),
            _ => None,
        },
        problem: full("problem")?.map(|message| HostErrorRecord { message, id: id.to_owned(), category: None }),
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    // A name with a lone surrogate cannot be one that a person would type.
    value.items()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
