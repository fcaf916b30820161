//! SentinelManager of our own: several files by subject, pushed as one script.
//!
//! Contract style, on Azure's REST interfaces. Its `param()` block takes what
//! the configuration says of the identity; the text itself holds nothing but
//! itself.

use sha2::{Digest, Sha256};

/// Path under which hosts parse it.
pub const MANAGER_PATH: &str = r"C:\SentinelJump\SentinelManager.ps1";

macro_rules! manager {
    ($($file:literal),+ $(,)?) => {
        /// The files by name, in the order in which they make the script.
        pub const MANAGER_FILES: &[(&str, &str)] =
            &[$((concat!($file, ".ps1"), include_str!(concat!("manager/", $file, ".ps1")))),+];

        /// The script, as it is pushed.
        pub const MANAGER: &str = concat!($(include_str!(concat!("manager/", $file, ".ps1"))),+);
    };
}

manager!(
    "begin",
    "json",
    "call",
    "token",
    "request",
    "query",
    "rules",
    "rule_new",
    "incidents",
    "tables",
    "workbooks",
    "export",
    "feeds",
    "feed_changes",
);

/// SHA-256 of [`MANAGER`], lower-case hex.
#[must_use]
pub fn manager_sha256() -> String {
    base16ct::lower::encode_string(&Sha256::digest(MANAGER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_is_plain_ascii() {
        // Windows PowerShell reads a file without BOM as ANSI.
        for (name, text) in MANAGER_FILES {
            assert!(text.is_ascii(), "{name}");
        }
    }
}
