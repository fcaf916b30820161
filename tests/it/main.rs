//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

#[cfg(feature = "process")]
mod both;
mod catalog;
#[path = "../../wsman/tests/it/certificates.rs"]
mod certificates;
mod cli;
mod config;
mod confirm;
#[cfg(feature = "process")]
mod engine;
mod faults;
mod hosts;
mod http;
mod layers;
mod leaks;
mod mcp;
mod path;
mod pool;
#[cfg(feature = "process")]
mod real;
mod requests;
mod snapshot;
mod tls;
mod world;
