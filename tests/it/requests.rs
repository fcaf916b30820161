//! How many requests a server's first call takes, by the host's own count.

use std::sync::Arc;
use std::time::Duration;

use sentinel_jump::access::Caller;
use sentinel_jump::answer::Outcome;
use sentinel_jump::call::Nobody;
use sentinel_jump::demo;
use sentinel_jump::desk::Door;
use sentinel_jump::desk::{Desk, Request};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use wsman::host_end::Listener;

async fn list_rules(desk: &Desk, enabled: bool) {
    let arguments = json!({"tenant": "nordhafen", "workspace": "nordhafen-prod", "Enabled": enabled});
    let Json::Object(arguments) = arguments else { unreachable!("an object was written") };
    let (caller, cancel) = (Caller::local(desk.config().policy.clone()), CancellationToken::new());
    let request = Request {
        door: Door::Cli,
        caller: &caller,
        tool: "sentinel_rule_list",
        arguments: &arguments,
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &cancel,
        language: None,
    };
    let answer = desk.answer(request).await;
    assert_eq!(answer.outcome, Outcome::Done, "{}", answer.text);
}

/// Waits until the host has counted exactly this: terminates are sent behind
/// the answer's back.
async fn reached(host: &Listener, expected: [(&str, u64); 5]) {
    let counted = || expected.map(|(operation, _)| (operation, host.counters().requests_of(operation)));
    let reach = async {
        while counted() != expected {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), reach).await;
    assert_eq!((in_time, counted()), (Ok(()), expected));
    assert_eq!(host.counters().requests.values().sum::<u64>(), expected.iter().map(|(_, count)| count).sum::<u64>());
}

#[tokio::test]
async fn a_first_call_is_sixteen_requests_and_a_warm_one_three() {
    let demo = demo::start().await.expect("the demo starts");
    let desk = Desk::new(Arc::new(demo.config)).with_vault(demo.vault);
    let host = &demo.hosts[0];
    list_rules(&desk, true).await;
    // Three to open and the parked Receive; module, load, probe and the call itself are a Command, a
    // Receive and a terminate each.
    reached(host, [("Create", 1), ("Receive", 3 + 4), ("Command", 4), ("Signal", 4), ("Delete", 0)]).await;
    list_rules(&desk, false).await;
    reached(host, [("Create", 1), ("Receive", 3 + 5), ("Command", 5), ("Signal", 5), ("Delete", 0)]).await;
    desk.close().await;
    reached(host, [("Create", 1), ("Receive", 3 + 5), ("Command", 5), ("Signal", 5), ("Delete", 1)]).await;
    assert!(demo.hosts[1..].iter().all(|other| other.connections() == 0), "another customer's host saw nothing");
    assert!((2..=5).contains(&host.sign_ins()), "{} sign-ins", host.sign_ins());
}
