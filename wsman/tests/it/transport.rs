//! Connections against a host that misbehaves on purpose.

use std::error::Error as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use wsman::auth::multipart::MultipartError;
use wsman::auth::{AuthError, SpnegoError};
use wsman::entropy::Entropy;
use wsman::transport::{
    Connection, Endpoint, Lost, MAX_REPLY_BYTES, Reply, SignIn, Target, TransportError, Unavailable,
};
use wsman::{Error, ErrorKind};

use crate::host::{Act, Host, Offer, credentials};

/// Never reached in a test that passes.
const LONG: Duration = Duration::from_secs(30);

async fn open(host: &Host) -> Connection {
    open_at(&host.url(), "pass word").await.unwrap()
}

async fn open_at(url: &str, password: &str) -> Result<Connection, Error> {
    let endpoint = Endpoint::parse(url).unwrap();
    let target = Target::new(endpoint, SignIn::Ntlm(credentials(password)));
    Connection::open(&target, &mut Entropy::system(), LONG).await
}

fn case(error: &Error) -> TransportError {
    error.source().and_then(|source| source.downcast_ref::<TransportError>()).expect("a transport case").clone()
}

fn failed(outcome: (Result<Reply, Lost>, Option<Connection>)) -> (bool, ErrorKind, TransportError) {
    let (result, connection) = outcome;
    assert!(connection.is_none(), "a connection that failed must not come back");
    let Lost { sent, error } = result.expect_err("a lost answer");
    (sent, error.kind(), case(&error))
}

/// A listener that says `answer` to whatever comes first, then closes.
fn stranger(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
    });
    url
}

#[tokio::test]
async fn messages_of_every_size_go_both_ways() {
    let host = Host::start(|_, _| Act::Echo);
    let mut connection = open(&host).await;
    for size in [0, 1, 15, 16, 4096, 150 * 1024, 512 * 1024] {
        let body: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
        let (reply, back) = connection.post(body.clone(), LONG).await;
        assert!(reply.unwrap() == Reply { status: 200, body }, "{size}");
        connection = back.expect("still good");
    }
    assert_eq!((host.connections(), host.sign_ins()), (1, 1));
}

#[tokio::test]
async fn requests_carry_what_hosts_expect() {
    let host = Host::start(|_, _| Act::Echo);
    let connection = open(&host).await;
    connection.post(b"x".to_vec(), LONG).await.0.unwrap();
    let heads = host.heads();
    assert_eq!(heads.len(), 3, "two legs and a message");
    for head in &heads {
        let head = head.to_lowercase();
        assert!(head.starts_with("post /wsman http/1.1\r\n"), "{head}");
        for line in ["connection: keep-alive", "accept-encoding: identity", "user-agent: wsman/", "host: 127.0.0.1:"] {
            assert!(head.contains(&format!("\r\n{line}")), "{line} in {head}");
        }
    }
    assert!(heads[0].to_lowercase().contains("authorization: negotiate tlrmtvntuaab"), "raw NTLM");
    assert!(heads[1].to_lowercase().contains("content-length: 0"));
    assert!(heads[2].to_lowercase().contains("content-type: multipart/encrypted;protocol="));
}

#[tokio::test]
async fn spnego_signs_in_with_as_many_requests() {
    let host = Host::start(|_, _| Act::Echo);
    let target =
        |password: &str| Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Negotiate(credentials(password)));
    let mut connection = Connection::open(&target("pass word"), &mut Entropy::system(), LONG).await.unwrap();
    for text in ["one", "two"] {
        let (reply, back) = connection.post(text.into(), LONG).await;
        assert_eq!(reply.unwrap().body, text.as_bytes());
        connection = back.unwrap();
    }
    let heads = host.heads();
    assert_eq!((heads.len(), host.connections(), host.sign_ins()), (4, 1, 1), "two legs and two messages");
    assert!(heads[0].to_lowercase().contains("authorization: negotiate yeg"), "SPNEGO: {}", heads[0]);

    let error = Connection::open(&target("wrong"), &mut Entropy::system(), LONG).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
}

