//! Whether a person must confirm first.

use crate::catalog::{Code, Entry, ToolError};

/// Refuses what may lose something.
///
/// Leaves out the asking itself: until a person can be asked, such a function
/// does not run at all.
pub(super) fn check(entry: &Entry) -> Result<(), ToolError> {
    if !entry.annotations.destructive_hint {
        return Ok(());
    }
    let said = format!(
        "\"{}\" may lose something and needs a person's confirmation, which this release cannot ask for yet; nothing was run.",
        entry.function
    );
    Err(ToolError::refused(Code::ConfirmationRequired, said))
}
