//! From the catalogue's parameters to the host's.

use serde_json::Value as Json;
use wsman::clixml::Value;

use super::encode::{Unfit, encode};
use super::validate::Arguments;
use crate::catalog::{Code, Entry, Parameter, ToolError};
use crate::host::{FunctionProbe, ParameterProbe, Style};
use crate::near;
use crate::tenant::{Effect, Target};

/// What is sent: the host's own names, values for the host's own types.
///
/// * An argument that the host's function does not know is refused: hosts
///   swallow it silently.
/// * The target goes along where the script keeps none itself.
/// * `-Confirm:$false` only where the function has it.
pub(super) fn bind(
    entry: &Entry,
    arguments: &Arguments,
    probe: &FunctionProbe,
    style: Option<Style>,
    target: &Target,
) -> Result<Vec<(String, Value)>, ToolError> {
    let host = target.host();
    let mut bound = Vec::new();
    for parameter in &entry.parameters {
        let Some(value) = arguments.0.get(parameter.name.as_str()) else { continue };
        let Some(found) = found(parameter, probe) else {
            let known =
                probe.parameters.iter().filter(|known| is_callers(entry, known)).map(|known| known.name.as_str());
            let said = format!(
                "\"{}\" on the host \"{host}\" has no parameter \"{}\"; it has {}.",
                entry.function,
                parameter.name,
                near::quoted(known, ", ")
            );
            return Err(ToolError::invalid(said));
        };
        bound.push((found.name.clone(), fit(parameter, found, value, target)?));
    }
    if style != Some(Style::Session) {
        inject(entry, probe, style, target, &mut bound)?;
    }
    for parameter in entry.parameters.iter().filter(|parameter| parameter.legacy_only && !is_consent(parameter)) {
        if let (Some(default), Some(found)) = (&parameter.default, found(parameter, probe)) {
            bound.push((found.name.clone(), fit(parameter, found, default, target)?));
        }
    }
    if probe.should_process {
        bound.push(("Confirm".to_owned(), Value::Bool(false)));
    }
    Ok(bound)
}

fn inject(
    entry: &Entry,
    probe: &FunctionProbe,
    style: Option<Style>,
    target: &Target,
    bound: &mut Vec<(String, Value)>,
) -> Result<(), ToolError> {
    let workspace = target.workspace();
    let values = [
        ("SubscriptionId", &workspace.subscription),
        ("ResourceGroupName", &workspace.resource_group),
        ("WorkspaceName", &workspace.name),
    ];
    let mut missing = Vec::new();
    for parameter in entry.parameters.iter().filter(|parameter| parameter.injected) {
        let Some((_, value)) = values.iter().find(|(name, _)| *name == parameter.name) else { continue };
        match found(parameter, probe) {
            Some(found) => {
                bound.push((found.name.clone(), fit(parameter, found, &Json::from(value.as_str()), target)?));
            }
            None => missing.push(parameter.name.as_str()),
        }
    }
    // A function that cannot be told its workspace would use whichever the host is on.
    let blind = missing.contains(&"WorkspaceName") && (style.is_some() || entry.effect() == Effect::Write);
    if blind {
        let said = format!(
            "\"{}\" on the host \"{}\" takes no {}, so it cannot be told which workspace is meant; nothing was run.",
            entry.function,
            target.host(),
            near::quoted(missing, ", ")
        );
        return Err(ToolError::refused(Code::TargetMismatch, said));
    }
    Ok(())
}

/// The host's parameter for the catalogue's: by name, then by either side's
/// aliases, without case. Never by a part of a name.
fn found<'a>(parameter: &Parameter, probe: &'a FunctionProbe) -> Option<&'a ParameterProbe> {
    let named = |name: &str| probe.parameters.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    let aliased = |name: &str| {
        probe.parameters.iter().find(|known| known.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
    };
    named(&parameter.name)
        .or_else(|| aliased(&parameter.name))
        .or_else(|| parameter.aliases.iter().find_map(|alias| named(alias)))
}

fn fit(parameter: &Parameter, found: &ParameterProbe, value: &Json, target: &Target) -> Result<Value, ToolError> {
    encode(value, &found.type_name).map_err(|unfit| {
        let why = match unfit {
            Unfit::Expected(what) => format!("the host \"{}\" takes {what} there", target.host()),
            other => other.to_string(),
        };
        ToolError::invalid(format!("The argument \"{}\" does not fit: {why}.", parameter.name))
    })
}

/// A consent that only a confirmation of ours could give.
fn is_consent(parameter: &Parameter) -> bool {
    parameter.name.eq_ignore_ascii_case("SkipConfirm")
}

/// Not one that the server fills itself.
fn is_callers(entry: &Entry, known: &ParameterProbe) -> bool {
    let ours = entry.parameters.iter().any(|parameter| {
        !parameter.is_argument()
            && (parameter.answers_to(&known.name) || known.aliases.iter().any(|alias| parameter.answers_to(alias)))
    });
    !ours
}

#[cfg(test)]
mod tests;
