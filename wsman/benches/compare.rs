//! Ours, pypsrp, psrp-rs and a raw replay, side by side in one run.
//!
//! ```text
//! cargo bench -p wsman --features host-end --bench compare
//! ```
//!
//! A host of `wsman::host_end` with the Demo engine runs as a process of its
//! own. Every client signs in by NTLM (sealed over http), opens a pool, runs
//! warm calls of `Write-Output`, fetches a text of 1 MB and one of 20 MB, runs
//! 16 sleeps of 50 ms side by side, closes. The same again through a proxy
//! that holds each direction back by 15 ms: a round trip of 30.
//!
//! *Raw* is the requests of our own warm calls, posted again without a state
//! machine, an XML reader or a decoder: what transport, sealing and the host
//! cost by themselves. Clients take turns; what is compared is the median of
//! the rounds.
//!
//! pypsrp is found by `WSMAN_BENCH_PYTHON`, else where `tests/interop/run`
//! puts it. psrp-rs is built from `compare/psrp_rs` (network, some minutes the
//! first time); `WSMAN_BENCH_PSRP_RS=0` leaves it out.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time, and reads its own variables")]

#[path = "compare/host.rs"]
mod host;
#[path = "compare/raw.rs"]
mod raw;

use std::error::Error;
use std::future::Future as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::task::Poll;
use std::time::Instant;

use serde_json::{Value as Json, json};
use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command;
use wsman::session::End;

type Failure = Box<dyn Error + Send + Sync>;

/// Characters of the large results.
const TEXTS: [i32; 2] = [1_000_000, 20_000_000];
/// Pipelines side by side.
const PARALLEL: i32 = 16;

/// What one client needed, in seconds.
#[derive(Clone, Debug, Default)]
struct Round {
    open: Option<f64>,
    /// Per warm call.
    call: Option<f64>,
    texts: [Option<f64>; 2],
    parallel: Option<f64>,
    close: Option<f64>,
}

/// Where the host is, for every client.
struct Question<'a> {
    host: &'a host::Host,
    port: u16,
    calls: u32,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--host") {
        return host::serve().await;
    }
    // `cargo test --benches` comes without it, and wants to know that it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let (python, psrp_rs) = (python(), psrp_rs());
    let host = host::Host::start()?;
    for (name, delay_ms, rounds, calls) in [("http, sealed", 0, 5, 300), ("http, sealed, 30 ms away", 15, 3, 30)] {
        let port = if delay_ms == 0 { host.port } else { host::delayed(host.port, delay_ms).await? };
        let question = Question { host: &host, port, calls };
        let (mut raw, mut ours, mut psrp, mut pypsrp) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            raw.push(Round { call: Some(raw::warm_call(&question).await?), ..Round::default() });
            ours.push(by_us(&question).await?);
            if let Some(program) = &psrp_rs {
                psrp.push(by_program(Program::new(program), &question)?);
            }
            if let Some(python) = &python {
                let mut program = Program::new(python);
                program.arg(folder().join("pypsrp_client.py"));
                pypsrp.push(by_program(program, &question)?);
            }
        }
        println!("\n{name}: medians of {rounds} rounds, ms (calls: {calls} per round)");
        println!(
            "{:10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "", "open", "warm call", "1 MB", "20 MB", "16 sleeps", "close"
        );
        let clients = [("raw", &raw), ("wsman", &ours), ("psrp-rs", &psrp), ("pypsrp", &pypsrp)];
        for (client, rounds) in clients {
            row(client, rounds);
        }
        let call = |rounds: &[Round]| median(rounds, |round| round.call);
        for (other, rounds) in clients.into_iter().filter(|(client, _)| *client != "wsman") {
            if let (Some(other_call), Some(ours)) = (call(rounds), call(&ours)) {
                println!("per warm call, {other} takes {:.2} x ours", other_call / ours);
            }
        }
    }
    Ok(())
}

fn row(client: &str, rounds: &[Round]) {
    if rounds.is_empty() {
        return println!("{client:10}{:>10}", "left out");
    }
    let cell = |part: fn(&Round) -> Option<f64>| {
        median(rounds, part).map_or_else(|| "-".to_owned(), |seconds| format!("{:.2}", seconds * 1e3))
    };
    println!(
        "{client:10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
        cell(|round| round.open),
        cell(|round| round.call),
        cell(|round| round.texts[0]),
        cell(|round| round.texts[1]),
        cell(|round| round.parallel),
        cell(|round| round.close)
    );
}

