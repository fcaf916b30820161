//! How calls are told that did not simply come off, by the rows of the field's
//! cases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sentinel_jump::access::Caller;
use sentinel_jump::answer::{Answer, Outcome};
use sentinel_jump::call::Nobody;
use sentinel_jump::desk::{Desk, Door, Request};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Mishap};
use wsman::psrp::{ErrorRecord, ProgressKind, ProgressRecord};

use crate::gate::{Gate, Way};
use crate::hosts::{Hosts, PASSWORD, VARIABLE, ask, ask_until, on};
use crate::pool::endless;

const CALL: &str = "Invoke-SjCall";
const READ: &str = "sentinel_rule_list";
const WRITE: &str = "sentinel_incident_comment_add";

fn comment() -> Json {
    on(json!({"IncidentNumber": 12345, "Message": "seen"}))
}

/// Asks, and tells `heard` of each progress record.
async fn ask_heard(desk: &Desk, tool: &str, arguments: Json, heard: &Notify) -> Answer {
    let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
    desk.answer(Request {
        door: Door::Cli,
        caller: &Caller::local(desk.config().policy.clone()),
        tool,
        arguments: &arguments,
        progress: &|_| heard.notify_one(),
        confirm: &Nobody,
        cancel: &CancellationToken::new(),
        language: None,
    })
    .await
}

/// A function that says three things and a sign of life, and then works for a day.
fn says_and_works(steps: Vec<Step>) -> Vec<Step> {
    let mut steps: Vec<Step> = steps.into_iter().take(1).collect();
    steps.extend([
        Step::Output(Value::from("first row")),
        Step::Error(ErrorRecord::new("one is missing", "PlantedError", 0)),
        Step::Host("a line".to_owned()),
        Step::Progress(ProgressRecord {
            activity: "x".to_owned(),
            activity_id: 1,
            status: "y".to_owned(),
            percent: None,
            kind: ProgressKind::Processing,
        }),
        Step::Sleep(Duration::from_secs(86_400)),
    ]);
    steps
}

#[tokio::test]
async fn b1_what_a_write_put_out_is_kept_when_its_session_is_lost() {
    let mut hosts = Hosts::start_around(Arc::new(
        |command, steps| {
            if command.text == CALL { says_and_works(steps) } else { steps }
        },
    ))
    .await;
    let (desk, heard) = (hosts.desk(), Notify::new());
    let restart = async {
        heard.notified().await;
        hosts.restart("nordhafen").await;
    };
    let (answer, ()) = tokio::join!(ask_heard(&desk, WRITE, comment(), &heard), restart);
    assert_eq!(answer.outcome, Outcome::Unknown, "{}", answer.text);
    assert!(answer.text.contains("Look with sentinel_incident_comment_list before"), "{}", answer.text);
    let shown = json!(answer.envelope).to_string();
    for kept in ["first row", "one is missing", "a line"] {
        assert!(shown.contains(kept), "{kept}: {shown}");
    }
}

/// A host that does not hear of the cancel: not its function was too slow.
#[tokio::test]
async fn b4_who_gave_up_is_told_so_whatever_the_host_makes_of_it() {
    for (tool, arguments, outcome) in [(READ, on(json!({})), Outcome::Failed), (WRITE, comment(), Outcome::Unknown)] {
        let began = Arc::new(Notify::new());
        let hosts = Hosts::start_with(endless(Arc::clone(&began))).await;
        let gate = Gate::before(hosts.listeners["nordhafen"].address()).await;
        let hosts = hosts.with_url("nordhafen", &gate.url);
        let (desk, cancel) = (hosts.desk(), CancellationToken::new());
        let gives_up = async {
            began.notified().await;
            gate.set(Way::Frozen);
            cancel.cancel();
        };
        let (answer, ()) = tokio::join!(ask_until(&desk, tool, arguments, &cancel), gives_up);
        assert_eq!(answer.outcome, outcome, "{}", answer.text);
        assert!(answer.text.contains("cancelled") && !answer.text.contains("within its time"), "{}", answer.text);
        gate.set(Way::Open);
        desk.close().await;
    }
}

/// A message of the host that never comes, once or each time.
#[tokio::test]
async fn b6_a_read_that_was_not_heard_whole_is_asked_again_and_a_write_never() {
    for (tool, arguments, gaps, runs, warned) in
        [(READ, on(json!({})), 1, 2, false), (READ, on(json!({})), 9, 2, true), (WRITE, comment(), 1, 1, true)]
    {
        let left = AtomicU32::new(gaps);
        let hosts = Hosts::start_around(Arc::new(move |command, mut steps| {
            let less = |left: u32| left.checked_sub(1);
            if command.text == CALL && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
                steps.insert(1, Step::Lost);
            }
            steps
        }))
        .await;
        let desk = hosts.desk();
        let answer = ask(&desk, tool, arguments).await;
        assert_eq!((answer.outcome, hosts.count("nordhafen").runs_of(CALL)), (Outcome::Done, runs), "{}", answer.text);
        let warnings = answer.envelope["warnings"].to_string();
        assert_eq!(warnings.contains("messages missing: 1"), warned, "{tool} {gaps}: {warnings}");
        assert_ne!(answer.envelope["count"], json!(0), "{}", answer.text);
        desk.close().await;
    }
}

