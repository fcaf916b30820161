//! sentinel-jump: SentinelManager functions on the customers' own jump hosts.
//!
//! From the top: [`cli`] starts [`mcp`]; both send every call down one path,
//! [`call`], which leases a session from [`pool`] and runs it on a [`host`].
//! [`fleet`] asks one question of many workspaces. [`catalog`] says what the
//! functions are, [`tenant`] who the customers are, [`config`] where both
//! come from. [`store`] keeps what outlives a call,
//! [`audit`] who did what.

pub mod audit;
pub mod call;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod demo;
pub mod fleet;
pub mod host;
pub mod mcp;
mod near;
pub mod pool;
pub mod store;
pub mod telemetry;
pub mod tenant;
