//! PowerShell remoting over WinRM: WS-Management, PSRP, CLIXML and NTLM sealing.
//!
//! ```no_run
//! use wsman::auth::Credentials;
//! use wsman::client::{Options, RunspacePool};
//! use wsman::psrp::Command;
//!
//! # async fn example() -> Result<(), wsman::Error> {
//! let credentials = Credentials { username: r"EXAMPLE\svc-ops".into(), password: "…".to_owned().into() };
//! let pool = RunspacePool::open(Options::new("http://jump01.example:5985/wsman", credentials)?).await?;
//! let output = pool.invoke(Command::new("Get-Service").argument("Name", "WinRM")).await?;
//! for service in &output.objects {
//!     println!("{:?}", service.get("Status"));
//! }
//! pool.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! From the bottom; every layer names only what is above it in this list, and
//! a test holds it to that. All but the last four have no I/O, no clock and
//! no randomness: bytes, time and ids come in as arguments.
//!
//! - [`clixml`]: PowerShell's objects as XML, without loss, and as JSON
//! - [`soap`]: envelopes of WS-Management, faults with their numbers
//! - [`psrp`]: fragments, messages, payloads
//! - [`auth`]: NTLM, bare and in SPNEGO, its binding to TLS, Basic, CredSSP
//!   (feature `credssp`), and the framing of sealed messages; both ends
//! - [`session`]: one shell with its pipelines, as a state machine
//! - `transport`: one signed-in connection, over http or TLS (feature `net`)
//! - `client`: the async client (feature `net`)
//! - `recorder`: what a client and its host say, as a folder that replays
//!   (feature `recorder`)
//! - `host_end`: a WinRM host for tests and demos (feature `host-end`), also with a real PowerShell behind it (feature `process`)
//!
//! # Errors
//!
//! One [`Error`], sorted by who must act. [`Error::may_have_run`] is the
//! question that matters for a remote command: `false` is a promise.
//!
//! # Limits
//!
//! Kerberos is not there yet. Client certificates only where the host asks for
//! them in the first TLS handshake. No sign-in at a proxy. One runspace pool
//! per session. Nothing here was run against Windows itself: what it was checked
//! against is in the README of the repository.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod auth;
#[cfg(feature = "net")]
pub mod client;
pub mod clixml;
pub mod entropy;
mod error;
#[cfg(feature = "host-end")]
pub mod host_end;
pub mod manual;
pub mod psrp;
#[cfg(feature = "recorder")]
pub mod recorder;
pub mod secret;
pub mod session;
pub mod soap;
pub mod time;
#[cfg(feature = "net")]
pub mod transport;
mod xml;

pub use error::{Effect, Error, ErrorKind, Retry};
