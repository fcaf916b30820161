//! Nothing planted comes out in a log, at the finest level that the server's
//! own filter lets through, and no password in an answer.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use sentinel_jump::access::Caller;
use sentinel_jump::answer::Answer;
use sentinel_jump::front::serve_on;
use sentinel_jump::mcp::Server;
use sentinel_jump::watch;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Mishap};
use wsman::psrp::{Command, ErrorRecord};

use crate::hosts::{Before, Hosts, PASSWORD, ask, on};

const ARGUMENT: &str = "planted-argument-41b7";
const OUTPUT: &str = "planted-output-93aa";
const HOST_ERROR: &str = "planted-error-77d0";
const WRONG: &str = "planted-wrong-Passw0rd-0c5e";

/// Longest line of a log. Chosen: above every line of ours, far below the
/// shortest envelope, whose base64 would hide what was planted.
const LONGEST_LINE: usize = 600;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says planted things on every stream; fails when it is asked for rules.
fn talkative() -> Before {
    Arc::new(|command: &Command| {
        if command.text != "Invoke-SjCall" {
            return Vec::new();
        }
        let error = ErrorRecord::new(HOST_ERROR.to_owned(), "Planted".to_owned(), 0);
        let mut steps = vec![Step::Host(OUTPUT.to_owned()), Step::Warning(OUTPUT.to_owned())];
        let name = command.arguments.iter().find(|argument| argument.name.as_deref() == Some("Name"));
        let fails = name.is_some_and(|name| name.value.as_str() == Some("Get-AnalyticsRules"));
        steps.push(if fails { Step::Fail(error) } else { Step::Error(error) });
        steps
    })
}

#[tokio::test]
async fn nothing_planted_is_logged_and_no_password_is_answered() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = watch::subscriber(Some("trace"), move || writer.clone()).expect("a good filter");
    // For the whole process: what other tests log meanwhile is searched, too.
    tracing::subscriber::set_global_default(subscriber).expect("the only one");
    tracing::trace!("canary");

    let mut answers = Vec::new();
    let hosts = Hosts::start_with(talkative()).await;
    let desk = hosts.desk();
    let write = || on(json!({"IncidentNumber": 12345, "Message": ARGUMENT}));
    answers.push(ask(&desk, "sentinel_incident_comment_add", write()).await);
    answers.push(ask(&desk, "sentinel_incident_get", on(json!({"IncidentNumber": 12345}))).await);
    answers.push(ask(&desk, "sentinel_rule_list", on(json!({}))).await);
    answers.push(ask(&desk, "sentinel_rule_list", on(json!({"Enabled": ARGUMENT}))).await);
    answers.push(ask(&desk, "sentinel_list_analytics_rules", json!({})).await);
    hosts.fault("nordhafen", "Command", Hit::Nth(1), Mishap::DropAfter);
    answers.push(ask(&desk, "sentinel_incident_comment_add", write()).await);
    desk.close().await;
    let codes = codes(&answers);
    println!("{codes:?}");
    assert_eq!(codes, ["", "", "host_failed", "invalid_argument", "host_failed", "unknown_outcome"]);
    let shown = |answer: &Answer| format!("{} {:?} {}", answer.text, answer.code, json!(answer.envelope));
    // The planted things were really under way.
    assert!(shown(&answers[1]).contains(ARGUMENT) && shown(&answers[1]).contains(OUTPUT), "{}", shown(&answers[1]));
    assert!(shown(&answers[2]).contains(HOST_ERROR), "{}", shown(&answers[2]));

    over_mcp(&hosts).await;
    let wrong = Hosts::start().await.with_password(WRONG);
    answers.push(ask(&wrong.desk(), "sentinel_rule_list", on(json!({}))).await);
    assert_eq!(answers.last().and_then(|answer| answer.code).map(|code| code.as_str()), Some("sign_in_refused"));

    for answer in &answers {
        let shown = shown(answer);
        assert!(!shown.contains(PASSWORD) && !shown.contains(WRONG), "{shown}");
    }
    let log = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    let lines: Vec<&str> = log.lines().collect();
    let longest = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    println!("{} lines, the longest {longest} characters", lines.len());
    for said in ["canary", "sending the host module", "INFO audit: call"] {
        assert!(lines.iter().any(|line| line.contains(said)), "the log has no line with {said:?}:\n{log}");
    }
    for planted in [PASSWORD, WRONG, ARGUMENT, OUTPUT, HOST_ERROR] {
        let leak = lines.iter().find(|line| line.contains(planted));
        assert!(leak.is_none(), "{planted} is in the log: {leak:?}");
    }
    let long = lines.iter().find(|line| line.len() > LONGEST_LINE);
    assert!(long.is_none(), "too long for a line of ours: {long:?}");
}

fn codes(answers: &[Answer]) -> Vec<&'static str> {
    answers.iter().map(|answer| answer.code.map_or("", |code| code.as_str())).collect()
}

/// The same through the MCP library, which logs messages at its finest level.
async fn over_mcp(hosts: &Hosts) {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (reader, writer) = tokio::io::split(there);
    let caller = Caller::local(hosts.config.policy.clone());
    let server = tokio::spawn(serve_on(Server::new(hosts.desk()), caller, reader, writer));
    let (output, mut input) = tokio::io::split(here);
    let mut output = BufReader::new(output).lines();
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let arguments = on(json!({"IncidentNumber": 12345, "Message": ARGUMENT}));
    let call = json!({"name": "sentinel_incident_comment_add", "arguments": arguments});
    for (message, answered) in [
        (json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}), true),
        (json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), false),
        (json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}), true),
    ] {
        input.write_all(format!("{message}\n").as_bytes()).await.expect("the server reads");
        if answered {
            let line = output.next_line().await.expect("the server writes").expect("an answer");
            assert!(!line.contains(PASSWORD), "{line}");
        }
    }
    drop((input, output));
    server.await.expect("no panic").expect("a clean end");
}
