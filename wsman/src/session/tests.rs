//! The machine against a host that does what a test says.

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
use crate::{Error, ErrorKind};

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
    wait: Option<(Instant, Why)>,
    object: u64,
    /// What a key pair is to be made from.
    key: Option<Entropy>,
}

impl Host {
    fn new(config: Config) -> Self {
        let session = Session::open(Instant::START, config, Entropy::seeded(1)).unwrap();
        let mut host =
            Self { session, now: Instant::START, asked: vec![], events: vec![], wait: None, object: 1, key: None };
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
        self.answer("Receive", Answer::Received(Received { streams, state: None }));
    }

    fn say(&mut self, id: PipelineId, messages: &[(MessageType, Vec<u8>)]) {
        let streams = self.streams(Some(id.0), messages);
        self.answer("Receive", Answer::Received(Received { streams, state: None }));
    }

    fn run(&mut self, command: Command) -> PipelineId {
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
fn a_stop_during_an_upload_ends_it_and_nothing_runs() {
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", "x".repeat(1_000_000)));
    host.answer("Command", Answer::CommandStarted(id.0));
    host.session.stop(host.now, id);
    host.drain();
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
    assert_eq!(host.names(), ["Send", "Signal"]);
    host.answer("Send", Answer::Sent);
    assert_eq!(host.names(), ["Signal"], "the rest is not sent");
    // Stopped before the host knew the command.
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", "x".repeat(1_000_000)));
    host.session.stop(host.now, id);
    host.answer("Command", Answer::CommandStarted(id.0));
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
    assert_eq!(host.names(), ["Signal"]);
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
fn a_line_that_stays_dead_ends_the_pipeline_as_unknown() {
    let mut host = Host::open();
    host.running();
    for _ in 0..4 {
        host.lose("Receive", true);
        host.later(10 * SECOND);
    }
    host.lose("Receive", false);
    assert!(host.lost().may_have_run());
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
fn a_stop_is_the_misspelt_signal_and_ends_with_the_hosts_word() {
    let mut host = Host::open();
    let id = host.running();
    host.session.stop(host.now, id);
    host.session.stop(host.now, id);
    host.drain();
    assert_eq!(host.names(), ["Receive", "Signal"], "once, and beside the Receive");
    let request = host.answer("Signal", Answer::Signalled);
    assert_eq!(request.operation, Operation::Signal { command_id: Some(id.0), code: SignalCode::CtrlC });
    host.say(id, &[state(PipelineState::Stopped)]);
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
}

#[test]
fn a_stop_before_the_host_knows_the_command_waits_for_it() {
    let mut host = Host::open();
    let id = host.run(Command::new("Get-Thing"));
    host.session.stop(host.now, id);
    host.drain();
    assert_eq!(host.names(), ["Command"]);
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Signal", "Receive"]);
}

#[test]
fn a_stop_that_nobody_hears_ends_after_five_seconds() {
    let mut host = Host::open();
    let id = host.running();
    host.session.stop(host.now, id);
    host.drain();
    assert_eq!(host.wait, Some((host.now + 5 * SECOND, Why::Deadline)));
    host.later(5 * SECOND);
    let error = host.lost();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::TimedOut, true));
}

#[test]
fn a_command_that_is_gone_was_stopped_only_if_a_stop_was_asked() {
    let mut host = Host::open();
    let id = host.running();
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert!(host.lost().may_have_run());
    host.take("Signal");
    let other = host.running();
    assert_ne!(id, other);
    host.session.stop(host.now, other);
    host.drain();
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
}

#[test]
fn silence_is_stopped_at_its_own_deadline() {
    let mut host = Host::open();
    let id = host.running();
    assert_eq!(host.wait, Some((host.now + 60 * SECOND, Why::Deadline)));
    host.later(60 * SECOND);
    assert_eq!(host.names(), ["Receive", "Signal"]);
    host.say(id, &[state(PipelineState::Stopped)]);
    assert!(matches!(host.end(), End::Stopped(StopCause::Silence)));
    // One message, and only the whole counts.
    let id = host.running();
    host.take("Signal");
    host.say(id, &[output("x")]);
    assert_eq!(host.wait.unwrap().0, host.now + 600 * SECOND);
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
        Answer::Received(Received { streams: vec![], state: Some(CommandState { command_id: None, done: true }) });
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
    let state = Some(CommandState { command_id: Some(id.0), done: true });
    host.answer("Receive", Answer::Received(Received { streams: vec![], state }));
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

/// Makes the pair that was asked for, reads PUBLIC_KEY, says the key.
fn exchange_key(host: &mut Host) -> Sealing {
    let pair = KeyPair::generate(host.key.as_mut().expect("a pair is asked for"));
    host.session.handle(host.now, Input::Key(pair));
    host.drain();
    let request = host.answer("Send", Answer::Sent);
    let Operation::Send { command_id: None, stream: "stdin", data } = request.operation else { panic!() };
    let messages = fragment::Assembler::new(1 << 20).push(&data).unwrap();
    let message = Message::decode(&messages[0]).unwrap();
    assert_eq!(message.kind, MessageType::PublicKey);
    let key = SessionKey::generate(&mut Entropy::seeded(9));
    let sent = key.encrypt_for(&PublicKey::decode(&message.payload).unwrap(), &mut Entropy::seeded(8)).unwrap();
    host.say_pool(&[(MessageType::EncryptedSessionKey, sent.encode().unwrap())]);
    Sealing::Key(key)
}

fn secret(text: &str) -> Value {
    Value::from(SecureString::new(text.to_owned().into()))
}

#[test]
fn a_secret_argument_gets_the_key_first_and_travels_sealed() {
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", Value::list(vec![secret("planted-secret")])));
    assert!(host.names().is_empty(), "no Command before the key");
    assert_eq!(host.wait.map(|(_, why)| why), Some(Why::Key));
    let sealing = exchange_key(&mut host);
    assert!(host.events.iter().any(|event| matches!(event, Event::Key(Ok(())))));
    assert_eq!(host.names(), ["Command"], "and the pool is asked no further");
    let request = host.answer("Command", Answer::CommandStarted(id.0));
    let Operation::Command { arguments, .. } = request.operation else { panic!() };
    let messages = fragment::Assembler::new(1 << 20).push(&arguments).unwrap();
    let create = CreatePipeline::decode(&Message::decode(&messages[0]).unwrap().payload).unwrap();
    let sealed = create.commands[0].arguments[0].value.items().unwrap()[0].as_secure_string().unwrap();
    assert_eq!(sealing.open(sealed).unwrap().expose(), "planted-secret");
    // The next one has the key already; an answer and an input, too.
    let other = host.run(Command::new("X").argument("A", secret("b")));
    host.answer("Command", Answer::CommandStarted(other.0));
    assert!(host.key.is_some() && host.names() == ["Receive", "Receive"]);
    assert_eq!(host.session.reveal(host.now, sealed).unwrap().unwrap().expose(), "planted-secret");
}

#[test]
fn input_behind_a_secret_keeps_its_place() {
    let mut host = Host::open();
    let spec = PipelineSpec { with_input: true, ..PipelineSpec::new(Command::new("X")) };
    let id = host.session.run(host.now, spec).unwrap();
    host.drain();
    host.answer("Command", Answer::CommandStarted(id.0));
    host.session.send_input(host.now, id, &secret("first")).unwrap();
    host.session.send_input(host.now, id, &Value::from("second")).unwrap();
    host.session.end_input(id).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Receive"]);
    // The pool is asked beside the pipeline: put its Receive in front.
    let receive = host.asked.remove(0);
    exchange_key(&mut host);
    let mut kinds = Vec::new();
    let mut assembler = fragment::Assembler::new(1 << 20);
    while host.names().contains(&"Send") {
        let Operation::Send { data, .. } = host.answer("Send", Answer::Sent).operation else { panic!() };
        kinds.extend(assembler.push(&data).unwrap().iter().map(|message| Message::decode(message).unwrap().kind));
    }
    assert_eq!(kinds, [MessageType::PipelineInput, MessageType::PipelineInput, MessageType::EndOfPipelineInput]);
    host.asked.push(receive);
    host.say(id, &[state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
}

#[test]
fn a_key_that_does_not_come_ends_what_waits_for_it() {
    for with_pair in [false, true] {
        let mut host = Host::open();
        host.run(Command::new("X").argument("A", secret("s")));
        if with_pair {
            let pair = KeyPair::generate(host.key.as_mut().unwrap());
            host.session.handle(host.now, Input::Key(pair));
            host.drain();
            host.answer("Send", fault(Fault::INVALID_SELECTORS));
        } else {
            host.session.handle(host.now, Input::Key(Err(SecretError::NoKeyPair)));
            host.drain();
        }
        assert!(matches!(host.events.pop(), Some(Event::Key(Err(_)))));
        assert!(!host.lost().may_have_run(), "no Command was sent");
        assert!(!host.names().contains(&"Command") && !host.names().contains(&"Signal"));
    }
    // Stopped meanwhile: it never was.
    let mut host = Host::open();
    let id = host.run(Command::new("X").argument("A", secret("s")));
    host.session.stop(host.now, id);
    host.drain();
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
    exchange_key(&mut host);
    assert!(host.names().is_empty());
    // Silence: the pipeline's own deadline comes first, or the key's.
    let mut host = Host::open();
    let spec = PipelineSpec {
        first_message_timeout: 900 * SECOND,
        timeout: 900 * SECOND,
        ..PipelineSpec::new(Command::new("X").argument("A", secret("s")))
    };
    host.session.run(host.now, spec).unwrap();
    host.drain();
    assert_eq!(host.wait, Some((host.now + 60 * SECOND, Why::Key)));
    host.later(60 * SECOND);
    assert!(matches!(host.events.pop(), Some(Event::Key(Err(error))) if error.kind() == ErrorKind::TimedOut));
    assert!(!host.lost().may_have_run());
}

#[test]
fn a_host_of_2_1_may_ask_for_the_key() {
    let mut host = Host::new(Config { protocol: ProtocolVersion::V2_1, ..Config::new("http://h/wsman") });
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_1), opened()]);
    assert_eq!(host.names(), ["Receive"], "it may ask at any time, so the pool is listened to");
    host.say_pool(&[(MessageType::PublicKeyRequest, b"<S></S>".to_vec())]);
    let parked = host.asked.remove(0);
    host.asked.push(parked);
    exchange_key(&mut host);
}

#[test]
fn version_2_4_needs_no_key() {
    let mut host = Host::new(Config { protocol: ProtocolVersion::V2_4, ..Config::new("http://h/wsman") });
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_4), opened()]);
    host.run(Command::new("X").argument("A", secret("p@ss")));
    assert!(host.key.is_none());
    let (_, _, body) = host.take("Command");
    assert!(!String::from_utf8(body).unwrap().contains("p@ss"));
}

