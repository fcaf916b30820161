//! Who is in the folder, and whether they still live.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;
use wsman::entropy::Entropy;

use super::folder::{Folder, FolderError, Held, private};

/// Folder of the locks.
const ALIVE: &str = "alive";

/// What a name begins with.
const STARTED: &str = "2026-11-28T07-25-03Z";

/// Longest name. Chosen: ours have at most 40 characters.
const LONGEST: usize = 64;

/// Start and number of a process, and a part by chance: `2026-11-28T07-25-03Z-12345-9f3a1c07`.
/// Sorts by start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessName(String);

/// Not the name of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a process")]
pub struct BadName;

impl ProcessName {
    fn new(now: Timestamp, pid: u32, entropy: &mut Entropy) -> Self {
        let mut chance = [0; 4];
        entropy.fill(&mut chance);
        let started = now.strftime("%Y-%m-%dT%H-%M-%SZ");
        Self(format!("{started}-{pid}-{:08x}", u32::from_be_bytes(chance)))
    }

    /// When it began.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        let second = self.0.get(..STARTED.len()).filter(|_| self.0.as_bytes().get(STARTED.len()) == Some(&b'-'))?;
        let second = jiff::civil::DateTime::strptime("%Y-%m-%dT%H-%M-%SZ", second).ok()?;
        jiff::tz::Offset::UTC.to_timestamp(second).ok()
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names are read back from files, and become part of paths.
impl FromStr for ProcessName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let fits = text.starts_with(|c: char| c.is_ascii_digit())
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(BadName) }
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// This process, in the folder. While it is held, what it wrote is its own.
#[derive(Debug)]
pub struct Process {
    folder: Folder,
    name: ProcessName,
    pid: u32,
    lock: PathBuf,
    _locked: File,
}

impl Folder {
    /// Enters the folder, and clears away the locks of those that are gone.
    ///
    /// # Errors
    ///
    /// [`FolderError::Unusable`].
    pub fn enter(&self, now: Timestamp, pid: u32, entropy: &mut Entropy) -> Result<Process, FolderError> {
        let alive = self.within(ALIVE)?;
        // Between making a lock's file and locking it we would look dead.
        let held = self.hold()?;
        self.sweep(&held)?;
        let name = ProcessName::new(now, pid, entropy);
        let lock = alive.join(name.as_str());
        let unusable = FolderError::of(&lock);
        let locked = private(OpenOptions::new().create_new(true).append(true)).open(&lock).map_err(&unusable)?;
        locked.lock().map_err(&unusable)?;
        Ok(Process { folder: self.clone(), name, pid, lock, _locked: locked })
    }

    /// Whether the process still holds its lock. While [`Held`] is, nobody
    /// comes; somebody may always go.
    #[must_use]
    pub fn is_alive(&self, name: &ProcessName, _: &Held) -> bool {
        // Shared, so that two who ask do not take each other for the one they ask about.
        File::open(self.path().join(ALIVE).join(name.as_str()))
            .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn sweep(&self, held: &Held) -> Result<(), FolderError> {
        let alive = self.path().join(ALIVE);
        for entry in std::fs::read_dir(&alive).map_err(FolderError::of(&alive))?.flatten() {
            let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if name.is_some_and(|name| !self.is_alive(&name, held)) {
                // A file that cannot be removed is in nobody's way.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl Process {
    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ProcessName {
        &self.name
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The lock itself goes with its file.
        let _ = std::fs::remove_file(&self.lock);
    }
}
