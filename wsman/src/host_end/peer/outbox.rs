//! Fragments on their way to the client.

use std::collections::{BTreeMap, VecDeque};

use crate::psrp::MessageType;
use crate::psrp::fragment::HEADER_BYTES;

const START: u8 = 1;
const END: u8 = 2;

/// What waits to be received by one command, or by the shell itself.
///
/// Keeps whole fragments in order. A fragment that alone is larger than the
/// client's envelope is cut, and what follows of its message renumbered.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Fragment>,
    bytes: usize,
    /// Types of the messages whose end has not come.
    open: BTreeMap<u64, MessageType>,
    /// Next fragment number of messages that were cut here.
    renumbered: BTreeMap<u64, u64>,
}

#[derive(Debug)]
struct Fragment {
    object: u64,
    number: u64,
    flags: u8,
    kind: MessageType,
    data: Vec<u8>,
}

/// What one Receive takes along.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Encoded fragments, one per `rsp:Stream`.
    pub(super) streams: Vec<Vec<u8>>,
    /// The pipeline's last message is among them.
    pub(super) done: bool,
}

impl Outbox {
    /// Takes whole fragments. What is not one is dropped: engines are not
    /// believed to be strangers.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while let Some((mut fragment, rest)) = Fragment::split(bytes) {
            if fragment.flags & START != 0 {
                fragment.kind = kind(&fragment.data);
                self.open.insert(fragment.object, fragment.kind);
            } else if let Some(kind) = self.open.get(&fragment.object) {
                fragment.kind = *kind;
            }
            if fragment.flags & END != 0 {
                self.open.remove(&fragment.object);
            }
            self.bytes += fragment.bytes();
            self.queue.push_back(fragment);
            bytes = rest;
        }
    }

    /// Whether there is anything.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a Receive should be answered now. SESSION_CAPABILITY waits for
    /// the message after it: they come together from Windows (47 of 49
    /// recordings).
    pub(super) fn is_ready(&self) -> bool {
        self.queue.iter().any(|fragment| fragment.kind != MessageType::SessionCapability)
    }

    /// Whether waiting for more would change nothing about the next batch.
    pub(super) fn is_full(&self, room: usize) -> bool {
        let last = self.queue.back().is_some_and(|f| f.kind == MessageType::PipelineState && f.flags & END != 0);
        last || self.bytes / 3 * 4 >= room || self.queue.iter().any(|f| f.kind == MessageType::RunspacePoolState)
    }

    /// Takes out what fits into `room` bytes of an envelope, where a stream
    /// costs `frame` bytes and the base64 of its fragment. At least one
    /// fragment, or a part of it, is always taken.
    pub(super) fn pack(&mut self, room: usize, frame: usize) -> Batch {
        let mut batch = Batch::default();
        let mut used = 0;
        while let Some(front) = self.queue.front() {
            let alone = front.kind == MessageType::RunspacePoolState;
            if alone && !batch.streams.is_empty() {
                break;
            }
            let cost = frame + front.bytes().div_ceil(3) * 4;
            if used + cost > room {
                if batch.streams.is_empty() {
                    let bytes = (room.saturating_sub(frame) / 4 * 3).saturating_sub(HEADER_BYTES).max(1);
                    batch.streams.extend(self.cut(bytes));
                }
                break;
            }
            used += cost;
            let Some(fragment) = self.queue.pop_front() else { break };
            self.bytes -= fragment.bytes();
            batch.done |= fragment.kind == MessageType::PipelineState && fragment.flags & END != 0;
            batch.streams.push(self.leave(fragment));
            if alone {
                break;
            }
        }
        batch
    }

    /// The first `data` bytes of the first fragment, as a fragment.
    fn cut(&mut self, data: usize) -> Option<Vec<u8>> {
        let front = self.queue.front_mut()?;
        if front.data.len() <= data {
            let whole = self.queue.pop_front()?;
            self.bytes -= whole.bytes();
            return Some(self.leave(whole));
        }
        let rest = front.data.split_off(data);
        let head = Fragment {
            object: front.object,
            number: front.number,
            flags: front.flags & !END,
            kind: front.kind,
            data: std::mem::replace(&mut front.data, rest),
        };
        front.flags &= !START;
        self.bytes -= data;
        self.renumbered.entry(head.object).or_insert(head.number);
        Some(self.leave(head))
    }

    fn leave(&mut self, mut fragment: Fragment) -> Vec<u8> {
        if let Some(next) = self.renumbered.get_mut(&fragment.object) {
            fragment.number = *next;
            *next += 1;
            if fragment.flags & END != 0 {
                self.renumbered.remove(&fragment.object);
            }
        }
        fragment.encode()
    }
}

