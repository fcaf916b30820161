//! Shells accounted for: by the host's own count there are never more than
//! are configured, and none is left that could be deleted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sentinel_jump::desk::Desk;
use sentinel_jump::store::{Folder, Shell, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use wsman::entropy::Entropy;

use crate::gate::{Gate, Way};
use crate::hosts::{Before, Hosts, PLACE, ask, ask_until, on};
use crate::pool::endless;
use crate::processes::{configured, process};

const CALL: &str = "Invoke-SjCall";
const READ: &str = "sentinel_rule_list";
const SHELLS_PER_USER: u32 = 2_150_859_173;

/// What the issue allows an earlier process's shells after the next start.
const MINUTE: Duration = Duration::from_secs(60);

/// Hosts with a state folder, and a gate before nordhafen's.
async fn gated(mut hosts: Hosts, max: usize) -> (Hosts, Gate, TempDir) {
    let gate = Gate::before(hosts.listeners["nordhafen"].address()).await;
    let folder = tempfile::tempdir().expect("a folder");
    hosts = hosts.with_url("nordhafen", &gate.url);
    hosts.config.state_dir = Some(folder.path().join("state"));
    for host in hosts.config.hosts.values_mut() {
        host.sessions.max = max;
    }
    (hosts, gate, folder)
}

/// What a process would find that comes next.
fn remembered(state: &Path) -> Vec<Shell> {
    let folder = Folder::open(state).expect("a folder");
    let now = "2026-11-28T07:25:03Z".parse().expect("a time");
    let process = folder.enter(now, 1, &mut Entropy::seeded(99)).expect("it can be entered");
    Store::open(&Arc::new(process)).expect("a store").shells().orphans(|_| true).expect("they can be read").taken
}

async fn until_none_is_open(hosts: &Hosts, tenant: &str) -> Duration {
    let began = Instant::now();
    let none = async {
        while hosts.count(tenant).shells_open > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(MINUTE, none).await.expect("none is open within a minute");
    began.elapsed()
}

async fn read(desk: &Desk, workspace: &str, enabled: bool) {
    let answer = ask(desk, READ, json!({"tenant": "nordhafen", "workspace": workspace, "Enabled": enabled})).await;
    assert_eq!(answer.code, None, "{}", answer.text);
}

#[tokio::test]
async fn e7_a_host_that_allows_fewer_shells_than_are_configured_serves_all() {
    let fewer = |options: &mut wsman::host_end::HostOptions| options.peer.max_shells_per_user = 1;
    let hosts = Hosts::start_as(Arc::new(|_, steps| steps), fewer, "").await;
    let desk = hosts.desk();
    for round in [true, false] {
        for workspace in ["nordhafen-prod", "nordhafen-ot"] {
            read(&desk, workspace, round).await;
        }
    }
    let count = hosts.count("nordhafen");
    let refused = count.faults.get(&SHELLS_PER_USER);
    println!(
        "quota 1, four configured: {} opened, {} at most, {refused:?} refused",
        count.shells_opened, count.shells_most
    );
    assert_eq!((count.shells_most, refused), (1, Some(&1)), "the limit is found out once");
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
}

#[tokio::test]
async fn e7_calls_at_once_on_a_host_of_fewer_shells_all_come_off() {
    let fewer = |options: &mut wsman::host_end::HostOptions| options.peer.max_shells_per_user = 1;
    let hosts = Hosts::start_as(Arc::new(|_, steps| steps), fewer, "").await;
    let desk = hosts.desk();
    tokio::join!(
        read(&desk, "nordhafen-prod", true),
        read(&desk, "nordhafen-ot", true),
        read(&desk, "nordhafen-prod", false),
        read(&desk, "nordhafen-ot", false)
    );
    assert_eq!(hosts.count("nordhafen").shells_most, 1);
    desk.close().await;
}

#[tokio::test]
async fn e6_a_clean_exit_leaves_none_and_remembers_none() {
    let (hosts, _gate, folder) = gated(Hosts::start().await, 2).await;
    let desk = hosts.desk();
    read(&desk, "nordhafen-prod", true).await;
    read(&desk, "nordhafen-ot", true).await;
    desk.close().await;
    drop(desk);
    let count = hosts.count("nordhafen");
    assert_eq!((count.shells_opened, count.shells_open), (2, 0));
    assert_eq!(remembered(&folder.path().join("state")), []);
}

#[tokio::test]
async fn e6_a_host_that_takes_no_new_connections_keeps_no_shell() {
    let (hosts, gate, folder) = gated(Hosts::start().await, 2).await;
    let desk = hosts.desk();
    read(&desk, "nordhafen-prod", true).await;
    gate.set(Way::NoNew);
    desk.close().await;
    drop(desk);
    assert_eq!(hosts.count("nordhafen").shells_open, 0, "a connection that was there carried its Delete");
    assert_eq!(remembered(&folder.path().join("state")), []);
}

/// One process's life: its runtime is gone with it, and whatever ran there.
fn live_and_die(hosts: &Hosts, ends: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let took = runtime.block_on(async {
        let desk = hosts.desk();
        read(&desk, "nordhafen-prod", true).await;
        ends();
        let began = Instant::now();
        desk.close().await;
        began.elapsed()
    });
    println!("closed beside a frozen host in {took:?}");
    assert!(took < Duration::from_secs(6), "a client that ends its server does not wait long");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e6_what_a_frozen_host_keeps_is_remembered_and_deleted_by_the_next() {
    let (hosts, gate, folder) = gated(Hosts::start().await, 2).await;
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| live_and_die(&hosts, || gate.set(Way::Frozen)));
        });
    });
    assert_eq!(hosts.count("nordhafen").shells_open, 1);
    let state = folder.path().join("state");
    // A process that opens none, and dies: what it took over is handed on.
    let found = remembered(&state);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].tenant.as_str(), found[0].made), ("nordhafen", true));
    let next = hosts.desk();
    let took = async {
        // While the host is still frozen it is asked in vain.
        while next.path().pool().left().is_empty() {
            tokio::task::yield_now().await;
        }
        gate.set(Way::Open);
        let took = until_none_is_open(&hosts, "nordhafen").await;
        until_forgotten(&state).await;
        took
    };
    let took = tokio::select! {
        never = next.path().tend() => match never {},
        took = took => took,
    };
    println!("an earlier process's shell was gone {took:?} after its host had thawed");
    assert!(next.path().pool().left().is_empty());
    next.close().await;
}

