//! Functions and tools as data.
//!
//! `catalog.json` describes every SentinelManager function: parameters,
//! output, annotations, limits. `offer` says which of them this release
//! offers as tools and adds the questions over many workspaces; [`schema`]
//! turns both into what an MCP client sees.

mod entry;
pub mod error;
mod offer;
pub mod schema;

pub use entry::{Annotations, Caching, Entry, Kind, Output, OutputField, OutputKind, Parameter, ShouldProcess, all};
pub use error::{Code, HostText, Outcome, ToolError};
pub use offer::{Fleet, Tool, find, tools, visible};
