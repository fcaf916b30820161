//! Leaving, coming back, connecting.

use super::*;

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
    let mut host = Host {
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
    host.answer("Receive", Answer::Received(Received { streams, states: vec![] }));
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
