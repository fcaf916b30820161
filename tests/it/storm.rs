//! Calls under random fault, against the host's own log of what ran.
//!
//! A relay stands between the server and each host: it refuses connections,
//! cuts them after so many bytes of either direction, and holds them; the host
//! drops requests before and after it has acted on them, cuts answers, acts
//! late, and answers with a status. All by one seed.
//!
//! A hundred calls by default; `STORM=2000 STORM_SEED=7 cargo test --test it
//! storm -- --nocapture` for as many as that.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sentinel_jump::answer::{Answer, Outcome};
use sentinel_jump::desk::Desk;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Mishap};
use wsman::psrp::Command;

use crate::hosts::{Hosts, ask_until, loopback, on};

const READ: &str = "sentinel_rule_list";
const WRITE: &str = "sentinel_incident_comment_add";

/// The customer whose host is in the storm.
const HOST: &str = "nordhafen";

/// Calls that are made side by side.
const LANES: usize = 6;

/// Calls of one server and one host before others take over, cold. Fewer than
/// the comments that an incident may have.
const OF_A_DESK: usize = 80;

/// What the storm strikes: every operation that a call has.
const OPERATIONS: [&str; 5] = ["Create", "Command", "Receive", "Signal", "Delete"];

/// How often each call was entered on a host, by what it was given.
type Log = Arc<Mutex<BTreeMap<String, u32>>>;

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Chance by a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).expect("an index")]
    }
}

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    Fair,
    /// New connections are closed at once, until then.
    Refusing(Instant),
    /// Nothing passes, until then.
    Frozen(Instant),
}

impl Weather {
    fn is_refusing(self) -> bool {
        matches!(self, Self::Refusing(until) if Instant::now() < until)
    }
}

/// Waits while nothing passes.
async fn thawed(weather: &mut watch::Receiver<Weather>) {
    loop {
        let now = *weather.borrow_and_update();
        match now {
            Weather::Frozen(until) if Instant::now() < until => drop(timeout_at(until, weather.changed()).await),
            _ => return,
        }
    }
}

/// Stands in front of one host.
struct Relay {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    /// Bytes after which the connection that carries them is cut.
    cut_after: Arc<Mutex<Option<u64>>>,
}

impl Relay {
    async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(loopback()).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (weather, _) = watch::channel(Weather::Fair);
        let cut_after: Arc<Mutex<Option<u64>>> = Arc::default();
        let (now, cut) = (weather.clone(), Arc::clone(&cut_after));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if now.borrow().is_refusing() {
                    continue;
                }
                let Ok(host) = TcpStream::connect(to).await else { continue };
                tokio::spawn(carry(client, host, now.subscribe(), Arc::clone(&cut)));
            }
        });
        Self { address, weather, cut_after }
    }
}

/// Until either end closes, or the storm cuts it.
async fn carry(client: TcpStream, host: TcpStream, weather: watch::Receiver<Weather>, cut: Arc<Mutex<Option<u64>>>) {
    let (from_client, to_client) = client.into_split();
    let (from_host, to_host) = host.into_split();
    tokio::select! {
        () = one_way(from_client, to_host, weather.clone(), Arc::clone(&cut)) => {}
        () = one_way(from_host, to_client, weather, cut) => {}
    }
}

async fn one_way(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    cut: Arc<Mutex<Option<u64>>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        thawed(&mut weather).await;
        let pass = {
            let mut left = held(&cut);
            match *left {
                Some(bytes) if bytes < read as u64 => {
                    *left = None;
                    Some(usize::try_from(bytes).expect("within the buffer"))
                }
                Some(bytes) => {
                    *left = Some(bytes - read as u64);
                    None
                }
                None => None,
            }
        };
        let passed = to.write_all(&buffer[..pass.unwrap_or(read)]).await;
        if passed.is_err() || pass.is_some() {
            return;
        }
    }
}

/// What the call was given that no other was.
fn mark(command: &Command) -> Option<String> {
    let parameters = command.arguments.iter().find(|argument| argument.name.as_deref() == Some("Parameters"))?;
    let given = |name| parameters.value.get(name).and_then(Value::as_str).map(str::to_owned);
    given("Message").or_else(|| given("NameFilter"))
}

/// The demo's hosts, which log what they enter.
async fn hosts(log: &Log) -> Hosts {
    let log = Arc::clone(log);
    Hosts::start_around(Arc::new(move |command: &Command, steps: Vec<Step>| {
        // Without a begin record nothing of the function ran.
        let is_begin = |step: &Step| matches!(step, Step::Output(value) if is_begin(value));
        if command.text == "Invoke-SjCall"
            && steps.iter().any(is_begin)
            && let Some(mark) = mark(command)
        {
            *held(&log).entry(mark).or_default() += 1;
        }
        steps
    }))
    .await
}

fn is_begin(value: &Value) -> bool {
    let names = value.as_object().and_then(|object| object.type_names.as_ref());
    names.is_some_and(|names| names.iter().any(|name| &**name == "SentinelJump.Begin"))
}

