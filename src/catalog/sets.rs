//! Sets of tools, and what a tool does.

use std::fmt;
use std::str::FromStr;

/// What a tool does to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Changes something.
    Write,
}

/// A set of tools that the operator switches on by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolSet {
    /// Tables and their retention.
    Tables,
    /// Analytics rules.
    Rules,
    /// Workbooks.
    Workbooks,
    /// Incidents.
    Incidents,
    /// Exports.
    Backup,
    /// Data collection rules and endpoints.
    Dcr,
    /// Questions over many workspaces.
    Fleet,
    /// What an analyst reads in a day: of many workspaces, incidents, rules,
    /// tables.
    Analyst,
    /// Everything that only reads, of every other set.
    Read,
    /// Everything.
    All,
    /// Two tools that stand for all the others: one finds them, one calls
    /// them.
    Compact,
}

impl ToolSet {
    /// All sets.
    pub const NAMES: [(&str, Self); 11] = [
        ("all", Self::All),
        ("analyst", Self::Analyst),
        ("backup", Self::Backup),
        ("compact", Self::Compact),
        ("dcr", Self::Dcr),
        ("fleet", Self::Fleet),
        ("incidents", Self::Incidents),
        ("read", Self::Read),
        ("rules", Self::Rules),
        ("tables", Self::Tables),
        ("workbooks", Self::Workbooks),
    ];
}

/// A name that is no tool set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tool set")]
pub struct UnknownToolSet;

impl FromStr for ToolSet {
    type Err = UnknownToolSet;
    fn from_str(text: &str) -> Result<Self, UnknownToolSet> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, set)| *set).ok_or(UnknownToolSet)
    }
}

impl fmt::Display for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, set)| set == self).map_or("", |(name, _)| name))
    }
}
