//! A stream that somebody may have stopped reading.
//!
//! A client that keeps standard error open and does not read it would stop
//! whoever writes to it once the pipe is full, and with it every answer on
//! standard output. So one thread alone writes there; lines that find its
//! queue full are dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines that wait. Chosen: a burst of `trace` of one call, at 200 bytes each
/// below a megabyte.
const WAITING: usize = 4_096;

/// How long the end of the process waits for a reader. Chosen: what a reader
/// that reads at all needs, and not felt when there is none.
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes lines, and never waits.
#[derive(Clone)]
pub struct Lossy {
    queue: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    dropped: AtomicU64,
    /// Lines that were taken and are not written.
    waiting: Mutex<usize>,
    written: Condvar,
}

impl Lossy {
    /// Writes to `to`, on a thread of its own.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        let (queue, lines) = sync_channel(WAITING);
        let state = Arc::new(State::default());
        let theirs = Arc::clone(&state);
        // Without a thread the queue has no reader, and every line is dropped.
        drop(thread::Builder::new().name("log".to_owned()).spawn(move || write(to, &lines, &theirs)));
        Self { queue, state }
    }

    /// Lines that were dropped and not yet told of.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::Relaxed)
    }

    /// Waits a moment until what was taken is written.
    pub fn flush(&self) {
        let waiting = self.state.waiting();
        drop(self.state.written.wait_timeout_while(waiting, PATIENCE, |waiting| *waiting > 0));
    }
}

impl State {
    fn waiting(&self) -> MutexGuard<'_, usize> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Lossy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lossy").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

impl Write for &Lossy {
    /// Takes one line, whole or not at all.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Counted first: the other thread may be done with it at once.
        *self.state.waiting() += 1;
        if self.queue.try_send(line.to_vec()).is_err() {
            *self.state.waiting() -= 1;
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(mut to: impl Write, lines: &Receiver<Vec<u8>>, state: &State) {
    while let Ok(line) = lines.recv() {
        // A reader that is gone for good is one that wants none of it.
        drop(to.write_all(&line));
        let lost = state.dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            drop(writeln!(to, "{lost} lines were dropped here or a little later: nobody was reading"));
        }
        *state.waiting() -= 1;
        state.written.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that nobody reads until it is opened.
    #[derive(Clone, Default)]
    struct Pipe(Arc<Shared>);

    #[derive(Default)]
    struct Shared {
        /// Once somebody reads.
        read: Mutex<Option<Vec<u8>>>,
        opened: Condvar,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let read = self.0.read.lock().unwrap();
            let mut read = self.0.opened.wait_while(read, |read| read.is_none()).unwrap();
            read.get_or_insert_default().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn d6_lines_that_nobody_reads_are_dropped_and_counted() {
        let pipe = Pipe::default();
        let lossy = Lossy::new(pipe.clone());
        let lines = WAITING + 1_000;
        for number in 0..lines {
            (&lossy).write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        // One may be in the thread's hands.
        let lost = lossy.dropped();
        assert!((999..=1_000).contains(&lost), "{lost}");
        *pipe.0.read.lock().unwrap() = Some(Vec::new());
        pipe.0.opened.notify_all();
        lossy.flush();
        let written = String::from_utf8(pipe.0.read.lock().unwrap().clone().unwrap()).unwrap();
        assert!(written.starts_with("0\n"), "the oldest are kept");
        assert!(written.contains(&format!("{lost} lines were dropped")), "{lossy:?}");
        let kept = written.lines().filter(|line| line.parse::<usize>().is_ok()).count();
        assert_eq!(kept + usize::try_from(lost).unwrap(), lines);
    }
}
