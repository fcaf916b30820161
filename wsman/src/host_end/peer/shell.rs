//! One shell: its commands, its engine, who waits for what.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::channel::{Channel, RequestId};
use super::refusal;
use crate::clixml::Value;
use crate::host_end::engine::{Engine, Output, Taken};
use crate::psrp::fragment::{Assembler, fragments};
use crate::psrp::{self, Message, MessageType};
use crate::soap::{Fault, Header, Operation, ShellDescription};
use crate::time::{Duration, Instant};

pub(super) struct Shell {
    /// Whose it is, as signed in.
    pub(super) owner: String,
    pub(super) resource_uri: String,
    pub(super) engine: Box<dyn Engine>,
    pub(super) pool: Channel,
    pub(super) commands: BTreeMap<Uuid, Command>,
    /// When it was last asked anything.
    pub(super) touched: Instant,
    /// As its client called it.
    pub(super) name: Option<String>,
    /// The client that it belongs to at present.
    pub(super) session: Option<Uuid>,
    /// Its client has left.
    pub(super) away: bool,
    pub(super) idle_timeout: Duration,
    pub(super) memory: Memory,
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
                    if pipeline.is_none() {
                        self.memory.listen(&data);
                    }
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

/// What a client that connects later has to be told.
///
/// An engine in PowerShell's out-of-process mode does not know Connect, so the
/// host answers it from what the engine said when the pool was opened.
pub(super) struct Memory {
    assembler: Assembler,
    capability: Vec<u8>,
    private_data: Vec<u8>,
    runspaces: (Value, Value),
    pool: Uuid,
}

impl Memory {
    /// Of what the first client sent.
    pub(super) fn new(creation: &[u8]) -> Self {
        let limit = Assembler::DEFAULT_LIMIT;
        let messages = Assembler::new(limit).push(creation).unwrap_or_default();
        let messages = messages.iter().filter_map(|bytes| Message::decode(bytes).ok());
        let init = messages.into_iter().find(|message| message.kind == MessageType::InitRunspacePool);
        let asked = init.as_ref().and_then(|message| psrp::decode(&message.payload).ok());
        let number = |name| asked.as_ref().and_then(|asked| asked.get(name)).cloned().unwrap_or(Value::I32(1));
        Self {
            assembler: Assembler::new(limit),
            capability: Vec::new(),
            private_data: Vec::new(),
            runspaces: (number("MinRunspaces"), number("MaxRunspaces")),
            pool: init.map(|message| message.pool).unwrap_or_default(),
        }
    }

    fn listen(&mut self, data: &[u8]) {
        for bytes in self.assembler.push(data).unwrap_or_default() {
            match Message::decode(&bytes).map(|message| message.kind) {
                Ok(MessageType::SessionCapability) => self.capability = bytes,
                Ok(MessageType::ApplicationPrivateData) => self.private_data = bytes,
                _ => {}
            }
        }
    }
}

fn whole(object: u64, message: &[u8]) -> Vec<u8> {
    fragments(object, message, std::num::NonZeroUsize::MAX).flatten().collect()
}

impl Shell {
    /// Whether this client may do that now.
    pub(super) fn check_client(&self, header: &Header, operation: &Operation) -> Result<(), Fault> {
        let other = header.session_id.is_some() && self.session.is_some() && header.session_id != self.session;
        match operation {
            // Whoever owns it may close it, wherever its client is.
            Operation::Delete => Ok(()),
            Operation::Connect { command_id: None, .. } if other && !self.away => Err(refusal::shell_in_use()),
            Operation::Connect { command_id: None, .. } => Ok(()),
            _ if other => Err(refusal::other_session()),
            // One that was made without a SessionId can never be left.
            Operation::Disconnect { .. } if self.session.is_none() => Err(refusal::other_session()),
            Operation::Disconnect { .. } | Operation::Reconnect { .. } => Ok(()),
            _ if self.away => Err(refusal::shell_disconnected()),
            _ => Ok(()),
        }
    }

    /// Its client leaves; the Receives that waited.
    pub(super) fn leave(&mut self, idle_timeout: Option<Duration>) -> Vec<(RequestId, Uuid)> {
        self.away = true;
        self.idle_timeout = idle_timeout.unwrap_or(self.idle_timeout);
        let waiting = |(_, channel): (_, &mut Channel)| channel.waiting.take();
        self.channels().filter_map(waiting).map(|receive| (receive.request, receive.message_id)).collect()
    }

    /// A client comes (back) to it, or to one of its commands.
    pub(super) fn come_back(&mut self, command: Option<Uuid>, session: Option<Uuid>) -> Result<(), Fault> {
        if let Some(id) = command {
            return if self.commands.contains_key(&id) { Ok(()) } else { Err(refusal::invalid_selectors()) };
        }
        self.away = false;
        self.session = session.or(self.session);
        Ok(())
    }

    /// The answer to `connectXml`: what the pool is. APPLICATION_PRIVATE_DATA
    /// comes with the next Receive, as recorded from Windows.
    pub(super) fn introduce(&mut self, connect: &[u8]) -> Result<Vec<u8>, Fault> {
        let messages = Assembler::new(Assembler::DEFAULT_LIMIT).push(connect).unwrap_or_default();
        let kinds: Vec<_> = messages.iter().filter_map(|bytes| Some(Message::decode(bytes).ok()?.kind)).collect();
        if kinds != [MessageType::SessionCapability, MessageType::ConnectRunspacePool] {
            return Err(refusal::invalid_parameter());
        }
        let (least, most) = self.memory.runspaces.clone();
        let bounds = psrp::encode(&Value::custom([("MinRunspaces", least), ("MaxRunspaces", most)]));
        let bounds = bounds.map_err(|_| refusal::invalid_parameter())?;
        let bounds = Message::to_client(MessageType::RunspacePoolInitData, self.memory.pool, None, &bounds).encode();
        self.pool.outbox.push(&whole(2, &self.memory.private_data));
        Ok([whole(1, &self.memory.capability), whole(2, &bounds)].concat())
    }

    pub(super) fn state(&self) -> &'static str {
        if self.away { "Disconnected" } else { "Connected" }
    }

    pub(super) fn describe(&self, id: &str, host: &str, now: Instant) -> ShellDescription {
        let user = &self.owner;
        ShellDescription {
            shell_id: id.to_owned(),
            created: None,
            owner: Some(if user.contains(['\\', '@']) { user.clone() } else { format!("{host}\\{user}") }),
            idle_timeout: Some(self.idle_timeout),
            resource_uri: Some(self.resource_uri.clone()),
            name: self.name.clone(),
            state: Some(self.state().into()),
            inactivity: Some(now - self.touched),
        }
    }
}
