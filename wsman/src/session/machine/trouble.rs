//! What goes wrong: faults, losses, deadlines.

use std::time::Duration;

use uuid::Uuid;

use super::super::exchange::{InFlight, Purpose};
use super::super::pipeline::{Pipeline, SendKind};
use super::super::{End, Event, StopCause};
use super::{Session, State};
use crate::soap::{Fault, FaultClass, Operation};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// Chosen: a cable that is pulled for longer than the pauses below add up to
/// is an outage and not a hiccup.
const MAX_LOSSES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

impl Session {
    pub(super) fn faulted(&mut self, now: Instant, exchange: &InFlight, fault: Fault) {
        let purpose = exchange.purpose;
        let class = fault.class();
        match (purpose, class) {
            // What the host held when the shell was left. It goes on when the
            // shell is back; some output may have gone to nobody's ears, but a
            // host keeps what it could not say.
            (Purpose::Receive(id), _) if self.is_leaving() => self.receive(id),
            (Purpose::PoolReceive, _) if self.is_leaving() => {}
            // It went before the Command's answer: the host may not have known
            // the command. Once the answer is there, the next one tells.
            (Purpose::Receive(id), FaultClass::Gone) if exchange.early && self.pipelines.contains_key(&id) => {
                if self.pipelines.get(&id).is_some_and(Pipeline::is_early) {
                    self.receive_early(id);
                } else {
                    self.receive(id);
                }
            }
            // Nothing yet: ask again, with a new MessageID.
            (Purpose::PoolReceive, FaultClass::PollAgain) => {
                self.connected_pool();
                self.want_pool_receive();
            }
            (Purpose::Receive(id), FaultClass::PollAgain) => self.receive(id),
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
    pub(super) fn failed(&mut self, now: Instant, purpose: Purpose, error: Error) {
        let gone = error.fault().is_some_and(Fault::is_gone);
        match purpose {
            Purpose::Create => {
                // Unless the host says that it did not, it may have made the
                // shell, under the id that was proposed.
                if !error.fault().is_some_and(Fault::proves_not_run) && error.kind() != ErrorKind::Auth {
                    self.shell_id = Some(self.proposed_shell_id());
                }
                self.create_failed(&error);
            }
            Purpose::PoolReceive => self.pool_receive_failed(&error, gone),
            Purpose::PoolSend(part) => self.pool_send_failed(part, &error),
            Purpose::Command(id) => {
                if self.over_early.remove(&id) {
                    return;
                }
                let refused = error.fault().is_some_and(Fault::proves_not_run);
                let effect = if refused { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.clone().after(effect)));
                if gone {
                    self.break_with(&error);
                }
            }
            Purpose::Receive(id) | Purpose::ProbeCommand(id) => {
                self.end(id, End::Lost(error.after(Effect::MayHaveRun)));
            }
            Purpose::ProbeAgain(id) => self.probed(id, false),
            Purpose::Send(id) => {
                let part = self.pipelines.get(&id).and_then(|pipeline| pipeline.sending);
                let effect = if part == Some(SendKind::Creation) { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.after(effect)));
            }
            // Its own deadline takes care of the pipeline.
            Purpose::Stop(_) | Purpose::Terminate => {}
            Purpose::Delete => self.deleted(),
            Purpose::Connect => self.break_with(&error),
            Purpose::Attach(id) | Purpose::ReconnectCommand(id) => self.not_attached(id, error),
            Purpose::Disconnect if matches!(self.state, State::AwaitDisconnect { .. }) => {
                self.state = State::Open;
                self.event(Event::LinkFailed(error.clone()));
                self.resume_all();
                if gone {
                    self.break_with(&error);
                }
            }
            Purpose::Reconnect if gone => self.break_with(&error),
            Purpose::Reconnect if matches!(self.state, State::AwaitReconnect { .. }) => {
                self.state = State::Disconnected { since: now };
                self.event(Event::LinkFailed(error));
            }
            Purpose::Disconnect | Purpose::Reconnect => {}
        }
        self.alarms(now);
    }

