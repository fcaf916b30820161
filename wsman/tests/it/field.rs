//! Cases from the field: what a host, or what stands before it, answers, and
//! what that means. Bytes over loopback, each by its number.

use std::error::Error as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wsman::auth::Credentials;
use wsman::client::{HostFacts, Options, RunOptions, RunspacePool, ShellFate, ShellWatch, Shells};
use wsman::clixml::Value;
use wsman::entropy::Entropy;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::Command;
use wsman::session::ShellNews;
use wsman::transport::{Connection, Endpoint, SignIn, Target, Tls, TransportError, Unavailable};
use wsman::{Error, ErrorKind, Retry};

use crate::certificates::{Time, self_signed};
use crate::host::{Act, Host, credentials};

const LONG: Duration = Duration::from_secs(30);

fn case(error: &Error) -> TransportError {
    error.source().and_then(|source| source.downcast_ref::<TransportError>()).expect("a transport case").clone()
}

/// A listener that says `answer` to the first request and closes.
fn stranger(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&answer);
    });
    url
}

async fn signed_in_at(url: &str, sign_in: SignIn) -> Error {
    let target = Target::new(Endpoint::parse(url).unwrap(), sign_in);
    Connection::open(&target, &mut Entropy::seeded(1), LONG).await.unwrap_err()
}

/// What the first leg of a sign-in, which carries no proof, is answered with.
async fn first_leg(head: &str, body: &str) -> Error {
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    signed_in_at(&stranger(answer.into_bytes()), SignIn::Negotiate(credentials("pass word"))).await
}

#[tokio::test]
async fn e1_only_the_leg_with_the_proof_can_refuse_a_password() {
    let unavailable = |why, status| TransportError::SignInUnavailable { why, status };
    let negotiate = "WWW-Authenticate: Negotiate";
    for (head, expected) in [
        // NTLM is switched off, or only Kerberos is taken.
        (format!("401 x\r\n{negotiate}\r\nServer: Microsoft-HTTPAPI/2.0"), unavailable(Unavailable::NoNtlm, 401)),
        (format!("401 x\r\n{negotiate}"), unavailable(Unavailable::NoNtlm, 401)),
        // Something in front.
        (format!("401 x\r\n{negotiate}\r\nServer: squid"), unavailable(Unavailable::Filtered, 401)),
        ("403 x\r\nServer: filter".into(), unavailable(Unavailable::Filtered, 403)),
        // SPNEGO says no by a token.
        (format!("401 x\r\n{negotiate} oQcwBaADCgEC"), unavailable(Unavailable::Rejected, 401)),
    ] {
        let error = first_leg(&head, "").await;
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, expected), "{head}");
    }
    // The second leg carries it, in both forms of NTLM.
    let host = Host::start(|_, _| Act::Echo);
    for sign_in in [SignIn::Ntlm(credentials("wrong")), SignIn::Negotiate(credentials("wrong"))] {
        let error = signed_in_at(&host.url(), sign_in).await;
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
    }
}

#[tokio::test]
async fn e4_statuses_are_told_as_they_are() {
    for status in [500, 501, 502, 503] {
        let error = first_leg(&format!("{status} x\r\nServer: nginx"), "<html>").await;
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::HostFailed { status }));
    }
    let error = first_leg("503 x\r\nServer: Microsoft-HTTPAPI/2.0", "").await;
    assert_eq!(case(&error), TransportError::DoorRefused { status: 503 });
    // Closed between the legs, with a word and without.
    let challenge = "401 x\r\nWWW-Authenticate: Negotiate TlRM";
    let error = first_leg(&format!("{challenge}\r\nConnection: close"), "").await;
    assert_eq!(case(&error), TransportError::NotKept);
    let host = Host::start(|_, _| Act::Echo);
    let between = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", between.local_addr().unwrap());
    let address = host.address;
    std::thread::spawn(move || {
        let (mut client, _) = between.accept().unwrap();
        let mut host = std::net::TcpStream::connect(address).unwrap();
        let mut bytes = [0; 8192];
        let read = client.read(&mut bytes).unwrap();
        host.write_all(&bytes[..read]).unwrap();
        let read = host.read(&mut bytes).unwrap();
        client.write_all(&bytes[..read]).unwrap();
    });
    let error = signed_in_at(&url, SignIn::Ntlm(credentials("x"))).await;
    assert_eq!(case(&error), TransportError::NotKept);
}

