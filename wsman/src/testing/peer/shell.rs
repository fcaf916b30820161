//! One shell: its commands, its engine, who waits for what.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::channel::Channel;
use super::service::RequestId;
use crate::testing::engine::{Engine, Output, Taken};
use crate::time::Instant;

pub(super) struct Shell {
    /// Whose it is, as signed in.
    pub(super) owner: String,
    pub(super) resource_uri: String,
    pub(super) engine: Box<dyn Engine>,
    pub(super) pool: Channel,
    pub(super) commands: BTreeMap<Uuid, Command>,
    /// When it was last asked anything.
    pub(super) touched: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) channel: Channel,
    /// Stop signals that wait for the engine.
    pub(super) stops: Vec<Stop>,
}

/// A request to stop that has no answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) request: RequestId,
    pub(super) message_id: Uuid,
    pub(super) until: Instant,
}

/// What an engine said in one go.
#[derive(Debug)]
pub(super) struct Drained {
    /// Stops that came off.
    pub(super) stopped: Vec<Stop>,
    /// Names of commands that began.
    pub(super) ran: Vec<String>,
    /// The engine is dead.
    pub(super) ended: bool,
    /// When it wants to be asked again.
    pub(super) until: Instant,
}

impl Shell {
    /// Takes everything out of the engine.
    pub(super) fn drain(&mut self, now: Instant) -> Drained {
        let mut drained = Drained { stopped: Vec::new(), ran: Vec::new(), ended: false, until: Instant::NEVER };
        loop {
            match self.engine.poll(now) {
                Output::Data { pipeline, data } => {
                    // What a closed command still says is for nobody.
                    if let Some(channel) = self.channel(pipeline) {
                        channel.outbox.push(&data);
                    }
                }
                Output::Ack { pipeline: Some(pipeline), of: Taken::Stop } => {
                    if let Some(command) = self.commands.get_mut(&pipeline) {
                        drained.stopped.append(&mut command.stops);
                    }
                }
                Output::Ack { .. } => {}
                Output::Ran { command } => drained.ran.push(command),
                Output::Ended => {
                    drained.ended = true;
                    return drained;
                }
                Output::Wait { until } => {
                    drained.until = until;
                    return drained;
                }
            }
        }
    }

    pub(super) fn channel(&mut self, command: Option<Uuid>) -> Option<&mut Channel> {
        match command {
            None => Some(&mut self.pool),
            Some(id) => self.commands.get_mut(&id).map(|command| &mut command.channel),
        }
    }

    /// The shell's own channel and those of its commands.
    pub(super) fn channels(&mut self) -> impl Iterator<Item = (Option<Uuid>, &mut Channel)> {
        let commands = self.commands.iter_mut().map(|(id, command)| (Some(*id), &mut command.channel));
        std::iter::once((None, &mut self.pool)).chain(commands)
    }

    /// Whether someone waits for it: such a shell is not idle.
    pub(super) fn is_waited_for(&mut self) -> bool {
        self.channels().any(|(_, channel)| channel.waiting.is_some())
    }
}
