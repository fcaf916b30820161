//! One binary, a module per subject.

mod catalog;
mod cli;
mod config;
#[cfg(feature = "process")]
mod engine;
mod mcp;
mod path;
mod requests;
mod snapshot;
mod world;
