//! What a caller can choose.

use std::sync::Arc;
use std::time::Duration;

use super::HostFacts;
use crate::auth::Credentials;
use crate::psrp::{HostCall, HostResponse, PipelineFlags, Refusal};
use crate::session::{Config, ShellNews};
use crate::transport::{Endpoint, SignIn, Target};
use crate::{Error, entropy::Entropy};

/// How to open a pool.
#[derive(Debug)]
pub struct Options {
    pub(super) target: Target,
    pub(super) entropy: Entropy,
    /// The session's settings.
    pub session: Config,
    /// See [`PipelineSpec::early_receive`](crate::session::PipelineSpec); done
    /// where two connections are ready. Off by default: it saves a round trip
    /// of a call but costs a connection and, when the race is lost, a Receive.
    /// Measured on loopback (`benches/early.rs`): slower without delay, 14 %
    /// quicker at 5 ms, 45 % at 100 ms. No Windows host has answered one yet.
    pub early_receive: bool,
    /// Answers host calls outside of pipelines, as [`RunOptions::host`] does
    /// those of one. Refuses by default.
    pub pool_host: PoolHost,
    /// For one connection to be made and signed in.
    pub connect_timeout: Duration,
    /// What was learnt about the host before, and is learnt now.
    pub facts: HostFacts,
    pub(super) watch: Option<Watch>,
    pub(super) shells: Option<ShellWatch>,
}

impl Options {
    /// Shows every envelope to `watch`, unsealed, when its answer is there:
    /// scripts, arguments and output with all secrets in them. For recorders
    /// ([`recorder::Recorder`](../recorder/struct.Recorder.html)), not for logs.
    #[must_use]
    pub fn watch(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Tells `watch` what becomes of the session's shell, from before it is asked
    /// for: who writes that down can delete what a process left behind when it
    /// ended, with [`Shells::remove_id`](super::Shells::remove_id).
    #[must_use]
    pub fn watch_shell(self, watch: ShellWatch) -> Self {
        Self { shells: Some(watch), ..self }
    }

    /// Makes the session's ids predictable, so that a recording of it can be
    /// compared byte for byte. Keys of the sign-in are not made from it; the
    /// session key is, so send no real secret in such a session.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { entropy: Entropy::seeded(seed), ..self }
    }

    /// Negotiate (NTLM inside SPNEGO) at `http://host:5985/wsman`, sealed, or `https://host:5986/wsman`,
    /// with the system's certificate authorities.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::ErrorKind::Misuse) when the URL is none.
    pub fn new(url: &str, credentials: Credentials) -> Result<Self, Error> {
        Ok(Self::for_target(Target::new(Endpoint::parse(url)?, SignIn::Negotiate(credentials))))
    }

    /// Defaults for everything but the host and how to sign in there.
    #[must_use]
    pub fn for_target(target: Target) -> Self {
        // One connection more, for a pool that hears its host and stays warm.
        let url = target.endpoint.to_string();
        let session =
            Config { parked_receive: true, window_bytes: WINDOW, idle_timeout: Some(IDLE_TIMEOUT), ..Config::new(url) };
        Self {
            target,
            entropy: Entropy::system(),
            session,
            early_receive: false,
            pool_host: PoolHost::default(),
            // Chosen: three round trips; a host that is there answers in one
            // second, a firewall that drops packets never does.
            connect_timeout: Duration::from_secs(15),
            facts: HostFacts::default(),
            watch: None,
            shells: None,
        }
    }
}

/// After so long without a request a host closes the shell.
///
/// Chosen: twelve of the pool's Receives; an outage that is longer than this
/// ends the session, and a process that was killed leaves its shells behind
/// for no longer. A host's own default is two hours.
const IDLE_TIMEOUT: Duration = Duration::from_secs(240);

/// How much memory one pipeline's output may take, as bytes of payload.
///
/// Chosen: as much as one message may have.
const OUTPUT: usize = 128 << 20;

/// Hears of a session's shell; see [`Options::watch_shell`].
#[derive(Clone)]
pub struct ShellWatch(pub(super) Arc<dyn Fn(&ShellNews) + Send + Sync>);

impl ShellWatch {
    /// Calls `hear` on a thread of the runtime, in order: it must be quick, and
    /// must not panic.
    pub fn new(hear: impl Fn(&ShellNews) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }
}

impl std::fmt::Debug for ShellWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShellWatch")
    }
}

/// Sees every envelope of a session; see [`Options::watch`].
#[derive(Clone)]
pub struct Watch(pub(super) Arc<dyn Fn(&Seen<'_>) + Send + Sync>);

impl Watch {
    /// Calls `see` on a thread of the runtime: it must be quick, and must not
    /// panic.
    pub fn new(see: impl Fn(&Seen<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

/// One exchange, after it is over.
pub struct Seen<'a> {
    /// The envelope that was sent.
    pub request: &'a [u8],
    /// HTTP status and envelope that came; `None`: nothing that could be read.
    pub reply: Option<(u16, &'a [u8])>,
    /// Tells connections apart; 0 when there was none.
    pub connection: u64,
    /// When it was sent, counted from the session's start.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
}

impl std::fmt::Debug for Seen<'_> {
    /// Without the bodies.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("connection", &self.connection).field("took", &self.took).finish_non_exhaustive()
    }
}

/// How much output of a pipeline waits for a slow consumer, in bytes.
///
/// Chosen: eight full envelopes; a consumer that keeps up never holds the line.
const WINDOW: usize = 4 << 20;

/// A [`HostPolicy`] for the pool itself.
pub struct PoolHost(pub HostPolicy);

impl Default for PoolHost {
    fn default() -> Self {
        Self(refuse_all())
    }
}

impl std::fmt::Debug for PoolHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PoolHost")
    }
}

fn refuse_all() -> HostPolicy {
    Box::new(|_| {
        HostResponse::Refused(Refusal { id: "Wsman.Refused".into(), message: "nobody is there to ask".into() })
    })
}

/// How to run a pipeline.
pub struct RunOptions {
    /// Nested, in the history, with invocation info: none by default.
    pub flags: PipelineFlags,
    /// Input objects will follow.
    pub with_input: bool,
    /// See [`PipelineSpec`](crate::session::PipelineSpec).
    pub first_message_timeout: Duration,
    /// The whole pipeline.
    pub timeout: Duration,
    /// Most bytes of output and records that are handed out; see
    /// [`PipelineSpec`](crate::session::PipelineSpec). 128 MiB by default.
    pub max_output_bytes: usize,
    /// Answers the host's questions, at once: an unanswered one blocks the
    /// runspace.
    pub host: HostPolicy,
}

/// Answers a question of the host. Void calls do not come here.
pub type HostPolicy = Box<dyn FnMut(&HostCall) -> HostResponse + Send>;

impl Default for RunOptions {
    /// No input, a minute to the first message, ten for all, every question
    /// refused.
    fn default() -> Self {
        Self {
            flags: PipelineFlags::default(),
            with_input: false,
            first_message_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(600),
            max_output_bytes: OUTPUT,
            host: refuse_all(),
        }
    }
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
