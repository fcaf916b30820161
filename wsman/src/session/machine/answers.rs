//! What the host answers.

use std::time::Duration;

use uuid::Uuid;

use super::super::exchange::{InFlight, Purpose};
use super::super::pipeline::{Phase, SendKind};
use super::super::{End, Event, Irregularity, Opened, PipelineEvent, PipelineId, StopCause};
use super::{Session, State};
use crate::psrp::{
    self, ApplicationPrivateData, ErrorRecord, HostCall, InformationRecord, Message, MessageType, PayloadError,
    PipelineState, PipelineStateMessage, ProgressRecord, RunspacePoolState, RunspacePoolStateMessage,
    SessionCapability, TextRecord, UserEvent,
};
use crate::soap::{Answer, AnswerEnvelope, Operation, Received, SignalCode};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind, Retry};

impl Session {
    pub(super) fn answered(&mut self, now: Instant, exchange: &InFlight, status: u16, body: &[u8]) {
        let purpose = exchange.purpose;
        let envelope = match AnswerEnvelope::decode_last(body) {
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
        if !matches!(envelope.answer, Answer::Fault(_)) && purpose != Purpose::PoolReceive {
            self.unsuspend();
        }
        match (purpose, envelope.answer) {
            (purpose, Answer::Fault(fault)) if !matches!(purpose, Purpose::ProbeAgain(_)) => {
                self.faulted(now, exchange, fault);
            }
            (Purpose::Create, Answer::Created(shell)) => self.created(shell.shell_id),
            (Purpose::PoolReceive, Answer::Received(received)) => self.pool_received(now, &received),
            (Purpose::PoolSend(_), Answer::Sent) => self.pool_sent(),
            (Purpose::Command(id), Answer::CommandStarted(given)) => {
                if given != id {
                    self.given_ids.insert(id, given);
                }
                self.command_started(id);
            }
            (Purpose::ProbeCommand(id), Answer::CommandStarted(_)) => self.probe_again(id, exchange),
            (Purpose::ProbeAgain(id), answer) => {
                let replayed = matches!(answer, Answer::CommandStarted(started) if started == id);
                self.probed(id, replayed && envelope.relates_to == Some(exchange.message_id));
            }
            (Purpose::Send(id), Answer::Sent) => self.sent(id),
            (Purpose::Receive(id), Answer::Received(received)) => self.received(id, &received),
            (Purpose::Stop(_) | Purpose::Terminate, Answer::Signalled) => {}
            (Purpose::Delete, Answer::Deleted) => self.deleted(),
            (Purpose::Disconnect, Answer::Disconnected) => self.left(now),
            (Purpose::Reconnect, Answer::Reconnected) => self.back(),
            (Purpose::ReconnectCommand(id), Answer::Reconnected) => self.command_back(id),
            (Purpose::Connect, Answer::Connected(answer)) => self.connected(now, &answer),
            (Purpose::Attach(id), Answer::Connected(_)) => self.running(id),
            _ => {
                let error = Error::new(ErrorKind::PeerMisbehaved, "the host's answer does not fit the request");
                self.failed(now, purpose, error);
            }
        }
    }

    fn created(&mut self, shell_id: String) {
        self.shell_id = Some(shell_id);
        self.shell_made();
        match self.state {
            State::AwaitShell { by } => {
                self.state = State::AwaitPool { by };
                self.want_pool_receive();
            }
            // Closed or given up meanwhile.
            _ => self.exchange(Purpose::Delete, Operation::Delete),
        }
    }

    fn command_started(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else {
            // Over before: terminated already.
            if self.over_early.remove(&id) {
                return;
            }
            // Given up before the host had it, and the terminate came too early.
            return self.terminate(id, None);
        };
        if let Some(doom) = pipeline.doomed.take() {
            let effect = if pipeline.parts_follow { Effect::NotRun } else { Effect::MayHaveRun };
            return self.end(id, End::Lost(doom.after(effect)));
        }
        match (pipeline.stopping, pipeline.pending.is_empty()) {
            // Without the rest of CREATE_PIPELINE nothing has run, or will.
            (Some(stopping), false) => self.end(id, End::Stopped(stopping.cause)),
            (None, false) => {
                pipeline.phase = Phase::AwaitCreation;
                self.send_next(id);
            }
            (_, true) => self.running(id),
        }
    }

    /// As a client does whose line broke before the answer: the same message,
    /// under the same OperationID.
    fn probe_again(&mut self, id: Uuid, exchange: &InFlight) {
        let body = exchange.again.clone();
        let purpose = Purpose::ProbeAgain(id);
        let (message_id, again) = (exchange.message_id, Vec::new());
        let copy =
            InFlight { purpose, message_id, body: Vec::new(), losses: 0, again, early: false, ..exchange.clone() };
        self.put_in_flight(copy, body);
    }

    pub(super) fn probed(&mut self, id: Uuid, replayed: bool) {
        self.event(Event::Probed(PipelineId(id), replayed));
        self.command_started(id);
    }

    fn sent(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        let kind = pipeline.sending.take();
        if let Some(doom) = pipeline.doomed.take() {
            return self.end(id, End::Lost(doom.after(Effect::MayHaveRun)));
        }
        if pipeline.phase == Phase::AwaitCreation && kind == Some(SendKind::Rest) {
            self.running(id);
        }
        self.send_next(id);
    }

    /// The host has all of CREATE_PIPELINE.
    fn running(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
        pipeline.phase = Phase::AwaitOutput;
        let stopping = pipeline.stopping.as_mut();
        if stopping.is_some_and(|stopping| !std::mem::replace(&mut stopping.signalled, true)) {
            self.exchange(Purpose::Stop(id), Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC });
        }
        // One that went early may still be out.
        if !self.is_out(Purpose::Receive(id)) {
            self.receive(id);
        }
    }

