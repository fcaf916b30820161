//! The machine against a host that does what a test says.

mod early;
mod field;
mod flow;
mod help;
mod link;
mod pool;
mod robust;
mod secrets;
mod stop;

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::clixml::{SecureString, Value};
use crate::entropy::Entropy;
use crate::psrp::{
    Command, CreatePipeline, ErrorRecord, HostMethod, HostResponse, KeyPair, Message, MessageType, PipelineState,
    PipelineStateMessage, PublicKey, RunspacePoolState, RunspacePoolStateMessage, Sealing, SecretError,
    SessionCapability, SessionKey, fragment,
};
use crate::soap::{
    Answer, AnswerEnvelope, CommandState, Fault, Operation, Received, Request, ShellDescription, SignalCode, StreamData,
};
use crate::{Error, ErrorKind, Retry};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn debug_of_a_whole_dialogue_shows_nothing_of_it() {
    let mut host = Host::open();
    let planted = "planted-secret";
    let id = host.run(Command::script(planted).argument("A", planted));
    let said = host.session.poll();
    host.answer("Command", Answer::CommandStarted(id.0));
    host.say(id, &[output(planted), state(PipelineState::Completed)]);
    let everything = format!("{:?} {:?} {:?} {said:?}", host.session, host.asked, host.events);
    let requests: Vec<_> = host.asked.iter().map(|(_, _, request, _)| request).collect();
    assert!(!format!("{requests:?} {:?} {:?}", host.session, host.events).contains(planted));
    assert!(everything.contains("Signal"), "it does show something");
}

/// A session and what it has asked so far.
struct Host {
    session: Session,
    now: Instant,
    asked: Vec<(ExchangeId, Lane, Request, Vec<u8>)>,
    events: Vec<Event>,
    shells: Vec<ShellNews>,
    wait: Option<(Instant, Why)>,
    object: u64,
    /// What a key pair is to be made from.
    key: Option<Entropy>,
}

impl Host {
    fn new(config: Config) -> Self {
        let session = Session::open(Instant::START, config, Entropy::seeded(1)).unwrap();
        let mut host = Self {
            session,
            now: Instant::START,
            asked: vec![],
            events: vec![],
            shells: vec![],
            wait: None,
            object: 1,
            key: None,
        };
        host.drain();
        host
    }

