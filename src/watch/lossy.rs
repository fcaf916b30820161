//! A writer that never waits for its reader.
//!
//! Standard error is a pipe to whoever started the server. When nobody reads
//! it, it fills, and a write to it waits for ever; so lines go to a thread
//! that may wait, through a buffer with an end. What does not fit is dropped
//! and counted: the log is for looking, the trail is for keeping.
//!
//! Not `tracing_appender::non_blocking`: with a full buffer its guard prints
//! to standard output, where over stdio the protocol is, and its buffer ends
//! by lines, not by bytes.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Most bytes that wait. Chosen: some 4,000 lines, more than a reader that
/// pauses falls behind.
const ROOM: usize = 1 << 20;

/// How long the end waits for the last lines. Chosen: a reader that reads has
/// them at once, and nobody likes to wait for one that does not.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes lines; clones take them for the same writer.
#[derive(Clone, Debug)]
pub struct Lossy(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The thread has a line that it did not write yet.
    is_writing: bool,
    /// Dropped, and the reader was not told yet.
    untold: u64,
    dropped: u64,
}

impl Lossy {
    /// Starts the thread that opens the writer and writes.
    ///
    /// # Errors
    ///
    /// When the system gives none.
    pub fn start<W: Write>(open: impl FnOnce() -> W + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || theirs.write(open()))?;
        Ok(Self(shared))
    }

    /// Waits for the last lines, but not for long.
    pub fn drain(&self) {
        let waits = |state: &mut Waiting| state.is_writing || !state.lines.is_empty();
        drop(self.0.changed.wait_timeout_while(self.0.state(), PATIENCE, waits));
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.state().dropped
    }
}

/// One write is one line: the layer that formats them writes each at once.
impl Write for Lossy {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        if state.bytes + line.len() > ROOM {
            state.untold += 1;
            state.dropped += 1;
        } else {
            state.bytes += line.len();
            state.lines.push_back(line.to_vec());
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lossy {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in between can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut writer: impl Write) {
        loop {
            let idle = |state: &mut Waiting| state.lines.is_empty();
            let state = self.changed.wait_while(self.state(), idle);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            let line = state.lines.pop_front().unwrap_or_default();
            state.is_writing = true;
            drop(state);
            // An error means a reader that is gone. There is nobody to tell.
            let _ = writer.write_all(&line);
            let mut state = self.state();
            state.bytes -= line.len();
            let told = if state.lines.is_empty() { std::mem::take(&mut state.untold) } else { 0 };
            drop(state);
            if told > 0 {
                let _ = writeln!(writer, "sentinel-jump: {told} lines of the log were dropped, nobody read them");
            }
            let _ = writer.flush();
            self.state().is_writing = false;
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// Writes nothing before it may.
    struct Pipe {
        may: Receiver<()>,
        read: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Whoever let go of the other end reads everything.
            let _ = self.may.recv();
            self.read.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe(may: Receiver<()>, read: &Arc<Mutex<Vec<u8>>>) -> impl FnOnce() -> Pipe + Send + 'static {
        let read = Arc::clone(read);
        move || Pipe { may, read }
    }

    #[test]
    fn d6_a_reader_that_does_not_read_holds_nobody_up_and_hears_what_it_missed() {
        let (reads, may) = channel();
        let read = Arc::default();
        let mut lossy = Lossy::start(pipe(may, &read)).unwrap();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        for _ in 0..5_000 {
            lossy.write_all(&line).unwrap();
        }
        let kept = (ROOM / line.len()) as u64;
        assert_eq!(lossy.dropped(), 5_000 - kept, "it held no more than its room");
        drop(reads);
        lossy.drain();
        let read = String::from_utf8(read.lock().unwrap().clone()).unwrap();
        assert!(read.starts_with(std::str::from_utf8(&line).unwrap()), "the oldest are kept");
        let last = format!("sentinel-jump: {} lines of the log were dropped, nobody read them", 5_000 - kept);
        assert_eq!(read.lines().next_back(), Some(&*last));
        assert_eq!(read.lines().count() as u64, kept + 1);
    }

    #[test]
    fn the_end_waits_for_the_last_lines_but_not_for_ever() {
        let (reads, may) = channel();
        let read = Arc::default();
        let mut lossy = Lossy::start(pipe(may, &read)).unwrap();
        lossy.write_all(b"one\n").unwrap();
        reads.send(()).unwrap();
        lossy.drain();
        assert_eq!(*read.lock().unwrap(), b"one\n");
        lossy.write_all(b"two\n").unwrap();
        lossy.drain();
        assert_eq!(*read.lock().unwrap(), b"one\n", "nobody read it, and here we are");
    }
}
