//! A process's own file.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use wsman::entropy::Entropy;

use super::chain::{Chain, Mark};
use super::entry::{End, Entry, Line, Said};
use super::error::TrailError;
use super::key::Key;
use super::lines::{Disk, Durable, Lines};
use super::redact::{Arguments, Described};
use super::register::{self, FORMAT, Reach, Register, Writer, path_of};
use crate::store::{Folder, FolderError, Held, Process, sync_folder};

/// Target of the log's lines: one per call and workspace.
const TARGET: &str = "audit";

/// Where lines go. Clones are the same trail.
///
/// [`begin`](Self::begin) waits for the disk: keep it off the runtime's
/// threads. [`end`](Self::end) does not, but for a `begin` that is under way.
#[derive(Clone, Debug)]
pub struct Trail(Option<Arc<Own>>);

#[derive(Debug)]
struct Own {
    process: Arc<Process>,
    key: Key,
    /// `None` once it is closed.
    lines: Mutex<Option<Lines<Disk>>>,
    /// Lines that could not be written, in all.
    unwritten: AtomicU64,
    /// Those of them that no line tells of yet.
    untold: AtomicU64,
}

impl Trail {
    /// No file: what ends is in the log only.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Begins the process's file, enters it in the register, and notes there
    /// how far the files of processes reach that died.
    ///
    /// # Errors
    ///
    /// [`TrailError`]; then nothing that changes something may run.
    pub fn open(process: &Arc<Process>, now: Timestamp, entropy: &mut Entropy) -> Result<Self, TrailError> {
        let folder = process.folder();
        let held = folder.hold()?;
        let key = key(folder, now, entropy, &held)?;
        let register = Register::read(folder, &key).map_err(FolderError::of(&register::path(folder)))?;
        // The register is as old as the key; without it nobody would know which files there were.
        let Some(register) = register else { return Err(FolderError::missing(&register::path(folder)).into()) };
        let mut writer = Writer::after(folder, &register, &held)?;
        seal(folder, &key, &register, &mut writer, now, &held)?;

        let path = path_of(folder, process.name());
        let disk = Disk::create(&path).map_err(FolderError::of(&path))?;
        let mut lines = Lines::after(disk, Chain::new(key.clone(), process.name().as_str()), 0);
        let said = Said::Start {
            format: FORMAT,
            key: key.id(),
            process: process.pid(),
            version: env!("CARGO_PKG_VERSION"),
            register: writer.seen(),
        };
        // The file first: a file that nobody entered is one that nobody used, but not the other way round.
        let begun = lines
            .write(&Line { time: now.to_string(), unwritten: None, said }, Durable::Now)
            .and_then(|()| path.parent().map_or(Ok(()), sync_folder).map_err(|e| TrailError::Unwritable(e.kind())))
            .and_then(|()| writer.write(now, register::Said::Open(reach(process, &lines))));
        if let Err(error) = begun {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Self(Some(Arc::new(Own {
            process: Arc::clone(process),
            key,
            lines: Mutex::new(Some(lines)),
            unwritten: AtomicU64::new(0),
            untold: AtomicU64::new(0),
        }))))
    }

    /// Arguments as the trail may keep them. `describe` says what the
    /// catalogue knows of one; `None` for one that the tool does not have.
    #[must_use]
    pub fn arguments<'d>(
        &self,
        given: &Map<String, Json>,
        describe: impl Fn(&str) -> Option<Described<'d>>,
    ) -> Arguments {
        self.0.as_ref().map(|own| Arguments::of(given, describe, &own.key)).unwrap_or_default()
    }

    /// Says that a change begins. On the disk when it returns.
    ///
    /// # Errors
    ///
    /// [`TrailError`]: the change must not be sent. The next may be: a disk
    /// that was full need not stay so.
    pub fn begin(&self, now: Timestamp, entry: &Entry) -> Result<(), TrailError> {
        let Some(own) = &self.0 else { return Ok(()) };
        own.write(now, Said::Begin(entry), Durable::Now)
    }

    /// Says how a call ended, in the file and in the log. A line that cannot
    /// be written is counted, and the next that can be tells how many.
    pub fn end(&self, now: Timestamp, entry: &Entry, end: &End) {
        log(entry, end);
        let Some(own) = &self.0 else { return };
        if let Err(error) = own.write(now, Said::End { entry, end }, Durable::Soon) {
            let unwritten = own.missed();
            tracing::error!(target: TARGET, correlation = entry.correlation, unwritten, %error, "not in the trail");
        }
    }

    /// Ends the file as it should. Nothing is written after it.
    pub fn close(&self, now: Timestamp) {
        let Some(own) = &self.0 else { return };
        match own.close(now) {
            Ok(()) | Err(TrailError::Closed) => {}
            Err(error) => tracing::error!(target: TARGET, %error, "the trail is not closed"),
        }
    }

    /// How many lines could not be written.
    #[must_use]
    pub fn unwritten(&self) -> u64 {
        self.0.as_ref().map_or(0, |own| own.unwritten.load(Ordering::Relaxed))
    }

    /// Lines so far and the mark of the last. Who notes it elsewhere can tell
    /// later whether they are still there.
    #[must_use]
    pub fn head(&self) -> Option<(u64, Mark)> {
        self.0.as_ref()?.lines().as_ref().map(|lines| (lines.chain.lines, lines.chain.head))
    }
}