/// What a host says to the first leg, and what that means.
#[tokio::test]
async fn a_host_that_chooses_otherwise_is_not_followed() {
    let opened = async |token: &'static str| {
        let answer = format!("HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate {token}\r\nContent-Length: 0\r\n\r\n");
        let url = stranger(answer.into_bytes().leak());
        let target = Target::new(Endpoint::parse(&url).unwrap(), SignIn::Negotiate(credentials("x")));
        let error = Connection::open(&target, &mut Entropy::seeded(1), LONG).await.unwrap_err();
        (error.kind(), case(&error))
    };
    // NegTokenResp: rejected; Kerberos chosen. A raw NTLM challenge.
    let unavailable = |why| (ErrorKind::Unreachable, TransportError::SignInUnavailable { why, status: 401 });
    assert_eq!(opened("oQcwBaADCgEC").await, unavailable(Unavailable::Rejected));
    assert_eq!(opened("oRQwEqADCgEBoQsGCSqGSIb3EgECAg==").await, unavailable(Unavailable::NoNtlm));
    let raw = TransportError::SignIn(AuthError::Spnego(SpnegoError::Malformed));
    assert_eq!(opened("TlRMTVNTUAACAAAAAAAAADgAAAA=").await, (ErrorKind::PeerMisbehaved, raw));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sign_in_is_ever_lost() {
    let (connections, requests) = if cfg!(debug_assertions) { (30, 20) } else { (200, 20) };
    let host = Host::start(|_, _| Act::Echo);
    for _ in 0..connections {
        let mut connection = open(&host).await;
        for number in 0..requests {
            let body = format!("message {number}").into_bytes();
            let (reply, back) = connection.post(body.clone(), LONG).await;
            assert_eq!(reply.unwrap().body, body);
            connection = back.unwrap();
        }
    }
    assert_eq!((host.connections(), host.sign_ins()), (connections, connections));
}

#[tokio::test]
async fn faults_are_replies_and_leave_the_connection_good() {
    let host = Host::start(|number, _| if number == 0 { Act::Say(500, b"<fault/>".to_vec()) } else { Act::Echo });
    let (reply, back) = open(&host).await.post(b"x".to_vec(), LONG).await;
    assert!(reply.unwrap() == Reply { status: 500, body: b"<fault/>".to_vec() });
    assert_eq!(back.unwrap().post(b"y".to_vec(), LONG).await.0.unwrap().body, b"y");
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_business() {
    let host = Host::start(|_, _| Act::Echo);
    let error = open_at(&host.url(), "wrong").await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
    assert_eq!(error.to_string(), "cannot sign in");
}

#[tokio::test]
async fn a_host_without_negotiate_is_told_apart() {
    let host = Host::offering(Offer::Basic, |_, _| Act::Echo);
    let error = open_at(&host.url(), "pass word").await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::NotOffered { scheme: "Negotiate" }));
}

#[tokio::test]
async fn ports_that_speak_no_winrm_are_told_apart() {
    let not = |status| (ErrorKind::PeerMisbehaved, TransportError::NotWinRm { status });
    let down = |status| (ErrorKind::Unreachable, TransportError::HostFailed { status });
    for (answer, expected) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"[..], not(Some(200))),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", not(Some(404))),
        (b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", not(Some(405))),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", not(Some(302))),
        (b"HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate ???\r\nContent-Length: 0\r\n\r\n", not(Some(401))),
        (b"SSH-2.0-OpenSSH_9.6\r\n", not(None)),
        (b"\x15\x03\x01\x00\x02\x02\x46", not(None)),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", down(503)),
        (b"", (ErrorKind::Unreachable, TransportError::ConnectionLost)),
    ] {
        let error = open_at(&stranger(answer), "pass word").await.unwrap_err();
        assert_eq!((error.kind(), case(&error)), expected, "{}", String::from_utf8_lossy(answer));
    }
}

#[tokio::test]
async fn a_host_that_closes_between_the_legs_is_told_apart() {
    let answer =
        b"HTTP/1.1 401 x\r\nConnection: close\r\nWWW-Authenticate: Negotiate TlRM\r\nContent-Length: 0\r\n\r\n";
    let error = open_at(&stranger(answer), "pass word").await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::NotKept));
}

#[tokio::test]
async fn a_weak_challenge_is_refused() {
    let answer = b"HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate TlRMTVNTUAACAAAAAAAAADgAAAAFAoAAAAAAAAAAAAAAAAAAAAAAADgAAAAKAHxPAAAADw==\r\nContent-Length: 0\r\n\r\n";
    let error = open_at(&stranger(answer), "pass word").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PeerMisbehaved);
    assert!(matches!(case(&error), TransportError::SignIn(AuthError::FlagsMissing { .. })), "{error:?}");
}

#[tokio::test]
async fn unreachable_says_why() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = open_at(&format!("http://{free}"), "pass word").await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::Refused));

    let error = open_at("http://host.invalid", "pass word").await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::NameNotResolved));

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let soon = Duration::from_millis(200);
    let target = Target::new(endpoint, SignIn::Ntlm(credentials("x")));
    let opened = Connection::open(&target, &mut Entropy::seeded(1), soon).await;
    let error = opened.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::SignInTimedOut));
}

#[tokio::test]
async fn an_answer_cut_anywhere_was_sent() {
    for count in [0, 1, 40, 200, 400] {
        let host = Host::start(move |_, _| Act::CutEcho(count));
        let (sent, kind, case) = failed(open(&host).await.post(b"x".to_vec(), LONG).await);
        assert_eq!((sent, kind, case), (true, ErrorKind::Unreachable, TransportError::ConnectionLost), "{count}");
        assert_eq!(host.connections(), 1);
    }
}

