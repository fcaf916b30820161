//! Requests in, answers out.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use super::channel::{Answered, Channel, Due, Receive, RequestId};
use super::refusal;
use super::shell::{Command, Memory, Shell, Stop};
use super::wire;
use super::{Counters, OpenEngine, PeerOptions, RobustSupport};
use crate::entropy::Entropy;
use crate::host_end::engine::Input;
use crate::soap::{
    Answer, AnswerEnvelope, CommandState, Fault, Header, Listed, Operation, Received, Request, ResourceCreated, Robust,
    ShellDescription, SignalCode, StreamData, ns,
};
use crate::time::{Duration, Instant};

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The request it answers.
    pub request: RequestId,
    /// HTTP status: 200, or 500 with a fault.
    pub status: u16,
    /// SOAP envelope in UTF-8.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    /// Without the body: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({:?}, {}, {} bytes)", self.request, self.status, self.body.len())
    }
}

/// What a peer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Reply(Reply),
    /// Nothing until then, unless a request comes or an engine wakes its
    /// driver.
    Wait {
        /// When to poll again at the latest.
        until: Instant,
    },
}

/// The WS-Management service of one host.
///
/// The drain rule: after every `handle` and `lost`, and whenever
/// [`Output::Wait`] runs out, call `poll` until it says [`Output::Wait`].
///
/// Shells belong to the user who made them. Every request for a shell must
/// carry the resource URI that it was made under. For both, what does not
/// match is "not found" (2150858843), as a missing shell is.
///
/// Command and Send are answered when the engine has been told, not when it
/// is through with them.
///
/// Source: [MS-WSMV] §3.1.4, §3.2.4.
pub struct Peer {
    options: PeerOptions,
    open: OpenEngine,
    entropy: Entropy,
    shells: BTreeMap<String, Shell>,
    replies: VecDeque<Reply>,
    /// Operations with an id, by user and id; the answer once it is there.
    operations: BTreeMap<(String, Uuid), Option<Vec<u8>>>,
    /// Which of them a request is.
    asked: BTreeMap<RequestId, (String, Uuid)>,
    counters: Counters,
}

/// Smallest `MaxEnvelopeSize`. Source: [MS-WSMV] §3.1.4.1.5.
const LEAST_ENVELOPE_BYTES: usize = 8192;

enum Done {
    /// Answered now.
    Now(Answer),
    /// Answered later, or already.
    Later,
}

impl Peer {
    /// A host without shells. `entropy` gives 16 bytes for each answer's id.
    #[must_use]
    pub fn new(options: PeerOptions, open: OpenEngine, entropy: Entropy) -> Self {
        let (shells, replies, counters) = (BTreeMap::new(), VecDeque::new(), Counters::default());
        let (operations, asked) = (BTreeMap::new(), BTreeMap::new());
        Self { options, open, entropy, shells, replies, operations, asked, counters }
    }

