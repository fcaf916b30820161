//! Commands of our module that are not a call.

use std::time::Duration;

use wsman::client::{Output, RunOptions, RunspacePool};
use wsman::psrp::{Command, ErrorRecord};
use wsman::session::{End, Irregularity};

use super::call::OUTPUT_BYTES;
use super::error::HostErrorKind;

/// Id of our module's error: signed in to another Azure tenant.
pub(super) const AZURE_MISMATCH: &str = "SentinelJump.AzureTenantMismatch";

/// Id of our module's error: signed in to none.
pub(super) const AZURE_SIGNED_OUT: &str = "SentinelJump.AzureNotSignedIn";

/// For one command of our module other than a call.
///
/// Chosen: loading 125 KB takes 0.8 s on two shared cores; a busy host is
/// given forty times that.
pub(super) const MODULE_TIMEOUT: Duration = Duration::from_secs(30);

/// For looking at the sign-in to Azure.
///
/// Chosen: `az` starts a Python and asks Azure for a token, the Az modules take
/// Windows PowerShell up to half a minute to load.
pub(super) const AZURE_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a command of our module that is not a call.
pub(super) async fn run_module(
    pool: &RunspacePool,
    command: Command,
    timeout: Duration,
) -> Result<Output, HostErrorKind> {
    run_with(pool, command, bounded(timeout)).await
}

/// For a command that is over within this time.
pub(super) fn bounded(timeout: Duration) -> RunOptions {
    RunOptions { first_message_timeout: timeout, timeout, max_output_bytes: OUTPUT_BYTES, ..RunOptions::default() }
}

pub(super) async fn run_with(
    pool: &RunspacePool,
    command: Command,
    options: RunOptions,
) -> Result<Output, HostErrorKind> {
    let output = pool.run(vec![command], options).await?.collect().await?;
    let lacks = output.irregular.iter().any(|what| matches!(what, Irregularity::Missing { .. }));
    match output.end {
        // A report without its parts is none.
        End::Completed if lacks || output.dropped > 0 => {
            Err(HostErrorKind::Unexpected("messages of the host module are missing"))
        }
        End::Completed => Ok(output),
        End::Failed(error) => Err(module_error(error)),
        _ => Err(HostErrorKind::Unexpected("the host module did not end in time")),
    }
}

fn module_error(error: ErrorRecord) -> HostErrorKind {
    match error.id.as_str() {
        "SentinelJump.ScriptMissing" => HostErrorKind::ScriptMissing,
        "SentinelJump.HashMismatch" => HostErrorKind::ScriptChanged,
        "SentinelJump.UnknownFunction" => HostErrorKind::UnknownFunction { function: String::new(), left_out: 0 },
        AZURE_MISMATCH => HostErrorKind::AzureTenantMismatch(error.into()),
        AZURE_SIGNED_OUT => HostErrorKind::AzureNotSignedIn(error.into()),
        _ => HostErrorKind::LoadFailed(error.into()),
    }
}