/// One stroke of the storm on a host, or none.
fn strike(chance: &mut Chance, hosts: &Hosts, relay: &Relay) {
    let operation = chance.of(&OPERATIONS);
    let hit = Hit::Nth(1 + chance.below(3));
    let short = Duration::from_millis(20 + chance.below(400));
    let mishap = match chance.below(24) {
        0 => Mishap::DropBefore,
        1 | 2 => Mishap::DropAfter,
        3 | 4 => Mishap::CutAnswer { bytes: usize::try_from(chance.below(1500)).expect("few") },
        5 => Mishap::Stall(short),
        6 => Mishap::Delay(short),
        7 | 8 => Mishap::Refuse { status: chance.of(&[401, 403, 404, 500, 502, 503]) },
        9 => Mishap::Stall(Duration::from_secs(3_600)),
        10 => {
            relay.weather.send_replace(Weather::Refusing(Instant::now() + short));
            return;
        }
        11 => {
            relay.weather.send_replace(Weather::Frozen(Instant::now() + short));
            return;
        }
        12 | 13 => {
            *held(&relay.cut_after) = Some(chance.below(60_000));
            return;
        }
        _ => return,
    };
    hosts.fault(HOST, operation, hit, mishap);
}

struct Call {
    mark: String,
    write: bool,
    arguments: Json,
    patience: Duration,
}

impl Call {
    fn new(n: usize, chance: &mut Chance) -> Self {
        let write = chance.below(4) != 0;
        let mark = format!("storm-{n}");
        let arguments = match write {
            // One of eight is refused by the host before it is entered.
            true if chance.below(8) == 0 => on(json!({"IncidentNumber": 1, "Message": mark})),
            true => on(json!({"IncidentNumber": 12345, "Message": mark})),
            false => on(json!({"NameFilter": mark})),
        };
        // Most wait, some people do not.
        let patience = match chance.below(6) {
            0 => Duration::from_millis(chance.below(600)),
            _ => Duration::from_secs(6),
        };
        Self { mark, write, arguments, patience }
    }

    async fn ask(&self, desk: &Desk) -> Answer {
        let cancel = CancellationToken::new();
        let tool = if self.write { WRITE } else { READ };
        let asking = ask_until(desk, tool, self.arguments.clone(), &cancel);
        tokio::pin!(asking);
        match timeout(self.patience, &mut asking).await {
            Ok(answer) => answer,
            Err(_) => {
                cancel.cancel();
                asking.await
            }
        }
    }
}

/// What the log says of how a call was told; `None`: it was told truly.
fn falsely(call: &Call, answer: &Answer, ran: u32) -> Option<&'static str> {
    match (answer.outcome, ran) {
        (_, 2..) if call.write => Some("ran twice"),
        (Outcome::Done, 0) => Some("falsely done"),
        (Outcome::Failed, 1..) if call.write => Some("falsely failed"),
        (Outcome::Refused, 1..) => Some("falsely refused"),
        (Outcome::Unreachable, 1..) => Some("falsely unreachable"),
        (Outcome::Unknown, _) if !call.write => Some("a read in doubt"),
        _ => None,
    }
}

/// What a variable says, for who wants a longer storm or another one.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_under_random_fault_are_told_as_the_hosts_log_has_them() {
    let (calls, seed) = (usize::try_from(number("STORM", 100)).expect("few"), number("STORM_SEED", 1));
    let log: Log = Arc::default();
    let mut chance = Chance(seed);
    let (mut told, mut struck): (Vec<(Call, Answer)>, Struck) = Default::default();
    let mut n = 0;
    while n < calls {
        let hosts = hosts(&log).await;
        let relay = Relay::start(hosts.listeners[HOST].address()).await;
        let hosts = hosts.with_url(HOST, &format!("http://{}/wsman", relay.address));
        let (desk, hosts, relay) = (hosts.desk(), Arc::new(hosts), Arc::new(relay));
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            let mut chance = Chance(chance.next());
            let (desk, hosts, relay) = (Arc::clone(&desk), Arc::clone(&hosts), Arc::clone(&relay));
            let mine: Vec<usize> = (n..calls.min(n + OF_A_DESK)).filter(|n| n % LANES == lane).collect();
            lanes.spawn(async move {
                let mut told = Vec::new();
                for n in mine {
                    let call = Call::new(n, &mut chance);
                    strike(&mut chance, &hosts, &relay);
                    let answer = call.ask(&desk).await;
                    told.push((call, answer));
                }
                told
            });
        }
        told.extend(lanes.join_all().await.into_iter().flatten());
        struck.faults += hosts.listeners[HOST].faults_met();
        struck.shells += hosts.count(HOST).shells_opened;
        n += OF_A_DESK;
    }
    judged(&told, &held(&log), seed, &struck);
}

/// What the hosts met.
#[derive(Debug, Default)]
struct Struck {
    faults: u64,
    shells: u64,
}

/// Prints what came of all, and fails on the first that was told falsely.
fn judged(told: &[(Call, Answer)], log: &BTreeMap<String, u32>, seed: u64, struck: &Struck) {
    let mut counts: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (call, answer) in told {
        let ran = log.get(&call.mark).copied().unwrap_or(0);
        let (kind, entered) = (if call.write { "write" } else { "read" }, if ran == 0 { "not run" } else { "ran" });
        *counts.entry((kind, answer.outcome.as_str(), entered)).or_default() += 1;
        if let Some(how) = falsely(call, answer, ran) {
            let code = answer.code.map_or("", |code| code.as_str());
            wrong.entry(how).or_default().push(format!("{} ({code}, ran {ran}): {}", call.mark, answer.text));
        }
    }
    println!("{} calls, seed {seed}: {counts:?}; {struck:?}", told.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let of = |kind: &str, outcome: Outcome| -> u32 {
        counts.iter().filter(|((k, o, _), _)| *k == kind && *o == outcome.as_str()).map(|(_, n)| n).sum()
    };
    assert!(of("write", Outcome::Done) > 0 && of("read", Outcome::Done) > 0, "some come through: {counts:?}");
    assert!(of("write", Outcome::Unknown) > 0, "and the storm is one: {counts:?}");
}
