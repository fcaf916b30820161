//! The loop that drives a session: the crate's only clock.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;
use uuid::Uuid;

use super::HostFacts;
use super::lanes::{Done, Lanes};
use super::options::{HostPolicy, PoolHost, RunOptions, ShellWatch};
use super::pool::{Pipeline, PoolEvent, ShellFate};
use crate::Error;
use crate::clixml::{SecureString, Value};
use crate::psrp::{Command, GetCommandMetadata, HostCall, HostResponse, Refusal};
use crate::secret::Secret;
use crate::session::{
    Event, ExchangeId, Input, Opened, Output, PipelineEvent, PipelineId, PipelineSpec, PoolAnswer, PoolQuestion,
    Session, ShellNews,
};
use crate::time::Instant;
use crate::transport::{Lost, Reply};

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
    Reveal(Revealing),
    Metadata {
        ask: GetCommandMetadata,
        timeout: Duration,
        started: oneshot::Sender<Result<Pipeline, Error>>,
        asks: mpsc::WeakUnboundedSender<Self>,
    },
    Pool {
        question: PoolQuestion,
        answered: oneshot::Sender<Result<PoolAnswer, Error>>,
    },
    /// Takes over a pipeline of another client.
    Attach {
        command_id: Uuid,
        options: RunOptions,
        started: oneshot::Sender<Result<Pipeline, Error>>,
        asks: mpsc::WeakUnboundedSender<Self>,
    },
    /// Runs a counting command whose Command is sent twice on purpose.
    Probe {
        command: Command,
        probed: oneshot::Sender<bool>,
        started: oneshot::Sender<Result<Pipeline, Error>>,
        asks: mpsc::WeakUnboundedSender<Self>,
    },
    Link {
        link: Link,
        done: oneshot::Sender<Result<(), Error>>,
    },
    /// Events were taken of a pipeline that is held back for them.
    Taken,
    Stop(PipelineId),
    Close {
        within: Duration,
        done: oneshot::Sender<ShellFate>,
    },
}

/// Leaving a shell and coming back.
pub(super) enum Link {
    Disconnect(Option<Duration>),
    Reconnect,
}

/// What ties a driver to its pool's handle.
pub(super) struct PoolSide {
    pub(super) opened: oneshot::Sender<Result<Opened, Error>>,
    /// Why the pool broke.
    pub(super) broken: Arc<OnceLock<Error>>,
    pub(super) early_receive: bool,
    pub(super) host: PoolHost,
    pub(super) events: mpsc::Sender<PoolEvent>,
    pub(super) facts: HostFacts,
    pub(super) shells: Option<ShellWatch>,
    pub(super) fate: Arc<OnceLock<ShellFate>>,
}

/// Somebody who wants to read a SecureString.
pub(super) struct Revealing {
    pub(super) secret: SecureString,
    pub(super) revealed: oneshot::Sender<Result<Secret<String>, Error>>,
}

struct Listener {
    /// Bounded by the session's window, in bytes.
    events: mpsc::UnboundedSender<PipelineEvent>,
    flow: Arc<Flow>,
    host: HostPolicy,
}

/// What a consumer has taken, told without a message for each event.
#[derive(Debug, Default)]
pub(super) struct Flow {
    taken: AtomicUsize,
    /// The driver waits for the consumer.
    held: AtomicBool,
}

impl Flow {
    /// Counts one event; whether the driver must be told.
    pub(super) fn take(&self) -> bool {
        // Both orders are the strongest: whoever comes second sees the other.
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.held.load(Ordering::SeqCst)
    }
}

