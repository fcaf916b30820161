//! Three tenants on three hosts, one dead and one slow: what each host saw.

use std::sync::Arc;
use std::time::Duration;

use sentinel_jump::answer::Answer;
use sentinel_jump::desk::Desk;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Listener, Mishap};
use wsman::psrp::Command;

use crate::hosts::{Before, Hosts, ask, ask_in_pages, loopback};
use crate::pool::endless;

const CALL: &str = "Invoke-SjCall";
const FLEET: &str = "sentinel_list_analytics_rules";
const HEALTH: &str = "sentinel_health_check";
const READ: &str = "sentinel_rule_list";

/// A host is slow when its answers take this long.
const SLOW: Duration = Duration::from_millis(200);
const HOURS: Duration = Duration::from_secs(7_200);

fn line<'a>(answer: &'a Answer, tenant: &str) -> &'a Json {
    let lines = answer.envelope["workspaces"].as_array().expect("lines");
    lines.iter().find(|line| line["tenant"] == tenant).expect("its line")
}

/// All rows, page by page; every page says how the question ended.
async fn all_rows(desk: &Desk, tool: &str, first: &Answer) -> Vec<Json> {
    let mut rows = Vec::new();
    let mut page = first.envelope.clone();
    loop {
        assert_eq!(
            (&page["outcome"], &page["workspaces"]),
            (&first.envelope["outcome"], &first.envelope["workspaces"])
        );
        rows.extend(page["data"].as_array().expect("rows").iter().cloned());
        let Json::String(cursor) = &page["nextCursor"] else { return rows };
        page = ask_in_pages(desk, tool, json!({"page_size": 100, "cursor": cursor})).await.envelope;
    }
}

#[tokio::test]
async fn a_dead_and_a_slow_host_cost_their_own_rows_only() {
    let dead = TcpListener::bind(loopback()).await.expect("a port").local_addr().expect("an address");
    let hosts = Hosts::start().await.with_url("alpenmed", &format!("http://{dead}/wsman"));
    hosts.fault("marlowe", "Command", Hit::Every, Mishap::Delay(SLOW));
    let desk = hosts.desk();
    let first = ask_in_pages(&desk, FLEET, json!({"page_size": 100})).await;
    assert_eq!(first.outcome.as_str(), "partial", "{}", first.text);
    assert!(first.envelope["nextCursor"].is_string(), "a page of several");
    assert_eq!((&first.envelope["workspaces_queried"], &first.envelope["fromCache"]), (&json!(4), &json!(false)));
    assert_eq!(first.envelope["summary"], json!({"asked": 4, "done": 3, "unreachable": 1}));
    let rows = all_rows(&desk, FLEET, &first).await;
    let of = |tenant: &str| rows.iter().filter(|row| row["tenant"] == tenant).count();
    assert_eq!(rows.len(), first.envelope["total_rules"]);
    assert!(of("nordhafen") > 0 && of("marlowe") > 0);
    assert_eq!((of("alpenmed"), of("nordhafen") + of("marlowe")), (0, rows.len()));
    assert_eq!(line(&first, "alpenmed")["code"], "unreachable");
    assert!(first.text.contains("Missing: alpenmed/alpenmed-prod (unreachable)"), "{}", first.text);

    // Again, of other rules: on the sessions that are there.
    let second = ask(&desk, FLEET, json!({"page_size": 100, "enabled_only": true})).await;
    assert_eq!(second.outcome.as_str(), "partial", "{}", second.text);
    for (tenant, workspaces) in [("nordhafen", 2), ("marlowe", 1)] {
        let count = hosts.count(tenant);
        let (requests, sign_ins) = (count.requests.values().sum::<u64>(), hosts.listeners[tenant].sign_ins());
        println!("{tenant}: {} shells, {requests} requests, {sign_ins} sign-ins, 2 questions", count.shells_opened);
        assert_eq!((count.shells_opened, count.shells_open), (workspaces, workspaces), "{tenant}");
        assert_eq!(count.runs_of(CALL), 2 * workspaces, "{tenant}");
        assert!(count.shells_most <= 4, "{tenant}: {count:?}");
    }
    // The host that alpenmed is pinned to moved; nobody else was asked for it, nor it for anybody.
    assert_eq!((hosts.count("alpenmed").requests.len(), hosts.listeners["alpenmed"].connections()), (0, 0));
    desk.close().await;
    assert_eq!((hosts.count("nordhafen").shells_open, hosts.count("marlowe").shells_open), (0, 0));
}

