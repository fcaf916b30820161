//! First call and warm calls per second: ours, and pypsrp's in the same run.
//!
//! `cargo bench --bench calls` starts `sentinel-jump host` as a process of its
//! own and asks it for the analytics rules of one workspace, by our client and
//! by pypsrp in turns. With `--features process` and the project's engine in
//! `shared/powershell` of a folder above, a real PowerShell is asked, too.
//!
//! A first call is a new session with everything: sign-in, shell, host module,
//! script, probe, call. Warm calls follow one another in that session. Both
//! clients terminate every command; pypsrp waits for the answer to that, as
//! its interface has it. What is compared is the median of the rounds; the
//! span from the best to the worst says how noisy the machine was.
//!
//! Then the requests of both, by the host's own count, and what a warm
//! session costs each client in memory (resident, where `/proc` tells).
//!
//! pypsrp is found by `SENTINEL_JUMP_BENCH_PYTHON`, else where
//! `tests/interop/run` puts it.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time, and reads its own variable")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sentinel_jump::demo::{Place, SCRIPT_PATH, World, commands_for};
use sentinel_jump::host::{AzureWorkspace, Call, MODULE, OpenPlan, ScriptSource, Session};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use wsman::auth::Credentials;
use wsman::clixml::Value;
use wsman::host_end::{EngineKind, HostOptions, Listener};

type Failure = Box<dyn Error>;

const FUNCTION: &str = "Get-AnalyticsRules";
const TENANT: &str = "nordhafen";
const WORKSPACE: &str = "nordhafen-prod";

/// Sessions open at once when memory is measured. A host gives one user 30
/// shells.
const SESSIONS: usize = 20;

/// What is measured against one host.
#[derive(Clone)]
struct Plan {
    name: &'static str,
    /// Command of the PowerShell behind the host; `None`: the Demo engine.
    process: Option<String>,
    /// SentinelManager, on the host.
    script: String,
    rounds: usize,
    /// Warm calls per round.
    calls: usize,
}

/// One client's round.
#[derive(Clone, Copy, Deserialize)]
struct Round {
    /// Seconds.
    first_call: f64,
    /// Seconds of all warm calls.
    warm: f64,
    /// Per call.
    objects: usize,
    /// When more than one session was opened.
    memory: Option<Memory>,
}

/// Resident memory, bytes.
#[derive(Clone, Copy, Deserialize)]
struct Memory {
    /// Of the process with one warm session.
    process: f64,
    /// Of each further one.
    session: f64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // `cargo test --benches` comes without it, and wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let python = python();
    if python.is_none() {
        println!(
            "pypsrp was not found, so there is nothing to compare with. To get it:\n    \
             python3 -m venv venv && venv/bin/pip install pypsrp==0.9.1\n    \
             SENTINEL_JUMP_BENCH_PYTHON=venv/bin/python cargo bench --bench calls"
        );
    }
    let demo = Plan { name: "Demo engine", process: None, script: SCRIPT_PATH.into(), rounds: 5, calls: 300 };
    measure(&demo, python.as_deref()).await?;
    match powershell() {
        Ok(plan) => measure(&plan, python.as_deref()).await?,
        Err(why) => println!("\nreal PowerShell left out: {why}"),
    }
    requests(&demo, python.as_deref()).await?;
    memory(&demo, python.as_deref()).await
}

/// Requests of a first call with its close, and of ten warm calls more.
async fn requests(plan: &Plan, python: Option<&Path>) -> Result<(), Failure> {
    println!("\nrequests by the host's count, first call and close; ten warm calls more");
    let place = place()?;
    let clients = ["sentinel-jump"].into_iter().chain(python.map(|_| "pypsrp"));
    for client in clients {
        let mut counted = Vec::new();
        for calls in [0, 10] {
            let plan = Plan { calls, ..plan.clone() };
            let world = Arc::new(World::new(jiff::Timestamp::UNIX_EPOCH));
            let credentials = Credentials { username: "bench".into(), password: "only here".to_owned().into() };
            let engine = EngineKind::Demo(commands_for(world, TENANT));
            let loopback = (std::net::Ipv4Addr::LOCALHOST, 0).into();
            let host = Listener::bind(loopback, HostOptions::new(vec![credentials.clone()], engine)).await?;
            let door = Door { url: host.url(), credentials };
            match python.filter(|_| client == "pypsrp") {
                Some(python) => drop(by_pypsrp(python, &door, &plan, &place, 1)?),
                None => drop(by_us(&door, &plan, &place, 1).await?),
            }
            counted.push(host.counters().requests);
            host.shutdown().await;
        }
        let all = |counts: &BTreeMap<&str, u64>| counts.values().sum::<u64>();
        let more = all(&counted[1]) - all(&counted[0]);
        println!("{client:15}{:>4} {:?}; {more} more", all(&counted[0]), counted[0]);
    }
    Ok(())
}