pub(super) struct Driver {
    session: Session,
    lanes: Lanes,
    asks: mpsc::UnboundedReceiver<Ask>,
    start: tokio::time::Instant,
    opened: Option<oneshot::Sender<Result<Opened, Error>>>,
    listeners: HashMap<PipelineId, Listener>,
    closing: Vec<oneshot::Sender<ShellFate>>,
    /// Until when those wait.
    closing_by: Option<tokio::time::Instant>,
    facts: HostFacts,
    shells: Option<ShellWatch>,
    fate: Arc<OnceLock<ShellFate>>,
    /// Secrets that wait for the session key.
    revealing: Vec<Revealing>,
    /// Questions to the pool.
    pool_calls: HashMap<i64, oneshot::Sender<Result<PoolAnswer, Error>>>,
    /// Input that the host has yet to take.
    feeding: Vec<(PipelineId, oneshot::Sender<Result<(), Error>>)>,
    early_receive: bool,
    pool_host: PoolHost,
    pool_events: mpsc::Sender<PoolEvent>,
    linking: Option<oneshot::Sender<Result<(), Error>>>,
    probing: Option<oneshot::Sender<bool>>,
    /// Why the pool broke, for its handle.
    broken: Arc<OnceLock<Error>>,
    /// When the session ended; its clean-up on the host may go on.
    ended: Option<tokio::time::Instant>,
}

/// How long a session's clean-up may take after its end.
///
/// Chosen: a host that is starting PowerShell answers Create within it, and an
/// exchange that is under way is given up before it is over.
const CLEANUP: Duration = Duration::from_secs(40);