#[tokio::test]
async fn every_call_stays_on_its_tenant_s_host() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    let answer = ask(&desk, FLEET, json!({})).await;
    assert_eq!(answer.outcome.as_str(), "done", "{}", answer.text);
    let kept = ask(&desk, FLEET, json!({})).await;
    assert_eq!(kept.envelope["fromCache"], true, "every workspace's answer was kept");
    let seen = |tenant: &str| (hosts.count(tenant).runs_of(CALL), hosts.count(tenant).shells_opened);
    assert_eq!((seen("alpenmed"), seen("marlowe"), seen("nordhafen")), ((1, 1), (1, 1), (2, 2)));
    for tenant in ["alpenmed", "marlowe", "nordhafen"] {
        let before: Vec<_> = hosts.listeners.values().map(|host| host.counters().requests_of("Command")).collect();
        let answer = ask(&desk, FLEET, json!({"tenant_filter": tenant, "enabled_only": true})).await;
        assert_eq!(answer.code, None, "{}", answer.text);
        for ((name, host), before) in hosts.listeners.iter().zip(before) {
            let more = host.counters().requests_of("Command") - before;
            assert_eq!(more > 0, name == tenant, "{name} had {more} commands for {tenant}");
        }
    }
}

#[tokio::test]
async fn a_host_that_is_too_slow_is_late_and_keeps_nobody_waiting() {
    let silent = TcpListener::bind(loopback()).await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let mut hosts = Hosts::start().await.with_url("alpenmed", &format!("http://{address}/wsman"));
    hosts.fault("marlowe", "Command", Hit::Every, Mishap::Delay(HOURS));
    hosts.config.fleet_deadline = Duration::from_secs(8);
    let desk = hosts.desk();
    let asked = timeout(Duration::from_secs(60), ask(&desk, FLEET, json!({"page_size": 100})));
    let answer = asked.await.expect("within its deadline");
    assert_eq!(answer.outcome.as_str(), "partial", "{}", answer.text);
    for tenant in ["alpenmed", "marlowe"] {
        assert_eq!(line(&answer, tenant)["code"], "timed_out", "{tenant}");
    }
    // The silent one was given up after what a connection may take, the other at the deadline.
    assert_eq!(answer.envelope["summary"], json!({"asked": 4, "done": 2, "failed": 1, "unreachable": 1}));
    assert_eq!(hosts.count("nordhafen").runs_of(CALL), 2);
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
}

