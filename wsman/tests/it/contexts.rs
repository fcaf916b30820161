//! Security contexts that hosts lose in mid-session: a new connection, and
//! nothing twice.

use std::sync::Arc;

use wsman::client::{Options, RunspacePool};
use wsman::clixml::Value;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::Command;
use wsman::{Error, ErrorKind};

use crate::host_end::{credentials, listen};

struct Count;

impl Commands for Count {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        (command.text == "Add-One").then(|| vec![Step::Output(Value::from("added"))])
    }

    fn names(&self) -> Vec<String> {
        vec!["Add-One".into()]
    }
}

async fn open() -> (Listener, RunspacePool) {
    let engine = EngineKind::Demo(Arc::new(|| Box::new(Count)));
    let host = listen(HostOptions::new(vec![credentials()], engine)).await;
    let pool = RunspacePool::open(Options::new(&host.url(), credentials()).unwrap()).await.unwrap();
    (host, pool)
}

async fn add(pool: &RunspacePool) -> Result<(), Error> {
    let output = pool.invoke(Command::new("Add-One")).await?;
    assert_eq!(output.objects, [Value::from("added")]);
    Ok(())
}

/// What hosts say when they no longer know the context.
const SAID: [u16; 3] = [401, 400, 500];

#[tokio::test]
async fn an_answer_is_fetched_on_a_new_connection() {
    for status in SAID {
        let (host, pool) = open().await;
        add(&pool).await.unwrap();
        host.add_fault(Rule { operation: Some("Receive"), hit: Hit::Nth(1), mishap: Mishap::Refuse { status } });
        add(&pool).await.unwrap();
        assert_eq!(host.counters().runs_of("Add-One"), 2, "{status}: the command ran once");
        assert_eq!(host.counters().shells_opened, 1, "{status}: in the same session");
        assert_eq!(host.faults_met(), 1, "{status}");
        assert!(host.sign_ins() >= 2, "{status}: on another connection");
        pool.close().await;
    }
}

#[tokio::test]
async fn a_command_is_not_sent_again() {
    for status in SAID {
        let (host, pool) = open().await;
        add(&pool).await.unwrap();
        host.add_fault(Rule { operation: Some("Command"), hit: Hit::Every, mishap: Mishap::Refuse { status } });
        let error = add(&pool).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Unreachable, true), "{status}: {error:?}");
        let counted = host.counters();
        // The rule met one: a second would have met it, too, and the host none.
        assert_eq!((counted.requests_of("Command"), counted.runs_of("Add-One")), (1, 1), "{status}");
        assert_eq!(host.faults_met(), 1, "{status}: it was sent once");
        pool.close().await;
    }
}