/// How much input may wait for the host before its producer does, in bytes.
///
/// Chosen: two envelopes' worth, so that the line is never idle.
const INPUT_WINDOW: usize = 768 << 10;

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
        pool: PoolSide,
    ) -> Self {
        Self {
            session,
            lanes,
            asks,
            start,
            opened: Some(pool.opened),
            listeners: HashMap::new(),
            closing: Vec::new(),
            closing_by: None,
            facts: pool.facts,
            shells: pool.shells,
            fate: pool.fate,
            revealing: Vec::new(),
            pool_calls: HashMap::new(),
            feeding: Vec::new(),
            early_receive: pool.early_receive,
            pool_host: pool.host,
            pool_events: pool.events,
            linking: None,
            probing: None,
            broken: pool.broken,
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
                let by = self.closing_by.map_or(ended + CLEANUP, |by| by.max(ended + CLEANUP));
                if self.session.is_settled() || clock() >= by {
                    return self.leave();
                }
                // Who waits for a broken session's Delete waits no longer than
                // they said.
                if self.closing_by.is_some_and(|by| clock() >= by) {
                    self.release();
                }
                until = until.min(by).min(self.closing_by.filter(|_| !self.closing.is_empty()).unwrap_or(by));
            }
            tokio::select! {
                ask = self.asks.recv(), if asking => match ask {
                    Some(ask) => self.ask(ask),
                    // The pool's handle is gone: nobody will ask again.
                    None => {
                        asking = false;
                        self.session.abandon(self.now());
                    }
                },
                done = self.lanes.next() => self.done(done),
                () = sleep_until(until) => self.session.handle(self.now(), Input::Tick),
            }
        }
    }

    /// Nothing more is done for the shell.
    fn leave(mut self) {
        if let (Some(shell_id), Some(watch)) = (self.session.remains(), &self.shells) {
            (watch.0)(&ShellNews::Left { shell_id });
        }
        let _ = self.fate.set(ShellFate::of(self.session.remains()));
        self.release();
    }

    /// Tells those who close what is known of the shell.
    fn release(&mut self) {
        for waiting in self.closing.drain(..) {
            let _ = waiting.send(ShellFate::of(self.session.remains()));
        }
    }

    fn now(&self) -> Instant {
        Instant::at(clock().saturating_duration_since(self.start))
    }

    /// Obeys the drain rule; how long to wait, counted from the start.
    fn drain(&mut self) -> Duration {
        // tokio cannot count to Duration::MAX; a year is as good as never.
        const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);
        loop {
            match self.session.poll() {
                Output::Exchange { id, lane, body, hold } => self.lanes.start(clock(), id, lane, body, hold),
                Output::MakeKey(entropy) => self.lanes.make_key(entropy),
                Output::Event(event) => self.event(event),
                Output::Wait { until, .. } => {
                    self.feed();
                    if self.flow() {
                        continue;
                    }
                    return until.since_start().min(NEVER);
                }
            }
        }
    }

    fn done(&mut self, done: Done) {
        let now = self.now();
        match done {
            Done::Key(pair) => self.session.handle(now, Input::Key(pair)),
            Done::Spare(connection) => self.lanes.spare_arrived(clock(), connection),
            Done::Exchange(id, reply, connection) => {
                self.lanes.put_back(clock(), connection);
                self.exchanged(now, id, reply);
            }
        }
    }

    fn exchanged(&mut self, now: Instant, id: ExchangeId, reply: Result<Reply, Lost>) {
        match reply {
            Ok(reply) => self.session.handle(now, Input::Answer { id, status: reply.status, body: &reply.body }),
            Err(lost) => self.session.handle(now, Input::Lost { id, sent: lost.sent, error: lost.error }),
        }
        if let Some(bytes) = self.session.learnt_envelope_bytes() {
            self.facts.learn_envelope_bytes(bytes);
        }
    }

    fn ask(&mut self, ask: Ask) {
        let now = self.now();
        match ask {
            Ask::Run { commands, options, started, asks } => {
                let spec = PipelineSpec {
                    commands,
                    flags: options.flags,
                    // Dialling for it would take longer than it saves.
                    early_receive: self.early_receive && self.lanes.ready(clock()) >= 2,
                    max_output_bytes: options.max_output_bytes,
                    with_input: options.with_input,
                    host: None,
                    first_message_timeout: options.first_message_timeout,
                    timeout: options.timeout,
                };
                let run = self.session.run(now, spec);
                self.begin(run, options.host, asks, started);
            }
            Ask::Metadata { ask, timeout, started, asks } => {
                let run = self.session.command_metadata(now, &ask, timeout);
                self.begin(run, RunOptions::default().host, asks, started);
            }
            Ask::Pool { question, answered } => match self.session.ask_pool(now, question) {
                Ok(call) => drop(self.pool_calls.insert(call, answered)),
                Err(error) => drop(answered.send(Err(error))),
            },
            Ask::Input { pipeline, value, taken } => {
                let result = match value {
                    Some(value) => self.session.send_input(now, pipeline, &value),
                    None => self.session.end_input(pipeline),
                };
                match result {
                    Ok(()) => self.feeding.push((pipeline, taken)),
                    Err(error) => drop(taken.send(Err(error))),
                }
            }
            Ask::Reveal(asked) => match self.session.reveal(now, &asked.secret) {
                Some(result) => drop(asked.revealed.send(result)),
                None => self.revealing.push(asked),
            },
            Ask::Attach { command_id, options, started, asks } => {
                let run = self.session.attach(now, command_id, options.timeout);
                self.begin(run, options.host, asks, started);
            }
            Ask::Link { link, done } => {
                let begun = match link {
                    Link::Disconnect(idle) => self.session.disconnect(now, idle),
                    Link::Reconnect => self.session.reconnect(now),
                };
                match begun {
                    Ok(()) => self.linking = Some(done),
                    Err(error) => drop(done.send(Err(error))),
                }
            }
            Ask::Probe { command, probed, started, asks } => {
                let run = self.session.run_probe(now, PipelineSpec::new(command));
                self.probing = Some(probed);
                self.begin(run, RunOptions::default().host, asks, started);
            }
            Ask::Taken => {}
            Ask::Stop(pipeline) => self.session.stop(now, pipeline),
            Ask::Close { within, done } => {
                let by = clock() + within;
                self.closing_by = Some(self.closing_by.map_or(by, |sooner| sooner.max(by)));
                self.closing.push(done);
                self.session.close_by(now, now + within);
            }
        }
    }

    /// Hands a pipeline to who asked for it. In a broken session none begins,
    /// and what broke it is the reason.
    fn begin(
        &mut self,
        run: Result<PipelineId, Error>,
        host: HostPolicy,
        asks: mpsc::WeakUnboundedSender<Ask>,
        started: oneshot::Sender<Result<Pipeline, Error>>,
    ) {
        let run = run.map_err(|error| self.broken.get().cloned().unwrap_or(error));
        // Dropped when nobody waits any more; that stops it.
        let _ = started.send(run.map(|id| self.listen(id, host, asks)));
    }

    fn listen(&mut self, id: PipelineId, host: HostPolicy, asks: mpsc::WeakUnboundedSender<Ask>) -> Pipeline {
        let (sender, events) = mpsc::unbounded_channel();
        let flow = Arc::new(Flow::default());
        self.listeners.insert(id, Listener { events: sender, flow: Arc::clone(&flow), host });
        Pipeline::new(id, events, asks, flow)
    }

    /// Lets pipelines go on whose consumers have taken enough; whether there
    /// is something to do for one.
    fn flow(&mut self) -> bool {
        let mut resumed = false;
        for (id, listener) in &self.listeners {
            if !self.session.is_held(*id) {
                continue;
            }
            listener.flow.held.store(true, Ordering::SeqCst);
            let taken = listener.flow.taken.swap(0, Ordering::SeqCst);
            // Who is gone takes everything.
            self.session.taken(*id, if listener.events.is_closed() { usize::MAX } else { taken });
            if !self.session.is_held(*id) {
                listener.flow.held.store(false, Ordering::SeqCst);
                resumed = true;
            }
        }
        resumed
    }

    /// Lets producers go on whose input the host takes fast enough.
    fn feed(&mut self) {
        let session = &self.session;
        for (_, taken) in self.feeding.extract_if(.., |(id, _)| session.backlog(*id) <= INPUT_WINDOW) {
            let _ = taken.send(Ok(()));
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Shell(news) => {
                if let Some(watch) = &self.shells {
                    (watch.0)(&news);
                }
            }
            Event::Opened(opened) => {
                let dropped = self.opened.take().is_some_and(|waiting| waiting.send(Ok(opened)).is_err());
                if dropped {
                    self.session.close(self.now());
                }
            }
            Event::Pipeline(id, event) => self.pipeline_event(id, event),
            Event::PoolHostCall(call) => {
                if call.wants_answer() {
                    let response = ask_policy(&mut self.pool_host.0, &call);
                    if let Err(error) = self.session.answer_pool(self.now(), &call, &response) {
                        tracing::warn!(%error, method = call.method.name(), "an answer of the pool could not be sent");
                    }
                }
                self.tell(PoolEvent::HostCall(call));
            }
            Event::UserEvent(event) => self.tell(PoolEvent::User(event)),
            Event::PoolAnswer { call, answer } => {
                if let Some(answered) = self.pool_calls.remove(&call) {
                    let _ = answered.send(answer);
                }
            }
            Event::Probed(_, replayed) => {
                if let Some(probed) = self.probing.take() {
                    let _ = probed.send(replayed);
                }
            }
            Event::Disconnected | Event::Reconnected => self.linked(Ok(())),
            Event::LinkFailed(error) => self.linked(Err(error)),
            Event::Key(key) => self.reveal(&key),
            Event::Closed => {
                self.end();
                self.release();
            }
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

    fn linked(&mut self, result: Result<(), Error>) {
        if let Some(done) = self.linking.take() {
            let _ = done.send(result);
        }
    }

    /// Nobody need listen; who listens too slowly misses some.
    fn tell(&self, event: PoolEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.pool_events.try_send(event) {
            tracing::warn!("an event of the pool is dropped: nobody takes them");
        }
    }

    /// The session key is there, or will not come.
    fn reveal(&mut self, key: &Result<(), Error>) {
        for Revealing { secret, revealed } in std::mem::take(&mut self.revealing) {
            let result = match key {
                Ok(()) => self.session.reveal(self.now(), &secret).unwrap_or_else(|| Err(super::pool::closed())),
                Err(error) => Err(error.clone()),
            };
            let _ = revealed.send(result);
        }
    }

    fn end(&mut self) {
        self.ended = Some(clock());
        self.revealing.clear();
        self.feeding.clear();
        self.pool_calls.clear();
        self.linking = None;
        self.probing = None;
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
        let response = ask_policy(&mut listener.host, call);
        if response == HostResponse::Stop {
            return self.session.stop(self.now(), id);
        }
        if let Err(error) = self.session.answer(self.now(), id, call, &response) {
            tracing::warn!(%error, method = call.method.name(), "an answer could not be sent; stopping");
            self.session.stop(self.now(), id);
        }
    }
}

/// Somebody else's code: its panic must cost one answer, not the pool.
fn ask_policy(policy: &mut HostPolicy, call: &HostCall) -> HostResponse {
    std::panic::catch_unwind(AssertUnwindSafe(|| policy(call))).unwrap_or_else(|_| {
        let (id, message) = ("Wsman.Refused".into(), "the client's host failed".into());
        HostResponse::Refused(Refusal { id, message })
    })
}
