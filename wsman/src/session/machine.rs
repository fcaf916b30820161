//! The machine: what is asked of it and what it asks the host.
//!
//! What comes back is in `answers`, what goes wrong in `trouble`, the session
//! key in `keys`, what concerns the whole pool in `pool`.

mod answers;
mod keys;
mod link;
mod pool;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use uuid::Uuid;

use super::exchange::{ExchangeId, InFlight, Purpose};
use super::pipeline::{Load, Pending, Phase, Pipeline, SendKind, Stopping};
use super::{Config, End, Event, Input, Output, PipelineId, PipelineSpec, Robustness, StopCause, Why};
use crate::clixml::Value;
use crate::entropy::Entropy;
use crate::psrp::fragment::{Assembler, HEADER_BYTES, fragments};
use crate::psrp::{
    self, ApplicationPrivateData, CreatePipeline, GetCommandMetadata, HostCall, HostResponse, InitRunspacePool,
    Message, MessageType, ProtocolVersion, SessionCapability,
};
use crate::soap::{Header, Operation, Request, Robust, SignalCode};
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
/// How often a Receive may go before its Command is answered. Chosen: the
/// second finds the command wherever the line orders requests a little; a host
/// that takes longer is waited for.
const EARLY_RECEIVES: u32 = 2;
/// Room for all of an envelope but its payload.
///
/// Chosen: requests have up to 2.1 KB of header; twice that leaves room for
/// long URLs.
const ENVELOPE_OVERHEAD_BYTES: u32 = 4096;

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
    keys: keys::Keys,
    traffic: pool::PoolTraffic,
    pipelines: BTreeMap<Uuid, Pipeline>,
    in_flight: BTreeMap<ExchangeId, InFlight>,
    /// Lost exchanges that wait for their repetition.
    repeats: Vec<(Instant, InFlight)>,
    outputs: VecDeque<Output>,
    next_exchange: u64,
    next_object: u64,
    /// Pipelines that were over before their Command was answered.
    over_early: BTreeSet<Uuid>,
    /// Connected to a pool that need not say its state again.
    connecting: bool,
    /// Commands whose CommandId the host chose itself, by their pipelines.
    ///
    /// Seen: PowerShell 2 takes no proposal (recording
    /// psrp_run_protocol_version_2.1); all others do.
    given_ids: BTreeMap<Uuid, Uuid>,
}

/// What the session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitShell { by: Instant },
    AwaitPool { by: Instant },
    AwaitConnect { by: Instant },
    Open,
    AwaitDisconnect { by: Instant },
    Disconnected { since: Instant },
    AwaitReconnect { by: Instant },
    AwaitDelete { by: Instant },
    Ended,
}

impl Session {
    /// Starts to open a session; poll for the first exchange.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] when the application arguments cannot travel, or a
    /// setting is out of its range.
    pub fn open(now: Instant, config: Config, mut entropy: Entropy) -> Result<Self, Error> {
        config.check()?;
        let (pool_id, session_id) = (entropy.uuid(), entropy.uuid());
        let mut session = Self::new(config, entropy, pool_id, session_id);
        session.state = State::AwaitShell { by: now + session.config.open_timeout };
        let creation = session.creation()?;
        let operation = Operation::Create {
            shell_id: pool_id,
            protocol_version: session.config.protocol.to_string(),
            creation,
            name: session.config.shell_name.clone(),
        };
        session.exchange(Purpose::Create, operation);
        Ok(session)
    }

    fn new(config: Config, entropy: Entropy, pool_id: Uuid, session_id: Uuid) -> Self {
        Self {
            state: State::Ended,
            config,
            entropy,
            pool_id,
            session_id,
            shell_id: None,
            protocol: None,
            private_data: None,
            assembler: Assembler::new(Assembler::DEFAULT_LIMIT),
            keys: keys::Keys::None,
            traffic: pool::PoolTraffic::default(),
            pipelines: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            repeats: Vec::new(),
            outputs: VecDeque::new(),
            next_exchange: 0,
            next_object: 1,
            over_early: BTreeSet::new(),
            connecting: false,
            given_ids: BTreeMap::new(),
        }
    }

