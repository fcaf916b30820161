//! The listener over real sockets: NTLM, sealing, faults on purpose.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use wsman::ErrorKind;
use wsman::auth::{Mechanism as _, Seal, Step as SignIn, multipart, ntlm};
use wsman::clixml::Value;
use wsman::entropy::Entropy;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{BindError, EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::Command;
use wsman::soap::{Answer, AnswerEnvelope, Operation};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

mod client;

use client::{Client, LONG, P, account, connect, host, id};

struct Sample;

impl Commands for Sample {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let added = Step::Output(Value::from("added"));
        match command.text.as_str() {
            "Add-One" => Some(vec![added]),
            "Wait-One" => Some(vec![Step::Sleep(Duration::from_millis(100)), added]),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        vec!["Add-One".into()]
    }
}

fn demo() -> HostOptions {
    HostOptions::new(vec![account("pass word")], EngineKind::Demo(Arc::new(|| Box::new(Sample))))
}

#[tokio::test]
async fn a_shell_lives_from_create_to_delete_over_one_connection() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    for n in 1..=3 {
        assert_eq!(client.run(id(n), "Add-One", false).await, ["<S>added</S>"]);
    }
    assert_eq!(host.counters().shells_open, 1);
    assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
    let counters = host.counters();
    assert_eq!((counters.shells_open, counters.commands_terminated, counters.runs_of("Add-One")), (0, 3, 3));
    let requests = |name| counters.requests_of(name);
    assert_eq!(["Create", "Command", "Receive", "Signal", "Delete"].map(requests), [1, 3, 5, 3, 1]);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let host = host(demo()).await;
    assert_eq!(connect(&host, "password").await.unwrap_err().kind(), ErrorKind::Auth);
    connect(&host, "pass word").await.unwrap();
}

#[tokio::test]
async fn hosts_listen_on_loopback_only() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(matches!(Listener::bind(everywhere, demo()).await, Err(BindError::NotLoopback(_))));
}

async fn exchange(stream: &mut TcpStream, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let head = format!("{head}\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut got = Vec::new();
    let end = loop {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0, "closed");
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(got[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let length: usize = length.parse().unwrap();
    while got.len() < end + length {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0, "closed");
    }
    (head, got.split_off(end))
}

#[tokio::test]
async fn what_is_no_sealed_post_to_wsman_is_turned_away() {
    let host = host(demo()).await;
    for (head, status) in [
        ("GET /wsman HTTP/1.1", "405"),
        ("POST /other HTTP/1.1", "404"),
        ("POST /wsman HTTP/1.1", "401"),
        ("POST /wsman HTTP/1.1\r\nAuthorization: Basic eDp4", "401"),
        ("POST /wsman HTTP/1.1\r\nAuthorization: Negotiate !!!", "401"),
        ("POST /wsman?PSVersion=7.6 HTTP/1.1\r\nAuthorization: Negotiate AAAA", "401"),
    ] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        let (answer, body) = exchange(&mut stream, head, b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert_eq!(answer.contains("\r\nwww-authenticate: Negotiate\r\n"), status == "401", "{answer}");
        assert!(body.is_empty());
    }
    assert!(host.counters().requests.is_empty(), "nothing reached the service");
}

/// Signs in by hand; the last token goes with `body`.
async fn sign_in(
    host: &Listener,
    body: impl FnOnce(&mut dyn Seal) -> Vec<u8>,
) -> (TcpStream, Box<dyn Seal>, String, Vec<u8>) {
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let credentials = account("pass word");
    let client = ntlm::Initiator::new(&credentials, "127.0.0.1", &mut Entropy::system()).unwrap();
    let SignIn::Continue { token, next } = Box::new(client).step(&[], None).unwrap() else { panic!("too early") };
    let head = |token: &[u8]| format!("POST /wsman HTTP/1.1\r\nAuthorization: Negotiate {}", STANDARD.encode(token));
    let (answer, _) = exchange(&mut stream, &head(&token), b"").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let challenge = answer.lines().find_map(|line| line.split_once(": Negotiate ")).expect("a token").1;
    let SignIn::Done { token, mut seal } = next.step(&STANDARD.decode(challenge).unwrap(), None).unwrap() else {
        panic!("not done")
    };
    let body = body(&mut *seal);
    let head = format!("{}\r\nContent-Type: {}", head(&token.unwrap()), multipart::CONTENT_TYPE);
    let (answer, body) = exchange(&mut stream, &head, &body).await;
    (stream, seal, answer, body)
}

#[tokio::test]
async fn an_unsealed_request_gets_500_and_nothing_even_when_signed_in() {
    let host = host(demo()).await;
    let (mut stream, _, answer, body) = sign_in(&host, |_| Vec::new()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && body.is_empty(), "{answer}");
    let head = "POST /wsman HTTP/1.1\r\nContent-Type: application/soap+xml;charset=UTF-8";
    let (answer, body) = exchange(&mut stream, head, b"<s:Envelope/>").await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && body.is_empty(), "{answer}");
    assert!(host.counters().requests.is_empty());
}

#[tokio::test]
async fn a_sealed_request_may_come_with_the_last_token() {
    let host = host(demo()).await;
    let (_, mut seal, answer, body) =
        sign_in(&host, |seal| multipart::encode(&seal.seal(b"<junk/>".to_vec()).unwrap())).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "a fault: {answer}");
    let sealed = multipart::decode(multipart::CONTENT_TYPE, body, 1 << 20).unwrap();
    let plain = seal.unseal(&sealed.header, sealed.data).unwrap();
    assert!(matches!(AnswerEnvelope::decode(&plain).unwrap().answer, Answer::Fault(_)));
    assert_eq!(host.counters().requests_of("Invalid"), 1);
}

