//! Leaving a shell and coming back: Disconnect, Reconnect, Connect.

use uuid::Uuid;

use super::super::exchange::Purpose;
use super::super::pipeline::Phase;
use super::super::{Event, PipelineId};
use super::{Session, State};
use crate::entropy::Entropy;
use crate::psrp::fragment::Assembler;
use crate::psrp::{self, Message, MessageType, SessionCapability};
use crate::session::Config;
use crate::soap::Operation;
use crate::time::{Duration, Instant};
use crate::{Effect, Error, ErrorKind};

impl Session {
    /// Starts to connect to a pool that another client has left, by the id of
    /// its shell; poll for the first exchange. [`Event::Opened`] says that it
    /// worked; its pipelines are taken over with [`Session::attach`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: a setting is out of its range, or the id is none
    /// of a pool.
    pub fn connect(now: Instant, config: Config, mut entropy: Entropy, shell_id: &str) -> Result<Self, Error> {
        config.check()?;
        let no_pool = |_| Error::new(ErrorKind::Misuse, "not the id of a pool's shell");
        // The shells of pools have their pools' ids: ours, PowerShell's,
        // pypsrp's.
        let pool_id = Uuid::try_parse(shell_id).map_err(no_pool)?;
        let session_id = entropy.uuid();
        let mut session = Self::new(config, entropy, pool_id, session_id);
        session.shell_id = Some(shell_id.to_owned());
        session.state = State::AwaitConnect { by: now + session.config.open_timeout };
        let unfit = |error| Error::new(ErrorKind::Misuse, "a connection cannot be asked for").with_source(error);
        let capability = SessionCapability { protocol: session.config.protocol }.encode().map_err(unfit)?;
        let ask = psrp::encode(&crate::clixml::Value::from("")).map_err(unfit)?;
        let mut connect = Vec::new();
        for (kind, payload) in [(MessageType::SessionCapability, capability), (MessageType::ConnectRunspacePool, ask)] {
            let message = Message::to_server(kind, pool_id, None, payload);
            connect.extend(session.fragments(&message).into_iter().flatten());
        }
        let protocol_version = session.config.protocol.to_string();
        session.exchange(Purpose::Connect, Operation::Connect { command_id: None, protocol_version, connect });
        Ok(session)
    }

    /// Takes over a pipeline that runs in a pool one has connected to. Its
    /// output goes on where its former client stopped to listen; a message
    /// that was under way then is lost.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open, or has the pipeline
    /// already.
    pub fn attach(&mut self, now: Instant, command_id: Uuid, timeout: Duration) -> Result<PipelineId, Error> {
        self.check_open()?;
        if self.pipelines.contains_key(&command_id) {
            return Err(Error::new(ErrorKind::Misuse, "the session has this pipeline already"));
        }
        self.insert_pipeline(now, command_id, timeout, timeout, None);
        if let Some(pipeline) = self.pipelines.get_mut(&command_id) {
            pipeline.phase = Phase::AwaitCommand;
            pipeline.assembler = Assembler::resuming(Assembler::DEFAULT_LIMIT);
        }
        let operation =
            Operation::Connect { command_id: Some(command_id), protocol_version: String::new(), connect: Vec::new() };
        self.exchange(Purpose::Attach(command_id), operation);
        Ok(PipelineId(command_id))
    }

    /// Leaves the shell: its pipelines go on, and the host keeps their output
    /// for whoever comes, for `idle_timeout` at most (what it was created
    /// with, `Config::idle_timeout`, when it is `None`).
    /// [`Event::Disconnected`] says that it worked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session is not open, or a pipeline is not
    /// wholly sent yet.
    pub fn disconnect(&mut self, now: Instant, idle_timeout: Option<Duration>) -> Result<(), Error> {
        self.check_open()?;
        let half = |p: &super::Pipeline| p.phase != Phase::AwaitOutput || p.sending.is_some() || !p.pending.is_empty();
        if self.pipelines.values().any(half) {
            return Err(Error::new(ErrorKind::Misuse, "a pipeline is not wholly sent yet"));
        }
        self.state = State::AwaitDisconnect { by: now + self.config.open_timeout };
        self.exchange(Purpose::Disconnect, Operation::Disconnect { idle_timeout });
        Ok(())
    }