    fn creation(&mut self) -> Result<Vec<u8>, Error> {
        let misuse = |error| Error::new(ErrorKind::Misuse, "application arguments cannot be sent").with_source(error);
        if self.config.application_arguments.holds_secrets() {
            return Err(Error::new(ErrorKind::Misuse, "application arguments go before any session key: no secrets"));
        }
        let capability = SessionCapability { protocol: self.config.protocol };
        let init = InitRunspacePool {
            min_runspaces: self.config.min_runspaces,
            max_runspaces: self.config.max_runspaces,
            host: self.config.host.clone(),
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

    /// Starts a pipeline. A secret among its arguments makes it wait for the
    /// session key first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open, or an argument does not
    /// travel (too deep, a cycle that leaves its object). Nothing was sent.
    pub fn run(&mut self, now: Instant, spec: PipelineSpec) -> Result<PipelineId, Error> {
        self.check_open()?;
        let create = CreatePipeline {
            commands: spec.commands,
            no_input: !spec.with_input,
            host: spec.host.unwrap_or_else(|| self.config.host.clone()),
            flags: spec.flags,
        };
        let creation = create.to_value(self.protocol.unwrap_or(self.config.protocol));
        let unfit = |error| Error::new(ErrorKind::Misuse, "an argument cannot be sent").with_source(error);
        let payload = if creation.holds_secrets() {
            keys::rehearse(&creation).map_err(unfit)?;
            self.keys.seal(&creation).transpose()?
        } else {
            Some(psrp::encode(&creation).map_err(unfit)?)
        };
        let secret = payload.is_none().then_some(creation);
        let id = self.pipeline(now, spec.first_message_timeout, spec.timeout, secret);
        if let Some(pipeline) = self.pipelines.get_mut(&id).filter(|_| spec.early_receive) {
            pipeline.early = EARLY_RECEIVES;
        }
        match payload {
            Some(payload) => self.command(id, MessageType::CreatePipeline, payload),
            None => self.need_key(now),
        }
        Ok(PipelineId(id))
    }

    /// Asks for commands and their parameters. The answer comes as a
    /// pipeline's output, see
    /// [`CommandMetadata::from_value`](psrp::CommandMetadata::from_value).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open.
    pub fn command_metadata(
        &mut self,
        now: Instant,
        ask: &GetCommandMetadata,
        timeout: Duration,
    ) -> Result<PipelineId, Error> {
        self.check_open()?;
        let unfit = |error| Error::new(ErrorKind::Misuse, "a name cannot be sent").with_source(error);
        let payload = ask.encode().map_err(unfit)?;
        let id = self.pipeline(now, timeout, timeout, None);
        self.command(id, MessageType::GetCommandMetadata, payload);
        Ok(PipelineId(id))
    }

    fn pipeline(&mut self, now: Instant, first: Duration, all: Duration, creation: Option<Value>) -> Uuid {
        let id = self.entropy.uuid();
        self.insert_pipeline(now, id, first, all, creation);
        id
    }

    fn insert_pipeline(&mut self, now: Instant, id: Uuid, first: Duration, all: Duration, creation: Option<Value>) {
        self.pipelines.insert(
            id,
            Pipeline {
                phase: Phase::AwaitKey,
                creation,
                assembler: Assembler::new(Assembler::DEFAULT_LIMIT),
                pending: VecDeque::new(),
                sending: None,
                stopping: None,
                heard: false,
                untaken: VecDeque::new(),
                untaken_bytes: 0,
                early: 0,
                held: false,
                first_message_by: now + first,
                deadline: now + all,
            },
        );
    }

    /// Starts a pipeline and sends its Command twice, the second time as a
    /// client does whose line broke: [`Event::Probed`] says whether the host
    /// replayed its answer. Let the pipeline count, and look at the count
    /// afterwards: only a host that replays *and* ran it once may be trusted
    /// with [`Robustness::Retransmitted`].
    ///
    /// # Errors
    ///
    /// As [`Session::run`]; [`ErrorKind::Misuse`] for a pipeline larger than
    /// one envelope.
    pub fn run_probe(&mut self, now: Instant, spec: PipelineSpec) -> Result<PipelineId, Error> {
        self.check_open()?;
        let unfit = |error| Error::new(ErrorKind::Misuse, "an argument cannot be sent").with_source(error);
        let host = spec.host.unwrap_or_else(|| self.config.host.clone());
        let create = CreatePipeline { commands: spec.commands, no_input: true, host, flags: spec.flags };
        let payload = create.encode().map_err(unfit)?;
        let id = self.pipeline(now, spec.first_message_timeout, spec.timeout, None);
        let message = Message::to_server(MessageType::CreatePipeline, self.pool_id, Some(id), payload);
        let [arguments] = <[Vec<u8>; 1]>::try_from(self.fragments(&message)).map_err(|_| {
            self.pipelines.remove(&id);
            Error::new(ErrorKind::Misuse, "a probe must fit into one envelope")
        })?;
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            pipeline.phase = Phase::AwaitCommand;
        }
        self.exchange(Purpose::ProbeCommand(id), Operation::Command { command_id: id, arguments });
        Ok(PipelineId(id))
    }

    /// Sends Command; what CREATE_PIPELINE has beyond it goes first of all
    /// that is pending.
    fn command(&mut self, id: Uuid, kind: MessageType, payload: Vec<u8>) {
        let message = Message::to_server(kind, self.pool_id, Some(id), payload);
        let mut parts: VecDeque<_> = self.fragments(&message).into();
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        let arguments = parts.pop_front().unwrap_or_default();
        let mut kind = SendKind::Rest;
        while let Some(data) = parts.pop_back() {
            pipeline.pending.push_front(Pending { kind, load: Load::Fragments(data) });
            kind = SendKind::Creation;
        }
        pipeline.phase = Phase::AwaitCommand;
        // More of CREATE_PIPELINE to come: there will be nothing to receive.
        let early = pipeline.early > 0 && pipeline.pending.iter().all(|pending| pending.kind == SendKind::HostResponse);
        self.exchange(Purpose::Command(id), Operation::Command { command_id: id, arguments });
        if early {
            self.receive_early(id);
        }
    }

    /// Asks for output although the host may not know the command yet.
    fn receive_early(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.early > 0 && pipeline.phase == Phase::AwaitCommand {
            pipeline.early -= 1;
            self.receive(id);
        }
    }

    /// Sends one input object to a pipeline that was started with input.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: [`Value::Nil`] (PowerShell would take nothing
    /// after it, not even the end of input), a value that does not travel, or
    /// a pipeline that has ended.
    pub fn send_input(&mut self, now: Instant, pipeline: PipelineId, value: &Value) -> Result<(), Error> {
        if *value == Value::Nil {
            return Err(Error::new(ErrorKind::Misuse, "null cannot be pipeline input: the host would read no further"));
        }
        let what = "an input object cannot be sent";
        self.send_value(now, pipeline.0, MessageType::PipelineInput, value, SendKind::Rest, what)
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
    pub fn answer(
        &mut self,
        now: Instant,
        pipeline: PipelineId,
        call: &HostCall,
        response: &HostResponse,
    ) -> Result<(), Error> {
        if !self.pipelines.contains_key(&pipeline.0) {
            return Ok(());
        }
        let (value, what) = (response.to_value(call), "an answer cannot be sent");
        self.send_value(now, pipeline.0, MessageType::PipelineHostResponse, &value, SendKind::HostResponse, what)
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
            // The shell is deleted when the host says which it is.
            State::AwaitShell { .. } => {
                self.state = State::AwaitDelete { by: now + self.config.stop_timeout };
                return;
            }
            // Not ours: left as it was found.
            State::AwaitPool { .. } if self.connecting => {
                self.state = State::Ended;
                self.exchange(Purpose::Disconnect, Operation::Disconnect { idle_timeout: None });
                return self.event(Event::Closed);
            }
            State::AwaitConnect { .. } => {
                self.state = State::Ended;
                return self.event(Event::Closed);
            }
            _ => {}
        }
        let closed = Error::new(ErrorKind::Misuse, "the session was closed").after(Effect::MayHaveRun);
        self.end_all(&closed);
        self.end_calls(&closed);
        self.repeats.clear();
        self.state = State::AwaitDelete { by: now + self.config.stop_timeout };
        self.exchange(Purpose::Delete, Operation::Delete);
    }

    /// Whether a pipeline can be run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the session has ended and nothing is left to clean up on the
    /// host. Until then, go on driving it: a shell that the host makes after
    /// its client gave up is deleted when its answer comes.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let cleans = |exchange: &InFlight| matches!(exchange.purpose, Purpose::Create | Purpose::Delete);
        self.state == State::Ended && !self.in_flight.values().any(cleans)
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
            Input::Key(pair) => self.pair_made(now, pair),
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
            State::AwaitShell { by }
            | State::AwaitPool { by }
            | State::AwaitConnect { by }
            | State::AwaitDisconnect { by }
            | State::AwaitReconnect { by }
            | State::AwaitDelete { by } => Some((by, Why::Pool)),
            State::Open | State::Disconnected { .. } | State::Ended => None,
        };
        let key = self.keys.deadline().map(|by| (by, Why::Key));
        let call = self.next_call_alarm().map(|by| (by, Why::Pool));
        let repeats = self.repeats.iter().map(|(at, _)| (*at, Why::Repeat));
        let asleep = self.is_leaving();
        let alarms = self.pipelines.values().filter(|_| !asleep).map(|p| (p.alarm(), Why::Deadline));
        let next = state.into_iter().chain(key).chain(call).chain(repeats).chain(alarms).min_by_key(|(at, _)| *at);
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

