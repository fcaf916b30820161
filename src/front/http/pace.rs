//! How long a connection may take for what it sends, and which one goes when
//! too many send nothing whole.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long a head may take from its first byte, or from the connection's
/// beginning.
///
/// Chosen: a head is a few hundred bytes from the same computer.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may stand between two requests.
///
/// Chosen: longer than the 90 s for which Go and Rust clients keep one, so
/// that no request meets a connection that is just being closed.
const IDLE: Duration = Duration::from_secs(120);

/// Connections at once that have no whole request. Chosen: as many as may be
/// served at once.
const WAITING: usize = 256;

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A head is on its way, until then.
    Head(Instant),
    /// Nothing is, until then.
    Idle(Instant),
    /// A head is there; the body has a time of its own.
    Request,
}

/// Everyone without a whole request, who came first in front.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    all: BTreeMap<u64, CancellationToken>,
}

/// One connection's time.
#[derive(Debug)]
pub(super) struct Pace {
    phase: watch::Sender<Phase>,
    room: Arc<Room>,
    /// Its place in the room while it is there.
    ticket: Mutex<Option<u64>>,
    /// Another one needs the place.
    crowded_out: CancellationToken,
}

impl Room {
    fn enter(&self, end: CancellationToken) -> u64 {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = waiting.next;
        waiting.next += 1;
        waiting.all.insert(ticket, end);
        if waiting.all.len() > WAITING
            // The oldest and not the newest: who sends slowly on purpose has been here longest.
            && let Some((_, oldest)) = waiting.all.pop_first()
        {
            oldest.cancel();
        }
        ticket
    }

    fn leave(&self, ticket: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all.remove(&ticket);
    }
}

impl Pace {
    pub(super) fn new(room: Arc<Room>) -> Arc<Self> {
        let crowded_out = CancellationToken::new();
        let ticket = Mutex::new(Some(room.enter(crowded_out.clone())));
        Arc::new(Self { phase: watch::Sender::new(Phase::Head(Instant::now() + HEAD)), room, ticket, crowded_out })
    }

    /// Waits until the connection has used up its time or its place.
    pub(super) async fn is_over(&self) {
        let mut phase = self.phase.subscribe();
        loop {
            let now = *phase.borrow_and_update();
            let time_is_up = async {
                match now {
                    Phase::Head(until) | Phase::Idle(until) => sleep_until(until).await,
                    Phase::Request => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.crowded_out.cancelled() => return,
                () = time_is_up => return,
                // The sender is in `self`.
                _ = phase.changed() => {}
            }
        }
    }

    /// Bytes came.
    fn heard(&self) {
        self.phase.send_if_modified(|phase| {
            // Only the first byte counts: one byte every nine seconds must not renew the time of a head.
            let begins = matches!(phase, Phase::Idle(_));
            if begins {
                *phase = Phase::Head(Instant::now() + HEAD);
            }
            begins
        });
    }

    /// The head is whole.
    pub(super) fn head_is_whole(&self) {
        self.phase.send_replace(Phase::Request);
    }

    /// The request is whole, and needs no place in the room any more.
    pub(super) fn request_is_whole(&self) {
        if let Some(ticket) = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.room.leave(ticket);
        }
    }

    /// The answer is out.
    pub(super) fn is_answered(&self) {
        self.phase.send_replace(Phase::Idle(Instant::now() + IDLE));
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        ticket.get_or_insert_with(|| self.room.enter(self.crowded_out.clone()));
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.request_is_whole();
    }
}

/// A stream that tells when it is read from.
#[derive(Debug)]
pub(super) struct Paced<S> {
    pub(super) stream: S,
    pub(super) pace: Arc<Pace>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pace.heard();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(pace: &Pace) -> Duration {
        let began = Instant::now();
        pace.is_over().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn d7_a_head_has_ten_seconds_and_a_pause_two_minutes() {
        let room = Arc::new(Room::default());
        let pace = Pace::new(Arc::clone(&room));
        assert_eq!(after(&pace).await.as_secs(), 10, "before the first byte");
        pace.head_is_whole();
        let long = Duration::from_secs(3_600);
        assert!(tokio::time::timeout(long, pace.is_over()).await.is_err(), "a call may take its time");
        pace.is_answered();
        assert_eq!(after(&pace).await.as_secs(), 120);
        pace.heard();
        assert_eq!(after(&pace).await.as_secs(), 10, "from the first byte of the next");
    }

    #[tokio::test]
    async fn d7_the_oldest_without_a_whole_request_goes_first() {
        let room = Arc::new(Room::default());
        let served = Pace::new(Arc::clone(&room));
        served.request_is_whole();
        let all: Vec<_> = (0..WAITING).map(|_| Pace::new(Arc::clone(&room))).collect();
        assert!(all.iter().all(|pace| !pace.crowded_out.is_cancelled()));
        let newest = Pace::new(Arc::clone(&room));
        all[0].is_over().await;
        assert!(!all[1].crowded_out.is_cancelled() && !newest.crowded_out.is_cancelled());
        assert!(!served.crowded_out.is_cancelled(), "it has a place of another kind");
        drop(all);
        drop(newest);
        assert!(room.0.lock().unwrap().all.is_empty());
    }
}
