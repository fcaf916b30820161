//! Shells without a session: what another process left, or a host that did not
//! answer.

use wsman::client::{Options, Shells};
use wsman::secret::Secret;

use super::open::{CONNECT_TIMEOUT, target};
use super::plan::WinrmAccess;
use super::wire::WireError;

/// Session configuration of hosts for which none is named.
pub const CONFIGURATION: &str = "Microsoft.PowerShell";

/// Deletes a shell, whatever runs in it. One that the host does not find
/// counts as deleted. Cancel safe.
///
/// # Errors
///
/// [`WireError`]: it may still be there.
pub async fn remove_shell(
    access: &WinrmAccess,
    password: &Secret<String>,
    shell_id: &str,
    configuration: &str,
) -> Result<(), WireError> {
    let mut options = Options::for_target(target(access, password)?);
    options.connect_timeout = CONNECT_TIMEOUT;
    Ok(Shells::new(options).remove_id(shell_id, configuration).await?)
}
