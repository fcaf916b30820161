//! What goes wrong on the way: each ends in time, with a code of its own, and
//! the host's own count says what ran.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sentinel_jump::answer::Answer;
use sentinel_jump::cli::Exit;
use sentinel_jump::config::SecretRef;
use sentinel_jump::host::OUTPUT_BYTES;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use wsman::auth::Credentials;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Mishap};
use wsman::psrp::Command;
use wsman::secret::Secret;
use wsman::transport::Proxy;

use crate::hosts::{Hosts, ask, loopback, on};
use crate::snapshot::assert_snapshot;

const CALL: &str = "Invoke-SjCall";
const READ: &str = "sentinel_rule_list";
const WRITE: &str = "sentinel_incident_comment_add";
const FIRST: Hit = Hit::Nth(1);

/// Far above what any case takes, far below what a person would call hanging.
const AT_ONCE: Duration = Duration::from_secs(20);

fn comment() -> serde_json::Value {
    on(json!({"IncidentNumber": 12345, "Message": "seen"}))
}

/// Asserts code and exit code; one sentence of ours, without the host's port.
fn told(case: &str, answer: &Answer, code: &str, exit: u8, hosts: &Hosts) {
    let count = hosts.count("nordhafen");
    println!(
        "{case}: {} ({code}), exit {exit}; the host: {} shells, {} commands, {} calls, requests {:?}, {} receives repeated",
        answer.outcome.as_str(),
        count.shells_opened,
        count.commands_started,
        count.runs_of(CALL),
        count.requests,
        count.repeated,
    );
    let found = answer.code.map_or("", |code| code.as_str());
    assert_eq!((found, Exit::of(answer).code()), (code, exit), "{case}: {}", answer.text);
}

