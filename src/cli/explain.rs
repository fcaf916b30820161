//! `tools NAME`: one tool, explained to a person.

use serde_json::Value as Json;

use super::sheet::{Column, Fit, Sheet, Table, Tone};
use super::visible::visible;
use crate::access::ToolPolicy;
use crate::catalog::schema::{PAGE_SIZE, PAGE_SIZE_MAX, Sight, fields_of};
use crate::catalog::{Effect, Entry, Form, Kind, Parameter, Tool};
use crate::tenant::ALL_TENANTS;

/// What the tool does, what may be given, and how it is called.
pub(super) fn sheet(tool: &Tool, sight: &Sight, policy: &ToolPolicy, width: usize) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.line(Tone::Title, format!("{}: {}", tool.name(), tool.title()));
    let function = match tool {
        Tool::Function(entry) => format!(", function {}", entry.function),
        Tool::Fleet(_) => ", asks several workspaces at once".to_owned(),
    };
    sheet.line(Tone::Plain, format!("{}, set {}{function}", does(tool), tool.set()));
    let is_shown = policy.visible(&crate::desk::tools()).any(|shown| shown.name() == tool.name());
    if !is_shown {
        sheet.words(Tone::Warning, &format!("Clients are not shown it; --tools {} shows it.", tool.set()), width);
    }
    sheet.gap();
    sheet.words(Tone::Plain, tool.description(), width);
    sheet.gap();
    sheet.line(Tone::Title, "Arguments");
    sheet.table(&arguments(tool, sight, width));
    sheet.gap();
    sheet.line(Tone::Title, "Fields of its rows");
    sheet.words(Tone::Plain, &fields_of(tool).join(", "), width);
    sheet.gap();
    sheet.line(Tone::Title, "Examples");
    for example in examples(tool, sight) {
        // Not broken: it is copied.
        let set = if is_shown { String::new() } else { format!(" --tools {}", tool.set()) };
        sheet.line(Tone::Plain, format!("  {example}{set}"));
    }
    sheet
}

/// In a word.
pub(super) fn does(tool: &Tool) -> &'static str {
    match (tool.effect(), tool.annotations().destructive_hint) {
        (Effect::Read, _) => "reads",
        (Effect::Write, false) => "writes",
        (Effect::Write, true) => "writes, may lose something",
    }
}

fn arguments(tool: &Tool, sight: &Sight, width: usize) -> Table {
    let names = ["argument", "value", "needed", "default", "for"];
    let mut table = Table::new(names.map(Column::new).into(), Fit::Wrap(width));
    let mut row = |argument: &str, value: &str, needed: &str, default: &str, what: &str| {
        let cells =
            [argument, value, needed, default, what].map(|cell| visible(cell.trim_end_matches('.')).into_owned());
        table.row(cells.into());
    };
    let tenant = alias(&sight.tenants);
    let workspace = alias(&sight.workspaces);
    match tool {
        Tool::Function(entry) => {
            row("--tenant", &tenant, "yes", "", "the customer");
            row("--workspace", &workspace, "yes", "", "its workspace");
            let alternatives: Vec<&str> = entry.alternatives().iter().map(|one| one.name.as_str()).collect();
            for parameter in entry.arguments() {
                let needed = match parameter.mandatory {
                    false => String::new(),
                    true if parameter.parameter_set.is_none() || alternatives.len() < 2 => "yes".to_owned(),
                    true => "one of these".to_owned(),
                };
                let default = parameter.default.as_ref().map(shown).unwrap_or_default();
                row(&parameter.name, &value(parameter), &needed, &default, &parameter.description);
            }
        }
        Tool::Fleet(own) => {
            for argument in own.arguments {
                let (value, what) = match argument.form {
                    Form::Tenant => (tenant.clone(), "only this customer"),
                    Form::TenantOrAll => (format!("{tenant}, or {ALL_TENANTS}"), "only this customer"),
                    Form::Workspace => (workspace.clone(), "only this workspace"),
                    Form::Choice(words) => (words.join(", "), ""),
                    Form::Flag => ("true, false".to_owned(), ""),
                    Form::Text => ("text".to_owned(), ""),
                    Form::Object => ("JSON object".to_owned(), ""),
                };
                row(argument.name, &value, "", "", what);
            }
        }
    }
    row("fields", "names", "", "", "only these fields of the rows");
    row("page_size", &format!("1 to {PAGE_SIZE_MAX}"), "", &PAGE_SIZE.to_string(), "rows, where --all is not given");
    table
}

