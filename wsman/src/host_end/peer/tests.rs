//! Dialogues by hand: requests and the time in, answers out.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::*;
use crate::clixml::Value;
use crate::entropy::Entropy;
use crate::host_end::demo::{Commands, Step};
use crate::host_end::engine::{self, Demo, DemoOptions, Engine, Input};
use crate::psrp::fragment::{Assembler, fragments};
use crate::psrp::{
    Command, CreatePipeline, HostInfo, InitRunspacePool, Message, MessageType, PipelineFlags, PipelineState,
    PipelineStateMessage, ProtocolVersion, SessionCapability,
};
use crate::soap::{Answer, AnswerEnvelope, Fault, Header, Operation, Received, Request, SignalCode};
use crate::time::{Duration, Instant};

const POOL: Uuid = Uuid::from_u128(0x500);
const URI: &str = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
const GONE: Option<u32> = Some(Fault::INVALID_SELECTORS);
const TIMED_OUT: Option<u32> = Some(Fault::OPERATION_TIMED_OUT);

struct Sample;

impl Commands for Sample {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        (command.text == "Get-Large").then(|| vec![Step::Output(Value::from("x".repeat(1 << 20)))])
    }

    fn names(&self) -> Vec<String> {
        vec!["Get-Large".into()]
    }
}

struct Client {
    peer: Peer,
    now: Instant,
    user: &'static str,
    uri: &'static str,
    shell: Option<String>,
    session: Option<Uuid>,
    max_envelope_bytes: u32,
    asked: u64,
    objects: u64,
    assembler: Assembler,
}

impl Client {
    fn new(options: PeerOptions) -> Self {
        Self::with(
            options,
            Box::new(|| Ok(Box::new(Demo::new(Box::new(Sample), DemoOptions::default(), Entropy::seeded(5))))),
        )
    }

    fn with(options: PeerOptions, open: OpenEngine) -> Self {
        Self {
            peer: Peer::new(options, open, Entropy::seeded(1)),
            now: Instant::START,
            user: "analyst",
            uri: URI,
            shell: None,
            session: None,
            max_envelope_bytes: 153_600,
            asked: 0,
            objects: 0,
            assembler: Assembler::new(1 << 24),
        }
    }

    /// With an open pool.
    fn opened() -> Self {
        let mut client = Self::new(PeerOptions::default());
        client.open();
        client
    }

    fn request(&self, operation: Operation) -> Request {
        Request {
            header: Header {
                to: "http://host/wsman".into(),
                message_id: Uuid::from_u128(u128::from(self.asked) + 0xA000),
                session_id: self.session,
                resource_uri: self.uri.into(),
                max_envelope_bytes: self.max_envelope_bytes,
                operation_timeout: Duration::from_secs(20),
                shell_id: self.shell.clone(),
                robust: None,
            },
            operation,
        }
    }

    /// Sends; the answers that are there now.
    fn send(&mut self, operation: Operation) -> (RequestId, Vec<Reply>) {
        self.asked += 1;
        let body = self.request(operation).encode();
        self.send_bytes(&body)
    }

    fn send_bytes(&mut self, body: &[u8]) -> (RequestId, Vec<Reply>) {
        self.asked += 1;
        let id = RequestId(self.asked);
        self.peer.handle(self.now, id, self.user, body);
        (id, self.replies())
    }

    fn replies(&mut self) -> Vec<Reply> {
        std::iter::from_fn(|| match self.peer.poll(self.now) {
            Output::Reply(reply) => Some(reply),
            Output::Wait { .. } => None,
        })
        .collect()
    }

    /// Sends what is answered at once.
    fn ask(&mut self, operation: Operation) -> Answer {
        let (id, replies) = self.send(operation);
        let [reply] = &replies[..] else { panic!("{} answers", replies.len()) };
        assert_eq!(reply.request, id);
        answer(reply)
    }

    fn fault(&mut self, operation: Operation) -> Option<u32> {
        match self.ask(operation) {
            Answer::Fault(fault) => fault.code,
            other => panic!("no fault but {other:?}"),
        }
    }

