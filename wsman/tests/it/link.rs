//! Leaving a pool and coming back, as the same client, as another one, and as
//! another process; and the shells that a process left behind.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use wsman::client::{Options, RunOptions, RunspacePool, Shells};
use wsman::clixml::Value;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::peer::RobustSupport;
use wsman::host_end::{EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::Command;
use wsman::session::{End, PipelineEvent, Robustness};

use crate::host_end::{credentials, listen};

/// Never reached in a test that passes.
const LONG: Duration = Duration::from_secs(60);

/// Knows two scripts: one that counts and one that says the count.
#[derive(Default)]
struct Slow {
    count: i32,
}

impl Commands for Slow {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        if text.starts_with("[int]") {
            return Some(vec![Step::Output(Value::from(std::mem::take(&mut self.count)))]);
        }
        text.starts_with("$global:WsmanProbe").then(|| {
            self.count += 1;
            Vec::new()
        })
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let output = |text: &str| Step::Output(Value::from(text));
        let pause = Step::Sleep(Duration::from_millis(200));
        (command.text == "Out-Slowly").then(|| vec![output("one"), pause, output("two")])
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn host() -> Listener {
    robust_host(RobustSupport::Replays).await
}

async fn robust_host(robust: RobustSupport) -> Listener {
    let mut options = HostOptions::new(vec![credentials()], EngineKind::Demo(Arc::new(|| Box::<Slow>::default())));
    options.peer.robust = robust;
    listen(options).await
}

fn options(url: &str) -> Options {
    let mut options = Options::new(url, credentials()).expect("the address is good");
    options.session.shell_name = Some("wsman-test".into());
    options
}

/// Runs the slow command up to its first output.
async fn begun(pool: &RunspacePool) -> wsman::client::Pipeline {
    let mut pipeline = pool.run(vec![Command::new("Out-Slowly")], RunOptions::default()).await.expect("it starts");
    let first = tokio::time::timeout(LONG, pipeline.next()).await.expect("it says something");
    assert!(matches!(first, Some(PipelineEvent::Output(ref value)) if *value == Value::from("one")), "{first:?}");
    pipeline
}

#[tokio::test]
async fn a_pool_is_left_and_its_pipeline_goes_on_after_coming_back() {
    let host = host().await;
    let pool = RunspacePool::open(options(&host.url())).await.unwrap();
    let pipeline = begun(&pool).await;
    pool.disconnect(None).await.unwrap();
    assert!(pool.run(vec![Command::new("Out-Slowly")], RunOptions::default()).await.is_err(), "nobody is there");
    let shells = Shells::new(options(&host.url()));
    let list = shells.list().await.unwrap();
    assert_eq!((list.len(), list[0].state.as_deref()), (1, Some("Disconnected")));
    assert_eq!(shells.commands(&list[0].shell_id).await.unwrap()[0].0, pipeline.command_id());
    pool.reconnect().await.unwrap();
    let output = tokio::time::timeout(LONG, pipeline.collect()).await.expect("it goes on").unwrap();
    assert!(matches!(output.end, End::Completed));
    assert_eq!(output.objects, [Value::from("two")]);
    pool.close().await;
    assert_eq!(host.counters().shells_open, 0);
}

#[tokio::test]
async fn another_process_collects_a_running_pipeline() {
    let host = host().await;
    let pool = RunspacePool::open(options(&host.url())).await.unwrap();
    let pipeline = begun(&pool).await;
    let (shell, command) = (pool.opened().shell_id.clone(), pipeline.command_id());
    // While its client is there, nobody else gets it.
    let error = RunspacePool::connect(options(&host.url()), &shell).await.unwrap_err();
    assert_eq!(error.fault().and_then(|fault| fault.code), Some(2_150_859_213));
    pool.disconnect(Some(Duration::from_secs(300))).await.unwrap();
    drop((pipeline, pool));
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "link::collects_for_another_process", "--ignored", "--nocapture"])
        .env("WSMAN_TEST_COLLECT", format!("{} {shell} {command}", host.url()))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("collected: two"), "{said}");
    assert_eq!(host.counters().shells_open, 0, "the other process closed it");
}

