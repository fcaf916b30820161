//! What an error says would help, and what a host cuts off.

use super::*;

#[test]
fn an_error_says_what_would_help() {
    for (code, retry) in [
        (2_150_859_174, Retry::AfterPause),
        (Fault::INVALID_SELECTORS, Retry::AfterReopen),
        (5, Retry::Never),
        (2_150_858_770, Retry::Now),
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
    assert_eq!(Error::new(ErrorKind::Unreachable, "x").retry(), Retry::AfterPause);
    assert_eq!(Error::new(ErrorKind::Auth, "x").retry(), Retry::Never);
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
