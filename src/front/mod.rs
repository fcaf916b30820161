//! The sockets that clients come in by, and who is asking.

mod http;
mod json;
mod lines;
mod message;
mod stdio;

pub use http::{HttpListener, Loopback, NotLoopback, serve_http};
pub use stdio::{ServeError, serve_on, serve_stdio};
