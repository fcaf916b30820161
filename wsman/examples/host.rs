//! A WinRM host on loopback, to try clients against.
//!
//! ```text
//! host USER PASSWORD demo
//! host USER PASSWORD process PROGRAM [ARGUMENT]…
//! ```
//!
//! Prints its URL and runs until its standard input ends. The program must
//! speak PowerShell's out-of-process protocol: `pwsh -s -NoLogo -NoProfile`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use wsman::auth::Credentials;
use wsman::clixml::Value;
use wsman::psrp::{Command, ErrorRecord, ProgressKind, ProgressRecord};
use wsman::secret::Secret;
use wsman::testing::demo::{Commands, Step};
use wsman::testing::engine::ProcessOptions;
use wsman::testing::{EngineKind, HostOptions, Listener};

struct Sample;

impl Commands for Sample {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        (text == "'sample'").then(|| vec![Step::Output(Value::from("sample"))])
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let progress = ProgressRecord {
            activity: "Working".into(),
            activity_id: 1,
            status: "half".into(),
            percent: Some(50),
            kind: ProgressKind::Processing,
        };
        Some(match command.text.as_str() {
            "Get-Streams" => vec![
                Step::Warning("careful".into()),
                Step::Host("to the screen".into()),
                Step::Progress(progress),
                Step::Error(ErrorRecord::new("not so bad", "Sample,Get-Streams", 0)),
                Step::Sleep(Duration::from_millis(20)),
                Step::Output(Value::custom([("Name", Value::from("rule")), ("Count", Value::I32(3))])),
            ],
            "Stop-Here" => vec![Step::Fail(ErrorRecord::new("no further", "Sample,Stop-Here", 0))],
            "Exit-Here" => vec![Step::Exit(3)],
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        ["Exit-Here", "Get-Streams", "Stop-Here"].map(Into::into).into()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let mut next = || arguments.next().and_then(|argument| argument.into_string().ok());
    let (Some(username), Some(password), Some(mode)) = (next(), next(), next()) else {
        return Err("usage: host USER PASSWORD demo | process PROGRAM [ARGUMENT]...".into());
    };
    let engine = match mode.as_str() {
        "demo" => EngineKind::Demo(Arc::new(|| Box::new(Sample))),
        "process" => {
            let argv: Vec<OsString> = arguments.collect();
            EngineKind::Process(ProcessOptions { argv, env: Vec::new() })
        }
        _ => return Err("the mode is demo or process".into()),
    };
    let accounts = vec![Credentials { username, password: Secret::new(password) }];
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Listener::bind(address, HostOptions::new(accounts, engine)).await?;
    println!("{}", listener.url());

    // A thread of its own: reading standard input cannot be cancelled.
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
    println!("{:#?}", listener.counters());
    listener.shutdown().await;
    Ok(())
}
