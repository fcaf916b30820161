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

/// What an analyst reads.
const ANALYST: [ToolSet; 4] = [ToolSet::Fleet, ToolSet::Incidents, ToolSet::Rules, ToolSet::Tables];

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
        if set == ToolSet::Compact {
            return self.is_compact();
        }
        // `compact` says how tools are shown; alone, it shows those of the default.
        let sets = if self.is_compact() && self.sets.len() == 1 { &Self::default().sets } else { &self.sets };
        let named = sets.contains(&ToolSet::All) || sets.contains(&set);
        match effect {
            Effect::Read => {
                named || sets.contains(&ToolSet::Read) || (sets.contains(&ToolSet::Analyst) && ANALYST.contains(&set))
            }
            Effect::Write => named && self.mode == Mode::ReadWrite,
        }
    }

    /// Whether two tools stand for all.
    #[must_use]
    pub fn is_compact(&self) -> bool {
        self.sets.contains(&ToolSet::Compact)
    }

    /// The tools that clients are shown, by name.
    pub fn visible<'a>(&'a self, tools: &'a Tools) -> impl Iterator<Item = &'a Tool> + Clone {
        let is_compact = self.is_compact();
        tools.iter().filter(move |tool| match tool.set() {
            ToolSet::Compact => is_compact,
            set => !is_compact && self.allows(set, tool.effect()),
        })
    }

    /// The tools that clients may call, shown or behind the two that stand for
    /// them.
    pub fn callable<'a>(&'a self, tools: &'a Tools) -> impl Iterator<Item = &'a Tool> + Clone {
        tools.iter().filter(|tool| tool.set() != ToolSet::Compact && self.allows(tool.set(), tool.effect()))
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

    #[test]
    fn an_analyst_reads_and_compact_alone_is_the_default() {
        let analyst = ToolPolicy { sets: [ToolSet::Analyst].into(), mode: Mode::ReadWrite };
        assert!(analyst.allows(ToolSet::Incidents, Effect::Read));
        assert!(!analyst.allows(ToolSet::Incidents, Effect::Write));
        assert!(!analyst.allows(ToolSet::Backup, Effect::Read));
        let compact = ToolPolicy { sets: [ToolSet::Compact].into(), mode: Mode::ReadWrite };
        assert!(compact.allows(ToolSet::Incidents, Effect::Write));
        assert!(!compact.allows(ToolSet::Rules, Effect::Write));
        let narrow = ToolPolicy { sets: [ToolSet::Compact, ToolSet::Dcr].into(), mode: Mode::ReadOnly };
        assert!(narrow.allows(ToolSet::Dcr, Effect::Read));
        assert!(!narrow.allows(ToolSet::Dcr, Effect::Write));
        assert!(!narrow.allows(ToolSet::Incidents, Effect::Read));
        assert!(
            !ToolPolicy { sets: [ToolSet::All].into(), mode: Mode::ReadWrite }.allows(ToolSet::Compact, Effect::Read)
        );
    }
}
