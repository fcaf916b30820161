//! The trail as processes write it: several at once, and one that is killed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::process::Child;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::hosts::{Hosts, PLACE};
use crate::pool::endless;
use crate::processes::{configured, process};

/// Chosen: far above what an idle machine takes for a call of a new process.
const SOON: Duration = Duration::from_secs(60);

fn comment(folder: &Path, number: &str) -> Child {
    let (number, [tenant, workspace]) = (format!("IncidentNumber={number}"), PLACE);
    let place = ["--tenant", tenant, "--workspace", workspace, "--arg", &number, "--arg", "Message=planted-words"];
    let call = [&["call", "sentinel_incident_comment_add"], &place[..]].concat();
    process(folder, &call).spawn().expect("it starts")
}

/// Every line of every process's file; the register apart.
fn lines(folder: &Path) -> Vec<Json> {
    let trail = folder.join("state/trail");
    let files = std::fs::read_dir(trail).expect("a trail").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| !path.ends_with("register.jsonl"));
    let text: String = files.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    assert!(!text.contains("planted-words"), "free text is not kept: {text}");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

async fn verified(folder: &Path) -> String {
    let output = process(folder, &["audit", "verify"]).output().await.expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_write_into_one_folder_and_every_line_is_there() {
    let hosts = Hosts::start().await;
    let folder = configured(&hosts);
    let mut processes: Vec<Child> = (0..4).map(|_| comment(folder.path(), "12345")).collect();
    for process in &mut processes {
        let ended = timeout(SOON, process.wait()).await.expect("in time").expect("it ends");
        assert!(ended.success(), "{ended}");
    }
    let lines = lines(folder.path());
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!(["start", "begin", "end", "close"].map(of), [4; 4]);
    for begin in lines.iter().filter(|line| line["kind"] == "begin") {
        let end = lines.iter().find(|line| line["kind"] == "end" && line["correlation"] == begin["correlation"]);
        let end = end.expect("what began has ended");
        assert_eq!((&end["outcome"], &end["object"]), (&json!("done"), &json!({"IncidentNumber": "12345"})));
        assert_eq!((&begin["host"], &begin["door"]), (&json!("jh-nordhafen-01"), &json!("cli")));
    }
    let said = verified(folder.path()).await;
    assert_eq!(said.matches("  closed").count(), 4, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_in_a_write_leaves_its_begin_line() {
    let began = Arc::new(Notify::new());
    let hosts = Hosts::start_with(endless(Arc::clone(&began))).await;
    let folder = configured(&hosts);
    let mut killed = comment(folder.path(), "12345");
    timeout(SOON, began.notified()).await.expect("the host runs it");
    killed.kill().await.expect("it is killed");
    let lines = lines(folder.path());
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["start", "begin"]);
    assert_eq!(lines[1]["object"], json!({"IncidentNumber": "12345"}));
    let said = verified(folder.path()).await;
    assert!(said.contains("its process was killed"), "{said}");
    assert!(said.ends_with("good: every line is what was written\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_trail_that_can_be_written_nothing_is_changed() {
    let hosts = Hosts::start().await;
    let folder = configured(&hosts);
    // A file where the folder should be.
    std::fs::write(folder.path().join("state"), "").expect("written");
    let output = comment(folder.path(), "12345").wait_with_output().await.expect("it ends");
    let answer: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &answer["outcome"]), (Some(2), &json!("refused")), "{answer}");
    assert_eq!(hosts.count("nordhafen").runs_of("Invoke-SjCall"), 0);
    let list = ["call", "sentinel_incident_list", "--tenant", PLACE[0], "--workspace", PLACE[1]];
    let read = process(folder.path(), &list).output().await.expect("it ends");
    assert!(read.status.success(), "what only reads may go on");
}

/// Who asks for what is not there, and who is refused, stands there too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_tools_and_refusals_and_probes_are_told() {
    let hosts = Hosts::start().await;
    let folder = configured(&hosts);
    let calls: [&[&str]; 3] = [
        &["call", "sentinel_no_such_tool"],
        &["call", "sentinel_rule_delete", "--tenant", PLACE[0], "--workspace", PLACE[1], "--arg", "RuleId=r-1"],
        &["catalog", "probe", "--tenant", PLACE[0]],
    ];
    for call in calls {
        process(folder.path(), call).output().await.expect("it runs");
    }
    let lines = lines(folder.path());
    let mut ends: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| line["kind"] == "end")
        .map(|line| (line["tool"].as_str().unwrap_or_default(), line["outcome"].as_str().unwrap_or_default()))
        .collect();
    ends.sort_unstable();
    let expected =
        [("catalog_probe", "done"), ("sentinel_no_such_tool", "refused"), ("sentinel_rule_delete", "refused")];
    assert_eq!(ends, expected);
}
