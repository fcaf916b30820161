//! Our module's answers, as Rust types. `None`: a part is missing, so it is
//! not our module that answered.

use wsman::clixml::Value;

use super::types::{AzureSignIn, Dropped, FunctionProbe, HostErrorRecord, LoadReport, ParameterProbe, Style, Via};

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
    let parameters = value.get("parameters")?.items()?.iter().map(|parameter| {
        Some(ParameterProbe {
            name: parameter.get("name")?.as_str()?.to_owned(),
            type_name: parameter.get("type")?.as_str()?.to_owned(),
            aliases: texts(parameter.get("aliases")?)?,
            mandatory: parameter.get("mandatory")?.as_bool()?,
            validate_set: texts(parameter.get("validateSet")?)?,
        })
    });
    Some(FunctionProbe {
        name: value.get("name")?.as_str()?.to_owned(),
        parameters: parameters.collect::<Option<_>>()?,
        should_process: value.get("shouldProcess")?.as_bool()?,
        progress: value.get("progress")?.as_bool()?,
    })
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
