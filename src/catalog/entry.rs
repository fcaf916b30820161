//! One function of SentinelManager.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::{Effect, ToolSet};

const CATALOG: &str = include_str!("catalog.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalog {
    functions: Vec<Entry>,
    /// Parameters that name a rule, an incident, a table, whatever function
    /// has them.
    object_parameters: Vec<String>,
}

/// Every function of the catalogue, by name.
pub fn all() -> &'static [Entry] {
    &catalog().functions
}

fn catalog() -> &'static Catalog {
    static ALL: LazyLock<Catalog> = LazyLock::new(|| match serde_json::from_str::<Catalog>(CATALOG) {
        Ok(mut catalog) => {
            // By name, whatever order the file has: lists of tools must not move from one release to the next.
            catalog.functions.sort_by(|a, b| a.function.cmp(&b.function));
            catalog
        }
        Err(error) => unreachable!("the embedded catalogue does not fit its types: {error}"),
    });
    &ALL
}

/// One function.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Name of the PowerShell function.
    #[serde(rename = "name")]
    pub function: String,
    /// The tool set it belongs to.
    pub category: ToolSet,
    /// Name of its tool.
    pub tool: String,
    /// A short name for people.
    pub title: String,
    /// For clients. The first sentence says when to use the tool: they search
    /// by it.
    pub description: String,
    /// Parameters, injected ones too.
    pub parameters: Vec<Parameter>,
    /// What comes back.
    pub output: OutputShape,
    /// Hints for clients.
    pub annotations: Annotations,
    /// Longest run.
    pub timeout_seconds: u64,
    /// Whether answers may be kept.
    pub cache: Caching,
    /// What PowerShell's own confirmation does.
    pub should_process: ShouldProcess,
    /// Arguments that name the object, for the confirmation: the first of
    /// them that is given. Functions that may lose something have them.
    #[serde(default)]
    pub named_by: Vec<String>,
    /// Switches with which a function that is not destructive becomes it.
    #[serde(default)]
    pub destructive_with: Vec<String>,
    /// Old names of arguments, and their names of today. A tool that has one
    /// for `workspace` finds the tenant by it, where only one has such.
    #[serde(default)]
    pub argument_aliases: Vec<(String, String)>,
    /// A lost call may be repeated.
    pub retry_safe: bool,
    /// Of a write: the tool that shows whether it was made. Rows that were sent
    /// into a table, none shows.
    pub shown_by: Option<String>,
    /// Output fields that outsiders may have written.
    pub untrusted_output: Vec<String>,
}

/// One parameter.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Must be given (in its parameter set).
    pub mandatory: bool,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Filled from the registry, never by a caller.
    #[serde(default)]
    pub injected: bool,
    /// Only sent where a host has it, never by a caller.
    #[serde(default)]
    pub legacy_only: bool,
    /// Taken from a caller, but in no list of tools: what few ask for.
    #[serde(default)]
    pub unlisted: bool,
    /// Parameters of different sets exclude each other.
    pub parameter_set: Option<String>,
    /// Documentation, except for `legacy_only` parameters and such as filter,
    /// where it is sent.
    pub default: Option<serde_json::Value>,
    /// Its default leaves something out: it stands in the schema, is sent
    /// where a host has the parameter, and is said in the answer.
    pub filters: Option<Filtering>,
    /// Allowed values, compared without case.
    #[serde(default)]
    pub validate_set: Vec<String>,
    /// Form of the value.
    pub validate_pattern: Option<String>,
    /// Least and greatest number.
    pub validate_range: Option<(i64, i64)>,
    /// Least and greatest number of characters.
    pub validate_length: Option<(usize, usize)>,
    /// What it is for, to a person.
    pub description: String,
    /// What a list of tools says of it instead, to a model; "": its name says
    /// it.
    pub hint: Option<String>,
}

/// A parameter whose default leaves something out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filtering {
    /// Its value is how many rows come at most.
    #[serde(default)]
    pub limits: bool,
    /// Parameters that stand in for it.
    #[serde(default)]
    pub unless: Vec<String>,
}

