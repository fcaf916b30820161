//! The machine: what is asked of it and what it asks the host.
//!
//! What comes back is in `answers`, what goes wrong in `trouble`, the session
//! key in `keys`, what concerns the whole pool in `pool`, the shell and its end
//! in `shell`, the order of messages in `order`, sizes in `size`.

mod answers;
mod keys;
mod link;
mod order;
mod out;
mod pool;
mod shell;
mod size;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use super::exchange::{ExchangeId, InFlight, Purpose};
use super::pipeline::{HeardIds, Load, Pending, Phase, Pipeline, SendKind, Stopping};
use super::{Config, End, Input, Output, PipelineId, PipelineSpec, StopCause, Why};
use crate::clixml::Value;
use crate::entropy::Entropy;
use crate::psrp::fragment::Assembler;
use crate::psrp::{
    self, ApplicationPrivateData, CreatePipeline, GetCommandMetadata, HostCall, HostResponse, InitRunspacePool,
    Message, MessageType, ProtocolVersion, SessionCapability,
};
use crate::soap::{Operation, SignalCode};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// How often a Receive may go before its Command is answered. Chosen: the
/// second finds the command wherever the line orders requests a little; a host
/// that takes longer is waited for.
const EARLY_RECEIVES: u32 = 2;
/// How long a Command waits for the answer to a terminate. Chosen: a host that
/// is there answers within a fraction of it, and a lost answer must not hold a
/// call up.
const TURN: Duration = Duration::from_secs(2);

/// One remote session: see the [module](super).
#[derive(Debug)]
pub struct Session {
    config: Config,
    entropy: Entropy,
    pool_id: Uuid,
    session_id: Uuid,
    state: State,
    shell_id: Option<String>,
    trace: shell::Trace,
    numbers: order::Numbers,
    /// When something was last handed in.
    latest: Instant,
    /// The host takes no larger envelopes.
    envelope_limit: Option<u32>,
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
            idle_timeout: session.config.idle_timeout,
        };
        session.shell_asked();
        session.exchange(Purpose::Create, operation);
        Ok(session)
    }

    fn new(config: Config, entropy: Entropy, pool_id: Uuid, session_id: Uuid) -> Self {
        Self {
            state: State::Ended,
            trace: shell::Trace::None,
            numbers: order::Numbers::default(),
            latest: Instant::START,
            envelope_limit: config.max_envelope_bytes.map(|bytes| bytes.max(size::LEAST_ENVELOPE_BYTES)),
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
        let creation = create.to_value(self.version());
        let unfit = |error| Error::new(ErrorKind::Misuse, "an argument cannot be sent").with_source(error);
        let payload = if creation.holds_secrets() {
            keys::rehearse(&creation).map_err(unfit)?;
            self.keys.seal(&creation).transpose()?
        } else {
            Some(psrp::encode(&creation).map_err(unfit)?)
        };
        let secret = payload.is_none().then_some(creation);
        let id = self.pipeline(now, spec.first_message_timeout, spec.timeout, secret);
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            pipeline.early = if spec.early_receive { EARLY_RECEIVES } else { 0 };
            pipeline.room = spec.max_output_bytes;
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
        self.latest = self.latest.max(now);
        self.pipelines.insert(
            id,
            Pipeline {
                phase: Phase::AwaitKey,
                creation,
                turn: None,
                assembler: Assembler::new(Assembler::DEFAULT_LIMIT),
                pending: VecDeque::new(),
                sending: None,
                stopping: None,
                heard: false,
                parts_follow: false,
                doomed: None,
                room: usize::MAX,
                dropped: (0, 0),
                heard_ids: HeardIds::default(),
                last_word: None,
                untaken: VecDeque::new(),
                untaken_bytes: 0,
                early: 0,
                held: false,
                first_message_by: now + first,
                deadline: now + all,
            },
        );
        self.begin_numbers(id);
    }

    /// Starts a pipeline and sends its Command twice, the second time as a
    /// client does whose line broke: the event `Probed` says whether the host
    /// replayed its answer. Let the pipeline count, and look at the count
    /// afterwards: only a host that replays *and* ran it once may be trusted
    /// with [`Robustness::Retransmitted`](super::Robustness::Retransmitted).
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
        let payload = psrp::encode(&create.to_value(self.version())).map_err(unfit)?;
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
        pipeline.parts_follow = kind == SendKind::Creation;
        pipeline.phase = Phase::AwaitTurn;
        pipeline.turn = Some((self.latest + TURN, arguments));
        self.take_turns();
    }

    /// Sends the Commands whose turn it is.
    ///
    /// Seen: Microsoft's server for Linux stood still in one of three runs where
    /// a Command came on the heels of a terminate that it had not answered, and
    /// no other client does that. Waiting costs a call that follows another at
    /// once the rest of one round trip, and nobody else anything.
    pub(super) fn take_turns(&mut self) {
        let now = self.latest;
        let busy =
            self.in_flight.values().any(|exchange| exchange.purpose == Purpose::Terminate && exchange.losses == 0);
        let due = |turn: &(Instant, Vec<u8>)| !busy || turn.0 <= now;
        let ids: Vec<_> =
            self.pipelines.iter().filter(|(_, p)| p.turn.as_ref().is_some_and(due)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(pipeline) = self.pipelines.get_mut(&id) else { continue };
            let Some((_, arguments)) = pipeline.turn.take() else { continue };
            pipeline.phase = Phase::AwaitCommand;
            // More of CREATE_PIPELINE to come: there will be nothing to receive.
            let early =
                pipeline.early > 0 && pipeline.pending.iter().all(|pending| pending.kind == SendKind::HostResponse);
            self.exchange(Purpose::Command(id), Operation::Command { command_id: id, arguments });
            if early {
                self.receive_early(id);
            }
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

    /// Whether a pipeline can be run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Takes what happened; poll afterwards.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.latest = now;
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
        self.take_turns();
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
        let turns = self.pipelines.values().filter_map(|p| p.turn.as_ref()).map(|(by, _)| (*by, Why::Turn));
        let repeats = self.repeats.iter().map(|(at, _)| (*at, Why::Repeat)).chain(turns);
        let asleep = self.is_leaving();
        let alarms = self.pipelines.values().filter(|_| !asleep).map(|p| (p.alarm(), Why::Deadline));
        let next = state.into_iter().chain(key).chain(call).chain(repeats).chain(alarms).min_by_key(|(at, _)| *at);
        let (until, why) = next.unwrap_or((Instant::NEVER, Why::Idle));
        Output::Wait { until, why }
    }

    /// The version of both ends; before it is known, the one that is asked
    /// for.
    fn version(&self) -> ProtocolVersion {
        self.protocol.unwrap_or(self.config.protocol)
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.is_open() { Ok(()) } else { Err(Error::new(ErrorKind::Misuse, "the session is not open")) }
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
        // It is over.
        if pipeline.last_word.is_some() {
            return self.end_heard(id);
        }
        // The host knows nothing of it yet.
        if matches!(pipeline.phase, Phase::AwaitKey | Phase::AwaitTurn) {
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
