//! One remote session as a state machine: a shell, its runspace pool, its
//! pipelines.
//!
//! The machine never waits and never reads a clock. Whoever drives it hands in
//! what happened ([`Session::handle`]) together with the time, and then obeys
//! **the drain rule**: call [`Session::poll`] until it says [`Output::Wait`].
//! The answers to exchanges may come in any order; exchanges on
//! [`Lane::Command`] must never wait behind one on [`Lane::Receive`].
//!
//! What it promises:
//!
//! - Only what acts but once however often it comes is repeated, byte for byte:
//!   Receive until its pipeline's deadline, Delete until the caller's. A
//!   Command, Create or Send that got lost is reported, with
//!   [`Error::may_have_run`] saying what its loss means.
//! - When the session breaks, a pipeline whose Command is still under way waits
//!   for the word on it: one that the host never took did not run.
//! - Every pipeline ends: with a word of the host, or with an error at the
//!   latest five seconds after its deadline.
//! - Every command is terminated, also after it is done; the shell is deleted.
//!
//! [`Error::may_have_run`]: crate::Error::may_have_run

mod config;
mod exchange;
mod machine;
mod pipeline;
mod shells;
#[cfg(test)]
mod tests;

pub use crate::soap::ShellDescription;
#[cfg(feature = "net")]
pub(crate) use crate::soap::{Fault, ns::POWERSHELL as RESOURCES};
pub use config::{Answers, Config, PipelineSpec, Robustness};
pub use exchange::ExchangeId;
pub use machine::Session;
pub use pipeline::{End, Irregularity, PipelineEvent, StopCause};
pub use shells::{Found, ShellList, Step};

use std::time::Duration;

use uuid::Uuid;

use crate::Error;
use crate::entropy::Entropy;
use crate::psrp::{ApplicationPrivateData, HostCall, KeyPair, ProtocolVersion, SecretError, UserEvent};
use crate::time::Instant;

/// Names a pipeline; on the wire the CommandId.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipelineId(pub(crate) Uuid);

impl PipelineId {
    /// As it goes on the wire; another client finds the pipeline by it.
    #[must_use]
    pub fn command_id(self) -> Uuid {
        self.0
    }
}

/// What happened.
pub enum Input<'a> {
    /// The host answered an exchange.
    Answer {
        /// Which.
        id: ExchangeId,
        /// HTTP status.
        status: u16,
        /// The SOAP body, unsealed.
        body: &'a [u8],
    },
    /// An exchange failed below HTTP.
    Lost {
        /// Which.
        id: ExchangeId,
        /// Whether any of it may have reached the host.
        sent: bool,
        /// Why.
        error: Error,
    },
    /// The key pair that [`Output::MakeKey`] asked for.
    Key(Result<KeyPair, SecretError>),
    /// Time passed. Only needed when [`Output::Wait`] ran out.
    Tick,
}

/// What to do next.
#[must_use]
pub enum Output {
    /// Post `body` and report back with [`Input::Answer`] or [`Input::Lost`].
    Exchange {
        /// Names it in the report.
        id: ExchangeId,
        /// What it may wait behind.
        lane: Lane,
        /// The SOAP body.
        body: Vec<u8>,
        /// How long the host may hold it; give up some seconds later.
        hold: Duration,
    },
    /// Make a key pair, [`KeyPair::generate`], and hand it in with
    /// [`Input::Key`]. It takes some hundred milliseconds of a processor: on a
    /// thread that nobody waits for.
    MakeKey(Entropy),
    /// Something for the application.
    Event(Event),
    /// Nothing until `until`.
    Wait {
        /// Then hand in [`Input::Tick`].
        until: Instant,
        /// For logs and tests only.
        why: Why,
    },
}

impl std::fmt::Debug for Input<'_> {
    /// Without the body: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answer { id, status, body } => write!(f, "Answer({id:?}, {status}, {} bytes)", body.len()),
            Self::Lost { id, sent, error } => write!(f, "Lost({id:?}, sent: {sent}, {error:?})"),
            Self::Key(pair) => write!(f, "Key({pair:?})"),
            Self::Tick => f.write_str("Tick"),
        }
    }
}