    /// Whether such an exchange is under way, or waits to be repeated.
    pub(super) fn is_out(&self, purpose: Purpose) -> bool {
        let repeated = self.repeats.iter().map(|(_, exchange)| exchange);
        self.in_flight.values().chain(repeated).any(|exchange| exchange.purpose == purpose)
    }

    pub(super) fn pool_received(&mut self, now: Instant, received: &Received) {
        if !matches!(self.state, State::AwaitPool { .. } | State::Open) && !self.is_leaving() {
            return;
        }
        for stream in &received.streams {
            let messages = match self.assembler.push_numbered(&stream.data) {
                Ok(messages) => messages,
                Err(error) => {
                    let broken = Error::new(ErrorKind::PeerMisbehaved, "the pool's fragments do not fit together");
                    return self.break_with(&broken.with_source(error));
                }
            };
            for (object, message) in messages {
                if self.pool_numbered(object)
                    && let Err(error) = self.pool_message(now, &message)
                {
                    return self.break_with(&error);
                }
            }
        }
        self.connected_pool();
        self.want_pool_receive();
        self.end_all_heard();
        self.alarms(now);
    }

    /// A pool that one connected to is open without a word.
    pub(super) fn connected_pool(&mut self) {
        if std::mem::take(&mut self.connecting) && matches!(self.state, State::AwaitPool { .. }) {
            self.opened();
        }
    }

    fn opened(&mut self) {
        self.state = State::Open;
        self.event(Event::Opened(Opened {
            protocol: self.protocol.unwrap_or(self.config.protocol),
            private_data: self.private_data.clone(),
            shell_id: self.shell_id.clone().unwrap_or_default(),
        }));
        self.park();
    }