    /// Comes back to the shell that was left. [`Event::Reconnected`] says that
    /// it worked; the pipelines go on by themselves.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: the session was not left.
    pub fn reconnect(&mut self, now: Instant) -> Result<(), Error> {
        let State::Disconnected { since } = self.state else {
            return Err(Error::new(ErrorKind::Misuse, "the session is not disconnected"));
        };
        // Nobody waited meanwhile.
        let away = now - since;
        for pipeline in self.pipelines.values_mut() {
            pipeline.deadline = pipeline.deadline + away;
            pipeline.first_message_by = pipeline.first_message_by + away;
        }
        self.state = State::AwaitReconnect { by: now + self.config.open_timeout };
        self.exchange(Purpose::Reconnect, Operation::Reconnect { command_id: None });
        Ok(())
    }

    /// Forgets the session: a shell that was left stays on the host for
    /// somebody else, any other is closed.
    pub fn abandon(&mut self, now: Instant) {
        if matches!(self.state, State::Disconnected { .. }) {
            self.pipelines.clear();
            self.state = State::Ended;
            self.event(Event::Closed);
        } else {
            self.close(now);
        }
    }

    /// Whether the shell was left and can be come back to.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        matches!(self.state, State::Disconnected { .. })
    }

    /// The host's word on leaving, which ends what it held.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.state, State::AwaitDisconnect { .. } | State::Disconnected { .. } | State::AwaitReconnect { .. })
    }

    pub(super) fn left(&mut self, now: Instant) {
        if matches!(self.state, State::AwaitDisconnect { .. }) {
            self.repeats.clear();
            self.state = State::Disconnected { since: now };
            self.event(Event::Disconnected);
        }
    }

    /// The shell is back; its commands are asked for one by one.
    ///
    /// Spec: "does not automatically reconnect any commands" ([MS-PSRP]
    /// §3.1.5.3.18).
    pub(super) fn back(&mut self) {
        if !matches!(self.state, State::AwaitReconnect { .. }) {
            return;
        }
        self.state = State::Open;
        let ids: Vec<_> = self.pipelines.keys().copied().collect();
        for id in ids {
            self.exchange(Purpose::ReconnectCommand(id), Operation::Reconnect { command_id: Some(id) });
        }
        self.event(Event::Reconnected);
        self.want_pool_receive();
    }

    /// A command is back: its output goes on.
    pub(super) fn command_back(&mut self, id: Uuid) {
        let asked = self.is_out(Purpose::Receive(id));
        if let Some(pipeline) = self.pipelines.get_mut(&id).filter(|_| !asked) {
            pipeline.held = false;
            self.receive(id);
        }
    }

    /// The answer to Connect: the pool is open, as it was.
    pub(super) fn connected(&mut self, now: Instant, answer: &[u8]) {
        let State::AwaitConnect { by } = self.state else {
            // Given up meanwhile. It is somebody's work: left as it was found.
            return self.exchange(Purpose::Disconnect, Operation::Disconnect { idle_timeout: None });
        };
        let unreadable = || Error::new(ErrorKind::PeerMisbehaved, "the answer to a connection is unreadable");
        let messages = match Assembler::new(Assembler::DEFAULT_LIMIT).push(answer) {
            Ok(messages) => messages,
            Err(error) => return self.break_with(&unreadable().with_source(error)),
        };
        self.state = State::AwaitPool { by };
        self.shell_made();
        for message in messages {
            if let Err(error) = self.pool_message(now, &message) {
                return self.break_with(&error);
            }
        }
        if self.protocol.is_none() {
            return self.break_with(&unreadable());
        }
        // Seen: no RUNSPACEPOOL_STATE need come, only APPLICATION_PRIVATE_DATA
        // with the next Receive (recording test_psrp_disconnect_runspaces).
        self.connecting = true;
        self.want_pool_receive();
    }

    /// A pipeline that cannot be taken over.
    pub(super) fn not_attached(&mut self, id: Uuid, error: Error) {
        self.forget(id, super::End::Lost(error.after(Effect::MayHaveRun)));
    }
}
