//! Our client, made to do what the recorded one did.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;
use wsman::clixml::{SecureString, Value};
use wsman::entropy::Entropy;
use wsman::psrp::{
    CreatePipeline, GetCommandMetadata, HostCall, HostResponse, InitRunspacePool, KeyPair, Message, MessageType,
    ProtocolVersion, PublicKey, SessionCapability,
};
use wsman::session::{
    Config, Event, ExchangeId, Input, Irregularity, Output, PipelineEvent, PipelineId, PipelineSpec, PoolQuestion,
    Session,
};
use wsman::soap::{Answer, AnswerEnvelope, Operation, Request, SignalCode};
use wsman::time::Instant;

use super::super::messages::Found;
use super::super::recording::{Exchange, Recording};
use super::Trouble;
use super::adapt::{Ids, upper};
use super::heard::{self, Lines};
use super::secrets::in_clear;
use super::statements::{self, Said};

/// A request of ours that waits for its answer.
struct Asked {
    id: ExchangeId,
    /// Place among all that was sent.
    place: usize,
    request: Request,
}

pub(crate) struct Client {
    session: Session,
    now: Instant,
    asked: Vec<Asked>,
    /// Recorded answers to Receives that our client has not asked for yet.
    backlog: Vec<(Option<Uuid>, Option<Uuid>, Vec<u8>)>,
    /// What was sent, with the answers.
    sent: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    ids: Ids,
    heard: BTreeMap<Uuid, Lines>,
    calls: Vec<(Option<PipelineId>, HostCall)>,
    pipelines: Vec<PipelineId>,
    pool_lines: Vec<String>,
    ended: Vec<Uuid>,
    protocol: ProtocolVersion,
    /// Secrets were sealed with a key that was never kept.
    opaque: bool,
    broken: Option<String>,
}

impl Client {
    /// Opens a session as the recorded client did.
    pub(crate) fn start(request: &Request, began: &[&Found], entropy: Option<u64>) -> Result<Self, Trouble> {
        let mut config = Config::new("http://127.0.0.1:5985/wsman");
        let uri = &request.header.resource_uri;
        config.configuration_name = uri.rsplit('/').next().unwrap_or_default().to_owned();
        config.parked_receive = true;
        let messages = decode_all(began)?;
        let payload = |kind| messages.iter().find(|message| message.kind == kind).map(|message| &message.payload[..]);
        let missing = |what: &str| Trouble::LeftOut(format!("its opening has no {what}"));
        let capability = payload(MessageType::SessionCapability).ok_or_else(|| missing("SESSION_CAPABILITY"))?;
        config.protocol = SessionCapability::decode(capability).map_err(Trouble::wrong)?.protocol;
        let entropy = Entropy::seeded(entropy.unwrap_or(7));
        let (protocol, pool, session) = match &request.operation {
            Operation::Create { shell_id, name, idle_timeout, .. } => {
                let init = payload(MessageType::InitRunspacePool).ok_or_else(|| missing("INIT_RUNSPACEPOOL"))?;
                let read = InitRunspacePool::decode(init).map_err(Trouble::wrong)?;
                can_say("INIT_RUNSPACEPOOL", init, &[read.encode()], false)?;
                config.min_runspaces = read.min_runspaces;
                config.max_runspaces = read.max_runspaces;
                config.host = read.host;
                config.application_arguments = read.application_arguments;
                config.shell_name.clone_from(name);
                config.idle_timeout = *idle_timeout;
                (config.protocol, *shell_id, Session::open(Instant::START, config, entropy))
            }
            Operation::Connect { command_id: None, .. } => {
                let shell = request.header.shell_id.clone().unwrap_or_default();
                let pool = Uuid::try_parse(&shell).unwrap_or_default();
                (config.protocol, pool, Session::connect(Instant::START, config, entropy, &shell))
            }
            other => return Err(Trouble::LeftOut(format!("it begins in the middle of a session ({})", other.name()))),
        };
        let session = session.map_err(|error| Trouble::LeftOut(format!("our client refuses to open this: {error}")))?;
        let ids = Ids { shell: Some((upper(pool), upper(pool))), pool, ..Ids::default() };
        let mut client = Self {
            session,
            now: Instant::START,
            asked: Vec::new(),
            backlog: Vec::new(),
            sent: Vec::new(),
            ids,
            heard: BTreeMap::new(),
            calls: Vec::new(),
            pipelines: Vec::new(),
            pool_lines: Vec::new(),
            ended: Vec::new(),
            protocol,
            opaque: true,
            broken: None,
        };
        client.drain()?;
        if let Some(Operation::Create { shell_id, .. }) = client.asked.first().map(|asked| &asked.request.operation) {
            client.ids.pool = *shell_id;
            client.ids.shell = Some((upper(pool), upper(*shell_id)));
        }
        Ok(client)
    }

