//! What a session and a pipeline are asked to be.

use std::time::Duration;

use crate::{Error, ErrorKind};

use crate::clixml::Value;
use crate::psrp::{Command, HostInfo, PipelineOptions, ProtocolVersion};

/// Settings of a session.
#[derive(Clone, Debug)]
pub struct Config {
    /// The endpoint's URL, for `wsa:To`.
    pub to: String,
    /// Session configuration on the host. `Microsoft.PowerShell` by default.
    pub configuration_name: String,
    /// Version to announce. 2.3 by default: 2.4 stops encrypting SecureString.
    pub protocol: ProtocolVersion,
    /// Runspaces that are kept, 1 by default.
    pub min_runspaces: i32,
    /// Runspaces of the pool, 1 by default.
    pub max_runspaces: i32,
    /// The host to announce.
    pub host: HostInfo,
    /// `$PSSenderInfo.ApplicationArguments`, Nil by default.
    pub application_arguments: Value,
    /// How long the host may hold a Receive that has nothing to say; each
    /// quiet span of this length costs one request.
    pub operation_timeout: Duration,
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
            protocol: ProtocolVersion::V2_3,
            min_runspaces: 1,
            max_runspaces: 1,
            host: HostInfo::Console,
            application_arguments: Value::Nil,
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
        if self.min_runspaces < 1 || self.max_runspaces < 1 {
            return Err(Error::new(ErrorKind::Misuse, "a pool needs at least one runspace"));
        }
        if spans.iter().any(|span| *span < Duration::from_millis(1) || *span > DAY) {
            return Err(Error::new(ErrorKind::Misuse, "a timeout must be between a millisecond and a day"));
        }
        Ok(())
    }

    pub(super) fn resource_uri(&self) -> String {
        format!("http://schemas.microsoft.com/powershell/{}", self.configuration_name)
    }
}

/// A pipeline to run.
#[derive(Clone, Debug)]
pub struct PipelineSpec {
    /// Commands, piped into each other.
    pub commands: Vec<Command>,
    /// Input objects will follow; else the pipeline has none.
    pub with_input: bool,
    /// The host it may ask; `None`: the one that the session announced.
    pub host: Option<HostInfo>,
    /// What else it is to be. Its protocol is set by the session.
    pub options: PipelineOptions,
    /// How long until the first message. PowerShell answers what it cannot
    /// read with silence, so something must end the wait; but a function that
    /// works a minute before it says a word needs that minute here too.
    pub first_message_timeout: Duration,
    /// The whole pipeline.
    pub timeout: Duration,
}

impl PipelineSpec {
    /// One command, a minute to its first message, ten for all of it.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            commands: vec![command],
            with_input: false,
            host: None,
            options: PipelineOptions::default(),
            first_message_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(600),
        }
    }
}
