//! How calls are told that did not simply come off, by the rows of the field's
//! cases.

use std::sync::Arc;
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

use crate::hosts::{Hosts, PASSWORD, VARIABLE, ask, on};

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
            assert!(answer.text.contains("status 503") && answer.text.contains("most likely") && answer.text.contains("Look with"), "{}", answer.text);
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
    let arguments = comment().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(["call", WRITE, "--json", &arguments, "--config"]).arg(&config);
    command.env(VARIABLE, PASSWORD).env("SENTINEL_JUMP_LOG", "info").stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    running.notified().await;
    let told = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ran").expect("it ends");
    let (answer, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{answer} {log}");
    let told: Json = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(told["outcome"], "unknown", "{answer}");
    assert!(log.contains("audit"), "its audit line: {log}");
    assert_eq!(hosts.count("nordhafen").shells_open, 0, "nothing is left on the host");
}