    /// Does what the recorded request shows that the client did.
    pub(crate) fn act(&mut self, request: &Request, began: &[&Found]) -> Result<(), Trouble> {
        let refused = |what: &str, error: wsman::Error| Trouble::LeftOut(format!("our client refuses {what}: {error}"));
        match &request.operation {
            Operation::Create { .. } | Operation::Receive { .. } | Operation::Connect { command_id: None, .. } => {}
            Operation::Command { command_id, .. } => self.command(*command_id, began)?,
            Operation::Send { .. } => {
                for message in decode_all(began)? {
                    self.message(&message)?;
                }
            }
            Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC } => {
                let id = self.pipeline(*id)?;
                self.session.stop(self.now, id);
            }
            Operation::Signal { command_id: Some(id), code: SignalCode::Terminate } => {
                // A pipeline's end waits a moment for numbers that the pool may
                // have; the recorded client did not.
                self.now = self.now + Duration::from_secs(1);
                self.session.handle(self.now, Input::Tick);
                self.drain()?;
                let ours = self.ids.ours(*id);
                if ours.is_some_and(|ours| !self.ended.contains(&ours))
                    && self.backlog.is_empty()
                    && self.broken.is_none()
                {
                    return Err(Trouble::LeftOut("it terminates a running pipeline; our client stops it first".into()));
                }
            }
            Operation::Signal { code, .. } => {
                return Err(Trouble::LeftOut(format!("our client sends no signal {:?}", code.as_str())));
            }
            Operation::Delete => self.session.close(self.now),
            Operation::Disconnect { idle_timeout } => {
                self.session.disconnect(self.now, *idle_timeout).map_err(|error| refused("to disconnect", error))?;
            }
            Operation::Reconnect { command_id: None } => {
                self.session.reconnect(self.now).map_err(|error| refused("to reconnect", error))?;
            }
            Operation::Reconnect { command_id: Some(_) } => {}
            Operation::Connect { command_id: Some(id), .. } => {
                let ours = self.session.attach(self.now, *id, Duration::from_secs(600));
                let ours = ours.map_err(|error| refused("to attach", error))?;
                self.ids.commands.push((*id, ours.command_id()));
                self.pipelines.push(ours);
            }
            other => return Err(Trouble::LeftOut(format!("our client sends no {}", other.name()))),
        }
        self.drain()
    }

    fn command(&mut self, recorded: Uuid, began: &[&Found]) -> Result<(), Trouble> {
        let messages = decode_all(began)?;
        let Some(message) = messages.first() else {
            return Err(Trouble::LeftOut("a Command without a message".to_owned()));
        };
        let opaque = self.secrets_are_opaque();
        let id = match message.kind {
            MessageType::CreatePipeline => {
                let create = CreatePipeline::decode(&message.payload)
                    .map_err(|error| Trouble::LeftOut(format!("its CREATE_PIPELINE is broken on purpose: {error}")))?;
                let versions = [ProtocolVersion::V2_3, ProtocolVersion::V2_2, ProtocolVersion::V2_1];
                let forms: Vec<_> = versions.iter().map(|version| create.encode_for(*version)).collect();
                can_say("CREATE_PIPELINE", &message.payload, &forms, opaque)?;
                let commands = create.commands.into_iter().map(|mut command| {
                    for argument in &mut command.arguments {
                        argument.value = in_clear(self.secrets_are_opaque(), &argument.value);
                    }
                    command
                });
                let spec = PipelineSpec {
                    commands: commands.collect(),
                    flags: create.flags,
                    with_input: !create.no_input,
                    early_receive: false,
                    host: Some(create.host),
                    first_message_timeout: Duration::from_secs(600),
                    timeout: Duration::from_secs(600),
                    max_output_bytes: usize::MAX,
                };
                self.session.run(self.now, spec)
            }
            MessageType::GetCommandMetadata => {
                let ask = metadata(&message.payload)?;
                can_say("GET_COMMAND_METADATA", &message.payload, &[ask.encode()], false)?;
                self.session.command_metadata(self.now, &ask, Duration::from_secs(600))
            }
            other => return Err(Trouble::LeftOut(format!("our client starts no command with {}", other.name()))),
        };
        let id = id.map_err(|error| Trouble::LeftOut(format!("our client refuses to run this: {error}")))?;
        self.ids.commands.push((recorded, id.command_id()));
        self.pipelines.push(id);
        Ok(())
    }

    fn message(&mut self, message: &Message) -> Result<(), Trouble> {
        let payload = &message.payload[..];
        let refused =
            |error: wsman::Error| Trouble::LeftOut(format!("our client refuses {}: {error}", message.kind.name()));
        let value = || wsman::clixml::decode(payload, &wsman::clixml::Limits::DECODE).map_err(Trouble::wrong);
        let question = |name: &str| {
            let number = value()?.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
            number.ok_or_else(|| Trouble::Wrong(format!("{} without {name}", message.kind.name())))
        };
        let ask = match message.kind {
            MessageType::PipelineInput => {
                let input = in_clear(self.secrets_are_opaque(), &value()?);
                let id = self.pipeline(message.pipeline)?;
                return self.session.send_input(self.now, id, &input).map_err(refused);
            }
            MessageType::EndOfPipelineInput => {
                let id = self.pipeline(message.pipeline)?;
                return self.session.end_input(id).map_err(refused);
            }
            MessageType::PipelineHostResponse => {
                let id = self.pipeline(message.pipeline)?;
                let (call, response) = self.response(Some(id), payload)?;
                return self.session.answer(self.now, id, &call, &response).map_err(refused);
            }
            MessageType::RunspacePoolHostResponse => {
                let (call, response) = self.response(None, payload)?;
                return self.session.answer_pool(self.now, &call, &response).map_err(refused);
            }
            // The session sends it when it needs a key; so it is made to need one.
            MessageType::PublicKey => {
                let _ = self.session.reveal(self.now, &SecureString::sealed(vec![0; 16]));
                return Ok(());
            }
            MessageType::SetMaxRunspaces => PoolQuestion::SetMaxRunspaces(question("MaxRunspaces")?),
            MessageType::SetMinRunspaces => PoolQuestion::SetMinRunspaces(question("MinRunspaces")?),
            MessageType::GetAvailableRunspaces => PoolQuestion::AvailableRunspaces,
            MessageType::ResetRunspaceState => PoolQuestion::ResetRunspaceState,
            other => return Err(Trouble::LeftOut(format!("our client sends no {}", other.name()))),
        };
        self.session.ask_pool(self.now, ask).map(|_| ()).map_err(refused)
    }

    fn response(&self, pipeline: Option<PipelineId>, payload: &[u8]) -> Result<(HostCall, HostResponse), Trouble> {
        let (id, response) = HostResponse::decode(payload).map_err(Trouble::wrong)?;
        let call = self.calls.iter().find(|(of, call)| *of == pipeline && call.call_id == id).map(|(_, call)| call);
        let call = call.ok_or_else(|| Trouble::Wrong(format!("our client heard no host call {id}")))?;
        can_say("host response", payload, &[response.encode(call)], self.secrets_are_opaque())?;
        let response = match response {
            HostResponse::Value(value) => HostResponse::Value(in_clear(self.secrets_are_opaque(), &value)),
            other => other,
        };
        Ok((call.clone(), response))
    }

    fn pipeline(&self, recorded: Uuid) -> Result<PipelineId, Trouble> {
        let swapped = Uuid::from_bytes(recorded.to_bytes_le());
        let ours = self.ids.ours(recorded).or_else(|| self.ids.ours(swapped));
        let ours =
            ours.ok_or_else(|| Trouble::Wrong(format!("the recording speaks to {recorded}, which it never made")))?;
        let known = self.pipelines.iter().find(|id| id.command_id() == ours).copied();
        known.ok_or_else(|| Trouble::Wrong("no such pipeline".to_owned()))
    }

    /// The recorded answer, when our client has asked for it; kept, when it
    /// will.
    pub(crate) fn deliver(&mut self, recorded: &Request, exchange: &Exchange) -> Result<(), Trouble> {
        let at = self.asked.iter().position(|asked| self.corresponds(&recorded.operation, &asked.request.operation));
        let message = recorded.header.message_id;
        match (at, &exchange.response) {
            (Some(at), Some(body)) => {
                if let (Operation::Command { command_id, .. }, Ok(Answer::CommandStarted(given))) =
                    (&recorded.operation, AnswerEnvelope::decode(body).map(|envelope| envelope.answer))
                    && given != *command_id
                    && let Some(ours) = self.ids.ours(*command_id)
                {
                    self.ids.given.push((given, ours));
                }
                self.answer(at, Some(message), body, exchange.status)?;
            }
            (Some(at), None) => {
                let asked = self.asked.remove(at);
                // Any error does: the session looks at its kind only.
                let error = wsman::transport::Endpoint::parse("nowhere").err();
                let error = error.ok_or_else(|| Trouble::Wrong("no error".to_owned()))?;
                self.session.handle(self.now, Input::Lost { id: asked.id, sent: true, error });
            }
            (None, Some(body)) => {
                if let Operation::Receive { command_id } = recorded.operation
                    && !is_empty(body)
                {
                    self.backlog.push((command_id, Some(message), body.clone()));
                }
                let must = matches!(recorded.operation, Operation::Create { .. } | Operation::Command { .. });
                if must && !self.awaits_key() {
                    return Err(Trouble::Wrong(format!("our client did not ask {}", recorded.operation.name())));
                }
            }
            (None, None) => {}
        }
        self.drain()
    }

    /// Whether a pipeline waits for the session key before its Command.
    fn awaits_key(&self) -> bool {
        self.asked.iter().any(|asked| matches!(asked.request.operation, Operation::Send { command_id: None, .. }))
    }

    fn corresponds(&self, recorded: &Operation, ours: &Operation) -> bool {
        let same = |recorded: &Option<Uuid>, ours: &Option<Uuid>| match (recorded, ours) {
            (None, None) => true,
            // A host that names commands itself does so for both.
            (Some(recorded), Some(ours)) => self.ids.ours(*recorded) == Some(*ours) || self.ids.given(*recorded, *ours),
            _ => false,
        };
        match (recorded, ours) {
            (Operation::Receive { command_id: a }, Operation::Receive { command_id: b })
            | (Operation::Connect { command_id: a, .. }, Operation::Connect { command_id: b, .. })
            | (Operation::Reconnect { command_id: a }, Operation::Reconnect { command_id: b }) => same(a, b),
            (Operation::Signal { command_id: a, code: c }, Operation::Signal { command_id: b, code: d }) => {
                same(a, b) && c == d
            }
            (Operation::Command { command_id: a, .. }, Operation::Command { command_id: b, .. }) => {
                same(&Some(*a), &Some(*b))
            }
            (a, b) => {
                a.name() == b.name()
                    && matches!(
                        a,
                        Operation::Create { .. }
                            | Operation::Send { .. }
                            | Operation::Delete
                            | Operation::Disconnect { .. }
                    )
            }
        }
    }

    fn answer(&mut self, at: usize, recorded: Option<Uuid>, body: &[u8], status: u16) -> Result<(), Trouble> {
        let asked = self.asked.remove(at);
        let body = self.ids.adapt(body, recorded, asked.request.header.message_id).map_err(Trouble::Wrong)?;
        self.session.handle(self.now, Input::Answer { id: asked.id, status, body: &body });
        if let Some(sent) = self.sent.get_mut(asked.place) {
            sent.1 = Some(body);
        }
        self.drain()
    }

    /// What the recording has no exchange of its own for: further Sends of a
    /// client that cuts otherwise, terminates, answers kept for later.
    pub(crate) fn settle(&mut self) -> Result<(), Trouble> {
        loop {
            let kept = self.backlog.iter().enumerate().find_map(|(n, (command, ..))| {
                let recorded = Operation::Receive { command_id: *command };
                let at = self.asked.iter().position(|asked| self.corresponds(&recorded, &asked.request.operation))?;
                Some((n, at))
            });
            if let Some((n, at)) = kept {
                let (_, message, body) = self.backlog.remove(n);
                let status = if AnswerEnvelope::decode(&body).is_ok_and(|e| matches!(e.answer, Answer::Fault(_))) {
                    500
                } else {
                    200
                };
                self.answer(at, message, &body, status)?;
                continue;
            }
            let own = self.asked.iter().enumerate().find_map(|(at, asked)| match &asked.request.operation {
                Operation::Send { .. } => Some((at, Answer::Sent)),
                Operation::Signal { .. } => Some((at, Answer::Signalled)),
                Operation::Reconnect { command_id: Some(_) } => Some((at, Answer::Reconnected)),
                _ => None,
            });
            let Some((at, answer)) = own else { return Ok(()) };
            let related = self.asked.get(at).map(|asked| asked.request.header.message_id);
            let body = AnswerEnvelope { message_id: None, relates_to: related, operation_id: None, answer }.encode();
            self.answer(at, None, &body, 200)?;
        }
    }

    fn drain(&mut self) -> Result<(), Trouble> {
        loop {
            match self.session.poll() {
                Output::Exchange { id, body, .. } => {
                    let request = Request::decode(&body).map_err(Trouble::wrong)?;
                    self.note_key(&request);
                    self.asked.push(Asked { id, place: self.sent.len(), request });
                    self.sent.push((body, None));
                }
                Output::MakeKey(mut entropy) => {
                    self.session.handle(self.now, Input::Key(KeyPair::generate(&mut entropy)));
                }
                Output::Event(event) => self.event(event),
                Output::Wait { .. } => return Ok(()),
            }
        }
    }

    fn note_key(&mut self, request: &Request) {
        let Operation::Send { command_id: None, data, .. } = &request.operation else { return };
        for (_, _, _, data) in super::super::messages::fragments(data).unwrap_or_default() {
            if let Ok(message) = Message::decode(data)
                && message.kind == MessageType::PublicKey
            {
                self.ids.public_key = PublicKey::decode(&message.payload).ok();
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Opened(opened) => self.protocol = opened.protocol,
            Event::Pipeline(id, event) => {
                if let PipelineEvent::HostCall(call) = &event {
                    self.calls.push((Some(id), call.clone()));
                }
                if matches!(event, PipelineEvent::Ended(_)) {
                    self.ended.push(id.command_id());
                }
                // Whose the missing numbers are shows later, or never.
                if !matches!(event, PipelineEvent::Irregular(Irregularity::Missing { .. })) {
                    self.heard.entry(id.command_id()).or_default().push(heard::event(&event));
                }
            }
            Event::PoolHostCall(call) => {
                self.pool_lines.push("RUNSPACEPOOL_HOST_CALL".to_owned());
                self.calls.push((None, call));
            }
            Event::UserEvent(_) => self.pool_lines.push("USER_EVENT".to_owned()),
            Event::PoolAnswer { answer: Ok(_), .. } => self.pool_lines.push("RUNSPACE_AVAILABILITY".to_owned()),
            Event::Key(Ok(())) => self.pool_lines.push("ENCRYPTED_SESSION_KEY".to_owned()),
            Event::Broken(error) => self.broken = Some(error.to_string()),
            _ => {}
        }
    }

    /// What was heard of each pipeline, without what our client adds by itself.
    pub(crate) fn heard(&self) -> Vec<Lines> {
        let hosts = |lines: &Lines| lines.iter().filter(|line| !line.contains(OUR_WARNING)).cloned().collect();
        self.heard.values().map(hosts).collect()
    }

    /// What is left when the recording is over.
    pub(crate) fn finish(&mut self) -> Result<(), Trouble> {
        self.settle()?;
        for (command, _, body) in &self.backlog {
            let ours = command.and_then(|id| self.ids.ours(id));
            let over = ours.is_some_and(|id| self.ended.contains(&id)) || self.broken.is_some();
            let said = AnswerEnvelope::decode(body).map(|envelope| match envelope.answer {
                Answer::Received(received) => received.streams.len(),
                _ => 0,
            });
            if !over && said.unwrap_or_default() > 0 {
                return Err(Trouble::Wrong(format!("our client never asked for an answer to {command:?}")));
            }
        }
        Ok(())
    }

    /// Our requests as a recording.
    pub(crate) fn as_recording(&self) -> Recording {
        let exchanges = self.sent.iter().enumerate().map(|(n, (request, response))| Exchange {
            number: n + 1,
            request: request.clone(),
            response: response.clone(),
            status: 0,
        });
        Recording { name: "ours".to_owned(), exchanges: exchanges.collect(), result: None, entropy: None }
    }

    /// In the order in which they were started.
    pub(crate) fn commands(&self) -> &[(Uuid, Uuid)] {
        &self.ids.commands
    }

    /// Commands that our client terminates and the recorded one does not: it
    /// terminates every command, which is its own promise.
    pub(crate) fn unasked_ends(&self, recorded: &Said, ours: &Said) -> Vec<usize> {
        let ends = |said: &Said, target| {
            let last: Option<&statements::Statement> = said.get(target).and_then(|list| list.last());
            last.is_some_and(|last| last.what.ends_with("/terminate"))
        };
        let targets = ours.keys().filter(|target| ends(ours, *target) && !ends(recorded, *target));
        targets.copied().flatten().collect()
    }

    /// Everything that was recorded was heard, in its order. Returns how many.
    pub(crate) fn compare_heard(&self, recorded: BTreeMap<usize, Lines>) -> Result<usize, Trouble> {
        let mut same = 0;
        for (number, lines) in recorded {
            let ours = self.ids.commands.get(number).and_then(|(_, ours)| self.heard.get(ours));
            // What our client adds by itself.
            let added = |line: &String| line.contains(OUR_WARNING) && !lines.contains(line);
            let ours: Vec<_> = ours.into_iter().flatten().filter(|line| !added(line)).collect();
            for (n, line) in lines.iter().enumerate() {
                match ours.get(n) {
                    Some(heard) if *heard == line => same += 1,
                    heard => {
                        let cut = |line: &str| line.chars().take(200).collect::<String>();
                        let heard = heard.map_or_else(|| "nothing".to_owned(), |heard| cut(heard));
                        return Err(Trouble::Wrong(format!(
                            "line {n} of a pipeline: recorded {}, heard {heard}",
                            cut(line)
                        )));
                    }
                }
            }
        }
        Ok(same)
    }

    /// From protocol 2.4 on secrets are readable and so compared.
    pub(crate) fn secrets_are_opaque(&self) -> bool {
        self.opaque && self.protocol < ProtocolVersion::V2_4
    }
}

