//! SentinelManager of our own: several files by subject, pushed as one script.
//!
//! Contract style, on Azure's REST interfaces. Its `param()` block takes what
//! the configuration says of the identity; the text itself holds nothing but
//! itself.

use sha2::{Digest, Sha256};

/// Path under which hosts parse it.
pub const MANAGER_PATH: &str = r"C:\SentinelJump\SentinelManager.ps1";

/// The files by name, in the order in which they make the script.
pub const MANAGER_FILES: &[(&str, &str)] = &[
    ("begin.ps1", include_str!("manager/begin.ps1")),
    ("json.ps1", include_str!("manager/json.ps1")),
    ("call.ps1", include_str!("manager/call.ps1")),
    ("token.ps1", include_str!("manager/token.ps1")),
    ("request.ps1", include_str!("manager/request.ps1")),
    ("query.ps1", include_str!("manager/query.ps1")),
    ("rules.ps1", include_str!("manager/rules.ps1")),
    ("rule_new.ps1", include_str!("manager/rule_new.ps1")),
    ("incidents.ps1", include_str!("manager/incidents.ps1")),
    ("tables.ps1", include_str!("manager/tables.ps1")),
    ("workbooks.ps1", include_str!("manager/workbooks.ps1")),
    ("export.ps1", include_str!("manager/export.ps1")),
    ("feeds.ps1", include_str!("manager/feeds.ps1")),
    ("feed_changes.ps1", include_str!("manager/feed_changes.ps1")),
];

/// The script, as it is pushed.
pub const MANAGER: &str = concat!(
    include_str!("manager/begin.ps1"),
    include_str!("manager/json.ps1"),
    include_str!("manager/call.ps1"),
    include_str!("manager/token.ps1"),
    include_str!("manager/request.ps1"),
    include_str!("manager/query.ps1"),
    include_str!("manager/rules.ps1"),
    include_str!("manager/rule_new.ps1"),
    include_str!("manager/incidents.ps1"),
    include_str!("manager/tables.ps1"),
    include_str!("manager/workbooks.ps1"),
    include_str!("manager/export.ps1"),
    include_str!("manager/feeds.ps1"),
    include_str!("manager/feed_changes.ps1"),
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
    fn the_files_make_the_script() {
        let joined: String = MANAGER_FILES.iter().map(|(_, text)| *text).collect();
        assert!(joined == MANAGER, "the two lists differ");
    }

    #[test]
    fn the_manager_is_plain_ascii() {
        // Windows PowerShell reads a file without BOM as ANSI.
        for (name, text) in MANAGER_FILES {
            assert!(text.is_ascii(), "{name}");
        }
    }
}
