//! Warm sessions, pinning, and what a cancel does to them: by the hosts' own
//! counts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sentinel_jump::access::Caller;
use sentinel_jump::call::Nobody;
use sentinel_jump::demo::World;
use sentinel_jump::desk::Door;
use sentinel_jump::desk::Request;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wsman::host_end::demo::Step;
use wsman::psrp::{Command, ErrorRecord, ProgressKind, ProgressRecord};

use crate::circuit;
use crate::hosts::{Before, Hosts, ask, ask_in_pages, ask_until, loopback, on};

const CALL: &str = "Invoke-SjCall";
const READ: &str = "sentinel_rule_list";
const FLEET: &str = "sentinel_list_analytics_rules";
const HOURS: Duration = Duration::from_secs(7200);

/// A call that goes on for hours, and says when it began.
pub(crate) fn endless(began: Arc<Notify>) -> Before {
    Arc::new(move |command: &Command| {
        if command.text != CALL {
            return Vec::new();
        }
        began.notify_one();
        let progress = ProgressRecord {
            activity: "Reading rules".to_owned(),
            activity_id: 1,
            status: "page 3".to_owned(),
            percent: Some(40),
            kind: ProgressKind::Processing,
        };
        vec![Step::Progress(progress), Step::Sleep(HOURS)]
    })
}

#[tokio::test]
async fn a_session_is_reused_never_shared_and_closed() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    for (enabled, workspace) in [
        (true, "nordhafen-prod"),
        (false, "nordhafen-prod"),
        (true, "nordhafen-ot"),
        (false, "nordhafen-ot"),
        (true, "nordhafen-prod"),
    ] {
        let answer = ask(&desk, READ, json!({"tenant": "nordhafen", "workspace": workspace, "Enabled": enabled})).await;
        assert_eq!(answer.code, None, "{}", answer.text);
    }
    let count = hosts.count("nordhafen");
    println!(
        "five calls, two workspaces: {} shells, {} Creates, {} calls (one was cached)",
        count.shells_opened,
        count.requests_of("Create"),
        count.runs_of(CALL)
    );
    assert_eq!((count.shells_opened, count.requests_of("Create"), count.shells_open), (2, 2, 2));
    assert_eq!(count.runs_of(CALL), 4);
    assert_eq!((desk.path().pool().counts().opened, desk.path().pool().counts().reused), (2, 2));
    desk.close().await;
    let count = hosts.count("nordhafen");
    println!("closed: {} open, {} Deletes", count.shells_open, count.requests_of("Delete"));
    assert_eq!((count.shells_open, count.requests_of("Delete")), (0, 2));
}

/// Ten questions for each of six workspaces, at once and side by side, on a
/// host with four seats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e8_sixty_calls_on_four_seats_open_twelve_sessions_at_most() {
    let world = Arc::new(World::new("2026-03-02T08:00:00Z".parse().expect("a time")));
    for one_after_the_other in [true, false] {
        let host = circuit::host(&world).await;
        let desk = circuit::desk(&world, &[host.address()], 6);
        let calls = (0..60).map(|n| {
            let workspace = if one_after_the_other { n / 10 } else { n % 6 };
            let place = json!({"tenant": "customer-0", "workspace": format!("w0-{workspace}")});
            let Json::Object(mut arguments) = place else { panic!("an object") };
            arguments.insert("NameFilter".to_owned(), json!(format!("*{n}*")));
            ask(&desk, READ, Json::Object(arguments))
        });
        for answer in join_all(calls).await {
            assert_eq!(answer.code, None, "{}", answer.text);
        }
        desk.close().await;
        let count = host.counters();
        println!("60 calls over 6 workspaces on 4 seats: {} sessions opened", count.shells_opened);
        assert_eq!((count.runs_of(CALL), count.shells_most, count.shells_open), (60, 4, 0));
        assert!(count.shells_opened <= 12, "{} sessions opened", count.shells_opened);
    }
}

#[tokio::test]
async fn an_answer_with_errors_is_not_kept() {
    let hosts = Hosts::start_with(Arc::new(|command: &Command| {
        let error = ErrorRecord::new("a page was left out".to_owned(), "Throttled".to_owned(), 0);
        if command.text == CALL { vec![Step::Error(error)] } else { Vec::new() }
    }))
    .await;
    let desk = hosts.desk();
    for runs in [1, 2] {
        let answer = ask(&desk, READ, on(json!({}))).await;
        assert_eq!(answer.code, None, "{}", answer.text);
        assert_eq!(hosts.count("nordhafen").runs_of(CALL), runs);
    }
}