#[tokio::test]
async fn health_says_what_is_wrong_and_never_green_of_what_it_cannot_see() {
    let dead = TcpListener::bind(loopback()).await.expect("a port").local_addr().expect("an address");
    let hosts = Hosts::start().await.with_url("alpenmed", &format!("http://{dead}/wsman"));
    let desk = hosts.desk_at("2026-03-02T08:00:00Z");
    for depth in ["quick", "detailed"] {
        let answer = ask(&desk, HEALTH, json!({"tenant_scope": "all", "check_depth": depth})).await;
        assert_eq!(answer.outcome.as_str(), "partial", "{}", answer.text);
        let rows = answer.envelope["data"].as_array().expect("rows").clone();
        assert_eq!(rows.len(), 4);
        let row = |workspace: &str| rows.iter().find(|row| row["workspace"] == workspace).expect("its row");
        let check = |workspace: &str, name: &str| {
            let checks = row(workspace)["checks"].as_array().expect("checks").clone();
            checks.into_iter().find(|check| check["check"] == name).expect("the check")
        };
        for check in rows.iter().flat_map(|row| row["checks"].as_array().expect("checks")) {
            let status = check["status"].as_str().expect("a status");
            assert!(["ok", "warning", "error", "unknown"].contains(&status), "{check}");
            assert!(check["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{check}");
        }
        assert_eq!(row("alpenmed-prod")["status"], "unknown", "nothing of it could be read");
        assert_eq!(check("alpenmed-prod", "reachable")["status"], "error");
        assert_eq!(check("alpenmed-prod", "rules")["status"], "unknown");
        for workspace in ["nordhafen-prod", "nordhafen-ot", "marlowe-prod"] {
            assert_eq!(check(workspace, "reachable")["status"], "ok", "{workspace}");
            assert_eq!(check(workspace, "script")["sha256"].as_str().map(str::len), Some(64), "{workspace}");
            let rules = check(workspace, "rules");
            let listed = ask(&desk, READ, json!({"tenant": row(workspace)["tenant"], "workspace": workspace})).await;
            assert_eq!(rules["total"], listed.envelope["count"], "{workspace}");
            assert!(check(workspace, "incidents")["bySeverity"].is_object(), "{workspace}");
            let unknown = row(workspace)["checks"].as_array().expect("checks").iter().any(|c| c["status"] == "unknown");
            if unknown {
                assert_ne!(row(workspace)["status"], "ok", "{workspace}");
                if depth == "detailed" {
                    assert!(row(workspace)["score"].as_u64().is_some_and(|score| score <= 60), "{}", row(workspace));
                }
            }
            println!("{depth} {workspace}: {} {}", row(workspace)["status"], row(workspace)["score"]);
        }
        let summary = &answer.envelope["summary"];
        assert_eq!((&summary["tenants_checked"], &summary["workspaces_checked"]), (&json!(3), &json!(4)));
        assert_ne!(summary["overall_status"], "ok");
        assert_eq!(summary["score"], Json::Null);
        assert!(summary["status_breakdown"]["unknown"].as_u64() >= Some(1));
        let count = hosts.count("marlowe");
        println!("{depth}: marlowe {:?}, {} shells", count.requests, count.shells_opened);
        assert_eq!(count.shells_opened, 1, "one session serves all checks");
    }
    let one = ask(&desk, HEALTH, json!({"tenant_scope": "marlowe"})).await;
    assert_eq!((one.outcome.as_str(), one.envelope["data"].as_array().map(Vec::len)), ("done", Some(1)));
    assert_eq!(hosts.listeners["alpenmed"].connections(), 0);
}

/// Reads of one workspace side by side, of different rules so that none is
/// kept.
async fn side_by_side(desk: &Desk, tenant: &str, workspace: &str, count: usize) {
    let reads = (0..count).map(|n| {
        let arguments = json!({"tenant": tenant, "workspace": workspace, "NameFilter": format!("*{n}*")});
        ask(desk, READ, arguments)
    });
    for answer in futures_util::future::join_all(reads).await {
        assert_eq!(answer.code, None, "{}", answer.text);
    }
}

#[tokio::test]
async fn parallel_reads_of_a_workspace_use_as_many_sessions_as_the_host_may_have() {
    let mut hosts = Hosts::start().await;
    for host in hosts.config.hosts.values_mut() {
        host.sessions.max = 3;
    }
    let desk = hosts.desk();
    side_by_side(&desk, "nordhafen", "nordhafen-prod", 12).await;
    let count = hosts.count("nordhafen");
    println!("12 reads at once, max 3: {} shells, most at once {}", count.shells_opened, count.shells_most);
    assert_eq!((count.shells_opened, count.shells_most, count.runs_of(CALL)), (3, 3, 12));
    // Two workspaces and more calls than places: sessions go and come, never more than three.
    let both = async {
        tokio::join!(
            side_by_side(&desk, "nordhafen", "nordhafen-prod", 9),
            side_by_side(&desk, "nordhafen", "nordhafen-ot", 9),
        )
    };
    both.await;
    let count = hosts.count("nordhafen");
    println!("two workspaces: {} shells, most at once {}", count.shells_opened, count.shells_most);
    assert_eq!(count.shells_most, 3);
    // A session that is closed has its parked Receive aborted: that, and nothing else.
    assert!(count.faults.keys().all(|code| *code == 995), "{:?}", count.faults);
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
}

#[tokio::test]
async fn a_place_is_free_only_when_the_host_has_no_shell_any_more() {
    let mut hosts = Hosts::start().await;
    for host in hosts.config.hosts.values_mut() {
        host.sessions.max = 1;
    }
    hosts.fault("nordhafen", "Delete", Hit::Every, Mishap::Delay(SLOW));
    hosts.fault("nordhafen", "Create", Hit::Nth(2), Mishap::Delay(SLOW));
    let desk = hosts.desk();
    for (n, workspace) in ["nordhafen-prod", "nordhafen-ot", "nordhafen-prod", "nordhafen-ot"].into_iter().enumerate() {
        side_by_side(&desk, "nordhafen", workspace, n + 1).await;
    }
    let count = hosts.count("nordhafen");
    assert_eq!((count.shells_opened, count.shells_most), (4, 1), "{count:?}");
}

#[tokio::test]
async fn a_call_that_was_given_up_leaves_no_session_and_no_place_taken() {
    let began = Arc::new(Notify::new());
    let sleeps: Before = {
        let endless = endless(Arc::clone(&began));
        Arc::new(move |command: &Command| -> Vec<Step> { endless(command) })
    };
    let mut hosts = Hosts::start_with(sleeps).await;
    for host in hosts.config.hosts.values_mut() {
        host.sessions.max = 1;
    }
    let desk = hosts.desk();
    for round in 1..=3_u64 {
        let call = ask(&desk, READ, json!({"tenant": "nordhafen", "workspace": "nordhafen-prod"}));
        tokio::select! {
            answer = call => panic!("it sleeps for hours: {}", answer.text),
            () = began.notified() => {}
        }
        let count = hosts.count("nordhafen");
        assert_eq!((count.shells_opened, count.shells_most), (round, 1), "{count:?}");
    }
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
    assert_eq!(desk.path().pool().counts().opened, desk.path().pool().counts().closed);
}

#[tokio::test]
async fn an_opening_that_was_given_up_is_closed_before_the_next() {
    let mut hosts = Hosts::start().await;
    for host in hosts.config.hosts.values_mut() {
        host.sessions.max = 1;
    }
    let desk = hosts.desk();
    hosts.fault("nordhafen", "Create", Hit::Nth(1), Mishap::Delay(SLOW));
    let created = reached(&hosts.listeners["nordhafen"], "Create");
    tokio::select! {
        answer = ask(&desk, READ, json!({"tenant": "nordhafen", "workspace": "nordhafen-prod"})) => {
            panic!("the host was quicker than it should be: {}", answer.text)
        }
        () = created => {}
    }
    side_by_side(&desk, "nordhafen", "nordhafen-ot", 1).await;
    let count = hosts.count("nordhafen");
    assert_eq!((count.shells_opened, count.shells_most), (2, 1), "{count:?}");
}

async fn reached(host: &Listener, operation: &str) {
    while host.counters().requests_of(operation) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn writes_to_a_workspace_go_one_after_the_other_and_reads_beside_them() {
    let hosts = Hosts::start_with(Arc::new(|command: &Command| {
        let write = command.value_of("Name").and_then(Value::as_str) == Some("Add-IncidentComment");
        if write { vec![Step::Sleep(SLOW)] } else { Vec::new() }
    }))
    .await;
    let desk = hosts.desk();
    let place = json!({"tenant": "nordhafen", "workspace": "nordhafen-prod"});
    let incidents = ask(&desk, "sentinel_incident_list", place).await;
    let number = incidents.envelope["data"][0]["IncidentNumber"].clone();
    let writes = (0..4).map(|n| {
        let arguments = json!({"tenant": "nordhafen", "workspace": "nordhafen-prod",
            "IncidentNumber": number, "Message": format!("note {n}")});
        ask(&desk, "sentinel_incident_comment_add", arguments)
    });
    for answer in futures_util::future::join_all(writes).await {
        assert_eq!(answer.outcome.as_str(), "done", "{}", answer.text);
    }
    let count = hosts.count("nordhafen");
    assert_eq!((count.shells_opened, count.runs_of(CALL)), (1, 5), "four writes at once had one session in turn");
}