fn parked() -> Host {
    let mut host = Host::new(Config { parked_receive: true, ..Config::new("http://h/wsman") });
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
    assert!(matches!(host.events.pop(), Some(Event::Opened(_))));
    assert_eq!(host.names(), ["Receive"]);
    assert_eq!(host.asked[0].1, Lane::Receive);
    host
}

#[test]
fn a_parked_receive_is_kept_up_and_hears_the_pool() {
    let mut host = parked();
    host.answer("Receive", fault(Fault::OPERATION_TIMED_OUT));
    assert_eq!(host.names(), ["Receive"]);
    let call = HostCall { call_id: 4, method: HostMethod::ReadLine, parameters: vec![] };
    host.say_pool(&[(MessageType::RunspacePoolHostCall, call.encode().unwrap())]);
    assert!(matches!(host.events.pop(), Some(Event::PoolHostCall(c)) if c == call));
    assert_eq!(host.names(), ["Receive"]);
    host.session.answer_pool(host.now, &call, &HostResponse::text("x")).unwrap();
    host.drain();
    let (_, request, _) = host.take("Send");
    assert!(matches!(request.operation, Operation::Send { command_id: None, stream: "pr", .. }));
    host.say_pool(&[(MessageType::UserEvent, b"<S>x</S>".to_vec())]);
    assert_eq!(host.names(), ["Receive"], "an unreadable event costs itself only");
    // The pool's end is heard at once.
    let closed = RunspacePoolStateMessage { state: RunspacePoolState::Closed, error: None };
    host.say_pool(&[(MessageType::RunspacePoolState, closed.encode().unwrap())]);
    assert!(matches!(host.events.pop(), Some(Event::Broken(_))));
}

