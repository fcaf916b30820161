//! Whether the trail is what was written.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::chain::{Chain, Fault};
use super::entry::Seen;
use super::error::TrailError;
use super::key::Key;
use super::register::{self, FORMAT, Known, Register, WholeLines, digest, path_of};
use crate::store::{Folder, FolderError, ProcessName};

/// Why a trail cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key and no lines.
    #[error("there is no trail")]
    NoTrail,
    /// Without its key, or with a newer release's format.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// A file or folder of it cannot be read.
    #[error(transparent)]
    Unreadable(#[from] FolderError),
}

/// A trail, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Id of the key that it is sealed with.
    pub key: String,
    /// The register.
    pub register: FileReport,
    /// The processes' files, by start.
    pub files: Vec<FileReport>,
}

/// One file of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its name in the trail's folder.
    pub name: String,
    /// Lines that are what was written, from the first on.
    pub lines: u64,
    /// What became of its process, as far as the file and the lock tell.
    pub state: State,
    /// The first place that is not what was written.
    pub fault: Option<Placed>,
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its process lives, and may be writing.
    Living,
    /// With a closing line.
    Closed,
    /// With a closing line that the register does not have: its process was
    /// killed just then, or the register's last line was taken away. The file
    /// is whole either way.
    Closing,
    /// With a whole line: its process was killed.
    Ended,
    /// With half a line: its process was killed while it wrote.
    Torn,
}

/// A fault and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// From 1; `None` for the file as a whole.
    pub line: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

impl Report {
    /// The first file that is not what was written, and where.
    #[must_use]
    pub fn first_bad(&self) -> Option<(&str, Placed)> {
        std::iter::once(&self.register).chain(&self.files).find_map(|file| Some((&*file.name, file.fault?)))
    }
}

/// What verifying needs of a line.
#[derive(Deserialize)]
struct Line {
    kind: String,
    format: Option<u32>,
    register: Option<Seen>,
}

/// Reads every file of a trail. Changes nothing; processes may write
/// meanwhile.
///
/// # Errors
///
/// [`VerifyError`] when it cannot be read; what is wrong with what can be
/// read is in the [`Report`].
pub fn verify(folder: &Path) -> Result<Report, VerifyError> {
    let folder = Folder::look(folder)?;
    let held = folder.hold_still();
    let in_folder = |error| FolderError::of(&folder.path().join(register::FOLDER))(error);
    let (standing, strange) = register::standing(&folder).map_err(in_folder)?;
    let Some(key) = Key::read(&folder)? else {
        let any = !standing.is_empty() || !strange.is_empty();
        return Err(if any { TrailError::KeyLost.into() } else { VerifyError::NoTrail });
    };
    let register = Register::read(&folder, &key).map_err(FolderError::of(&register::path(&folder)))?;
    let living: Vec<bool> =
        standing.iter().map(|name| held.as_ref().is_some_and(|held| folder.is_alive(name, held))).collect();
    // From here on files only grow, and what the register said of them stays true.
    drop(held);

    if let Some(found) = register.as_ref().map(|register| register.format).filter(|found| *found > FORMAT) {
        return Err(TrailError::Newer { found, known: FORMAT }.into());
    }
    let mut report = Report { key: key.id(), register: of_register(register.as_ref()), files: Vec::new() };
    let mut seen = Vec::new();
    for (name, is_alive) in standing.iter().zip(living) {
        let known = register.as_ref().and_then(|register| register.files.get(name));
        let path = path_of(&folder, name);
        // Removed since it was listed: as if it had not been.
        match Reading::of(&path, name, &key) {
            Ok(reading) => {
                seen.extend(reading.seen);
                report.files.push(reading.report(name, known, is_alive));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FolderError::of(&path)(error).into()),
        }
    }
    let whole = |name: String, fault| FileReport {
        name,
        lines: 0,
        state: State::Ended,
        fault: Some(Placed { line: None, fault }),
    };
    report.files.extend(strange.into_iter().map(|name| whole(name, Fault::Unregistered)));
    if let Some(register) = &register {
        for name in register.files.keys().map(|name| format!("{name}.jsonl")) {
            if !report.files.iter().any(|file| file.name == name) {
                report.files.push(whole(name, Fault::Missing));
            }
        }
        if report.register.fault.is_none() {
            report.register.fault = seen.into_iter().find_map(|seen| contradiction(register, seen));
        }
    }
    report.files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(report)
}