    fn create(&mut self, shell_id: Uuid) -> Answer {
        let init = InitRunspacePool {
            min_runspaces: 1,
            max_runspaces: 1,
            host: HostInfo::None,
            application_arguments: Value::Nil,
        };
        let capability = SessionCapability { protocol: ProtocolVersion::V2_3 };
        let mut creation = self.fragments(MessageType::SessionCapability, None, capability.encode().unwrap());
        creation.extend(self.fragments(MessageType::InitRunspacePool, None, init.encode().unwrap()));
        self.ask(Operation::Create {
            shell_id,
            protocol_version: "2.3".into(),
            creation,
            name: None,
            idle_timeout: None,
        })
    }

    fn open(&mut self) {
        let Answer::Created(shell) = self.create(POOL) else { panic!("no shell") };
        self.shell = Some(shell.shell_id);
        while !self.receive(None).iter().any(|message| message.kind == MessageType::RunspacePoolState) {}
    }

    fn fragments(&mut self, kind: MessageType, pipeline: Option<Uuid>, payload: Vec<u8>) -> Vec<u8> {
        self.objects += 1;
        let message = Message::to_server(kind, POOL, pipeline, payload).encode();
        fragments(self.objects, &message, NonZeroUsize::new(1 << 20).unwrap()).flatten().collect()
    }

    fn run(&mut self, id: Uuid, commands: Vec<Command>) -> Answer {
        let create = CreatePipeline { commands, no_input: true, host: HostInfo::None, flags: PipelineFlags::default() };
        let arguments = self.fragments(MessageType::CreatePipeline, Some(id), create.encode().unwrap());
        self.ask(Operation::Command { command_id: id, arguments })
    }

    fn received(&mut self, command_id: Option<Uuid>) -> Received {
        match self.ask(Operation::Receive { command_id }) {
            Answer::Received(received) => received,
            other => panic!("nothing received but {other:?}"),
        }
    }

    fn receive(&mut self, command_id: Option<Uuid>) -> Vec<Message> {
        let received = self.received(command_id);
        self.messages(&received)
    }

    fn messages(&mut self, received: &Received) -> Vec<Message> {
        let parts = received.streams.iter().flat_map(|stream| self.assembler.push(&stream.data).unwrap());
        parts.map(|message| Message::decode(&message).unwrap()).collect()
    }
}

fn answer(reply: &Reply) -> Answer {
    let envelope = AnswerEnvelope::decode(&reply.body).unwrap();
    assert_eq!(reply.status, envelope.answer.status());
    envelope.answer
}

fn code(reply: &Reply) -> Option<u32> {
    match answer(reply) {
        Answer::Fault(fault) => fault.code,
        _ => None,
    }
}

fn is_done(received: &Received) -> bool {
    received.states.iter().any(|state| state.done)
}

