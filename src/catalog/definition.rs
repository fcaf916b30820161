//! A tool of the server's own, as data: a question over many workspaces.

use super::{Annotations, Effect, ToolSet};

/// What clients see of a tool that is no function of the script.
///
/// Who answers it is the desk's affair.
#[derive(Debug)]
pub struct Definition {
    /// Name that clients call it by.
    pub name: &'static str,
    /// A short name for people.
    pub title: &'static str,
    /// When to use it, and what else a model must know.
    pub description: &'static str,
    /// The tool set it belongs to.
    pub set: ToolSet,
    /// Hints for clients.
    pub annotations: Annotations,
    /// What may be given, beside what shapes the answer.
    pub arguments: &'static [Argument],
    /// Old names of arguments, and their names of today.
    pub aliases: &'static [(&'static str, &'static str)],
    /// The function whose rows it brings together; `None`: its rows are its
    /// own.
    pub function: Option<&'static str>,
    /// Fields of its own rows, beside `tenant` and `workspace`.
    pub fields: &'static [&'static str],
}

/// One argument of such a tool.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Name.
    pub name: &'static str,
    /// What may stand there.
    pub form: Form,
}

/// What may stand in an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Alias of a tenant.
    Tenant,
    /// Alias of a tenant, or the word for all of them.
    TenantOrAll,
    /// Alias of a workspace.
    Workspace,
    /// One of these.
    Choice(&'static [&'static str]),
    /// True or false.
    Flag,
    /// Words.
    Text,
    /// Arguments of another tool.
    Object,
}

impl Definition {
    /// Reads or writes.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.annotations.read_only_hint { Effect::Read } else { Effect::Write }
    }
}