#[tokio::test]
async fn e12_an_empty_500_says_that_this_traffic_is_not_allowed() {
    let empty =
        || Act::Raw(b"HTTP/1.1 500 x\r\nContent-Type: application/soap+xml\r\nContent-Length: 0\r\n\r\n".to_vec());
    let host = Host::start(move |number, _| if number == 0 { empty() } else { Act::Echo });
    let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    let lost = connection.post(b"x".to_vec(), LONG).await.0.unwrap_err();
    assert_eq!(case(&lost.error), TransportError::Wordless { status: 500 });
    assert!(lost.sent, "it is not sealed: nothing is proven by it");
    // On a connection that was good before it is what two idle minutes do.
    let host = Host::start(move |number, _| if number == 1 { empty() } else { Act::Echo });
    let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    let connection = connection.post(b"x".to_vec(), LONG).await.1.unwrap();
    let lost = connection.post(b"y".to_vec(), LONG).await.0.unwrap_err();
    assert_eq!((case(&lost.error), lost.error.retry()), (TransportError::ContextLost { status: 500 }, Retry::Now));
    // The same where nothing is sealed.
    let basic = SignIn::DangerousClearTextBasic(credentials("x"));
    let url = stranger(b"HTTP/1.1 500 x\r\nContent-Type: application/soap+xml\r\nContent-Length: 0\r\n\r\n".to_vec());
    let target = Target::new(Endpoint::parse(&url).unwrap(), basic);
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    let lost = connection.post(b"x".to_vec(), LONG).await.0.unwrap_err();
    assert_eq!(case(&lost.error), TransportError::Wordless { status: 500 });
}

const FAULT: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><s:Header/><s:Body><s:Fault><s:Code>\
    <s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:DestinationUnreachable</s:Value></s:Subcode></s:Code>\
    <s:Reason><s:Text>no</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>";

#[tokio::test]
async fn e13_a_body_that_reads_as_a_fault_is_a_fault_whatever_the_status() {
    // In a sign-in.
    for status in [400, 403, 404, 500, 503] {
        let error = first_leg(&format!("{status} x\r\nContent-Type: application/soap+xml"), FAULT).await;
        let TransportError::FaultAtSignIn { status: told, .. } = case(&error) else { panic!("{error:?}") };
        let subcode = error.fault().and_then(|fault| fault.subcode.as_deref());
        assert_eq!((told, error.kind(), subcode), (status, ErrorKind::Refused, Some("DestinationUnreachable")));
    }
    // 401 is always a matter of signing in.
    let error = first_leg("401 x\r\nWWW-Authenticate: Negotiate\r\nContent-Type: application/soap+xml", FAULT).await;
    assert!(matches!(case(&error), TransportError::SignInUnavailable { .. }));
    // In an answer: as it came where nothing is sealed, never believed where all is.
    for status in [400_u16, 403, 404, 500, 503] {
        let answer =
            format!("HTTP/1.1 {status} x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{FAULT}", FAULT.len());
        let basic = SignIn::DangerousClearTextBasic(credentials("x"));
        let target = Target::new(Endpoint::parse(&stranger(answer.clone().into_bytes())).unwrap(), basic);
        let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
        let reply = connection.post(b"x".to_vec(), LONG).await.0.unwrap();
        assert_eq!((reply.status, reply.body), (status, FAULT.as_bytes().to_vec()));
        let host = Host::start(move |_, _| Act::Raw(answer.clone().into_bytes()));
        let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
        let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
        assert!(connection.post(b"x".to_vec(), LONG).await.0.is_err());
    }
    // Sealed, it is believed under any status.
    let host = Host::start(|_, _| Act::Say(503, FAULT.as_bytes().to_vec()));
    let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    assert_eq!(connection.post(b"x".to_vec(), LONG).await.0.unwrap().status, 503);
}

