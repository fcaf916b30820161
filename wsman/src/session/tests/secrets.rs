//! The session key and what waits for it.

use super::*;

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