/// A write of 30 s on a host that takes Create and says nothing.
#[tokio::test]
async fn b8_the_time_of_a_call_includes_opening() {
    let hosts = Hosts::start().await;
    hosts.fault("nordhafen", "Create", Hit::Every, Mishap::Stall(Duration::from_secs(86_400)));
    let desk = hosts.desk();
    let asked = async {
        while hosts.listeners["nordhafen"].faults_met() == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        Instant::now()
    };
    let (answer, began) = tokio::join!(ask(&desk, WRITE, comment()), asked);
    let took = began.elapsed();
    tokio::time::resume();
    assert_eq!(answer.outcome, Outcome::Unreachable, "{}", answer.text);
    assert_eq!(answer.code.map(|code| code.as_str()), Some("timed_out"), "{}", answer.text);
    assert!(took <= Duration::from_secs(31), "{took:?}");
    assert_eq!(hosts.count("nordhafen").runs_of(CALL), 0);
}

#[tokio::test]
async fn b3_over_http_a_write_that_the_door_refused_is_told_as_what_it_most_likely_is() {
    for (tool, arguments) in [(READ, on(json!({}))), (WRITE, comment())] {
        let hosts = Hosts::start().await;
        let desk = hosts.desk();
        let first = ask(&desk, tool, arguments.clone()).await;
        assert_eq!(first.code, None, "{}", first.text);
        let ran = hosts.count("nordhafen").runs_of(CALL);
        hosts.fault("nordhafen", "Command", Hit::Nth(1), Mishap::Refuse { status: 503 });
        let other = if tool == READ { on(json!({"Enabled": true})) } else { arguments };
        let answer = ask(&desk, tool, other).await;
        let ran = hosts.count("nordhafen").runs_of(CALL) - ran;
        if tool == READ {
            assert_eq!((answer.outcome, ran), (Outcome::Done, 1), "{}", answer.text);
        } else {
            assert_eq!((answer.outcome, ran), (Outcome::Unknown, 0), "{}", answer.text);
            assert!(
                answer.text.contains("status 503")
                    && answer.text.contains("most likely")
                    && answer.text.contains("Look with"),
                "{}",
                answer.text
            );
        }
    }
}

/// A read that ran, and whose second try reached nobody.
#[tokio::test]
async fn b4_a_read_that_ran_is_not_told_as_one_that_did_not() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    ask(&desk, READ, on(json!({"Enabled": true}))).await;
    let ran = hosts.count("nordhafen").runs_of(CALL);
    hosts.fault("nordhafen", "Command", Hit::Nth(1), Mishap::DropAfter);
    hosts.fault("nordhafen", "Create", Hit::Every, Mishap::DropBefore);
    let answer = ask(&desk, READ, on(json!({}))).await;
    assert_eq!(hosts.count("nordhafen").runs_of(CALL) - ran, 1);
    assert_eq!(answer.outcome, Outcome::Failed, "{}", answer.text);
    assert!(!answer.text.contains("nothing was run"), "{}", answer.text);
}

/// The terminal was closed while a write ran: the host is stopped, and it is
/// told as what it is.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b7_a_hang_up_ends_a_call_as_a_request_to_terminate_does() {
    let arguments = comment().to_string();
    let (status, answer, log) = hung_up(&["call", WRITE, "--json", &arguments], "").await;
    assert_eq!(status, Some(4), "{answer} {log}");
    let told: Json = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(told["outcome"], "unknown", "{answer}");
    assert!(log.contains("audit"), "its audit line: {log}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b7_a_hang_up_ends_a_server_on_standard_input_as_well() {
    let client =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}});
    let said = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": WRITE, "arguments": comment()}}),
    ];
    let lines = said.map(|message| format!("{message}\n")).concat();
    let (status, _, log) = hung_up(&["serve"], &lines).await;
    assert_eq!(status, Some(130), "as after any signal: {log}");
    assert!(log.contains("audit") && log.contains("unknown"), "its audit line: {log}");
}

/// The program with a write that is hung up while the write runs: how it ended
/// and what it said. Nothing is left on the host.
#[cfg(unix)]
async fn hung_up(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
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
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    std::fs::write(&config, &hosts.toml).expect("it is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(arguments).arg("--config").arg(&config).stdin(Stdio::piped());
    command.env(VARIABLE, PASSWORD).env("SENTINEL_JUMP_LOG", "info");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // Open to the end: not the end of the input ends it.
    let mut to_child = child.stdin.take().expect("a pipe");
    to_child.write_all(input.as_bytes()).expect("it is read");
    running.notified().await;
    let told = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran").expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(hosts.count("nordhafen").shells_open, 0, "nothing is left on the host");
    drop(to_child);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