#[test]
fn a_parked_receive_that_breaks_does_not_end_the_session() {
    let mut host = parked();
    for _ in 0..4 {
        host.lose("Receive", true);
        host.later(10 * SECOND);
    }
    host.lose("Receive", false);
    assert!(host.asked.is_empty() && host.events.is_empty(), "given up until the line is there again");
    let id = host.run(Command::new("X"));
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Receive", "Receive"]);
    // A quota is not asked again; a shell that is gone is gone.
    let mut host = parked();
    host.answer("Receive", fault(2_150_859_174));
    let id = host.run(Command::new("X"));
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Receive"]);
    let mut host = parked();
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert!(matches!(host.events.pop(), Some(Event::Broken(_))));
}

#[test]
fn questions_to_the_pool_go_one_after_the_other_and_end() {
    let mut host = Host::open();
    let first = host.session.ask_pool(host.now, PoolQuestion::SetMaxRunspaces(3)).unwrap();
    let second = host.session.ask_pool(host.now, PoolQuestion::AvailableRunspaces).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Send", "Receive"]);
    host.answer("Send", Answer::Sent);
    host.answer("Send", Answer::Sent);
    let says = |call, value| {
        let said = Value::custom([("SetMinMaxRunspacesResponse", value), ("ci", Value::I64(call))]);
        (MessageType::RunspaceAvailability, crate::psrp::encode(&said).unwrap())
    };
    host.say_pool(&[says(first, Value::Bool(true)), says(second, Value::I32(3)), says(77, Value::Bool(true))]);
    let answers: Vec<_> = host.events.drain(..).map(|event| format!("{event:?}")).collect();
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert!(answers[0].contains("Done(true)") && answers[1].contains("Available(3)"));
    assert!(host.names().is_empty(), "nothing is waited for any more");
    // Silence ends, and so does the pool.
    host.session.ask_pool(host.now, PoolQuestion::ResetRunspaceState).unwrap();
    host.later(60 * SECOND);
    assert!(matches!(host.events.pop(), Some(Event::PoolAnswer { answer: Err(error), .. }) if error.may_have_run()));
    host.session.ask_pool(host.now, PoolQuestion::ResetRunspaceState).unwrap();
    host.session.close(host.now);
    host.drain();
    assert!(matches!(host.events.pop(), Some(Event::PoolAnswer { answer: Err(_), .. })));
}

