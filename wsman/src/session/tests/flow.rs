//! A slow application.

use super::*;

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
        host.answer("Receive", Answer::Received(Received { streams: vec![stream.clone()], states: vec![] }));
    }
    assert_eq!(host.names(), ["Receive"]);
    let last = streams.last().cloned().into_iter().collect();
    host.answer("Receive", Answer::Received(Received { streams: last, states: vec![] }));
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
