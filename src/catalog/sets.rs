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
    /// Everything that only reads, of every other set.
    Read,
    /// Everything.
    All,
}

impl ToolSet {
    /// All sets.
    pub const NAMES: [(&str, Self); 9] = [
        ("all", Self::All),
        ("backup", Self::Backup),
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
