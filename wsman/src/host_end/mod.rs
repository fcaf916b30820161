//! The host end: a WinRM host for demos, tests and benchmarks.
//!
//! Three layers, each usable alone:
//!
//! - [`engine`] is what runs behind a shell: [`engine::Demo`] in Rust, or a
//!   real PowerShell as a child process (`engine::Process`, feature
//!   `process`).
//! - [`peer`] is the WS-Management service of one host, without I/O: it is
//!   told requests and the time, and gives answers.
//! - [`Listener`] puts a [`peer::Peer`] behind HTTP or HTTPS and a sign-in on
//!   loopback.
//!
//! Nothing here is evidence about Windows: it does what recordings of Windows
//! show and what the specifications say, and where neither says anything the
//! choice is noted.

pub mod demo;
pub mod engine;
mod listener;
pub mod peer;

pub use listener::{
    BasicSignIn, BindError, CbtHardening, EngineFactory, EngineKind, Hit, HostOptions, HostTls, Listener, Mishap, Rule,
};
