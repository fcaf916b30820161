//! What may be sent again, and the proof for it.

use super::*;

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
        // The copy may fail to leave: the first one did.
        host.run(Command::new("Set-Thing"));
        host.lose("Command", true);
        host.later(SECOND);
        host.lose("Command", false);
        assert!(host.events.is_empty(), "sent again, as any lost one");
        for _ in 0..3 {
            host.later(10 * SECOND);
            host.lose("Command", false);
        }
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
