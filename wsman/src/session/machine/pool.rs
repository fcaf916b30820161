//! What concerns the pool and not one pipeline: its own Receive, its own
//! Sends, questions about its runspaces.

use std::collections::{BTreeMap, VecDeque};

use super::super::exchange::{PoolPart, Purpose};
use super::super::{Event, PoolAnswer, PoolQuestion};
use super::{Session, State};
use crate::clixml::Value;
use crate::psrp::{self, HostCall, HostResponse, Message, MessageType, PayloadError, ProtocolVersion};
use crate::soap::Operation;
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// State of the pool's own traffic.
#[derive(Debug, Default)]
pub(super) struct PoolTraffic {
    queue: VecDeque<Waiting>,
    sending: bool,
    /// Questions without an answer, and until when.
    calls: BTreeMap<i64, (Kind, Instant)>,
    next_call: i64,
    pub(super) parking: Parking,
}

/// Whether a Receive of the pool is kept up for its own sake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Parking {
    #[default]
    Off,
    On,
    /// The line failed; taken up again with the next answer on another.
    Suspended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Flag,
    Number,
}

struct Waiting {
    part: PoolPart,
    kind: MessageType,
    stream: &'static str,
    payload: Payload,
}

enum Payload {
    Ready(Vec<u8>),
    /// With secrets, for the session key to seal.
    Secret(Value),
}

impl std::fmt::Debug for Waiting {
    /// Without the payload.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Waiting({:?})", self.kind)
    }
}

impl Session {
    /// Asks about the pool's runspaces, or changes them. The answer comes as
    /// [`Event::PoolAnswer`] with the number returned here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open; a reset is for protocol
    /// 2.3 and later.
    pub fn ask_pool(&mut self, now: Instant, question: PoolQuestion) -> Result<i64, Error> {
        self.check_open()?;
        let call = self.traffic.next_call;
        // Requests say `CI`, answers `ci` (recording runspaces-set).
        let (kind, shape, fields) = match question {
            PoolQuestion::SetMaxRunspaces(n) => (
                MessageType::SetMaxRunspaces,
                Kind::Flag,
                vec![("MaxRunspaces", Value::I32(n)), ("CI", Value::I64(call))],
            ),
            PoolQuestion::SetMinRunspaces(n) => (
                MessageType::SetMinRunspaces,
                Kind::Flag,
                vec![("MinRunspaces", Value::I32(n)), ("CI", Value::I64(call))],
            ),
            PoolQuestion::AvailableRunspaces => {
                (MessageType::GetAvailableRunspaces, Kind::Number, vec![("ci", Value::I64(call))])
            }
            PoolQuestion::ResetRunspaceState => {
                if self.protocol.is_some_and(|version| version < ProtocolVersion::V2_3) {
                    return Err(Error::new(ErrorKind::Misuse, "a reset needs protocol 2.3"));
                }
                (MessageType::ResetRunspaceState, Kind::Flag, vec![("ci", Value::I64(call))])
            }
        };
        let payload = psrp::encode(&Value::custom(fields)).map_err(|error| {
            Error::new(ErrorKind::Misuse, "a question to the pool cannot be sent").with_source(error)
        })?;
        self.traffic.next_call += 1;
        self.traffic.calls.insert(call, (shape, now + self.config.open_timeout));
        self.pool_send(PoolPart::Call(call), kind, "stdin", payload);
        self.want_pool_receive();
        Ok(call)
    }

    /// Answers a host call of the pool.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the value does not travel, or the session is not
    /// open.
    pub fn answer_pool(&mut self, now: Instant, call: &HostCall, response: &HostResponse) -> Result<(), Error> {
        self.check_open()?;
        let unfit = |error| Error::new(ErrorKind::Misuse, "an answer cannot be sent").with_source(error);
        let value = response.to_value(call);
        let payload = if value.holds_secrets() {
            super::keys::rehearse(&value).map_err(unfit)?;
            self.need_key(now);
            Payload::Secret(value)
        } else {
            Payload::Ready(psrp::encode(&value).map_err(unfit)?)
        };
        let (part, kind) = (PoolPart::Response, MessageType::RunspacePoolHostResponse);
        self.traffic.queue.push_back(Waiting { part, kind, stream: "pr", payload });
        self.pool_send_next();
        Ok(())
    }

    pub(super) fn pool_send(&mut self, part: PoolPart, kind: MessageType, stream: &'static str, payload: Vec<u8>) {
        let waiting = Waiting { part, kind, stream, payload: Payload::Ready(payload) };
        // The key goes first: what is in front of it may wait for it.
        if part == PoolPart::Key {
            self.traffic.queue.push_front(waiting);
        } else {
            self.traffic.queue.push_back(waiting);
        }
        self.pool_send_next();
    }

    /// One at a time, in order.
    pub(super) fn pool_send_next(&mut self) {
        while !self.traffic.sending && self.is_open() {
            let Some(Waiting { part, kind, stream, payload }) = self.traffic.queue.pop_front() else { return };
            let payload = match payload {
                Payload::Ready(payload) => payload,
                Payload::Secret(value) => match self.keys.seal(&value) {
                    Some(Ok(payload)) => payload,
                    Some(Err(error)) => {
                        tracing::warn!(%error, "an answer of the pool's host could not be sealed");
                        continue;
                    }
                    None => {
                        let payload = Payload::Secret(value);
                        return self.traffic.queue.push_front(Waiting { part, kind, stream, payload });
                    }
                },
            };
            let message = Message::to_server(kind, self.pool_id, None, payload);
            let data = self.fragments(&message).into_iter().flatten().collect();
            self.traffic.sending = true;
            self.exchange(Purpose::PoolSend(part), Operation::Send { command_id: None, stream, data });
        }
    }