    /// Takes a request of `user`, who is signed in. Every request gets exactly
    /// one [`Reply`], unless it is [`lost`](Self::lost) before.
    pub fn handle(&mut self, now: Instant, request: RequestId, user: &str, body: &[u8]) {
        let decoded = match Request::decode(body) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.counters.requested("Invalid");
                let fault = refusal::unreadable(&error);
                self.answer(request, Request::message_id(body), Answer::Fault(fault));
                return;
            }
        };
        self.counters.requested(decoded.operation.name());
        let id = decoded.header.message_id;
        let outcome = if body.len() > self.options.max_envelope_bytes {
            Err(refusal::envelope_too_large())
        } else if let Some(robust) = decoded.header.robust
            && let Some(known) = self.known(request, user, robust)
        {
            known
        } else {
            self.operate(now, request, user, decoded)
        };
        match outcome {
            Ok(Done::Now(answer)) => drop(self.answer(request, Some(id), answer)),
            Ok(Done::Later) => {}
            Err(fault) => drop(self.answer(request, Some(id), Answer::Fault(fault))),
        }
    }

    /// The connection of a request is gone, and with it the request. Output
    /// stays for whoever asks next.
    pub fn lost(&mut self, request: RequestId) {
        self.counters.lost += 1;
        self.asked.remove(&request);
        for shell in self.shells.values_mut() {
            for (_, channel) in shell.channels() {
                channel.waiting.take_if(|receive| receive.request == request);
            }
            for command in shell.commands.values_mut() {
                command.stops.retain(|stop| stop.request != request);
            }
        }
    }

    /// Gives the next output.
    pub fn poll(&mut self, now: Instant) -> Output {
        if let Some(reply) = self.replies.pop_front() {
            return Output::Reply(reply);
        }
        let mut until = Instant::NEVER;
        let ids: Vec<String> = self.shells.keys().cloned().collect();
        for id in ids {
            until = until.min(self.pump(now, &id));
        }
        match self.replies.pop_front() {
            Some(reply) => Output::Reply(reply),
            None => Output::Wait { until },
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { shells_open: self.shells.len() as u64, ..self.counters.clone() }
    }

    /// What an OperationID says about a request; `None`: act on it.
    fn known(&mut self, request: RequestId, user: &str, robust: Robust) -> Option<Result<Done, Fault>> {
        let key = (user.to_owned(), robust.operation_id);
        match (self.options.robust, robust.again, self.operations.get(&key)) {
            (RobustSupport::Unknown, true, _) => Some(Err(refusal::not_understood())),
            (RobustSupport::Unknown, false, _) => None,
            (RobustSupport::Replays, false, Some(_)) => Some(Err(refusal::not_understood())),
            (RobustSupport::Replays, true, Some(Some(body))) => {
                // The acknowledgement goes in front.
                let ids = (Some(self.entropy.uuid()), Some(robust.operation_id));
                let first = AnswerEnvelope {
                    message_id: ids.0,
                    relates_to: None,
                    operation_id: ids.1,
                    answer: Answer::Acknowledged,
                };
                let body = [first.encode(), body.clone()].concat();
                self.counters.repeated += 1;
                self.replies.push_back(Reply { request, status: 200, body });
                Some(Ok(Done::Later))
            }
            _ => {
                // Spec: hosts keep 3 MB of answers; so many of ours fit.
                if self.operations.len() >= 256 {
                    self.operations.retain(|_, answered| answered.is_none());
                }
                self.operations.insert(key.clone(), None);
                self.asked.insert(request, key);
                None
            }
        }
    }

    fn operate(&mut self, now: Instant, request: RequestId, user: &str, asked: Request) -> Result<Done, Fault> {
        let Request { header, operation } = asked;
        if let Operation::Create { shell_id, creation, name, idle_timeout, .. } = operation {
            let shell = self.create(now, user, &header, shell_id, (creation, name, idle_timeout))?;
            self.answer(request, Some(header.message_id), Answer::Created(shell));
            return Ok(Done::Later);
        }
        match &operation {
            Operation::Enumerate { shell_id } => {
                return self
                    .list(now, user, &header, shell_id.as_deref())
                    .map(|listed| Done::Now(Answer::Listed(listed)));
            }
            // Everything goes into the first part.
            Operation::Pull { .. } => return Err(refusal::invalid_parameter()),
            _ => {}
        }
        let id = header.shell_id.as_deref().unwrap_or_default().to_uppercase();
        let shell = self
            .shells
            .get_mut(&id)
            .filter(|shell| shell.owner == user && shell.resource_uri.eq_ignore_ascii_case(&header.resource_uri))
            .ok_or_else(refusal::invalid_selectors)?;
        shell.check_client(&header, &operation)?;
        shell.touched = now;
        match operation {
            Operation::Receive { command_id } => self.receive(now, request, &id, &header, command_id),
            Operation::Delete => {
                self.end(now, &id);
                Ok(Done::Now(Answer::Deleted))
            }
            Operation::Signal { command_id, code } => self.signal(now, request, &id, &header, command_id, &code),
            Operation::Command { command_id, arguments } => {
                if shell.commands.len() >= self.options.max_commands_per_shell {
                    return Err(refusal::too_many_commands());
                }
                if shell.commands.contains_key(&command_id) || command_id.is_nil() {
                    return Err(refusal::invalid_parameter());
                }
                shell.commands.insert(command_id, Command::default());
                shell.engine.handle(now, Input::CommandOpen { pipeline: command_id });
                shell.engine.handle(now, Input::PipelineData { pipeline: command_id, data: arguments });
                self.counters.commands_started += 1;
                Ok(Done::Now(Answer::CommandStarted(command_id)))
            }
            Operation::Send { command_id, stream, data } => {
                if command_id.is_some_and(|id| !shell.commands.contains_key(&id)) {
                    return Err(refusal::invalid_selectors());
                }
                let input = match (stream, command_id) {
                    ("pr", pipeline) => Input::HostResponse { pipeline, data },
                    (_, Some(pipeline)) => Input::PipelineData { pipeline, data },
                    (_, None) => Input::PoolData(data),
                };
                shell.engine.handle(now, input);
                Ok(Done::Now(Answer::Sent))
            }
            Operation::Disconnect { idle_timeout } => {
                let dropped = shell.leave(idle_timeout);
                for (request, message_id) in dropped {
                    self.answer(request, Some(message_id), Answer::Fault(refusal::stream_disconnected()));
                }
                Ok(Done::Now(Answer::Disconnected))
            }
            Operation::Reconnect { command_id } => {
                shell.come_back(command_id, None)?;
                Ok(Done::Now(Answer::Reconnected))
            }
            Operation::Connect { command_id, connect, .. } => {
                let answer = if command_id.is_none() { shell.introduce(&connect)? } else { Vec::new() };
                shell.come_back(command_id, header.session_id)?;
                Ok(Done::Now(Answer::Connected(answer)))
            }
            Operation::Create { .. } | Operation::Enumerate { .. } | Operation::Pull { .. } => {
                Err(refusal::invalid_parameter())
            }
        }
    }

    /// Shells of a user, or the commands of one of them.
    fn list(&self, now: Instant, user: &str, header: &Header, shell_id: Option<&str>) -> Result<Listed, Fault> {
        let own = || self.shells.iter().filter(|(_, shell)| shell.owner == user);
        if header.resource_uri.eq_ignore_ascii_case(ns::SHELL) {
            let shells = own().map(|(id, shell)| shell.describe(id, &self.options.name, now)).collect();
            return Ok(Listed { shells, ..Listed::default() });
        }
        if !header.resource_uri.eq_ignore_ascii_case(ns::SHELL_COMMAND) {
            return Err(refusal::invalid_resource_uri());
        }
        let wanted = shell_id.ok_or_else(refusal::invalid_parameter)?;
        let (_, shell) =
            own().find(|(id, _)| id.eq_ignore_ascii_case(wanted)).ok_or_else(refusal::invalid_selectors)?;
        let commands = shell.commands.keys().map(|id| (*id, shell.state().to_owned())).collect();
        Ok(Listed { commands, ..Listed::default() })
    }

    fn create(
        &mut self,
        now: Instant,
        user: &str,
        header: &Header,
        shell_id: Uuid,
        (creation, name, idle_timeout): (Vec<u8>, Option<String>, Option<Duration>),
    ) -> Result<ShellDescription, Fault> {
        let configuration = header
            .resource_uri
            .rsplit_once('/')
            .filter(|(namespace, _)| namespace.eq_ignore_ascii_case(ns::POWERSHELL))
            .map(|(_, name)| name);
        let known = |name: &str| self.options.configurations.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !configuration.is_some_and(known) {
            return Err(refusal::invalid_resource_uri());
        }
        if self.shells.values().filter(|shell| shell.owner == user).count() >= self.options.max_shells_per_user {
            return Err(refusal::too_many_shells());
        }
        let shell_id = if shell_id.is_nil() { self.entropy.uuid() } else { shell_id };
        let id = shell_id.hyphenated().to_string().to_uppercase();
        if self.shells.contains_key(&id) {
            return Err(refusal::invalid_parameter());
        }
        let mut engine = (self.open)().map_err(|_| refusal::no_engine())?;
        engine.handle(now, Input::PoolData(creation.clone()));
        let shell = Shell {
            owner: user.to_owned(),
            resource_uri: header.resource_uri.clone(),
            engine,
            pool: Channel::default(),
            commands: BTreeMap::new(),
            touched: now,
            name,
            session: header.session_id,
            away: false,
            idle_timeout: idle_timeout.unwrap_or(self.options.idle_timeout),
            memory: Memory::new(&creation),
        };
        let described = shell.describe(&id, &self.options.name, now);
        self.shells.insert(id, shell);
        self.counters.shells_opened += 1;
        self.counters.shells_most = self.counters.shells_most.max(self.shells.len() as u64);
        let created = ResourceCreated { address: header.to.clone(), resource_uri: header.resource_uri.clone() };
        Ok(ShellDescription { created: Some(created), ..described })
    }

    fn receive(
        &mut self,
        now: Instant,
        request: RequestId,
        id: &str,
        header: &Header,
        command_id: Option<Uuid>,
    ) -> Result<Done, Fault> {
        let asked = usize::try_from(header.max_envelope_bytes).unwrap_or(usize::MAX);
        if asked < LEAST_ENVELOPE_BYTES {
            return Err(refusal::envelope_too_small());
        }
        let channel = self
            .shells
            .get_mut(id)
            .and_then(|shell| shell.channel(command_id))
            .ok_or_else(refusal::invalid_selectors)?;
        if let Some(answered) = channel.answered.as_ref().filter(|last| last.message_id == header.message_id) {
            let Answered { status, body, .. } = answered.clone();
            self.counters.repeated += 1;
            self.replies.push_back(Reply { request, status, body });
            return Ok(Done::Later);
        }
        if channel.told_done {
            return Err(refusal::invalid_selectors());
        }
        let receive = Receive {
            request,
            message_id: header.message_id,
            until: now + header.operation_timeout,
            max_envelope_bytes: asked.min(self.options.max_envelope_bytes),
            ready_since: None,
        };
        // Chosen: the later Receive takes over, since a client that repeats one
        // has lost the connection of the other. No recording has two at once.
        if let Some(former) = channel.waiting.replace(receive) {
            self.answer(former.request, Some(former.message_id), Answer::Fault(refusal::aborted()));
        }
        Ok(Done::Later)
    }

    fn signal(
        &mut self,
        now: Instant,
        request: RequestId,
        id: &str,
        header: &Header,
        command_id: Option<Uuid>,
        code: &SignalCode,
    ) -> Result<Done, Fault> {
        let command_id = command_id.ok_or_else(refusal::invalid_parameter)?;
        let shell = self.shells.get_mut(id).ok_or_else(refusal::invalid_selectors)?;
        let command = shell.commands.get_mut(&command_id).ok_or_else(refusal::invalid_selectors)?;
        if *code == SignalCode::CtrlC {
            if command.channel.told_done {
                return Ok(Done::Now(Answer::Signalled));
            }
            let until = now + header.operation_timeout;
            command.stops.push(Stop { request, message_id: header.message_id, until });
            shell.engine.handle(now, Input::Stop { pipeline: command_id });
            return Ok(Done::Later);
        }
        shell.engine.handle(now, Input::CloseCommand { pipeline: command_id });
        if let Some(command) = shell.commands.remove(&command_id) {
            self.abort(command);
        }
        self.counters.commands_terminated += 1;
        Ok(Done::Now(Answer::Signalled))
    }

    /// Lets one shell go on; says when it wants to be asked again.
    fn pump(&mut self, now: Instant, id: &str) -> Instant {
        let Some(shell) = self.shells.get_mut(id) else { return Instant::NEVER };
        let drained = shell.drain(now);
        let mut until = drained.until;
        let mut answers = Vec::new();
        for command in shell.commands.values_mut() {
            let over = command.stops.extract_if(.., |stop| stop.until <= now);
            answers.extend(over.map(|stop| (stop.request, stop.message_id, Answer::Fault(refusal::timed_out()))));
            until = command.stops.iter().fold(until, |until, stop| until.min(stop.until));
        }
        answers.extend(drained.stopped.iter().map(|stop| (stop.request, stop.message_id, Answer::Signalled)));
        let mut due = Vec::new();
        for (command, channel) in shell.channels() {
            match channel.due(now, self.options.linger) {
                None => {}
                Some(Due::At(at)) => until = until.min(at),
                Some(what) => due.push((command, what)),
            }
        }
        let idle_at = if shell.is_waited_for() { Instant::NEVER } else { shell.touched + shell.idle_timeout };
        for (request, message_id, answer) in answers {
            self.answer(request, Some(message_id), answer);
        }
        drained.ran.into_iter().for_each(|command| self.counters.ran(command));
        for (command, what) in due {
            self.deliver(now, id, command, what);
        }
        if drained.ended || idle_at <= now {
            self.end(now, id);
            return Instant::NEVER;
        }
        until.min(idle_at)
    }

    /// Answers the held Receive of one channel.
    fn deliver(&mut self, now: Instant, id: &str, command_id: Option<Uuid>, what: Due) {
        let Some(shell) = self.shells.get_mut(id) else { return };
        // It was waited for until now, and that is not idle.
        shell.touched = now;
        let Some(channel) = shell.channel(command_id) else { return };
        let Some(receive) = channel.waiting.take() else { return };
        let answer = if what == Due::TimedOut {
            Answer::Fault(refusal::timed_out())
        } else {
            let (around, frame) = wire::overhead(command_id);
            let batch = channel.outbox.pack(receive.max_envelope_bytes.saturating_sub(around), frame);
            channel.told_done |= batch.done;
            let streams = batch.streams.into_iter().map(|data| StreamData { command_id, data }).collect();
            let states = batch.done.then_some(CommandState { command_id, done: true }).into_iter().collect();
            Answer::Received(Received { streams, states })
        };
        let Reply { status, body, .. } = self.answer(receive.request, Some(receive.message_id), answer);
        let answered = Answered { message_id: receive.message_id, status, body };
        if let Some(channel) = self.shells.get_mut(id).and_then(|shell| shell.channel(command_id)) {
            channel.answered = Some(answered);
        }
    }

    /// Closes a shell; what waits for it is aborted.
    fn end(&mut self, now: Instant, id: &str) {
        let Some(mut shell) = self.shells.remove(id) else { return };
        shell.engine.handle(now, Input::ClosePool);
        let pool = Command { channel: shell.pool, stops: Vec::new() };
        for command in std::iter::once(pool).chain(shell.commands.into_values()) {
            self.abort(command);
        }
    }

    fn abort(&mut self, command: Command) {
        let receive = command.channel.waiting.map(|receive| (receive.request, receive.message_id));
        let stops = command.stops.into_iter().map(|stop| (stop.request, stop.message_id));
        for (request, message_id) in receive.into_iter().chain(stops) {
            self.answer(request, Some(message_id), Answer::Fault(refusal::aborted()));
        }
    }

    fn answer(&mut self, request: RequestId, relates_to: Option<Uuid>, answer: Answer) -> Reply {
        if let Answer::Fault(fault) = &answer {
            self.counters.refused(fault.code);
        }
        let asked = self.asked.remove(&request);
        let operation_id = asked.as_ref().map(|(_, id)| *id);
        let status = answer.status();
        let body = AnswerEnvelope { message_id: Some(self.entropy.uuid()), relates_to, operation_id, answer }.encode();
        if let Some(answered) = asked.and_then(|key| self.operations.get_mut(&key)) {
            *answered = Some(body.clone());
        }
        let reply = Reply { request, status, body };
        self.replies.push_back(reply.clone());
        reply
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer")
            .field("options", &self.options)
            .field("shells", &self.shells.len())
            .finish_non_exhaustive()
    }
}
