//! Cases from the field: what a machine must do where others lost something.

use super::*;

fn lost_for(host: &mut Host, name: &str, span: Duration) {
    let until = host.now + span;
    while host.now < until {
        host.lose(name, true);
        let (at, why) = host.wait.unwrap();
        // What bounds it may come first.
        assert!(why == Why::Repeat || at >= until, "{why:?}");
        host.later(at - host.now);
    }
}

#[test]
fn b5_an_outage_of_five_seconds_does_not_end_a_function_of_fourteen() {
    let mut host = Host::open();
    let id = host.run(Command::new("Set-Thing"));
    host.answer("Command", Answer::CommandStarted(id.0));
    lost_for(&mut host, "Receive", 5 * SECOND);
    assert!(host.events.is_empty(), "nothing is told, nothing is stopped");
    host.later(9 * SECOND);
    assert_eq!(host.names(), ["Receive"]);
    host.say(id, &[output("done"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
}

#[test]
fn b5_a_line_that_stays_dead_is_tried_until_the_calls_own_deadline() {
    let mut host = Host::open();
    let id = host.running();
    host.say(id, &[output("so far")]);
    host.events.clear();
    // The pauses are capped, so a line that comes back is found.
    lost_for(&mut host, "Receive", 599 * SECOND);
    assert!(host.events.is_empty());
    host.later(2 * SECOND);
    assert!(host.names().contains(&"Signal"), "its time is over: {:?}", host.names());
    host.later(5 * SECOND);
    let error = host.lost();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::TimedOut, true));
}

#[test]
fn b5_a_lost_terminate_is_sent_again_until_a_little_after_the_deadline() {
    let mut host = Host::open();
    let id = host.running();
    host.say(id, &[state(PipelineState::Completed)]);
    lost_for(&mut host, "Signal", 60 * SECOND);
    let request = host.answer("Signal", Answer::Signalled);
    assert!(matches!(request.operation, Operation::Signal { code: SignalCode::Terminate, .. }));
    let id = host.running();
    host.say(id, &[state(PipelineState::Completed)]);
    host.later(629 * SECOND);
    host.lose("Signal", true);
    host.later(2 * SECOND);
    host.lose("Signal", true);
    host.later(60 * SECOND);
    assert!(host.names().is_empty(), "it goes with its shell");
}

#[test]
fn b2_the_fate_of_a_command_under_way_is_learnt_before_it_is_called_lost() {
    // The parked Receive hears first that the shell is gone.
    let broken = || {
        let mut host = Host::new(Config { parked_receive: true, ..Config::new("http://h/wsman") });
        host.answer_create();
        host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
        host.events.clear();
        let id = host.run(Command::new("Set-Thing"));
        host.answer("Receive", fault(Fault::INVALID_SELECTORS));
        assert!(matches!(host.events.pop(), Some(Event::Broken(_))));
        assert!(host.events.is_empty(), "no word on the write yet");
        assert!(!host.session.is_settled());
        host.answer("Delete", fault(Fault::INVALID_SELECTORS));
        assert!(!host.session.is_settled(), "its Command is still under way");
        (host, id)
    };
    // Not a byte of it left; the host says that it has no such shell.
    let (mut host, _) = broken();
    host.lose("Command", false);
    let error = host.lost();
    assert_eq!((error.may_have_run(), error.retry()), (false, Retry::AfterReopen));
    assert!(host.session.is_settled() && host.asked.is_empty());
    let (mut host, _) = broken();
    host.answer("Command", fault(Fault::INVALID_SELECTORS));
    assert!(!host.lost().may_have_run());
    // It left and was never answered; or the host took it.
    let (mut host, _) = broken();
    host.lose("Command", true);
    assert!(host.lost().may_have_run());
    let (mut host, id) = broken();
    host.answer("Command", Answer::CommandStarted(id.0));
    assert!(host.lost().may_have_run());
    // Nobody waits for ever.
    let (mut host, _) = broken();
    host.later(61 * SECOND);
    host.later(5 * SECOND);
    assert!(host.lost().may_have_run());
}

#[test]
fn b2_half_a_pipeline_never_ran() {
    let large = || Value::from("x".repeat(900_000).as_str());
    // Command and two Sends: nothing runs without the last.
    for (answered, may_have_run) in [(0, false), (1, false), (2, true)] {
        let mut host = Host::open();
        let id = host.run(Command::new("Set-Thing").argument("A", large()));
        if answered > 0 {
            host.answer("Command", Answer::CommandStarted(id.0));
        }
        if answered > 1 {
            host.answer("Send", Answer::Sent);
        }
        host.lose(if answered == 0 { "Command" } else { "Send" }, true);
        assert_eq!(host.lost().may_have_run(), may_have_run, "{answered}");
    }
}

#[test]
fn b3_the_hosts_two_faults_prove_that_a_command_did_not_run_unless_anybody_could_say_them() {
    for code in [2_150_859_204, 2_150_858_753] {
        for (answers, may_have_run) in [(Answers::Proven, false), (Answers::ClearText, true)] {
            let mut host = Host::new(Config { answers, ..Config::new("http://h/wsman") });
            host.answer_create();
            host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
            host.events.clear();
            host.run(Command::new("Set-Thing"));
            host.answer("Command", fault(code));
            let ended = host.events.remove(0);
            let Event::Pipeline(_, PipelineEvent::Ended(End::Lost(error))) = ended else { panic!("{ended:?}") };
            assert_eq!(error.may_have_run(), may_have_run, "{code} {answers:?}");
        }
    }
}

#[test]
fn b4_a_fault_on_a_receive_is_no_refused_sign_in() {
    let mut host = Host::open();
    host.running();
    host.answer("Receive", fault(5));
    assert_eq!(host.lost().kind(), ErrorKind::Refused);
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.answer("Create", fault(5));
    assert!(matches!(&host.events[..], [Event::Broken(error)] if error.kind() == ErrorKind::Auth));
}

#[test]
fn e6_create_names_its_shell_and_when_it_may_be_dropped() {
    let idle_timeout = Some(240 * SECOND);
    let mut host = Host::new(Config { idle_timeout, ..Config::new("http://h/wsman") });
    let (_, request, _) = host.take("Create");
    let Operation::Create { name, idle_timeout: sent, .. } = request.operation else { panic!("no Create") };
    assert_eq!((name.as_deref(), sent), (Some("wsman"), idle_timeout));
    let shell_name = Some("sentinel-jump contoso".to_owned());
    let mut host = Host::new(Config { shell_name: shell_name.clone(), ..Config::new("http://h/wsman") });
    let (_, request, _) = host.take("Create");
    assert!(matches!(request.operation, Operation::Create { name, idle_timeout: None, .. } if name == shell_name));
    let short = Config { idle_timeout: Some(59 * SECOND), ..Config::new("http://h/wsman") };
    let error = Session::open(Instant::START, short, Entropy::seeded(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse, "hosts refuse less than a minute");
}

#[test]
fn e6_the_shell_is_known_from_before_it_is_asked_for_until_it_is_gone() {
    let mut host = Host::open();
    let made = ShellNews::Made { shell_id: "SHELL-1".into() };
    assert!(matches!(&host.shells[..], [ShellNews::Asked { .. }, said] if *said == made), "{:?}", host.shells);
    assert_eq!(host.session.remains().as_deref(), Some("SHELL-1"));
    // Frozen: each Delete is lost; the caller gave a minute.
    host.session.close_by(host.now, host.now + 60 * SECOND);
    host.drain();
    lost_for(&mut host, "Delete", 50 * SECOND);
    assert!(host.events.is_empty());
    host.answer("Delete", Answer::Deleted);
    assert!(matches!(host.events.pop(), Some(Event::Closed)));
    assert_eq!(host.shells.last(), Some(&ShellNews::Gone { shell_id: "SHELL-1".into() }));
    assert_eq!((host.session.remains(), host.session.is_settled()), (None, true));

    // It stays frozen: what is left behind has a name.
    let mut host = Host::open();
    host.session.close_by(host.now, host.now + 60 * SECOND);
    host.drain();
    lost_for(&mut host, "Delete", 60 * SECOND);
    assert!(matches!(host.events.pop(), Some(Event::Closed)));
    assert_eq!(host.session.remains().as_deref(), Some("SHELL-1"));
    assert!(!host.session.is_settled(), "and is asked for as long as somebody drives it");
    host.later(2 * SECOND);
    host.answer("Delete", fault(Fault::INVALID_SELECTORS));
    assert_eq!((host.session.remains(), host.session.is_settled()), (None, true));
}

#[test]
fn e6_a_refused_sign_in_or_a_busy_host_does_not_keep_delete_from_being_sent() {
    let mut host = Host::open();
    host.session.close_by(host.now, host.now + 60 * SECOND);
    host.drain();
    assert_eq!(host.asked[0].1, Lane::Cleanup);
    let (id, ..) = host.take("Delete");
    let error = Error::new(ErrorKind::Auth, "the password was refused");
    host.session.handle(host.now, Input::Lost { id, sent: false, error: error.clone() });
    host.drain();
    host.later(SECOND);
    host.answer("Delete", fault(2_150_859_174));
    host.later(2 * SECOND);
    // A second refusal is an answer: each try counts towards a lockout.
    let (id, ..) = host.take("Delete");
    host.session.handle(host.now, Input::Lost { id, sent: false, error });
    host.drain();
    assert!(matches!(host.events.pop(), Some(Event::Closed)) && host.asked.is_empty());
    assert_eq!(host.session.remains().as_deref(), Some("SHELL-1"));
}

#[test]
fn e6_a_shell_whose_create_was_lost_may_be_made_late() {
    let mut host = Host::new(Config::new("http://h/wsman"));
    let [ShellNews::Asked { shell_id }] = &host.shells[..] else { panic!("{:?}", host.shells) };
    let proposed = shell_id.clone();
    host.lose("Create", true);
    let delete = host.answer("Delete", fault(Fault::INVALID_SELECTORS));
    assert_eq!(delete.header.shell_id.as_ref(), Some(&proposed));
    assert_eq!(host.session.remains(), Some(proposed), "not found yet is not gone");
    // One that never left is not there, and neither is one that was refused.
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.lose("Create", false);
    assert_eq!(host.session.remains(), None);
    assert!(matches!(host.shells.last(), Some(ShellNews::Gone { .. })));
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.answer("Create", fault(2_150_859_173));
    assert_eq!(host.session.remains(), None);
}

#[test]
fn e2_a_host_with_small_envelopes_is_sent_smaller_ones() {
    for refusal in [
        Fault { code: Some(2_150_858_825), subcode: None, text: String::new() },
        Fault { code: Some(2_150_859_025), subcode: None, text: String::new() },
        Fault { code: None, subcode: Some("EncodingLimit".into()), text: String::new() },
    ] {
        for limit in [150_000, 60_000, 8_192] {
            let mut host = Host::open();
            let text = "a script of some length; ".repeat(12_000);
            let id = host.run(Command::script(&text));
            let mut whole = Vec::new();
            loop {
                let Some((name, bytes)) =
                    host.asked.first().map(|(_, _, request, body)| (request.operation.name(), body.len()))
                else {
                    panic!("nothing more: {:?}", host.events)
                };
                if name == "Receive" {
                    break;
                }
                if bytes > limit {
                    host.answer(name, Answer::Fault(refusal.clone()));
                    assert!(host.events.is_empty(), "{:?}", host.events);
                    continue;
                }
                let answer = if name == "Command" { Answer::CommandStarted(id.0) } else { Answer::Sent };
                match host.answer(name, answer).operation {
                    Operation::Command { arguments, .. } => whole.extend(arguments),
                    Operation::Send { data, .. } => whole.extend(data),
                    other => panic!("{other:?}"),
                }
            }
            let messages = fragment::Assembler::new(1 << 20).push(&whole).unwrap();
            assert_eq!(messages.len(), 1, "one message, whole");
            let create = Message::decode(&messages[0]).unwrap();
            assert!(String::from_utf8_lossy(&create.payload).contains(&text));
            let learnt = host.session.learnt_envelope_bytes().unwrap();
            assert!((8_192..=153_600).contains(&learnt), "{learnt} of {limit}");
            host.say(id, &[state(PipelineState::Completed)]);
            assert!(matches!(host.end(), End::Completed));

            // The next session begins with it.
            let config = Config { max_envelope_bytes: Some(learnt), ..Config::new("http://h/wsman") };
            let mut host = Host::new(config);
            host.answer_create();
            host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
            host.run(Command::script(&text));
            assert!(host.take("Command").2.len() <= limit);
        }
    }
}

/// By its HTTP service: the client hears no fault of the host's, only that the
/// request was refused before it was read.
#[test]
fn e2_a_request_that_http_refuses_as_too_large_is_cut_too() {
    let too_large = || {
        let fault = Fault { code: None, subcode: Some("EncodingLimit".into()), text: "status 413".into() };
        Error::new(ErrorKind::Refused, "no answer from the host").with_fault(fault)
    };
    let mut host = Host::open();
    let id = host.run(Command::script("x".repeat(200_000)));
    let (exchange, _, body) = host.take("Command");
    host.session.handle(host.now, Input::Lost { id: exchange, sent: false, error: too_large() });
    host.drain();
    let (_, _, smaller) = host.take("Command");
    assert!(smaller.len() < body.len() && host.events.is_empty(), "{} of {}", smaller.len(), body.len());
    let _ = id;
    // Where nobody has proven it, the command may have run.
    let mut host = Host::open();
    host.run(Command::script("x".repeat(200_000)));
    let (exchange, ..) = host.take("Command");
    host.session.handle(host.now, Input::Lost { id: exchange, sent: true, error: too_large() });
    host.drain();
    assert!(host.lost().may_have_run());
}

#[test]
fn e2_a_host_that_finds_everything_too_large_ends_it_and_nothing_ran() {
    let mut host = Host::open();
    host.run(Command::script("x".repeat(100_000)));
    let mut asked = 0;
    while host.names().contains(&"Command") {
        host.answer("Command", fault(2_150_859_025));
        asked += 1;
    }
    let error = host.lost();
    assert_eq!((error.may_have_run(), error.kind()), (false, ErrorKind::Refused), "a fault is never `not WinRM`");
    assert!(asked <= 7, "{asked}");
    // Input of a pipeline that runs is cut, too.
    let mut host = Host::open();
    let spec = PipelineSpec { with_input: true, ..PipelineSpec::new(Command::new("X")) };
    let id = host.session.run(host.now, spec).unwrap();
    host.drain();
    host.answer("Command", Answer::CommandStarted(id.0));
    host.session.send_input(host.now, id, &Value::from("y".repeat(200_000).as_str())).unwrap();
    host.drain();
    host.answer("Send", fault(2_150_859_025));
    let mut whole = Vec::new();
    while host.names().contains(&"Send") {
        let Operation::Send { data, .. } = host.answer("Send", Answer::Sent).operation else { panic!("no Send") };
        whole.extend(data);
    }
    assert_eq!(fragment::Assembler::new(1 << 20).push(&whole).unwrap().len(), 1);
}

#[test]
fn b6_a_message_that_is_skipped_doubled_or_of_no_known_type_is_told() {
    let said = |change: fn(&mut Vec<StreamData>)| {
        let mut host = Host::open();
        let id = host.running();
        let mut streams =
            host.streams(Some(id.0), &[output("1"), output("2"), output("3"), state(PipelineState::Completed)]);
        change(&mut streams);
        host.answer("Receive", Answer::Received(Received { streams, states: vec![] }));
        let outputs =
            host.events.iter().filter(|event| matches!(event, Event::Pipeline(_, PipelineEvent::Output(_)))).count();
        let wrong = host.events.iter().find_map(|event| match event {
            Event::Pipeline(_, PipelineEvent::Irregular(what)) => Some(*what),
            _ => None,
        });
        assert!(matches!(host.end(), End::Completed));
        (outputs, wrong)
    };
    assert_eq!(said(|_| {}), (3, None));
    // The pool's messages and Create's have the numbers 1 and 2.
    for at in 0..3 {
        let missing = Irregularity::Missing { messages: 1 };
        let (outputs, wrong) = match at {
            0 => said(|streams| drop(streams.remove(0))),
            1 => said(|streams| drop(streams.remove(1))),
            _ => said(|streams| drop(streams.remove(2))),
        };
        assert_eq!((outputs, wrong), (2, Some(missing)), "{at}");
    }
    let doubled = said(|streams| streams.insert(2, streams[1].clone()));
    assert_eq!(doubled, (3, Some(Irregularity::Doubled { object: 4 })));

    let mut host = Host::open();
    let id = host.running();
    host.say(id, &[(MessageType::Unknown(0x41FFF), b"<S>x</S>".to_vec()), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    let unknown = Irregularity::UnknownType { code: 0x41FFF };
    assert!(matches!(host.events[..], [Event::Pipeline(_, PipelineEvent::Irregular(what))] if what == unknown));
}

#[test]
fn b6_what_cannot_be_told_is_not_told() {
    // An engine that counts for several shells.
    let mut host = Host::new(Config::new("http://h/wsman"));
    host.object = 100;
    host.answer_create();
    host.say_pool(&[capability(ProtocolVersion::V2_3), opened()]);
    host.events.clear();
    let id = host.running();
    host.object += 5;
    host.say(id, &[output("1"), state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed));
    assert!(!format!("{:?}", host.events).contains("Irregular"));
    // Two pipelines side by side, whose messages come in the order of their
    // connections.
    let mut host = Host::open();
    let (one, two) = (host.running(), host.running());
    let first = host.streams(Some(one.0), &[output("1")]);
    let second = host.streams(Some(two.0), &[output("2"), state(PipelineState::Completed)]);
    let last = host.streams(Some(one.0), &[state(PipelineState::Completed)]);
    let receives: Vec<_> = [one, two]
        .map(|id| {
            let at = host
                .asked
                .iter()
                .position(|(_, _, r, _)| r.operation == Operation::Receive { command_id: Some(id.0) })
                .unwrap();
            host.asked.remove(at)
        })
        .into();
    for ((id, _, request, _), streams) in receives.into_iter().rev().zip([second, [first, last].concat()]) {
        let answer = Answer::Received(Received { streams, states: vec![] });
        let relates_to = Some(request.header.message_id);
        let body = AnswerEnvelope { message_id: None, relates_to, operation_id: None, answer }.encode();
        host.session.handle(host.now, Input::Answer { id, status: 200, body: &body });
        host.drain();
    }
    assert!(!format!("{:?}", host.events).contains("Irregular"), "{:?}", host.events);
}

#[test]
fn e9_output_beyond_the_bound_is_counted_and_the_pipeline_goes_on() {
    let mut host = Host::open();
    let spec = PipelineSpec { max_output_bytes: 2_000, ..PipelineSpec::new(Command::new("Get-Many")) };
    let id = host.session.run(host.now, spec).unwrap();
    host.drain();
    host.answer("Command", Answer::CommandStarted(id.0));
    let row = output(&"x".repeat(900));
    host.say(id, &[row.clone(), row.clone(), row.clone(), row, state(PipelineState::Completed)]);
    assert!(matches!(host.end(), End::Completed), "how it ended is told all the same");
    let Some(Event::Pipeline(_, PipelineEvent::Dropped { messages: 2, bytes })) = host.events.pop() else {
        panic!("{:?}", host.events)
    };
    assert!(bytes > 1_800 && host.events.len() == 2);
}

#[test]
fn e14_a_command_waits_for_the_answer_to_the_terminate_before_it() {
    let ended = || {
        let mut host = Host::open();
        let id = host.running();
        host.say(id, &[state(PipelineState::Completed)]);
        assert_eq!(host.names(), ["Signal"]);
        let next = host.session.run(host.now, PipelineSpec::new(Command::new("Set-Thing"))).unwrap();
        host.drain();
        assert_eq!(host.names(), ["Signal"], "not on its heels");
        assert!(matches!(host.end(), End::Completed));
        (host, next)
    };
    let (mut host, next) = ended();
    host.answer("Signal", Answer::Signalled);
    host.answer("Command", Answer::CommandStarted(next.0));
    // A fault and a loss are answers, and silence holds nobody up.
    let (mut host, _) = ended();
    host.answer("Signal", fault(Fault::INVALID_SELECTORS));
    assert_eq!(host.names(), ["Command"]);
    let (mut host, _) = ended();
    host.lose("Signal", true);
    assert_eq!(host.names(), ["Command"]);
    let (mut host, _) = ended();
    assert_eq!(host.wait, Some((host.now + 2 * SECOND, Why::Turn)));
    host.later(2 * SECOND);
    assert_eq!(host.names(), ["Signal", "Command"]);
    // What waits for its turn did not run.
    let (mut host, next) = ended();
    host.session.stop(host.now, next);
    host.drain();
    assert!(matches!(host.end(), End::Stopped(StopCause::Caller)));
    host.later(10 * SECOND);
    assert!(!host.names().contains(&"Command"));
}

#[test]
fn e15_of_a_list_of_states_the_one_that_ends_wins_per_command() {
    let done = |own: bool| {
        let mut host = Host::open();
        let id = host.running();
        let of = |id, done| CommandState { command_id: Some(id), done };
        let ended = if own { id.0 } else { Uuid::from_u128(9) };
        let states = vec![of(ended, true), of(id.0, false)];
        host.answer("Receive", Answer::Received(Received { streams: vec![], states }));
        host.events.len()
    };
    assert_eq!((done(true), done(false)), (1, 0));
}