/// Only the host that a shell was opened on is asked to delete it: not one
/// that has its name and another address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e6_a_shell_of_a_host_with_another_url_is_kept_for_who_has_it() {
    let (hosts, gate, folder) = gated(Hosts::start().await, 1).await;
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| live_and_die(&hosts, || gate.set(Way::Frozen)));
        });
    });
    let (state, url) = (folder.path().join("state"), hosts.listeners["nordhafen"].url());
    let elsewhere = hosts.with_url("nordhafen", &url);
    let deletes = elsewhere.count("nordhafen").requests_of("Delete");
    let next = elsewhere.desk();
    tokio::select! {
        never = next.path().tend() => match never {},
        () = read(&next, "nordhafen-ot", true) => {}
    }
    assert!(next.path().pool().left().is_empty());
    next.close().await;
    drop(next);
    assert_eq!(elsewhere.count("nordhafen").requests_of("Delete"), deletes + 1, "its own");
    let kept = remembered(&state);
    assert_eq!(kept.iter().map(|shell| shell.url.as_str()).collect::<Vec<_>>(), [gate.url.as_str()]);
}

/// Seats of shells that cannot be deleted are nobody's, and nobody waits for
/// them: the host is away, not busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e6_e10_a_host_that_is_away_with_our_shells_is_not_busy() {
    let (hosts, gate, _folder) = gated(Hosts::start().await, 1).await;
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| live_and_die(&hosts, || gate.set(Way::Frozen)));
        });
    });
    let next = hosts.desk();
    let began = Instant::now();
    let asked = async {
        while next.path().pool().left().is_empty() {
            tokio::task::yield_now().await;
        }
        ask(&next, READ, on(json!({}))).await
    };
    let answer = tokio::select! {
        never = next.path().tend() => match never {},
        answer = asked => answer,
    };
    let took = began.elapsed();
    println!("{took:?}: {}", answer.text);
    assert_eq!(answer.code.map(|code| code.as_str()), Some("timed_out"), "{}", answer.text);
    assert!(took < Duration::from_secs(12), "{took:?}");
    next.close().await;
}

