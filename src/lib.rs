//! sentinel-jump: SentinelManager functions on the customers' own jump hosts.
//!
//! From the top: [`cli`] starts [`mcp`]; both send every call down one path,
//! [`call`], which leases a session from [`pool`] and runs it on a [`host`].
//! [`fleet`] asks one question of many workspaces. [`catalog`] says what the
//! functions are, [`tenant`] who the customers are, [`config`] where both
//! come from.

pub mod access;
pub mod answer;
pub mod call;
pub mod catalog;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod desk;
pub mod front;
pub mod host;
pub mod mcp;
pub mod pool;
mod spelling;
pub mod tenant;
pub mod watch;
