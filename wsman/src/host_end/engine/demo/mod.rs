//! A PSRP server in Rust: what a host without PowerShell has behind a shell.
//!
//! It speaks the protocol in full at the edges (negotiation, states, host
//! calls, stop) and knows hardly any PowerShell: a pipeline is one command or
//! one known script, possibly followed by `Out-String`, `Out-Default` or
//! `Out-Null`. Whatever else a client asks fails as a pipeline with an error
//! that says so; nothing is answered by silence.
//!
//! Left out: pipeline input, several statements, nested pipelines,
//! GET_COMMAND_METADATA, merged streams, PSRP's Connect.

mod action;
mod builtin;
mod date;
mod errors;
mod outgoing;
mod pipeline;
mod plan;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use super::{Engine, Input, Output, Taken};
use crate::clixml::Value;
use crate::entropy::Entropy;
use crate::host_end::demo::Commands;
use crate::psrp::fragment::Assembler;
use crate::psrp::{
    self, HostInfo, Message, MessageType, PipelineState, ProtocolVersion, PublicKey, RunspacePoolState,
    RunspacePoolStateMessage, SessionCapability,
};
use crate::time::{Duration, Instant};
use outgoing::Outgoing;
use pipeline::{Pipeline, State, World};
use secrets::Secrets;

/// Most that is kept of unfinished messages, in bytes. Chosen: the largest
/// argument that tests send has a few megabytes.
const BUFFERED_BYTES: usize = 64 << 20;

/// How a Demo engine is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DemoOptions {
    /// What [`Instant::START`] is on the clock on the wall: time since
    /// 1970-01-01 UTC. `Get-Date` needs it.
    pub unix_start: Duration,
}

/// The engine of the demo host: [`Commands`] behind PSRP.
///
/// As many pipelines run at once as the client's `MaxRunspaces` says; later
/// ones wait. All output of one poll is there at once: time passes only
/// where a command sleeps or asks the client.
///
/// It says to be Windows PowerShell 5.1 (edition `Desktop`) and speaks
/// protocol 2.1 to 2.4, as the client does.
///
/// Source: [MS-PSRP] §3.2; what a real engine sends, from recordings.
pub struct Demo {
    commands: Box<dyn Commands>,
    options: DemoOptions,
    pool: Pool,
    pipelines: BTreeMap<Uuid, Pipeline>,
    /// Those that are created and not over, in the order in which they came.
    order: VecDeque<Uuid>,
    out: Outgoing,
    secrets: Secrets,
}

struct Pool {
    assembler: Assembler,
    stage: Stage,
    min_runspaces: i32,
    max_runspaces: i32,
    host: HostInfo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    AwaitCapability,
    AwaitInit,
    Opened,
    /// Closed, broken, or of a version that is not spoken.
    Over,
}

impl Demo {
    /// An engine for one shell; `entropy` is for its session key.
    #[must_use]
    pub fn new(commands: Box<dyn Commands>, options: DemoOptions, entropy: Entropy) -> Self {
        let pool = Pool {
            assembler: Assembler::new(BUFFERED_BYTES),
            stage: Stage::AwaitCapability,
            min_runspaces: 1,
            max_runspaces: 1,
            host: HostInfo::None,
        };
        let (pipelines, order, out) = (BTreeMap::new(), VecDeque::new(), Outgoing::default());
        Self { commands, options, pool, pipelines, order, out, secrets: Secrets::new(entropy) }
    }

    fn receive(&mut self, now: Instant, target: Option<Uuid>, data: &[u8]) {
        let assembler = match target {
            None => Some(&mut self.pool.assembler),
            Some(id) => self.pipelines.get_mut(&id).map(|pipeline| &mut pipeline.assembler),
        };
        let Some(assembler) = assembler else { return };
        let Ok(messages) = assembler.push(data) else {
            match target {
                None => self.break_pool(),
                Some(id) => self.fail(id, errors::unreadable("the fragments of the pipeline are out of order")),
            }
            return;
        };
        for message in messages {
            match (Message::decode(&message), target) {
                (Ok(message), _) => self.message(now, target, &message),
                (Err(_), Some(id)) => self.fail(id, errors::unreadable("a message of the pipeline has no header")),
                (Err(_), None) => self.break_pool(),
            }
        }
    }