/// The store has no shell any more.
async fn until_forgotten(state: &Path) {
    let none = async {
        loop {
            let store = rusqlite::Connection::open(state.join("store.sqlite")).expect("a store");
            if store.query_row("SELECT count(*) FROM shells", [], |row| row.get(0)) == Ok(0) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(MINUTE, none).await.expect("it is forgotten");
}

/// The shell of a call that was given up while its host was frozen has its
/// seat until the host has deleted it.
#[tokio::test]
async fn e6_a_shell_that_may_be_there_counts_as_taken() {
    let began = Arc::new(Notify::new());
    let (first, endless) = (AtomicBool::new(true), endless(Arc::clone(&began)));
    let once: Before = Arc::new(move |command| match command.text == CALL && first.swap(false, Ordering::Relaxed) {
        true => endless(command),
        false => Vec::new(),
    });
    let (hosts, gate, _folder) = gated(Hosts::start_with(once).await, 1).await;
    let desk = hosts.desk();
    let cancel = CancellationToken::new();
    let call = ask_until(&desk, READ, on(json!({})), &cancel);
    let freezes = async {
        began.notified().await;
        gate.set(Way::Frozen);
        cancel.cancel();
    };
    let (given_up, ()) = tokio::join!(call, freezes);
    assert_eq!(given_up.code.map(|code| code.as_str()), Some("cancelled"), "{}", given_up.text);
    assert_eq!(hosts.count("nordhafen").shells_open, 1, "it is still there");
    let next = read(&desk, "nordhafen-ot", true);
    tokio::pin!(next);
    // In line, for a seat that is not free.
    assert!(timeout(Duration::from_millis(1), &mut next).await.is_err());
    gate.set(Way::Open);
    next.await;
    let count = hosts.count("nordhafen");
    assert_eq!((count.shells_opened, count.shells_most), (2, 1));
    desk.close().await;
    assert_eq!(hosts.count("nordhafen").shells_open, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e6_what_killed_processes_left_is_gone_after_the_next_start() {
    let began = Arc::new(Notify::new());
    let hosts = Hosts::start_with(endless(Arc::clone(&began))).await;
    let folder = configured(&hosts);
    let list = ["call", "sentinel_rule_list", "--tenant", PLACE[0], "--workspace", PLACE[1]];
    let mut running = Vec::new();
    for _ in 0..3 {
        running.push(process(folder.path(), &list).spawn().expect("it starts"));
        timeout(MINUTE, began.notified()).await.expect("the host runs it");
    }
    for mut one in running {
        one.kill().await.expect("it is killed");
    }
    assert_eq!(hosts.count("nordhafen").shells_open, 3);
    let mut next = process(folder.path(), &["serve"]);
    let mut next = next.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    let took = until_none_is_open(&hosts, "nordhafen").await;
    println!("kill -9 of three: their shells were gone {took:?} after the next start");
    until_forgotten(&folder.path().join("state")).await;
    drop(next.stdin.take());
    assert!(timeout(MINUTE, next.wait()).await.expect("in time").expect("it ends").success());
    assert_eq!(hosts.count("nordhafen").shells_opened, 3, "and it opened none itself");
}
