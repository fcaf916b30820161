//! What a session and a pipeline are asked to be.

use std::time::Duration;

use crate::{Error, ErrorKind};

use crate::clixml::Value;
use crate::psrp::{Command, HostInfo, PipelineFlags, ProtocolVersion};

/// Settings of a session.
#[derive(Clone, Debug)]
pub struct Config {
    /// The endpoint's URL, for `wsa:To`.
    pub to: String,
    /// Session configuration on the host. `Microsoft.PowerShell` by default.
    pub configuration_name: String,
    /// Name of the shell, by which its owner finds it again in the host's list
    /// ([`ShellList`](super::ShellList)); `wsman` by default.
    ///
    /// Seen: Microsoft's server for Linux answers a Create without a name with
    /// an empty 500.
    pub shell_name: Option<String>,
    /// After so long without a request the host closes the shell; `None`: its
    /// own, mostly two hours. A minute at least. Without
    /// [`Config::parked_receive`] a session that is idle for longer is gone.
    /// Off by default here; the client's options set four minutes.
    pub idle_timeout: Option<Duration>,
    /// Most bytes of an envelope that the host takes, where that was learnt
    /// before ([`Session::learnt_envelope_bytes`](super::Session)); `None`: what
    /// hosts of its version take. 8192 at least.
    pub max_envelope_bytes: Option<u32>,
    /// Whether what the host says is its own word. Nothing is proven by a
    /// refusal that anybody on the way could have written.
    pub answers: Answers,
    /// Version to announce. 2.3 by default: 2.4 stops encrypting SecureString.
    pub protocol: ProtocolVersion,
    /// Runspaces that the pool keeps, 1 by default.
    pub min_runspaces: i32,
    /// Most runspaces of the pool, 1 by default.
    pub max_runspaces: i32,
    /// The host to announce.
    pub host: HostInfo,
    /// `$PSSenderInfo.ApplicationArguments`, Nil by default.
    pub application_arguments: Value,
    /// How long the host may hold a Receive that has nothing to say; each
    /// quiet span of this length costs one request.
    pub operation_timeout: Duration,
    /// Keep a Receive of the pool up while it is open, on a connection of its
    /// own. Then events, host calls outside of pipelines and the end of the
    /// pool are heard at once, and a session that is idle for longer than the
    /// two minutes after which hosts drop a connection's security context
    /// stays warm. Costs one signed-in connection, one of the host's
    /// operations, and one request each `operation_timeout`. Off by default
    /// here; the client's options turn it on.
    pub parked_receive: bool,
    /// How much of a pipeline's output may lie between this machine and its
    /// application, in bytes of payload, before its next Receive waits; see
    /// [`Session::taken`](super::Session::taken). No bound by default here;
    /// the client's options set one.
    pub window_bytes: usize,
    /// What to do about requests that got lost but must not act twice.
    pub robust: Robustness,
    /// For opening the pool.
    pub open_timeout: Duration,
    /// After a stop or close was asked: how long the host may take.
    pub stop_timeout: Duration,
}

impl Config {
    /// Defaults for an endpoint.
    pub fn new(to: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            configuration_name: "Microsoft.PowerShell".into(),
            shell_name: Some("wsman".into()),
            idle_timeout: None,
            max_envelope_bytes: None,
            answers: Answers::Proven,
            protocol: ProtocolVersion::V2_3,
            min_runspaces: 1,
            max_runspaces: 1,
            host: HostInfo::Console,
            application_arguments: Value::Nil,
            parked_receive: false,
            window_bytes: usize::MAX,
            robust: Robustness::Off,
            // Seen: pypsrp's and, by the recordings, every host's default.
            operation_timeout: Duration::from_secs(20),
            // Chosen: a loaded host takes several seconds to start PowerShell.
            open_timeout: Duration::from_secs(60),
            // Chosen: a stop is answered in 30 to 120 ms (engine.md §5), also
            // by a busy host within a second or two.
            stop_timeout: Duration::from_secs(5),
        }
    }

    /// Settings that a host would answer with silence, or that no clock can
    /// count to.
    pub(super) fn check(&self) -> Result<(), Error> {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let spans = [self.operation_timeout, self.open_timeout, self.stop_timeout];
        if self.min_runspaces < 1 || self.max_runspaces < self.min_runspaces {
            return Err(Error::new(
                ErrorKind::Misuse,
                "a pool needs at least one runspace, and no fewer at most than at least",
            ));
        }
        if spans.iter().any(|span| *span < Duration::from_millis(1) || *span > DAY) {
            return Err(Error::new(ErrorKind::Misuse, "a timeout must be between a millisecond and a day"));
        }
        if self.idle_timeout.is_some_and(|span| span < MIN_IDLE || span > DAY) {
            return Err(Error::new(ErrorKind::Misuse, "an idle timeout must be between a minute and a day"));
        }
        Ok(())
    }

    pub(super) fn resource_uri(&self) -> String {
        format!("http://schemas.microsoft.com/powershell/{}", self.configuration_name)
    }
}

/// Spec: `MinIdleTimeOut` of Windows is 60,000 ms; less is refused.
const MIN_IDLE: Duration = Duration::from_secs(60);

/// Whose word an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Answers {
    /// The host's: sealed, or over TLS.
    #[default]
    Proven,
    /// Anybody's: clear text.
    ClearText,
}

/// Robust Connections: a Create, Command or Send whose answer got lost can be
/// sent again under its OperationID, and a host that knows the id says its
/// answer again instead of acting again.
///
/// That a host echoes the id proves nothing: prove it with
/// [`Session::run_probe`](super::Session::run_probe) before the last arm is
/// used, or a lost write may run twice.
///
/// Source: [MS-WSMV] §3.1.4.1.39.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Robustness {
    /// No ids; what gets lost is reported.
    #[default]
    Off,
    /// Ids go along; what gets lost is reported.
    Marked,
    /// Ids go along, and what gets lost is sent again. For hosts that were
    /// proven to replay.
    Retransmitted,
}

/// A pipeline to run.
#[derive(Clone, Debug)]
pub struct PipelineSpec {
    /// Commands, piped into each other.
    pub commands: Vec<Command>,
    /// How it runs.
    pub flags: PipelineFlags,
    /// Send the first Receive side by side with Command: one round trip less
    /// for a short pipeline. Needs a second connection that is ready. A host
    /// that has not seen the Command when the Receive comes refuses it, and is
    /// asked again; nothing is ever run twice by it.
    pub early_receive: bool,
    /// Input objects will follow; else the pipeline has none.
    pub with_input: bool,
    /// The host it may ask; `None`: the one that the session announced.
    pub host: Option<HostInfo>,
    /// How long until the first message. PowerShell answers what it cannot
    /// read with silence, so something must end the wait; but a function that
    /// works a minute before it says a word needs that minute here too.
    pub first_message_timeout: Duration,
    /// The whole pipeline.
    pub timeout: Duration,
    /// Most bytes of payload that are handed out; what comes beyond it is
    /// counted and dropped ([`PipelineEvent::Dropped`](super::PipelineEvent)),
    /// and the pipeline goes on. Its end and its host calls always come.
    pub max_output_bytes: usize,
}

impl PipelineSpec {
    /// One command, a minute to its first message, ten for all of it.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            commands: vec![command],
            flags: PipelineFlags::default(),
            early_receive: false,
            with_input: false,
            host: None,
            first_message_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(600),
            max_output_bytes: usize::MAX,
        }
    }
}
