//! Why there is no line.

use std::io;

use super::chain::Fault;
use crate::store::FolderError;

/// Why the trail cannot be used, or did not take a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    /// The folder is not to be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is a trail, but not the key that it is sealed with.
    #[error("the trail's key is gone")]
    KeyLost,
    /// The key's file holds something else.
    #[error("the trail's key cannot be read")]
    BadKey,
    /// A newer release writes it.
    #[error("the trail is of format {found}, this release knows {known}")]
    Newer {
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The register is not what was written; nothing may be added to it.
    #[error("line {line} of the trail's register {fault}")]
    Register {
        /// The first bad line.
        line: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The disk did not take it: full, broken, or gone.
    #[error("the trail cannot be written ({0})")]
    Unwritable(io::ErrorKind),
    /// Our file is not where we made it.
    #[error("the trail's file was moved or removed")]
    Vanished,
    /// Somebody else wrote into our file or cut it.
    #[error("the trail's file has {found} bytes where {expected} were written")]
    Touched {
        /// What we wrote.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// It ended with its process.
    #[error("the trail is closed")]
    Closed,
}