/// Resident memory per warm session of the client's process.
async fn memory(plan: &Plan, python: Option<&Path>) -> Result<(), Failure> {
    if resident().is_none() {
        println!("\nmemory left out: no /proc here");
        return Ok(());
    }
    println!("\nresident memory, KiB: the process with one warm session, and each of {} further ones", SESSIONS - 1);
    let (host, place) = (Host::start(None)?, place()?);
    let plan = Plan { calls: 0, ..plan.clone() };
    let ours = by_us(&host.door, &plan, &place, SESSIONS).await?;
    let say = |client: &str, memory: Option<Memory>| {
        memory.map(|memory| println!("{client:15}{:>8.0}{:>8.0}", memory.process / 1024.0, memory.session / 1024.0))
    };
    say("sentinel-jump", ours.memory).ok_or("not measured")?;
    if let Some(python) = python {
        let theirs = by_pypsrp(python, &host.door, &plan, &place, SESSIONS)?;
        say("pypsrp", theirs.memory).ok_or("not measured")?;
    }
    Ok(())
}

/// Resident memory of this process, bytes.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib * 1024.0)
}

async fn measure(plan: &Plan, python: Option<&Path>) -> Result<(), Failure> {
    let host = Host::start(plan.process.as_deref())?;
    let place = place()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        ours.push(by_us(&host.door, plan, &place, 1).await?);
        if let Some(python) = python {
            theirs.push(by_pypsrp(python, &host.door, plan, &place, 1)?);
        }
    }
    let objects = ours.first().map_or(0, |round| round.objects);
    if let Some(other) = ours.iter().chain(&theirs).find(|round| round.objects != objects) {
        return Err(format!("one call brought {objects} objects, another {}", other.objects).into());
    }
    let Plan { name, rounds, calls, .. } = plan;
    println!("\n{name}: {rounds} rounds of {calls} warm calls, {objects} objects each");
    println!("{:15}{:>26}{:>30}", "", "first call, ms", "warm calls/s");
    println!("{:15}{:>8}{:>9}{:>9}{:>10}{:>10}{:>10}", "", "best", "median", "worst", "best", "median", "worst");
    let ours = row("sentinel-jump", &ours, *calls);
    if !theirs.is_empty() {
        let theirs = row("pypsrp", &theirs, *calls);
        println!("{:15}{:>16.1}x{:>28.1}x", "ratio", theirs.0 / ours.0, ours.1 / theirs.1);
    }
    Ok(())
}

/// Prints one client's figures; the medians.
fn row(client: &str, rounds: &[Round], calls: usize) -> (f64, f64) {
    let mut first: Vec<_> = rounds.iter().map(|round| round.first_call * 1e3).collect();
    let mut warm: Vec<_> = rounds.iter().map(|round| calls as f64 / round.warm).collect();
    first.sort_by(f64::total_cmp);
    warm.sort_by(|a, b| b.total_cmp(a));
    let (middle, last) = (rounds.len() / 2, rounds.len() - 1);
    println!(
        "{client:15}{:>8.1}{:>9.1}{:>9.1}{:>10.0}{:>10.0}{:>10.0}",
        first[0], first[middle], first[last], warm[0], warm[middle], warm[last]
    );
    (first[middle], warm[middle])
}

/// A host in a process of its own, ended with this.
struct Host {
    process: Child,
    door: Door,
}

/// How a host is reached.
struct Door {
    url: String,
    credentials: Credentials,
}