#[tokio::test]
async fn no_answer_in_time_was_sent() {
    let host = Host::start(|_, _| Act::Silence);
    let outcome = open(&host).await.post(b"x".to_vec(), Duration::from_millis(100)).await;
    assert_eq!(failed(outcome), (true, ErrorKind::Unreachable, TransportError::AnswerTimedOut));
    host.wait_closed(1).await;
}

#[tokio::test]
async fn a_dropped_request_takes_its_connection_with_it() {
    let host = Host::start(|_, _| Act::Silence);
    let connection = open(&host).await;
    let request = tokio::spawn(connection.post(b"x".to_vec(), LONG));
    while host.heads().len() < 3 {
        tokio::task::yield_now().await;
    }
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    host.wait_closed(1).await;
}

#[tokio::test]
async fn a_close_that_is_announced_ends_the_connection_with_its_reply() {
    let host = Host::start(|_, _| Act::EchoAndClose);
    let (reply, back) = open(&host).await.post(b"x".to_vec(), LONG).await;
    assert_eq!(reply.unwrap().body, b"x");
    assert!(back.is_none());
}

/// Never a second connection, and a promise that nothing was sent: the close
/// was there before the request.
#[tokio::test]
async fn an_idle_connection_that_was_closed_is_not_replaced() {
    let host = Host::start(|_, _| Act::EchoAndVanish);
    let (reply, back) = open(&host).await.post(b"x".to_vec(), LONG).await;
    assert_eq!(reply.unwrap().body, b"x");
    host.wait_closed(1).await;
    let outcome = back.unwrap().post(b"y".to_vec(), LONG).await;
    assert_eq!(failed(outcome), (false, ErrorKind::Unreachable, TransportError::ConnectionLost));
    assert_eq!((host.connections(), host.sign_ins(), host.heads().len()), (1, 1, 3));
}

#[tokio::test]
async fn forged_answers_are_refused() {
    let forged = |act: fn() -> Act| async move {
        let host = Host::start(move |number, _| if number == 0 { Act::Echo } else { act() });
        let (reply, back) = open(&host).await.post(b"first".to_vec(), LONG).await;
        assert_eq!(reply.unwrap().body, b"first");
        let (sent, kind, case) = failed(back.unwrap().post(b"second".to_vec(), LONG).await);
        assert!(sent);
        (kind, case)
    };
    let plain =
        || Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 4\r\n\r\n<x/>".to_vec());
    let plain_fault =
        || Act::Raw(b"HTTP/1.1 500 x\r\nContent-Type: application/soap+xml\r\nContent-Length: 4\r\n\r\n<x/>".to_vec());
    let cut = || {
        Act::Raw(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: 4\r\n\r\n<x/>",
                wsman::auth::multipart::CONTENT_TYPE
            )
            .into_bytes(),
        )
    };
    let misbehaved = |case| (ErrorKind::PeerMisbehaved, case);
    assert_eq!(forged(|| Act::Tamper).await, misbehaved(TransportError::Seal(AuthError::BadSignature)));
    let replayed = AuthError::OutOfSequence { expected: 1, found: 0 };
    assert_eq!(forged(|| Act::Replay).await, misbehaved(TransportError::Seal(replayed)));
    assert_eq!(forged(plain).await, misbehaved(TransportError::Unsealed { status: 200 }));
    assert_eq!(forged(plain_fault).await, misbehaved(TransportError::Unsealed { status: 500 }));
    assert_eq!(forged(cut).await, misbehaved(TransportError::Frame(MultipartError::Line { line: 1 })));
    assert_eq!(forged(|| Act::Raw(b"SSH-2.0\r\n\r\n".to_vec())).await, misbehaved(TransportError::NotHttp));
}

#[tokio::test]
async fn a_lost_security_context_is_told_apart() {
    for (status, expected) in [
        (401, TransportError::ContextLost { status: 401 }),
        (400, TransportError::ContextLost { status: 400 }),
        (500, TransportError::Wordless { status: 500 }),
        (503, TransportError::HostFailed { status: 503 }),
    ] {
        let host =
            Host::start(move |_, _| Act::Raw(format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n").into_bytes()));
        let outcome = open(&host).await.post(b"x".to_vec(), LONG).await;
        assert_eq!(failed(outcome), (true, ErrorKind::Unreachable, expected));
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let too_long = TransportError::ReplyTooLong { limit: MAX_REPLY_BYTES };
    let host = Host::start(|_, _| Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec()));
    let outcome = open(&host).await.post(b"x".to_vec(), LONG).await;
    assert_eq!(failed(outcome), (true, ErrorKind::PeerMisbehaved, too_long.clone()));

    let chunked = || {
        let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA00000\r\n".to_vec();
        bytes.resize(bytes.len() + 0xA0_0000, b'x');
        bytes
    };
    let host = Host::start(move |_, _| Act::RawThenClose(chunked()));
    let outcome = open(&host).await.post(b"x".to_vec(), LONG).await;
    assert_eq!(failed(outcome), (true, ErrorKind::PeerMisbehaved, too_long));
}