/// A TLS host of our own that says `answer` to the first message, whatever it
/// is.
async fn over_tls(answer: &'static str) -> (bool, TransportError) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let made = self_signed(&["127.0.0.1"], Time::Now);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = made.acceptor();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    });
    let mut target = Target::new(Endpoint::parse(&url).unwrap(), SignIn::Basic(credentials("x")));
    target.tls = Tls::with_pins([made.fingerprint]);
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    let lost = connection.post(b"x".to_vec(), LONG).await.0.unwrap_err();
    served.await.unwrap();
    (lost.sent, case(&lost.error))
}

#[tokio::test]
async fn b3_over_tls_the_hosts_own_refusal_proves_that_nothing_ran() {
    for (answer, sent) in [
        ("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"WSMAN\"\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 503 x\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 503 x\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 502 x\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 504 x\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", true),
    ] {
        let (may_have_run, case) = over_tls(answer).await;
        assert_eq!(may_have_run, sent, "{answer} {case:?}");
    }
}

#[tokio::test]
async fn b3_over_http_an_unsealed_refusal_proves_nothing() {
    for (status, expected) in [
        (401, TransportError::ContextLost { status: 401 }),
        (403, TransportError::DoorRefused { status: 403 }),
        (404, TransportError::Unsealed { status: 404 }),
        (413, TransportError::TooLarge),
        (503, TransportError::DoorRefused { status: 503 }),
    ] {
        let answer = format!("HTTP/1.1 {status} x\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n");
        let host = Host::start(move |_, _| Act::Raw(answer.clone().into_bytes()));
        let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
        let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
        let lost = connection.post(b"x".to_vec(), LONG).await.0.unwrap_err();
        assert_eq!((lost.sent, case(&lost.error)), (true, expected));
    }
}

#[tokio::test]
async fn e3_a_pin_decides_alone_whatever_else_the_certificate_holds() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let made = self_signed(&["127.0.0.1"], Time::Now);
    let (der, fingerprint) = made.of_version_1();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        // The pin, another pin, and a host that has the certificate and another key.
        let thief = self_signed(&["127.0.0.1"], Time::Now);
        for (acceptor, pin, comes_off) in [
            (made.acceptor_showing(der.clone(), version), fingerprint, true),
            (made.acceptor_showing(der.clone(), version), made.fingerprint, false),
            (thief.acceptor_showing(der.clone(), version), fingerprint, false),
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("https://{}", listener.local_addr().unwrap());
            let served = tokio::spawn(async move {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let head = "HTTP/1.1 200 x\r\nContent-Type: application/soap+xml\r\nContent-Length: 4\r\n\r\n<x/>";
                let _ = stream.write_all(head.as_bytes()).await;
            });
            let mut target = Target::new(Endpoint::parse(&url).unwrap(), SignIn::Basic(credentials("x")));
            target.tls = Tls::with_pins([pin]);
            let opened = Connection::open(&target, &mut Entropy::system(), LONG).await;
            assert_eq!(opened.is_ok(), comes_off, "{opened:?}");
            if let Ok(connection) = opened {
                assert_eq!(connection.post(b"x".to_vec(), LONG).await.0.unwrap().body, b"<x/>");
            }
            served.await.unwrap();
        }
    }
    let binding = wsman::auth::ChannelBinding::of_server(&der).unwrap();
    let prefix = b"tls-server-end-point:".len();
    assert_eq!(binding.application_data().len(), prefix + 64, "the hash of its signature, SHA-512");
}

