//! One binary, a module per subject.

#![expect(clippy::print_stdout, reason = "tests say what they left out, and what a host counted")]

mod answers;
mod audit;
mod azure;
mod catalog;
#[path = "../../wsman/tests/it/certificates.rs"]
#[expect(dead_code, reason = "the library's tests need more of it")]
mod certificates;
mod circuit;
mod cli;
mod config;
mod confirm;
mod demo;
mod desk;
mod door;
mod faults;
mod first_contact;
mod gate;
mod hosts;
mod http;
mod languages;
mod layers;
mod leaks;
mod list;
mod mcp;
#[cfg(target_os = "linux")]
mod memory;
mod outcomes;
mod path;
mod pool;
mod processes;
mod readme;
mod requests;
mod sentences;
mod shells;
mod snapshot;
mod storm;
#[cfg(unix)]
mod terminal;
mod three;
mod tls;
mod trail;
mod world;