impl Host {
    fn start(engine: Option<&str>) -> Result<Self, Failure> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["host", "--listen", "127.0.0.1:0"]).env_remove("SENTINEL_JUMP_HOST_PASSWORD");
        command.args(engine.into_iter().flat_map(|engine| ["--process", engine]));
        let mut process = command.env("DOTNET_EnableDiagnostics", "0").stdout(Stdio::piped()).spawn()?;
        let said = process.stdout.take().ok_or("no output")?;
        // It is told apart before it can be lost.
        let nobody = Credentials { username: String::new(), password: String::new().into() };
        let mut host = Self { process, door: Door { url: String::new(), credentials: nobody } };
        let mut lines = BufReader::new(said).lines();
        let mut line = |start: &str| -> Result<String, Failure> {
            let line = lines.next().ok_or("the host ended")??;
            Ok(line.strip_prefix(start).ok_or("the host said something else")?.to_owned())
        };
        host.door.url = line("listening on ")?;
        let user = line("user ")?;
        let (username, password) = user.split_once(", password ").ok_or("the host named no password")?;
        host.door.credentials = Credentials { username: username.into(), password: password.to_owned().into() };
        Ok(host)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn by_us(host: &Door, plan: &Plan, place: &Place, sessions: usize) -> Result<Round, Failure> {
    let script = ScriptSource::Path { path: plan.script.clone(), sha256: None };
    let target = AzureWorkspace {
        subscription: place.subscription.clone(),
        resource_group: place.resource_group.clone(),
        workspace: place.name.clone(),
    };
    // Its probes are new: a first call asks for the probe.
    let open = OpenPlan::new("bench", host.url.clone(), host.credentials.clone(), script, target);
    let call = Call {
        function: FUNCTION.into(),
        parameters: parameters(place).map(|(name, value)| (name.into(), Value::from(value))).into(),
        progress: false,
        write: false,
        confirmed: Vec::new(),
        timeout: Duration::from_secs(60),
    };
    let never = CancellationToken::new();
    let start = Instant::now();
    let mut session = Session::open(&open).await?;
    session.probe(FUNCTION).await?;
    let objects = session.call(call.clone(), &|_| {}, &never).await?.data.len();
    let first_call = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..plan.calls {
        session.call(call.clone(), &|_| {}, &never).await?;
    }
    let warm = start.elapsed().as_secs_f64();
    // The first one is the process's own warming up.
    let before = resident();
    let mut more = Vec::new();
    for _ in 1..sessions {
        let mut another = Session::open(&open).await?;
        another.call(call.clone(), &|_| {}, &never).await?;
        more.push(another);
    }
    let memory = before.zip(resident()).filter(|_| !more.is_empty());
    let memory =
        memory.map(|(before, after)| Memory { process: before, session: (after - before) / more.len() as f64 });
    for session in more.into_iter().chain([session]) {
        session.close().await;
    }
    Ok(Round { first_call, warm, objects, memory })
}

fn by_pypsrp(python: &Path, host: &Door, plan: &Plan, place: &Place, sessions: usize) -> Result<Round, Failure> {
    let asked = json!({
        "url": host.url,
        "username": host.credentials.username,
        "password": host.credentials.password.expose(),
        "module": MODULE,
        "script": plan.script,
        "function": FUNCTION,
        "parameters": parameters(place).into_iter().collect::<BTreeMap<_, _>>(),
        "calls": plan.calls,
        "sessions": sessions,
    });
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/calls.py");
    let mut process = Command::new(python).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    process.stdin.take().ok_or("no input")?.write_all(asked.to_string().as_bytes())?;
    let output = process.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{} failed", python.display()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn place() -> Result<Place, Failure> {
    let world = World::new(jiff::Timestamp::UNIX_EPOCH);
    let places = world.tenants().iter().flat_map(|tenant| &tenant.workspaces);
    Ok(places.into_iter().find(|place| place.alias == WORKSPACE).ok_or("no such workspace")?.clone())
}

fn parameters(place: &Place) -> [(&'static str, &str); 3] {
    [
        ("SubscriptionId", place.subscription.as_str()),
        ("ResourceGroupName", place.resource_group.as_str()),
        ("WorkspaceName", place.name.as_str()),
    ]
}

/// A Python with pypsrp.
fn python() -> Option<PathBuf> {
    let chosen = std::env::var_os("SENTINEL_JUMP_BENCH_PYTHON").map(PathBuf::from);
    let interop = std::env::var_os("SENTINEL_JUMP_INTEROP_DIR").map(PathBuf::from);
    let interop = interop.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/interop"));
    let python = chosen.unwrap_or_else(|| interop.join("python/bin/python"));
    let asked = Command::new(&python).args(["-c", "import pypsrp"]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success()).then_some(python)
}

/// The project's engine and the contract-style script for it.
fn powershell() -> Result<Plan, &'static str> {
    if !cfg!(feature = "process") {
        return Err("it needs --features process");
    }
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared"));
    let shared = above.into_iter().find(|shared| shared.join("powershell/pwsh-engine").is_file());
    let shared = shared.ok_or("no shared/powershell/pwsh-engine in a folder above")?;
    let script = shared.join("data/scripts/SentinelManager.psm1");
    if !script.is_file() {
        return Err("no shared/data/scripts/SentinelManager.psm1 in a folder above");
    }
    let engine = shared.join("powershell/pwsh-engine");
    Ok(Plan {
        name: "real PowerShell",
        process: Some(format!("{} -s -NoLogo -NoProfile", engine.display())),
        script: script.display().to_string(),
        rounds: 3,
        calls: 50,
    })
}
