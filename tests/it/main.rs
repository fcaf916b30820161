//! One binary, a module per subject.

#![allow(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

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