    /// An open session.
    fn open() -> Self {
        let mut host = Self::new(Config::new("http://h/wsman"));
        host.answer_create();
        host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
        assert!(matches!(host.events.pop(), Some(Event::Opened(_))));
        assert!(host.asked.is_empty());
        host
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll() {
                Output::Exchange { id, lane, body, .. } => {
                    let request = Request::decode(&body).unwrap();
                    self.asked.push((id, lane, request, body));
                }
                Output::MakeKey(entropy) => self.key = Some(entropy),
                Output::Event(Event::Shell(news)) => self.shells.push(news),
                Output::Event(event) => self.events.push(event),
                Output::Wait { until, why } => {
                    self.wait = Some((until, why));
                    return;
                }
            }
        }
    }

    /// What is asked, by name, oldest first.
    fn names(&self) -> Vec<&'static str> {
        self.asked.iter().map(|(_, _, request, _)| request.operation.name()).collect()
    }

    fn take(&mut self, name: &str) -> (ExchangeId, Request, Vec<u8>) {
        let at = self.asked.iter().position(|(_, _, r, _)| r.operation.name() == name);
        let (id, _, request, body) = self.asked.remove(at.unwrap_or_else(|| panic!("no {name} in {:?}", self.names())));
        (id, request, body)
    }

    fn answer(&mut self, name: &str, answer: Answer) -> Request {
        let (id, request, _) = self.take(name);
        let status = answer.status();
        let body = AnswerEnvelope {
            message_id: None,
            relates_to: Some(request.header.message_id),
            operation_id: None,
            answer,
        }
        .encode();
        self.session.handle(self.now, Input::Answer { id, status, body: &body });
        self.drain();
        request
    }

    fn lose(&mut self, name: &str, sent: bool) -> Vec<u8> {
        let (id, _, body) = self.take(name);
        let error = Error::new(ErrorKind::Unreachable, "the connection broke");
        self.session.handle(self.now, Input::Lost { id, sent, error });
        self.drain();
        body
    }

    fn later(&mut self, by: Duration) {
        self.now = self.now + by;
        self.session.handle(self.now, Input::Tick);
        self.drain();
    }

    fn answer_create(&mut self) {
        let shell = ShellDescription { shell_id: "SHELL-1".into(), ..ShellDescription::default() };
        self.answer("Create", Answer::Created(shell));
    }

    fn streams(&mut self, command_id: Option<Uuid>, messages: &[(MessageType, Vec<u8>)]) -> Vec<StreamData> {
        let room = std::num::NonZeroUsize::new(32_747).unwrap();
        let mut streams = Vec::new();
        for (kind, payload) in messages {
            let message = Message::to_client(*kind, Uuid::nil(), command_id, payload).encode();
            streams
                .extend(fragment::fragments(self.object, &message, room).map(|data| StreamData { command_id, data }));
            self.object += 1;
        }
        streams
    }

    fn say_pool(&mut self, messages: &[(MessageType, Vec<u8>)]) {
        let streams = self.streams(None, messages);
        self.answer("Receive", Answer::Received(Received { streams, states: vec![] }));
    }

    fn say(&mut self, id: PipelineId, messages: &[(MessageType, Vec<u8>)]) {
        let streams = self.streams(Some(id.0), messages);
        self.answer("Receive", Answer::Received(Received { streams, states: vec![] }));
    }

    /// Starts a pipeline; what was terminated before is answered first, or its
    /// answer is waited for in vain.
    fn run(&mut self, command: Command) -> PipelineId {
        let terminates = |(_, _, request, _): &(ExchangeId, Lane, Request, Vec<u8>)| {
            matches!(request.operation, Operation::Signal { code: SignalCode::Terminate, .. })
        };
        while let Some(at) = self.asked.iter().position(terminates) {
            let asked = self.asked.remove(at);
            self.asked.insert(0, asked);
            self.answer("Signal", Answer::Signalled);
        }
        let id = self.session.run(self.now, PipelineSpec::new(command)).unwrap();
        self.drain();
        id
    }

    /// A pipeline that waits for output.
    fn running(&mut self) -> PipelineId {
        let id = self.run(Command::new("Get-Thing"));
        self.answer("Command", Answer::CommandStarted(id.0));
        id
    }

    fn end(&mut self) -> End {
        let last = self.events.pop();
        let Some(Event::Pipeline(_, PipelineEvent::Ended(end))) = last else { panic!("no end but {last:?}") };
        end
    }

    fn lost(&mut self) -> Error {
        let end = self.end();
        let End::Lost(error) = end else { panic!("not lost but {end:?}") };
        error
    }
}

fn capability(protocol: ProtocolVersion) -> (MessageType, Vec<u8>) {
    (MessageType::SessionCapability, SessionCapability { protocol }.encode().unwrap())
}

fn opened() -> (MessageType, Vec<u8>) {
    let message = RunspacePoolStateMessage { state: RunspacePoolState::Opened, error: None };
    (MessageType::RunspacePoolState, message.encode().unwrap())
}

fn state(state: PipelineState) -> (MessageType, Vec<u8>) {
    let error = (state != PipelineState::Completed).then(|| ErrorRecord::new("m", "Id", 14));
    let message = PipelineStateMessage { state: Some(state), error };
    (MessageType::PipelineState, message.encode().unwrap())
}

fn output(text: &str) -> (MessageType, Vec<u8>) {
    (MessageType::PipelineOutput, crate::psrp::encode(&Value::from(text)).unwrap())
}

fn fault(code: u32) -> Answer {
    Answer::Fault(Fault { code: Some(code), subcode: None, text: "text of the host".into() })
}

#[test]
fn open_is_create_and_two_receives_as_windows_answers() {
    let mut host = Host::new(Config::new("http://h/wsman"));
    assert_eq!(host.names(), ["Create"]);
    host.answer_create();
    assert_eq!(host.names(), ["Receive"]);
    host.say_pool(&[capability(ProtocolVersion::V2_3)]);
    assert_eq!(host.names(), ["Receive"]);
    assert!(host.events.is_empty(), "not open before the host says so");
    host.say_pool(&[opened()]);
    let Some(Event::Opened(known)) = host.events.pop() else { panic!() };
    assert_eq!((known.protocol, known.shell_id.as_str()), (ProtocolVersion::V2_3, "SHELL-1"));
    assert_eq!(host.wait, Some((Instant::NEVER, Why::Idle)));
}

