//! The host that everybody is measured against, and a slow way to it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command as Program, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use wsman::auth::Credentials;
use wsman::clixml::Value;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::Command;

use crate::Failure;

/// Only ever used on loopback, for the time of one run.
const PASSWORD: &str = "bench";

/// A host in a process of its own, ended with this.
pub(crate) struct Host {
    process: Child,
    pub(crate) port: u16,
}

impl Host {
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut program = Program::new(std::env::current_exe()?);
        let mut process = program.arg("--host").stdout(Stdio::piped()).spawn()?;
        let said = process.stdout.take().ok_or("no output")?;
        let mut host = Self { process, port: 0 };
        let line = BufReader::new(said).lines().next().ok_or("the host ended")??;
        host.port = line.parse()?;
        Ok(host)
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials { username: "bench".into(), password: PASSWORD.to_owned().into() }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Texts;

impl Commands for Texts {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let length = command.arguments.iter().find_map(|argument| argument.value.as_i64())?;
        let text = "x".repeat(usize::try_from(length).ok()?);
        (command.text == "Get-Text").then(|| vec![Step::Output(Value::from(text.as_str()))])
    }

    fn names(&self) -> Vec<String> {
        vec!["Get-Text".into()]
    }
}

/// Serves until it is killed.
pub(crate) async fn serve() -> Result<(), Failure> {
    let credentials = Credentials { username: "bench".into(), password: PASSWORD.to_owned().into() };
    let engine = EngineKind::Demo(Arc::new(|| Box::new(Texts)));
    let host = Listener::bind(([127, 0, 0, 1], 0).into(), HostOptions::new(vec![credentials], engine)).await?;
    println!("{}", host.address().port());
    std::future::pending().await
}

/// A port that leads to `port` with `delay_ms` more in each direction. It
/// lives as long as the program.
pub(crate) async fn delayed(port: u16, delay_ms: u64) -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let own = listener.local_addr()?.port();
    let delay = Duration::from_millis(delay_ms);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
            tokio::spawn(carry(near_read, far_write, delay));
            tokio::spawn(carry(far_read, near_write, delay));
        }
    });
    Ok(own)
}

/// Carries bytes, each `delay` after it came, however many are under way.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut under_way) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = under_way.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 || sender.send((Instant::now() + delay, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}
