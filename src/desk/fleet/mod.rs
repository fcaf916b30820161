//! Tools of the server's own: questions over many workspaces.
//!
//! Each is a value, what clients see of it and who answers it. Adding one is
//! adding a value to [`ALL`].

mod compact;
mod fan_out;
mod health;
mod probe;
mod rules;
mod targets;
mod tenants;
mod told;

use std::fmt;

use futures_util::future::BoxFuture;

use crate::answer::ToolError;
use crate::catalog::{Annotations, Definition};

pub(super) use compact::invoked;
pub use fan_out::Asking;
pub use told::Told;

/// Every tool of the server's own that clients see.
pub(super) const ALL: [FleetTool; 5] = [health::TOOL, rules::TOOL, tenants::TOOL, compact::SEARCH, compact::INVOKE];

/// One that only the command line has.
pub(super) const PROBE: FleetTool = probe::TOOL;

/// Answers the question of a tool.
pub type Handler = for<'a> fn(Asking<'a>) -> BoxFuture<'a, Result<Told, ToolError>>;

/// A tool of the server's own.
#[derive(Clone, Copy)]
pub struct FleetTool {
    /// What clients see of it.
    pub definition: &'static Definition,
    /// Who answers it.
    pub handler: Handler,
}

impl fmt::Debug for FleetTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.definition.name)
    }
}

/// Hints of what only asks.
const QUESTION: Annotations =
    Annotations { read_only_hint: true, destructive_hint: false, idempotent_hint: true, open_world_hint: false };