    fn message(&mut self, now: Instant, target: Option<Uuid>, message: &Message) {
        match (message.kind, target) {
            // Clients send these on the shell's stream or the command's.
            (MessageType::PipelineHostResponse, _) => {
                let id = if message.pipeline.is_nil() { target.unwrap_or_default() } else { message.pipeline };
                if let Some(pipeline) = self.pipelines.get_mut(&id) {
                    pipeline.answered(&message.payload, &mut self.secrets);
                }
            }
            (_, Some(id)) => self.pipeline_message(id, message),
            (MessageType::SessionCapability, None) => self.negotiate(&message.payload),
            (MessageType::InitRunspacePool, None) => self.open(message),
            (MessageType::CloseSession, None) => {
                self.pool.stage = Stage::Over;
                self.pool_state(RunspacePoolState::Closing);
                self.pool_state(RunspacePoolState::Closed);
            }
            (kind, None) if self.pool.stage == Stage::Opened => self.ask_pool(now, kind, &message.payload),
            (_, None) => {}
        }
    }

    fn pipeline_message(&mut self, id: Uuid, message: &Message) {
        let is_over = self.pipelines.get(&id).is_none_or(|pipeline| matches!(pipeline.state, State::Over));
        if is_over {
            return;
        }
        match message.kind {
            MessageType::CreatePipeline => self.create(id, &message.payload),
            MessageType::EndOfPipelineInput => {}
            MessageType::StopPipeline => self.stop(id),
            MessageType::PipelineInput => self.fail(id, errors::not_offered("pipeline input")),
            kind => self.fail(id, errors::not_offered(kind.name())),
        }
    }

    fn create(&mut self, id: Uuid, payload: &[u8]) {
        if self.pool.stage != Stage::Opened {
            return self.fail(id, errors::unreadable("the runspace pool is not open"));
        }
        match plan::read(payload, &mut self.secrets) {
            Ok(create) => {
                if let Some(pipeline) = self.pipelines.get_mut(&id) {
                    pipeline.state = State::Queued(create);
                    self.order.push_back(id);
                }
            }
            Err(error) => self.fail(id, *error),
        }
    }

    /// SESSION_CAPABILITY. The client's version is echoed up to 2.4; another
    /// major version gets 2.4 and then nothing, as from PowerShell 7.6
    /// (recording `open-protocol-refused`).
    fn negotiate(&mut self, payload: &[u8]) {
        let Ok(asked) = SessionCapability::decode(payload) else { return self.break_pool() };
        let is_ours = asked.protocol.0 == ProtocolVersion::V2_4.0 && self.pool.stage == Stage::AwaitCapability;
        let protocol = if is_ours { asked.protocol.min(ProtocolVersion::V2_4) } else { ProtocolVersion::V2_4 };
        if protocol >= ProtocolVersion::V2_4 {
            self.secrets.plain();
        }
        self.pool.stage = if is_ours { Stage::AwaitInit } else { Stage::Over };
        let payload = SessionCapability { protocol }.encode();
        // The session has no pool yet: all zero, as real hosts write it.
        self.out.pool(MessageType::SessionCapability, Uuid::nil(), payload);
    }

    fn open(&mut self, message: &Message) {
        if self.pool.stage != Stage::AwaitInit {
            return;
        }
        let Ok(init) = psrp::decode(&message.payload) else { return self.break_pool() };
        let number = |name| init.get(name).and_then(Value::as_i32);
        self.pool.min_runspaces = number("MinRunspaces").unwrap_or(1).max(1);
        self.pool.max_runspaces = number("MaxRunspaces").unwrap_or(1).max(self.pool.min_runspaces);
        let is_null = init.get("HostInfo").and_then(|host| host.get("_isHostNull")).and_then(Value::as_bool);
        self.pool.host = if is_null == Some(false) { HostInfo::Console } else { HostInfo::None };
        self.pool.stage = Stage::Opened;
        self.out.pool_id = message.pool;
        let data = outgoing::private_data();
        self.out.pool(MessageType::ApplicationPrivateData, message.pool, psrp::encode(&data));
        self.pool_state(RunspacePoolState::Opened);
    }

    /// Questions about the number of runspaces.
    fn ask_pool(&mut self, now: Instant, kind: MessageType, payload: &[u8]) {
        if kind == MessageType::PublicKey {
            return self.tell_key(payload);
        }
        let Ok(asked) = psrp::decode(payload) else { return };
        let number = |name| asked.get(name).and_then(Value::as_i32).unwrap_or(0);
        let pool = &mut self.pool;
        let running = self.pipelines.values().filter(|pipeline| pipeline.is_running()).count();
        let answer = match kind {
            MessageType::SetMaxRunspaces => {
                let wanted = number("MaxRunspaces");
                let may = wanted >= pool.min_runspaces;
                pool.max_runspaces = if may { wanted } else { pool.max_runspaces };
                Value::Bool(may)
            }
            MessageType::SetMinRunspaces => {
                let wanted = number("MinRunspaces");
                let may = (1..=pool.max_runspaces).contains(&wanted);
                pool.min_runspaces = if may { wanted } else { pool.min_runspaces };
                Value::Bool(may)
            }
            MessageType::GetAvailableRunspaces => {
                Value::I32(pool.max_runspaces.saturating_sub(i32::try_from(running).unwrap_or(i32::MAX)))
            }
            MessageType::ResetRunspaceState => Value::Bool(running == 0),
            // The others ask for nothing.
            _ => return,
        };
        let call_id = asked.get("ci").cloned().unwrap_or(Value::I64(0));
        let payload = psrp::encode(&Value::custom([("SetMinMaxRunspacesResponse", answer), ("ci", call_id)]));
        self.out.pool(MessageType::RunspaceAvailability, self.out.pool_id, payload);
        self.advance(now);
    }

