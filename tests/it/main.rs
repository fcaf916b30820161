//! One binary, a module per subject.

mod catalog;
mod cli;
mod config;
#[cfg(feature = "process")]
mod engine;
mod mcp;
mod path;
#[cfg(feature = "process")]
mod real;
mod snapshot;
mod world;
