//! PowerShell remoting over WinRM.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod auth;
pub mod clixml;
pub mod entropy;
mod error;
pub mod secret;
pub mod soap;
pub mod time;
mod xml;

pub use error::{Effect, Error, ErrorKind};