    pub(super) fn pool_message(&mut self, now: Instant, bytes: &[u8]) -> Result<(), Error> {
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
                self.negotiated_secrets(theirs.min(ours));
            }
            MessageType::ApplicationPrivateData => {
                self.private_data = Some(ApplicationPrivateData::decode(&message.payload).map_err(payload)?);
            }
            MessageType::RunspacePoolState => {
                self.pool_state(&RunspacePoolStateMessage::decode(&message.payload).map_err(payload)?)?;
            }
            MessageType::EncryptedSessionKey => self.key_arrived(&message.payload).map_err(payload)?,
            MessageType::PublicKeyRequest => self.need_key(now),
            MessageType::RunspaceAvailability => self.pool_answered(&message.payload).map_err(payload)?,
            MessageType::UserEvent => match UserEvent::decode(&message.payload) {
                Ok(event) => self.event(Event::UserEvent(event)),
                // One that cannot be read costs itself only.
                Err(error) => tracing::debug!(%error, "an event is unreadable"),
            },
            MessageType::RunspacePoolHostCall => {
                let call = HostCall::decode(&message.payload).map_err(payload)?;
                self.event(Event::PoolHostCall(call));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn pool_state(&mut self, message: &RunspacePoolStateMessage) -> Result<(), Error> {
        match (message.state, self.state) {
            (RunspacePoolState::Opened, State::AwaitPool { .. }) => {
                self.connecting = false;
                self.opened();
                Ok(())
            }
            (RunspacePoolState::Closed | RunspacePoolState::Broken, state)
                if !matches!(state, State::Ended | State::AwaitDelete { .. }) =>
            {
                Err(Error::new(ErrorKind::Refused, "the host closed the runspace pool").with_retry(Retry::AfterReopen))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn received(&mut self, id: Uuid, received: &Received) {
        for stream in &received.streams {
            let Some(pipeline) = self.pipelines.get_mut(&id) else { return };
            pipeline.heard = true;
            let messages = match pipeline.assembler.push_numbered(&stream.data) {
                Ok(messages) => messages,
                Err(error) => {
                    let lost = Error::new(ErrorKind::PeerMisbehaved, "the pipeline's fragments do not fit together");
                    return self.end(id, End::Lost(lost.with_source(error).after(Effect::MayHaveRun)));
                }
            };
            for (object, message) in messages {
                if self.pipeline_numbered(id, object)
                    && let Err(error) = self.pipeline_message(id, &message)
                {
                    return self.end(id, End::Lost(error.after(Effect::MayHaveRun)));
                }
            }
        }
        if self.pipelines.get(&id).is_none_or(|pipeline| pipeline.last_word.is_some()) {
            return;
        }
        let wire_id = self.given_ids.get(&id).copied().unwrap_or(id);
        if received.is_done(Some(wire_id)) {
            let lost = Error::new(ErrorKind::PeerMisbehaved, "the command is done but its pipeline has no end");
            return self.end(id, End::Lost(lost.after(Effect::MayHaveRun)));
        }
        self.receive(id);
    }

    pub(super) fn pipeline_message(&mut self, id: Uuid, bytes: &[u8]) -> Result<(), Error> {
        let unreadable = || Error::new(ErrorKind::PeerMisbehaved, "a pipeline message is unreadable");
        let message = Message::decode(bytes).map_err(|error| unreadable().with_source(error))?;
        if message.pipeline != id || !self.pipelines.contains_key(&id) {
            return Ok(());
        }
        let payload = &message.payload;
        let event = match pipeline_event(message.kind, payload) {
            // What the pipeline waits for must be understood; of anything else
            // one piece is lost, said so, and the pipeline goes on.
            Err(error) if matches!(message.kind, MessageType::PipelineState | MessageType::PipelineHostCall) => {
                return Err(unreadable().with_source(error));
            }
            Err(_) => Some(Said::Event(PipelineEvent::Unreadable { kind: message.kind, bytes: payload.len() })),
            Ok(event) => event,
        };
        match event {
            Some(Said::Event(event)) => {
                let cut = matches!(event, PipelineEvent::Output(_)) && says_cut_off(payload);
                self.tell(id, event, payload.len());
                if cut {
                    self.tell(id, PipelineEvent::Warning(CUT_OFF.into()), 0);
                }
            }
            Some(Said::State(state)) => self.pipeline_state(id, state),
            None => self.irregular(id, Irregularity::UnknownType { code: message.kind.code() }),
        }
        Ok(())
    }

    /// An event for the application, which stands for `bytes` of output until
    /// it is taken.
    fn tell(&mut self, id: Uuid, event: PipelineEvent, bytes: usize) {
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            // A question must be answered, however much was said before it.
            if !matches!(event, PipelineEvent::HostCall(_)) {
                let Some(room) = pipeline.room.checked_sub(bytes) else {
                    pipeline.room = 0;
                    pipeline.dropped = (pipeline.dropped.0 + 1, pipeline.dropped.1 + bytes as u64);
                    return;
                };
                pipeline.room = room;
            }
            pipeline.untaken.push_back(bytes + EVENT_BYTES);
            pipeline.untaken_bytes += bytes + EVENT_BYTES;
        }
        self.event(Event::Pipeline(PipelineId(id), event));
    }

    pub(super) fn pipeline_state(&mut self, id: Uuid, message: PipelineStateMessage) {
        let Some(state) = message.state else { return };
        let stopping = self.pipelines.get(&id).and_then(|pipeline| pipeline.stopping);
        let end = match state {
            PipelineState::Completed => End::Completed,
            PipelineState::Failed => End::Failed(message.error.unwrap_or_else(|| ErrorRecord::new("", "", 0))),
            PipelineState::Stopped => End::Stopped(stopping.map_or(StopCause::Host, |stopping| stopping.cause)),
            PipelineState::Disconnected => {
                let lost =
                    Error::new(ErrorKind::Refused, "the host disconnected the pipeline").with_retry(Retry::AfterReopen);
                End::Lost(lost.after(Effect::MayHaveRun))
            }
        };
        self.last_word(id, end);
    }

    /// Ends a pipeline: last word, terminate. Also after a lost Command: the
    /// host may have it, and keeps it until it is terminated.
    pub(super) fn end(&mut self, id: Uuid, end: End) {
        let early = self.pipelines.get(&id).is_some_and(|p| p.heard && p.phase == Phase::AwaitCommand);
        let deadline = self.pipelines.get(&id).map(|p| p.deadline);
        if self.forget(id, end) {
            if early && self.in_flight.values().any(|exchange| exchange.purpose == Purpose::Command(id)) {
                self.over_early.insert(id);
            }
            self.terminate(id, deadline);
        }
    }

    /// Ends a pipeline that the host does not know.
    pub(super) fn forget(&mut self, id: Uuid, end: End) -> bool {
        let Some(pipeline) = self.pipelines.remove(&id) else { return false };
        if !pipeline.heard_ids.ended {
            self.leave_numbers();
        }
        let (messages, bytes) = pipeline.dropped;
        if messages > 0 {
            self.event(Event::Pipeline(PipelineId(id), PipelineEvent::Dropped { messages, bytes }));
        }
        let of = [Purpose::Receive(id), Purpose::Command(id), Purpose::Send(id)];
        self.repeats.retain(|(_, exchange)| !of.contains(&exchange.purpose));
        self.event(Event::Pipeline(PipelineId(id), PipelineEvent::Ended(end)));
        true
    }

    /// Frees what the host keeps for a command. `deadline` is that of its
    /// pipeline: until a little later a lost one is sent again.
    fn terminate(&mut self, id: Uuid, deadline: Option<Instant>) {
        if self.is_open() {
            let operation = Operation::Signal { command_id: Some(id), code: SignalCode::Terminate };
            self.exchange_until(Purpose::Terminate, operation, deadline.map(|by| by + TERMINATE_GRACE));
        }
        self.given_ids.remove(&id);
    }

    pub(super) fn end_all(&mut self, error: &Error) {
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        let was = std::mem::replace(&mut self.state, State::Ended);
        for id in ids {
            self.end_heard(id);
            self.end(id, End::Lost(error.clone()));
        }
        self.state = was;
    }

    /// The session is lost. What is under way to the host decides whether its
    /// pipeline may have run, so that is waited for; the others end now.
    fn doom_all(&mut self, error: &Error) {
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        for id in ids {
            self.end_heard(id);
            let last_part =
                self.pipelines.get(&id).is_some_and(|p| p.is_being_created() && p.sending == Some(SendKind::Rest));
            let under_way = |exchange: &InFlight| {
                exchange.purpose == Purpose::Command(id) || last_part && exchange.purpose == Purpose::Send(id)
            };
            let waits = self.in_flight.values().any(under_way);
            let Some(pipeline) = self.pipelines.get_mut(&id) else { continue };
            pipeline.turn = None;
            let effect = pipeline.effect_of_loss();
            if waits && effect == Effect::MayHaveRun && !pipeline.heard {
                pipeline.doomed = Some(error.clone());
            } else {
                self.end(id, End::Lost(error.clone().after(effect)));
            }
        }
    }

    /// The session is of no more use.
    pub(super) fn break_with(&mut self, error: &Error) {
        if matches!(self.state, State::AwaitDelete { .. }) {
            return self.closed();
        }
        if self.state == State::Ended {
            return;
        }
        // Somebody else's work that was not taken over is not ours to delete.
        let foreign = self.connecting || matches!(self.state, State::AwaitConnect { .. });
        self.repeats.clear();
        self.state = State::Ended;
        self.doom_all(error);
        self.end_calls(error);
        self.event(Event::Broken(error.clone()));
        // Best effort: a shell that is left behind counts against its user's
        // quota for two hours.
        if self.shell_id.is_some() && !foreign {
            self.exchange(Purpose::Delete, Operation::Delete);
        }
    }
}

/// How long after its pipeline's deadline a lost terminate is sent again.
///
/// Chosen: an outage that a caller would have waited out; what is not
/// terminated goes with its shell.
const TERMINATE_GRACE: Duration = Duration::from_secs(30);

/// What an event costs besides its payload.
///
/// Chosen: about what an empty object and its place in a queue take.
const EVENT_BYTES: usize = 128;

/// What is said of an output object that the host did not send in full.
const CUT_OFF: &str = "an output object is nested deeper than 48 levels: the host left out what is below";

/// Whether an engine put its notice in place of a value.
///
/// Seen: as a string at the 49th level, without an error or a warning
/// (recordings depth, depth-60). A script that writes the same sentence itself
/// is warned about, too.
fn says_cut_off(payload: &[u8]) -> bool {
    const NOTICE: &str = ">Serialized XML is nested too deeply.</S>";
    str::from_utf8(payload).is_ok_and(|text| text.contains(NOTICE))
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
