//! The handles.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::driver::{Ask, Driver, Flow, Link, PoolSide, Revealing, clock};
use super::lanes::Lanes;
use super::{Options, RunOptions};
use crate::clixml::{SecureString, Value};
use crate::entropy::Entropy;
use crate::psrp::{
    Command, CommandMetadata, ErrorRecord, GetCommandMetadata, HostCall, InformationRecord, ProgressRecord, UserEvent,
};
use crate::secret::Secret;
use crate::session::{
    Answers, Config, End, Irregularity, Opened, PipelineEvent, PipelineId, PoolAnswer, PoolQuestion, Session,
};
use crate::time::Instant;
use crate::{Effect, Error, ErrorKind, Retry};

/// An open runspace pool.
///
/// Dropping it deletes the shell in the background, as long as the runtime
/// lives, unless it was left with [`RunspacePool::disconnect`];
/// [`RunspacePool::close`] deletes it and waits for that.
#[derive(Debug)]
pub struct RunspacePool {
    asks: mpsc::UnboundedSender<Ask>,
    opened: Opened,
    broken: Arc<OnceLock<Error>>,
    /// What became of the shell, once the driver is through with it.
    fate: Arc<OnceLock<ShellFate>>,
    stop_timeout: Duration,
    events: Mutex<Option<mpsc::Receiver<PoolEvent>>>,
}

impl RunspacePool {
    /// Signs in and opens a pool.
    ///
    /// Takes three requests besides the sign-in, and at most
    /// [`Config::open_timeout`](crate::session::Config::open_timeout). When the
    /// future is dropped, what was opened is deleted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`]: the host refused the sign-in, do not repeat it.
    /// [`ErrorKind::Tls`]: its certificate was refused, or there is no TLS.
    /// [`ErrorKind::Unreachable`], [`ErrorKind::TimedOut`]: no host there.
    /// [`ErrorKind::PeerMisbehaved`]: something that is no WinRM host.
    /// [`ErrorKind::Refused`]: a fault, see [`Error::fault`].
    pub async fn open(options: Options) -> Result<Self, Error> {
        Self::drive(options, |config, entropy| Session::open(Instant::START, config, entropy)).await
    }

    /// Connects to a pool that another client has left on the host, by the id
    /// of its shell ([`Opened::shell_id`], [`Shells::list`](super::Shells)).
    /// What runs in it is taken over with [`RunspacePool::attach`]. From then
    /// on the pool is this one's: closing or dropping it deletes it.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::open`]; fault 2150859213: its client is still there.
    pub async fn connect(options: Options, shell_id: &str) -> Result<Self, Error> {
        let shell_id = shell_id.to_owned();
        Self::drive(options, move |config, entropy| Session::connect(Instant::START, config, entropy, &shell_id)).await
    }

    async fn drive(
        options: Options,
        begin: impl FnOnce(Config, Entropy) -> Result<Session, Error>,
    ) -> Result<Self, Error> {
        let start = clock();
        options.target.check()?;
        let mut config = options.session;
        if !options.target.is_proven() {
            config.answers = Answers::ClearText;
        }
        let least = [config.max_envelope_bytes, options.facts.envelope_bytes()].into_iter().flatten().min();
        config.max_envelope_bytes = least;
        let stop_timeout = config.stop_timeout;
        let lanes = Lanes::new(options.target, options.connect_timeout).watched(start, options.watch);
        let lanes = if options.early_receive { lanes.for_early_receives() } else { lanes };
        let session = begin(config, options.entropy)?;
        let (asks, inbox) = mpsc::unbounded_channel();
        let (sender, opened) = oneshot::channel();
        let broken: Arc<OnceLock<Error>> = Arc::default();
        let fate: Arc<OnceLock<ShellFate>> = Arc::default();
        let (telling, events) = mpsc::channel(EVENTS);
        let side = PoolSide {
            opened: sender,
            broken: Arc::clone(&broken),
            early_receive: options.early_receive,
            host: options.pool_host,
            events: telling,
            facts: options.facts,
            shells: options.shells,
            fate: Arc::clone(&fate),
        };
        tokio::spawn(Driver::new(session, lanes, inbox, start, side).run());
        let opened = opened.await.unwrap_or_else(|_| Err(driver_gone()))?;
        Ok(Self { asks, opened, broken, fate, stop_timeout, events: Mutex::new(Some(events)) })
    }

    /// Takes over a pipeline that runs here since before one connected; of
    /// `options` the host and the timeout count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: this pool has it already. That the host does not
    /// know it is the pipeline's end, [`End::Lost`].
    pub async fn attach(&self, command_id: Uuid, options: RunOptions) -> Result<Pipeline, Error> {
        let asks = self.asks.downgrade();
        self.ask(|started| Ask::Attach { command_id, options, started, asks }).await
    }

