//! The pool's own Receive, Sends and questions.

use super::*;

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
