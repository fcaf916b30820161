//! Appending whole lines, or nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::chain::Chain;
use super::error::TrailError;
use crate::store::private;

/// When a line has to be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durable {
    /// Before the call returns.
    Now,
    /// With the next that has to, or when the system gets to it. A killed
    /// process loses nothing by that, a power cut may.
    Soon,
}

/// What lines are appended to: a file, or in tests one that is full.
pub(super) trait Medium {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    /// Takes everything after `length` away.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// `None` when it is not where it was made.
    fn length(&self) -> io::Result<Option<u64>>;
}

/// A file at its place.
#[derive(Debug)]
pub(super) struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = private(OpenOptions::new().create_new(true).append(true)).open(path)?;
        Ok(Self { file, path: path.into() })
    }

    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: OpenOptions::new().append(true).open(path)?, path: path.into() })
    }
}

impl Medium for Disk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn length(&self) -> io::Result<Option<u64>> {
        let ours = self.file.metadata()?;
        // A file that was removed takes lines as gladly as before; nobody will read them.
        match std::fs::metadata(&self.path) {
            Ok(there) => Ok(is_same(&ours, &there).then_some(ours.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// A chain and where it is written. A line that did not come out whole is
/// taken back, at once or before the next one: what stands in the file is
/// always whole lines, and after them at most one half.
#[derive(Debug)]
pub(super) struct Lines<M> {
    medium: M,
    pub(super) chain: Chain,
    /// Length of the whole lines.
    pub(super) bytes: u64,
    /// There may be half a line after them, of ours.
    torn: bool,
}

impl<M: Medium> Lines<M> {
    /// Goes on after `bytes` of whole lines, and takes away what a dead
    /// writer left after them.
    pub(super) fn after(medium: M, chain: Chain, bytes: u64) -> Self {
        Self { medium, chain, bytes, torn: true }
    }

    #[cfg(test)]
    pub(super) fn medium_mut(&mut self) -> &mut M {
        &mut self.medium
    }

    /// Appends a line.
    ///
    /// On an error the chain stands where it stood, and the next line may
    /// come out again.
    pub(super) fn write(&mut self, said: &impl Serialize, durable: Durable) -> Result<(), TrailError> {
        let unwritable = |error: io::Error| TrailError::Unwritable(error.kind());
        let found = self.medium.length().map_err(unwritable)?.ok_or(TrailError::Vanished)?;
        if found != self.bytes {
            if !self.torn || found < self.bytes {
                return Err(TrailError::Touched { expected: self.bytes, found });
            }
            self.medium.cut(self.bytes).map_err(unwritable)?;
        }
        self.torn = false;
        let (line, mark) = self.chain.next(said);
        let written = self.medium.append(&line).and_then(|()| match durable {
            Durable::Now => self.medium.sync(),
            Durable::Soon => Ok(()),
        });
        if let Err(error) = written {
            // Not synced is not written: after a failed sync nobody knows what is on the disk.
            self.torn = self.medium.cut(self.bytes).is_err();
            return Err(unwritable(error));
        }
        self.chain.advance(mark);
        self.bytes += line.len() as u64;
        Ok(())
    }
}
