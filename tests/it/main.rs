//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

mod catalog;
#[path = "../../wsman/tests/it/certificates.rs"]
mod certificates;
mod cli;
mod config;
mod confirm;
mod door;
mod faults;
mod hosts;
mod http;
mod layers;
mod leaks;
mod mcp;
mod path;
mod pool;
mod requests;
mod snapshot;
mod three;
mod tls;
mod world;
