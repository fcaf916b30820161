//! Which tools there are, and which of them a policy lets through.

use super::{Annotations, Entry, all};
use crate::tenant::{Effect, Policy, ToolSet};

/// A question over many workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// `sentinel_health_check`
    HealthCheck,
    /// `sentinel_list_analytics_rules`
    ListAnalyticsRules,
}

impl Fleet {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::HealthCheck, Self::ListAnalyticsRules];

    /// Name of the tool.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HealthCheck => "sentinel_health_check",
            Self::ListAnalyticsRules => "sentinel_list_analytics_rules",
        }
    }

    /// The function whose rows it brings together; `None`: its rows are its
    /// own.
    #[must_use]
    pub fn function(self) -> Option<&'static str> {
        match self {
            Self::HealthCheck => None,
            Self::ListAnalyticsRules => Some("Get-AnalyticsRules"),
        }
    }
}

/// One tool.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    /// A function on one workspace.
    Function(&'static Entry),
    /// A question over many workspaces.
    Fleet(Fleet),
}

impl Tool {
    /// Name that clients call it by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.tool,
            Self::Fleet(fleet) => fleet.name(),
        }
    }

    /// The tool set it belongs to.
    #[must_use]
    pub fn set(&self) -> ToolSet {
        match self {
            Self::Function(entry) => entry.category,
            Self::Fleet(_) => ToolSet::Fleet,
        }
    }

    /// Reads or writes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Function(entry) => entry.effect(),
            Self::Fleet(_) => Effect::Read,
        }
    }

    /// A short name for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.title,
            Self::Fleet(Fleet::HealthCheck) => "Check the health of all customers",
            Self::Fleet(Fleet::ListAnalyticsRules) => "List analytics rules of all customers",
        }
    }

    /// When to use it, and what else a model must know.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.description,
            Self::Fleet(Fleet::HealthCheck) => {
                "Use to see which customers' workspaces are in order, one row each, the worst first. quick: host, session, script, sign-in to Azure, rules, open incidents; detailed: also tables, retention, data collection and a score. unknown means that something could not be read, never that it is fine."
            }
            Self::Fleet(Fleet::ListAnalyticsRules) => {
                "Use to list or compare analytics rules across customers: without filters, of every tenant and workspace. Each row says whose it is; a host that cannot be reached costs its own rows and is named."
            }
        }
    }

    /// Hints for clients.
    #[must_use]
    pub fn annotations(&self) -> Annotations {
        match self {
            Self::Function(entry) => Annotations { destructive_hint: entry.may_destroy(), ..entry.annotations },
            Self::Fleet(_) => Annotations {
                read_only_hint: true,
                destructive_hint: false,
                idempotent_hint: true,
                open_world_hint: false,
            },
        }
    }
}

fn every() -> impl Iterator<Item = Tool> {
    all().iter().map(Tool::Function).chain(Fleet::ALL.map(Tool::Fleet))
}

/// Every tool, by name.
pub fn tools() -> Vec<Tool> {
    let mut tools: Vec<Tool> = every().collect();
    tools.sort_by_key(Tool::name);
    tools
}

/// The tools that clients are shown under a policy, by name.
pub fn visible(policy: &Policy) -> Vec<Tool> {
    let mut tools = tools();
    tools.retain(|tool| policy.allows(tool.set(), tool.effect()));
    tools
}

/// The tool of that exact name, or of the function of that name (without
/// case, as PowerShell has it).
pub fn find(name: &str) -> Option<Tool> {
    every().find(|tool| {
        tool.name() == name || matches!(tool, Tool::Function(entry) if entry.function.eq_ignore_ascii_case(name))
    })
}