/// The sentences, in one file to review.
#[tokio::test]
async fn every_fault_has_its_own_sentence() {
    let mut text = String::new();
    let mut say = |case: &str, answer: &Answer| {
        let said = answer.envelope["error"].as_str().expect("a sentence");
        let code = answer.code.expect("a code").as_str();
        writeln!(text, "# {case}: {}, {code}\n{said}\n", answer.outcome.as_str()).expect("writing to a string");
    };
    let hosts = Hosts::start().await.with_password("wrong");
    let answer = ask(&hosts.desk(), READ, on(json!({}))).await;
    told("wrong password", &answer, "sign_in_refused", 3, &hosts);
    assert_eq!(hosts.count("nordhafen").requests.values().sum::<u64>(), 0, "nothing was asked of the host");
    say("wrong password", &answer);

    let page =
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>hello!</html>\n").await;
    let garbage = raw(b"SSH-2.0-OpenSSH_9.6\r\n\x00\x01\x02").await;
    let basic = raw(b"HTTP/1.1 401 \r\nWWW-Authenticate: Basic realm=\"WSMAN\"\r\nContent-Length: 0\r\n\r\n").await;
    let refused = format!("http://{}/wsman", closed_port().await);
    for (case, url, code) in [
        ("wrong host name", "http://no-such-host.invalid:5985/wsman", "unreachable"),
        ("refused port", &refused, "unreachable"),
        ("a web page", &page, "not_winrm"),
        ("garbage", &garbage, "not_winrm"),
        ("no Negotiate", &basic, "sign_in_refused"),
    ] {
        for (tool, arguments) in [(READ, on(json!({}))), (WRITE, comment())] {
            let hosts = Hosts::start().await.with_url("nordhafen", url);
            let answer = timeout(AT_ONCE, ask(&hosts.desk(), tool, arguments)).await.expect("in time");
            told(case, &answer, code, 3, &hosts);
            assert_eq!(hosts.count("nordhafen").requests.len(), 0);
            if tool == READ {
                say(case, &answer);
            }
        }
    }
    for (case, answer) in [
        ("proxy that wants a sign-in", &b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n"[..]),
        ("proxy that does not reach the host", b"HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n"),
        ("proxy that is a web page", b"HTTP/1.1 405 x\r\nContent-Length: 0\r\n\r\n"),
        ("proxy that is gone", b""),
    ] {
        let proxy = if answer.is_empty() { format!("http://{}", closed_port().await) } else { raw(answer).await };
        let mut hosts = Hosts::start().await;
        for host in hosts.config.hosts.values_mut() {
            host.access.proxy = Some(Proxy::parse(proxy.trim_end_matches("/wsman")).expect("an address"));
        }
        let answer = timeout(AT_ONCE, ask(&hosts.desk(), WRITE, comment())).await.expect("in time");
        told(case, &answer, "unreachable", 3, &hosts);
        assert_eq!(hosts.listeners["nordhafen"].connections(), 0);
        say(case, &answer);
    }
    for (case, operation, mishap) in [
        ("write: answer to Command dropped", "Command", Mishap::DropAfter),
        ("write: answer to Command cut", "Command", Mishap::CutAnswer { bytes: 40 }),
    ] {
        let hosts = warm().await;
        let before = hosts.0.count("nordhafen").runs_of(CALL);
        hosts.0.fault("nordhafen", operation, FIRST, mishap);
        let answer = timeout(AT_ONCE, ask(&hosts.1, WRITE, comment())).await.expect("in time");
        told(case, &answer, "unknown_outcome", 4, &hosts.0);
        assert_eq!(hosts.0.count("nordhafen").runs_of(CALL) - before, 1, "{case}: it ran exactly once");
        say(case, &answer);
    }
    assert_snapshot("faults.txt", &text);
}

/// A session that is open, loaded and has answered once.
async fn warm() -> (Hosts, Arc<sentinel_jump::desk::Desk>) {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    let answer = ask(&desk, "sentinel_incident_get", on(json!({"IncidentNumber": 12345}))).await;
    assert_eq!(answer.code, None, "{}", answer.text);
    // The write's function is probed, too, so that its Command is the next one.
    let answer = ask(&desk, WRITE, on(json!({"IncidentNumber": 12_345, "Message": "x"}))).await;
    assert_eq!(answer.code, None, "{}", answer.text);
    (hosts, desk)
}

#[tokio::test]
async fn a_receive_that_is_cut_is_repeated_and_the_function_runs_once() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    ask(&desk, READ, on(json!({"Enabled": true}))).await;
    let before = hosts.count("nordhafen");
    hosts.fault("nordhafen", "Receive", FIRST, Mishap::CutAnswer { bytes: 100 });
    let answer = timeout(AT_ONCE, ask(&desk, READ, on(json!({})))).await.expect("in time");
    let after = hosts.count("nordhafen");
    println!("receive cut: {}, runs {}, repeated {}", answer.outcome.as_str(), after.runs_of(CALL), after.repeated);
    assert_eq!(answer.code, None, "{}", answer.text);
    assert_eq!(after.runs_of(CALL) - before.runs_of(CALL), 1);
    assert_eq!((after.repeated - before.repeated, after.shells_opened), (1, 1));
}

#[tokio::test]
async fn a_lost_read_is_asked_once_more_on_a_fresh_session() {
    for (mishap, runs) in [(Mishap::DropAfter, 2), (Mishap::DropBefore, 1)] {
        let hosts = Hosts::start().await;
        let desk = hosts.desk();
        ask(&desk, READ, on(json!({"Enabled": true}))).await;
        let before = hosts.count("nordhafen");
        hosts.fault("nordhafen", "Command", FIRST, mishap.clone());
        let answer = timeout(AT_ONCE, ask(&desk, READ, on(json!({})))).await.expect("in time");
        let after = hosts.count("nordhafen");
        let ran = after.runs_of(CALL) - before.runs_of(CALL);
        println!("read, {mishap:?}: {}, runs {ran}, shells {}", answer.outcome.as_str(), after.shells_opened);
        assert_eq!(answer.code, None, "{}", answer.text);
        assert_eq!((ran, after.shells_opened), (runs, 2));
    }
}

#[tokio::test]
async fn a_write_whose_command_never_arrived_is_not_sent_again() {
    let (hosts, desk) = warm().await;
    let before = hosts.count("nordhafen");
    hosts.fault("nordhafen", "Command", FIRST, Mishap::DropBefore);
    let answer = timeout(AT_ONCE, ask(&desk, WRITE, comment())).await.expect("in time");
    // Nobody here can know that the host never saw it.
    told("write dropped before handling", &answer, "unknown_outcome", 4, &hosts);
    assert_eq!(hosts.count("nordhafen").runs_of(CALL), before.runs_of(CALL), "it did not run, and was not repeated");
}

