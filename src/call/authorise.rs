//! Whether the caller may use the tool on the target.
//!
//! A fleet tool is authorised as itself, not as the functions that it asks:
//! those only read, and it shows less of them than their own tools would.

use crate::catalog::{Code, Tool, ToolError};
use crate::tenant::{Caller, Effect, Mode, Policy, Target};

/// Refuses what the policy does not let through.
pub(super) fn check(policy: &Policy, caller: &Caller, tool: &Tool, target: &Target) -> Result<(), ToolError> {
    let name = tool.name();
    if !caller.may_see(&target.tenant().id) {
        let said = format!("The tenant \"{}\" is not yours to use.", target.tenant().id);
        return Err(ToolError::refused(Code::NotPermitted, said));
    }
    if !policy.allows(tool.set(), tool.effect()) {
        let said = match (tool.effect(), policy.mode) {
            (Effect::Write, Mode::ReadOnly) => {
                format!("\"{name}\" changes the workspace, and this server is read-only.")
            }
            _ => format!(
                "\"{name}\" is switched off on this server; its operator can switch on the tool set \"{}\".",
                tool.set()
            ),
        };
        return Err(ToolError::refused(Code::NotPermitted, said));
    }
    Ok(())
}
