//! The async client: one runspace pool on one host.
//!
//! ```no_run
//! use wsman::auth::Credentials;
//! use wsman::client::{Options, RunspacePool};
//! use wsman::psrp::Command;
//!
//! # async fn example() -> Result<(), wsman::Error> {
//! let credentials = Credentials { username: r"EXAMPLE\svc-ops".into(), password: "…".to_owned().into() };
//! let pool = RunspacePool::open(Options::new("http://jump01.example:5985/wsman", credentials)?).await?;
//! let output = pool.invoke(Command::new("Get-Date").argument("Format", "o")).await?;
//! println!("{:?} {:?}", output.end, output.objects);
//! pool.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! A task of its own drives each pool: the only loop and the only clock of the
//! crate. Every future here may be dropped at any point: a dropped
//! [`Pipeline`] is stopped and terminated, a dropped [`RunspacePool`] is
//! deleted on the host, both in the background and within seconds.

mod driver;
mod facts;
mod lanes;
mod options;
mod pool;
mod shells;

pub use facts::HostFacts;
pub use options::{HostPolicy, Options, PoolHost, RunOptions, Seen, ShellWatch, Watch};
pub use pool::{Output, Pipeline, PoolEvent, PoolEvents, RunspacePool, ShellFate};
pub use shells::Shells;