fn alias(known: &[String]) -> String {
    // Chosen: more than a few are a list of their own, in the configuration.
    const FEW: usize = 6;
    if known.is_empty() || known.len() > FEW { "an alias".to_owned() } else { known.join(", ") }
}

/// What may be given.
fn value(parameter: &Parameter) -> String {
    let words = match parameter.kind {
        Kind::String => "text".to_owned(),
        Kind::Strings => "texts, separated by commas".to_owned(),
        Kind::Int | Kind::Long => match parameter.validate_range {
            Some((least, greatest)) => format!("{least} to {greatest}"),
            None => "whole number".to_owned(),
        },
        Kind::Double => "number".to_owned(),
        Kind::Bool | Kind::Switch => "true, false".to_owned(),
        Kind::Datetime => "time, such as 2026-01-31T08:00:00Z".to_owned(),
        Kind::Timespan => "duration, such as PT1H or P7D".to_owned(),
        Kind::Hashtable | Kind::Object => "JSON object".to_owned(),
        Kind::Hashtables | Kind::Objects => "JSON list of objects".to_owned(),
    };
    match (parameter.validate_set.is_empty(), parameter.kind) {
        (true, _) => words,
        (false, Kind::Strings) => format!("any of {}", parameter.validate_set.join(", ")),
        (false, _) => parameter.validate_set.join(", "),
    }
}

fn shown(default: &Json) -> String {
    match default {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Commands that can be run as they are, but for names in capitals.
fn examples(tool: &Tool, sight: &Sight) -> Vec<String> {
    let call = format!("sentinel-jump call {}", tool.name());
    match tool {
        Tool::Fleet(own) => {
            let mut examples = vec![call.clone()];
            if let Some(filter) =
                own.arguments.iter().find(|argument| matches!(argument.form, Form::Tenant | Form::TenantOrAll))
            {
                let tenant = sight.tenants.first().map_or("TENANT", String::as_str);
                examples.push(format!("{call} --arg {}={tenant} --all", filter.name));
            }
            examples.push(format!("{call} --all --format jsonl"));
            examples
        }
        Tool::Function(entry) => functions(&call, entry, sight),
    }
}

fn functions(call: &str, entry: &Entry, sight: &Sight) -> Vec<String> {
    let tenant = sight.tenants.first().map_or("TENANT", String::as_str);
    let place = format!("{call} --tenant {tenant} --workspace WORKSPACE");
    // Of several that exclude each other, the first.
    let alternatives = entry.alternatives();
    let first = alternatives.first().map(|parameter| parameter.name.as_str());
    let needed = entry.arguments().filter(|parameter| {
        parameter.mandatory && (parameter.parameter_set.is_none() || first == Some(parameter.name.as_str()))
    });
    let needed: String = needed.map(argument).collect();
    let mut examples = vec![format!("{place}{needed}")];
    let chosen = entry.arguments().find(|parameter| !parameter.mandatory && !parameter.validate_set.is_empty());
    let optional = chosen.or_else(|| entry.arguments().find(|parameter| !parameter.mandatory));
    if let Some(optional) = optional {
        examples.push(format!("{place}{needed}{}", argument(optional)));
    }
    if entry.may_destroy() {
        let name = entry.named_by.first().map_or("NAME", String::as_str).to_uppercase();
        let switch = entry.destructive_with.first().map(|switch| format!(" --arg {switch}=true")).unwrap_or_default();
        examples.push(format!("{place}{needed}{switch} --confirm {name}"));
    } else if entry.effect() == Effect::Read {
        examples.push(format!("{place}{needed} --all --format jsonl"));
    }
    examples
}

fn argument(parameter: &Parameter) -> String {
    let value = match (parameter.validate_set.first(), parameter.kind, parameter.validate_range) {
        (Some(first), ..) => first.clone(),
        (None, Kind::Bool | Kind::Switch, _) => "true".to_owned(),
        (None, Kind::Int | Kind::Long, Some((least, _))) => least.max(1).to_string(),
        (None, Kind::Int | Kind::Long | Kind::Double, None) => "NUMBER".to_owned(),
        (None, Kind::Datetime, _) => "2026-01-31T08:00:00Z".to_owned(),
        (None, Kind::Timespan, _) => "P7D".to_owned(),
        _ => parameter.name.to_uppercase(),
    };
    format!(" --arg {}={value}", parameter.name)
}