#[tokio::test]
async fn e16_a_reset_over_http_is_no_matter_of_tls() {
    // Closing with bytes unread resets the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || drop(listener.accept().unwrap().0.read(&mut [0; 1])));
    let error = signed_in_at(&url, SignIn::Negotiate(credentials("x"))).await;
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::ConnectionLost));
}

#[test]
fn e16_what_create_is_refused_with_says_whether_to_try_again() {
    let retry = |code| wsman::soap::Fault { code: Some(code), subcode: None, text: String::new() }.retry();
    assert_eq!((retry(1359), retry(995)), (Retry::AfterPause, Retry::AfterReopen));
}

#[tokio::test]
async fn b2_a_kept_connection_at_its_end_is_seen_and_not_waited_for() {
    let host = Host::start(|_, _| Act::EchoAndVanish);
    let target = Target::new(Endpoint::parse(&host.url()).unwrap(), SignIn::Ntlm(credentials("pass word")));
    let connection = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap();
    let connection = connection.post(b"x".to_vec(), LONG).await.1.unwrap();
    host.wait_closed(1).await;
    // It took half a second once.
    let soon = tokio::time::timeout(Duration::from_millis(450), connection.post(b"y".to_vec(), LONG));
    let lost = soon.await.expect("not waited for").0.unwrap_err();
    assert_eq!((lost.sent, case(&lost.error)), (false, TransportError::ConnectionLost));
}

// ── whole sessions against our host end ──────────────────────────────────

/// Says each statement's text.
struct Says;

impl Commands for Says {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        Some(text.split("; ").map(|said| Step::Output(Value::from(said))).collect())
    }

    fn command(&mut self, _: &Command) -> Option<Vec<Step>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn account() -> Credentials {
    Credentials { username: "analyst".into(), password: "pass word".to_owned().into() }
}

async fn listener(change: impl FnOnce(&mut HostOptions)) -> Listener {
    let engine = EngineKind::Demo(Arc::new(|| Box::new(Says)));
    let mut options = HostOptions::new(vec![account()], engine);
    change(&mut options);
    Listener::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap()
}

fn fault(operation: &'static str, hit: Hit, mishap: Mishap) -> Rule {
    Rule { operation: Some(operation), hit, mishap }
}

#[tokio::test]
async fn e6_a_shell_is_known_from_its_birth_and_can_be_deleted_by_another_process() {
    let host = listener(|_| {}).await;
    let heard: Arc<std::sync::Mutex<Vec<ShellNews>>> = Arc::default();
    let note = Arc::clone(&heard);
    let options = Options::new(&host.url(), account()).unwrap();
    assert_eq!(options.session.idle_timeout, Some(Duration::from_secs(240)), "a killed client's shell goes by itself");
    let options = options.watch_shell(ShellWatch::new(move |news| note.lock().unwrap().push(news.clone())));
    let pool = RunspacePool::open(options).await.unwrap();
    let shell_id = pool.opened().shell_id.clone();
    assert!(heard.lock().unwrap().contains(&ShellNews::Made { shell_id: shell_id.clone() }));
    // The host takes no Delete: the process ends without one.
    host.add_fault(fault("Delete", Hit::Every, Mishap::DropBefore));
    let fate = pool.close_within(Duration::from_millis(300)).await;
    assert_eq!(fate, ShellFate::Unknown { shell_id: shell_id.clone() });
    assert_eq!(host.counters().shells_open, 1);
    assert!(!heard.lock().unwrap().contains(&ShellNews::Gone { shell_id: shell_id.clone() }));

    let host = listener(|_| {}).await;
    let pool = RunspacePool::open(Options::new(&host.url(), account()).unwrap()).await.unwrap();
    let shell_id = pool.opened().shell_id.clone();
    let shells = Shells::new(Options::new(&host.url(), account()).unwrap());
    shells.remove_id(&shell_id, "Microsoft.PowerShell").await.unwrap();
    assert_eq!(host.counters().shells_open, 0);
    shells.remove_id(&shell_id, "Microsoft.PowerShell").await.expect("one that is gone counts, too");
    assert_eq!(pool.close().await, ShellFate::Gone);
}

