//! Stops, asked for and by deadline.

use super::*;

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
    host.answer("Signal", Answer::Signalled);
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
