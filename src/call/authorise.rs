//! Whether the caller may use the tool on the target.
//!
//! A fleet tool is authorised as itself, not as the functions that it asks:
//! those only read, and it shows less of them than their own tools would.

use crate::access::{Caller, Mode};
use crate::answer::{Code, ToolError};
use crate::catalog::Effect;
use crate::catalog::Tool;
use crate::tenant::Target;

/// Refuses what the caller's policy does not let through.
pub(crate) fn may_use(caller: &Caller, tool: &Tool) -> Result<(), ToolError> {
    let (name, policy) = (tool.name(), &caller.policy);
    if policy.allows(tool.set(), tool.effect()) {
        return Ok(());
    }
    let said = match (tool.effect(), policy.mode) {
        (Effect::Write, Mode::ReadOnly) => {
            format!("\"{name}\" changes the workspace, and this server is read-only.")
        }
        _ => format!(
            "\"{name}\" is switched off on this server; its operator can switch on the tool set \"{}\".",
            tool.set()
        ),
    };
    Err(ToolError::refused(Code::NotPermitted, said))
}

/// The same, and somebody else's tenant.
pub(super) fn check(caller: &Caller, tool: &Tool, target: &Target) -> Result<(), ToolError> {
    if !caller.may_see(&target.tenant().id) {
        let said = format!("The tenant \"{}\" is not yours to use.", target.tenant().id);
        return Err(ToolError::refused(Code::NotPermitted, said));
    }
    may_use(caller, tool)
}