#[tokio::test]
async fn only_the_tenant_s_own_host_is_asked() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    for (tenant, workspace, others) in [
        ("alpenmed", "alpenmed-prod", ["nordhafen", "marlowe"]),
        ("marlowe", "marlowe-prod", ["nordhafen", "nordhafen"]),
    ] {
        let answer = ask(&desk, READ, json!({"tenant": tenant, "workspace": workspace})).await;
        assert_eq!(answer.code, None, "{}", answer.text);
        assert_eq!(hosts.count(tenant).runs_of(CALL), 1);
        for other in others {
            assert_eq!(hosts.count(other).requests.len(), 0, "{other} was asked for {tenant}");
        }
    }
    // A workspace of another customer is not to be had by naming it.
    let answer = ask(&desk, READ, json!({"tenant": "alpenmed", "workspace": "marlowe-prod"})).await;
    assert_eq!(answer.code.map(|code| code.as_str()), Some("unknown_workspace"));
    println!("calls: {:?}", hosts.listeners.keys().map(|t| (t, hosts.count(t).runs_of(CALL))).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dead_host_costs_its_own_rows_only() {
    let closed = TcpListener::bind(loopback()).await.expect("a port").local_addr().expect("an address");
    let hosts = Hosts::start().await.with_url("alpenmed", &format!("http://{closed}/wsman"));
    let desk = hosts.desk();
    let answer = ask_in_pages(&desk, FLEET, json!({"page_size": 100})).await;
    assert_eq!(answer.outcome.as_str(), "partial", "{}", answer.text);
    assert!(answer.envelope["nextCursor"].is_string(), "a page of several");
    let lines = answer.envelope["workspaces"].as_array().expect("a list");
    let line = |workspace: &str| lines.iter().find(|line| line["workspace"] == workspace).expect("its line");
    println!("{lines:?}");
    assert_eq!(lines.len(), 4);
    let dead = line("alpenmed-prod");
    assert_eq!(
        (&dead["outcome"], &dead["code"], &dead["count"]),
        (&json!("unreachable"), &json!("unreachable"), &json!(0))
    );
    assert!(answer.text.contains("alpenmed"), "{}", answer.text);
    let mut rows = Vec::new();
    let mut next = Some(answer.envelope.clone());
    while let Some(page) = next {
        rows.extend(page["data"].as_array().expect("rows").iter().cloned());
        next = match &page["nextCursor"] {
            Json::String(cursor) => {
                Some(ask_in_pages(&desk, FLEET, json!({"page_size": 100, "cursor": cursor})).await.envelope)
            }
            _ => None,
        };
    }
    for (tenant, workspace) in
        [("nordhafen", "nordhafen-prod"), ("nordhafen", "nordhafen-ot"), ("marlowe", "marlowe-prod")]
    {
        let mine = rows.iter().filter(|row| row["tenant"] == tenant && row["workspace"] == workspace).count();
        assert_eq!(line(workspace)["outcome"], "done");
        assert_eq!(line(workspace)["count"], mine, "{workspace}");
        assert!(mine > 0, "{workspace}");
    }
    assert!(rows.iter().all(|row| row["tenant"] != "alpenmed"));
    assert_eq!((hosts.count("nordhafen").runs_of(CALL), hosts.count("marlowe").runs_of(CALL)), (2, 1));
    assert_eq!(hosts.count("alpenmed").requests.len(), 0);
}

#[tokio::test]
async fn a_panic_is_an_answer_with_its_id_and_throws_the_session_away() {
    let hosts = Hosts::start_with(endless(Arc::new(Notify::new()))).await;
    let desk = hosts.desk();
    for tool in [READ, FLEET] {
        let arguments = if tool == READ { on(json!({})) } else { json!({"tenant_filter": "nordhafen"}) };
        let request = Request {
            door: Door::Cli,
            caller: &Caller::local(desk.config().policy.clone()),
            tool,
            arguments: arguments.as_object().expect("an object"),
            progress: &|_| panic!("planted"),
            confirm: &Nobody,
            cancel: &CancellationToken::new(),
            language: None,
        };
        let answer = timeout(Duration::from_secs(20), desk.answer(request)).await.expect("in time");
        let id = answer.envelope["correlationId"].as_str().expect("an id");
        assert_eq!(id.len(), 32, "{}", answer.text);
        if tool == READ {
            assert_eq!(answer.code.map(|code| code.as_str()), Some("internal"), "{}", answer.text);
        } else {
            let lines = answer.envelope["workspaces"].as_array().expect("a list");
            assert!(lines.iter().all(|line| line["code"] == "internal"), "{lines:?}");
        }
    }
    assert_eq!(desk.path().pool().counts().opened, desk.path().pool().counts().closed);
}

#[tokio::test]
async fn a_stopped_session_is_thrown_away() {
    let began = Arc::new(Notify::new());
    let hosts = Hosts::start_with(endless(Arc::clone(&began))).await;
    let desk = hosts.desk();
    for shells in [1, 2] {
        let cancel = CancellationToken::new();
        let stop = async {
            began.notified().await;
            cancel.cancel();
        };
        let call = ask_until(&desk, READ, on(json!({})), &cancel);
        let (answer, ()) = timeout(Duration::from_secs(10), async { tokio::join!(call, stop) }).await.expect("in time");
        assert_eq!(answer.code.map(|code| code.as_str()), Some("cancelled"), "{}", answer.text);
        let count = hosts.count("nordhafen");
        println!("stopped: {} shells opened, {} calls", count.shells_opened, count.runs_of(CALL));
        assert_eq!((count.shells_opened, count.runs_of(CALL)), (shells, shells));
    }
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
}