#[tokio::test]
async fn a_broken_seal_costs_the_connection() {
    let host = host(demo()).await;
    let (_, _, answer, body) = sign_in(&host, |seal| {
        let mut sealed = seal.seal(b"<junk/>".to_vec()).unwrap();
        sealed.data[0] ^= 1;
        multipart::encode(&sealed)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && body.is_empty(), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

fn on(operation: &'static str, hit: Hit, mishap: Mishap) -> Rule {
    Rule { operation: Some(operation), hit, mishap }
}

#[tokio::test]
async fn a_command_dropped_before_the_host_saw_it_did_not_run_one_dropped_after_did() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    for (mishap, runs) in [
        (Mishap::DropBefore, 0),
        (Mishap::Refuse { status: 503 }, 0),
        (Mishap::DropAfter, 1),
        (Mishap::CutAnswer { bytes: 100 }, 2),
    ] {
        host.add_fault(on("Command", Hit::Nth(1), mishap.clone()));
        let command = client.command(id(runs + 1), "Add-One", false);
        let lost = client.try_ask(command).await.expect_err("no answer");
        assert!(lost.sent, "{mishap:?}");
        assert!(client.connection.is_none());
        assert_eq!(u128::from(host.counters().runs_of("Add-One")), runs, "{mishap:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_receive_comes_again_on_another_connection() {
    let mut options = demo();
    options.faults.push(on("Receive", Hit::Nth(3), Mishap::DropAfter));
    let host = host(options).await;
    let mut client = Client::open(&host).await;
    let command = client.command(P, "Add-One", false);
    client.ask(command).await;
    let receive = client.request(Operation::Receive { command_id: Some(P) });
    client.post(receive.clone()).await.expect_err("no answer");
    let answer = client.post(receive).await.unwrap();
    let (messages, done) = client.read(&answer);
    assert_eq!((messages.len(), done), (2, true));
    assert_eq!((host.counters().repeated, host.counters().runs_of("Add-One")), (1, 1));
}

#[tokio::test]
async fn output_is_not_given_to_a_connection_that_is_gone() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    let command = client.command(P, "Wait-One", false);
    client.ask(command).await;
    let held = client.request(Operation::Receive { command_id: Some(P) });
    let post = tokio::spawn(client.connection.take().unwrap().post(held, LONG));
    while host.counters().requests_of("Receive") < 3 {
        tokio::task::yield_now().await;
    }
    post.abort();
    while host.counters().lost == 0 {
        tokio::task::yield_now().await;
    }
    let (messages, done) = client.receive(Some(P)).await;
    assert_eq!((messages.len(), done), (2, true));
}

#[tokio::test]
async fn answers_can_be_delayed() {
    let mut options = demo();
    let delay = Duration::from_millis(30);
    options.faults.push(on("Delete", Hit::Every, Mishap::Delay(delay)));
    let host = host(options).await;
    let mut client = Client::open(&host).await;
    let started = tokio::time::Instant::now();
    assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn a_shutdown_closes_connections_and_keeps_the_count() {
    let host = host(demo()).await;
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let mut client = Client::open(&host).await;
    let held = client.request(Operation::Receive { command_id: None });
    let connection = client.connection.take().unwrap();
    let post = tokio::spawn(connection.post(held, LONG));
    // The Receive is held before the host goes.
    while host.counters().requests_of("Receive") < 3 {
        tokio::task::yield_now().await;
    }
    host.shutdown().await;
    assert!(post.await.unwrap().0.is_err());
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

#[cfg(feature = "process")]
#[tokio::test]
async fn a_program_that_is_not_there_is_a_fault() {
    let engine = EngineKind::Process(wsman::host_end::engine::ProcessOptions {
        argv: vec!["/no/such/program".into()],
        env: Vec::new(),
    });
    let host = host(HostOptions::new(vec![account("pass word")], engine)).await;
    let shell_id = client::POOL;
    let mut client = Client::new(&host);
    let create = Operation::Create {
        shell_id,
        protocol_version: "2.3".into(),
        creation: vec![0; 30],
        name: None,
        idle_timeout: None,
    };
    let Answer::Fault(fault) = client.ask(create).await else { panic!("a shell without a program") };
    assert_eq!(fault.code, Some(2_152_992_672));
}