/// Type of a parameter or output field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// Text.
    #[serde(rename = "string")]
    String,
    /// Present or not.
    #[serde(rename = "switch")]
    Switch,
    /// 32 bits.
    #[serde(rename = "int")]
    Int,
    /// 64 bits.
    #[serde(rename = "long")]
    Long,
    /// Floating point.
    #[serde(rename = "double")]
    Double,
    /// True or false.
    #[serde(rename = "bool")]
    Bool,
    /// Point in time.
    #[serde(rename = "datetime")]
    Datetime,
    /// Span of time.
    #[serde(rename = "timespan")]
    Timespan,
    /// Texts.
    #[serde(rename = "string[]")]
    Strings,
    /// Table.
    #[serde(rename = "hashtable")]
    Hashtable,
    /// Tables.
    #[serde(rename = "hashtable[]")]
    Hashtables,
    /// Anything with properties; output only.
    #[serde(rename = "object")]
    Object,
    /// Several of them; output only.
    #[serde(rename = "object[]")]
    Objects,
}

/// What a function gives back.
#[derive(Clone, Debug, Deserialize)]
pub struct OutputShape {
    /// One thing or many.
    pub kind: OutputKind,
    /// Fields that are known; scripts may have more or fewer.
    pub properties: Vec<OutputField>,
    /// Those that lists of tools name; none: the first ones.
    #[serde(default)]
    pub telling: Vec<String>,
}

/// One thing or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// Rows.
    List,
    /// One object.
    Object,
}

/// A known output field.
#[derive(Clone, Debug, Deserialize)]
pub struct OutputField {
    /// Name.
    pub name: String,
    /// Type, as our contract has it.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Names that scripts have for the same.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// MCP's four hints.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "MCP has these four")]
pub struct Annotations {
    /// Changes nothing.
    pub read_only_hint: bool,
    /// May lose something.
    pub destructive_hint: bool,
    /// Twice is once.
    pub idempotent_hint: bool,
    /// Answers carry what outsiders wrote.
    pub open_world_hint: bool,
}

/// Whether answers may be kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caching {
    /// At all.
    pub cacheable: bool,
    /// For how long.
    pub ttl_seconds: u64,
}

/// PowerShell's own confirmation.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ShouldProcess {
    /// Takes `-WhatIf` and `-Confirm`, by our contract.
    pub supported: bool,
}

impl Entry {
    /// Reads or writes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.annotations.read_only_hint { Effect::Read } else { Effect::Write }
    }

    /// Longest run.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Whether it may lose something, with some arguments at least.
    #[must_use]
    pub fn may_destroy(&self) -> bool {
        self.annotations.destructive_hint || !self.destructive_with.is_empty()
    }

    /// How long an answer may be kept; `None`: not at all.
    #[must_use]
    pub fn keep_for(&self) -> Option<Duration> {
        // A write is never kept, whatever its entry says: the second answer would say done where nothing ran.
        let kept = self.cache.cacheable && self.effect() == Effect::Read && self.cache.ttl_seconds > 0;
        kept.then(|| Duration::from_secs(self.cache.ttl_seconds))
    }

    /// Parameters that a caller may give: not the target, not what the server
    /// decides itself.
    pub fn arguments(&self) -> impl Iterator<Item = &Parameter> + Clone {
        self.parameters.iter().filter(|parameter| parameter.is_argument())
    }

    /// Mandatory arguments of which exactly one must be given, when the
    /// function has parameter sets.
    pub fn alternatives(&self) -> Vec<&Parameter> {
        self.arguments().filter(|parameter| parameter.mandatory && parameter.parameter_set.is_some()).collect()
    }
}

impl Parameter {
    /// Whether a caller may give it.
    #[must_use]
    pub fn is_argument(&self) -> bool {
        // A caller who could send them would confirm in a person's place.
        let ours = ["Confirm", "Force", "WhatIf"].iter().any(|name| self.name.eq_ignore_ascii_case(name));
        !self.injected && !self.legacy_only && !ours
    }

    /// Whether its value names the object: a rule, an incident, a table.
    #[must_use]
    pub fn names_object(&self) -> bool {
        catalog().object_parameters.contains(&self.name)
    }

    /// Whether `name` is its name or an alias, without case.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}