#[test]
fn a_slow_application_holds_the_next_receive_back() {
    let mut host = Host::new(Config { window_bytes: 10_000, ..Config::new("http://h/wsman") });
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
    let id = host.running();
    host.say(id, &[output(&"x".repeat(9000))]);
    assert_eq!(host.names(), ["Receive"], "there is room");
    host.say(id, &[output(&"y".repeat(900)), output(&"z".repeat(900))]);
    assert!(host.names().is_empty() && host.session.is_held(id));
    host.session.taken(id, 1);
    host.drain();
    assert_eq!(host.names(), ["Receive"]);
    host.session.taken(id, 1000);
    // Nothing of a large message counts before it is whole.
    let streams = host.streams(Some(id.0), &[output(&"w".repeat(100_000))]);
    for stream in &streams[..streams.len() - 1] {
        host.answer("Receive", Answer::Received(Received { streams: vec![stream.clone()], state: None }));
    }
    assert_eq!(host.names(), ["Receive"]);
    let last = streams.last().cloned().into_iter().collect();
    host.answer("Receive", Answer::Received(Received { streams: last, state: None }));
    assert!(host.session.is_held(id));
    // A stop has more room, not endless room.
    host.session.stop(host.now, id);
    host.drain();
    assert_eq!(host.names(), ["Signal"]);
    host.session.taken(id, usize::MAX);
    host.drain();
    host.say(id, &[state(PipelineState::Stopped)]);
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
}

