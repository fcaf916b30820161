//! MCP: tools over JSON-RPC. The only module that names rmcp.
//!
//! The handler is written by hand over the catalogue. rmcp checks no
//! argument, never answers for a handler that panicked and never drops one
//! that was cancelled; `server` and the call path do these things.

mod confirm;
mod http;
mod progress;
mod reply;
mod server;
mod stdio;

pub use http::{HttpListener, Loopback, NotLoopback, serve_http};
pub use server::Server;
pub use stdio::{ServeError, serve_on, serve_stdio};
