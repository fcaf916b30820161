//! Fragments: messages cut to what an envelope holds.
//!
//! Source: [MS-PSRP] §2.2.4.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Bytes of a fragment's header.
pub const HEADER_BYTES: usize = 21;

const START: u8 = 1;
const END: u8 = 2;

/// Cuts `message` into fragments of at most `data_bytes` of data each; the
/// 21-byte header comes on top.
///
/// Always yields at least one fragment, and exactly one with the end mark.
pub fn fragments(object_id: u64, message: &[u8], data_bytes: NonZeroUsize) -> impl Iterator<Item = Vec<u8>> {
    let last = message.len().saturating_sub(1) / data_bytes.get();
    let mut chunks = message.chunks(data_bytes.get());
    (0..=last).map(move |n| {
        let data = chunks.next().unwrap_or_default();
        // The end mark goes by position, not by "shorter than the others": a
        // message of exactly k * data_bytes has no short last fragment.
        let flags = if n == 0 { START } else { 0 } | if n == last { END } else { 0 };
        encode(Header { object: object_id, fragment: n as u64, flags }, data)
    })
}

fn encode(header: Header, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + data.len());
    bytes.extend_from_slice(&header.object.to_be_bytes());
    bytes.extend_from_slice(&header.fragment.to_be_bytes());
    bytes.push(header.flags);
    // Data is at most what an envelope holds.
    bytes.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// Cuts whole fragments anew, for envelopes that have room for less: objects
/// stay what they are, numbers of fragments go on from the first that is here.
/// One list of fragments for each object, in their order.
pub(crate) fn cut_anew(whole: &[u8], data_bytes: NonZeroUsize) -> Vec<Vec<Vec<u8>>> {
    let mut objects: Vec<(Header, Vec<u8>)> = Vec::new();
    let mut rest = whole;
    while let Some((header, data, behind)) = split(rest) {
        match objects.last_mut() {
            Some((first, all)) if first.object == header.object => {
                first.flags |= header.flags & END;
                all.extend_from_slice(data);
            }
            _ => objects.push((header, data.to_vec())),
        }
        rest = behind;
    }
    let cut = |(first, data): (Header, Vec<u8>)| {
        let last = data.len().saturating_sub(1) / data_bytes.get();
        let mut chunks = data.chunks(data_bytes.get());
        let one = |n: usize| {
            let start = if n == 0 { first.flags & START } else { 0 };
            let end = if n == last { first.flags & END } else { 0 };
            let header = Header { fragment: first.fragment + n as u64, flags: start | end, ..first };
            encode(header, chunks.next().unwrap_or_default())
        };
        (0..=last).map(one).collect()
    };
    objects.into_iter().map(cut).collect()
}

/// Why the fragments of a peer do not make a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FragmentError {
    /// A fragment is missing, came twice, or came after the end.
    #[error("object {object}: expected fragment {expected}, found {got}")]
    OutOfOrder {
        /// Object id.
        object: u64,
        /// Fragment id that had to come.
        expected: u64,
        /// Fragment id that came.
        got: u64,
    },
    /// The first fragment lacks the start mark, or another has it.
    #[error("object {object}: start mark on fragment {fragment}")]
    StartMark {
        /// Object id.
        object: u64,
        /// Fragment id.
        fragment: u64,
    },
    /// The peer sends more than is kept for unfinished messages.
    #[error("more than {limit} bytes of unfinished messages")]
    TooMuchBuffered {
        /// [`Assembler::new`]'s limit.
        limit: usize,
    },
}

/// Reassembles messages from the fragments of one direction of one pool.
///
/// Bytes may arrive cut anywhere: a fragment split across two `push` calls is
/// kept until its rest comes. Several objects may be in flight at once.
///
/// Holds at most the limit in all; a peer that sends more gets
/// [`FragmentError::TooMuchBuffered`], and the pool must be dropped.
///
/// Source: [MS-PSRP] §2.2.4.
pub struct Assembler {
    limit: usize,
    /// The head of a fragment whose rest has not come.
    unread: Vec<u8>,
    open: BTreeMap<u64, Partial>,
    buffered: usize,
    /// Messages may lack their starts.
    resuming: bool,
}

struct Partial {
    next: u64,
    data: Vec<u8>,
}

