//! One message a line, in both directions.
//!
//! rmcp's own transport answers nothing to a line that it cannot read, and
//! takes no batch. This one reads the lines itself, answers what is no
//! message, and keeps answers until the client reads them: a client may write
//! all its questions before it reads the first answer.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::model::{ClientRequest, GetExtensions as _, GetMeta as _, JsonRpcMessage, ProtocolVersion, ServerResult};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::json::{INVALID_REQUEST, Unread};
use super::message::{Batches, Heard, hear};
use crate::mcp::Visitor;

/// Longest line taken, in bytes.
///
/// Chosen: rmcp's; the longest argument, a workbook's content, has one
/// megabyte at most, and twice that as text in text.
const LINE: usize = 16 << 20;

/// Bytes of answers that wait for a client that does not read, before its
/// next question waits, too. Chosen: two thousand of the longest answers.
const UNREAD: usize = 64 << 20;

/// The client's end of the conversation.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    /// Until the end of a line that was too long.
    is_skipping: bool,
    /// Read, and not yet asked for.
    heard: VecDeque<Heard>,
    /// A request came that opens the conversation.
    is_open: bool,
    visitor: Visitor,
    out: Out,
}

/// What goes to the client.
#[derive(Clone)]
struct Out {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    state: Arc<State>,
}

/// What both directions know.
#[derive(Default)]
struct State {
    /// Bytes that wait to be written.
    waiting: AtomicUsize,
    /// Bytes that were written.
    written: AtomicU64,
    /// Something was written.
    progress: Notify,
    /// The revision that was agreed on has batches.
    takes_batches: AtomicBool,
}

/// The task that writes.
pub(super) struct Written {
    task: JoinHandle<()>,
    state: Arc<State>,
}

impl<R: AsyncRead + Send + Unpin> Lines<R> {
    /// A conversation whose every request says who is behind it.
    pub(super) fn new<W>(reader: R, writer: W, visitor: Visitor) -> (Self, Written)
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        // Without a bound, so that answering never waits for a client that does not read; `has_room` holds back its questions.
        let (lines, waiting) = mpsc::unbounded_channel();
        let state = Arc::new(State::default());
        let task = tokio::spawn(write(writer, waiting, Arc::clone(&state)));
        let out = Out { lines, state: Arc::clone(&state) };
        let lines = Self {
            reader: BufReader::new(reader),
            line: Vec::new(),
            is_skipping: false,
            heard: VecDeque::new(),
            is_open: false,
            visitor,
            out,
        };
        (lines, Written { task, state })
    }

    /// Reads on to the end of a line, which may be too long. `None` at the
    /// end of the input.
    ///
    /// Cancel safe: what was read stays in `line`.
    async fn read_line(&mut self) -> io::Result<Option<Vec<Heard>>> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            if bytes.is_empty() {
                // A line without an end is one that was cut.
                let rest = std::mem::take(&mut self.line);
                return Ok((!rest.trim_ascii().is_empty()).then(|| self.hear(&rest)));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            if !self.is_skipping {
                self.line.extend_from_slice(&bytes[..taken]);
            }
            self.reader.consume(taken);
            if self.line.len() > LINE {
                let line = std::mem::take(&mut self.line);
                // Answered at once, at the limit: the rest may be gigabytes, or never end.
                self.is_skipping = end.is_none();
                return Ok(Some(vec![too_long(&line)]));
            }
            if end.is_some() && !std::mem::take(&mut self.is_skipping) {
                let line = std::mem::take(&mut self.line);
                return Ok(Some(self.hear(&line)));
            }
        }
    }

    fn hear(&self, line: &[u8]) -> Vec<Heard> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Vec::new();
        }
        let takes = self.out.state.takes_batches.load(Ordering::Relaxed);
        hear(line, if takes { Batches::Taken } else { Batches::Refused })
    }

    /// Whether rmcp can take it: what comes before the conversation is open
    /// and is no request, ends it.
    fn opens(&mut self, message: &RxJsonRpcMessage<RoleServer>) -> bool {
        if let JsonRpcMessage::Request(request) = message {
            let is_stateless = request.request.get_meta().protocol_version().is_some()
                && !matches!(request.request, ClientRequest::DiscoverRequest(_));
            // Seen: rmcp takes the first message for the opening and ends the conversation over any other.
            self.is_open |= is_stateless || matches!(request.request, ClientRequest::InitializeRequest(_));
            return true;
        }
        self.is_open
    }
}

