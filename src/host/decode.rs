//! Our module's answers, as Rust types. `None`: a part is missing, so it is
//! not our module that answered.

use wsman::clixml::Value;

use super::plan::Style;
use super::probe::{AskingPlace, FunctionProbe, ParameterProbe, ParameterSet, Part, WrittenQuestion};
use super::record::HostErrorRecord;
use super::report::{Alias, AzureSignIn, Dropped, LoadReport, Taint, Via};

pub(super) fn is_a(value: &Value, type_name: &str) -> bool {
    value.as_object().is_some_and(|object| object.is_a(type_name))
}

pub(super) fn load_report(value: &Value) -> Option<LoadReport> {
    let aliases = value.get("aliases")?.items()?.iter();
    let aliases = aliases.map(|alias| Some(Alias { name: text(alias, "name")?, function: text(alias, "function")? }));
    Some(LoadReport {
        sha256: value.get("sha256")?.as_str()?.to_owned(),
        functions: texts(value.get("functions")?)?,
        aliases: aliases.collect::<Option<_>>()?,
        kept: statements(value, "kept")?,
        dropped: statements(value, "dropped")?,
        tainted: taints(value)?,
        style: match value.get("style")?.as_str() {
            Some("session") => Some(Style::Session),
            Some("contract") => Some(Style::Contract),
            _ => None,
        },
    })
}

fn statements(report: &Value, name: &str) -> Option<Vec<Dropped>> {
    let all = report.get(name)?.items()?.iter().map(|statement| {
        Some(Dropped {
            line: line(statement, "line")?,
            reason: text(statement, "reason")?,
            text: text(statement, "text")?,
            variables: texts(statement.get("variables")?)?,
        })
    });
    all.collect()
}

/// Of the load report, a probe or a begin record.
pub(super) fn taints(value: &Value) -> Option<Vec<Taint>> {
    let all = value.get("tainted")?.items()?.iter().map(|taint| {
        Some(Taint {
            function: text(taint, "function")?,
            variable: text(taint, "variable")?,
            line: line(taint, "line")?,
            reason: text(taint, "reason")?,
            read_at: line(taint, "readAt")?,
            via: Some(text(taint, "via")?).filter(|via| !via.is_empty()),
        })
    });
    all.collect()
}

fn line(value: &Value, name: &str) -> Option<u32> {
    value.get(name)?.as_i64()?.try_into().ok()
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
        places: value.get("places")?.items()?.iter().map(place).collect::<Option<_>>()?,
        exits: flag(value, "exits")?,
        exits_via: texts(value.get("exitsVia")?)?,
        ends_process: flag(value, "endsProcess")?,
        writes_host: flag(value, "writesHost")?,
        returns: flag(value, "returns")?,
        console: flag(value, "console")?,
        session: flag(value, "session")?,
        progress: flag(value, "progress")?,
        tainted: taints(value)?,
    })
}

fn place(value: &Value) -> Option<AskingPlace> {
    let parts = |name| value.get(name)?.items()?.iter().map(part).collect::<Option<Vec<_>>>();
    Some(AskingPlace {
        function: text(value, "function")?,
        kind: text(value, "kind")?,
        line: value.get("line")?.as_i64()?,
        secure: flag(value, "secure")?,
        caption: parts("caption")?,
        parts: parts("parts")?,
        unless: texts(value.get("unless")?)?,
        sure: flag(value, "sure")?,
    })
}

fn part(value: &Value) -> Option<Part> {
    let said = text(value, "text")?;
    Some(match value.get("kind")?.as_str()? {
        "literal" => Part::Literal(said),
        "variable" => Part::Variable(said),
        _ => Part::Other(said),
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