fn median(rounds: &[Round], part: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
    let mut all: Vec<f64> = rounds.iter().filter_map(part).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// One command's output.
async fn run(pool: &RunspacePool, command: Command) -> Result<Vec<Value>, Failure> {
    let output = pool.invoke(command).await?;
    match output.end {
        End::Completed => Ok(output.objects),
        other => Err(format!("a command ended otherwise: {other:?}").into()),
    }
}

async fn by_us(question: &Question<'_>) -> Result<Round, Failure> {
    let mut options = Options::new(&question.url(), question.host.credentials())?;
    options.session.max_runspaces = PARALLEL;
    let start = Instant::now();
    let pool = RunspacePool::open(options).await?;
    let open = start.elapsed().as_secs_f64();

    let hello = || Command::new("Write-Output").argument("InputObject", "hello");
    run(&pool, hello()).await?;
    let start = Instant::now();
    for _ in 0..question.calls {
        let objects = run(&pool, hello()).await?;
        assert_eq!(objects, [Value::from("hello")]);
    }
    let call = start.elapsed().as_secs_f64() / f64::from(question.calls);

    let mut texts = [None; 2];
    for (length, seconds) in TEXTS.into_iter().zip(&mut texts) {
        let start = Instant::now();
        let objects = run(&pool, Command::new("Get-Text").argument("Length", Value::I32(length))).await?;
        assert_eq!(objects[0].as_str().map(str::len), usize::try_from(length).ok());
        *seconds = Some(start.elapsed().as_secs_f64());
    }

    let start = Instant::now();
    {
        let sleep = || run(&pool, Command::new("Start-Sleep").argument("Milliseconds", Value::I32(50)));
        let mut waiting: Vec<_> = (0..PARALLEL).map(|_| Box::pin(sleep())).collect();
        std::future::poll_fn(|context| {
            waiting.retain_mut(|sleep| match sleep.as_mut().poll(context) {
                Poll::Ready(ended) => {
                    ended.expect("it sleeps");
                    false
                }
                Poll::Pending => true,
            });
            if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    let parallel = start.elapsed().as_secs_f64();

    let start = Instant::now();
    pool.close().await;
    let close = start.elapsed().as_secs_f64();
    Ok(Round { open: Some(open), call: Some(call), texts, parallel: Some(parallel), close: Some(close) })
}

/// A client in another program, asked and answering in JSON.
fn by_program(mut program: Program, question: &Question<'_>) -> Result<Round, Failure> {
    let asked = json!({
        "scheme": "http",
        "host": "127.0.0.1",
        "port": question.port,
        "username": question.host.credentials().username,
        "password": question.host.credentials().password.expose(),
        "calls": question.calls,
        "texts": TEXTS,
        "parallel": PARALLEL,
    });
    let mut process = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    process.stdin.take().ok_or("no input")?.write_all(asked.to_string().as_bytes())?;
    let output = process.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{program:?} failed").into());
    }
    let answer: Json = serde_json::from_slice(&output.stdout)?;
    Ok(Round {
        open: answer["open"].as_f64(),
        call: answer["warm"].as_f64().map(|warm| warm / f64::from(question.calls)),
        texts: [answer["texts"][0].as_f64(), answer["texts"][1].as_f64()],
        parallel: answer["parallel"].as_f64(),
        close: answer["close"].as_f64(),
    })
}

impl Question<'_> {
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/wsman", self.port)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/compare")
}

/// A Python with pypsrp.
fn python() -> Option<PathBuf> {
    let chosen = std::env::var_os("WSMAN_BENCH_PYTHON").map(PathBuf::from);
    let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/interop/python/bin/python");
    let python = chosen.unwrap_or(interop);
    let asked = Program::new(&python).args(["-c", "import pypsrp"]).stderr(Stdio::null()).status();
    let found = asked.is_ok_and(|status| status.success()).then_some(python);
    if found.is_none() {
        println!("pypsrp left out: run tests/interop/run once, or name a Python that has it in WSMAN_BENCH_PYTHON");
    }
    found
}

/// Builds the psrp-rs client.
fn psrp_rs() -> Option<PathBuf> {
    if std::env::var_os("WSMAN_BENCH_PSRP_RS").is_some_and(|value| value == "0") {
        return None;
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/psrp_rs");
    let mut cargo = Program::new("cargo");
    cargo.args(["build", "--release", "--locked", "--ignore-rust-version", "--quiet"]);
    let built = cargo.current_dir(folder().join("psrp_rs")).env("CARGO_TARGET_DIR", &target).status();
    let found = built.is_ok_and(|status| status.success()).then(|| target.join("release/psrp-rs-client"));
    if found.is_none() {
        println!("psrp-rs left out: it did not build");
    }
    found
}
