//! One binary, a module per subject.

mod catalog;
mod cli;
mod config;
#[cfg(feature = "process")]
mod engine;
mod faults;
mod hosts;
mod layers;
mod mcp;
mod path;
mod snapshot;
mod world;