/// A restart ends every session; nobody has to ask twice for that.
#[tokio::test]
async fn the_first_write_after_a_restart_of_the_host_is_made_once() {
    let (mut hosts, desk) = warm().await;
    hosts.restart("nordhafen").await;
    let answer = timeout(AT_ONCE, ask(&desk, WRITE, comment())).await.expect("in time");
    let count = hosts.count("nordhafen");
    println!("restarted: {}, {} shells, {} calls", answer.outcome.as_str(), count.shells_opened, count.runs_of(CALL));
    assert_eq!(answer.code, None, "{}", answer.text);
    assert_eq!((count.shells_opened, count.runs_of(CALL)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_costs_its_deadline_and_no_more() {
    let silent = TcpListener::bind(loopback()).await.expect("a port");
    let url = format!("http://{}/wsman", silent.local_addr().expect("an address"));
    let hosts = Hosts::start().await.with_url("nordhafen", &url);
    let desk = hosts.desk();
    for (tool, arguments) in [(READ, on(json!({}))), (WRITE, comment())] {
        let began = Instant::now();
        let answer = ask(&desk, tool, arguments).await;
        println!("silent host: {} after {:?}", answer.text, began.elapsed());
        assert_eq!((answer.outcome.as_str(), Exit::of(&answer).code()), ("unreachable", 3), "{}", answer.text);
        assert_eq!(answer.code.map(|code| code.as_str()), Some("timed_out"), "{}", answer.text);
        assert!(began.elapsed() <= Duration::from_secs(70), "{:?}", began.elapsed());
    }
}

/// A file that never ends opening, such as one on a share that is gone.
#[tokio::test]
async fn a_password_that_never_comes_costs_the_deadline_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&file).status().expect("mkfifo runs");
    assert!(made.success());
    let mut hosts = Hosts::start().await;
    for host in hosts.config.hosts.values_mut() {
        host.password = SecretRef::File(file.clone());
    }
    let desk = hosts.desk();
    let asking = ask(&desk, WRITE, comment());
    tokio::pin!(asking);
    // The blocked thread keeps a paused clock from moving by itself.
    tokio::time::pause();
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut asking => break answer,
            () = tokio::task::yield_now() => tokio::time::advance(Duration::from_secs(1)).await,
        }
    };
    tokio::time::resume();
    told("no password", &answer, "timed_out", 3, &hosts);
    assert!(answer.text.contains("nothing was run"), "{}", answer.text);
    // Lets the blocked thread go, so that the test can end.
    drop(std::fs::OpenOptions::new().write(true).open(&file).expect("a reader waits"));
}

#[tokio::test]
async fn a_function_that_never_ends_is_stopped_at_its_deadline() {
    for (tool, arguments, code, exit) in
        [(READ, on(json!({})), "timed_out", 1), (WRITE, comment(), "unknown_outcome", 4)]
    {
        let running = Arc::new(Notify::new());
        let told_running = Arc::clone(&running);
        let hosts = Hosts::start_with(Arc::new(move |command| {
            if command.text != CALL {
                return Vec::new();
            }
            told_running.notify_one();
            vec![Step::Sleep(Duration::from_secs(86_400))]
        }))
        .await;
        let desk = hosts.desk();
        let watch = async {
            running.notified().await;
            tokio::time::pause();
        };
        let (answer, ()) = tokio::join!(ask(&desk, tool, arguments), watch);
        tokio::time::resume();
        told("never ends", &answer, code, exit, &hosts);
        assert_eq!(hosts.count("nordhafen").runs_of(CALL), 1);
    }
}

#[tokio::test]
async fn what_is_refused_here_never_leaves() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    for (tool, arguments, code, candidate) in [
        ("sentinel_rule_lst", on(json!({})), "unknown_function", "sentinel_rule_list"),
        (WRITE, on(json!({"IncidentNumber": 12345})), "invalid_argument", "Message"),
        (READ, json!({"tenant": "nordhaven", "workspace": "nordhafen-prod"}), "unknown_tenant", "nordhafen"),
        (READ, json!({"tenant": "nordhafen", "workspace": "nordhafen-prd"}), "unknown_workspace", "nordhafen-prod"),
        (READ, on(json!({"Enabled": "yes"})), "invalid_argument", "true or false"),
    ] {
        let answer = ask(&desk, tool, arguments).await;
        told(tool, &answer, code, 2, &hosts);
        assert!(answer.text.contains(candidate), "{}", answer.text);
    }
    for listener in hosts.listeners.values() {
        assert_eq!(listener.counters().requests.len(), 0);
    }
}

