//! Which tools there are.

use super::{Annotations, Definition, Effect, Entry, ToolSet, all};

/// One tool.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    /// A function on one workspace.
    Function(&'static Entry),
    /// A question over many workspaces.
    Fleet(&'static Definition),
}

impl Tool {
    /// Name that clients call it by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.tool,
            Self::Fleet(own) => own.name,
        }
    }

    /// The tool set it belongs to.
    #[must_use]
    pub fn set(&self) -> ToolSet {
        match self {
            Self::Function(entry) => entry.category,
            Self::Fleet(own) => own.set,
        }
    }

    /// Reads or writes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Function(entry) => entry.effect(),
            Self::Fleet(own) => own.effect(),
        }
    }

    /// A short name for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.title,
            Self::Fleet(own) => own.title,
        }
    }

    /// When to use it, and what else a model must know.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::Function(entry) => &entry.description,
            Self::Fleet(own) => own.description,
        }
    }

    /// Old names of arguments, and their names of today.
    pub fn argument_aliases(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let function = match self {
            Self::Function(entry) => entry.argument_aliases.as_slice(),
            Self::Fleet(_) => &[],
        };
        let own = match self {
            Self::Function(_) => &[],
            Self::Fleet(own) => own.aliases,
        };
        function.iter().map(|(old, new)| (old.as_str(), new.as_str())).chain(own.iter().copied())
    }

    /// Hints for clients.
    #[must_use]
    pub fn annotations(&self) -> Annotations {
        match self {
            // Clients decide once for a tool: what may lose something with one switch is shown as what always may.
            Self::Function(entry) => Annotations { destructive_hint: entry.may_destroy(), ..entry.annotations },
            Self::Fleet(own) => own.annotations,
        }
    }
}

/// Every tool of one server: the functions of the catalogue, and the tools of
/// the server's own.
#[derive(Clone, Debug, Default)]
pub struct Tools(Vec<Tool>);

impl Tools {
    /// By name.
    pub fn new(own: impl IntoIterator<Item = &'static Definition>) -> Self {
        let mut tools: Vec<Tool> = all().iter().map(Tool::Function).chain(own.into_iter().map(Tool::Fleet)).collect();
        tools.sort_by_key(Tool::name);
        Self(tools)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Tool> + Clone {
        self.0.iter()
    }

    /// The tool of that exact name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Tool> {
        // A walk over some forty names costs less than what a map of them would.
        self.0.iter().find(|tool| tool.name() == name).copied()
    }

    /// The tool of that exact name, or of the function of that name (without
    /// case, as PowerShell has it).
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Tool> {
        self.named(name).or_else(|| function(name).map(Tool::Function))
    }
}

/// The function of that name, without case.
#[must_use]
pub fn function(name: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.function.eq_ignore_ascii_case(name))
}