#[test]
fn a_warm_call_is_command_and_receive_with_terminate_behind() {
    let mut host = Host::open();
    let id = host.run(Command::new("Get-Thing"));
    let command = host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(command.header.shell_id.as_deref(), Some("SHELL-1"), "the host's id, not the proposed one");
    assert_eq!(command.header.max_envelope_bytes, 512_000);
    host.say(id, &[output("x"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    assert!(matches!(host.events.pop(), Some(Event::Pipeline(_, PipelineEvent::Output(v))) if v == Value::from("x")));
    assert_eq!(host.names(), ["Signal"]);
    let (_, request, _) = host.take("Signal");
    assert_eq!(request.operation, Operation::Signal { command_id: Some(id.0), code: SignalCode::Terminate });
}

#[test]
fn a_host_of_another_major_version_is_refused() {
    let mut host = Host::new(Config { protocol: ProtocolVersion(3, 0), ..Config::new("http://h/wsman") });
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_4)]);
    assert!(matches!(&host.events[..], [Event::Broken(error)] if error.kind() == ErrorKind::Refused));
    assert_eq!(host.names(), ["Delete"], "the shell is not left behind");
}

#[test]
fn an_open_that_takes_too_long_ends_and_cleans_up() {
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.answer_create();
    host.later(60 * SECOND);
    assert!(matches!(&host.events[..], [Event::Broken(error)] if error.kind() == ErrorKind::TimedOut));
    assert_eq!(host.names(), ["Receive", "Delete"]);
}

#[test]
fn a_lost_command_may_have_run_unless_no_byte_left() {
    for (sent, may_have_run) in [(true, true), (false, false)] {
        let mut host = Host::open();
        host.run(Command::new("Set-Thing"));
        host.lose("Command", sent);
        assert_eq!(host.lost().may_have_run(), may_have_run);
        // Terminated, not repeated; what never left needs neither.
        assert_eq!(host.names(), if sent { vec!["Signal"] } else { vec![] });
    }
}

#[test]
fn a_refused_command_did_not_run() {
    let mut host = Host::open();
    host.run(Command::new("Set-Thing"));
    host.answer("Command", fault(2_150_859_174));
    let error = host.lost();
    assert!(!error.may_have_run());
    assert_eq!(error.fault().unwrap().code, Some(2_150_859_174));
    assert_eq!(error.fault().unwrap().text, "text of the host");
    assert!(!error.to_string().contains("text of the host"));
    // The host gave up waiting: it may go on all the same.
    host.run(Command::new("Set-Thing"));
    host.answer("Command", fault(Fault::OPERATION_TIMED_OUT));
    assert!(host.lost().may_have_run());
}

#[test]
fn a_fault_that_is_no_refusal_proves_nothing() {
    for (code, may_have_run) in [(995, true), (2_152_992_672, true), (2_150_859_173, false), (5, false)] {
        let mut host = Host::open();
        host.run(Command::new("Set-Thing"));
        host.answer("Command", fault(code));
        let lost = host.events.iter().find_map(|event| match event {
            Event::Pipeline(_, PipelineEvent::Ended(End::Lost(error))) => Some(error.may_have_run()),
            _ => None,
        });
        assert_eq!(lost, Some(may_have_run), "{code}");
    }
}

#[test]
fn a_shell_that_is_made_after_its_client_gave_up_is_deleted() {
    // Closed before Create was answered.
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.session.close(host.now);
    host.drain();
    assert_eq!(host.names(), ["Create"], "there is nothing to delete yet");
    host.answer_create();
    let (_, delete, _) = host.take("Delete");
    assert_eq!(delete.header.shell_id.as_deref(), Some("SHELL-1"), "the host's id");
    assert!(!host.session.is_settled());
    // Timed out before it.
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.later(60 * SECOND);
    assert!(matches!(&host.events[..], [Event::Broken(error)] if error.kind() == ErrorKind::TimedOut));
    assert!(!host.session.is_settled(), "the answer may still come");
    host.answer_create();
    host.answer("Delete", Answer::Deleted);
    assert!(host.session.is_settled());
    // Its answer got lost: the proposed id is as good a guess as any.
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.lose("Create", true);
    let (_, delete, _) = host.take("Delete");
    assert!(delete.header.shell_id.is_some());
}

