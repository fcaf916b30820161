//! The loop that drives a session: the crate's only clock.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::lanes::{Done, Lanes};
use super::options::{HostPolicy, RunOptions};
use crate::Error;
use crate::clixml::Value;
use crate::psrp::{Command, HostCall};
use crate::session::{Event, Input, Opened, Output, PipelineEvent, PipelineId, PipelineSpec, Session};
use crate::time::Instant;

/// What a handle asks of its driver.
pub(super) enum Ask {
    Run {
        commands: Vec<Command>,
        options: RunOptions,
        started: oneshot::Sender<Result<Started, Error>>,
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

pub(super) struct Started {
    pub(super) id: PipelineId,
    pub(super) events: mpsc::UnboundedReceiver<PipelineEvent>,
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
    broken: Option<Error>,
    /// The session has ended; what is still in flight may finish.
    ended: bool,
}

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
    ) -> Self {
        Self {
            session,
            lanes,
            asks,
            start,
            opened: Some(opened),
            listeners: HashMap::new(),
            closing: Vec::new(),
            broken: None,
            ended: false,
        }
    }

    /// Until the session has ended and everybody knows.
    pub(super) async fn run(mut self) {
        let mut asking = true;
        loop {
            let until = self.drain();
            if self.ended {
                break;
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
                () = sleep_until(self.start + until) => self.session.handle(self.now(), Input::Tick),
            }
        }
        self.farewell().await;
    }

    /// After the end: the Delete of a broken session may still be on its way,
    /// and late questions get their answer.
    async fn farewell(mut self) {
        let by = clock() + std::time::Duration::from_secs(5);
        self.asks.close();
        while let Ok(ask) = self.asks.try_recv() {
            self.ask(ask);
        }
        for waiting in self.closing.drain(..) {
            let _ = waiting.send(());
        }
        if self.broken.is_some() {
            let _ = tokio::time::timeout_at(by, self.lanes.finish()).await;
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
            Ask::Run { commands, options, started } => {
                let spec = PipelineSpec {
                    commands,
                    with_input: options.with_input,
                    first_message_timeout: options.first_message_timeout,
                    timeout: options.timeout,
                };
                let run = match &self.broken {
                    Some(error) => Err(error.clone()),
                    None => self.session.run(now, spec),
                };
                let run = run.map(|id| {
                    let (sender, events) = mpsc::unbounded_channel();
                    self.listeners.insert(id, Listener { events: sender, host: options.host });
                    Started { id, events }
                });
                if let Err(Ok(started)) = started.send(run) {
                    self.session.stop(now, started.id);
                }
            }
            Ask::Input { pipeline, value, taken } => {
                let _ = taken.send(match value {
                    Some(value) => self.session.send_input(pipeline, &value),
                    None => self.session.end_input(pipeline),
                });
            }
            Ask::Stop(pipeline) => self.session.stop(now, pipeline),
            Ask::Close(closed) => {
                self.closing.push(closed);
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
            Event::Closed => self.ended = true,
            Event::Broken(error) => {
                tracing::debug!(%error, "session broke");
                if let Some(opened) = self.opened.take() {
                    let _ = opened.send(Err(error.clone()));
                }
                self.broken = Some(error);
                self.ended = true;
            }
        }
    }

    fn pipeline_event(&mut self, id: PipelineId, event: PipelineEvent) {
        if let PipelineEvent::HostCall(call) = &event {
            self.answer(id, call);
        }
        let ended = matches!(event, PipelineEvent::Ended(_));
        let Some(listener) = self.listeners.get(&id) else { return };
        // Nobody listens any more: the pipeline was stopped when the handle
        // was dropped.
        let _ = listener.events.send(event);
        if ended {
            self.listeners.remove(&id);
        }
    }

    /// At once, whatever the caller is doing: a question that waits blocks the
    /// runspace.
    fn answer(&mut self, id: PipelineId, call: &HostCall) {
        if !call.method.wants_answer() {
            return;
        }
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        let response = (listener.host)(call);
        if let Err(error) = self.session.answer(id, call, &response) {
            tracing::warn!(%error, method = call.method.name(), "an answer could not be sent; stopping");
            self.session.stop(self.now(), id);
        }
    }
}
