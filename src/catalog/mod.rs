//! Functions and tools as data.
//!
//! `catalog.json` describes every SentinelManager function: parameters,
//! output, annotations, limits. [`Definition`] describes a tool of the
//! server's own; [`schema`] turns both into what an MCP client sees, and
//! [`reading`] says what a value means that a client sends.

mod definition;
mod entry;
mod offer;
pub mod reading;
pub mod schema;
mod sets;

pub use definition::{Argument, Definition, Form};
pub use entry::{
    Annotations, Caching, Entry, Filtering, Kind, OutputField, OutputKind, OutputShape, Parameter, ShouldProcess, all,
};
pub use offer::{Tool, Tools, function};
pub use sets::{Effect, ToolSet, UnknownToolSet};