    /// Answers PUBLIC_KEY, with a pool id of all zero as real hosts do.
    fn tell_key(&mut self, payload: &[u8]) {
        let Ok(public) = PublicKey::decode(payload) else { return self.break_pool() };
        let Ok(key) = self.secrets.answer(&public) else { return self.break_pool() };
        self.out.pool(MessageType::EncryptedSessionKey, Uuid::nil(), key.encode());
    }

    fn pool_state(&mut self, state: RunspacePoolState) {
        let payload = RunspacePoolStateMessage { state, error: None }.encode();
        self.out.pool(MessageType::RunspacePoolState, self.out.pool_id, payload);
    }

    fn break_pool(&mut self) {
        self.pool.stage = Stage::Over;
        self.pool_state(RunspacePoolState::Broken);
    }

    fn stop(&mut self, id: Uuid) {
        self.finish(id, PipelineState::Stopped, Some(errors::stopped()));
    }

    fn fail(&mut self, id: Uuid, error: psrp::ErrorRecord) {
        self.finish(id, PipelineState::Failed, Some(error));
    }

    fn finish(&mut self, id: Uuid, state: PipelineState, error: Option<psrp::ErrorRecord>) {
        self.order.retain(|queued| *queued != id);
        if let Some(pipeline) = self.pipelines.get_mut(&id)
            && !matches!(pipeline.state, State::Over)
        {
            pipeline.state = State::Over;
            self.out.state(id, state, error);
        }
    }

    /// Lets every pipeline do what it can; says when the next sleep ends.
    fn advance(&mut self, now: Instant) -> Instant {
        let mut until = Instant::NEVER;
        let room = usize::try_from(self.pool.max_runspaces).unwrap_or(1);
        let mut running = 0;
        for id in self.order.clone() {
            // Those in front of it took the runspaces, and have not given
            // them back.
            if running == room {
                break;
            }
            let Some(pipeline) = self.pipelines.get_mut(&id) else { continue };
            let mut world = World {
                commands: &mut *self.commands,
                out: &mut self.out,
                secrets: &mut self.secrets,
                unix_now: self.options.unix_start + now.since_start(),
                pool_host: self.pool.host.clone(),
            };
            match pipeline.advance(now, id, &mut world) {
                pipeline::Progress::Waits(wake) => {
                    until = until.min(wake);
                    running += 1;
                }
                pipeline::Progress::Over(state, error) => self.finish(id, state, error.map(|error| *error)),
            }
        }
        until
    }
}

impl Engine for Demo {
    fn handle(&mut self, now: Instant, input: Input) {
        let mut ack = |pipeline, of| self.out.ack(pipeline, of);
        match input {
            Input::PoolData(data) => {
                ack(None, Taken::Data);
                self.receive(now, None, &data);
            }
            Input::CommandOpen { pipeline } => {
                ack(Some(pipeline), Taken::Open);
                self.pipelines.insert(pipeline, Pipeline::new(BUFFERED_BYTES));
            }
            Input::PipelineData { pipeline, data } => {
                ack(Some(pipeline), Taken::Data);
                self.receive(now, Some(pipeline), &data);
            }
            Input::HostResponse { pipeline, data } => {
                ack(pipeline, Taken::Data);
                self.receive(now, pipeline, &data);
            }
            Input::Stop { pipeline } => {
                // What came before the stop happened before it.
                self.advance(now);
                self.stop(pipeline);
                self.out.ack(Some(pipeline), Taken::Stop);
            }
            Input::CloseCommand { pipeline } => {
                self.order.retain(|queued| *queued != pipeline);
                self.pipelines.remove(&pipeline);
                self.out.ack(Some(pipeline), Taken::Close);
            }
            Input::ClosePool => {
                self.pool.stage = Stage::Over;
                self.pipelines.clear();
                self.order.clear();
                self.out.ack(None, Taken::Close);
            }
        }
    }

    fn poll(&mut self, now: Instant) -> Output {
        if let Some(output) = self.out.next() {
            return output;
        }
        let until = self.advance(now);
        self.out.next().unwrap_or(Output::Wait { until })
    }
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo")
            .field("stage", &self.pool.stage)
            .field("pipelines", &self.pipelines.len())
            .finish_non_exhaustive()
    }
}
