//! Functions as the host has them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wsman::clixml::Value;

use super::report::Taint;

/// One function as the host has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a function")]
pub struct FunctionProbe {
    /// Name.
    pub name: String,
    /// Line in the script.
    pub line: i64,
    /// Has `[CmdletBinding()]`: unknown parameters are refused, not swallowed.
    pub advanced: bool,
    /// Takes `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// Declared output types.
    pub output_types: Vec<String>,
    /// Help text of the script. Untrusted.
    pub synopsis: String,
    /// Parameters without PowerShell's common ones.
    pub parameters: Vec<ParameterProbe>,
    /// Questions it asks itself.
    pub asks: Vec<WrittenQuestion>,
    /// Functions that it calls, directly or not, and that ask.
    pub asks_via: Vec<String>,
    /// All places where it may ask, at most 20.
    pub places: Vec<AskingPlace>,
    /// Ends the script or the process itself.
    pub exits: bool,
    /// Functions that it calls, directly or not, and that do.
    pub exits_via: Vec<String>,
    /// May end the host's process, directly or not (`[Environment]::Exit`): the
    /// session then breaks off without a word.
    pub ends_process: bool,
    /// Writes to the screen itself.
    pub writes_host: bool,
    /// Has a `return` with a value. A function may give output without one.
    pub returns: bool,
    /// Uses `[Console]`, which nobody sees over WinRM.
    pub console: bool,
    /// Uses the session table, directly or not.
    pub session: bool,
    /// Writes progress records, directly or not.
    pub progress: bool,
    /// What it reads of statements that were left out, right after loading.
    pub tainted: Vec<Taint>,
}

impl FunctionProbe {
    /// Whether calling it may ask something.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        !self.asks.is_empty() || !self.asks_via.is_empty()
    }

    /// Whether calling it may end the script.
    #[must_use]
    pub fn may_exit(&self) -> bool {
        self.exits || !self.exits_via.is_empty()
    }

    /// Whether it seems to write to the screen only. A hint: a function may
    /// give output by leaving a value in the pipeline.
    #[must_use]
    pub fn seems_screen_only(&self) -> bool {
        self.writes_host && !self.returns && self.output_types.is_empty()
    }
}

/// A question that a function asks, as it stands in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenQuestion {
    /// The command or method: `Read-Host`, `PromptForChoice`.
    pub kind: String,
    /// Its arguments as written.
    pub text: String,
    /// Line in the script.
    pub line: i64,
}

/// What a question will say at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Literal(String),
    /// The value of this variable, with its members as written
    /// (`script:Session.WorkspaceName`), without `$`.
    Variable(String),
    /// Something that the source does not tell.
    Other(String),
}

/// A place on a function's path that may ask, itself or in what it calls; each
/// call to a function that asks is a place of its own. `ShouldProcess` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingPlace {
    /// The function that asks.
    pub function: String,
    /// The command or method: `Read-Host`, `PromptForChoice`, `ReadKey`.
    pub kind: String,
    /// Line in the script.
    pub line: i64,
    /// Wants a secret.
    pub secure: bool,
    /// Of a choice: its caption.
    pub caption: Vec<Part>,
    /// The question.
    pub parts: Vec<Part>,
    /// Parameters that lead past it, whichever is given
    /// (`if (-not $Comment) { … }`).
    pub unless: Vec<String>,
    /// By the conditions around it, it is reached wherever none of them is
    /// given.
    pub sure: bool,
}

impl AskingPlace {
    /// Whether a call with these parameters may come to it.
    #[must_use]
    pub fn is_met_by(&self, parameters: &[(String, Value)]) -> bool {
        let empty = |value: &Value| match value {
            Value::Nil | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        let is_given =
            |name: &String| parameters.iter().any(|(given, value)| given.eq_ignore_ascii_case(name) && !empty(value));
        !self.unless.iter().any(is_given)
    }
}

/// One parameter as the host's function has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "PowerShell's own flags of a parameter")]
pub struct ParameterProbe {
    /// Name.
    pub name: String,
    /// .NET type, full name (`System.Int32`, `System.String[]`); of
    /// `Nullable<T>` what is in it.
    pub type_name: String,
    /// The type is `Nullable<T>`.
    pub nullable: bool,
    /// The type, or that of an array's items, is an enum; its names are in
    /// `validate_set`.
    pub enumeration: bool,
    /// A switch.
    pub is_switch: bool,
    /// Made by `DynamicParam`.
    pub dynamic: bool,
    /// Whether some parameter set demands it.
    pub mandatory: bool,
    /// Other names it binds under.
    pub aliases: Vec<String>,
    /// Default value as it stands in the source; empty: none.
    pub default: String,
    /// The parameter sets it is in.
    pub sets: Vec<ParameterSet>,
    /// `ValidateSet` and enum names.
    pub validate_set: Vec<String>,
    /// `ValidateRange`, of whatever type it was written in.
    pub validate_range: Option<(Value, Value)>,
    /// `ValidatePattern`; empty: none.
    pub validate_pattern: String,
    /// `ValidateLength`.
    pub validate_length: Option<(i64, i64)>,
    /// Help text of the script. Untrusted.
    pub help: String,
}

/// A parameter's part in one parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSet {
    /// The set's name, `__AllParameterSets` for all of them.
    pub name: String,
    /// Must be given.
    pub mandatory: bool,
}

/// Probes of functions, by host and script hash. Shared by all sessions of a
/// server; holds one small entry per function that was called.
///
/// By hash, since a script that was replaced on the host may have other
/// parameters; by host, since the same text finds other modules there.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<HashMap<String, Arc<FunctionProbe>>>>);

impl Probes {
    pub(super) fn find(&self, key: &str) -> Option<Arc<FunctionProbe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn keep(&self, key: String, probe: FunctionProbe) -> Arc<FunctionProbe> {
        let probe = Arc::new(probe);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&probe));
        probe
    }
}