impl Own {
    fn lines(&self) -> MutexGuard<'_, Option<Lines<Disk>>> {
        // A panic in between left the chain where it stood, or where the line is.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self) -> u64 {
        self.untold.fetch_add(1, Ordering::Relaxed);
        self.unwritten.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn write(&self, now: Timestamp, said: Said<'_>, durable: Durable) -> Result<(), TrailError> {
        let mut lines = self.lines();
        let lines = lines.as_mut().ok_or(TrailError::Closed)?;
        let untold = self.untold.load(Ordering::Relaxed);
        let line = Line { time: now.to_string(), unwritten: (untold > 0).then_some(untold), said };
        lines.write(&line, durable)?;
        self.untold.fetch_sub(untold, Ordering::Relaxed);
        Ok(())
    }

    fn close(&self, now: Timestamp) -> Result<(), TrailError> {
        let folder = self.process.folder();
        let held = folder.hold()?;
        self.write(now, Said::Close {}, Durable::Now)?;
        let Some(lines) = self.lines().take() else { return Err(TrailError::Closed) };
        let path = register::path(folder);
        let register = Register::read(folder, &self.key).map_err(FolderError::of(&path))?;
        let register = register.ok_or_else(|| FolderError::missing(&path))?;
        Writer::after(folder, &register, &held)?.write(now, register::Said::Close(reach(&self.process, &lines)))
    }
}

fn reach(process: &Process, lines: &Lines<Disk>) -> Reach {
    Reach {
        file: process.name().to_string(),
        lines: lines.chain.lines,
        bytes: lines.bytes,
        head: lines.chain.head,
        torn: None,
    }
}

/// The folder's key; a new one, and the register that goes with it, where
/// there is no trail yet.
fn key(folder: &Folder, now: Timestamp, entropy: &mut Entropy, held: &Held) -> Result<Key, TrailError> {
    if let Some(key) = Key::read(folder)? {
        return Ok(key);
    }
    let (processes, strange) =
        register::standing(folder).map_err(FolderError::of(&folder.path().join(register::FOLDER)))?;
    if !processes.is_empty() || !strange.is_empty() {
        return Err(TrailError::KeyLost);
    }
    let key = Key::drawn(entropy);
    // The register first: where there is a key, there was one.
    register::begin(folder, &key, now, held)?;
    key.write(folder, held)?;
    Ok(key)
}

/// Enters how far the files of the dead reach.
fn seal(
    folder: &Folder,
    key: &Key,
    register: &Register,
    writer: &mut Writer,
    now: Timestamp,
    held: &Held,
) -> Result<(), TrailError> {
    let (standing, _) = register::standing(folder).map_err(FolderError::of(&folder.path().join(register::FOLDER)))?;
    for name in standing {
        let known = register.files.get(&name);
        if known.is_some_and(|known| known.is_ended) || folder.is_alive(&name, held) {
            continue;
        }
        let path = path_of(folder, &name);
        // What is broken, shorter than it was, or used without being entered stays as it is, for `verify` to name.
        match register::reach(&path, &name, key).map_err(FolderError::of(&path))? {
            Some(reach) if known.map_or(reach.lines <= 1, |known| known.reach.lines <= reach.lines) => {
                writer.write(now, register::Said::Seal(reach))?;
            }
            _ => tracing::error!(target: TARGET, process = %name, "a trail of an earlier process is not whole"),
        }
    }
    Ok(())
}

/// Names and numbers only: no argument's value, no output, no host text.
fn log(entry: &Entry, end: &End) {
    tracing::info!(
        target: TARGET,
        correlation = entry.correlation,
        caller = entry.who,
        tool = entry.tool,
        tenant = entry.tenant.as_deref().unwrap_or_default(),
        workspace = entry.workspace.as_deref().unwrap_or_default(),
        outcome = end.outcome,
        code = end.code.as_deref().unwrap_or_default(),
        cause = end.cause.as_deref().unwrap_or_default(),
        duration_ms = u64::try_from(end.duration.as_millis()).unwrap_or(u64::MAX),
        "call"
    );
}
