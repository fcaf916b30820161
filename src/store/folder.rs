//! The state folder: whose it is, and who may change what is shared in it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file whose lock is the folder's.
const LOCK: &str = "lock";

/// Why a folder cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Others may look into it or write there.
    #[error("{} must be the account's alone: expected mode 700, found {mode:o}", path.display())]
    Exposed {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("{} belongs to user {owner}, not to user {us}, who runs this", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// It is a file, or something else.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What was to be the folder.
        path: PathBuf,
    },
    /// The system said no.
    #[error("{} cannot be used ({kind})", path.display())]
    Unusable {
        /// File or folder.
        path: PathBuf,
        /// What it said.
        kind: io::ErrorKind,
    },
}

impl FolderError {
    /// A file that has to be there is not.
    pub(crate) fn missing(path: &Path) -> Self {
        Self::Unusable { path: path.into(), kind: io::ErrorKind::NotFound }
    }

    /// What an error of the system means for this path.
    pub(crate) fn of(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::Unusable { path: path.clone(), kind: error.kind() }
    }
}

/// A folder of the account's own. Cheap to clone; holds nothing open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// The folder's lock, until it is dropped.
///
/// Held for as long as it takes to start, to end or to take over, never for a
/// call. Not reentrant: a second one in the same process waits for the first.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

impl Folder {
    /// Makes the folder when it is not there, and checks that it is private.
    ///
    /// # Errors
    ///
    /// [`FolderError`]: what has to be mended before it can be used.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = FolderError::of(path);
        if !path.exists() {
            make(path).map_err(&unusable)?;
        }
        let about = std::fs::metadata(path).map_err(&unusable)?;
        if !about.is_dir() {
            return Err(FolderError::NotAFolder { path: path.into() });
        }
        is_private(path, &about)?;
        Ok(Self { path: path.into() })
    }

    /// A folder to look at only: it may be a copy, and somebody else's.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when there is none.
    pub fn look(path: &Path) -> Result<Self, FolderError> {
        let about = std::fs::metadata(path).map_err(FolderError::of(path))?;
        if about.is_dir() { Ok(Self { path: path.into() }) } else { Err(FolderError::NotAFolder { path: path.into() }) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder in it, as private as itself, when it is not there.
    ///
    /// # Errors
    ///
    /// [`FolderError::Unusable`].
    pub fn within(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        if !path.is_dir() {
            make(&path).map_err(FolderError::of(&path))?;
            sync_folder(&self.path).map_err(FolderError::of(&self.path))?;
        }
        Ok(path)
    }

    /// Waits for the folder's lock and takes it.
    ///
    /// # Errors
    ///
    /// [`FolderError::Unusable`].
    pub fn hold(&self) -> Result<Held, FolderError> {
        let path = self.path.join(LOCK);
        let unusable = FolderError::of(&path);
        let lock = private(OpenOptions::new().create(true).append(true)).open(&path).map_err(&unusable)?;
        lock.lock().map_err(&unusable)?;
        Ok(Held { _lock: lock })
    }

    /// Waits until nobody changes what is shared, and keeps it so. `None`
    /// where nobody ever did, or where we may not even read: a copy.
    #[must_use]
    pub fn hold_still(&self) -> Option<Held> {
        let lock = File::open(self.path.join(LOCK)).ok()?;
        lock.lock_shared().ok()?;
        Some(Held { _lock: lock })
    }
}

/// A file that this makes is for the account only.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes what was made, renamed or removed in a folder outlast a power cut.
///
/// # Errors
///
/// What the system said.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and its journal does it.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(unix)]
fn is_private(path: &Path, about: &std::fs::Metadata) -> Result<(), FolderError> {
    use std::os::unix::fs::MetadataExt as _;
    let (owner, us) = (about.uid(), rustix::process::geteuid().as_raw());
    if owner != us {
        return Err(FolderError::Foreign { path: path.into(), owner, us });
    }
    let mode = about.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FolderError::Exposed { path: path.into(), mode });
    }
    Ok(())
}

/// Elsewhere a folder has the rights of the one that it is in, and what they
/// mean cannot be read off a number.
#[cfg(not(unix))]
fn is_private(_: &Path, _: &std::fs::Metadata) -> Result<(), FolderError> {
    Ok(())
}