fn left(host: &mut Host) {
    host.session.disconnect(host.now, Some(90 * SECOND)).unwrap();
    host.drain();
    host.answer("Disconnect", Answer::Disconnected);
    assert!(matches!(host.events.pop(), Some(Event::Disconnected)));
}

#[test]
fn a_session_is_left_and_come_back_to_with_what_runs_in_it() {
    let mut host = Host::open();
    let id = host.running();
    host.session.disconnect(host.now, Some(90 * SECOND)).unwrap();
    host.drain();
    assert!(host.session.run(host.now, PipelineSpec::new(Command::new("X"))).is_err());
    // The host ends the Receive that it holds; that is no error now.
    host.answer("Receive", fault(2_150_859_230));
    let (_, request, _) = {
        let taken = host.take("Disconnect");
        host.asked.push((taken.0, Lane::Command, taken.1.clone(), taken.2.clone()));
        taken
    };
    assert_eq!(request.operation, Operation::Disconnect { idle_timeout: Some(90 * SECOND) });
    host.answer("Disconnect", Answer::Disconnected);
    assert!(matches!(host.events.pop(), Some(Event::Disconnected)));
    // No deadline runs while nobody is there.
    host.later(3600 * SECOND);
    assert_eq!(host.wait, Some((Instant::NEVER, Why::Idle)));
    host.session.reconnect(host.now).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Reconnect"]);
    host.answer("Reconnect", Answer::Reconnected);
    assert!(matches!(host.events.pop(), Some(Event::Reconnected)));
    let command = host.answer("Reconnect", Answer::Reconnected);
    assert_eq!(command.operation, Operation::Reconnect { command_id: Some(id.0) });
    host.say(id, &[output("x"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
}

#[test]
fn a_session_that_was_left_is_not_deleted_when_it_is_forgotten() {
    let mut host = Host::open();
    host.running();
    left(&mut host);
    host.asked.clear();
    host.session.abandon(host.now);
    host.drain();
    assert!(matches!(host.events.pop(), Some(Event::Closed)));
    assert!(host.names().is_empty() && host.session.is_settled());
    // Closed on purpose it is.
    let mut host = Host::open();
    left(&mut host);
    host.session.close(host.now);
    host.drain();
    assert_eq!(host.names(), ["Delete"]);
}

#[test]
fn leaving_that_fails_leaves_the_session_as_it_was() {
    let mut host = Host::open();
    let id = host.running();
    host.session.disconnect(host.now, None).unwrap();
    host.drain();
    host.answer("Disconnect", fault(2_150_858_778));
    assert!(matches!(host.events.pop(), Some(Event::LinkFailed(error)) if error.fault().is_some()));
    host.say(id, &[state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    // Half a pipeline cannot be left.
    let mut host = Host::open();
    host.run(Command::new("X"));
    assert_eq!(host.session.disconnect(host.now, None).unwrap_err().kind(), ErrorKind::Misuse);
}

fn connecting() -> Host {
    let shell = Uuid::from_u128(0x77).to_string();
    let config = Config::new("http://h/wsman");
    let session = Session::connect(Instant::START, config, Entropy::seeded(2), &shell).unwrap();
    let mut host =
        Host { session, now: Instant::START, asked: vec![], events: vec![], wait: None, object: 1, key: None };
    host.drain();
    assert_eq!(host.names(), ["Connect"]);
    host
}

#[test]
fn another_client_connects_and_takes_a_pipeline_over() {
    let mut host = connecting();
    let mut streams = host.streams(None, &[capability(ProtocolVersion::V2_3)]);
    let answer = streams.drain(..).flat_map(|stream| stream.data).collect();
    host.answer("Connect", Answer::Connected(answer));
    assert!(host.events.is_empty());
    host.say_pool(&[(MessageType::ApplicationPrivateData, b"<S>x</S>".to_vec())]);
    assert!(matches!(host.events.pop(), Some(Event::Opened(_))), "without a word about its state");
    let command = Uuid::from_u128(0x99);
    let id = host.session.attach(host.now, command, 600 * SECOND).unwrap();
    assert!(host.session.attach(host.now, command, SECOND).is_err());
    host.drain();
    host.answer("Connect", Answer::Connected(Vec::new()));
    // The rest of a message that went to the other client, then a whole one.
    let large = host.streams(Some(command), &[output(&"x".repeat(50_000)), output("y")]);
    let streams = large[1..].to_vec();
    host.answer("Receive", Answer::Received(Received { streams, state: None }));
    assert!(matches!(host.events.pop(), Some(Event::Pipeline(_, PipelineEvent::Output(v))) if v == Value::from("y")));
    host.say(id, &[state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
}

#[test]
fn a_pool_that_was_not_taken_over_is_not_deleted() {
    let mut host = connecting();
    host.answer("Connect", fault(2_150_859_213));
    assert!(matches!(host.events.pop(), Some(Event::Broken(_))));
    assert!(host.names().is_empty());
    let mut host = connecting();
    host.session.close(host.now);
    host.drain();
    host.answer("Connect", Answer::Connected(Vec::new()));
    assert_eq!(host.names(), ["Disconnect"]);
    // A pipeline that is gone ends; the session lives.
    let mut host = Host::open();
    host.session.attach(host.now, Uuid::from_u128(1), SECOND).unwrap();
    host.drain();
    host.answer("Connect", fault(Fault::INVALID_SELECTORS));
    assert!(host.lost().may_have_run());
    assert!(host.session.is_open());
}

fn early(host: &mut Host) -> PipelineId {
    let spec = PipelineSpec { early_receive: true, ..PipelineSpec::new(Command::new("X")) };
    let id = host.session.run(host.now, spec).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Command", "Receive"]);
    id
}

#[test]
fn an_early_receive_may_bring_everything_before_the_command_is_answered() {
    let mut host = Host::open();
    let id = early(&mut host);
    host.say(id, &[output("x"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    assert_eq!(host.names(), ["Command", "Signal"]);
    host.answer("Signal", Answer::Signalled);
    host.answer("Command", Answer::CommandStarted(id.0));
    assert!(host.names().is_empty(), "terminated once");
    // Also when that answer gets lost.
    let id = early(&mut host);
    host.say(id, &[state(PipelineState::Completed)]);
    host.events.clear();
    host.lose("Command", true);
    assert!(host.events.is_empty() && host.names() == ["Signal"]);
}

#[test]
fn an_early_receive_that_comes_too_early_is_asked_again_and_loses_nothing() {
    // Twice before the Command's answer, then it is waited for.
    let mut host = Host::open();
    let id = early(&mut host);
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert_eq!(host.names(), ["Command", "Receive"]);
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert_eq!(host.names(), ["Command"]);
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Receive"]);
    host.say(id, &[output("x"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    // Its fault behind the Command's answer says nothing; the next one does.
    let mut host = Host::open();
    let id = early(&mut host);
    host.answer("Command", Answer::CommandStarted(id.0));
    assert_eq!(host.names(), ["Receive"], "not a second one");
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert_eq!(host.names(), ["Receive"]);
    host.answer("Receive", fault(Fault::INVALID_SELECTORS));
    assert!(host.lost().may_have_run());
}

#[test]
fn an_early_receive_does_not_change_what_a_failed_command_means() {
    let mut host = Host::open();
    early(&mut host);
    host.answer("Command", fault(2_150_859_174));
    assert!(!host.lost().may_have_run());
    let mut host = Host::open();
    early(&mut host);
    host.lose("Command", true);
    assert!(host.lost().may_have_run());
    let mut host = Host::open();
    early(&mut host);
    host.lose("Command", false);
    assert!(!host.lost().may_have_run());
    // One that is cut up is not received early.
    let mut host = Host::open();
    let large = Command::new("X").argument("A", "x".repeat(1_000_000));
    let spec = PipelineSpec { early_receive: true, ..PipelineSpec::new(large) };
    host.session.run(host.now, spec).unwrap();
    host.drain();
    assert_eq!(host.names(), ["Command"]);
}

#[test]
fn a_lost_command_is_sent_again_only_where_that_was_proven() {
    for robust in [Robustness::Off, Robustness::Marked, Robustness::Retransmitted] {
        let mut host = Host::new(Config { robust, ..Config::new("http://h/wsman") });
        host.answer_create();
        host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
        host.events.clear();
        let id = host.run(Command::new("Set-Thing"));
        let (_, first, _) = {
            let taken = host.take("Command");
            host.asked.push((taken.0, Lane::Command, taken.1.clone(), taken.2.clone()));
            taken
        };
        assert_eq!(first.header.robust.is_some(), robust != Robustness::Off);
        assert!(first.header.robust.is_none_or(|robust| !robust.again));
        host.lose("Command", true);
        if robust != Robustness::Retransmitted {
            assert!(host.lost().may_have_run());
            continue;
        }
        assert!(host.events.is_empty() && host.names().is_empty(), "not at once");
        host.later(SECOND);
        let again = host.answer("Command", Answer::CommandStarted(id.0));
        assert_eq!(again.header.message_id, first.header.message_id);
        assert_eq!(again.operation, first.operation);
        let (one, two) = (first.header.robust.unwrap(), again.header.robust.unwrap());
        assert_eq!((one.operation_id, two.again), (two.operation_id, true));
        host.say(id, &[state(PipelineState::Completed)]);
        assert!(matches!(host.end(), End::Completed));
        // A line that stays dead ends it all the same; so does a stop.
        host.run(Command::new("Set-Thing"));
        for _ in 0..4 {
            host.lose("Command", true);
            host.later(10 * SECOND);
        }
        host.lose("Command", true);
        assert!(host.lost().may_have_run());
        let id = host.run(Command::new("Set-Thing"));
        host.lose("Command", true);
        host.session.stop(host.now, id);
        host.later(5 * SECOND);
        host.asked.clear();
        host.later(60 * SECOND);
        assert!(!host.names().contains(&"Command"), "given up is given up");
    }
}

#[test]
fn a_probe_sends_its_command_twice_and_goes_on() {
    for (answer, replayed) in
        [(None, true), (Some(fault(2_150_858_767)), false), (Some(Answer::CommandStarted(Uuid::nil())), false)]
    {
        let mut host = Host::open();
        let id = host.session.run_probe(host.now, PipelineSpec::new(Command::script("count"))).unwrap();
        host.drain();
        assert_eq!(host.asked[0].1, Lane::Once);
        let first = host.answer("Command", Answer::CommandStarted(id.0));
        assert_eq!(host.asked[0].1, Lane::Once);
        let again = host.answer("Command", answer.unwrap_or(Answer::CommandStarted(id.0)));
        assert_eq!(again.header.message_id, first.header.message_id);
        assert!(!first.header.robust.unwrap().again && again.header.robust.unwrap().again);
        assert!(matches!(host.events.pop(), Some(Event::Probed(p, was)) if p == id && was == replayed));
        host.say(id, &[state(PipelineState::Completed)]);
        assert!(matches!(host.end(), End::Completed));
    }
}

#[test]
fn an_error_says_what_would_help() {
    for (code, retry) in [
        (2_150_859_174, crate::Retry::AfterPause),
        (Fault::INVALID_SELECTORS, crate::Retry::AfterReopen),
        (5, crate::Retry::Never),
        (2_150_858_770, crate::Retry::Now),
    ] {
        let mut host = Host::open();
        host.run(Command::new("X"));
        host.answer("Command", fault(code));
        let said = host.events.iter().find_map(|event| match event {
            Event::Pipeline(_, PipelineEvent::Ended(End::Lost(error))) => Some(error.retry()),
            _ => None,
        });
        assert_eq!(said, Some(retry), "{code}");
    }
    assert_eq!(Error::new(ErrorKind::Unreachable, "x").retry(), crate::Retry::AfterPause);
    assert_eq!(Error::new(ErrorKind::Auth, "x").retry(), crate::Retry::Never);
}

#[test]
fn an_object_that_the_host_cut_off_is_warned_about() {
    let mut host = Host::open();
    let id = host.running();
    host.say(id, &[output("Serialized XML is nested too deeply."), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    assert!(matches!(host.events.pop(), Some(Event::Pipeline(_, PipelineEvent::Warning(_)))));
    assert!(matches!(host.events.pop(), Some(Event::Pipeline(_, PipelineEvent::Output(_)))));
}