    pub(super) fn lost(&mut self, now: Instant, mut exchange: InFlight, sent: bool, error: Error) {
        exchange.losses += 1;
        // A copy is sent only of what had left: whether the copy leaves, too,
        // says nothing of the first.
        let sent = sent || exchange.losses > 1 && !exchange.again.is_empty();
        if self.is_leaving() && matches!(exchange.purpose, Purpose::Receive(_) | Purpose::PoolReceive) {
            if let Purpose::Receive(id) = exchange.purpose {
                self.receive(id);
            }
            return;
        }
        let wanted = match exchange.purpose {
            Purpose::Receive(id) | Purpose::Stop(id) => self.pipelines.contains_key(&id),
            Purpose::PoolReceive => matches!(self.state, State::AwaitPool { .. } | State::Open),
            Purpose::Delete => matches!(self.state, State::AwaitDelete { .. }),
            Purpose::Disconnect => matches!(self.state, State::AwaitDisconnect { .. }),
            Purpose::Reconnect => matches!(self.state, State::AwaitReconnect { .. }),
            Purpose::ReconnectCommand(id) => self.pipelines.contains_key(&id),
            Purpose::Terminate => self.is_open(),
            _ => false,
        };
        let hopeless = matches!(error.kind(), ErrorKind::Auth | ErrorKind::Tls | ErrorKind::Misuse);
        // A host that knows it says its answer again; one that does not acts
        // now, for the first time.
        let in_time = match exchange.purpose {
            Purpose::Create => matches!(self.state, State::AwaitShell { .. }),
            Purpose::Command(id) | Purpose::Send(id) => self.pipelines.contains_key(&id),
            _ => false,
        };
        let marked = in_time && sent && !exchange.again.is_empty();
        let repeatable = wanted && exchange.purpose.is_repeatable();
        if (marked || repeatable) && !hopeless && exchange.losses <= MAX_LOSSES {
            if marked {
                exchange.body = exchange.again.clone();
            }
            let pause = FIRST_PAUSE * 2_u32.pow(exchange.losses - 1);
            self.repeats.push((now + pause, exchange));
            return;
        }
        let effect = if sent { Effect::MayHaveRun } else { Effect::NotRun };
        if let Purpose::Command(id) = exchange.purpose
            && self.over_early.remove(&id)
        {
            return;
        }
        match exchange.purpose {
            // What never left needs no terminate, and no further sign-in.
            Purpose::Command(id) if !sent => {
                self.forget(id, End::Lost(error));
            }
            Purpose::Command(id) => self.end(id, End::Lost(error.after(effect))),
            Purpose::Send(id) => {
                let part = self.pipelines.get(&id).and_then(|pipeline| pipeline.sending);
                let effect = if part == Some(SendKind::Creation) { Effect::NotRun } else { Effect::MayHaveRun };
                self.end(id, End::Lost(error.after(effect)));
            }
            Purpose::Create if !sent => self.create_failed(&error),
            purpose => self.failed(now, purpose, error),
        }
    }

    fn create_failed(&mut self, error: &Error) {
        match self.state {
            State::AwaitShell { .. } => self.break_with(error),
            // Closed or given up meanwhile: only the shell is left to delete.
            _ if self.shell_id.is_some() => self.exchange(Purpose::Delete, Operation::Delete),
            _ => self.deleted(),
        }
    }

    /// What has become due.
    pub(super) fn alarms(&mut self, now: Instant) {
        let (due, later) = std::mem::take(&mut self.repeats).into_iter().partition(|(at, _)| *at <= now);
        self.repeats = later;
        let due: Vec<(Instant, InFlight)> = due;
        for (_, exchange) in due {
            let body = exchange.body.clone();
            self.put_in_flight(exchange, body);
        }
        match self.state {
            State::AwaitShell { by } | State::AwaitPool { by } | State::AwaitConnect { by } if by <= now => {
                self.break_with(&Error::new(ErrorKind::TimedOut, "the session did not open in time"));
            }
            State::AwaitDelete { by } if by <= now => self.deleted(),
            State::AwaitDisconnect { by } | State::AwaitReconnect { by } if by <= now => {
                let late = Error::new(ErrorKind::TimedOut, "the host did not leave or take back the session in time");
                self.break_with(&late);
            }
            _ => {}
        }
        self.key_alarm(now);
        self.call_alarm(now);
        let asleep = self.is_leaving();
        let due: Vec<_> =
            self.pipelines.iter().filter(|(_, p)| !asleep && p.alarm() <= now).map(|(id, _)| *id).collect();
        for id in due {
            self.alarm(now, id);
        }
    }

    pub(super) fn alarm(&mut self, now: Instant, id: Uuid) {
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
