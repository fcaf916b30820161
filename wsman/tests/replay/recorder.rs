//! A recording of our own client against our own host, made and replayed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsman::auth::Credentials;
use wsman::client::{Options, RunOptions, RunspacePool};
use wsman::clixml::{SecureString, Value};
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, HostOptions};
use wsman::psrp::Command;
use wsman::recorder::{About, RecordError, Recorder, Summary};
use wsman::secret::Secret;
use wsman::session::End;

use super::report::Report;
use super::{decoded, dialogue, messages, places, recording};
use crate::host_end::listen;
use crate::infoset::Node;
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        replay_a_recording_shows_nothing_that_was_planted;
        replay_a_recording_of_our_client_as_any_other;
    }
    blocking {
        replay_a_folder_that_holds_something_is_not_written_to;
    }
}

const SECRET: &str = "planted <secret> & more\n";
const MACHINE: &str = "PLANTED-PC7";
const USER: &str = r"PLANTEDDOM\svc-planted";

/// Says its argument and names the machine.
struct Telling;

impl Commands for Telling {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let argument = command.value_of("Text").cloned();
        (command.text == "Out-Told").then(|| {
            let machine = Value::custom([("MachineName", Value::from(MACHINE)), ("Count", Value::from(7))]);
            let told = argument.into_iter().map(Step::Output);
            let lines = [Step::Host(format!("on {MACHINE} as svc-planted")), Step::Warning(SECRET.to_owned())];
            told.chain([Step::Output(machine)]).chain(lines).collect()
        })
    }

    fn names(&self) -> Vec<String> {
        vec!["Out-Told".to_owned()]
    }
}

/// Whether the recorded session sent a SecureString, and stopped a pipeline.
#[derive(PartialEq)]
enum Secrets {
    Sent,
    None,
}

async fn record(recorder: &Recorder, secrets: Secrets) {
    let credentials = Credentials { username: USER.into(), password: "planted-password".to_owned().into() };
    let engine = EngineKind::Demo(Arc::new(|| Box::new(Telling)));
    let host = listen(HostOptions::new(vec![credentials.clone()], engine)).await;
    let mut options = Options::new(&host.url(), credentials).unwrap().seeded(11).watch(recorder.watch());
    // A parked Receive is answered when it pleases the host: dialogues are
    // driven one request after the other.
    options.session.parked_receive = false;
    let pool = RunspacePool::open(options).await.unwrap();
    let told = pool.invoke(Command::new("Out-Told").argument("Text", SECRET)).await.unwrap();
    assert!(matches!(told.end, End::Completed) && told.objects.len() == 2, "{told:?}");
    // Larger than a fragment of the host's: cut again after redaction.
    let large = format!("{}{SECRET}{}", "x".repeat(32_700), "y".repeat(40_000));
    pool.invoke(Command::new("Out-Told").argument("Text", large)).await.unwrap();
    if secrets == Secrets::Sent {
        let sealed = SecureString::new(Secret::new(SECRET.to_owned()));
        pool.invoke(Command::new("Out-Told").argument("Text", Value::SecureString(sealed))).await.unwrap();
        // The answers to a stop and to the terminate behind it may come in any
        // order: no dialogue to compare.
        let sleep = Command::new("Start-Sleep").argument("Seconds", 600);
        let mut stopped = pool.run(vec![sleep], RunOptions::default()).await.unwrap();
        stopped.stop();
        while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(30), stopped.next()).await {}
    }
    pool.close().await;
}

fn recorder() -> Recorder {
    let about = About {
        name: "told".into(),
        theme: "recorder".into(),
        what: "A \"command\" that says what it was told.".into(),
        host: "Demo engine".into(),
        auth: "NTLM, sealed, http".into(),
        recorded: "2026-11-24".into(),
        entropy: Some(11),
    };
    let recorder = Recorder::new(about);
    recorder.redact(SECRET, "SECRET1");
    recorder
}

/// Everything that a reader of the folder can see, also inside of base64.
fn readable(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        if let Ok(root) = Node::parse(&text) {
            root.walk(&mut |node| {
                texts.push(node.text.clone());
                let packed: String = node.text.split_ascii_whitespace().collect();
                if let Ok(bytes) = STANDARD.decode(packed) {
                    texts.push(String::from_utf8_lossy(&bytes).into_owned());
                }
            });
            for piece in messages::pieces(&root).unwrap_or_default() {
                for (_, _, _, data) in messages::fragments(&piece.data).unwrap() {
                    texts.push(String::from_utf8_lossy(data).into_owned());
                }
            }
        }
        texts.push(text);
    }
    texts
}

async fn replay_a_recording_shows_nothing_that_was_planted() {
    let recorder = recorder();
    record(&recorder, Secrets::Sent).await;
    let folder = tempfile::tempdir().unwrap();
    let summary = recorder.finish(folder.path()).unwrap();
    for wanted in ["text that was named -> SECRET1", "key material -> fixed bytes", "computer name -> HOST01"] {
        assert!(summary.redacted.iter().any(|kind| kind == wanted), "{wanted}: {:?}", summary.redacted);
    }
    for text in readable(folder.path()) {
        for planted in ["planted <secret>", "planted &lt;secret", "PLANTED-PC7", "planted-password", "svc-planted"] {
            assert!(!text.to_lowercase().contains(&planted.to_lowercase()), "{planted} in {text:.2000}");
        }
    }
    let mut report = Report::default();
    decoded::recording(&read(folder.path(), &summary), &mut report);
    report.check();
    assert_eq!(report.counted("messages: ENCRYPTED_SESSION_KEY"), 1);
}

/// Without a SecureString: a key that was redacted opens nothing.
async fn replay_a_recording_of_our_client_as_any_other() {
    let recorder = recorder();
    record(&recorder, Secrets::None).await;
    let folder = tempfile::tempdir().unwrap();
    let summary = recorder.finish(folder.path()).unwrap();
    let recorded = read(folder.path(), &summary);
    let mut report = Report::default();
    decoded::recording(&recorded, &mut report);
    dialogue::replay(&recorded, &mut report);
    report.print("our own recording");
    report.check();
    assert_eq!(report.counted("dialogues run"), 1);
    assert!(report.counted("lines heard alike") >= 10);
}

/// The folder as the harness reads it.
fn read(folder: &Path, summary: &Summary) -> recording::Recording {
    let mut wrong = Vec::new();
    let files = places::walk(folder, &mut std::collections::BTreeSet::new(), &mut wrong);
    let (recorded, used) = recording::from_folder(folder, &files).unwrap();
    assert_eq!((files.len(), recorded.entropy), (used.len() - 1, Some(11)), "all but result.json");
    assert_eq!(recorded.exchanges.len(), summary.exchanges);
    recorded
}

fn replay_a_folder_that_holds_something_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    assert!(matches!(recorder().finish(folder.path()), Err(RecordError::NotEmpty)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