    /// Leaves the pool on the host, with what runs in it; the host keeps its
    /// output for `idle_timeout` at most, or, when that is `None`, for as long
    /// as the shell was created with: four minutes, see
    /// [`Config::idle_timeout`](crate::session::Config::idle_timeout). A pool that is dropped now stays
    /// there, for [`RunspacePool::reconnect`] or another process's
    /// [`RunspacePool::connect`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: it is not open, or a pipeline is not wholly sent
    /// yet; else the host's.
    pub async fn disconnect(&self, idle_timeout: Option<Duration>) -> Result<(), Error> {
        self.link(Link::Disconnect(idle_timeout)).await
    }

    /// Comes back to the pool; its pipelines go on by themselves.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: it was not left; else the host's.
    pub async fn reconnect(&self) -> Result<(), Error> {
        self.link(Link::Reconnect).await
    }

    /// Finds out whether the host may be trusted to say an answer again instead
    /// of acting again: a command that counts is sent twice, as a client does
    /// whose line broke, and its count is looked at. Leaves the variable
    /// `$global:WsmanProbe` in the session.
    ///
    /// `true` is the proof that
    /// [`Robustness::Retransmitted`](crate::session::Robustness) asks for.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::run`].
    pub async fn prove_retransmission(&self) -> Result<bool, Error> {
        let (probed, replayed) = oneshot::channel();
        let (asks, command) = (self.asks.downgrade(), Command::script(PROBE));
        let counted = self.ask(|started| Ask::Probe { command, probed, started, asks }).await?.collect().await?;
        let replayed = replayed.await.unwrap_or(false);
        let once = matches!(counted.end, End::Completed);
        let count = self.invoke(Command::script(COUNT)).await?;
        Ok(replayed && once && count.objects == [Value::I32(1)])
    }

    async fn link(&self, link: Link) -> Result<(), Error> {
        self.ask(|done| Ask::Link { link, done }).await
    }

    /// Asks the driver, and waits for its answer.
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Ask) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        self.asks.send(ask(sender)).map_err(|_| self.ended())?;
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// What is known of the pool.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Whether the pool still takes pipelines.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.asks.is_closed() && self.broken.get().is_none()
    }

    /// Runs one command to its end and collects everything.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::run`]. A script that fails is not an error: see
    /// [`Output::end`].
    pub async fn invoke(&self, command: Command) -> Result<Output, Error> {
        self.run(vec![command], RunOptions::default()).await?.collect().await
    }

    /// Starts a pipeline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] when an argument does not travel; the error that
    /// broke the pool when it is broken. Nothing ran.
    pub async fn run(&self, commands: Vec<Command>, options: RunOptions) -> Result<Pipeline, Error> {
        let asks = self.asks.downgrade();
        self.ask(|started| Ask::Run { commands, options, started, asks }).await
    }

    /// Asks the host for commands and their parameters (GET_COMMAND_METADATA),
    /// a minute at most.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::run`], and the host's: [`ErrorKind::Refused`] when
    /// it failed.
    pub async fn command_metadata(&self, ask: GetCommandMetadata) -> Result<Vec<CommandMetadata>, Error> {
        let (asks, timeout) = (self.asks.downgrade(), Duration::from_secs(60));
        let output = self.ask(|started| Ask::Metadata { ask, timeout, started, asks }).await?.collect().await?;
        match output.end {
            End::Completed => Ok(output.objects.iter().filter_map(CommandMetadata::from_value).collect()),
            End::Lost(error) => Err(error),
            _ => Err(Error::new(ErrorKind::Refused, "the host did not say its commands")),
        }
    }

    /// Changes the most runspaces; whether the host did it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`]: no answer; or the error that broke the pool.
    pub async fn set_max_runspaces(&self, most: i32) -> Result<bool, Error> {
        self.ask_pool(PoolQuestion::SetMaxRunspaces(most)).await.map(|answer| answer == PoolAnswer::Done(true))
    }

    /// Changes the least runspaces; whether the host did it.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::set_max_runspaces`].
    pub async fn set_min_runspaces(&self, least: i32) -> Result<bool, Error> {
        self.ask_pool(PoolQuestion::SetMinRunspaces(least)).await.map(|answer| answer == PoolAnswer::Done(true))
    }

    /// How many runspaces can be used now.
    ///
    /// # Errors
    ///
    /// As [`RunspacePool::set_max_runspaces`].
    pub async fn available_runspaces(&self) -> Result<i64, Error> {
        match self.ask_pool(PoolQuestion::AvailableRunspaces).await? {
            PoolAnswer::Available(n) => Ok(n),
            PoolAnswer::Done(_) => {
                Err(Error::new(ErrorKind::PeerMisbehaved, "the host's answer does not fit the request"))
            }
        }
    }

    /// Clears variables and preferences; functions stay. False while a
    /// pipeline runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] below protocol 2.3; else as
    /// [`RunspacePool::set_max_runspaces`].
    pub async fn reset_runspace_state(&self) -> Result<bool, Error> {
        self.ask_pool(PoolQuestion::ResetRunspaceState).await.map(|answer| answer == PoolAnswer::Done(true))
    }

    async fn ask_pool(&self, question: PoolQuestion) -> Result<PoolAnswer, Error> {
        self.ask(|answered| Ask::Pool { question, answered }).await
    }

    fn ended(&self) -> Error {
        self.broken.get().cloned().unwrap_or_else(closed)
    }

    /// What happens outside of pipelines; `None` the second time. Without
    /// [`Config::parked_receive`](crate::session::Config::parked_receive)
    /// hardly anything of it is heard.
    pub fn events(&self) -> Option<PoolEvents> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take().map(PoolEvents)
    }

    /// The secret of a SecureString that came from this pool. The first one
    /// costs a key exchange: two requests, and an RSA key pair (some hundred
    /// milliseconds of a processor).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: a secret of another pool, or no text;
    /// [`ErrorKind::TimedOut`]: the host sent no key.
    pub async fn reveal(&self, secret: &SecureString) -> Result<Secret<String>, Error> {
        self.ask(|revealed| Ask::Reveal(Revealing { secret: secret.clone(), revealed })).await
    }

    /// Deletes the shell and waits for it, a few seconds at most.
    pub async fn close(self) -> ShellFate {
        // As long as the host has for a stop.
        let within = self.stop_timeout;
        self.close_within(within).await
    }

    /// Deletes the shell and waits for it; Delete is repeated until then. A
    /// shell that is not known to be gone can be deleted later, by its id
    /// ([`Shells::remove_id`](super::Shells::remove_id)).
    pub async fn close_within(self, within: Duration) -> ShellFate {
        let (sender, done) = oneshot::channel();
        let asked = self.asks.send(Ask::Close { within, done: sender }).is_ok();
        // Bounded by the session already; this is for a driver that died.
        let bound = within.saturating_add(Duration::from_secs(10));
        let told = if asked { tokio::time::timeout(bound, done).await.ok().and_then(Result::ok) } else { None };
        told.or_else(|| self.fate.get().cloned())
            .unwrap_or_else(|| ShellFate::Unknown { shell_id: self.opened.shell_id.clone() })
    }
}

