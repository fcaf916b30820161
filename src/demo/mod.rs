//! The demo: jump hosts of our own on loopback, what they know and how they
//! answer.
//!
//! - `world` holds the simulated workspaces ([`World`]), as the scenario has
//!   them and as writes leave them.
//! - `azure` is its second face: a simulated Azure over https.
//! - `logs` are the rows that its workspaces have logged, and `kql` runs queries
//!   over them.
//! - `functions` are those of SentinelManager, written in Rust.
//!   `SentinelManager.psm1` is what they look like from outside, made from the
//!   catalogue; `probe.clixml` is what a real engine (pwsh 7.6) says of it, and
//!   what parameters are bound by. Tests write both (`UPDATE=1`) and are red
//!   where one is not what the other makes.
//! - `module` imitates our host module; [`commands_for`] makes what one
//!   customer's jump host runs. There is no PowerShell in it, so any script but
//!   our own module is refused.
//!
//! [`start`] puts it behind listeners of `wsman::host_end`, one per tenant: the
//! same bytes travel as to Windows. Only the command line starts it, and only
//! with the feature `demo`.

mod azure;
mod clixml;
mod functions;
mod host;
mod kql;
mod logs;
mod module;
mod serve;
mod world;

pub use azure::{AzureEnd, Budget, Control, Fault, Mishap, Pace, Seen, Settings};
pub use functions::{SCRIPT, SCRIPT_PATH};
pub use host::{HostEnd, HostFiles, host};
pub use module::commands_for;
pub use serve::{Demo, DemoError, azure, start};
pub use world::{Place, Tenant, World};

#[cfg(test)]
mod tests;