fn of_register(register: Option<&Register>) -> FileReport {
    let (lines, fault) = match register {
        None => (0, Some(Placed { line: None, fault: Fault::Missing })),
        Some(register) => {
            let lines = register.chain.lines;
            // It is made with its first line, whole.
            let fault = register.fault.or_else(|| (lines == 0).then_some(Fault::Cut { known: 1, found: 0 }));
            (lines, fault.map(|fault| Placed { line: Some(lines + 1), fault }))
        }
    };
    let state = if register.is_some_and(|register| register.torn > 0) { State::Torn } else { State::Ended };
    FileReport { name: register::FILE.to_owned(), lines, state, fault }
}

/// Whether the register is not the one that a process found when it started.
fn contradiction(register: &Register, seen: Seen) -> Option<Placed> {
    let found = register.chain.lines;
    let fault = match register.marks.get(usize::try_from(seen.lines).ok()?.checked_sub(1)?) {
        Some(mark) if *mark == seen.head => return None,
        Some(_) => return Some(Placed { line: Some(seen.lines), fault: Fault::Changed }),
        None => Fault::Cut { known: seen.lines, found },
    };
    Some(Placed { line: Some(found + 1), fault })
}

/// A process's file, read up to its end or its first bad line.
struct Reading {
    chain: Chain,
    torn: Vec<u8>,
    is_closed: bool,
    seen: Option<Seen>,
    fault: Option<Fault>,
}

impl Reading {
    fn of(path: &Path, name: &ProcessName, key: &Key) -> io::Result<Self> {
        let chain = Chain::new(key.clone(), name.as_str());
        let mut reading = Self { chain, torn: Vec::new(), is_closed: false, seen: None, fault: None };
        let mut lines = WholeLines::new(File::open(path)?);
        while let Some(line) = lines.next_line()? {
            match reading.chain.read::<Line>(line) {
                Ok(line) => {
                    reading.is_closed = line.kind == "close";
                    reading.seen = reading.seen.or(line.register);
                    if line.format.is_some_and(|format| format > FORMAT) {
                        break;
                    }
                }
                Err(fault) => {
                    reading.fault = Some(fault);
                    return Ok(reading);
                }
            }
        }
        reading.torn = lines.torn;
        Ok(reading)
    }

    fn report(self, name: &ProcessName, known: Option<&Known>, is_alive: bool) -> FileReport {
        let state = match () {
            () if is_alive => State::Living,
            () if self.is_closed && known.is_some_and(|known| !known.is_ended) => State::Closing,
            () if self.is_closed => State::Closed,
            () if self.torn.is_empty() => State::Ended,
            () => State::Torn,
        };
        let fault = self.fault(known);
        FileReport { name: format!("{name}.jsonl"), lines: self.chain.lines, state, fault }
    }

    fn fault(&self, known: Option<&Known>) -> Option<Placed> {
        let lines = self.chain.lines;
        let next = |fault| Some(Placed { line: Some(lines + 1), fault });
        if let Some(fault) = self.fault {
            return next(fault);
        }
        let Some(Known { reach, is_ended }) = known else {
            // A process that was killed before it was entered had written nothing but its start.
            if lines > 1 {
                return Some(Placed { line: None, fault: Fault::Unregistered });
            }
            return if self.chain.is_half(&self.torn) { None } else { next(Fault::Changed) };
        };
        if lines < reach.lines {
            return next(Fault::Cut { known: reach.lines, found: lines });
        }
        // What stands after the last line is half of a line, or after a closing line nothing; once the process was
        // found dead, it is what stood there then.
        let torn = (!self.torn.is_empty()).then(|| digest(&self.torn));
        let fits = match torn {
            None => true,
            Some(_) => !self.is_closed && self.chain.is_half(&self.torn),
        };
        let is_held = *is_ended && lines == reach.lines;
        if !fits || (is_held && torn != reach.torn) {
            return next(Fault::Changed);
        }
        None
    }
}
