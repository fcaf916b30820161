//! The machine.
//!
//! Longer than the house likes: the session's life and the routing of answers
//! are one table of cases that reads worse in two files.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use uuid::Uuid;

use super::exchange::{ExchangeId, InFlight, Purpose};
use super::pipeline::{Pending, Phase, Pipeline, SendKind, Stopping};
use super::{Config, End, Event, Input, Opened, Output, PipelineEvent, PipelineId, PipelineSpec, StopCause, Why};
use crate::clixml::{Content, Value};
use crate::entropy::Entropy;
use crate::psrp::fragment::{Assembler, HEADER_BYTES, fragments};
use crate::psrp::{
    self, ApplicationPrivateData, CreatePipeline, ErrorRecord, HostCall, HostResponse, InformationRecord,
    InitRunspacePool, Message, MessageType, PayloadError, PipelineState, PipelineStateMessage, ProgressRecord,
    ProtocolVersion, RunspacePoolState, RunspacePoolStateMessage, SessionCapability, TextRecord,
};
use crate::soap::{Answer, AnswerEnvelope, Fault, FaultClass, Header, Operation, Received, Request, SignalCode};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// Until the host says that it speaks 2.2.
///
/// Spec: 150 KB is what PowerShell 2 hosts take.
const FIRST_ENVELOPE_BYTES: u32 = 153_600;
/// From then on.
///
/// Spec: 500 KB is the default since PowerShell 3.
const ENVELOPE_BYTES: u32 = 512_000;
/// Room for all of an envelope but its payload.
///
/// Chosen: requests have up to 2.1 KB of header; twice that leaves room for
/// long URLs.
const ENVELOPE_OVERHEAD_BYTES: u32 = 4096;
/// Chosen: a cable that is pulled for longer than the pauses below add up to
/// is an outage and not a hiccup.
const MAX_LOSSES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// One remote session: see the [module](super).
#[derive(Debug)]
pub struct Session {
    config: Config,
    entropy: Entropy,
    pool_id: Uuid,
    session_id: Uuid,
    state: State,
    shell_id: Option<String>,
    protocol: Option<ProtocolVersion>,
    private_data: Option<ApplicationPrivateData>,
    assembler: Assembler,
    pipelines: BTreeMap<Uuid, Pipeline>,
    in_flight: BTreeMap<ExchangeId, InFlight>,
    /// Lost exchanges that wait for their repetition.
    repeats: Vec<(Instant, InFlight)>,
    outputs: VecDeque<Output>,
    next_exchange: u64,
    next_object: u64,
}

/// What the session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitShell { by: Instant },
    AwaitPool { by: Instant },
    Open,
    AwaitDelete { by: Instant },
    Ended,
}

impl Session {
    /// Starts to open a session; poll for the first exchange.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] when the application arguments cannot travel.
    pub fn open(now: Instant, config: Config, mut entropy: Entropy) -> Result<Self, Error> {
        let (pool_id, session_id) = (entropy.uuid(), entropy.uuid());
        let mut session = Self {
            state: State::AwaitShell { by: now + config.open_timeout },
            config,
            entropy,
            pool_id,
            session_id,
            shell_id: None,
            protocol: None,
            private_data: None,
            assembler: Assembler::new(Assembler::DEFAULT_LIMIT),
            pipelines: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            repeats: Vec::new(),
            outputs: VecDeque::new(),
            next_exchange: 0,
            next_object: 1,
        };
        let creation = session.creation()?;
        let operation =
            Operation::Create { shell_id: pool_id, protocol_version: session.config.protocol.to_string(), creation };
        session.exchange(Purpose::Create, operation);
        Ok(session)
    }

