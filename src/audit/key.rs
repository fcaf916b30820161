//! The folder's key.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wsman::entropy::Entropy;
use wsman::secret::Secret;

use super::chain::Mark;
use super::error::TrailError;
use crate::store::{Folder, FolderError, Held, private, sync_folder};

/// Name of its file.
pub(super) const FILE: &str = "key";

/// What a seal is over. Written before the bytes, so that no seal of one kind
/// is one of another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Over {
    Id,
    File,
    Line,
    Text,
}

/// Seals lines and hides texts.
#[derive(Clone, Debug)]
pub(super) struct Key(Arc<Secret<[u8; 32]>>);

impl Key {
    pub(super) fn drawn(entropy: &mut Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(Arc::new(Secret::new(bytes)))
    }

    /// Reads the folder's; `None` when it has none.
    pub(super) fn read(folder: &Folder) -> Result<Option<Self>, TrailError> {
        let path = folder.path().join(FILE);
        match std::fs::read_to_string(&path).map(Secret::new) {
            Ok(text) => Self::parse(text.expose()).map(Some).ok_or(TrailError::BadKey),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(TrailError::BadKey),
            Err(error) => Err(FolderError::Unusable { path, kind: error.kind() }.into()),
        }
    }

    /// Puts it into the folder, whole or not at all.
    pub(super) fn write(&self, folder: &Folder, _: &Held) -> Result<(), TrailError> {
        let path = folder.path().join(FILE);
        put(&path, format!("{}\n", hex(self.0.expose())).as_bytes())?;
        Ok(())
    }

    fn parse(text: &str) -> Option<Self> {
        let Mark(bytes) = Mark::parse(text.trim_end().as_bytes())?;
        Some(Self(Arc::new(Secret::new(bytes))))
    }

    /// Tells keys apart without showing them.
    pub(super) fn id(&self) -> String {
        hex(self.seal(Over::Id, &[]).0.get(..8).unwrap_or_default())
    }

    /// HMAC-SHA-256 of the parts, one after the other. Only the last may vary
    /// in length, or it would not say where one ends.
    pub(super) fn seal(&self, over: Over, parts: &[&[u8]]) -> Mark {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(match over {
            Over::Id => b"id\0",
            Over::File => b"file\0",
            Over::Line => b"line\0",
            Over::Text => b"text\0",
        });
        parts.iter().for_each(|part| mac.update(part));
        Mark(mac.finalize().into_bytes().into())
    }
}

/// Makes a file of this content, whole or not at all, and for good.
pub(super) fn put(path: &Path, content: &[u8]) -> Result<(), FolderError> {
    let unusable = FolderError::of(path);
    let new = path.with_extension("new");
    let mut file =
        private(std::fs::OpenOptions::new().create(true).write(true).truncate(true)).open(&new).map_err(&unusable)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(&unusable)?;
    std::fs::rename(&new, path).map_err(&unusable)?;
    path.parent().map_or(Ok(()), sync_folder).map_err(&unusable)
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
