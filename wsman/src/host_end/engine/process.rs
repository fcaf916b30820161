//! A PowerShell as a child process.

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::lines::Lines;
use super::{Engine, Input, Output};
use crate::time::Instant;

/// Longest line of an engine, in bytes. Chosen: fragments have 32,768 bytes,
/// their lines 43,800.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// What programs need to run at all and to find their own files.
const NEEDED: [&str; 15] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
];

/// What to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessOptions {
    /// Program and arguments: `["pwsh", "-s", "-NoLogo", "-NoProfile"]`.
    pub argv: Vec<OsString>,
    /// Variables on top of (or in place of) the few that every program needs.
    /// It sees no others of this process's: they may hold secrets.
    pub env: Vec<(OsString, OsString)>,
}

/// Called, from any thread, when a process engine has something to say.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// One OS process per shell that speaks PowerShell's out-of-process protocol
/// on its standard input and output.
///
/// The process is killed when this is dropped. Its standard error is read and
/// only counted. A line that is not of the protocol is taken as its death.
pub struct Process {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
    told: bool,
}

struct Shared {
    state: Mutex<State>,
    write: Notify,
    wake: Wake,
    stderr_bytes: AtomicU64,
}

#[derive(Default)]
struct State {
    lines: Lines,
    ended: bool,
}

impl Process {
    /// Starts the process; must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// What the operating system said, or `InvalidInput` for an empty `argv`.
    pub fn start(options: &ProcessOptions, wake: Wake) -> std::io::Result<Self> {
        let (program, arguments) = options.argv.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(NEEDED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        let shared =
            Arc::new(Shared { state: Mutex::default(), write: Notify::new(), wake, stderr_bytes: AtomicU64::new(0) });
        let reader = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                shared.read(BufReader::with_capacity(64 * 1024, stdout)).await;
                shared.end();
                // Takes the child along, so that it lives as long as this task.
                let _ = child.kill().await;
            })
        };
        let writer = tokio::spawn(Arc::clone(&shared).write(stdin));
        let drain = tokio::spawn(Arc::clone(&shared).drain(stderr));
        Ok(Self { shared, tasks: vec![reader, writer, drain], told: false })
    }

    /// How much it wrote to its standard error, in bytes.
    #[must_use]
    pub fn stderr_bytes(&self) -> u64 {
        self.shared.stderr_bytes.load(Ordering::Relaxed)
    }
}

impl Engine for Process {
    fn handle(&mut self, _now: Instant, input: Input) {
        if input == Input::ClosePool {
            self.tasks.iter().for_each(JoinHandle::abort);
            self.shared.state().ended = true;
            return;
        }
        self.shared.state().lines.handle(input);
        self.shared.write.notify_one();
    }

    fn poll(&mut self, _now: Instant) -> Output {
        let mut state = self.shared.state();
        match state.lines.next_output() {
            Some(output) => output,
            None if state.ended && !self.told => {
                self.told = true;
                Output::Ended
            }
            None => Output::Wait { until: Instant::NEVER },
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("stderr_bytes", &self.stderr_bytes()).finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.state().ended = true;
        (self.wake)();
    }

    /// Reads lines until the process ends or leaves the protocol.
    async fn read(&self, mut stdout: BufReader<tokio::process::ChildStdout>) {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut stdout).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await;
            if !matches!(read, Ok(1..)) || line.last() != Some(&b'\n') {
                return;
            }
            let Ok(text) = str::from_utf8(&line) else { return };
            if self.state().lines.read(text).is_err() {
                return;
            }
            self.write.notify_one();
            (self.wake)();
        }
    }

    async fn write(self: Arc<Self>, mut stdin: ChildStdin) {
        loop {
            let line = self.state().lines.next_line();
            match line {
                // A process that no longer reads is about to end, which the
                // reader will see.
                Some(line) => {
                    if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
                        return;
                    }
                }
                None => self.write.notified().await,
            }
        }
    }

    async fn drain(self: Arc<Self>, mut stderr: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 4096];
        while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
            self.stderr_bytes.fetch_add(read as u64, Ordering::Relaxed);
        }
    }
}