    fn creation(&mut self) -> Result<Vec<u8>, Error> {
        let misuse = |error| Error::new(ErrorKind::Misuse, "application arguments cannot be sent").with_source(error);
        refuse_secrets(&self.config.application_arguments)?;
        let capability = SessionCapability { protocol: self.config.protocol };
        let init = InitRunspacePool {
            min_runspaces: 1,
            max_runspaces: self.config.max_runspaces,
            host: self.config.host,
            application_arguments: self.config.application_arguments.clone(),
        };
        let mut creation = Vec::new();
        for (kind, payload) in [
            (MessageType::SessionCapability, capability.encode().map_err(misuse)?),
            (MessageType::InitRunspacePool, init.encode().map_err(misuse)?),
        ] {
            let message = Message::to_server(kind, self.pool_id, None, payload);
            creation.extend(self.fragments(&message).into_iter().flatten());
        }
        Ok(creation)
    }

    /// Starts a pipeline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open, an argument does not
    /// travel (too deep, a cycle that leaves its object), or one is a
    /// SecureString and no session key was exchanged. Nothing was sent.
    pub fn run(&mut self, now: Instant, spec: PipelineSpec) -> Result<PipelineId, Error> {
        self.check_open()?;
        for value in spec.commands.iter().flat_map(|command| &command.arguments).map(|argument| &argument.value) {
            refuse_secrets(value)?;
        }
        let create = CreatePipeline { commands: spec.commands, no_input: !spec.with_input, host: self.config.host };
        let payload = create
            .encode()
            .map_err(|error| Error::new(ErrorKind::Misuse, "an argument cannot be sent").with_source(error))?;
        let id = self.entropy.uuid();
        let message = Message::to_server(MessageType::CreatePipeline, self.pool_id, Some(id), payload);
        let mut parts: VecDeque<_> = self.fragments(&message).into();
        let arguments = parts.pop_front().unwrap_or_default();
        let last = parts.len().saturating_sub(1);
        let pending = (0..)
            .zip(parts)
            .map(|(n, data)| Pending { kind: if n == last { SendKind::Rest } else { SendKind::Creation }, data })
            .collect();
        self.pipelines.insert(
            id,
            Pipeline {
                phase: Phase::AwaitCommand,
                assembler: Assembler::new(Assembler::DEFAULT_LIMIT),
                pending,
                sending: None,
                stopping: None,
                heard: false,
                first_message_by: now + spec.first_message_timeout,
                deadline: now + spec.timeout,
            },
        );
        self.exchange(Purpose::Command(id), Operation::Command { command_id: id, arguments });
        Ok(PipelineId(id))
    }

    /// Sends one input object to a pipeline that was started with input.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: [`Value::Nil`] (PowerShell would take nothing
    /// after it, not even the end of input), a value that does not travel, or
    /// a pipeline that has ended.
    pub fn send_input(&mut self, pipeline: PipelineId, value: &Value) -> Result<(), Error> {
        if *value == Value::Nil {
            return Err(Error::new(ErrorKind::Misuse, "null cannot be pipeline input: the host would read no further"));
        }
        refuse_secrets(value)?;
        let payload = psrp::encode(value)
            .map_err(|error| Error::new(ErrorKind::Misuse, "an input object cannot be sent").with_source(error))?;
        self.send(pipeline.0, MessageType::PipelineInput, payload, SendKind::Rest)
    }

    /// Ends the input of a pipeline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the pipeline has ended.
    pub fn end_input(&mut self, pipeline: PipelineId) -> Result<(), Error> {
        self.send(pipeline.0, MessageType::EndOfPipelineInput, Vec::new(), SendKind::Rest)
    }

    /// Answers a host call. A pipeline that has ended meanwhile needs no
    /// answer, and gets none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the value does not travel.
    pub fn answer(&mut self, pipeline: PipelineId, call: &HostCall, response: &HostResponse) -> Result<(), Error> {
        if let HostResponse::Value(value) = response {
            refuse_secrets(value)?;
        }
        let payload = response
            .encode(call)
            .map_err(|error| Error::new(ErrorKind::Misuse, "an answer cannot be sent").with_source(error))?;
        match self.pipelines.contains_key(&pipeline.0) {
            true => self.send(pipeline.0, MessageType::PipelineHostResponse, payload, SendKind::HostResponse),
            false => Ok(()),
        }
    }

