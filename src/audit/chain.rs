//! Lines that hold each other.
//!
//! A line is a JSON object whose last member, `mac`, is the seal over the
//! line before it and every byte of its own up to there.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::{Key, Over, hex};

/// Longest line that is read.
///
/// Chosen: four times what an entry can come to with every part at its limit.
pub(super) const LONGEST_LINE: usize = 256 * 1024;

const BEFORE_MARK: &[u8] = b",\"mac\":\"";
const AFTER_MARK: &[u8] = b"\"}";

/// A line's seal: it holds the line and all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(pub(super) [u8; 32]);

impl Mark {
    /// As it is displayed: 64 lower-case digits.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        // One spelling only: another would be a change that nobody finds.
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).ok_or_else(|| serde::de::Error::custom("expected a mark"))
    }
}

/// What is wrong with a line or a file. Displayed as what follows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its bytes are not those that were written.
    #[error("was changed")]
    Changed,
    /// Lines before it are missing, or lines were swapped or repeated.
    #[error("is not here: line {found} stands in its place")]
    OutOfOrder {
        /// The line that stands here.
        found: u64,
    },
    /// The end is missing.
    #[error("is missing: the file was cut after line {found}, it had {known}")]
    Cut {
        /// Lines that it had, at least.
        known: u64,
        /// Lines that it has.
        found: u64,
    },
    /// There is no such file.
    #[error("is missing")]
    Missing,
    /// A file with entries that no process registered: the register was cut,
    /// or the file comes from elsewhere.
    #[error("is not in the register")]
    Unregistered,
    /// It is sealed with another key than the folder's.
    #[error("is sealed with another key")]
    OtherKey,
}

/// Where a chain has come to.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) key: Key,
    pub(super) head: Mark,
    pub(super) lines: u64,
}

/// What a line begins with.
#[derive(Serialize)]
struct Numbered<'a, T> {
    n: u64,
    #[serde(flatten)]
    said: &'a T,
}

/// What tells a line's place, whatever else it says.
#[derive(Deserialize)]
struct Place {
    n: u64,
    #[serde(default)]
    key: Option<String>,
}

impl Chain {
    /// The chain of a file before its first line. It depends on the name: a
    /// file under another name is another chain.
    pub(super) fn new(key: Key, file: &str) -> Self {
        let head = key.seal(Over::File, &[file.as_bytes()]);
        Self { key, head, lines: 0 }
    }

    /// The next line, with its end, and its mark. The chain stands where it
    /// stood until [`advance`](Self::advance) says that the line is written.
    pub(super) fn next(&self, said: &impl Serialize) -> (Vec<u8>, Mark) {
        let Ok(mut line) = serde_json::to_vec(&Numbered { n: self.lines + 1, said }) else {
            unreachable!("lines are objects of texts and numbers")
        };
        let closing = line.pop();
        debug_assert_eq!(closing, Some(b'}'), "a line is an object");
        let mark = self.key.seal(Over::Line, &[&self.head.0, &line]);
        line.extend_from_slice(BEFORE_MARK);
        line.extend_from_slice(mark.to_string().as_bytes());
        line.extend_from_slice(AFTER_MARK);
        line.push(b'\n');
        (line, mark)
    }

    pub(super) fn advance(&mut self, mark: Mark) {
        self.head = mark;
        self.lines += 1;
    }

    /// Takes a line, without its end, for the next of the chain.
    pub(super) fn read<T: for<'de> Deserialize<'de>>(&mut self, line: &[u8]) -> Result<T, Fault> {
        let sealed = line.strip_suffix(AFTER_MARK).and_then(|line| {
            let (line, mark) = line.split_at_checked(line.len().checked_sub(64)?)?;
            Some((line.strip_suffix(BEFORE_MARK)?, Mark::parse(mark)?))
        });
        let Some((body, mark)) = sealed else { return Err(self.misplaced(line)) };
        if self.key.seal(Over::Line, &[&self.head.0, body]) != mark {
            return Err(self.misplaced(line));
        }
        let said = serde_json::from_slice(line).map_err(|_| Fault::Changed)?;
        self.advance(mark);
        Ok(said)
    }

    /// Whether these bytes at the end of a file may be what a writer that died
    /// had written of the next line: no more than the line, and its beginning.
    pub(super) fn is_half(&self, torn: &[u8]) -> bool {
        // After a power cut the file may be as long as the line, and the rest of it zeros.
        let zeros = torn.iter().rev().take_while(|byte| **byte == 0).count();
        let (written, _) = torn.split_at(torn.len() - zeros);
        let begins = format!("{{\"n\":{},", self.lines + 1);
        let common = begins.len().min(written.len());
        // A whole line and something after it: its end was changed.
        let is_more =
            written.split_last().is_some_and(|(_, line)| self.clone().read::<serde::de::IgnoredAny>(line).is_ok());
        begins.as_bytes().starts_with(&written[..common]) && !is_more
    }

    /// What is wrong with a line that is not the next, as far as it says itself.
    fn misplaced(&self, line: &[u8]) -> Fault {
        match serde_json::from_slice::<Place>(line) {
            Ok(place) if place.n != self.lines + 1 => Fault::OutOfOrder { found: place.n },
            Ok(Place { key: Some(key), .. }) if self.lines == 0 && key != self.key.id() => Fault::OtherKey,
            _ => Fault::Changed,
        }
    }
}