/// What became of a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellFate {
    /// It is known not to be there any more.
    Gone,
    /// The host has not said so, or the pool was left there on purpose.
    Unknown {
        /// Its id.
        shell_id: String,
    },
}

impl ShellFate {
    pub(super) fn of(remains: Option<String>) -> Self {
        remains.map_or(Self::Gone, |shell_id| Self::Unknown { shell_id })
    }
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unreachable, "the runspace pool has ended").with_retry(Retry::AfterReopen)
}

fn driver_gone() -> Error {
    Error::new(ErrorKind::Unreachable, "the runspace pool's task has ended").with_retry(Retry::AfterReopen)
}

/// Something that happened outside of pipelines.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PoolEvent {
    /// An event that a script forwarded.
    User(UserEvent),
    /// A host call; the pool's policy has answered it, if it wants an answer.
    HostCall(HostCall),
}

/// Counts. Each run adds one.
const PROBE: &str = "$global:WsmanProbe = 1 + [int]$global:WsmanProbe";
/// Says the count, and begins anew.
const COUNT: &str = "[int]$global:WsmanProbe; $global:WsmanProbe = 0";

/// How many events wait for a slow listener. Chosen: a burst of a few seconds.
const EVENTS: usize = 1024;

/// The events of a pool, until its end. Who does not take them misses those
/// beyond the first 1024.
#[derive(Debug)]
pub struct PoolEvents(mpsc::Receiver<PoolEvent>);

impl PoolEvents {
    /// The next one; `None`: the pool has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<PoolEvent> {
        self.0.recv().await
    }
}

/// A running pipeline: a stream of events that ends with
/// [`PipelineEvent::Ended`].
///
/// Dropping it before the end stops it on the host.
#[derive(Debug)]
pub struct Pipeline {
    id: PipelineId,
    events: mpsc::UnboundedReceiver<PipelineEvent>,
    flow: Arc<Flow>,
    /// Weak: a pipeline does not keep its pool open.
    asks: mpsc::WeakUnboundedSender<Ask>,
    ended: bool,
}