    /// Asks the host to stop a pipeline. It ends with
    /// [`End::Stopped`], or with what it was about to end with, or after the
    /// configured time with [`End::Lost`].
    pub fn stop(&mut self, now: Instant, pipeline: PipelineId) {
        self.stop_for(now, pipeline.0, StopCause::Caller);
    }

    /// Closes the session: running pipelines end, the shell is deleted.
    pub fn close(&mut self, now: Instant) {
        match self.state {
            State::AwaitDelete { .. } | State::Ended => return,
            State::AwaitShell { .. } if self.shell_id.is_none() => {
                // The host may have made it all the same, under our id.
                self.shell_id = Some(self.pool_id.hyphenated().to_string().to_uppercase());
            }
            _ => {}
        }
        let closed = Error::new(ErrorKind::Misuse, "the session was closed").after(Effect::MayHaveRun);
        self.end_all(&closed);
        self.repeats.clear();
        self.state = State::AwaitDelete { by: now + self.config.stop_timeout };
        self.exchange(Purpose::Delete, Operation::Delete);
    }

    /// Whether a pipeline can be run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Takes what happened; poll afterwards.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Answer { id, status, body } => {
                if let Some(exchange) = self.in_flight.remove(&id) {
                    self.answered(now, &exchange, status, body);
                }
            }
            Input::Lost { id, sent, error } => {
                if let Some(exchange) = self.in_flight.remove(&id) {
                    self.lost(now, exchange, sent, error);
                }
            }
            Input::Tick => {}
        }
        self.alarms(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| self.wait())
    }

    fn wait(&self) -> Output {
        let state = match self.state {
            State::AwaitShell { by } | State::AwaitPool { by } | State::AwaitDelete { by } => Some((by, Why::Pool)),
            State::Open | State::Ended => None,
        };
        let repeats = self.repeats.iter().map(|(at, _)| (*at, Why::Repeat));
        let alarms = self.pipelines.values().map(|pipeline| (pipeline.alarm(), Why::Deadline));
        let next = state.into_iter().chain(repeats).chain(alarms).min_by_key(|(at, _)| *at);
        let (until, why) = next.unwrap_or((Instant::NEVER, Why::Idle));
        Output::Wait { until, why }
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.is_open() { Ok(()) } else { Err(Error::new(ErrorKind::Misuse, "the session is not open")) }
    }

    // ── out ──────────────────────────────────────────────────────────────

    fn max_envelope_bytes(&self) -> u32 {
        match self.protocol {
            Some(version) if version >= ProtocolVersion::V2_2 => ENVELOPE_BYTES,
            _ => FIRST_ENVELOPE_BYTES,
        }
    }

    /// Cuts a message so that every fragment fills an envelope of its own.
    fn fragments(&mut self, message: &Message) -> Vec<Vec<u8>> {
        let payload = (self.max_envelope_bytes() - ENVELOPE_OVERHEAD_BYTES) / 4 * 3;
        let data = NonZeroUsize::new(payload as usize - HEADER_BYTES).unwrap_or(NonZeroUsize::MIN);
        let object = self.next_object;
        self.next_object += 1;
        fragments(object, &message.encode(), data).collect()
    }

    fn exchange(&mut self, purpose: Purpose, operation: Operation) {
        let message_id = self.entropy.uuid();
        let request = Request {
            header: Header {
                to: self.config.to.clone(),
                message_id,
                session_id: Some(self.session_id),
                resource_uri: self.config.resource_uri(),
                max_envelope_bytes: self.max_envelope_bytes(),
                operation_timeout: self.config.operation_timeout,
                shell_id: self.shell_id.clone(),
            },
            operation,
        };
        let body = request.encode();
        let kept = if purpose.is_repeatable() { body.clone() } else { Vec::new() };
        self.put_in_flight(InFlight { purpose, message_id, body: kept, losses: 0 }, body);
    }

    fn put_in_flight(&mut self, exchange: InFlight, body: Vec<u8>) {
        let id = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        let lane = exchange.purpose.lane();
        self.in_flight.insert(id, exchange);
        self.outputs.push_back(Output::Exchange { id, lane, body, hold: self.config.operation_timeout });
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn send(&mut self, id: Uuid, kind: MessageType, payload: Vec<u8>, as_kind: SendKind) -> Result<(), Error> {
        self.check_open()?;
        if !self.pipelines.contains_key(&id) {
            return Err(Error::new(ErrorKind::Misuse, "the pipeline has ended"));
        }
        let message = Message::to_server(kind, self.pool_id, Some(id), payload);
        let parts = self.fragments(&message);
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            pipeline.pending.extend(parts.into_iter().map(|data| Pending { kind: as_kind, data }));
        }
        self.send_next(id);
        Ok(())
    }

    /// Sends go one at a time per pipeline: their order is the protocol's.
    fn send_next(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.sending.is_some() || pipeline.phase == Phase::AwaitCommand {
            return;
        }
        let Some(Pending { kind, data }) = pipeline.pending.pop_front() else { return };
        pipeline.sending = Some(kind);
        let stream = if kind == SendKind::HostResponse { "pr" } else { "stdin" };
        self.exchange(Purpose::Send(id), Operation::Send { command_id: Some(id), stream, data });
    }

    fn receive(&mut self, id: Uuid) {
        self.exchange(Purpose::Receive(id), Operation::Receive { command_id: Some(id) });
    }

    fn stop_for(&mut self, now: Instant, id: Uuid, cause: StopCause) {
        let by = now + self.config.stop_timeout;
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.stopping.is_some() {
            return;
        }
        // A command that the host does not know yet cannot be signalled.
        let signalled = pipeline.phase != Phase::AwaitCommand;
        pipeline.stopping = Some(Stopping { cause, by, signalled });
        if signalled {
            self.exchange(Purpose::Stop(id), Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC });
        }
    }

    // ── in ───────────────────────────────────────────────────────────────

    fn answered(&mut self, now: Instant, exchange: &InFlight, status: u16, body: &[u8]) {
        let purpose = exchange.purpose;
        let envelope = match AnswerEnvelope::decode(body) {
            Ok(envelope) => envelope,
            Err(error) => {
                tracing::debug!(status, bytes = body.len(), "answer is no envelope");
                let broken = Error::new(ErrorKind::PeerMisbehaved, "the host's answer was not understood");
                return self.failed(now, purpose, broken.with_source(error));
            }
        };
        // A fault may come without RelatesTo; an answer of another request
        // must never be taken for this one's.
        if envelope.relates_to.is_some_and(|id| id != exchange.message_id) {
            let error = Error::new(ErrorKind::PeerMisbehaved, "the host answered another request");
            return self.failed(now, purpose, error.with_source(crate::soap::SoapError::OtherRequest));
        }
        match (purpose, envelope.answer) {
            (_, Answer::Fault(fault)) => self.faulted(now, purpose, fault),
            (Purpose::Create, Answer::Created(shell)) => {
                self.shell_id = Some(shell.shell_id);
                if let State::AwaitShell { by } = self.state {
                    self.state = State::AwaitPool { by };
                    self.exchange(Purpose::PoolReceive, Operation::Receive { command_id: None });
                }
            }
            (Purpose::PoolReceive, Answer::Received(received)) => self.pool_received(now, &received),
            (Purpose::Command(id), Answer::CommandStarted(_)) => self.command_started(id),
            (Purpose::Send(id), Answer::Sent) => self.sent(id),
            (Purpose::Receive(id), Answer::Received(received)) => self.received(id, &received),
            (Purpose::Stop(_) | Purpose::Terminate, Answer::Signalled) => {}
            (Purpose::Delete, Answer::Deleted) => self.deleted(),
            _ => {
                let error = Error::new(ErrorKind::PeerMisbehaved, "the host's answer does not fit the request");
                self.failed(now, purpose, error);
            }
        }
    }

    fn command_started(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        let created = pipeline.pending.is_empty();
        pipeline.phase = if created { Phase::AwaitOutput } else { Phase::AwaitCreation };
        let signal =
            pipeline.stopping.as_mut().is_some_and(|stopping| !std::mem::replace(&mut stopping.signalled, true));
        if signal {
            self.exchange(Purpose::Stop(id), Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC });
        }
        if created { self.receive(id) } else { self.send_next(id) }
    }

    fn sent(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        let kind = pipeline.sending.take();
        let created = pipeline.phase == Phase::AwaitCreation && kind == Some(SendKind::Rest);
        if created {
            pipeline.phase = Phase::AwaitOutput;
            self.receive(id);
        }
        self.send_next(id);
    }

    fn pool_received(&mut self, now: Instant, received: &Received) {
        for stream in &received.streams {
            let messages = match self.assembler.push(&stream.data) {
                Ok(messages) => messages,
                Err(error) => {
                    let broken = Error::new(ErrorKind::PeerMisbehaved, "the pool's fragments do not fit together");
                    return self.break_with(&broken.with_source(error));
                }
            };
            for message in messages {
                if let Err(error) = self.pool_message(&message) {
                    return self.break_with(&error);
                }
            }
        }
        if matches!(self.state, State::AwaitPool { .. }) {
            self.exchange(Purpose::PoolReceive, Operation::Receive { command_id: None });
        }
        self.alarms(now);
    }

    fn pool_message(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let unreadable = |what| Error::new(ErrorKind::PeerMisbehaved, what);
        let message =
            Message::decode(bytes).map_err(|error| unreadable("a pool message is unreadable").with_source(error))?;
        let payload = |error: PayloadError| unreadable("a pool message is unreadable").with_source(error);
        match message.kind {
            MessageType::SessionCapability => {
                let theirs = SessionCapability::decode(&message.payload).map_err(payload)?.protocol;
                let ours = self.config.protocol;
                // A host that cannot meet a version says so by silence; its
                // own version is the only sign (engine.md §1.10).
                if theirs.0 != ours.0 {
                    return Err(Error::new(ErrorKind::Refused, "the host speaks another major protocol version"));
                }
                self.protocol = Some(theirs.min(ours));
            }
            MessageType::ApplicationPrivateData => {
                self.private_data = Some(ApplicationPrivateData::decode(&message.payload).map_err(payload)?);
            }
            MessageType::RunspacePoolState => {
                self.pool_state(&RunspacePoolStateMessage::decode(&message.payload).map_err(payload)?)?;
            }
            MessageType::RunspacePoolHostCall => {
                let call = HostCall::decode(&message.payload).map_err(payload)?;
                self.event(Event::PoolHostCall(call));
            }
            _ => {}
        }
        Ok(())
    }

    fn pool_state(&mut self, message: &RunspacePoolStateMessage) -> Result<(), Error> {
        match (message.state, self.state) {
            (RunspacePoolState::Opened, State::AwaitPool { .. }) => {
                self.state = State::Open;
                self.event(Event::Opened(Opened {
                    protocol: self.protocol.unwrap_or(self.config.protocol),
                    private_data: self.private_data.clone(),
                    shell_id: self.shell_id.clone().unwrap_or_default(),
                }));
                Ok(())
            }
            (RunspacePoolState::Closed | RunspacePoolState::Broken, State::AwaitPool { .. } | State::Open) => {
                Err(Error::new(ErrorKind::Refused, "the host closed the runspace pool"))
            }
            _ => Ok(()),
        }
    }

    fn received(&mut self, id: Uuid, received: &Received) {
        for stream in &received.streams {
            let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
            pipeline.heard = true;
            let messages = match pipeline.assembler.push(&stream.data) {
                Ok(messages) => messages,
                Err(error) => {
                    let lost = Error::new(ErrorKind::PeerMisbehaved, "the pipeline's fragments do not fit together");
                    return self.end(id, End::Lost(lost.with_source(error).after(Effect::MayHaveRun)));
                }
            };
            for message in messages {
                if let Err(error) = self.pipeline_message(id, &message) {
                    return self.end(id, End::Lost(error.after(Effect::MayHaveRun)));
                }
            }
        }
        if !self.pipelines.contains_key(&id) {
            return;
        }
        if received.state.is_some_and(|state| state.done) {
            let lost = Error::new(ErrorKind::PeerMisbehaved, "the command is done but its pipeline has no end");
            return self.end(id, End::Lost(lost.after(Effect::MayHaveRun)));
        }
        self.receive(id);
    }

    fn pipeline_message(&mut self, id: Uuid, bytes: &[u8]) -> Result<(), Error> {
        let unreadable = || Error::new(ErrorKind::PeerMisbehaved, "a pipeline message is unreadable");
        let message = Message::decode(bytes).map_err(|error| unreadable().with_source(error))?;
        if message.pipeline != id || !self.pipelines.contains_key(&id) {
            return Ok(());
        }
        let payload = &message.payload;
        let event = pipeline_event(message.kind, payload).map_err(|error| unreadable().with_source(error))?;
        match event {
            Some(Said::Event(event)) => self.event(Event::Pipeline(PipelineId(id), event)),
            Some(Said::State(state)) => self.pipeline_state(id, state),
            None => {}
        }
        Ok(())
    }

    fn pipeline_state(&mut self, id: Uuid, message: PipelineStateMessage) {
        let Some(state) = message.state else { return };
        let stopping = self.pipelines.get(&id).and_then(|pipeline| pipeline.stopping);
        let end = match state {
            PipelineState::Completed => End::Completed,
            PipelineState::Failed => End::Failed(message.error.unwrap_or_else(|| ErrorRecord::new("", "", 0))),
            PipelineState::Stopped => End::Stopped(stopping.map_or(StopCause::Host, |stopping| stopping.cause)),
            PipelineState::Disconnected => {
                let lost = Error::new(ErrorKind::Refused, "the host disconnected the pipeline");
                End::Lost(lost.after(Effect::MayHaveRun))
            }
        };
        self.end(id, end);
    }

    /// Ends a pipeline: last word, terminate, forget.
    fn end(&mut self, id: Uuid, end: End) {
        if self.pipelines.remove(&id).is_none() {
            return;
        }
        self.repeats.retain(|(_, exchange)| exchange.purpose != Purpose::Receive(id));
        self.event(Event::Pipeline(PipelineId(id), PipelineEvent::Ended(end)));
        // Also after a lost Command: the host may have it, and keeps it until
        // it is terminated.
        if self.is_open() {
            self.exchange(Purpose::Terminate, Operation::Signal { command_id: Some(id), code: SignalCode::Terminate });
        }
    }

    fn end_all(&mut self, error: &Error) {
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        let was = std::mem::replace(&mut self.state, State::Ended);
        for id in ids {
            self.end(id, End::Lost(error.clone()));
        }
        self.state = was;
    }

    fn deleted(&mut self) {
        if matches!(self.state, State::AwaitDelete { .. }) {
            self.state = State::Ended;
            self.in_flight.clear();
            self.event(Event::Closed);
        }
    }

    /// The session is of no more use.
    fn break_with(&mut self, error: &Error) {
        if matches!(self.state, State::AwaitDelete { .. }) {
            return self.deleted();
        }
        if self.state == State::Ended {
            return;
        }
        self.end_all(&error.clone().after(Effect::MayHaveRun));
        self.repeats.clear();
        self.state = State::Ended;
        self.event(Event::Broken(error.clone()));
        // Best effort: a shell that is left behind counts against its user's
        // quota for two hours.
        if self.shell_id.is_some() {
            self.exchange(Purpose::Delete, Operation::Delete);
        }
    }

    // ── what goes wrong ──────────────────────────────────────────────────

    fn faulted(&mut self, now: Instant, purpose: Purpose, fault: Fault) {
        let class = fault.class();
        match (purpose, class) {
            // Nothing yet: ask again, with a new MessageID.
            (Purpose::PoolReceive, FaultClass::PollAgain) => {
                if matches!(self.state, State::AwaitPool { .. }) {
                    self.exchange(Purpose::PoolReceive, Operation::Receive { command_id: None });
                }
            }
            (Purpose::Receive(id), FaultClass::PollAgain) => {
                if self.pipelines.contains_key(&id) {
                    self.receive(id);
                }
            }
            // A stop closes the command on some hosts before its last word
            // is fetched; that is a stop, too, but only if one was asked.
            (Purpose::Receive(id), FaultClass::Gone)
                if self.pipelines.get(&id).is_some_and(|p| p.stopping.is_some_and(|s| s.signalled)) =>
            {
                let cause = self.pipelines.get(&id).and_then(|p| p.stopping).map_or(StopCause::Host, |s| s.cause);
                self.end(id, End::Stopped(cause));
            }
            _ => {
                let kind = fault.error_kind();
                self.failed(now, purpose, Error::new(kind, "the host refused the request").with_fault(fault));
            }
        }
    }

    /// An exchange came back without what was asked for.
    fn failed(&mut self, now: Instant, purpose: Purpose, error: Error) {
        let gone = error.fault().is_some_and(|fault| fault.class() == FaultClass::Gone);
        match purpose {
            Purpose::Create | Purpose::PoolReceive => self.break_with(&error),
            Purpose::Command(id) => {
                // A fault says that the command was refused, except one: the
                // host gave up waiting for it.
                let refused = error.fault().is_some_and(|fault| fault.class() != FaultClass::PollAgain);
                let effect = if refused { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.clone().after(effect)));
                if gone {
                    self.break_with(&error);
                }
            }
            Purpose::Receive(id) => self.end(id, End::Lost(error.after(Effect::MayHaveRun))),
            Purpose::Send(id) => {
                let part = self.pipelines.get(&id).and_then(|pipeline| pipeline.sending);
                let effect = if part == Some(SendKind::Creation) { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.after(effect)));
            }
            // Its own deadline takes care of the pipeline.
            Purpose::Stop(_) | Purpose::Terminate => {}
            Purpose::Delete => self.deleted(),
        }
        self.alarms(now);
    }

    fn lost(&mut self, now: Instant, mut exchange: InFlight, sent: bool, error: Error) {
        exchange.losses += 1;
        let wanted = match exchange.purpose {
            Purpose::Receive(id) | Purpose::Stop(id) => self.pipelines.contains_key(&id),
            Purpose::PoolReceive => matches!(self.state, State::AwaitPool { .. }),
            Purpose::Delete => matches!(self.state, State::AwaitDelete { .. }),
            _ => false,
        };
        let hopeless = error.kind() == ErrorKind::Auth;
        if wanted && !hopeless && exchange.purpose.is_repeatable() && exchange.losses <= MAX_LOSSES {
            let pause = FIRST_PAUSE * 2_u32.pow(exchange.losses - 1);
            self.repeats.push((now + pause, exchange));
            return;
        }
        let effect = if sent { Effect::MayHaveRun } else { Effect::NotRun };
        match exchange.purpose {
            Purpose::Command(id) => self.end(id, End::Lost(error.after(effect))),
            Purpose::Send(id) => {
                let part = self.pipelines.get(&id).and_then(|pipeline| pipeline.sending);
                let effect = if part == Some(SendKind::Creation) { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.after(effect)));
            }
            Purpose::Create if sent => {
                // It may exist under the id that was proposed.
                self.shell_id = Some(self.pool_id.hyphenated().to_string().to_uppercase());
                self.break_with(&error);
            }
            purpose => self.failed(now, purpose, error),
        }
    }

    /// What has become due.
    fn alarms(&mut self, now: Instant) {
        let (due, later) = std::mem::take(&mut self.repeats).into_iter().partition(|(at, _)| *at <= now);
        self.repeats = later;
        let due: Vec<(Instant, InFlight)> = due;
        for (_, exchange) in due {
            let body = exchange.body.clone();
            self.put_in_flight(exchange, body);
        }
        match self.state {
            State::AwaitShell { by } | State::AwaitPool { by } if by <= now => {
                self.break_with(&Error::new(ErrorKind::TimedOut, "the session did not open in time"));
            }
            State::AwaitDelete { by } if by <= now => self.deleted(),
            _ => {}
        }
        let due: Vec<_> = self.pipelines.iter().filter(|(_, p)| p.alarm() <= now).map(|(id, _)| *id).collect();
        for id in due {
            self.alarm(now, id);
        }
    }

    fn alarm(&mut self, now: Instant, id: Uuid) {
        let Some(pipeline) = self.pipelines.get(&id) else { return };
        match pipeline.stopping {
            Some(_) => {
                let lost = Error::new(ErrorKind::TimedOut, "the host did not stop the pipeline in time");
                self.end(id, End::Lost(lost.after(Effect::MayHaveRun)));
            }
            None if pipeline.deadline <= now => self.stop_for(now, id, StopCause::Timeout),
            None => self.stop_for(now, id, StopCause::Silence),
        }
    }
}