fn state(message: &Message) -> PipelineStateMessage {
    assert_eq!(message.kind, MessageType::PipelineState);
    PipelineStateMessage::decode(&message.payload).unwrap()
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn write(text: &str) -> Vec<Command> {
    vec![Command::new("Write-Output").argument("InputObject", text)]
}

fn sleep() -> Vec<Command> {
    vec![Command::new("Start-Sleep").argument("Seconds", 600)]
}

fn terminate(id: Uuid) -> Operation {
    Operation::Signal { command_id: Some(id), code: SignalCode::Terminate }
}

#[test]
fn a_pool_opens_in_three_requests() {
    let mut client = Client::new(PeerOptions::default());
    let Answer::Created(shell) = client.create(POOL) else { panic!("no shell") };
    assert_eq!(shell.shell_id, "00000000-0000-0000-0000-000000000500");
    assert_eq!(shell.owner.as_deref(), Some("HOST01\\analyst"));
    client.shell = Some(shell.shell_id);
    let kinds = |messages: Vec<Message>| messages.iter().map(|message| message.kind).collect::<Vec<_>>();
    assert_eq!(kinds(client.receive(None)), [MessageType::SessionCapability, MessageType::ApplicationPrivateData]);
    assert_eq!(kinds(client.receive(None)), [MessageType::RunspacePoolState]);
    let counters = client.peer.counters();
    assert_eq!((counters.requests_of("Create"), counters.requests_of("Receive")), (1, 2));
}

#[test]
fn a_small_command_arrives_in_one_receive_and_is_counted() {
    let mut client = Client::opened();
    assert_eq!(client.run(id(1), write("hello")), Answer::CommandStarted(id(1)));
    let received = client.received(Some(id(1)));
    assert!(is_done(&received));
    assert_eq!(received.streams.len(), 2, "one stream per message");
    let messages = client.messages(&received);
    assert_eq!(messages[0].payload, "\u{FEFF}<S>hello</S>".as_bytes());
    assert_eq!(state(&messages[1]).state, Some(PipelineState::Completed));
    assert_eq!(client.fault(Operation::Receive { command_id: Some(id(1)) }), GONE, "nothing after Done");
    assert_eq!(client.ask(terminate(id(1))), Answer::Signalled);
    assert_eq!(client.fault(terminate(id(1))), GONE);
    let counters = client.peer.counters();
    assert_eq!((counters.commands_started, counters.commands_terminated), (1, 1));
    assert_eq!(counters.runs_of("Write-Output"), 1);
}

#[test]
fn a_stop_is_answered_when_the_pipeline_has_stopped() {
    let mut client = Client::opened();
    client.run(id(1), sleep());
    let (receive, replies) = client.send(Operation::Receive { command_id: Some(id(1)) });
    assert!(replies.is_empty(), "held");
    let (stop, replies) = client.send(Operation::Signal { command_id: Some(id(1)), code: SignalCode::CtrlC });
    let of = |id| answer(replies.iter().find(|reply| reply.request == id).unwrap());
    assert_eq!(of(stop), Answer::Signalled);
    let Answer::Received(received) = of(receive) else { panic!("no data") };
    assert!(is_done(&received));
    let last = state(&client.messages(&received)[0]);
    assert_eq!(last.state, Some(PipelineState::Stopped));
    assert_eq!(last.error.unwrap().id, "PipelineStopped");
}

#[test]
fn another_code_closes_the_command_without_a_last_word() {
    let mut client = Client::opened();
    client.run(id(1), sleep());
    let (receive, _) = client.send(Operation::Receive { command_id: Some(id(1)) });
    // pypsrp's spelling.
    let code_sent = SignalCode::Other("powershell/signal/ctrl_c".into());
    let (_, replies) = client.send(Operation::Signal { command_id: Some(id(1)), code: code_sent });
    assert_eq!(code(replies.iter().find(|reply| reply.request == receive).unwrap()), Some(995));
    assert_eq!(client.fault(Operation::Receive { command_id: Some(id(1)) }), GONE);
    client.run(id(2), write("the runspace is free"));
    assert!(is_done(&client.received(Some(id(2)))));
}

#[test]
fn a_held_receive_runs_out_at_its_time_and_not_before() {
    let mut client = Client::opened();
    let (_, replies) = client.send(Operation::Receive { command_id: None });
    assert!(replies.is_empty());
    let Output::Wait { until } = client.peer.poll(client.now) else { panic!("an answer") };
    assert_eq!(until, client.now + Duration::from_secs(20));
    client.now = client.now + Duration::from_millis(19_999);
    assert!(client.replies().is_empty());
    client.now = until;
    let replies = client.replies();
    assert_eq!((replies.len(), replies[0].status, code(&replies[0])), (1, 500, TIMED_OUT));
}

#[test]
fn an_identical_receive_gets_the_same_bytes_again() {
    let mut client = Client::opened();
    client.run(id(1), write("once"));
    let request = client.request(Operation::Receive { command_id: Some(id(1)) }).encode();
    let first = client.send_bytes(&request).1.remove(0);
    let again = client.send_bytes(&request).1.remove(0);
    assert_ne!(first.request, again.request);
    assert_eq!(first.body, again.body);
    assert_eq!(client.peer.counters().repeated, 1);
}

#[test]
fn output_stays_when_the_connection_of_a_held_receive_is_lost() {
    let mut client = Client::opened();
    client.run(id(1), vec![Command::new("Start-Sleep").argument("Seconds", 1)]);
    let (held, _) = client.send(Operation::Receive { command_id: Some(id(1)) });
    client.peer.lost(held);
    client.now = client.now + Duration::from_secs(2);
    assert!(client.replies().is_empty(), "nobody to answer");
    assert!(is_done(&client.received(Some(id(1)))));
}

#[test]
fn a_later_receive_takes_over() {
    let mut client = Client::opened();
    let (former, _) = client.send(Operation::Receive { command_id: None });
    let (later, replies) = client.send(Operation::Receive { command_id: None });
    assert_eq!((replies.len(), replies[0].request, code(&replies[0])), (1, former, Some(995)));
    client.now = client.now + Duration::from_secs(20);
    assert_eq!(client.replies()[0].request, later);
}

#[test]
fn a_deleted_shell_is_gone_and_what_waits_for_it_is_aborted() {
    let mut client = Client::opened();
    client.run(id(1), sleep());
    let (held, _) = client.send(Operation::Receive { command_id: Some(id(1)) });
    let (_, replies) = client.send(Operation::Delete);
    assert_eq!(code(replies.iter().find(|reply| reply.request == held).unwrap()), Some(995));
    assert!(replies.iter().any(|reply| answer(reply) == Answer::Deleted));
    assert_eq!(client.fault(Operation::Delete), GONE);
    assert_eq!(client.fault(Operation::Receive { command_id: None }), GONE);
    assert_eq!(client.peer.counters().shells_open, 0);
}

#[test]
fn an_idle_shell_is_closed_but_not_while_someone_waits() {
    let mut client = Client::new(PeerOptions { idle_timeout: Duration::from_secs(10), ..PeerOptions::default() });
    client.open();
    client.send(Operation::Receive { command_id: None });
    client.now = client.now + Duration::from_secs(15);
    assert!(client.replies().is_empty());
    assert_eq!(client.peer.counters().shells_open, 1);
    client.now = client.now + Duration::from_secs(5);
    assert_eq!(code(&client.replies()[0]), TIMED_OUT);
    assert_eq!(client.peer.counters().shells_open, 1, "it is idle from now on");
    client.now = client.now + Duration::from_secs(10);
    client.replies();
    assert_eq!(client.peer.counters().shells_open, 0);
}

#[test]
fn shells_belong_to_their_user_and_to_their_uri() {
    let mut client = Client::opened();
    client.user = "other";
    assert_eq!(client.fault(Operation::Delete), GONE);
    client.user = "analyst";
    client.uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
    assert_eq!(client.fault(Operation::Delete), GONE);
    assert!(matches!(client.create(id(9)), Answer::Fault(Fault { code: Some(2_150_858_811), .. })));
    client.uri = "http://schemas.microsoft.com/powershell/No.Such";
    assert!(matches!(client.create(id(9)), Answer::Fault(Fault { code: Some(2_150_858_811), .. })));
    client.uri = URI;
    assert_eq!(client.ask(Operation::Delete), Answer::Deleted);
}

#[test]
fn quotas_hold_and_what_is_freed_counts_no_more() {
    let options = PeerOptions { max_shells_per_user: 2, max_commands_per_shell: 2, ..PeerOptions::default() };
    let mut client = Client::new(options);
    client.open();
    assert!(matches!(client.create(id(8)), Answer::Created(_)));
    assert!(matches!(client.create(id(9)), Answer::Fault(Fault { code: Some(2_150_859_173), .. })));
    client.user = "other";
    assert!(matches!(client.create(id(9)), Answer::Created(_)), "the quota is per user");
    client.user = "analyst";
    client.run(id(1), write("1"));
    client.run(id(2), write("2"));
    assert!(is_done(&client.received(Some(id(1)))), "done, but not terminated");
    assert!(matches!(client.run(id(3), write("3")), Answer::Fault(Fault { code: Some(2_150_859_241), .. })));
    client.ask(terminate(id(1)));
    assert_eq!(client.run(id(3), write("3")), Answer::CommandStarted(id(3)));
}

#[test]
fn answers_never_get_larger_than_the_client_asked() {
    for max in [8192, 20_000, 153_600, 512_000] {
        let mut client = Client::opened();
        client.max_envelope_bytes = max;
        client.run(id(1), vec![Command::new("Get-Large")]);
        let (mut got, mut largest) = (Vec::new(), 0);
        loop {
            let reply = client.send(Operation::Receive { command_id: Some(id(1)) }).1.remove(0);
            largest = largest.max(reply.body.len());
            let Answer::Received(received) = answer(&reply) else { panic!("no data") };
            got.extend(client.messages(&received));
            if is_done(&received) {
                break;
            }
        }
        assert!(largest <= max as usize, "{largest} of {max}");
        assert_eq!(got[0].payload.len(), 3 + "<S></S>".len() + (1 << 20));
        assert_eq!(state(&got[1]).state, Some(PipelineState::Completed));
    }
    let mut client = Client::opened();
    client.max_envelope_bytes = 8191;
    assert_eq!(client.fault(Operation::Receive { command_id: None }), None, "EncodingLimit has no code here");
}

#[test]
fn pipelines_of_one_runspace_run_one_after_the_other() {
    let mut client = Client::opened();
    client.run(id(1), vec![Command::new("Start-Sleep").argument("Seconds", 5)]);
    client.run(id(2), write("later"));
    let (second, replies) = client.send(Operation::Receive { command_id: Some(id(2)) });
    assert!(replies.is_empty(), "it waits for the runspace");
    assert_eq!(client.peer.counters().runs_of("Write-Output"), 0);
    client.now = client.now + Duration::from_secs(5);
    assert_eq!(client.replies()[0].request, second);
}

#[test]
fn no_request_however_cut_goes_without_an_answer() {
    let mut client = Client::opened();
    let operations = [
        Operation::Create {
            shell_id: id(7),
            protocol_version: "2.3".into(),
            creation: vec![0; 40],
            name: None,
            idle_timeout: None,
        },
        Operation::Command { command_id: id(1), arguments: vec![0xFF; 40] },
        Operation::Send { command_id: None, stream: "stdin", data: vec![0xFF; 40] },
        terminate(id(1)),
    ];
    for operation in operations {
        let whole = client.request(operation).encode();
        for end in (0..whole.len()).step_by(7) {
            let (id, replies) = client.send_bytes(&whole[..end]);
            assert_eq!((replies.len(), replies[0].request, replies[0].status), (1, id, 500), "cut at {end}");
        }
        client.send_bytes(&whole);
    }
    for junk in [&b""[..], b"<a/>", b"\xFF\xFE", b"<s:Envelope/>"] {
        assert_eq!(code(&client.send_bytes(junk).1[0]), Some(2_150_858_817));
    }
    let strange = String::from_utf8(client.request(Operation::Delete).encode()).unwrap().replace("/Delete", "/Put");
    let reply = client.send_bytes(strange.as_bytes()).1.remove(0);
    assert_eq!(code(&reply), Some(2_150_858_778));
    assert!(AnswerEnvelope::decode(&reply.body).unwrap().relates_to.is_some(), "even so it is tied to its request");
}

/// Says what a test tells it.
#[derive(Clone, Default)]
struct Puppet(Arc<Mutex<Vec<engine::Output>>>);

impl Engine for Puppet {
    fn handle(&mut self, _: Instant, _: Input) {}

    fn poll(&mut self, _: Instant) -> engine::Output {
        let mut says = self.0.lock().unwrap();
        if says.is_empty() { engine::Output::Wait { until: Instant::NEVER } } else { says.remove(0) }
    }
}

fn puppet(options: PeerOptions) -> (Client, Puppet) {
    let puppet = Puppet::default();
    let engine = puppet.clone();
    let mut client = Client::with(options, Box::new(move || Ok(Box::new(engine.clone()))));
    let Answer::Created(shell) = client.create(POOL) else { panic!("no shell") };
    client.shell = Some(shell.shell_id);
    (client, puppet)
}

fn said(kind: MessageType, object: u64) -> engine::Output {
    let message = Message::to_client(kind, POOL, Some(id(1)), b"x").encode();
    let data = fragments(object, &message, NonZeroUsize::new(100).unwrap()).flatten().collect();
    engine::Output::Data { pipeline: Some(id(1)), data }
}

#[test]
fn a_dead_engine_aborts_what_is_in_flight_and_takes_its_shell_along() {
    let (mut client, puppet) = puppet(PeerOptions::default());
    client.run(id(1), write("never"));
    let (held, _) = client.send(Operation::Receive { command_id: Some(id(1)) });
    puppet.0.lock().unwrap().push(engine::Output::Ended);
    let replies = client.replies();
    assert_eq!((replies.len(), replies[0].request, code(&replies[0])), (1, held, Some(995)));
    assert_eq!(client.fault(Operation::Receive { command_id: Some(id(1)) }), GONE);
    assert_eq!(client.fault(Operation::Delete), GONE, "as recorded in process-killed");
}

#[test]
fn a_stop_that_the_engine_never_confirms_times_out() {
    let (mut client, _puppet) = puppet(PeerOptions::default());
    client.run(id(1), write("never"));
    let (stop, replies) = client.send(Operation::Signal { command_id: Some(id(1)), code: SignalCode::CtrlC });
    assert!(replies.is_empty());
    client.now = client.now + Duration::from_secs(20);
    let replies = client.replies();
    assert_eq!((replies.len(), replies[0].request, code(&replies[0])), (1, stop, TIMED_OUT));
}

#[test]
fn an_engine_that_does_not_start_is_a_fault() {
    let mut client = Client::with(PeerOptions::default(), Box::new(|| Err(OpenError)));
    assert!(matches!(client.create(POOL), Answer::Fault(Fault { code: Some(2_152_992_672), .. })));
}

#[test]
fn lingering_lets_the_end_travel_with_the_output() {
    let linger = Duration::from_millis(2);
    let (mut client, puppet) = puppet(PeerOptions { linger, ..PeerOptions::default() });
    client.run(id(1), write("slow"));
    client.send(Operation::Receive { command_id: Some(id(1)) });
    puppet.0.lock().unwrap().push(said(MessageType::PipelineOutput, 1));
    assert!(client.replies().is_empty(), "more may come");
    puppet.0.lock().unwrap().push(said(MessageType::PipelineState, 2));
    let replies = client.replies();
    let Answer::Received(received) = answer(&replies[0]) else { panic!("no data") };
    assert_eq!((received.streams.len(), is_done(&received)), (2, true), "the end is not waited beyond");

    client.run(id(2), write("slower"));
    client.send(Operation::Receive { command_id: Some(id(2)) });
    let engine::Output::Data { data, .. } = said(MessageType::PipelineOutput, 3) else { unreachable!() };
    puppet.0.lock().unwrap().push(engine::Output::Data { pipeline: Some(id(2)), data });
    assert!(client.replies().is_empty());
    client.now = client.now + linger;
    assert_eq!(client.replies().len(), 1);
}

#[test]
fn a_shell_that_was_left_answers_nobody_until_somebody_comes() {
    let mut client = Client::new(PeerOptions::default());
    client.session = Some(id(0xC1));
    client.open();
    let (held, replies) = client.send(Operation::Receive { command_id: None });
    assert!(replies.is_empty());
    let (left, replies) = client.send(Operation::Disconnect { idle_timeout: Some(Duration::from_secs(60)) });
    let said: Vec<_> = replies.iter().map(|reply| (reply.request, answer(reply))).collect();
    assert!(matches!(&said[..], [(a, Answer::Fault(fault)), (b, Answer::Disconnected)]
        if *a == held && *b == left && fault.code == Some(2_150_859_230)));
    assert_eq!(client.fault(Operation::Receive { command_id: None }), Some(2_150_859_204));
    // Another client may only connect, and does not get what it does not say.
    client.session = Some(id(0xC2));
    assert_eq!(client.fault(Operation::Reconnect { command_id: None }), Some(2_150_859_023));
    let connect = |connect| Operation::Connect { command_id: None, protocol_version: "2.3".into(), connect };
    assert_eq!(client.fault(connect(vec![1, 2, 3])), Some(87));
    assert_eq!(client.fault(Operation::Reconnect { command_id: None }), Some(2_150_859_023), "still the first one's");
    // Alone for longer than it was told to wait, it ends.
    let mut client = Client::new(PeerOptions::default());
    client.session = Some(id(0xC1));
    client.open();
    client.ask(Operation::Disconnect { idle_timeout: Some(Duration::from_secs(60)) });
    client.now = client.now + Duration::from_secs(61);
    client.replies();
    assert_eq!(client.peer.counters().shells_open, 0);
    // One without a SessionId can never be left.
    let mut client = Client::opened();
    assert_eq!(client.fault(Operation::Disconnect { idle_timeout: None }), Some(2_150_859_023));
}

#[test]
fn lists_show_a_users_own_shells_only() {
    let mut client = Client::opened();
    let (shell, uri) = (client.shell.take(), client.uri);
    client.uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
    let Answer::Listed(listed) = client.ask(Operation::Enumerate { shell_id: None }) else { panic!("a list") };
    assert_eq!((listed.shells.len(), listed.shells[0].state.as_deref()), (1, Some("Connected")));
    client.user = "other";
    let Answer::Listed(listed) = client.ask(Operation::Enumerate { shell_id: None }) else { panic!("a list") };
    assert!(listed.shells.is_empty());
    client.uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
    assert_eq!(client.fault(Operation::Enumerate { shell_id: shell.clone() }), GONE);
    (client.uri, client.shell) = (uri, shell);
    assert_eq!(client.fault(Operation::Delete), GONE);
}
