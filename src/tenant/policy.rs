//! Who may use what.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::TenantId;

/// Which tenants a caller reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every configured tenant.
    All,
    /// These and no others; the others do not exist for this caller.
    Only(BTreeSet<TenantId>),
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name for the audit trail.
    pub name: String,
    /// Tenants the caller may see.
    pub reach: Reach,
}

impl Caller {
    /// The person at this computer, over stdio or the command line.
    #[must_use]
    pub fn local() -> Self {
        Self { name: "local".to_owned(), reach: Reach::All }
    }

    /// Whether the tenant exists for this caller.
    #[must_use]
    pub fn may_see(&self, tenant: &TenantId) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Only(tenants) => tenants.contains(tenant),
        }
    }
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

/// What a tool does to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Changes something.
    Write,
}

/// Whether writes exist at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the tool sets say.
    ReadWrite,
    /// No write, whatever the tool sets say.
    ReadOnly,
}

/// Whether a person must confirm what may lose something of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirming {
    /// By typing the object's name; who cannot be asked is refused.
    #[default]
    Ask,
    /// Never: the operator takes it upon himself.
    Never,
}

/// Which tools a caller may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Sets switched on.
    pub sets: BTreeSet<ToolSet>,
    /// The switch that beats them.
    pub mode: Mode,
}

impl Default for Policy {
    /// All reads, and the writes of incidents.
    fn default() -> Self {
        Self { sets: [ToolSet::Read, ToolSet::Incidents].into(), mode: Mode::ReadWrite }
    }
}

impl Policy {
    /// Whether a tool of `set` with that effect may be used.
    #[must_use]
    pub fn allows(&self, set: ToolSet, effect: Effect) -> bool {
        let named = self.sets.contains(&ToolSet::All) || self.sets.contains(&set);
        match effect {
            Effect::Read => named || self.sets.contains(&ToolSet::Read),
            Effect::Write => named && self.mode == Mode::ReadWrite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_beats_every_set() {
        let policy = Policy { sets: [ToolSet::All].into(), mode: Mode::ReadOnly };
        assert!(policy.allows(ToolSet::Rules, Effect::Read));
        assert!(!policy.allows(ToolSet::Rules, Effect::Write));
    }

    #[test]
    fn without_configuration_only_incidents_are_written() {
        let policy = Policy::default();
        assert!(policy.allows(ToolSet::Incidents, Effect::Write));
        assert!(policy.allows(ToolSet::Dcr, Effect::Read));
        assert!(!policy.allows(ToolSet::Rules, Effect::Write));
    }
}