impl<R: AsyncRead + Send + Unpin> Transport<RoleServer> for Lines<R> {
    type Error = io::Error;

    /// Ends when the message is in line; what waits is written in order.
    fn send(&mut self, item: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        if let JsonRpcMessage::Response(response) = &item
            && let ServerResult::InitializeResult(agreed) = &response.result
        {
            // Read off our own answer: the only place that knows the revision which both sides agreed on.
            let takes_batches = agreed.protocol_version == ProtocolVersion::V_2025_03_26;
            self.out.state.takes_batches.store(takes_batches, Ordering::Relaxed);
        }
        let sent = serde_json::to_vec(&item).map_err(io::Error::from).and_then(|line| self.out.send(line));
        std::future::ready(sent)
    }

    /// Cancel safe.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            while let Some(heard) = self.heard.pop_front() {
                match heard {
                    Heard::Message(message) => {
                        let mut message = *message;
                        if !self.opens(&message) {
                            continue;
                        }
                        if let JsonRpcMessage::Request(request) = &mut message {
                            request.request.extensions_mut().insert(self.visitor.clone());
                        }
                        return Some(message);
                    }
                    Heard::Unread(unread) => {
                        tracing::debug!(code = unread.code, said = unread.said, "a line that is no message");
                        let answer = unread.answer().map(|answer| self.out.send(answer.to_string().into_bytes()));
                        if answer.is_some_and(|sent| sent.is_err()) {
                            return None;
                        }
                    }
                    Heard::Nothing => {}
                }
            }
            self.out.has_room().await;
            match self.read_line().await {
                Ok(Some(heard)) => self.heard.extend(heard),
                Ok(None) => return None,
                Err(error) => {
                    tracing::error!(kind = ?error.kind(), "the input cannot be read");
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out {
    fn send(&self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        self.state.waiting.fetch_add(line.len(), Ordering::Relaxed);
        self.lines.send(line).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits while the client has too much to read. Cancel safe.
    async fn has_room(&self) {
        loop {
            let progress = self.state.progress.notified();
            if self.state.waiting.load(Ordering::Relaxed) < UNREAD || self.lines.is_closed() {
                return;
            }
            progress.await;
        }
    }
}

impl Written {
    /// Waits until everything is written, or the client has taken nothing for
    /// `patience`.
    pub(super) async fn end(mut self, patience: Duration) {
        loop {
            let before = self.state.written.load(Ordering::Relaxed);
            if timeout(patience, &mut self.task).await.is_ok() {
                return;
            }
            if self.state.written.load(Ordering::Relaxed) == before {
                tracing::warn!("the client does not read; answers are lost");
                self.task.abort();
                return;
            }
        }
    }
}

/// Writes until nobody can send any more, or the client takes nothing more.
async fn write(to: impl AsyncWrite + Unpin, lines: mpsc::UnboundedReceiver<Vec<u8>>, state: Arc<State>) {
    if write_all(to, lines, &state).await.is_err() {
        tracing::debug!("the client has closed its end");
    }
    state.progress.notify_waiters();
}

async fn write_all(
    mut to: impl AsyncWrite + Unpin,
    mut lines: mpsc::UnboundedReceiver<Vec<u8>>,
    state: &State,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            let written = to.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = &rest[written..];
            // Steps, not bytes: only whether anything moves is asked.
            state.written.fetch_add(1, Ordering::Relaxed);
        }
        // A flush for each line costs a system call each; one when nothing waits loses no time.
        if lines.is_empty() {
            to.flush().await?;
        }
        state.waiting.fetch_sub(line.len(), Ordering::Relaxed);
        state.progress.notify_waiters();
    }
    to.shutdown().await
}

fn too_long(line: &[u8]) -> Heard {
    let seen = super::json::parse(line).err();
    let (id, is_answer) = seen.map_or((None, false), |seen| (seen.id, seen.is_answer));
    Heard::Unread(Unread { code: INVALID_REQUEST, said: "the message is longer than 16 MiB", id, is_answer })
}
