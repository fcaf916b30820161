//! The demo: jump hosts of our own on loopback, what they know and how they
//! answer.
//!
//! [`World`] holds the simulated workspaces, [`commands_for`] makes what one
//! customer's jump host runs: our host module's commands and the functions of
//! SentinelManager, written in Rust. There is no PowerShell in it, so any
//! script but our own module is refused. [`start`] puts it behind listeners of
//! `wsman::host_end`, one per tenant: the same bytes travel as to Windows.
//!
//! `SentinelManager.psm1` is what the functions look like from outside, and
//! `probe.clixml` what a real engine (pwsh 7.6) says of it; parameters are
//! bound by that probe, so that the two cannot differ.

mod clixml;
mod content;
mod dataset;
mod estate;
mod functions;
mod host;
mod module;
mod serve;
mod signature;
mod world;

pub use host::{HostEnd, HostFiles, host};
pub use module::{SCRIPT, SCRIPT_PATH, commands_for};
pub use serve::{Demo, DemoError, start};
pub use world::{Place, Tenant, World};

#[cfg(test)]
mod tests;