    /// Bytes of fragments that one envelope has room for.
    fn payload_bytes(&self) -> usize {
        ((self.max_envelope_bytes() - ENVELOPE_OVERHEAD_BYTES) / 4 * 3) as usize
    }

    /// Cuts a message so that every fragment fills an envelope of its own.
    fn fragments(&mut self, message: &Message) -> Vec<Vec<u8>> {
        let data = NonZeroUsize::new(self.payload_bytes() - HEADER_BYTES).unwrap_or(NonZeroUsize::MIN);
        let object = self.next_object;
        self.next_object += 1;
        fragments(object, &message.encode(), data).collect()
    }

    fn exchange(&mut self, purpose: Purpose, mut operation: Operation) {
        if let Some(id) = operation.command_mut()
            && let Some(given) = self.given_ids.get(id)
        {
            *id = *given;
        }
        let message_id = self.entropy.uuid();
        let probes = matches!(purpose, Purpose::ProbeCommand(_));
        let marked = matches!(purpose, Purpose::Create | Purpose::Command(_) | Purpose::Send(_));
        let robust = (probes || marked && self.config.robust != Robustness::Off)
            .then(|| Robust { operation_id: self.entropy.uuid(), again: false });
        let mut request = Request {
            header: Header {
                to: self.config.to.clone(),
                message_id,
                session_id: Some(self.session_id),
                resource_uri: self.config.resource_uri(),
                max_envelope_bytes: self.max_envelope_bytes(),
                operation_timeout: self.hold(purpose),
                shell_id: self.shell_id.clone(),
                robust,
            },
            operation,
        };
        let body = request.encode();
        let again = match robust {
            Some(robust) if probes || self.config.robust == Robustness::Retransmitted => {
                request.header.robust = Some(Robust { again: true, ..robust });
                request.encode()
            }
            _ => Vec::new(),
        };
        let kept = if purpose.is_repeatable() { body.clone() } else { Vec::new() };
        let early = matches!(purpose, Purpose::Receive(id) if self.pipelines.get(&id).is_some_and(Pipeline::is_early));
        self.put_in_flight(InFlight { purpose, message_id, body: kept, losses: 0, again, early }, body);
    }

