//! Which tools may be used.

use std::collections::BTreeSet;

use crate::catalog::{Effect, Tool, ToolSet, Tools};

/// Whether writes exist at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the tool sets say.
    ReadWrite,
    /// No write, whatever the tool sets say.
    ReadOnly,
}

/// Which tools a caller may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolPolicy {
    /// Sets switched on.
    pub sets: BTreeSet<ToolSet>,
    /// The switch that beats them.
    pub mode: Mode,
}

impl Default for ToolPolicy {
    /// All reads, and the writes of incidents.
    fn default() -> Self {
        Self { sets: [ToolSet::Read, ToolSet::Incidents].into(), mode: Mode::ReadWrite }
    }
}

impl ToolPolicy {
    /// Whether a tool of `set` with that effect may be used.
    #[must_use]
    pub fn allows(&self, set: ToolSet, effect: Effect) -> bool {
        let named = self.sets.contains(&ToolSet::All) || self.sets.contains(&set);
        match effect {
            Effect::Read => named || self.sets.contains(&ToolSet::Read),
            Effect::Write => named && self.mode == Mode::ReadWrite,
        }
    }

    /// The tools that clients are shown, by name.
    pub fn visible<'a>(&'a self, tools: &'a Tools) -> impl Iterator<Item = &'a Tool> + Clone {
        tools.iter().filter(|tool| self.allows(tool.set(), tool.effect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_beats_every_set() {
        let policy = ToolPolicy { sets: [ToolSet::All].into(), mode: Mode::ReadOnly };
        assert!(policy.allows(ToolSet::Rules, Effect::Read));
        assert!(!policy.allows(ToolSet::Rules, Effect::Write));
    }

    #[test]
    fn without_configuration_only_incidents_are_written() {
        let policy = ToolPolicy::default();
        assert!(policy.allows(ToolSet::Incidents, Effect::Write));
        assert!(policy.allows(ToolSet::Dcr, Effect::Read));
        assert!(!policy.allows(ToolSet::Rules, Effect::Write));
    }
}
