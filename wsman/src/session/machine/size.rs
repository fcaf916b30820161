//! Hosts that take less in one envelope than hosts of their version do.

use std::num::NonZeroUsize;

use super::super::exchange::{InFlight, Purpose};
use super::super::pipeline::{Load, Pending, SendKind};
use super::Session;
use crate::psrp::fragment::{HEADER_BYTES, cut_anew};
use crate::soap::Operation;

/// What Windows refuses to go below.
///
/// Spec: `MaxEnvelopeSizekb` is 8 at least.
pub(super) const LEAST_ENVELOPE_BYTES: u32 = 8192;
/// The default of PowerShell 2, and what administrators go back to.
const OLD_ENVELOPE_BYTES: u32 = 153_600;

impl Session {
    /// The most bytes of an envelope that this host takes, if that turned out
    /// to be less than hosts of its version do.
    #[must_use]
    pub fn learnt_envelope_bytes(&self) -> Option<u32> {
        self.envelope_limit
    }

    /// Bytes of data that a fragment has room for.
    pub(super) fn fragment_bytes(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.payload_bytes() - HEADER_BYTES).unwrap_or(NonZeroUsize::MIN)
    }

    /// The host found a request too large, so it did not act on it: cuts it
    /// smaller and sends it again. `false`: it cannot get smaller.
    pub(super) fn cut_smaller(&mut self, exchange: &InFlight) -> bool {
        let Some(operation) = exchange.operation.clone() else { return false };
        if exchange.envelope_bytes <= LEAST_ENVELOPE_BYTES {
            return false;
        }
        let mut next = exchange.envelope_bytes;
        loop {
            next = if next > OLD_ENVELOPE_BYTES { OLD_ENVELOPE_BYTES } else { (next / 2).max(LEAST_ENVELOPE_BYTES) };
            // A smaller limit that would not change the request is no news.
            if next == LEAST_ENVELOPE_BYTES || exchange.bytes > next as usize {
                break;
            }
        }
        // Another request may have taught more meanwhile.
        self.envelope_limit = Some(self.envelope_limit.map_or(next, |limit| limit.min(next)));
        tracing::debug!(bytes = exchange.bytes, limit = self.envelope_limit, "the host takes smaller envelopes only");
        match (exchange.purpose, operation) {
            (Purpose::Command(id), Operation::Command { command_id, arguments }) => {
                let Some(arguments) = self.recut(id, SendKind::Creation, arguments) else { return false };
                self.exchange(Purpose::Command(id), Operation::Command { command_id, arguments });
            }
            (Purpose::Send(id), Operation::Send { command_id, stream, data }) => {
                let Some(kind) = self.pipelines.get(&id).and_then(|pipeline| pipeline.sending) else { return false };
                let Some(data) = self.recut(id, kind, data) else { return false };
                self.exchange(Purpose::Send(id), Operation::Send { command_id, stream, data });
            }
            // What has but one part.
            (purpose, operation) => self.exchange(purpose, operation),
        }
        true
    }

    /// Cuts `refused` and what is to follow it anew; gives what goes first, and
    /// puts the rest in front of what is pending.
    fn recut(&mut self, id: uuid::Uuid, kind: SendKind, refused: Vec<u8>) -> Option<Vec<u8>> {
        let room = self.fragment_bytes();
        let pipeline = self.pipelines.get_mut(&id)?;
        // Of CREATE_PIPELINE the last part is told from the others.
        let mut data = refused;
        let mut last = kind;
        while last == SendKind::Creation
            && let Some(Pending { load: Load::Fragments(_), .. }) = pipeline.pending.front()
            && let Some(Pending { kind, load: Load::Fragments(more) }) = pipeline.pending.pop_front()
        {
            data.extend_from_slice(&more);
            last = kind;
        }
        let mut parts: Vec<Vec<u8>> = cut_anew(&data, room).into_iter().flatten().collect();
        let first = if parts.is_empty() { None } else { Some(parts.remove(0)) };
        let others = parts.len();
        for (n, part) in parts.into_iter().enumerate().rev() {
            let of = if n + 1 == others { last } else { kind };
            // What follows a last part that was cut in two is the last part.
            let of = if of == SendKind::Creation && n + 1 == others { SendKind::Rest } else { of };
            pipeline.pending.push_front(Pending { kind: of, load: Load::Fragments(part) });
        }
        if others > 0 {
            match (kind, pipeline.sending) {
                // The last part was refused whole: what goes now is not the last.
                (SendKind::Rest, Some(_)) if pipeline.is_being_created() => pipeline.sending = Some(SendKind::Creation),
                (SendKind::Creation, None) => pipeline.parts_follow = true,
                _ => {}
            }
        }
        first
    }
}
