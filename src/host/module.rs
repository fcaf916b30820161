//! Our PowerShell on the host: several files by subject, sent as one text.
//!
//! The text holds nothing but itself: all input travels as values.

use sha2::{Digest, Sha256};
use wsman::psrp::Command;

/// Our module, as it is sent: `begin` opens it and `end` closes it.
pub const MODULE: &str = concat!(
    include_str!("module/begin.ps1"),
    include_str!("module/tree.ps1"),
    include_str!("module/keep.ps1"),
    include_str!("module/flow.ps1"),
    include_str!("module/source.ps1"),
    include_str!("module/load.ps1"),
    include_str!("module/installed.ps1"),
    include_str!("module/guard.ps1"),
    include_str!("module/azure.ps1"),
    include_str!("module/call.ps1"),
    include_str!("module/project.ps1"),
    include_str!("module/probe.ps1"),
    include_str!("module/ask.ps1"),
    include_str!("module/end.ps1"),
);

/// One of the module's commands, by its name in the module: nothing that the
/// script defines can stand in for it.
pub(super) fn command(name: &str) -> Command {
    Command::new(format!("SentinelJump\\{name}"))
}

/// SHA-256 of [`MODULE`], lower-case hex.
#[must_use]
pub fn module_sha256() -> String {
    base16ct::lower::encode_string(&Sha256::digest(MODULE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What runs on customers' hosts never changes in passing.
    #[test]
    fn the_module_is_the_one_that_was_reviewed() {
        assert_eq!(module_sha256(), "f6bb3a19135336ac0ade515143df9e4bef654e527618a9e57e82d30cf3d9f3ea");
    }

    #[test]
    fn the_module_is_plain_ascii() {
        // Windows PowerShell reads a file without BOM as ANSI.
        assert!(MODULE.is_ascii());
    }
}
