//! One pipeline: from its Command to its last word.

use std::collections::VecDeque;

use crate::clixml::Value;
use crate::psrp::fragment::Assembler;
use crate::psrp::{ErrorRecord, HostCall, InformationRecord, MessageType, ProgressRecord};
use crate::time::Instant;
use crate::{Effect, Error};

/// Something that a pipeline did.
#[non_exhaustive]
pub enum PipelineEvent {
    /// An object.
    Output(Value),
    /// A non-terminating error.
    Error(ErrorRecord),
    /// A warning; also this machine's own, that an object is cut off.
    Warning(String),
    /// Verbose text.
    Verbose(String),
    /// Debug text.
    Debug(String),
    /// Information, also of Write-Host.
    Information(InformationRecord),
    /// Progress.
    Progress(ProgressRecord),
    /// A question to the host, or a void call (see
    /// [`HostMethod::wants_answer`](crate::psrp::HostMethod::wants_answer)).
    /// The pipeline waits for the answer.
    HostCall(HostCall),
    /// A record or object that this client cannot read; the pipeline goes on.
    Unreadable {
        /// What it was.
        kind: MessageType,
        /// Bytes of its payload.
        bytes: usize,
    },
    /// The host's messages are not all there, or not once: what was heard may
    /// be more or less than what was said.
    Irregular(Irregularity),
    /// Output and records beyond
    /// [`PipelineSpec::max_output_bytes`](super::PipelineSpec); said once, before
    /// the end.
    Dropped {
        /// How many messages.
        messages: u64,
        /// Bytes of their payloads.
        bytes: u64,
    },
    /// The last word; nothing follows.
    Ended(End),
}

/// What is wrong with the messages of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Irregularity {
    /// Numbers of messages are left out: so many were said and not heard.
    Missing {
        /// How many.
        messages: u64,
    },
    /// A message came a second time; the copy was dropped.
    Doubled {
        /// Its object id.
        object: u64,
    },
    /// A message of a type that is none of a pipeline's, which was dropped.
    UnknownType {
        /// The number on the wire.
        code: u32,
    },
}

impl std::fmt::Debug for PipelineEvent {
    /// Without what was said: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Output(_) => f.write_str("Output"),
            Self::Error(error) => write!(f, "Error({error:?})"),
            Self::Warning(_) => f.write_str("Warning"),
            Self::Verbose(_) => f.write_str("Verbose"),
            Self::Debug(_) => f.write_str("Debug"),
            Self::Information(_) => f.write_str("Information"),
            Self::Progress(_) => f.write_str("Progress"),
            Self::HostCall(call) => write!(f, "HostCall({call:?})"),
            Self::Unreadable { kind, bytes } => write!(f, "Unreadable({kind:?}, {bytes} bytes)"),
            Self::Irregular(what) => write!(f, "Irregular({what:?})"),
            Self::Dropped { messages, bytes } => write!(f, "Dropped({messages} messages, {bytes} bytes)"),
            Self::Ended(end) => write!(f, "Ended({end:?})"),
        }
    }
}

/// How a pipeline ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum End {
    /// It ran to its end; errors may have been written.
    Completed,
    /// A terminating error.
    Failed(ErrorRecord),
    /// The host stopped it.
    Stopped(StopCause),
    /// Nobody knows: its last word was not heard.
    Lost(Error),
}

/// Why a pipeline was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// The caller asked.
    Caller,
    /// Its time ran out.
    Timeout,
    /// No message came in time.
    Silence,
    /// The host did it by itself.
    Host,
}