impl std::fmt::Debug for Assembler {
    /// Without the bytes: they are output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembler")
            .field("open", &self.open.len())
            .field("buffered", &self.buffered)
            .finish_non_exhaustive()
    }
}

impl Assembler {
    /// Chosen: a 20 MB string is 40 MB of UTF-16 in PowerShell and about as
    /// much here when every character is escaped; twice that leaves room.
    pub const DEFAULT_LIMIT: usize = 128 << 20;

    /// Keeps at most `limit` bytes of unfinished messages.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, unread: Vec::new(), open: BTreeMap::new(), buffered: 0, resuming: false }
    }

    /// For a stream that another client has begun to read: a message whose
    /// start went there is passed over.
    #[must_use]
    pub fn resuming(limit: usize) -> Self {
        Self { resuming: true, ..Self::new(limit) }
    }

    /// Takes bytes; gives the messages that they complete, in the order of
    /// their ends.
    ///
    /// # Errors
    ///
    /// [`FragmentError`]; the assembler is of no use afterwards.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, FragmentError> {
        Ok(self.push_numbered(bytes)?.into_iter().map(|(_, message)| message).collect())
    }

    /// The same, each message with its object id.
    ///
    /// # Errors
    ///
    /// As [`Assembler::push`].
    pub fn push_numbered(&mut self, bytes: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, FragmentError> {
        let mut done = Vec::new();
        if self.unread.is_empty() {
            let used = self.consume(bytes, &mut done)?;
            self.unread.extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            let mut unread = std::mem::take(&mut self.unread);
            unread.extend_from_slice(bytes);
            let used = self.consume(&unread, &mut done)?;
            unread.drain(..used);
            self.unread = unread;
        }
        if self.unread.len().saturating_add(self.buffered) > self.limit {
            return Err(FragmentError::TooMuchBuffered { limit: self.limit });
        }
        Ok(done)
    }

    /// Reads whole fragments; says how many bytes they took.
    fn consume(&mut self, bytes: &[u8], done: &mut Vec<(u64, Vec<u8>)>) -> Result<usize, FragmentError> {
        let mut rest = bytes;
        while let Some((header, data, behind)) = split(rest) {
            self.fragment(header, data, done)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    fn fragment(&mut self, header: Header, data: &[u8], done: &mut Vec<(u64, Vec<u8>)>) -> Result<(), FragmentError> {
        let Header { object, fragment, flags, .. } = header;
        let starts = flags & START != 0;
        if starts != (fragment == 0) {
            return Err(FragmentError::StartMark { object, fragment });
        }
        if self.resuming && !starts && !self.open.contains_key(&object) {
            return Ok(());
        }
        let mut partial = self.open.remove(&object).unwrap_or(Partial { next: 0, data: Vec::new() });
        if partial.next != fragment {
            return Err(FragmentError::OutOfOrder { object, expected: partial.next, got: fragment });
        }
        if flags & END != 0 && fragment == 0 {
            done.push((object, data.to_vec()));
            return Ok(());
        }
        partial.data.extend_from_slice(data);
        // An empty fragment costs something too, or a host could open objects
        // for ever.
        self.buffered += data.len() + if fragment == 0 { HEADER_BYTES } else { 0 };
        if flags & END != 0 {
            self.buffered -= partial.data.len() + HEADER_BYTES;
            done.push((object, partial.data));
            return Ok(());
        }
        partial.next += 1;
        if self.buffered > self.limit {
            return Err(FragmentError::TooMuchBuffered { limit: self.limit });
        }
        self.open.insert(object, partial);
        Ok(())
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) object: u64,
    pub(crate) fragment: u64,
    pub(crate) flags: u8,
}

/// One whole fragment and what is behind it.
pub(crate) fn split(bytes: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let (object, rest) = bytes.split_first_chunk::<8>()?;
    let (fragment, rest) = rest.split_first_chunk::<8>()?;
    let (&flags, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (data, behind) = rest.split_at_checked(length)?;
    let header = Header { object: u64::from_be_bytes(*object), fragment: u64::from_be_bytes(*fragment), flags };
    Some((header, data, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    fn assemble(bytes: &[u8]) -> Result<Vec<Vec<u8>>, FragmentError> {
        Assembler::new(1000).push(bytes)
    }

    #[test]
    fn a_message_of_exactly_two_fragments_ends() {
        let got: Vec<_> = fragments(1, b"abcdefgh", FOUR).collect();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0][16], START);
        assert_eq!(got[1][16], END, "the last fragment carries the end mark");
    }

    #[test]
    fn an_empty_message_is_one_fragment() {
        let got: Vec<_> = fragments(1, b"", FOUR).collect();
        assert_eq!(got.len(), 1);
        assert_eq!(got[0][16], START | END);
        assert_eq!(assemble(&got[0]).unwrap(), [b""]);
    }

    #[test]
    fn bytes_may_be_cut_anywhere() {
        let bytes: Vec<u8> = fragments(7, b"abcdefghij", FOUR).flatten().collect();
        for cut in 0..=bytes.len() {
            let mut assembler = Assembler::new(1000);
            let mut got = assembler.push(&bytes[..cut]).unwrap();
            got.extend(assembler.push(&bytes[cut..]).unwrap());
            assert_eq!(got, [b"abcdefghij"], "cut at {cut}");
        }
        let mut assembler = Assembler::new(1000);
        let got: Vec<_> = bytes.iter().flat_map(|byte| assembler.push(&[*byte]).unwrap()).collect();
        assert_eq!(got, [b"abcdefghij"], "byte by byte");
    }

    #[test]
    fn objects_may_be_interleaved() {
        let a: Vec<_> = fragments(1, b"aaaaa", FOUR).collect();
        let b: Vec<_> = fragments(2, b"bbbbb", FOUR).collect();
        let bytes: Vec<u8> = [&a[0], &b[0], &b[1], &a[1]].into_iter().flatten().copied().collect();
        assert_eq!(assemble(&bytes).unwrap(), [b"bbbbb", b"aaaaa"]);
    }

    #[test]
    fn a_lost_or_repeated_fragment_is_noticed() {
        let f: Vec<_> = fragments(1, b"aaaabbbbcccc", FOUR).collect();
        let join = |order: &[usize]| order.iter().flat_map(|n| f[*n].clone()).collect::<Vec<_>>();
        assert_eq!(assemble(&join(&[0, 2])), Err(FragmentError::OutOfOrder { object: 1, expected: 1, got: 2 }));
        assert_eq!(assemble(&join(&[0, 1, 1])), Err(FragmentError::OutOfOrder { object: 1, expected: 2, got: 1 }));
        assert_eq!(assemble(&join(&[0, 0])), Err(FragmentError::OutOfOrder { object: 1, expected: 1, got: 0 }));
        assert_eq!(assemble(&join(&[1])), Err(FragmentError::OutOfOrder { object: 1, expected: 0, got: 1 }));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut assembler = Assembler::new(100);
        let fragment = fragments(1, &[0; 200], NonZeroUsize::new(150).unwrap()).next().unwrap();
        assert_eq!(assembler.push(&fragment), Err(FragmentError::TooMuchBuffered { limit: 100 }));
        // A length that never comes is not waited for beyond the limit either.
        let mut assembler = Assembler::new(100);
        let mut head = fragment[..HEADER_BYTES].to_vec();
        head[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(assembler.push(&head), Ok(vec![]));
        assert_eq!(assembler.push(&[0; 100]), Err(FragmentError::TooMuchBuffered { limit: 100 }));
    }

    #[test]
    fn empty_fragments_count_too() {
        let mut assembler = Assembler::new(1000);
        let empty = |object: u64| [&object.to_be_bytes()[..], &[0; 8], &[START], &[0; 4]].concat();
        let refused = (0..100).find_map(|object| assembler.push(&empty(object)).err());
        assert_eq!(refused, Some(FragmentError::TooMuchBuffered { limit: 1000 }));
    }

    /// 8 MB in 1 KB fragments: moving the rest per fragment would be 33 GB of
    /// copies, which no test run survives.
    #[test]
    fn one_large_push_takes_linear_time() {
        let message = vec![7_u8; 8 << 20];
        let bytes: Vec<u8> = fragments(1, &message, NonZeroUsize::new(1024).unwrap()).flatten().collect();
        let mut assembler = Assembler::new(16 << 20);
        assert_eq!(assembler.push(&bytes).unwrap(), [message]);
        assert_eq!(assembler.buffered, 0);
    }
}