/// Of our client, about an object that the host cut.
const OUR_WARNING: &str = "the host left out what is below";

fn decode_all(began: &[&Found]) -> Result<Vec<Message>, Trouble> {
    began.iter().map(|one| Message::decode(&one.bytes).map_err(Trouble::wrong)).collect()
}

/// Whether one of our forms is what was recorded.
fn can_say<E: std::fmt::Display>(
    what: &str,
    recorded: &[u8],
    ours: &[Result<Vec<u8>, E>],
    opaque: bool,
) -> Result<(), Trouble> {
    let recorded = String::from_utf8_lossy(recorded);
    let mut first = None;
    for form in ours {
        let form = match form {
            Ok(form) => String::from_utf8_lossy(form),
            Err(error) => return Err(Trouble::LeftOut(format!("our client refuses to send this {what}: {error}"))),
        };
        match statements::same_payload(what, &recorded, &form, opaque) {
            Ok(()) => return Ok(()),
            Err(difference) => first = first.or(Some(difference)),
        }
    }
    Err(Trouble::LeftOut(format!("our client makes no such {what}: {}", first.unwrap_or_default())))
}

fn metadata(payload: &[u8]) -> Result<GetCommandMetadata, Trouble> {
    let value = wsman::clixml::decode(payload, &wsman::clixml::Limits::DECODE).map_err(Trouble::wrong)?;
    let texts = |name: &str| {
        let items = value.get(name).and_then(Value::items).unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let types = value.get("CommandType").and_then(Value::as_i64).and_then(|n| n.try_into().ok()).unwrap_or(0);
    Ok(GetCommandMetadata { names: texts("Name"), types, modules: texts("Namespace") })
}

/// Nothing but "ask again".
fn is_empty(body: &[u8]) -> bool {
    match AnswerEnvelope::decode(body).map(|envelope| envelope.answer) {
        Ok(Answer::Received(received)) => {
            received.streams.is_empty() && received.states.iter().all(|state| !state.done)
        }
        Ok(Answer::Fault(fault)) => fault.class() == wsman::soap::FaultClass::PollAgain,
        _ => false,
    }
}
