//! Endpoints that take no script of ours (JEA, NoLanguage): what they offer is
//! called as plain Commands.
//!
//! Nothing of ours is there: no guard, no begin and end record, no projector.

use wsman::client::RunspacePool;
use wsman::clixml::Value;
use wsman::psrp::{Command, CommandMetadata, GetCommandMetadata};

use super::call::Call;
use super::error::HostErrorKind;
use super::plan::Style;
use super::probe::{FunctionProbe, ParameterProbe};
use super::report::LoadReport;

/// PowerShell's own parameters, which every advanced function has.
///
/// Source: `about_CommonParameters`.
pub const COMMON_PARAMETERS: [&str; 15] = [
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
    "WhatIf",
    "Confirm",
    "UseTransaction",
];

/// Which of the functions the endpoint has, with their parameters. No source is
/// read: nothing is known of their questions and defaults.
pub(super) async fn survey(pool: &RunspacePool, functions: &[String]) -> Result<Vec<FunctionProbe>, HostErrorKind> {
    let found = pool.command_metadata(GetCommandMetadata::new(functions)).await?;
    Ok(found.iter().filter(|command| functions.contains(&command.name)).map(probe).collect())
}

/// What stands for the report on a script.
pub(super) fn report(probes: &[FunctionProbe]) -> LoadReport {
    let mut functions: Vec<String> = probes.iter().map(|probe| probe.name.clone()).collect();
    functions.sort();
    LoadReport {
        sha256: String::new(),
        functions,
        aliases: Vec::new(),
        kept: Vec::new(),
        dropped: Vec::new(),
        tainted: Vec::new(),
        style: Some(Style::Contract),
    }
}

/// The call as the endpoint's own command.
pub(super) fn command(call: &Call) -> Command {
    let command = Command::new(call.function.as_str());
    call.parameters.iter().fold(command, |command, (name, value)| command.argument(name.as_str(), value.clone()))
}

fn probe(command: &CommandMetadata) -> FunctionProbe {
    let has = |name: &str| command.parameters.iter().any(|(known, _)| known == name);
    FunctionProbe {
        name: command.name.clone(),
        advanced: has("Verbose"),
        should_process: has("WhatIf") && has("Confirm"),
        parameters: command
            .parameters
            .iter()
            .filter(|(name, _)| !COMMON_PARAMETERS.contains(&name.as_str()))
            .map(|(name, about)| parameter(name, about))
            .collect(),
        ..FunctionProbe::default()
    }
}

fn parameter(name: &str, about: &Value) -> ParameterProbe {
    let flag = |name| about.get(name).and_then(Value::as_bool).unwrap_or_default();
    let full = about.get("ParameterType").and_then(Value::as_str).unwrap_or_default();
    let inner = full.strip_prefix("System.Nullable`1[").and_then(|inner| inner.strip_suffix(']'));
    let aliases = about.get("Aliases").and_then(Value::items).unwrap_or_default();
    ParameterProbe {
        name: name.to_owned(),
        type_name: inner.unwrap_or(full).to_owned(),
        nullable: inner.is_some(),
        is_switch: flag("SwitchParameter"),
        dynamic: flag("IsDynamic"),
        aliases: aliases.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        ..ParameterProbe::default()
    }
}
