//! sentinel-jump: SentinelManager functions on the customers' own jump hosts.
//!
//! From the top: [`cli`] starts the server; [`front`] owns the sockets that
//! clients come in by, [`mcp`] speaks with them, and every question, from
//! either, is answered by the [`desk`]. It sends calls down one path,
//! [`call`], which leases a session from [`pool`] and runs it on a [`host`].
//! [`answer`] is what a caller is told, [`access`] who asks and what they may
//! use. [`catalog`] says what the functions are, [`tenant`] who the customers
//! are, [`config`] where both come from. [`store`] keeps what outlives a call,
//! [`audit`] who did what; [`watch`] logs.

pub mod access;
pub mod answer;
pub mod audit;
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
pub mod store;
pub mod tenant;
pub mod watch;
