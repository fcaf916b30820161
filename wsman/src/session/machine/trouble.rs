//! What goes wrong: faults, losses, deadlines.

use std::time::Duration;

use uuid::Uuid;

use super::super::exchange::{InFlight, Purpose};
use super::super::pipeline::Pipeline;
use super::super::{Answers, End, Event, StopCause};
use super::shell::Trace;
use super::{Session, State};
use crate::soap::{Fault, FaultClass, Operation};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind, Retry};

/// For what no deadline bounds. Chosen: a line that is down for longer than the
/// pauses below add up to is not worth listening on; the next answer on another
/// takes it up again.
const MAX_LOSSES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Chosen: a host that comes back is found within seconds, and one that does not
/// is asked thirty times a minute at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Refused sign-ins after which an exchange is given up. Chosen: a host that is
/// short of something may refuse a password once that it took before; twice is
/// an answer, and each try counts towards the account's lockout.
const MAX_REFUSALS: u32 = 2;

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
            (Purpose::Delete, _) => drop(self.delete_refused(now, exchange, &fault)),
            _ if fault.is_too_large() && self.cut_smaller(exchange) => {}
            _ => {
                let kind = fault.error_kind_of(purpose == Purpose::Create || purpose == Purpose::Connect);
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
                if !self.proves_not_run(&error) && error.kind() != ErrorKind::Auth {
                    self.shell_id = Some(self.proposed_shell_id());
                    self.trace = Trace::Perhaps;
                } else {
                    self.shell_gone();
                }
                self.create_failed(&error);
            }
            Purpose::PoolReceive => self.pool_receive_failed(&error, gone),
            Purpose::PoolSend(part) => self.pool_send_failed(part, &error),
            Purpose::Command(id) => {
                if self.over_early.remove(&id) {
                    return;
                }
                let effect = if self.proves_not_run(&error) { Effect::NotRun } else { self.effect_of_loss(id) };
                let lost = self.doom_or(id, error.clone());
                self.end(id, End::Lost(lost.after(effect)));
                if gone {
                    self.break_with(&error);
                }
            }
            Purpose::Receive(id) | Purpose::ProbeCommand(id) => {
                self.end(id, End::Lost(error.after(Effect::MayHaveRun)));
            }
            Purpose::ProbeAgain(id) => self.probed(id, false),
            Purpose::Send(id) => {
                let created = self.pipelines.get(&id).is_none_or(|pipeline| !pipeline.is_being_created());
                let effect =
                    if !created && self.proves_not_run(&error) { Effect::NotRun } else { self.effect_of_loss(id) };
                let lost = self.doom_or(id, error);
                self.end(id, End::Lost(lost.after(effect)));
            }
            // Its own deadline takes care of the pipeline.
            Purpose::Stop(_) | Purpose::Terminate => {}
            Purpose::Delete => self.closed(),
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

    /// Whether the host itself says that it did not act.
    fn proves_not_run(&self, error: &Error) -> bool {
        self.config.answers == Answers::Proven && error.fault().is_some_and(Fault::proves_not_run)
    }

    fn effect_of_loss(&self, id: Uuid) -> Effect {
        self.pipelines.get(&id).map_or(Effect::MayHaveRun, Pipeline::effect_of_loss)
    }

    /// What broke the session says more than what that did to one request.
    fn doom_or(&mut self, id: Uuid, error: Error) -> Error {
        self.pipelines.get_mut(&id).and_then(|pipeline| pipeline.doomed.take()).unwrap_or(error)
    }

    /// Whether anybody still wants the answer to a request that may be repeated.
    fn is_wanted(&self, now: Instant, exchange: &InFlight) -> bool {
        match exchange.purpose {
            Purpose::Receive(id) | Purpose::Stop(id) => self.state != State::Ended && self.pipelines.contains_key(&id),
            Purpose::PoolReceive => matches!(self.state, State::AwaitPool { .. } | State::Open),
            Purpose::Delete => matches!(self.state, State::AwaitDelete { .. } | State::Ended),
            Purpose::Disconnect => matches!(self.state, State::AwaitDisconnect { .. }),
            Purpose::Reconnect => matches!(self.state, State::AwaitReconnect { .. }),
            Purpose::ReconnectCommand(id) => self.pipelines.contains_key(&id),
            Purpose::Terminate => self.is_open() && exchange.until.is_none_or(|until| now < until),
            _ => false,
        }
    }

    /// Whether a lost request that may be repeated has been often enough. What
    /// waits for it has a deadline, which bounds the rest.
    fn is_hopeless(&self, exchange: &InFlight, error: &Error) -> bool {
        let bounded = match exchange.purpose {
            Purpose::PoolReceive => self.expects_pool_message(),
            Purpose::Terminate => exchange.until.is_some(),
            _ => true,
        };
        match error.kind() {
            ErrorKind::Misuse => true,
            // A certificate stays refused; a handshake may break off.
            ErrorKind::Tls => error.retry() == Retry::Never,
            ErrorKind::Auth => exchange.refusals >= MAX_REFUSALS,
            ErrorKind::PeerMisbehaved => exchange.losses > MAX_LOSSES,
            _ => !bounded && exchange.losses > MAX_LOSSES,
        }
    }

    /// Sends it again after a pause.
    pub(super) fn repeat(&mut self, now: Instant, exchange: InFlight) {
        let doublings = exchange.losses.saturating_sub(1).min(8);
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        self.repeats.push((now + pause, exchange));
    }

    pub(super) fn lost(&mut self, now: Instant, mut exchange: InFlight, sent: bool, error: Error) {
        exchange.losses += 1;
        exchange.refusals += u32::from(error.kind() == ErrorKind::Auth);
        // A copy is sent only of what had left: whether the copy leaves, too,
        // says nothing of the first.
        let sent = sent || exchange.losses > 1 && !exchange.again.is_empty();
        if self.is_leaving() && matches!(exchange.purpose, Purpose::Receive(_) | Purpose::PoolReceive) {
            if let Purpose::Receive(id) = exchange.purpose {
                self.receive(id);
            }
            return;
        }
        if !sent && error.fault().is_some_and(Fault::is_too_large) && self.cut_smaller(&exchange) {
            return;
        }
        // A host that knows it says its answer again; one that does not acts
        // now, for the first time.
        let in_time = match exchange.purpose {
            Purpose::Create => matches!(self.state, State::AwaitShell { .. }),
            Purpose::Command(id) | Purpose::Send(id) => self.state != State::Ended && self.pipelines.contains_key(&id),
            _ => false,
        };
        let hopeless = matches!(error.kind(), ErrorKind::Auth | ErrorKind::Tls | ErrorKind::Misuse);
        let marked = in_time && sent && !exchange.again.is_empty() && !hopeless && exchange.losses <= MAX_LOSSES;
        let repeatable = exchange.purpose.is_repeatable() && self.is_wanted(now, &exchange);
        if marked || repeatable && !self.is_hopeless(&exchange, &error) {
            if marked {
                exchange.body = exchange.again.clone();
            }
            return self.repeat(now, exchange);
        }
        if let Purpose::Command(id) = exchange.purpose
            && self.over_early.remove(&id)
        {
            return;
        }
        match exchange.purpose {
            // What never left needs no terminate, and no further sign-in.
            Purpose::Command(id) if !sent => {
                let error = self.doom_or(id, error);
                self.forget(id, End::Lost(error));
            }
            Purpose::Command(id) => {
                let effect = self.effect_of_loss(id);
                let lost = self.doom_or(id, error);
                self.end(id, End::Lost(lost.after(effect)));
            }
            Purpose::Send(id) => {
                let created = self.pipelines.get(&id).is_none_or(|pipeline| !pipeline.is_being_created());
                let effect = if !created && !sent { Effect::NotRun } else { self.effect_of_loss(id) };
                let lost = self.doom_or(id, error);
                self.end(id, End::Lost(lost.after(effect)));
            }
            Purpose::Create if !sent => {
                self.shell_gone();
                self.create_failed(&error);
            }
            purpose => self.failed(now, purpose, error),
        }
    }

    fn create_failed(&mut self, error: &Error) {
        match self.state {
            State::AwaitShell { .. } => self.break_with(error),
            // Closed or given up meanwhile: only the shell is left to delete.
            _ if self.shell_id.is_some() => self.exchange(Purpose::Delete, Operation::Delete),
            _ => self.closed(),
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
            State::AwaitDelete { by } if by <= now => self.closed(),
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
        if pipeline.last_word.is_some() {
            return self.end_heard(id);
        }
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
