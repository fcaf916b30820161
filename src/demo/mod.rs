//! The demo: jump hosts of our own on loopback.

use std::net::SocketAddr;

use crate::config::Config;

/// Why a demo host does not run.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DemoError(pub &'static str);

/// Jump hosts that run until this is dropped.
#[derive(Debug)]
pub struct Demo {
    /// What a server needs to use them.
    pub config: Config,
}

/// Starts the demo's jump hosts.
///
/// # Errors
///
/// [`DemoError`] when they cannot listen.
#[expect(clippy::unused_async, reason = "listening is asynchronous")]
pub async fn start() -> Result<Demo, DemoError> {
    Err(DemoError("not built yet"))
}

/// Serves one jump host on `listen` until it is stopped, in front of an
/// out-of-process PowerShell when `process` names its command.
///
/// # Errors
///
/// [`DemoError`] when it cannot listen.
#[expect(clippy::unused_async, reason = "listening is asynchronous")]
pub async fn host(_listen: SocketAddr, _process: Option<&str>) -> Result<(), DemoError> {
    Err(DemoError("not built yet"))
}
