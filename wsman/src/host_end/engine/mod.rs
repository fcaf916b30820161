//! What runs behind a shell, by one interface.
//!
//! It is shaped like PowerShell's out-of-process protocol: whole fragments in,
//! whole fragments out, and a confirmation for what was taken.

mod demo;
#[cfg(feature = "process")]
mod lines;
#[cfg(feature = "process")]
mod process;

pub use demo::{Demo, DemoOptions};
#[cfg(feature = "process")]
pub use process::{Process, ProcessOptions, Wake};

use uuid::Uuid;

use crate::time::Instant;

/// What the service tells an engine.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// Fragments for the runspace pool.
    PoolData(Vec<u8>),
    /// A pipeline begins; its CREATE_PIPELINE follows as data.
    CommandOpen {
        /// Its id.
        pipeline: Uuid,
    },
    /// Fragments for a pipeline.
    PipelineData {
        /// Its id.
        pipeline: Uuid,
        /// Whole fragments.
        data: Vec<u8>,
    },
    /// Fragments of stream `pr`: an answer to a host call.
    HostResponse {
        /// The pipeline, if the request named one; the message does anyway.
        pipeline: Option<Uuid>,
        /// Whole fragments.
        data: Vec<u8>,
    },
    /// Stops a pipeline; it ends with state Stopped.
    Stop {
        /// Its id.
        pipeline: Uuid,
    },
    /// Forgets a pipeline, and stops it first if it runs.
    CloseCommand {
        /// Its id.
        pipeline: Uuid,
    },
    /// Closes the pool. Nothing comes after it.
    ClosePool,
}

impl std::fmt::Debug for Input {
    /// Without the data: it holds scripts and arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PoolData(data) => write!(f, "PoolData({} bytes)", data.len()),
            Self::CommandOpen { pipeline } => write!(f, "CommandOpen({pipeline})"),
            Self::PipelineData { pipeline, data } => write!(f, "PipelineData({pipeline}, {} bytes)", data.len()),
            Self::HostResponse { pipeline, data } => write!(f, "HostResponse({pipeline:?}, {} bytes)", data.len()),
            Self::Stop { pipeline } => write!(f, "Stop({pipeline})"),
            Self::CloseCommand { pipeline } => write!(f, "CloseCommand({pipeline})"),
            Self::ClosePool => f.write_str("ClosePool"),
        }
    }
}

/// What an engine says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Whole fragments for the client; of a pipeline, or of the pool.
    Data {
        /// The pipeline; `None`: the pool.
        pipeline: Option<Uuid>,
        /// Whole fragments.
        data: Vec<u8>,
    },
    /// An input was taken.
    Ack {
        /// The pipeline; `None`: the pool.
        pipeline: Option<Uuid>,
        /// What was taken.
        of: Taken,
    },
    /// A command with that name began to run. Only the Demo engine knows.
    Ran {
        /// Name as PowerShell would resolve it; `(script)` for script text.
        command: String,
    },
    /// The engine is dead; nothing follows.
    Ended,
    /// Nothing until `until`, unless something is told to it, or (of engines
    /// that run elsewhere) until it wakes its driver.
    Wait {
        /// When to poll again at the latest.
        until: Instant,
    },
}

impl std::fmt::Debug for Output {
    /// Without the data: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Data { pipeline, data } => write!(f, "Data({pipeline:?}, {} bytes)", data.len()),
            Self::Ack { pipeline, of } => write!(f, "Ack({pipeline:?}, {of:?})"),
            Self::Ran { command } => write!(f, "Ran({command})"),
            Self::Ended => f.write_str("Ended"),
            Self::Wait { until } => write!(f, "Wait({until:?})"),
        }
    }
}

/// What an [`Output::Ack`] confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taken {
    /// [`Input::CommandOpen`].
    Open,
    /// One [`Input::PoolData`], [`Input::PipelineData`] or
    /// [`Input::HostResponse`].
    Data,
    /// [`Input::Stop`]: the pipeline has stopped, and its last message went
    /// before this.
    Stop,
    /// [`Input::CloseCommand`] or [`Input::ClosePool`].
    Close,
}

/// What runs behind one shell.
///
/// The drain rule: after every `handle`, and whenever a [`Output::Wait`] runs
/// out, call `poll` until it says [`Output::Wait`] or [`Output::Ended`].
/// Dropping an engine ends whatever it runs.
pub trait Engine: Send {
    /// Takes an input. Never blocks.
    fn handle(&mut self, now: Instant, input: Input);

    /// Gives the next output.
    fn poll(&mut self, now: Instant) -> Output;
}
