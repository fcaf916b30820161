//! The loop that drives a session: the crate's only clock.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::lanes::{Done, Lanes};
use super::options::{HostPolicy, RunOptions};
use super::pool::Pipeline;
use crate::Error;
use crate::clixml::Value;
use crate::psrp::{Command, HostCall, HostResponse, PipelineOptions, Refusal};
use crate::session::{Event, Input, Opened, Output, PipelineEvent, PipelineId, PipelineSpec, Session};
use crate::time::Instant;

/// What a handle asks of its driver.
pub(super) enum Ask {
    Run {
        commands: Vec<Command>,
        options: RunOptions,
        /// The pipeline itself: one that nobody takes is dropped, and so
        /// stopped.
        started: oneshot::Sender<Result<Pipeline, Error>>,
        asks: mpsc::WeakUnboundedSender<Self>,
    },
    Input {
        pipeline: PipelineId,
        /// `None` ends the input.
        value: Option<Value>,
        taken: oneshot::Sender<Result<(), Error>>,
    },
    Stop(PipelineId),
    Close(oneshot::Sender<()>),
}

struct Listener {
    events: mpsc::UnboundedSender<PipelineEvent>,
    host: HostPolicy,
}

pub(super) struct Driver {
    session: Session,
    lanes: Lanes,
    asks: mpsc::UnboundedReceiver<Ask>,
    start: tokio::time::Instant,
    opened: Option<oneshot::Sender<Result<Opened, Error>>>,
    listeners: HashMap<PipelineId, Listener>,
    closing: Vec<oneshot::Sender<()>>,
    /// Why the pool broke, for its handle.
    broken: Arc<OnceLock<Error>>,
    /// When the session ended; its clean-up on the host may go on.
    ended: Option<tokio::time::Instant>,
}

/// How long a session's clean-up may take after its end.
///
/// Chosen: a host that is starting PowerShell answers Create within it.
const CLEANUP: std::time::Duration = std::time::Duration::from_secs(30);

/// The clock's door: the one place of the crate that reads it, besides the host
/// end's listener. tokio's clock, so that a test can hold it.
pub(super) fn clock() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

impl Driver {
    pub(super) fn new(
        session: Session,
        lanes: Lanes,
        asks: mpsc::UnboundedReceiver<Ask>,
        start: tokio::time::Instant,
        opened: oneshot::Sender<Result<Opened, Error>>,
        broken: Arc<OnceLock<Error>>,
    ) -> Self {
        Self {
            session,
            lanes,
            asks,
            start,
            opened: Some(opened),
            listeners: HashMap::new(),
            closing: Vec::new(),
            broken,
            ended: None,
        }
    }

