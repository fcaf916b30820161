//! Our PowerShell on the host: several files by subject, sent as one text.
//!
//! The text holds nothing but itself: all input travels as values.

use sha2::{Digest, Sha256};

/// The files that make up [`MODULE`], in their order.
macro_rules! joined {
    ($($file:literal),* $(,)?) => { concat!($(include_str!(concat!("module/", $file, ".ps1"))),*) };
}

/// Our module, as it is sent: `begin` opens it and `end` closes it.
pub const MODULE: &str =
    joined!("begin", "tree", "keep", "source", "load", "guard", "azure", "call", "project", "probe", "end");

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
        assert_eq!(module_sha256(), "9eb7536f8ad5ded439cf70a3a6d25a8a574a599c96065af328bf9f89fa04f696");
    }

    #[test]
    fn the_module_is_plain_ascii() {
        // Windows PowerShell reads a file without BOM as ANSI.
        assert!(MODULE.is_ascii());
    }
}
