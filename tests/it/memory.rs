//! What large answers leave in a server.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::psrp::Command;

use crate::hosts::{Before, Hosts, PASSWORD, VARIABLE, on};

/// Large answers, of as many bytes each.
const FEW_LARGE: (usize, usize) = (200, 100_000);
const MANY_SMALL: (usize, usize) = (40_000, 500);
const SOON: Duration = Duration::from_secs(120);

/// How often each is asked for.
///
/// *Chosen*: what is kept is at its bound before the third answer, and later
/// ones only take the place of earlier ones; twelve are asked for with the
/// variable, which takes minutes in a debug build.
fn times() -> usize {
    if std::env::var_os("SENTINEL_JUMP_TEST_LONG").is_some() { 12 } else { 3 }
}

fn row(n: usize, bytes: usize) -> Value {
    // Three texts, and what stands around them.
    let words = bytes.saturating_sub(235) / 3 / PHRASE.len();
    let text = |name: &str| Value::from(format!("{name} {n} {}", PHRASE.repeat(words)));
    Value::custom([
        ("RuleId", Value::from(format!("000000b0-0d3a-4000-8000-{n:012}"))),
        ("DisplayName", text("name")),
        ("Description", text("description")),
        ("Kind", Value::from("Scheduled")),
        ("Enabled", Value::Bool(n.is_multiple_of(2))),
        ("Severity", Value::from("Medium")),
        ("QueryFrequency", Value::from("PT1H")),
        ("TriggerThreshold", Value::I32(5)),
        ("Query", text("query")),
    ])
}

const PHRASE: &str = "of the analytics rule ";

/// As many rows before what the demo answers.
fn large((rows, bytes): (usize, usize)) -> Before {
    let all: Vec<Step> = (0..rows).map(|n| Step::Output(row(n, bytes))).collect();
    Arc::new(move |command: &Command| {
        let is_read = command.value_of("Name").and_then(Value::as_str) == Some("Get-AnalyticsRules");
        if is_read && command.text == "Invoke-SjCall" { all.clone() } else { Vec::new() }
    })
}

/// Kilobytes of a line of `/proc/…/status`.
fn kilobytes(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with(name)).expect("Linux says it");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_answers_of_20_megabytes_in_large_rows_stay_below_200() {
    stay_below_200(FEW_LARGE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_answers_of_20_megabytes_in_small_rows_stay_below_200() {
    stay_below_200(MANY_SMALL).await;
}

/// The program itself, with its default configuration, as a client has it.
async fn stay_below_200(shape: (usize, usize)) {
    let (rows, row_bytes) = shape;
    let bytes = wsman::clixml::json::to_json(&row(12_345, row_bytes)).to_string().len();
    assert!(bytes.abs_diff(row_bytes) < row_bytes / 10, "{bytes} bytes a row of {row_bytes}");
    let hosts = Hosts::start_with(large(shape)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("sentinel-jump.toml");
    std::fs::write(&config, &hosts.toml).expect("write");
    let mut server = tokio::process::Command::new(env!("CARGO_BIN_EXE_sentinel-jump"))
        .args(["serve", "--config"])
        .arg(&config)
        .env(VARIABLE, PASSWORD)
        .env("HOME", folder.path())
        .env("XDG_STATE_HOME", folder.path())
        .env_remove("SENTINEL_JUMP_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let process = server.id().expect("it runs");
    let mut input = server.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(server.stdout.take().expect("a pipe")).lines();
    let mut say = async |message: Json| {
        input.write_all(format!("{message}\n").as_bytes()).await.expect("the server reads");
        let line = timeout(SOON, answers.next_line()).await.expect("an answer in time").expect("the server writes");
        serde_json::from_str::<Json>(&line.expect("an answer")).expect("JSON")
    };
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    say(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})).await;
    for n in 1..=times() {
        // Of different rules, so that none is kept from before.
        let arguments = on(json!({"NameFilter": format!("*{n}*")}));
        let params = json!({"name": "sentinel_rule_list", "arguments": arguments});
        let answer = say(json!({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": params})).await;
        let read = &answer["result"]["structuredContent"];
        assert_eq!(read["outcome"], "done", "{answer}");
        assert!(read["count"].as_u64() > Some(rows as u64), "{}", read["count"]);
        println!(
            "{n} of {rows} rows: {} kB now, {} kB at most",
            kilobytes(process, "VmRSS"),
            kilobytes(process, "VmHWM")
        );
    }
    let most = kilobytes(process, "VmHWM");
    assert!(most < 200_000, "{most} kB");
}