    /// Until the session has ended, everybody knows, and nothing is left on
    /// the host.
    pub(super) async fn run(mut self) {
        let mut asking = true;
        loop {
            let mut until = self.start + self.drain();
            if let Some(ended) = self.ended {
                if self.session.is_settled() || clock() >= ended + CLEANUP {
                    return;
                }
                until = until.min(ended + CLEANUP);
            }
            tokio::select! {
                ask = self.asks.recv(), if asking => match ask {
                    Some(ask) => self.ask(ask),
                    // The pool's handle is gone: nobody will ask again.
                    None => {
                        asking = false;
                        self.session.close(self.now());
                    }
                },
                done = self.lanes.next() => self.done(done),
                () = sleep_until(until) => self.session.handle(self.now(), Input::Tick),
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::at(clock().saturating_duration_since(self.start))
    }

    /// Obeys the drain rule; how long to wait, counted from the start.
    fn drain(&mut self) -> std::time::Duration {
        // tokio cannot count to Duration::MAX; a year is as good as never.
        const NEVER: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 3600);
        loop {
            match self.session.poll() {
                Output::Exchange { id, lane, body, hold } => self.lanes.start(clock(), id, lane, body, hold),
                Output::Event(event) => self.event(event),
                Output::Wait { until, .. } => return until.since_start().min(NEVER),
            }
        }
    }

    fn done(&mut self, done: Done) {
        let now = self.now();
        match done {
            Done::Spare(connection) => self.lanes.spare_arrived(clock(), connection),
            Done::Exchange(id, reply, connection) => {
                self.lanes.put_back(clock(), connection);
                match reply {
                    Ok(reply) => {
                        self.session.handle(now, Input::Answer { id, status: reply.status, body: &reply.body });
                    }
                    Err(lost) => self.session.handle(now, Input::Lost { id, sent: lost.sent, error: lost.error }),
                }
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        let now = self.now();
        match ask {
            Ask::Run { commands, options, started, asks } => {
                let spec = PipelineSpec {
                    commands,
                    with_input: options.with_input,
                    host: None,
                    options: PipelineOptions::default(),
                    first_message_timeout: options.first_message_timeout,
                    timeout: options.timeout,
                };
                let run = match self.broken.get() {
                    Some(error) => Err(error.clone()),
                    None => self.session.run(now, spec),
                };
                let run = run.map(|id| {
                    let (sender, events) = mpsc::unbounded_channel();
                    self.listeners.insert(id, Listener { events: sender, host: options.host });
                    Pipeline::new(id, events, asks)
                });
                // Dropped when nobody waits any more; that stops it.
                let _ = started.send(run);
            }
            Ask::Input { pipeline, value, taken } => {
                let _ = taken.send(match value {
                    Some(value) => self.session.send_input(pipeline, &value),
                    None => self.session.end_input(pipeline),
                });
            }
            Ask::Stop(pipeline) => self.session.stop(now, pipeline),
            Ask::Close(closed) => {
                if self.ended.is_none() {
                    self.closing.push(closed);
                }
                self.session.close(now);
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Opened(opened) => {
                let dropped = self.opened.take().is_some_and(|waiting| waiting.send(Ok(opened)).is_err());
                if dropped {
                    self.session.close(self.now());
                }
            }
            Event::Pipeline(id, event) => self.pipeline_event(id, event),
            Event::PoolHostCall(call) => tracing::debug!(method = call.method.name(), "host call outside of pipelines"),
            Event::Closed => self.end(),
            Event::Broken(error) => {
                tracing::debug!(%error, "session broke");
                if let Some(opened) = self.opened.take() {
                    let _ = opened.send(Err(error.clone()));
                }
                let _ = self.broken.set(error);
                self.end();
            }
        }
    }

    fn end(&mut self) {
        self.ended = Some(clock());
        self.closing.clear();
    }

    fn pipeline_event(&mut self, id: PipelineId, event: PipelineEvent) {
        if let PipelineEvent::HostCall(call) = &event {
            self.answer(id, call);
        }
        let ended = matches!(event, PipelineEvent::Ended(_));
        let Some(listener) = self.listeners.get(&id) else { return };
        // When nobody listens any more, the pipeline was stopped by its drop.
        let _ = listener.events.send(event);
        if ended {
            self.listeners.remove(&id);
        }
    }

    /// At once, whatever the caller is doing: a question that waits blocks the
    /// runspace.
    fn answer(&mut self, id: PipelineId, call: &HostCall) {
        if !call.wants_answer() {
            return;
        }
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        // Somebody else's code: its panic must cost one answer, not the pool.
        let response = std::panic::catch_unwind(AssertUnwindSafe(|| (listener.host)(call))).unwrap_or_else(|_| {
            let (id, message) = ("Wsman.Refused".into(), "the client's host failed".into());
            HostResponse::Refused(Refusal { id, message })
        });
        if let Err(error) = self.session.answer(id, call, &response) {
            tracing::warn!(%error, method = call.method.name(), "an answer could not be sent; stopping");
            self.session.stop(self.now(), id);
        }
    }
}