/// What a message of a pipeline says.
enum Said {
    Event(PipelineEvent),
    State(PipelineStateMessage),
}

fn pipeline_event(kind: MessageType, payload: &[u8]) -> Result<Option<Said>, PayloadError> {
    let event = match kind {
        // No payload at all is `$null` (engine.md §1.3).
        MessageType::PipelineOutput => PipelineEvent::Output(psrp::decode(payload)?),
        MessageType::ErrorRecord => PipelineEvent::Error(ErrorRecord::decode(payload)?),
        MessageType::WarningRecord => PipelineEvent::Warning(TextRecord::decode(payload)?.0),
        MessageType::VerboseRecord => PipelineEvent::Verbose(TextRecord::decode(payload)?.0),
        MessageType::DebugRecord => PipelineEvent::Debug(TextRecord::decode(payload)?.0),
        MessageType::InformationRecord => PipelineEvent::Information(InformationRecord::decode(payload)?),
        MessageType::ProgressRecord => PipelineEvent::Progress(ProgressRecord::decode(payload)?),
        MessageType::PipelineHostCall => PipelineEvent::HostCall(HostCall::decode(payload)?),
        MessageType::PipelineState => return Ok(Some(Said::State(PipelineStateMessage::decode(payload)?))),
        _ => return Ok(None),
    };
    Ok(Some(Said::Event(event)))
}

/// A SecureString that no session key encrypted makes the host stop reading
/// (engine.md §1.9). Depth is bounded by what the encoder took or will refuse.
fn refuse_secrets(value: &Value) -> Result<(), Error> {
    let mut open = vec![value];
    let mut seen = std::collections::HashSet::new();
    while let Some(value) = open.pop() {
        match value {
            Value::SecureString(_) => {
                return Err(Error::new(ErrorKind::Misuse, "a SecureString needs a session key first"));
            }
            Value::Object(object) if seen.insert(std::sync::Arc::as_ptr(object)) => {
                open.extend(object.extended.iter().chain(&object.adapted).map(|property| &property.value));
                match &object.content {
                    Content::None => {}
                    Content::Primitive(inner) => open.push(inner),
                    Content::List(_, items) => open.extend(items),
                    Content::Dictionary(entries) => open.extend(entries.iter().flat_map(|(k, v)| [k, v])),
                }
            }
            _ => {}
        }
    }
    Ok(())
}
