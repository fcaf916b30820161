//! Receive side by side with Command.

use super::*;

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
