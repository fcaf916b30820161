//! Our PowerShell on the host: several files by subject, sent as one text.
//!
//! The text holds nothing but itself: all input travels as values.

use sha2::{Digest, Sha256};
use wsman::psrp::Command;

/// The files that make up [`MODULE`], in their order.
macro_rules! joined {
    ($($file:literal),* $(,)?) => { concat!($(include_str!(concat!("module/", $file, ".ps1"))),*) };
}

/// Our module, as it is sent: `begin` opens it and `end` closes it.
pub const MODULE: &str = joined!(
    "begin",
    "tree",
    "keep",
    "flow",
    "source",
    "load",
    "installed",
    "guard",
    "azure",
    "call",
    "project",
    "probe",
    "ask",
    "end"
);

/// One of the module's commands, by its name in the module: nothing that the
/// script defines can stand in for it.
pub(super) fn command(name: &str) -> Command {
    Command::new(format!("SentinelJump\\{name}"))
}

/// SHA-256 of [`MODULE`], lower-case hex.
#[must_use]
pub fn module_sha256() -> String {
    use std::fmt::Write as _;
    Sha256::digest(MODULE.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What runs on customers' hosts never changes in passing.
    #[test]
    fn the_module_is_the_one_that_was_reviewed() {
        assert_eq!(module_sha256(), "79db6a64e2583e4c02b9a8fa938efd730b1d4d0e4fee08d8ec559f5bff214eac");
    }

    #[test]
    fn the_module_is_plain_ascii() {
        // Windows PowerShell reads a file without BOM as ANSI.
        assert!(MODULE.is_ascii());
    }
}