#[test]
fn a_host_that_names_the_command_itself_is_asked_by_its_name() {
    let mut host = Host::open();
    let id = host.run(Command::new("Get-Thing"));
    let given = Uuid::from_u128(99);
    host.answer("Command", Answer::CommandStarted(given));
    let (exchange, request, body) = host.take("Receive");
    assert_eq!(request.operation, Operation::Receive { command_id: Some(given) });
    host.asked.push((exchange, Lane::Receive, request, body));
    host.say(id, &[state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    let (_, request, _) = host.take("Signal");
    assert_eq!(request.operation, Operation::Signal { command_id: Some(given), code: SignalCode::Terminate });
}

#[test]
fn a_command_that_starts_after_it_was_given_up_is_terminated() {
    let mut host = Host::open();
    let id = host.run(Command::new("Get-Thing"));
    host.session.stop(host.now, id);
    host.later(5 * SECOND);
    assert!(host.lost().may_have_run());
    host.answer("Signal", fault(Fault::INVALID_SELECTORS));
    host.answer("Command", Answer::CommandStarted(id.0));
    let (_, request, _) = host.take("Signal");
    assert_eq!(request.operation, Operation::Signal { command_id: Some(id.0), code: SignalCode::Terminate });
}

#[test]
fn one_unreadable_record_does_not_end_a_pipeline() {
    let mut host = Host::open();
    let id = host.running();
    let broken = (MessageType::WarningRecord, b"<Obj".to_vec());
    host.say(id, &[broken, state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    let unreadable = PipelineEvent::Unreadable { kind: MessageType::WarningRecord, bytes: 7 };
    let said = host.events.pop().map(|event| format!("{event:?}"));
    assert_eq!(said, Some(format!("{:?}", Event::Pipeline(id, unreadable))));
    let id = host.running();
    host.say(id, &[(MessageType::PipelineState, b"<Obj".to_vec())]);
    assert_eq!(host.lost().kind(), ErrorKind::PeerMisbehaved);
}

#[test]
fn settings_that_hang_are_refused() {
    let open = |config| Session::open(Instant::START, config, Entropy::seeded(1)).map(|_| ());
    let good = || Config::new("http://h/wsman");
    for bad in [
        Config { max_runspaces: 0, ..good() },
        Config { operation_timeout: Duration::ZERO, ..good() },
        Config { open_timeout: Duration::MAX, ..good() },
    ] {
        assert_eq!(open(bad).unwrap_err().kind(), ErrorKind::Misuse);
    }
}

#[test]
fn a_lost_receive_is_repeated_byte_for_byte() {
    let mut host = Host::open();
    let id = host.running();
    let first = host.lose("Receive", true);
    assert!(host.asked.is_empty(), "not at once");
    host.later(SECOND);
    let (_, _, again) = {
        let (exchange, request, body) = host.take("Receive");
        host.asked.push((exchange, Lane::Receive, request.clone(), body.clone()));
        (exchange, request, body)
    };
    assert_eq!(first, again);
    host.say(id, &[state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
}

#[test]
fn a_quiet_poll_is_asked_again_with_a_new_message_id() {
    let mut host = Host::open();
    host.running();
    let first = host.answer("Receive", fault(Fault::OPERATION_TIMED_OUT));
    let (_, second, _) = host.take("Receive");
    assert_ne!(first.header.message_id, second.header.message_id);
    assert!(host.events.is_empty());
}

#[test]
fn what_a_host_answers_with_silence_is_refused_before_sending() {
    let mut host = Host::open();
    let deep = (0..60).fold(Value::from("x"), |inner, _| Value::list(vec![inner]));
    let error = host.session.run(host.now, PipelineSpec::new(Command::new("X").argument("A", deep))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let spec = PipelineSpec { with_input: true, ..PipelineSpec::new(Command::new("X")) };
    let id = host.session.run(host.now, spec).unwrap();
    assert_eq!(host.session.send_input(host.now, id, &Value::Nil).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn an_argument_larger_than_an_envelope_is_sent_in_parts() {
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", "x".repeat(1_000_000)));
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Send"], "one at a time, no Receive before the last");
    host.answer("Send", Answer::Sent);
    assert_eq!(host.names(), ["Send"]);
    host.answer("Send", Answer::Sent);
    assert_eq!(host.names(), ["Receive"]);
    // Cut in the middle, nothing can have run; behind the last part it can.
    for (parts_taken, may_have_run) in [(0, false), (1, true)] {
        let mut host = Host::open();
        let id = host.run(Command::new("X").argument("A", "x".repeat(1_000_000)));
        host.answer("Command", Answer::CommandStarted(id.0));
        for _ in 0..parts_taken {
            host.answer("Send", Answer::Sent);
        }
        host.lose("Send", true);
        assert_eq!(host.lost().may_have_run(), may_have_run);
    }
}

#[test]
fn every_request_fits_its_envelope() {
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", "x".repeat(1_000_000)));
    assert!(host.asked[0].3.len() <= 512_000, "{}", host.asked[0].3.len());
    host.answer("Command", Answer::CommandStarted(id.0));
    assert!(host.asked[0].3.len() <= 512_000, "{}", host.asked[0].3.len());
}

#[test]
fn a_host_call_is_answered_beside_the_receive() {
    let mut host = Host::open();
    let id = host.running();
    let call = HostCall { call_id: 1, method: HostMethod::ReadLine, parameters: vec![] };
    host.say(id, &[(MessageType::PipelineHostCall, call.encode().unwrap())]);
    assert!(matches!(host.events.pop(), Some(Event::Pipeline(_, PipelineEvent::HostCall(c))) if c == call));
    host.session.answer(host.now, id, &call, &HostResponse::Value(Value::from("j"))).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Receive", "Send"]);
    let (_, request, _) = host.take("Send");
    assert!(matches!(request.operation, Operation::Send { stream: "pr", .. }));
}

#[test]
fn an_answer_to_another_request_is_not_taken() {
    let mut host = Host::open();
    host.running();
    let (id, ..) = host.take("Receive");
    let answer =
        Answer::Received(Received { streams: vec![], states: vec![CommandState { command_id: None, done: true }] });
    let body =
        AnswerEnvelope { message_id: None, relates_to: Some(Uuid::from_u128(99)), operation_id: None, answer }.encode();
    host.session.handle(host.now, Input::Answer { id, status: 200, body: &body });
    host.drain();
    assert_eq!(host.lost().kind(), ErrorKind::PeerMisbehaved);
}

#[test]
fn done_without_an_end_is_unknown() {
    let mut host = Host::open();
    let id = host.running();
    let states = vec![CommandState { command_id: Some(id.0), done: true }];
    host.answer("Receive", Answer::Received(Received { streams: vec![], states }));
    assert!(host.lost().may_have_run());
}

#[test]
fn close_deletes_and_ends_what_runs() {
    let mut host = Host::open();
    host.running();
    host.session.close(host.now);
    host.drain();
    assert!(host.lost().may_have_run());
    assert_eq!(host.names(), ["Receive", "Delete"]);
    host.answer("Delete", Answer::Deleted);
    assert!(matches!(host.events.pop(), Some(Event::Closed)));
    // A host that does not answer is not waited for.
    let mut host = Host::open();
    host.session.close(host.now);
    host.drain();
    host.later(5 * SECOND);
    assert!(matches!(host.events.pop(), Some(Event::Closed)));
}

#[test]
fn a_closed_session_takes_nothing() {
    let mut host = Host::open();
    host.session.close(host.now);
    let error = host.session.run(host.now, PipelineSpec::new(Command::new("X"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[test]
fn garbage_ends_in_an_error_and_not_in_a_panic() {
    for body in [&b""[..], b"<html/>", b"\xff\xfe", b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"]
    {
        let mut host = Host::open();
        host.running();
        let (id, ..) = host.take("Receive");
        host.session.handle(host.now, Input::Answer { id, status: 200, body });
        host.drain();
        assert_eq!(host.lost().kind(), ErrorKind::PeerMisbehaved);
    }
}