impl std::fmt::Debug for Output {
    /// Without the body: it may hold scripts and arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exchange { id, lane, body, .. } => write!(f, "Exchange({id:?}, {lane:?}, {} bytes)", body.len()),
            Self::MakeKey(_) => f.write_str("MakeKey"),
            Self::Event(event) => write!(f, "Event({event:?})"),
            Self::Wait { until, why } => write!(f, "Wait({until:?}, {why:?})"),
        }
    }
}

/// Which connections an exchange may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Create, Command, Send, Signal: never behind a Receive.
    Command,
    /// Receive: the host may hold it.
    Receive,
    /// On a new connection that is closed afterwards: a host forgets what it
    /// could say again when the connection is used for something else.
    Once,
    /// Delete: also where a sign-in was refused meanwhile, or the shell would
    /// be left behind for a refusal that concerned another connection.
    Cleanup,
}

/// Why the machine waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// For nothing: there is no deadline running.
    Idle,
    /// For the pool to open or close.
    Pool,
    /// For the session key.
    Key,
    /// For a pipeline's deadline.
    Deadline,
    /// To repeat a lost Receive.
    Repeat,
    /// For the answer to a terminate, before the next Command.
    Turn,
}

/// Something for the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// What is known of the shell has changed.
    Shell(ShellNews),
    /// The pool is open.
    Opened(Opened),
    /// Of a pipeline.
    Pipeline(PipelineId, PipelineEvent),
    /// A host call outside of pipelines; [`Session::answer_pool`].
    PoolHostCall(HostCall),
    /// An event that a script forwarded.
    UserEvent(UserEvent),
    /// The answer to [`Session::ask_pool`].
    PoolAnswer {
        /// The number that was returned there.
        call: i64,
        /// What the host said.
        answer: Result<PoolAnswer, Error>,
    },
    /// The session key is there, or the exchange for it failed: what
    /// [`Session::reveal`] had to put off can be asked again.
    Key(Result<(), Error>),
    /// The shell is left: nothing more is heard of it until it is come back to.
    Disconnected,
    /// The shell is back, and its pipelines follow.
    Reconnected,
    /// Leaving or coming back failed; the session is as it was before.
    LinkFailed(Error),
    /// The answer to [`Session::run_probe`]: whether the host said its answer to
    /// a Command again when it was sent again.
    Probed(PipelineId, bool),
    /// The session ended because [`Session::close`] was called.
    Closed,
    /// The session ended by itself.
    Broken(Error),
}

/// A question about the runspaces of a pool.
///
/// Source: [MS-PSRP] §2.2.2.6 to §2.2.2.8, §2.2.2.11, §2.2.2.31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolQuestion {
    /// Changes the most.
    SetMaxRunspaces(i32),
    /// Changes the least.
    SetMinRunspaces(i32),
    /// How many can be used now.
    AvailableRunspaces,
    /// Clears variables and preferences of the runspaces; functions stay
    /// (engine.md §9).
    ResetRunspaceState,
}

/// The answer to a [`PoolQuestion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolAnswer {
    /// Whether it was done.
    Done(bool),
    /// How many can be used.
    Available(i64),
}

/// What is known of an open pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The version both ends speak.
    pub protocol: ProtocolVersion,
    /// What the host says of itself.
    pub private_data: Option<ApplicationPrivateData>,
    /// The host's id of the shell.
    pub shell_id: String,
}

/// What becomes of a session's shell on its host, so that one that is left
/// behind can be deleted later, by whoever remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShellNews {
    /// It is about to be asked for under this id; the host may choose another.
    Asked {
        /// The id that is proposed.
        shell_id: String,
    },
    /// The host has it, under this id.
    Made {
        /// The host's id.
        shell_id: String,
    },
    /// It is known not to be there: never made, deleted, or not found by the
    /// host that made it.
    Gone {
        /// Its last id.
        shell_id: String,
    },
    /// Its client does nothing more about it, and it may be there: said by
    /// whoever drives the session, when it stops to.
    Left {
        /// Its last id.
        shell_id: String,
    },
}