    pub(super) fn pool_sent(&mut self) {
        self.traffic.sending = false;
        self.pool_send_next();
    }

    pub(super) fn pool_send_failed(&mut self, part: PoolPart, error: &Error) {
        self.traffic.sending = false;
        match part {
            PoolPart::Key => self.key_failed(error),
            PoolPart::Call(call) => {
                if self.traffic.calls.remove(&call).is_some() {
                    let error = error.clone().after(Effect::MayHaveRun);
                    self.event(Event::PoolAnswer { call, answer: Err(error) });
                }
            }
            PoolPart::Response => tracing::debug!(%error, "an answer of the pool's host got lost"),
        }
        self.pool_send_next();
    }

    /// RUNSPACE_AVAILABILITY. PowerShell sends I32, psrpcore I64.
    pub(super) fn pool_answered(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let value = psrp::decode(payload)?;
        let call = value.get("ci").and_then(Value::as_i64).ok_or(PayloadError::Missing("ci"))?;
        let Some((kind, _)) = self.traffic.calls.remove(&call) else { return Ok(()) };
        const RESPONSE: PayloadError = PayloadError::Missing("SetMinMaxRunspacesResponse");
        let said = value.get("SetMinMaxRunspacesResponse").ok_or(RESPONSE)?;
        let answer = match kind {
            Kind::Flag => PoolAnswer::Done(said.as_bool().ok_or(RESPONSE)?),
            Kind::Number => PoolAnswer::Available(said.as_i64().ok_or(RESPONSE)?),
        };
        self.event(Event::PoolAnswer { call, answer: Ok(answer) });
        Ok(())
    }

    /// Ends every question; the session is about to end.
    pub(super) fn end_calls(&mut self, error: &Error) {
        self.traffic.queue.clear();
        for (call, _) in std::mem::take(&mut self.traffic.calls) {
            let error = error.clone().after(Effect::MayHaveRun);
            self.event(Event::PoolAnswer { call, answer: Err(error) });
        }
    }

    pub(super) fn call_alarm(&mut self, now: Instant) {
        let due: Vec<_> = self.traffic.calls.iter().filter(|(_, (_, by))| *by <= now).map(|(call, _)| *call).collect();
        for call in due {
            self.traffic.calls.remove(&call);
            let error = Error::new(ErrorKind::TimedOut, "the host did not answer about its runspaces in time");
            self.event(Event::PoolAnswer { call, answer: Err(error.after(Effect::MayHaveRun)) });
        }
    }

    pub(super) fn next_call_alarm(&self) -> Option<Instant> {
        self.traffic.calls.values().map(|(_, by)| *by).min()
    }

    // ── the pool's Receive ───────────────────────────────────────────────

    /// Whether a message of the pool is waited for, and not just listened for.
    pub(super) fn expects_pool_message(&self) -> bool {
        match self.state {
            State::AwaitPool { .. } => true,
            State::Open => self.keys.is_awaited() || !self.traffic.calls.is_empty(),
            _ => false,
        }
    }

    /// Asks for messages of the pool, if somebody wants them and nobody asks
    /// yet.
    pub(super) fn want_pool_receive(&mut self) {
        let parked = self.state == State::Open && self.traffic.parking == Parking::On;
        if (parked || self.expects_pool_message()) && !self.is_out(Purpose::PoolReceive) {
            self.exchange(Purpose::PoolReceive, Operation::Receive { command_id: None });
        }
    }

    /// From now on the pool is listened to, if that was asked for or the host
    /// may ask by itself.
    pub(super) fn park(&mut self) {
        // Spec: a host of protocol 2.1 asks for the session key by itself, and
        // its pipeline waits for it.
        let must = self.protocol.is_some_and(|version| version < ProtocolVersion::V2_2);
        self.traffic.parking = if self.config.parked_receive || must { Parking::On } else { Parking::Off };
        self.want_pool_receive();
    }

    /// The pool's Receive came back without an answer. An open session lives
    /// on without it, unless the shell is gone or talks nonsense.
    pub(super) fn pool_receive_failed(&mut self, error: &Error, gone: bool) {
        // Closing aborts it; Delete has an answer of its own.
        if matches!(self.state, State::AwaitDelete { .. } | State::Ended) {
            return;
        }
        if self.state != State::Open || gone || error.kind() == ErrorKind::PeerMisbehaved {
            return self.break_with(error);
        }
        tracing::debug!(%error, "nobody listens to the pool for now");
        if self.traffic.parking == Parking::On {
            // A refusal (a quota, say) stays one; a broken line may mend.
            self.traffic.parking = if error.fault().is_some() { Parking::Off } else { Parking::Suspended };
        }
    }

    /// Another exchange came off: the line is there again.
    pub(super) fn unsuspend(&mut self) {
        if self.traffic.parking == Parking::Suspended {
            self.traffic.parking = Parking::On;
        }
        if self.is_open() {
            self.want_pool_receive();
        }
    }
}
