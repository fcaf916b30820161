//! How a host is set.

use std::time::Duration;

use crate::host_end::engine::Engine;

/// Settings and quotas of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerOptions {
    /// Computer name, part of each shell's owner.
    pub name: String,
    /// Names of the session configurations; others are answered with fault
    /// 2150858811.
    pub configurations: Vec<String>,
    /// `MaxShellsPerUser`; beyond it Create gets fault 2150859173.
    pub max_shells_per_user: usize,
    /// `MaxConcurrentCommandsPerShell`: commands that were not terminated
    /// count, finished or not. Beyond it Command gets fault 2150859241.
    pub max_commands_per_shell: usize,
    /// A shell without a request for so long is closed.
    pub idle_timeout: Duration,
    /// `MaxEnvelopeSizekb` of the host, in bytes: larger requests get fault
    /// 2150859025, answers never get larger than this and what the client
    /// asked for.
    pub max_envelope_bytes: usize,
    /// What the host does about `wsmv:OperationID`.
    pub robust: RobustSupport,
    /// How long a Receive that could be answered waits for more, unless the
    /// command is done or the envelope is full. Zero for engines that say
    /// everything at once; a few milliseconds let the parts of a small
    /// command's output travel together, as they do from Windows.
    pub linger: Duration,
}

/// What a host does about a request that is sent again under its OperationID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RobustSupport {
    /// Refuses it: it does not know the header.
    Unknown,
    /// Echoes the id, and acts again. No recording tells such a host from the
    /// next one.
    Echoes,
    /// Says its answer again, as the specification has it.
    Replays,
}

impl Default for PeerOptions {
    /// The defaults of Windows Server 2016 and later, one configuration
    /// `Microsoft.PowerShell`, no lingering.
    ///
    /// Source: learn.microsoft.com, "Quota management for remote shells".
    fn default() -> Self {
        Self {
            name: "HOST01".into(),
            configurations: vec!["Microsoft.PowerShell".into()],
            max_shells_per_user: 30,
            max_commands_per_shell: 1000,
            idle_timeout: Duration::from_secs(7200),
            max_envelope_bytes: 512_000,
            robust: RobustSupport::Replays,
            linger: Duration::ZERO,
        }
    }
}

/// Starts what runs behind a new shell.
pub type OpenEngine = Box<dyn FnMut() -> Result<Box<dyn Engine>, OpenError> + Send>;

/// An engine did not start; the client gets fault 2152992672.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine did not start")]
pub struct OpenError;
