//! The cmdlets that the Demo engine has itself.

use std::sync::Arc;

use super::action::Action;
use super::{date, errors};
use crate::clixml::{Content, Object, Property, Value};
use crate::host_end::demo::{Commands, Step};
use crate::psrp::{Command, ErrorRecord, to_text};
use crate::time::Duration;

/// What built-in cmdlets ask about.
pub(super) struct Surroundings<'a> {
    pub(super) unix_now: Duration,
    pub(super) commands: &'a dyn Commands,
}

type Actions = Result<Vec<Action>, Box<ErrorRecord>>;

const NAMES: [&str; 5] = ["Get-Command", "Get-Date", "Read-Host", "Start-Sleep", "Write-Output"];

/// Longest sleep, in seconds. Source: `Start-Sleep -Seconds` is validated
/// against the milliseconds of an Int32.
const MAX_SLEEP_SECONDS: f64 = 2_147_483.0;

/// Runs a built-in cmdlet: its name and what it does. `None`: it is none.
pub(super) fn run(command: &Command, surroundings: &Surroundings<'_>) -> Option<(&'static str, Actions)> {
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(&command.text))?;
    let actions = match name {
        "Get-Command" => get_command(command, surroundings.commands),
        "Get-Date" => get_date(command, surroundings.unix_now),
        "Read-Host" => read_host(command),
        "Start-Sleep" => start_sleep(command),
        _ => write_output(command),
    };
    Some((name, actions))
}

fn output(value: Value) -> Action {
    Action::Step(Step::Output(value))
}

fn write_output(command: &Command) -> Actions {
    const CLASS: &str = "WriteOutputCommand";
    let bound = Bound::new(command, CLASS, &["InputObject", "NoEnumerate"], usize::MAX)?;
    let keep = bound.named("NoEnumerate").is_some_and(|value| value.as_bool() != Some(false));
    let inputs: Vec<&Value> = bound.named("InputObject").into_iter().chain(bound.positional.iter().copied()).collect();
    if inputs.is_empty() {
        return Err(Box::new(errors::missing("InputObject", CLASS)));
    }
    let mut actions = Vec::new();
    for input in inputs {
        match input.items() {
            // One level, as the pipeline does; what is inside stays whole.
            Some(items) if !keep => actions.extend(items.iter().cloned().map(output)),
            _ => actions.push(output(input.clone())),
        }
    }
    Ok(actions)
}

fn get_date(command: &Command, unix_now: Duration) -> Actions {
    Bound::new(command, "GetDateCommand", &[], 0)?;
    Ok(date::utc(unix_now).map(|date| output(Value::DateTime(date))).into_iter().collect())
}

fn start_sleep(command: &Command) -> Actions {
    const CLASS: &str = "StartSleepCommand";
    let bound = Bound::new(command, CLASS, &["Seconds", "Milliseconds"], 1)?;
    let seconds = bound.named("Seconds").or_else(|| bound.positional.first().copied());
    let (value, name, unit) = match (seconds, bound.named("Milliseconds")) {
        (Some(value), None) => (value, "Seconds", 1.0),
        (None, Some(value)) => (value, "Milliseconds", 0.001),
        (Some(_), Some(_)) => return Err(Box::new(errors::cannot_convert("Milliseconds", CLASS))),
        (None, None) => return Err(Box::new(errors::missing("Seconds", CLASS))),
    };
    let span = number(value).map(|number| number * unit).filter(|span| (0.0..=MAX_SLEEP_SECONDS).contains(span));
    let span = span.and_then(|span| Duration::try_from_secs_f64(span).ok());
    let span = span.ok_or_else(|| Box::new(errors::cannot_convert(name, CLASS)))?;
    Ok(vec![Action::Step(Step::Sleep(span))])
}

fn number(value: &Value) -> Option<f64> {
    match value.base() {
        Value::F64(number) => Some(*number),
        Value::F32(number) => Some(f64::from(*number)),
        other => to_text(other).trim().parse().ok(),
    }
}

fn read_host(command: &Command) -> Actions {
    let bound = Bound::new(command, "ReadHostCommand", &["Prompt", "AsSecureString"], 1)?;
    let secret = bound.named("AsSecureString").is_some_and(|value| value.as_bool() != Some(false));
    let prompt = bound.named("Prompt").or_else(|| bound.positional.first().copied()).map(to_text).unwrap_or_default();
    Ok(vec![Action::Ask { prompt, secret }])
}