impl Pipeline {
    pub(super) fn new(
        id: PipelineId,
        events: mpsc::UnboundedReceiver<PipelineEvent>,
        asks: mpsc::WeakUnboundedSender<Ask>,
        flow: Arc<Flow>,
    ) -> Self {
        Self { id, events, flow, asks, ended: false }
    }

    /// The next event; `None` after the end. Cancel-safe.
    ///
    /// Who does not call it holds the pipeline back on its host, once
    /// [`Config::window_bytes`](crate::session::Config::window_bytes) wait here.
    pub async fn next(&mut self) -> Option<PipelineEvent> {
        if self.ended {
            return None;
        }
        let event = self
            .events
            .recv()
            .await
            .unwrap_or_else(|| PipelineEvent::Ended(End::Lost(driver_gone().after(Effect::MayHaveRun))));
        self.ended = matches!(event, PipelineEvent::Ended(_));
        if self.flow.take()
            && let Some(asks) = self.asks.upgrade()
        {
            let _ = asks.send(Ask::Taken);
        }
        Some(event)
    }

    /// Its id on the host; another client takes it over by it.
    #[must_use]
    pub fn command_id(&self) -> Uuid {
        self.id.command_id()
    }

    /// Asks the host to stop it; go on with [`Pipeline::next`] to its end,
    /// which comes within seconds.
    pub fn stop(&self) {
        if let Some(asks) = self.asks.upgrade() {
            let _ = asks.send(Ask::Stop(self.id));
        }
    }

    /// Sends one input object. Waits while more than about 768 KB of input
    /// wait for the host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: null, a value that does not travel, or the
    /// pipeline has ended.
    pub async fn send_input(&self, value: Value) -> Result<(), Error> {
        self.input(Some(value)).await
    }

    /// Ends the input.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the pipeline has ended.
    pub async fn end_input(&self) -> Result<(), Error> {
        self.input(None).await
    }

    async fn input(&self, value: Option<Value>) -> Result<(), Error> {
        let (taken, answer) = oneshot::channel();
        let asks = self.asks.upgrade().ok_or_else(closed)?;
        asks.send(Ask::Input { pipeline: self.id, value, taken }).map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Collects everything to the end.
    ///
    /// # Errors
    ///
    /// The error of [`End::Lost`]; what came before it is dropped.
    pub async fn collect(mut self) -> Result<Output, Error> {
        let mut output = Output { end: End::Completed, ..Output::default() };
        while let Some(event) = self.next().await {
            match event {
                PipelineEvent::Output(value) => output.objects.push(value),
                PipelineEvent::Error(error) => output.errors.push(error),
                PipelineEvent::Warning(text) => output.warnings.push(text),
                PipelineEvent::Verbose(text) => output.verbose.push(text),
                PipelineEvent::Debug(text) => output.debug.push(text),
                PipelineEvent::Information(record) => output.information.push(record),
                PipelineEvent::Progress(record) => output.progress.push(record),
                PipelineEvent::HostCall(call) => output.host_calls.push(call),
                PipelineEvent::Unreadable { .. } => output.unreadable += 1,
                PipelineEvent::Irregular(what) => output.irregular.push(what),
                PipelineEvent::Dropped { messages, .. } => output.dropped += messages,
                PipelineEvent::Ended(End::Lost(error)) => return Err(error),
                PipelineEvent::Ended(end) => output.end = end,
            }
        }
        Ok(output)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.ended {
            self.stop();
        }
    }
}

/// Everything that a pipeline brought.
#[derive(Debug)]
pub struct Output {
    /// How it ended: completed, failed or stopped.
    pub end: End,
    /// Output objects.
    pub objects: Vec<Value>,
    /// Errors that did not end it.
    pub errors: Vec<ErrorRecord>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Verbose texts.
    pub verbose: Vec<String>,
    /// Debug texts.
    pub debug: Vec<String>,
    /// Information records.
    pub information: Vec<InformationRecord>,
    /// Progress records.
    pub progress: Vec<ProgressRecord>,
    /// Host calls, void ones too.
    pub host_calls: Vec<HostCall>,
    /// Records and objects that could not be read, and are missing here.
    pub unreadable: usize,
    /// What is wrong with the host's messages: more or fewer than it said.
    pub irregular: Vec<Irregularity>,
    /// Messages beyond [`RunOptions::max_output_bytes`], which are missing here.
    pub dropped: u64,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            end: End::Completed,
            objects: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            verbose: Vec::new(),
            debug: Vec::new(),
            information: Vec::new(),
            progress: Vec::new(),
            host_calls: Vec::new(),
            unreadable: 0,
            irregular: Vec::new(),
            dropped: 0,
        }
    }
}