/// A wrong password is tried once, however many ask and however many
/// workspaces are behind it: domains lock accounts after a few tries.
#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let hosts = Hosts::start().await.with_password("wrong");
    let relay = Relay::start(hosts.listeners["nordhafen"].address()).await;
    let hosts = hosts.with_url("nordhafen", &relay.url);
    let desk = hosts.desk();
    let all = ask(&desk, "sentinel_list_analytics_rules", json!({"tenant_filter": "nordhafen"})).await;
    assert_eq!(all.code.map(|code| code.as_str()), Some("sign_in_refused"), "{}", all.text);
    assert_eq!(all.envelope["workspaces"].as_array().map(Vec::len), Some(2));
    for _ in 0..3 {
        let answer = ask(&desk, WRITE, comment()).await;
        told("wrong password again", &answer, "sign_in_refused", 3, &hosts);
    }
    println!("two workspaces, five calls: {} sign-ins", relay.sign_ins());
    assert_eq!(relay.sign_ins(), 1);
}

/// A domain controller that is away for a moment: what it refuses once was
/// taken before.
#[tokio::test]
async fn e1_a_password_that_was_taken_is_tried_twice_on_the_host() {
    for (refusals, code, calls_on) in [(1, None, true), (9, Some("sign_in_refused"), false)] {
        let hosts = Hosts::start().await;
        let relay = Relay::start(hosts.listeners["nordhafen"].address()).await;
        let hosts = hosts.with_url("nordhafen", &relay.url);
        let desk = hosts.desk();
        let ot = |enabled: bool| json!({"tenant": "nordhafen", "workspace": "nordhafen-ot", "Enabled": enabled});
        let answer = ask(&desk, READ, on(json!({}))).await;
        assert_eq!(answer.code, None, "{}", answer.text);
        relay.refuse.store(refusals, Ordering::Relaxed);
        let answer = ask(&desk, READ, ot(true)).await;
        assert_eq!(answer.code.map(|code| code.as_str()), code, "{}", answer.text);
        let refused = refusals - relay.refuse.load(Ordering::Relaxed);
        assert_eq!(refused, if calls_on { 1 } else { 2 }, "no third try");
        let answer = ask(&desk, READ, ot(false)).await;
        assert_eq!(answer.code.is_none(), calls_on, "{}", answer.text);
        assert_eq!(refusals - relay.refuse.load(Ordering::Relaxed), refused, "and it rests");
    }
}

/// Another password is tried at once.
#[tokio::test]
async fn a_password_that_was_put_right_is_tried_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&file, text).expect("write");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    };
    let mut hosts = Hosts::start().await;
    for host in hosts.config.hosts.values_mut() {
        host.password = SecretRef::File(file.clone());
    }
    let desk = hosts.desk();
    write("wrong");
    let answer = ask(&desk, READ, on(json!({}))).await;
    told("wrong password in the file", &answer, "sign_in_refused", 3, &hosts);
    write(crate::hosts::PASSWORD);
    let answer = ask(&desk, READ, on(json!({}))).await;
    assert_eq!(answer.code, None, "{}", answer.text);
    assert_eq!(Secret::new(crate::hosts::PASSWORD.to_owned()), SecretRef::File(file).fetch().await.expect("there"));
}

/// One call takes a bounded part of the memory, whatever the host puts out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e9_a_call_that_puts_out_too_much_keeps_what_was_taken_and_says_so() {
    const PIECE: usize = 1 << 20;
    let pieces = OUTPUT_BYTES / PIECE + 2;
    let hosts = Hosts::start_with(Arc::new(move |command: &Command| match command.text == CALL {
        true => (0..pieces).map(|_| Step::Output(Value::from("x".repeat(PIECE)))).collect(),
        false => Vec::new(),
    }))
    .await;
    let desk = hosts.desk();
    let read = timeout(AT_ONCE * 4, ask(&desk, READ, on(json!({})))).await.expect("in time");
    told("more than is taken", &read, "host_failed", 1, &hosts);
    let said = read.envelope["error"].as_str().expect("a sentence");
    assert!(said.contains("put out more than 32 MB") && said.contains("Narrow the question"), "{said}");
}

