//! The SentinelManager of our own, for who wants to read it.

use crate::host;

/// Its text and its parts, as a host gets them.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// The whole, as it is sent.
    pub text: &'static str,
    /// The same by subject: each file's name and text.
    pub files: &'static [(&'static str, &'static str)],
}

impl Bundled {
    /// The one of this release.
    #[must_use]
    pub fn of_this_release() -> Self {
        Self { text: host::MANAGER, files: host::MANAGER_FILES }
    }

    /// SHA-256 of the text, lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        host::manager_sha256()
    }
}