impl Fragment {
    fn bytes(&self) -> usize {
        HEADER_BYTES + self.data.len()
    }

    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (object, rest) = bytes.split_first_chunk::<8>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (flags, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let fragment = Self {
            object: u64::from_be_bytes(*object),
            number: u64::from_be_bytes(*number),
            flags: *flags,
            kind: MessageType::Unknown(0),
            data: data.to_vec(),
        };
        Some((fragment, rest))
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes());
        bytes.extend_from_slice(&self.object.to_be_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.push(self.flags);
        // It was read from such a field, or is a part of what was.
        bytes.extend_from_slice(&u32::try_from(self.data.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.data);
        bytes
    }
}

/// Type of the message that begins with `data`.
fn kind(data: &[u8]) -> MessageType {
    data.get(4..8)
        .and_then(|code| code.first_chunk::<4>())
        .map_or(MessageType::Unknown(0), |code| MessageType::from_code(u32::from_le_bytes(*code)))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use uuid::Uuid;

    use super::*;
    use crate::psrp::Message;
    use crate::psrp::fragment::{Assembler, fragments};

    fn message(kind: MessageType, payload: usize) -> Vec<u8> {
        Message::to_client(kind, Uuid::nil(), None, &vec![b'x'; payload]).encode()
    }

    fn push(outbox: &mut Outbox, object: u64, message: &[u8]) {
        for fragment in fragments(object, message, NonZeroUsize::new(32_747).unwrap()) {
            outbox.push(&fragment);
        }
    }

    #[test]
    fn whole_fragments_fill_the_room_and_no_more() {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, &message(MessageType::PipelineOutput, 200_000));
        let batch = outbox.pack(153_600 - 900, 90);
        assert_eq!(batch.streams.len(), 3, "as many as a real host puts into 153,600 bytes");
        assert!(!batch.done);
    }

    #[test]
    fn a_fragment_larger_than_the_room_is_cut_and_still_reads() {
        let mut outbox = Outbox::default();
        let one = message(MessageType::PipelineOutput, 100_000);
        let two = message(MessageType::PipelineState, 10);
        push(&mut outbox, 1, &one);
        push(&mut outbox, 2, &two);
        let (mut assembler, mut got, mut rounds) = (Assembler::new(1 << 20), Vec::new(), 0);
        while !outbox.is_empty() {
            let batch = outbox.pack(7_000, 90);
            for stream in &batch.streams {
                assert!(90 + stream.len().div_ceil(3) * 4 <= 7_000);
                got.extend(assembler.push(stream).unwrap());
            }
            rounds += 1;
            assert_eq!(batch.done, outbox.is_empty());
        }
        assert_eq!(got, [one, two]);
        assert!(rounds > 15, "{rounds}");
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn the_state_of_the_pool_travels_alone() {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, &message(MessageType::SessionCapability, 5));
        assert!(!outbox.is_ready());
        push(&mut outbox, 2, &message(MessageType::ApplicationPrivateData, 5));
        push(&mut outbox, 3, &message(MessageType::RunspacePoolState, 5));
        push(&mut outbox, 4, &message(MessageType::UserEvent, 5));
        let sizes: Vec<_> =
            std::iter::from_fn(|| (!outbox.is_empty()).then(|| outbox.pack(10_000, 90).streams.len())).collect();
        assert_eq!(sizes, [2, 1, 1]);
    }
}