#[tokio::test]
async fn e6_delete_is_repeated_until_the_host_answers() {
    let host = listener(|options| {
        options.faults = (1..=3).map(|nth| fault("Delete", Hit::Nth(nth), Mishap::DropBefore)).collect();
    })
    .await;
    let pool = RunspacePool::open(Options::new(&host.url(), account()).unwrap()).await.unwrap();
    assert_eq!(pool.close_within(Duration::from_secs(30)).await, ShellFate::Gone);
    assert_eq!(host.counters().shells_open, 0);
}

#[tokio::test]
async fn b5_receives_that_are_lost_for_seconds_lose_nothing() {
    let host = listener(|options| {
        options.faults = (3..=9).map(|nth| fault("Receive", Hit::Nth(nth), Mishap::DropBefore)).collect();
    })
    .await;
    let mut options = Options::new(&host.url(), account()).unwrap();
    options.session.parked_receive = false;
    let pool = RunspacePool::open(options).await.unwrap();
    let output = pool.invoke(Command::script("'a'; 'b'")).await.unwrap();
    assert!(matches!(output.end, wsman::session::End::Completed), "{output:?}");
    assert_eq!((output.irregular.len(), output.dropped, host.faults_met()), (0, 0, 7));
    pool.close().await;
}

#[tokio::test]
async fn e2_the_size_that_a_host_takes_is_learnt_and_remembered() {
    let host = listener(|options| options.peer.max_envelope_bytes = 60_000).await;
    let facts = HostFacts::default();
    let script = format!("'{}'", "x".repeat(200_000));
    for session in 0..2 {
        let mut options = Options::new(&host.url(), account()).unwrap();
        options.facts = facts.clone();
        let pool = RunspacePool::open(options).await.unwrap();
        let before = host.counters().requests_of("Command");
        let output = pool.invoke(Command::script(&script)).await.unwrap();
        assert!(matches!(output.end, wsman::session::End::Completed), "{:?}", output.end);
        let commands = host.counters().requests_of("Command") - before;
        assert_eq!(commands == 1, session == 1, "{commands} Commands in session {session}");
        pool.close().await;
    }
    assert!(facts.envelope_bytes().is_some_and(|bytes| bytes <= 60_000), "{facts:?}");
}

#[tokio::test]
async fn e9_a_bound_in_bytes_is_kept_and_told() {
    let host = listener(|_| {}).await;
    let pool = RunspacePool::open(Options::new(&host.url(), account()).unwrap()).await.unwrap();
    let options = RunOptions { max_output_bytes: 2_000, ..RunOptions::default() };
    let row = format!("'{}'", "x".repeat(900));
    let script = [&row[..]; 5].join("; ");
    let output = pool.run(vec![Command::script(script)], options).await.unwrap().collect().await.unwrap();
    assert_eq!((output.objects.len(), output.dropped), (2, 3));
    pool.close().await;
}

#[tokio::test]
async fn e6_one_refused_sign_in_of_a_password_that_was_taken_is_not_the_last_word() {
    // Every second connection of this host is refused at its first step, as a
    // host does that is short of something.
    let host = listener(|_| {}).await;
    let inner = host.address();
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/wsman", door.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = door.accept().await {
            let number = count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                if number == 1 {
                    let _ = client.read(&mut [0; 4096]).await;
                    let refusal = b"HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
                    return drop(client.write_all(refusal).await);
                }
                let mut host = tokio::net::TcpStream::connect(inner).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut host).await;
            });
        }
    });
    let mut options = Options::new(&url, account()).unwrap();
    options.session.parked_receive = false;
    let pool = RunspacePool::open(options).await.unwrap();
    assert_eq!(pool.close_within(Duration::from_secs(20)).await, ShellFate::Gone);
    assert_eq!(host.counters().shells_open, 0);
}
