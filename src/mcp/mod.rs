//! MCP: tools over JSON-RPC. With `front`, which
//! owns the sockets, the only module that names rmcp.
//!
//! The handler is written by hand over the catalogue. rmcp checks no
//! argument, never answers for a handler that panicked and never drops one
//! that was cancelled; `server` and the call path do these things.

mod confirm;
pub(crate) mod params;
mod progress;
mod reply;
mod server;
mod visitor;

pub use server::Server;
pub use visitor::Visitor;