fn get_command(command: &Command, commands: &dyn Commands) -> Actions {
    let bound = Bound::new(command, "GetCommandCommand", &["Name"], 1)?;
    let wanted: Vec<String> = match bound.named("Name").or_else(|| bound.positional.first().copied()) {
        None => vec!["*".into()],
        Some(one) => one.items().map_or_else(|| vec![to_text(one)], |items| items.iter().map(to_text).collect()),
    };
    let cmdlets = NAMES.into_iter().map(|name| (name.to_owned(), "Cmdlet", 8));
    let functions = commands.names().into_iter().map(|name| (name, "Function", 2));
    let mut all: Vec<_> = functions.chain(cmdlets).collect();
    all.sort();
    let mut actions = Vec::new();
    for pattern in wanted {
        let found: Vec<_> = all.iter().filter(|(name, ..)| is_like(name, &pattern)).collect();
        if found.is_empty() && !pattern.contains(['*', '?']) {
            let mut error = errors::command_not_found(&pattern);
            error.id = "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand".into();
            actions.push(Action::Step(Step::Error(error)));
        }
        actions.extend(found.into_iter().map(|(name, kind, number)| output(command_info(name, kind, *number))));
    }
    Ok(actions)
}

fn command_info(name: &str, kind: &str, number: i32) -> Value {
    let kinds = ["System.Management.Automation.CommandTypes", "System.Enum", "System.ValueType", "System.Object"];
    let names = [
        format!("System.Management.Automation.{kind}Info"),
        "System.Management.Automation.CommandInfo".into(),
        "System.Object".into(),
    ];
    let property = |name: &str, value| Property { name: name.into(), value };
    Value::Object(Arc::new(Object {
        type_names: Some(names.into_iter().map(String::into_boxed_str).collect()),
        to_string: Some(name.into()),
        content: Content::None,
        adapted: vec![
            property("Name", Value::from(name)),
            property("CommandType", Value::enumeration(kinds, kind, number)),
        ],
        ..Object::default()
    }))
}

/// PowerShell's `-like` for `*` and `?`, without case.
fn is_like(name: &str, pattern: &str) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (name, pattern) = (lower(name), lower(pattern));
    // Which prefixes of `name` the pattern so far can be.
    let mut reach: Vec<bool> = std::iter::once(true).chain(name.iter().map(|_| false)).collect();
    for wanted in pattern {
        if wanted == '*' {
            let mut any = false;
            reach.iter_mut().for_each(|here| {
                any |= *here;
                *here = any;
            });
        } else {
            let steps = reach.iter().zip(&name).map(|(here, c)| *here && (wanted == '?' || wanted == *c));
            reach = std::iter::once(false).chain(steps).collect();
        }
    }
    reach.last() == Some(&true)
}

/// Arguments by parameter.
struct Bound<'c> {
    named: Vec<(&'static str, &'c Value)>,
    positional: Vec<&'c Value>,
}

/// Parameters that every cmdlet has; they change nothing here.
const COMMON: [&str; 7] =
    ["Debug", "ErrorAction", "InformationAction", "OutBuffer", "ProgressAction", "Verbose", "WarningAction"];

impl<'c> Bound<'c> {
    fn new(
        command: &'c Command,
        class: &str,
        parameters: &[&'static str],
        positions: usize,
    ) -> Result<Self, Box<ErrorRecord>> {
        let mut bound = Self { named: Vec::new(), positional: Vec::new() };
        for argument in &command.arguments {
            let Some(name) = &argument.name else {
                if bound.positional.len() >= positions {
                    return Err(Box::new(errors::no_such_position(&to_text(&argument.value), class)));
                }
                bound.positional.push(&argument.value);
                continue;
            };
            let known = parameters.iter().chain(&COMMON).find(|known| known.eq_ignore_ascii_case(name));
            let known = known.ok_or_else(|| Box::new(errors::no_such_parameter(name, class)))?;
            bound.named.push((known, &argument.value));
        }
        Ok(bound)
    }

    fn named(&self, name: &str) -> Option<&'c Value> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_powershell() {
        for (name, pattern, matches) in [
            ("Get-Date", "get-date", true),
            ("Get-Date", "Get-*", true),
            ("Get-Date", "*Date", true),
            ("Get-Date", "*", true),
            ("Get-Date", "Get-Dat?", true),
            ("Get-Date", "Get-Dat", false),
            ("Get-Date", "?", false),
            ("", "*", true),
        ] {
            assert_eq!(is_like(name, pattern), matches, "{name} {pattern}");
        }
    }
}
