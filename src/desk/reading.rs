//! Arguments under their names of today.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::access::Caller;
use crate::answer::case::{BadArgument, Misspelt, Unknown, Wanted};
use crate::answer::{ToolError, expected};
use crate::catalog::Tool;
use crate::config::Config;
use crate::tenant::Target;

/// The same arguments without old names. A tool that has an old name for
/// `workspace` finds the tenant by it, where only one has such a workspace:
/// that is how the tool of old was called.
///
/// # Errors
///
/// An argument under both of its names.
pub(super) fn of_today<'a>(
    config: &Config,
    caller: &Caller,
    tool: &Tool,
    given: &'a Map<String, Json>,
) -> Result<Cow<'a, Map<String, Json>>, ToolError> {
    let mut read = Cow::Borrowed(given);
    for (old, new) in tool.argument_aliases() {
        if !given.contains_key(old) {
            continue;
        }
        let Some(value) = read.to_mut().remove(old).filter(is_given) else { continue };
        let other = given.iter().find(|(name, value)| name.eq_ignore_ascii_case(new) && is_given(value));
        // A question over many may be for a workspace of whatever tenant.
        if new == "workspace" && matches!(tool, Tool::Function(_)) {
            let name = value.as_str().ok_or_else(|| expected(old, Wanted::Text))?;
            // The same twice is no mistake; two names would be a guess about where to write.
            if other.is_some_and(|(_, other)| *other != value) {
                return Err(ToolError::of(BadArgument::OldAndNewDiffer { old, new }));
            }
            if given.get("tenant").is_none_or(Json::is_null) {
                let tenant = only_tenant(config, caller, name)?;
                read.to_mut().insert("tenant".into(), tenant.into());
            }
        } else if other.is_some() {
            return Err(ToolError::of(BadArgument::OldAndNew { old, new }));
        }
        read.to_mut().insert(new.to_owned(), value);
    }
    Ok(read)
}

/// No alias and no name of an object is empty.
fn is_given(value: &Json) -> bool {
    !value.is_null() && value != ""
}

/// The only tenant that has a workspace of that alias.
fn only_tenant(config: &Config, caller: &Caller, workspace: &str) -> Result<String, ToolError> {
    let seen = config.registry.targets().filter(|target| caller.may_see(&target.tenant().id));
    let (named, others): (Vec<Target>, Vec<Target>) =
        seen.partition(|target| target.workspace().id.as_str() == workspace);
    match named.as_slice() {
        [only] => Ok(only.tenant().id.to_string()),
        [] => {
            let known = others.iter().map(|target| target.workspace().id.as_str());
            Err(ToolError::of(Unknown::Workspace(Misspelt::of(workspace, known))))
        }
        several => {
            let tenants = several.iter().map(|target| target.tenant().id.to_string()).collect();
            Err(ToolError::of(BadArgument::Ambiguous { workspace: workspace.to_owned(), tenants }))
        }
    }
}
