//! One stream of output and whoever waits for it.

use std::time::Duration;

use uuid::Uuid;

use super::outbox::Outbox;
use crate::time::Instant;

/// Ties an answer to its request; the caller chooses it, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Output of one command, or of the shell itself.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) outbox: Outbox,
    pub(super) waiting: Option<Receive>,
    /// The last answered Receive: a client that lost the answer sends the
    /// same envelope again and gets the same bytes. pypsrp relies on it.
    pub(super) answered: Option<Answered>,
    /// The client has been told that it is done.
    pub(super) told_done: bool,
}

/// A Receive that is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receive {
    pub(super) request: RequestId,
    pub(super) message_id: Uuid,
    pub(super) until: Instant,
    pub(super) max_envelope_bytes: usize,
    /// When it could first have been answered.
    pub(super) ready_since: Option<Instant>,
}

#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) message_id: Uuid,
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// What to do about a held Receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Answer it.
    Answer,
    /// It ran out with nothing to say.
    TimedOut,
    /// Nothing before then.
    At(Instant),
}

impl Channel {
    /// How the held Receive stands; `None`: there is none.
    pub(super) fn due(&mut self, now: Instant, linger: Duration) -> Option<Due> {
        let receive = self.waiting.as_mut()?;
        if self.outbox.is_ready() {
            let since = *receive.ready_since.get_or_insert(now);
            let answer_at = (since + linger).min(receive.until);
            if now >= answer_at || self.outbox.is_full(receive.max_envelope_bytes) {
                return Some(Due::Answer);
            }
            return Some(Due::At(answer_at));
        }
        if now < receive.until {
            return Some(Due::At(receive.until));
        }
        // SESSION_CAPABILITY with nothing behind it: a negotiation that
        // failed. The client must see it.
        Some(if self.outbox.is_empty() { Due::TimedOut } else { Due::Answer })
    }
}
