//! What goes out: envelopes of a size, Sends in their order, Receives when
//! there is room.

use std::time::Duration;

use uuid::Uuid;

use super::super::exchange::{ExchangeId, InFlight, Purpose};
use super::super::pipeline::{Load, Pending, Phase, Pipeline, SendKind};
use super::super::{End, Event, Output, PipelineId, Robustness};
use super::{Session, State, keys};
use crate::clixml::Value;
use crate::psrp::fragment::fragments;
use crate::psrp::{self, Message, MessageType, ProtocolVersion};
use crate::soap::{Header, Operation, Request, Robust};
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

impl Session {
    pub(super) fn max_envelope_bytes(&self) -> u32 {
        let bytes = match self.protocol {
            Some(version) if version >= ProtocolVersion::V2_2 => ENVELOPE_BYTES,
            _ => FIRST_ENVELOPE_BYTES,
        };
        self.envelope_limit.map_or(bytes, |limit| limit.min(bytes))
    }

    /// Bytes of fragments that one envelope has room for.
    pub(super) fn payload_bytes(&self) -> usize {
        ((self.max_envelope_bytes() - ENVELOPE_OVERHEAD_BYTES) / 4 * 3) as usize
    }

    /// Cuts a message so that every fragment fills an envelope of its own.
    pub(super) fn fragments(&mut self, message: &Message) -> Vec<Vec<u8>> {
        let data = self.fragment_bytes();
        let object = self.next_object;
        self.next_object += 1;
        fragments(object, &message.encode(), data).collect()
    }

    pub(super) fn exchange(&mut self, purpose: Purpose, operation: Operation) {
        self.exchange_until(purpose, operation, None);
    }

    /// With a bound for its repetitions.
    pub(super) fn exchange_until(&mut self, purpose: Purpose, mut operation: Operation, until: Option<Instant>) {
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
        let cuts = matches!(purpose, Purpose::Create | Purpose::Command(_) | Purpose::Send(_) | Purpose::PoolSend(_));
        let operation = cuts.then_some(request.operation);
        let (envelope_bytes, bytes) = (request.header.max_envelope_bytes, body.len());
        let kept = if purpose.is_repeatable() { body.clone() } else { Vec::new() };
        let early = matches!(purpose, Purpose::Receive(id) if self.pipelines.get(&id).is_some_and(Pipeline::is_early));
        let (losses, refusals) = (0, 0);
        let exchange = InFlight {
            purpose,
            message_id,
            body: kept,
            losses,
            refusals,
            until,
            operation,
            envelope_bytes,
            bytes,
            again,
            early,
        };
        self.put_in_flight(exchange, body);
    }

    /// How long the host may take. A loaded one needs its time to start
    /// PowerShell.
    pub(super) fn hold(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::Create => self.config.open_timeout.max(self.config.operation_timeout),
            _ => self.config.operation_timeout,
        }
    }

    pub(super) fn proposed_shell_id(&self) -> String {
        self.pool_id.hyphenated().to_string().to_uppercase()
    }

    pub(super) fn put_in_flight(&mut self, exchange: InFlight, body: Vec<u8>) {
        let id = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        let (lane, hold) = (exchange.purpose.lane(), self.hold(exchange.purpose));
        self.in_flight.insert(id, exchange);
        self.outputs.push_back(Output::Exchange { id, lane, body, hold });
    }

    pub(super) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn send_value(
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

    pub(super) fn check_running(&self, id: Uuid) -> Result<(), Error> {
        self.check_open()?;
        if self.pipelines.contains_key(&id) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Misuse, "the pipeline has ended"))
    }

    pub(super) fn send(
        &mut self,
        id: Uuid,
        kind: MessageType,
        payload: Vec<u8>,
        as_kind: SendKind,
    ) -> Result<(), Error> {
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
    pub(super) fn send_next(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.sending.is_some()
            || matches!(pipeline.phase, Phase::AwaitKey | Phase::AwaitTurn | Phase::AwaitCommand)
        {
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
    /// With [`Config::window_bytes`](crate::session::Config::window_bytes), what is not said to be taken holds the
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

    pub(super) fn resume_all(&mut self) {
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        for id in ids {
            self.resume(id);
        }
        self.want_pool_receive();
    }

    pub(super) fn resume(&mut self, id: Uuid) {
        let window = self.config.window_bytes;
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if pipeline.held && !pipeline.is_full(window) && self.state == State::Open {
            pipeline.held = false;
            self.receive(id);
        }
    }

    /// Asks for more output, unless there is enough to take.
    pub(super) fn receive(&mut self, id: Uuid) {
        let window = self.config.window_bytes;
        let leaving = self.is_leaving();
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        if leaving || pipeline.is_full(window) {
            pipeline.held = true;
            return;
        }
        self.exchange(Purpose::Receive(id), Operation::Receive { command_id: Some(id) });
    }
}
