//! One open session.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Call, FunctionProbe, HostError, HostErrorKind, LoadReport, OpenPlan, Progress, Returned};

/// One open PSRP session with SentinelManager loaded, for one workspace.
#[derive(Debug)]
pub struct Session {
    host: String,
}

impl Session {
    /// Signs in, opens a runspace pool, loads the script, sets the target.
    ///
    /// # Errors
    ///
    /// See [`HostErrorKind`]. Nothing stays open on the host.
    pub async fn open(plan: &OpenPlan) -> Result<Self, HostError> {
        Err(HostError { host: plan.host.clone(), kind: HostErrorKind::Unexpected("stub") })
    }

    /// What the loader found.
    pub fn report(&self) -> &LoadReport {
        unreachable!("stub")
    }

    /// A function's parameters as this host has them. Kept per script hash.
    ///
    /// # Errors
    ///
    /// [`HostErrorKind::UnknownFunction`] when the script has none of that name.
    pub async fn probe(&mut self, function: &str) -> Result<Arc<FunctionProbe>, HostError> {
        Err(HostError { host: self.host.clone(), kind: HostErrorKind::UnknownFunction(function.into()) })
    }

    /// Runs one function. A cancelled token stops the host and still ends
    /// here with [`Ended::Cancelled`](super::Ended::Cancelled) or the real end.
    ///
    /// # Errors
    ///
    /// When the operation itself did not come off; ask `may_have_run`.
    pub async fn call(
        &mut self,
        _call: Call,
        _on_progress: &(dyn Fn(Progress) + Send + Sync),
        _cancel: &CancellationToken,
    ) -> Result<Returned, HostError> {
        Err(HostError { host: self.host.clone(), kind: HostErrorKind::Unexpected("stub") })
    }

    /// Whether the session may serve another call (not after a stop, an exit,
    /// a mismatch, an unanswered question or a broken connection).
    pub fn is_reusable(&self) -> bool {
        false
    }

    /// Closes the shell on the host; bounded, never fails.
    pub async fn close(self) {}
}
