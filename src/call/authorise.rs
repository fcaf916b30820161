//! Whether the caller may use the tool on the target.
//!
//! A fleet tool is authorised as itself, not as the functions that it asks:
//! those only read, and it shows less of them than their own tools would.

use crate::access::{Caller, Mode};
use crate::answer::ToolError;
use crate::answer::case::Forbidden;
use crate::catalog::Effect;
use crate::catalog::Tool;
use crate::tenant::Target;

/// Refuses what the caller's policy does not let through.
pub(crate) fn may_use(caller: &Caller, tool: &Tool) -> Result<(), ToolError> {
    let policy = &caller.policy;
    if policy.allows(tool.set(), tool.effect()) {
        return Ok(());
    }
    Err(ToolError::of(match (tool.effect(), policy.mode) {
        (Effect::Write, Mode::ReadOnly) => Forbidden::ReadOnly { tool: tool.name() },
        _ => Forbidden::SwitchedOff { tool: tool.name(), set: tool.set() },
    }))
}

/// The same, and somebody else's tenant.
pub(super) fn check(caller: &Caller, tool: &Tool, target: &Target) -> Result<(), ToolError> {
    if !caller.may_see(&target.tenant().id) {
        return Err(ToolError::of(Forbidden::Tenant { tenant: target.tenant().id.clone() }));
    }
    may_use(caller, tool)
}
