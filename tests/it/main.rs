//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

#[cfg(feature = "process")]
mod azure;
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
#[cfg(feature = "process")]
mod opening;
mod path;
mod pool;
#[cfg(feature = "process")]
mod real;
mod requests;
#[cfg(feature = "process")]
mod script;
mod snapshot;
mod three;
mod tls;
#[cfg(feature = "process")]
mod types;
#[cfg(feature = "process")]
mod values;
mod world;
