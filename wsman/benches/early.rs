//! What an early Receive saves: the time of a warm call, with and without, on
//! lines of several delays.
//!
//! ```text
//! cargo bench -p wsman --features host-end --bench early
//! ```
//!
//! A host of our own on loopback acts at once on every request and holds each
//! answer back for the delay: one round trip. The sign-ins are not delayed.

#![allow(clippy::print_stdout, reason = "a bench says what it measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use wsman::auth::Credentials;
use wsman::client::{Options, RunspacePool};
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::Command;

struct BuiltIn;

impl Commands for BuiltIn {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, _: &Command) -> Option<Vec<Step>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn credentials() -> Credentials {
    Credentials { username: "svc-bench".into(), password: "pw".to_owned().into() }
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Median and 90th percentile of a warm call; Receives per call.
async fn measure(delay: Duration, early: bool) -> (Duration, Duration, f64) {
    const CALLS: usize = 60;
    let engine = EngineKind::Demo(Arc::new(|| Box::new(BuiltIn)));
    let address = "127.0.0.1:0".parse().expect("an address");
    let host = Listener::bind(address, HostOptions::new(vec![credentials()], engine)).await.expect("it listens");
    let mut options = Options::new(&host.url(), credentials()).expect("the address is good");
    options.early_receive = early;
    let pool = RunspacePool::open(options).await.expect("it opens");
    if !delay.is_zero() {
        host.add_fault(Rule { operation: None, hit: Hit::Every, mishap: Mishap::Delay(delay) });
    }
    let mut spans = Vec::new();
    let call = || pool.invoke(Command::new("Write-Output").argument("InputObject", "x"));
    for _ in 0..5 {
        call().await.expect("it runs");
    }
    let before = host.counters().requests_of("Receive");
    for _ in 0..CALLS {
        let start = now();
        call().await.expect("it runs");
        spans.push(start.elapsed());
    }
    let receives = host.counters().requests_of("Receive") - before;
    spans.sort();
    pool.close().await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let per_call = receives as f64 / CALLS as f64;
    (spans[CALLS / 2], spans[CALLS * 9 / 10], per_call)
}

#[tokio::main]
async fn main() {
    println!("delay   early   median      p90   Receives per call");
    for delay in [0, 5, 30, 100] {
        for early in [false, true] {
            let (median, p90, receives) = measure(Duration::from_millis(delay), early).await;
            println!("{delay:>4} ms  {early:>5}  {median:>8.1?} {p90:>8.1?}  {receives:.2}");
        }
    }
}
