//! What the demo's functions look like from outside is made from the
//! catalogue.
//!
//! `UPDATE=1 cargo test --test it demo` writes SentinelManager.psm1; then
//! `UPDATE=1 cargo test --features process --test engine demo` writes what a
//! real engine says of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::snapshot::assert_file;

const HEAD: &str = "\
# SentinelManager of the demo host: what its functions look like from outside.
# Made from the catalogue by a test; change that, then run the test with UPDATE=1.
#
# The demo's engine has no PowerShell. It knows this file by its bytes and
# answers the functions itself, from the demo's data; the probe and the
# load report of a real engine over this file are what it repeats.
#
# Contract style: a function is told its workspace by parameters.
";

/// Functions that say how far they are.
const PROGRESS: [&str; 7] = [
    "Export-AnalyticsRules",
    "Export-AutomationRules",
    "Export-Functions",
    "Export-SavedQueries",
    "Export-TableData",
    "Export-Watchlists",
    "Test-DCRIngestion",
];

/// The parts of the catalogue that a script shows, as they are written.
#[derive(Deserialize)]
struct Catalogue {
    functions: Vec<Function>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    name: String,
    purpose: String,
    parameters: Vec<Parameter>,
    should_process: ShouldProcess,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShouldProcess {
    supported: bool,
    confirm_impact: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    mandatory: bool,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    legacy_only: bool,
    parameter_set: Option<String>,
    default: Option<Json>,
    #[serde(default)]
    validate_set: Vec<String>,
    validate_pattern: Option<String>,
    validate_range: Option<(i64, i64)>,
    validate_length: Option<(usize, usize)>,
    description: String,
}

impl Function {
    fn write(&self, script: &mut String) -> std::fmt::Result {
        let shown: Vec<&Parameter> = self.parameters.iter().filter(|parameter| parameter.is_shown()).collect();
        writeln!(script, "\nfunction {} {{\n    <#\n    .SYNOPSIS\n    {}", self.name, self.purpose)?;
        for parameter in shown.iter().filter(|parameter| !parameter.help().is_empty()) {
            writeln!(script, "    .PARAMETER {}\n    {}", parameter.name, parameter.help())?;
        }
        let mut binding = Vec::new();
        if let Some(set) = shown.iter().find_map(|parameter| parameter.set()) {
            binding.push(format!("DefaultParameterSetName = {}", quoted(set)));
        }
        if self.should_process.supported {
            let impact = quoted(&self.should_process.confirm_impact);
            binding.push(format!("SupportsShouldProcess = $true, ConfirmImpact = {impact}"));
        }
        let declared: Vec<String> =
            shown.iter().map(|parameter| format!("        {}", parameter.declaration())).collect();
        writeln!(script, "    #>\n    [CmdletBinding({})]", binding.join(", "))?;
        writeln!(script, "    param(\n{}\n    )", declared.join(",\n"))?;
        if PROGRESS.contains(&self.name.as_str()) {
            writeln!(script, "    Write-Progress -Activity {} -PercentComplete 0", quoted(&self.name))?;
        }
        writeln!(script, "    throw 'answered by the demo host itself'\n}}")
    }
}

impl Parameter {
    /// Not what only older scripts have, nor what `SupportsShouldProcess` gives.
    fn is_shown(&self) -> bool {
        !self.legacy_only && !["WhatIf", "Confirm"].contains(&self.name.as_str())
    }

    /// What the server does with it is none of the script's affair.
    fn help(&self) -> String {
        match self.description.split_once("; filled by the server") {
            Some((own, _)) => format!("{own}."),
            None => self.description.clone(),
        }
    }

    /// Its parameter set, where that decides what must be given.
    fn set(&self) -> Option<&str> {
        self.parameter_set.as_deref().filter(|_| self.mandatory)
    }

    fn declaration(&self) -> String {
        let mut text = String::new();
        match (self.mandatory, self.set()) {
            (true, Some(set)) => text += &format!("[Parameter(Mandatory = $true, ParameterSetName = {})]", quoted(set)),
            (true, None) => text += "[Parameter(Mandatory = $true)]",
            (false, _) => {}
        }
        if !self.aliases.is_empty() {
            text += &format!("[Alias({})]", list(&self.aliases));
        }
        if !self.validate_set.is_empty() {
            text += &format!("[ValidateSet({})]", list(&self.validate_set));
        }
        if let Some(pattern) = &self.validate_pattern {
            text += &format!("[ValidatePattern({})]", quoted(pattern));
        }
        if let Some((least, greatest)) = self.validate_range {
            text += &format!("[ValidateRange({least}, {greatest})]");
        }
        if let Some((least, greatest)) = self.validate_length {
            text += &format!("[ValidateLength({least}, {greatest})]");
        }
        text += &format!("[{}]${}", self.kind, self.name);
        // A span is written as ISO 8601, which PowerShell does not read.
        match self.default.as_ref().filter(|_| self.kind != "timespan").map(literal) {
            Some(default) => format!("{text} = {default}"),
            None => text,
        }
    }
}

fn literal(value: &Json) -> String {
    match value {
        Json::Bool(value) => format!("${value}"),
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("@({})", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_demos_script_is_what_the_catalogue_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalogue = std::fs::read_to_string(root.join("src/catalog/catalog.json")).expect("the catalogue");
    let catalogue: Catalogue = serde_json::from_str(&catalogue).expect("the catalogue");
    let names: BTreeSet<&str> = catalogue.functions.iter().map(|function| function.name.as_str()).collect();
    assert!(PROGRESS.iter().all(|name| names.contains(name)));
    let mut script = HEAD.to_owned();
    for function in &catalogue.functions {
        function.write(&mut script).expect("writing to a string");
    }
    assert_file(&root.join("src/demo/functions/SentinelManager.psm1"), &script);
}