    /// How long the host may take. A loaded one needs its time to start
    /// PowerShell.
    fn hold(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::Create => self.config.open_timeout.max(self.config.operation_timeout),
            _ => self.config.operation_timeout,
        }
    }

    fn proposed_shell_id(&self) -> String {
        self.pool_id.hyphenated().to_string().to_uppercase()
    }

    fn put_in_flight(&mut self, exchange: InFlight, body: Vec<u8>) {
        let id = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        let (lane, hold) = (exchange.purpose.lane(), self.hold(exchange.purpose));
        self.in_flight.insert(id, exchange);
        self.outputs.push_back(Output::Exchange { id, lane, body, hold });
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn send_value(
        &mut self,
        now: Instant,
        id: Uuid,
        kind: MessageType,
        value: &Value,
        as_kind: SendKind,
        what: &'static str,
    ) -> Result<(), Error> {
        let unfit = |error| Error::new(ErrorKind::Misuse, what).with_source(error);
        if !value.holds_secrets() {
            return self.send(id, kind, psrp::encode(value).map_err(unfit)?, as_kind);
        }
        keys::rehearse(value).map_err(unfit)?;
        self.check_running(id)?;
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            pipeline.pending.push_back(Pending { kind: as_kind, load: Load::Secret(kind, value.clone()) });
        }
        self.need_key(now);
        self.send_next(id);
        Ok(())
    }

    fn check_running(&self, id: Uuid) -> Result<(), Error> {
        self.check_open()?;
        if self.pipelines.contains_key(&id) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Misuse, "the pipeline has ended"))
    }

    fn send(&mut self, id: Uuid, kind: MessageType, payload: Vec<u8>, as_kind: SendKind) -> Result<(), Error> {
        self.check_running(id)?;
        let message = Message::to_server(kind, self.pool_id, Some(id), payload);
        let parts = self.fragments(&message);
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            let pending = |data| Pending { kind: as_kind, load: Load::Fragments(data) };
            pipeline.pending.extend(parts.into_iter().map(pending));
        }
        self.send_next(id);
        Ok(())
    }

    /// Bytes of input and answers that a pipeline has yet to send. A producer
    /// that waits while this is large is held to the host's pace.
    #[must_use]
    pub fn backlog(&self, pipeline: PipelineId) -> usize {
        let bytes = |pending: &Pending| match &pending.load {
            Load::Fragments(data) => data.len(),
            // Chosen: a secret waits for its key and is small.
            Load::Secret(..) => 1,
        };
        self.pipelines.get(&pipeline.0).map_or(0, |pipeline| pipeline.pending.iter().map(bytes).sum())
    }

    /// Sends go one at a time per pipeline: their order is the protocol's.
    /// Input that gathers meanwhile goes together.
    fn send_next(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.sending.is_some() || matches!(pipeline.phase, Phase::AwaitKey | Phase::AwaitCommand) {
            return;
        }
        let Some(Pending { kind, load }) = pipeline.pending.pop_front() else { return };
        let room = self.payload_bytes();
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        let data = match load {
            Load::Fragments(mut data) => {
                while kind == SendKind::Rest
                    && pipeline.phase == Phase::AwaitOutput
                    && let Some(Pending { kind: SendKind::Rest, load: Load::Fragments(more) }) =
                        pipeline.pending.front()
                    && data.len() + more.len() <= room
                {
                    data.extend_from_slice(more);
                    pipeline.pending.pop_front();
                }
                data
            }
            Load::Secret(message, value) => match self.keys.seal(&value) {
                Some(Ok(payload)) => {
                    let message = Message::to_server(message, self.pool_id, Some(id), payload);
                    let parts = self.fragments(&message);
                    let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
                    for data in parts.into_iter().rev() {
                        pipeline.pending.push_front(Pending { kind, load: Load::Fragments(data) });
                    }
                    return self.send_next(id);
                }
                Some(Err(error)) => return self.end(id, End::Lost(error.after(Effect::MayHaveRun))),
                // The key is on its way.
                None => return pipeline.pending.push_front(Pending { kind, load: Load::Secret(message, value) }),
            },
        };
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        pipeline.sending = Some(kind);
        let stream = if kind == SendKind::HostResponse { "pr" } else { "stdin" };
        self.exchange(Purpose::Send(id), Operation::Send { command_id: Some(id), stream, data });
    }

    /// The application has taken so many events of a pipeline, oldest first.
    /// With [`Config::window_bytes`], what is not said to be taken holds the
    /// pipeline's next Receive back, and so the host.
    pub fn taken(&mut self, pipeline: PipelineId, events: usize) {
        let Some(open) = self.pipelines.get_mut(&pipeline.0) else { return };
        for bytes in open.untaken.drain(..events.min(open.untaken.len())) {
            open.untaken_bytes -= bytes;
        }
        self.resume(pipeline.0);
    }

    /// Whether a pipeline waits for its application to take events.
    #[must_use]
    pub fn is_held(&self, pipeline: PipelineId) -> bool {
        self.pipelines.get(&pipeline.0).is_some_and(|pipeline| pipeline.held)
    }

    fn resume_all(&mut self) {
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        for id in ids {
            self.resume(id);
        }
        self.want_pool_receive();
    }

    fn resume(&mut self, id: Uuid) {
        let window = self.config.window_bytes;
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.held && !pipeline.is_full(window) && self.state == State::Open {
            pipeline.held = false;
            self.receive(id);
        }
    }

    /// Asks for more output, unless there is enough to take.
    fn receive(&mut self, id: Uuid) {
        let window = self.config.window_bytes;
        let leaving = self.is_leaving();
        if let Some(pipeline) = self.pipelines.get_mut(&id).filter(|pipeline| leaving || pipeline.is_full(window)) {
            pipeline.held = true;
            return;
        }
        self.exchange(Purpose::Receive(id), Operation::Receive { command_id: Some(id) });
    }

    fn stop_for(&mut self, now: Instant, id: Uuid, cause: StopCause) {
        // Not to be reached: whoever comes back finds it.
        if self.is_leaving() {
            let left = Error::new(ErrorKind::Misuse, "the session was left").after(Effect::MayHaveRun);
            self.forget(id, End::Lost(left));
            return;
        }
        let by = now + self.config.stop_timeout;
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.stopping.is_some() {
            return;
        }
        // The host knows nothing of it yet.
        if pipeline.phase == Phase::AwaitKey {
            self.forget(id, End::Stopped(cause));
            return;
        }
        // Without the rest of CREATE_PIPELINE nothing has run, or will.
        if pipeline.phase == Phase::AwaitCreation && pipeline.sending == Some(SendKind::Creation) {
            return self.end(id, End::Stopped(cause));
        }
        // What the host does not wholly know yet cannot be signalled.
        let signalled = pipeline.phase == Phase::AwaitOutput;
        pipeline.stopping = Some(Stopping { cause, by, signalled });
        self.resume(id);
        if signalled {
            self.exchange(Purpose::Stop(id), Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC });
        }
    }
}
