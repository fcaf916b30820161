//! PowerShell remoting over WinRM.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod auth;
#[cfg(feature = "net")]
pub mod client;
pub mod clixml;
pub mod entropy;
mod error;
pub mod psrp;
pub mod secret;
pub mod session;
pub mod soap;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
#[cfg(feature = "net")]
pub mod transport;
mod xml;

pub use error::{Effect, Error, ErrorKind};