/// Somebody else has all the shells that the host allows the user.
#[tokio::test]
async fn e16_a_host_that_is_full_says_that_later_may_do() {
    let hosts = Hosts::start_as(Arc::new(|_, steps| steps), |options| options.peer.max_shells_per_user = 1, "").await;
    let account = Credentials { username: "demo".into(), password: Secret::new(crate::hosts::PASSWORD.into()) };
    let options = Options::new(&hosts.listeners["nordhafen"].url(), account).expect("an address");
    let other = RunspacePool::open(options).await.expect("a shell");
    let desk = hosts.desk();
    for (tool, arguments) in [(READ, on(json!({}))), (WRITE, comment())] {
        let answer = timeout(AT_ONCE, ask(&desk, tool, arguments)).await.expect("in time");
        told("a full host", &answer, "host_failed", 3, &hosts);
        let said = answer.envelope["error"].as_str().expect("a sentence");
        assert!(said.contains("(fault 2150859173)") && said.ends_with("try again in a minute."), "{said}");
    }
    assert_eq!(hosts.count("nordhafen").requests_of("Create"), 1 + 2 * 2, "each was tried once more");
    other.close().await;
    let answer = ask(&desk, READ, on(json!({}))).await;
    assert_eq!(answer.code, None, "{}", answer.text);
}

/// A port that nobody listens on any more.
async fn closed_port() -> std::net::SocketAddr {
    TcpListener::bind(loopback()).await.expect("a port").local_addr().expect("an address")
}

/// Says `answer` to whoever sends something, and hangs up.
async fn raw(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(loopback()).await.expect("a port");
    let url = format!("http://{}/wsman", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// Stands before a host and counts who signs in.
struct Relay {
    url: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    /// So many proofs are refused in the host's place.
    refuse: Arc<AtomicU64>,
}

impl Relay {
    async fn start(to: std::net::SocketAddr) -> Self {
        let listener = TcpListener::bind(loopback()).await.expect("a port");
        let url = format!("http://{}/wsman", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let connections = Arc::new(AtomicU64::new(0));
        let all = Arc::clone(&seen);
        let refuse = Arc::new(AtomicU64::new(0));
        let to_refuse = Arc::clone(&refuse);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(host) = TcpStream::connect(to).await else { return };
                let number = usize::try_from(connections.fetch_add(1, Ordering::Relaxed)).expect("few");
                all.lock().expect("no panic").push(Vec::new());
                let (all, to_refuse) = (Arc::clone(&all), Arc::clone(&to_refuse));
                tokio::spawn(async move {
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_host, mut to_host) = host.into_split();
                    let back = tokio::io::copy(&mut from_host, &mut to_client);
                    let forth = async {
                        let mut buffer = vec![0; 16 * 1024];
                        let mut proven = false;
                        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                            let signs_in = {
                                let sent = &mut all.lock().expect("no panic")[number];
                                sent.extend_from_slice(&buffer[..read]);
                                proves(sent)
                            };
                            let less = |left: u64| left.checked_sub(1);
                            if signs_in
                                && !std::mem::replace(&mut proven, signs_in)
                                && to_refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
                            {
                                return true;
                            }
                            if to_host.write_all(&buffer[..read]).await.is_err() {
                                break;
                            }
                        }
                        false
                    };
                    let is_refused = tokio::select! { _ = back => false, refused = forth => refused };
                    if is_refused {
                        let refusal = b"HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
                        let _ = to_client.write_all(refusal).await;
                    }
                });
            }
        });
        Self { url, seen, refuse }
    }

    /// Connections on which a second token went to the host: the one with
    /// the proof of the password.
    fn sign_ins(&self) -> usize {
        self.seen.lock().expect("no panic").iter().filter(|sent| proves(sent)).count()
    }
}

/// Whether a connection has carried its second token.
fn proves(sent: &[u8]) -> bool {
    String::from_utf8_lossy(sent).matches("uthorization:").count() >= 2
}
