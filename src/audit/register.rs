//! Which files there are, and how far each is known to reach.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::chain::{Chain, Fault, LONGEST_LINE, Mark};
use super::entry::Seen;
use super::error::TrailError;
use super::key::{Key, hex, put};
use super::lines::{Disk, Durable, Lines};
use crate::store::{Folder, FolderError, Held, ProcessName};

/// Folder of the trail.
pub(super) const FOLDER: &str = "trail";
/// Name of the register's file there.
pub(super) const FILE: &str = "register.jsonl";
/// What lines look like. Counted up when an older release could not check them.
pub(super) const FORMAT: u32 = 1;

/// How far a file reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reach {
    pub(super) file: String,
    pub(super) lines: u64,
    /// Of whole lines.
    pub(super) bytes: u64,
    pub(super) head: Mark,
    /// SHA-256 of what stands after the last whole line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) torn: Option<String>,
}

/// A line of the register.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Said {
    /// The first.
    Register { format: u32, key: String },
    /// A process began its file.
    Open(Reach),
    /// It ended as it should.
    Close(Reach),
    /// It was found dead; whoever found it says how far its file reached.
    Seal(Reach),
}

#[derive(Serialize)]
struct Line {
    time: String,
    #[serde(flatten)]
    said: Said,
}

/// What the register says of one file.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) reach: Reach,
    pub(super) is_ended: bool,
}

/// The register, read.
#[derive(Debug)]
pub(super) struct Register {
    pub(super) chain: Chain,
    /// Length of its whole lines.
    pub(super) bytes: u64,
    /// Length of what stands after them.
    pub(super) torn: u64,
    /// By line.
    pub(super) marks: Vec<Mark>,
    pub(super) files: BTreeMap<ProcessName, Known>,
    /// The first line that is not what was written; what stands after it was
    /// not read.
    pub(super) fault: Option<Fault>,
    pub(super) format: u32,
}

impl Register {
    /// Reads one; `None` when there is none.
    pub(super) fn read(folder: &Folder, key: &Key) -> io::Result<Option<Self>> {
        let file = match File::open(path(folder)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut register = Self {
            chain: Chain::new(key.clone(), FILE),
            bytes: 0,
            torn: 0,
            marks: Vec::new(),
            files: BTreeMap::new(),
            fault: None,
            format: FORMAT,
        };
        let mut lines = WholeLines::new(file);
        while let Some(line) = lines.next_line()? {
            match register.chain.read(line) {
                Ok(said) => register.take(said),
                Err(fault) => {
                    register.fault = Some(fault);
                    break;
                }
            }
        }
        if !register.chain.is_half(&lines.torn) {
            register.fault = register.fault.or(Some(Fault::Changed));
        }
        register.bytes = lines.bytes;
        register.torn = lines.torn.len() as u64;
        Ok(Some(register))
    }

    fn take(&mut self, said: Said) {
        self.marks.push(self.chain.head);
        let (reach, is_ended) = match said {
            Said::Register { format, .. } => return self.format = format,
            Said::Open(reach) => (reach, false),
            Said::Close(reach) | Said::Seal(reach) => (reach, true),
        };
        if let Ok(name) = reach.file.parse() {
            self.files.insert(name, Known { reach, is_ended });
        }
    }
}

/// The register, to be added to, while the folder is held.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Lines<Disk>,
}

impl Writer {
    /// Goes on after what was read.
    pub(super) fn after(folder: &Folder, register: &Register, _: &Held) -> Result<Self, TrailError> {
        if let Some(fault) = register.fault {
            return Err(TrailError::Register { line: register.chain.lines + 1, fault });
        }
        if register.format > FORMAT {
            return Err(TrailError::Newer { found: register.format, known: FORMAT });
        }
        let path = path(folder);
        let disk = Disk::open(&path).map_err(FolderError::of(&path))?;
        Ok(Self { lines: Lines::after(disk, register.chain.clone(), register.bytes) })
    }

    pub(super) fn write(&mut self, now: Timestamp, said: Said) -> Result<(), TrailError> {
        self.lines.write(&Line { time: now.to_string(), said }, Durable::Now)
    }

    pub(super) fn seen(&self) -> Seen {
        Seen { lines: self.lines.chain.lines, head: self.lines.chain.head }
    }
}

/// Begins the folder's register.
pub(super) fn begin(folder: &Folder, key: &Key, now: Timestamp, _: &Held) -> Result<(), TrailError> {
    folder.within(FOLDER)?;
    let said = Said::Register { format: FORMAT, key: key.id() };
    let (line, _) = Chain::new(key.clone(), FILE).next(&Line { time: now.to_string(), said });
    Ok(put(&path(folder), &line)?)
}

/// The register's path.
pub(super) fn path(folder: &Folder) -> PathBuf {
    folder.path().join(FOLDER).join(FILE)
}

/// The path of a process's file.
pub(super) fn path_of(folder: &Folder, name: &ProcessName) -> PathBuf {
    folder.path().join(FOLDER).join(format!("{name}.jsonl"))
}

/// Processes whose files stand in the trail's folder, and other files that
/// look like a trail.
pub(super) fn standing(folder: &Folder) -> io::Result<(Vec<ProcessName>, Vec<String>)> {
    let (mut known, mut strange) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(folder.path().join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((known, strange)),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        match name.strip_suffix(".jsonl") {
            Some(stem) if name != FILE => match stem.parse() {
                Ok(process) => known.push(process),
                Err(_) => strange.push(name),
            },
            _ => {}
        }
    }
    known.sort_unstable();
    strange.sort_unstable();
    Ok((known, strange))
}

/// How far a dead process's file reaches; `None` when its chain is broken.
pub(super) fn reach(file: &Path, name: &ProcessName, key: &Key) -> io::Result<Option<Reach>> {
    let mut chain = Chain::new(key.clone(), name.as_str());
    let mut lines = WholeLines::new(File::open(file)?);
    while let Some(line) = lines.next_line()? {
        if chain.read::<serde::de::IgnoredAny>(line).is_err() {
            return Ok(None);
        }
    }
    let torn = (!lines.torn.is_empty()).then(|| digest(&lines.torn));
    Ok(Some(Reach { file: name.to_string(), lines: chain.lines, bytes: lines.bytes, head: chain.head, torn }))
}

/// SHA-256 in hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Reads the lines that have an end, and keeps what stands after the last.
pub(super) struct WholeLines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Length of the whole lines so far.
    pub(super) bytes: u64,
    /// What stands after the last whole line, once there are no more.
    pub(super) torn: Vec<u8>,
}

impl WholeLines {
    pub(super) fn new(file: File) -> Self {
        Self { reader: BufReader::new(file), line: Vec::new(), bytes: 0, torn: Vec::new() }
    }

    /// The next line, without its end. One that is longer than any of ours
    /// comes in pieces, and none of them is a line of ours.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let read = (&mut self.reader).take(LONGEST_LINE as u64).read_until(b'\n', &mut self.line)?;
        match self.line.pop() {
            Some(b'\n') => {}
            Some(last) if read < LONGEST_LINE => {
                self.line.push(last);
                self.torn = std::mem::take(&mut self.line);
                return Ok(None);
            }
            Some(last) => self.line.push(last),
            None => return Ok(None),
        }
        self.bytes += read as u64;
        Ok(Some(&self.line))
    }
}
