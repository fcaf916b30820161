//! The shell: what is known of it, and its end.

use super::super::exchange::{InFlight, Purpose};
use super::super::{Event, ShellNews};
use super::{Session, State};
use crate::soap::{Fault, FaultClass, Operation};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind};

/// What is known of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// Nothing was asked for, or it is somebody else's.
    None,
    /// Create is under way.
    Asked,
    /// Create got lost: the host may make it yet, at any time.
    Perhaps,
    /// The host made it.
    Made,
    /// It is known not to be there.
    Gone,
}

impl Session {
    /// The id of a shell that may be on the host: one that was asked for and
    /// is not known to be gone. After the session's end, what is left behind.
    #[must_use]
    pub fn remains(&self) -> Option<String> {
        match self.trace {
            Trace::None | Trace::Gone => None,
            Trace::Asked | Trace::Perhaps | Trace::Made => Some(self.known_shell_id()),
        }
    }

    fn known_shell_id(&self) -> String {
        self.shell_id.clone().unwrap_or_else(|| self.proposed_shell_id())
    }

    pub(super) fn shell_asked(&mut self) {
        self.trace = Trace::Asked;
        let shell_id = self.proposed_shell_id();
        self.event(Event::Shell(ShellNews::Asked { shell_id }));
    }

    pub(super) fn shell_made(&mut self) {
        self.trace = Trace::Made;
        let shell_id = self.known_shell_id();
        self.event(Event::Shell(ShellNews::Made { shell_id }));
    }

    pub(super) fn shell_gone(&mut self) {
        if !matches!(self.trace, Trace::None | Trace::Gone) {
            self.trace = Trace::Gone;
            let shell_id = self.known_shell_id();
            self.event(Event::Shell(ShellNews::Gone { shell_id }));
        }
    }

    /// Closes the session: running pipelines end, the shell is deleted. The
    /// host has as long as it has for a stop.
    pub fn close(&mut self, now: Instant) {
        self.close_by(now, now + self.config.stop_timeout);
    }

    /// The same; Delete is repeated until `by`. [`Session::remains`] says
    /// afterwards whether the shell is known to be gone.
    pub fn close_by(&mut self, now: Instant, by: Instant) {
        match &mut self.state {
            // A second caller who has more time.
            State::AwaitDelete { by: sooner } => {
                *sooner = (*sooner).max(by);
                return;
            }
            State::Ended => return,
            // The shell is deleted when the host says which it is.
            State::AwaitShell { .. } => {
                self.state = State::AwaitDelete { by };
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
        self.state = State::AwaitDelete { by };
        self.exchange(Purpose::Delete, Operation::Delete);
        self.alarms(now);
    }

    /// Whether the session has ended and nothing is left to clean up on the
    /// host or to learn from it. Until then, go on driving it: a shell that the
    /// host makes after its client gave up is deleted when its answer comes.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let cleans = |exchange: &InFlight| matches!(exchange.purpose, Purpose::Create | Purpose::Delete);
        let repeated = self.repeats.iter().map(|(_, exchange)| exchange);
        self.state == State::Ended && self.pipelines.is_empty() && !self.in_flight.values().chain(repeated).any(cleans)
    }

    /// The host deleted the shell.
    pub(super) fn deleted(&mut self) {
        self.shell_gone();
        self.closed();
    }

    /// Nothing more is done about the shell.
    pub(super) fn closed(&mut self) {
        if matches!(self.state, State::AwaitDelete { .. }) {
            self.state = State::Ended;
            self.event(Event::Closed);
        }
    }

    /// The host refused to delete the shell; whether it is asked again.
    pub(super) fn delete_refused(&mut self, now: Instant, exchange: &InFlight, fault: &Fault) -> bool {
        // Not there is gone, unless the host has yet to make it.
        if fault.is_not_found() {
            if self.trace != Trace::Perhaps {
                self.shell_gone();
            }
            self.closed();
            return false;
        }
        let busy = matches!(
            fault.class(),
            FaultClass::BackOff | FaultClass::Reconnect | FaultClass::PollAgain | FaultClass::Gone
        );
        if busy && matches!(self.state, State::AwaitDelete { .. } | State::Ended) {
            self.repeat(now, InFlight { losses: exchange.losses + 1, ..exchange.clone() });
        } else {
            self.closed();
        }
        busy
    }
}