#[tokio::test]
#[ignore = "the other process of the test above, which starts it"]
async fn collects_for_another_process() {
    let what = std::env::var_os("WSMAN_TEST_COLLECT").expect("started by the other test").into_string().unwrap();
    let [url, shell, command] = what.split(' ').collect::<Vec<_>>()[..] else { panic!("three words") };
    let pool = RunspacePool::connect(options(url), shell).await.unwrap();
    assert!(pool.opened().private_data.as_ref().is_some_and(|data| data.ps_version().is_some()));
    let pipeline = pool.attach(Uuid::try_parse(command).unwrap(), RunOptions::default()).await.unwrap();
    let output = tokio::time::timeout(LONG, pipeline.collect()).await.expect("it goes on").unwrap();
    println!("collected: {}", output.objects[0].as_str().unwrap());
    // The pool is as good as one of its own.
    let again = pool.invoke(Command::new("Write-Output").argument("InputObject", "x")).await.unwrap();
    assert_eq!(again.objects, [Value::from("x")]);
    pool.close().await;
}

#[tokio::test]
async fn what_a_process_left_behind_is_found_by_its_name_and_removed() {
    let host = host().await;
    let mut pools = Vec::new();
    for name in ["wsman-test", "wsman-test", "somebody else"] {
        let mut options = options(&host.url());
        options.session.shell_name = Some(name.into());
        pools.push(RunspacePool::open(options).await.unwrap());
    }
    let shells = Shells::new(options(&host.url()));
    assert_eq!(shells.remove_named("wsman-test").await.unwrap(), 2);
    let rest = shells.list().await.unwrap();
    assert_eq!(rest.iter().map(|shell| shell.name.as_deref()).collect::<Vec<_>>(), [Some("somebody else")]);
    assert_eq!(shells.remove_named("wsman-test").await.unwrap(), 0);
    assert_eq!(host.counters().shells_open, 1);
}

#[tokio::test]
async fn only_a_host_that_replays_is_proven_to() {
    for (support, proven) in
        [(RobustSupport::Replays, true), (RobustSupport::Echoes, false), (RobustSupport::Unknown, false)]
    {
        let host = robust_host(support).await;
        let pool = RunspacePool::open(options(&host.url())).await.unwrap();
        assert_eq!(pool.prove_retransmission().await.unwrap(), proven, "{support:?}");
        assert_eq!(host.counters().runs_of("(script)"), 2, "the count and its reading, once each");
        pool.close().await;
    }
}

/// Every answer to a Command and to a Create is lost once after the host has
/// acted on it.
#[tokio::test]
async fn what_gets_lost_is_sent_again_to_a_proven_host_and_runs_once() {
    let host = host().await;
    for operation in ["Create", "Command"] {
        host.add_fault(Rule { operation: Some(operation), hit: Hit::Nth(1), mishap: Mishap::DropAfter });
    }
    let mut options = options(&host.url());
    options.session.robust = Robustness::Retransmitted;
    let pool = RunspacePool::open(options).await.unwrap();
    let output = pool.invoke(Command::new("Write-Output").argument("InputObject", "x")).await.unwrap();
    assert_eq!(output.objects, [Value::from("x")]);
    let counters = host.counters();
    assert_eq!((counters.runs_of("Write-Output"), counters.shells_opened), (1, 1));
    assert_eq!((counters.requests_of("Command"), counters.requests_of("Create"), counters.repeated), (2, 2, 2));
}

/// With every engine that can be had: whoever comes second gets what the
/// first left, and the key of its own exchange opens what it hears.
#[tokio::test]
async fn secrets_of_a_pool_are_read_by_the_client_that_took_it_over() {
    let host = host().await;
    let pool = RunspacePool::open(options(&host.url())).await.unwrap();
    let secret = || Value::from(wsman::clixml::SecureString::new("planted-secret".to_owned().into()));
    let echo = Command::new("Write-Output").argument("InputObject", secret());
    let first = pool.invoke(echo.clone()).await.unwrap();
    let shell = pool.opened().shell_id.clone();
    pool.disconnect(None).await.unwrap();
    drop(pool);
    let pool = RunspacePool::connect(options(&host.url()), &shell).await.unwrap();
    let second = pool.invoke(echo).await.unwrap();
    for output in [first, second] {
        let revealed = pool.reveal(output.objects[0].as_secure_string().unwrap()).await.unwrap();
        assert_eq!(revealed.expose(), "planted-secret", "one key for the pool's life");
    }
    pool.close().await;
}