/// State of one pipeline.
pub(super) struct Pipeline {
    pub(super) phase: Phase,
    /// CREATE_PIPELINE, while the session key is awaited.
    pub(super) creation: Option<Value>,
    /// What Command carries, and until when it waits for its turn.
    pub(super) turn: Option<(Instant, Vec<u8>)>,
    pub(super) assembler: Assembler,
    /// Envelopes to send, in order: the rest of CREATE_PIPELINE, input.
    pub(super) pending: VecDeque<Pending>,
    /// Kind of the Send that is under way.
    pub(super) sending: Option<SendKind>,
    pub(super) stopping: Option<Stopping>,
    pub(super) heard: bool,
    /// CREATE_PIPELINE goes beyond its Command.
    pub(super) parts_follow: bool,
    /// Bytes of each event that the application has not taken yet.
    pub(super) untaken: VecDeque<usize>,
    pub(super) untaken_bytes: usize,
    /// How often the first Receive may still go before Command's answer.
    pub(super) early: u32,
    /// The next Receive waits for the application.
    pub(super) held: bool,
    /// The session broke while its Command, or the last part of it, was under
    /// way: what becomes of that decides what this error means.
    pub(super) doomed: Option<Error>,
    /// What is left of the bound on output, and what was beyond it.
    pub(super) room: usize,
    pub(super) dropped: (u64, u64),
    /// Object ids of its messages.
    pub(super) heard_ids: HeardIds,
    /// It has ended, and numbers before its last word are missing: until then
    /// the pool may turn out to have them.
    pub(super) last_word: Option<(Instant, End)>,
    pub(super) first_message_by: Instant,
    pub(super) deadline: Instant,
}

impl std::fmt::Debug for Pipeline {
    /// Without what it is made of: scripts and arguments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("phase", &self.phase)
            .field("pending", &self.pending)
            .field("stopping", &self.stopping)
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

/// The messages of one pipeline, by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeardIds {
    /// The number after the last one that was heard of the session when the
    /// pipeline began, if that is known.
    pub(super) from: Option<u64>,
    pub(super) last: u64,
    /// Another pipeline was there, whose messages have numbers, too.
    pub(super) shared: bool,
    /// The last word was among them.
    pub(super) ended: bool,
}

/// What the pipeline waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "a state is named for what it awaits")]
pub(super) enum Phase {
    /// The session key: a secret is among the arguments.
    AwaitKey,
    /// The answer to the terminate of a pipeline before.
    AwaitTurn,
    /// The answer to Command.
    AwaitCommand,
    /// The host to take the rest of CREATE_PIPELINE.
    AwaitCreation,
    /// Output.
    AwaitOutput,
}

pub(super) struct Pending {
    pub(super) kind: SendKind,
    pub(super) load: Load,
}

/// What is to be sent.
pub(super) enum Load {
    /// Whole fragments.
    Fragments(Vec<u8>),
    /// A payload with secrets that the session key has yet to seal.
    Secret(MessageType, Value),
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.load {
            Load::Fragments(data) => write!(f, "Pending({:?}, {} bytes)", self.kind, data.len()),
            Load::Secret(kind, _) => write!(f, "Pending({:?}, {kind:?})", self.kind),
        }
    }
}

/// What a Send carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendKind {
    /// A part of CREATE_PIPELINE that is not its last: without the rest
    /// nothing runs.
    Creation,
    /// Its last part, or input: from here on something may run.
    Rest,
    /// An answer to a host call.
    HostResponse,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    pub(super) cause: StopCause,
    /// When to give up on the host.
    pub(super) by: Instant,
    /// The signal has been sent.
    pub(super) signalled: bool,
}

impl Pipeline {
    /// What its loss means: without the whole of CREATE_PIPELINE nothing runs.
    pub(super) fn effect_of_loss(&self) -> Effect {
        match self.phase {
            Phase::AwaitKey | Phase::AwaitTurn => Effect::NotRun,
            Phase::AwaitCreation if self.sending == Some(SendKind::Creation) => Effect::NotRun,
            Phase::AwaitCommand if self.parts_follow => Effect::NotRun,
            _ => Effect::MayHaveRun,
        }
    }

    /// Whether the host has its Command and not yet all of CREATE_PIPELINE.
    pub(super) fn is_being_created(&self) -> bool {
        self.phase == Phase::AwaitCreation
    }

    /// Whether the host may not know it yet.
    pub(super) fn is_early(&self) -> bool {
        self.phase == Phase::AwaitCommand && !self.heard
    }

    /// Whether the application has to take something first. One that stops is
    /// given more room: its last word is behind what was under way.
    pub(super) fn is_full(&self, window: usize) -> bool {
        let room = if self.stopping.is_some() { window.saturating_mul(4) } else { window };
        self.untaken_bytes > room
    }

    /// The next time at which something must happen.
    pub(super) fn alarm(&self) -> Instant {
        if let Some((by, _)) = self.last_word {
            return by;
        }
        match self.stopping {
            Some(stopping) => stopping.by,
            None if self.heard => self.deadline,
            None => self.deadline.min(self.first_message_by),
        }
    }
}
