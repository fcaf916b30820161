//! How many requests everything takes, by the host's own count.

use std::sync::Arc;
use std::time::Duration;

use wsman::client::{Options, Pipeline, RunOptions, RunspacePool};
use wsman::clixml::{SecureString, Value};
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::peer::Counters;
use wsman::host_end::{EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::{Command, HostResponse};
use wsman::session::{End, PipelineEvent, StopCause};

use crate::host_end::{credentials, listen};

/// Never reached in a test that passes.
const LONG: Duration = Duration::from_secs(60);

/// How long the host may hold a Receive. Longer than [`LONG`]: whatever waited
/// for the end of a held Receive would fail its test.
const HOLD: Duration = Duration::from_secs(600);

/// The built-in cmdlets are enough.
struct BuiltIn;

impl Commands for BuiltIn {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        match command.text.as_str() {
            "Out-Many" => Some((0..5000).map(|n| Step::Output(Value::from(format!("{n:2000}")))).collect()),
            "Out-Large" => {
                let large = Step::Output(Value::from("x".repeat(20_000_000)));
                Some(vec![Step::Output(Value::from("first")), large.clone(), large])
            }
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// `Create`, `Receive`, `Command`, `Signal`, `Delete`. Two Receives open the
/// pool; a third is parked for as long as it lives.
type Counts = [u64; 5];

fn counts(counters: &Counters) -> Counts {
    let known = ["Create", "Receive", "Command", "Signal", "Delete"].map(|operation| counters.requests_of(operation));
    assert_eq!(counters.requests.values().sum::<u64>(), known.iter().sum::<u64>(), "nothing else: {counters:?}");
    // The parked Receive is aborted with its pool.
    let end = counters.requests_of("Delete") > 0;
    let others = counters.faults.iter().filter(|(code, count)| !(end && **code == 995 && **count == 1)).count();
    assert_eq!(others, 0, "{counters:?}");
    known
}

async fn open() -> (Listener, RunspacePool) {
    open_with(|_| {}).await
}

async fn open_with(change: impl FnOnce(&mut Options)) -> (Listener, RunspacePool) {
    let engine = EngineKind::Demo(Arc::new(|| Box::new(BuiltIn)));
    let host = listen(HostOptions::new(vec![credentials()], engine)).await;
    let mut options = Options::new(&host.url(), credentials()).expect("the address is good");
    options.session.operation_timeout = HOLD;
    options.session.max_runspaces = 2;
    change(&mut options);
    let pool = RunspacePool::open(options).await.expect("the pool opens");
    (host, pool)
}

async fn say(pool: &RunspacePool, text: &str) {
    let output = pool.invoke(Command::new("Write-Output").argument("InputObject", text)).await.expect("it runs");
    assert_eq!(output.objects, [Value::from(text)]);
}

async fn running_sleeper(pool: &RunspacePool) -> Pipeline {
    let command = Command::new("Start-Sleep").argument("Seconds", 3600);
    let options = RunOptions { first_message_timeout: HOLD, timeout: HOLD, ..RunOptions::default() };
    pool.run(vec![command], options).await.expect("it starts")
}

/// Waits until the host has counted so much; more fails.
async fn reached(host: &Listener, expected: Counts) {
    let reach = async {
        while counts(&host.counters()).iter().zip(expected).any(|(count, expected)| *count < expected) {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(LONG, reach).await;
    assert_eq!((in_time, counts(&host.counters())), (Ok(()), expected));
}

async fn stopped(pipeline: Pipeline) {
    pipeline.stop();
    let output = tokio::time::timeout(LONG, pipeline.collect()).await.expect("a stop is answered").expect("it ends");
    assert!(matches!(output.end, End::Stopped(StopCause::Caller)), "{:?}", output.end);
}

#[tokio::test]
async fn a_pool_opens_with_three_requests_and_one_that_stays_and_closes_with_one() {
    let (host, pool) = open().await;
    reached(&host, [1, 3, 0, 0, 0]).await;
    pool.close().await;
    assert_eq!(host.counters().requests_of("Delete"), 1);
    assert_eq!(host.counters().shells_open, 0);
}

#[tokio::test]
async fn a_call_is_two_requests_and_a_terminate_behind_its_back() {
    let (host, pool) = open().await;
    for call in 1..=11 {
        say(&pool, "x").await;
        // The answer is here and the Signal, perhaps, not yet.
        let [create, receive, command, signal, delete] = counts(&host.counters());
        assert_eq!([create, receive, command, delete], [1, 3 + call, call, 0]);
        assert!(signal == call || signal == call - 1, "{signal} in call {call}");
        reached(&host, [1, 3 + call, call, call, 0]).await;
    }
    assert_eq!(host.counters().commands_terminated, 11);
    pool.close().await;
    assert_eq!(counts(&host.counters()), [1, 14, 11, 11, 1]);
}

/// Calls without a pause between them send the same.
#[tokio::test]
async fn ten_warm_calls_are_ten_times_one() {
    let (host, pool) = open().await;
    say(&pool, "first").await;
    for _ in 0..10 {
        say(&pool, "warm").await;
    }
    reached(&host, [1, 3 + 11, 11, 11, 0]).await;
    pool.close().await;
    reached(&host, [1, 3 + 11, 11, 11, 1]).await;
}

#[tokio::test]
async fn a_stop_is_one_signal_more() {
    let (host, pool) = open().await;
    let pipeline = running_sleeper(&pool).await;
    reached(&host, [1, 4, 1, 0, 0]).await;
    stopped(pipeline).await;
    reached(&host, [1, 4, 1, 2, 0]).await;
    say(&pool, "alive").await;
    reached(&host, [1, 5, 2, 3, 0]).await;
}

/// The host holds the sleeper's Receive through all of it: its count does not
/// grow, and nothing is answered by the end of the hold.
#[tokio::test]
async fn commands_and_signals_do_not_wait_behind_a_held_receive() {
    let (host, pool) = open().await;
    let sleeper = running_sleeper(&pool).await;
    reached(&host, [1, 4, 1, 0, 0]).await;
    tokio::time::timeout(LONG, say(&pool, "beside it")).await.expect("a call beside it is answered");
    reached(&host, [1, 5, 2, 1, 0]).await;
    let other = running_sleeper(&pool).await;
    reached(&host, [1, 6, 3, 1, 0]).await;
    stopped(other).await;
    reached(&host, [1, 6, 3, 3, 0]).await;
    stopped(sleeper).await;
    reached(&host, [1, 6, 3, 4, 0]).await;
}

#[tokio::test]
async fn a_session_closes_over_a_held_receive() {
    let (host, pool) = open().await;
    let _sleeper = running_sleeper(&pool).await;
    reached(&host, [1, 4, 1, 0, 0]).await;
    tokio::time::timeout(LONG, pool.close()).await.expect("the Delete is answered");
    assert_eq!((host.counters().requests_of("Delete"), host.counters().shells_open), (1, 0));
}

#[tokio::test]
async fn a_session_keeps_a_second_connection_that_is_signed_in() {
    let (host, pool) = open().await;
    let pipeline = running_sleeper(&pool).await;
    reached(&host, [1, 4, 1, 0, 0]).await;
    let signed_in = async {
        while host.sign_ins() < 2 || host.sign_ins() < host.connections() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, signed_in).await.expect("a spare connection signs in");
    let before = (host.connections(), host.sign_ins());
    stopped(pipeline).await;
    reached(&host, [1, 4, 1, 2, 0]).await;
    assert_eq!((host.connections(), host.sign_ins()), before, "a stop signs in nowhere");
    for _ in 0..50 {
        say(&pool, "x").await;
    }
    // A call's terminate may still be out when the next one takes its
    // connection and a spare: no more than that.
    assert!(host.connections() <= 4, "{} connections for calls one after the other", host.connections());
}

/// The key costs one Send and one Receive of the pool, once.
#[tokio::test]
async fn a_secret_costs_two_requests_more_and_the_next_none() {
    let (host, pool) = open().await;
    let secret = || Value::from(SecureString::new("planted-secret".to_owned().into()));
    for sends in [1, 1] {
        let command = Command::new("Write-Output").argument("InputObject", secret());
        let output = pool.invoke(command).await.expect("it runs");
        let revealed = pool.reveal(output.objects[0].as_secure_string().expect("a secret")).await.expect("it is ours");
        assert_eq!(revealed.expose(), "planted-secret");
        assert_eq!(host.counters().requests_of("Send"), sends);
    }
    assert_eq!(host.counters().requests_of("Receive"), 2 + 2 + 1 + 1);
    // A question for one, in the middle of a call.
    let options =
        RunOptions { host: Box::new(move |_| HostResponse::fields([("Kennwort", secret())])), ..RunOptions::default() };
    let ask = Command::new("Read-Host").argument("Prompt", "Kennwort").argument("AsSecureString", true);
    let output = pool.run(vec![ask], options).await.expect("it starts").collect().await.expect("it ends");
    let revealed = pool.reveal(output.objects[0].as_secure_string().expect("a secret")).await.expect("it is ours");
    assert_eq!(revealed.expose(), "planted-secret");
}

/// 10 MB in 5,000 objects, then two strings of 20 MB: nobody takes them while
/// other calls run to their ends.
#[tokio::test]
async fn a_consumer_that_waits_holds_the_host_and_not_the_memory() {
    let (host, pool) = open().await;
    for (name, objects, most) in [("Out-Many", 5000, 16), ("Out-Large", 3, 62)] {
        let before = host.counters().requests_of("Receive");
        let mut pipeline = pool.run(vec![Command::new(name)], RunOptions::default()).await.expect("it starts");
        let first = pipeline.next().await;
        assert!(matches!(first, Some(PipelineEvent::Output(_))), "{first:?}");
        for _ in 0..20 {
            say(&pool, "beside it").await;
        }
        // 4 MB are eleven full envelopes; one string of 20 MB is 53.
        let received = host.counters().requests_of("Receive") - before - 20;
        assert!(received <= most, "{name}: {received} Receives while nobody took anything");
        let output = tokio::time::timeout(LONG, pipeline.collect()).await.expect("it goes on").expect("it ends");
        assert_eq!(output.objects.len() + 1, objects);
        let all = host.counters().requests_of("Receive") - before - 20;
        assert!(all > most, "{name}: {all} Receives in all");
    }
    // Who drops it instead gets it out of the way.
    let mut pipeline = pool.run(vec![Command::new("Out-Many")], RunOptions::default()).await.expect("it starts");
    assert!(pipeline.next().await.is_some());
    drop(pipeline);
    say(&pool, "alive").await;
    tokio::time::timeout(LONG, pool.close()).await.expect("it closes");
}

/// The host acts on every Command later than on the Receive that goes beside
/// it: the race is lost on purpose, and nothing else.
#[tokio::test]
async fn an_early_receive_that_loses_the_race_loses_no_output_and_runs_nothing_twice() {
    let (host, pool) = open_with(|options| options.early_receive = true).await;
    let lost = |host: &Listener| host.counters().faults.get(&2_150_858_843).copied().unwrap_or(0);
    host.add_fault(Rule {
        operation: Some("Command"),
        hit: Hit::Every,
        mishap: Mishap::Stall(Duration::from_millis(30)),
    });
    let mut calls = 0;
    while lost(&host) < 6 {
        say(&pool, "x").await;
        calls += 1;
        assert!(calls < 200, "it is done early as soon as two connections are there");
    }
    let counters = host.counters();
    assert_eq!((counters.runs_of("Write-Output"), counters.requests_of("Command")), (calls, calls));
    assert!(lost(&host) <= 2 * calls, "asked again twice at most");
    // Won or lost, a stop and an error mean what they mean.
    stopped(running_sleeper(&pool).await).await;
    say(&pool, "alive").await;
    pool.close().await;
}
