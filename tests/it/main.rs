//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "the hosts' counts are shown with --nocapture")]

mod catalog;
mod cli;
mod config;
#[cfg(feature = "process")]
mod engine;
mod faults;
mod hosts;
mod layers;
mod leaks;
mod mcp;
mod path;
mod pool;
mod snapshot;
mod world;
