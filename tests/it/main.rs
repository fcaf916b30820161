//! One binary, a module per subject.

mod catalog;
mod cli;
mod config;
mod mcp;
mod path;
mod snapshot;
mod world;
