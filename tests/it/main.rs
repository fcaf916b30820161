//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

#[cfg(feature = "process")]
mod azure;
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
#[cfg(feature = "process")]
mod real;
mod requests;
mod snapshot;
mod three;
mod world;
