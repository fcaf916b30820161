//! Whether the places that a path names are there, and may be seen.

use super::identity::Caller;
use super::kind::Kind;
use super::path::Target;
use super::refusal::Refusal;
use crate::demo::world::document::{Documents, kind_of};

/// Refuses what lies in nothing.
///
/// # Errors
///
/// 404 naming what is missing: the resource group, the resource that is
/// extended, or the parent.
pub(super) fn check(target: &Target, documents: &Documents) -> Result<(), Refusal> {
    if let (Some(subscription), Some(group)) = (&target.subscription, &target.group)
        && documents.get(&format!("/subscriptions/{subscription}/resourceGroups/{group}")).is_none()
    {
        let message = format!("Resource group '{group}' could not be found.");
        return Err(Refusal::new(404, "ResourceGroupNotFound", message));
    }
    // Of what nobody here knows (a machine) it is believed that it is there.
    let is_known = |scope: &str| Kind::of(&kind_of(&scope.to_lowercase())).is_some();
    if target.scope.contains("/providers/") && documents.get(&target.scope).is_none() && is_known(&target.scope) {
        return Err(no_such(&target.scope, target.group.as_deref()));
    }
    if target.parent != target.scope && documents.get(&target.parent).is_none() {
        let message = format!(
            "Failed to perform 'action' on resource(s) of type '{}', because the parent resource '{}' could not be found.",
            target.kind, target.parent
        );
        return Err(Refusal::new(404, "ParentResourceNotFound", message));
    }
    Ok(())
}

/// Refuses a subscription that is not the caller's and not delegated to it.
///
/// # Errors
///
/// 404 where there is none, 401 where it is another tenant's.
pub(super) fn is_seen(subscription: &str, caller: &Caller, documents: &Documents) -> Result<(), Refusal> {
    let Some(found) = documents.get(&format!("/subscriptions/{subscription}")) else {
        let message = format!("The subscription '{subscription}' could not be found.");
        return Err(Refusal::new(404, "SubscriptionNotFound", message));
    };
    if sees(found.get("tenantId"), found.get("managedByTenants"), caller) {
        return Ok(());
    }
    let (theirs, own) = (&caller.tenant, found.get("tenantId").as_str().unwrap_or_default());
    let message = format!(
        "The access token is from the wrong issuer 'https://sts.windows.net/{theirs}/'. It must match the tenant \
         'https://sts.windows.net/{own}/' associated with this subscription. Please use the authority (URL) \
         'https://login.windows.net/{own}' to get the token."
    );
    Err(Refusal::new(401, "InvalidAuthenticationTokenTenant", message))
}

/// Whether a subscription of that tenant, managed by those, is the caller's.
pub(super) fn sees(tenant: &serde_json::Value, managed_by: &serde_json::Value, caller: &Caller) -> bool {
    let is_own = |id: &serde_json::Value| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(&caller.tenant));
    let mut managing = managed_by.as_array().into_iter().flatten();
    is_own(tenant) || managing.any(|tenant| is_own(&tenant["tenantId"]))
}

/// 404 for a resource of a resource group.
pub(super) fn no_resource(target: &Target, kind: &Kind) -> Refusal {
    let name = target.name.as_deref().unwrap_or_default();
    missing(&format!("{}/{name}", kind.name), target.group.as_deref())
}

fn no_such(id: &str, group: Option<&str>) -> Refusal {
    let behind = id.rsplit_once("/providers/").map_or(id, |(_, behind)| behind);
    missing(behind, group)
}

fn missing(resource: &str, group: Option<&str>) -> Refusal {
    let group = group.unwrap_or_default();
    let message = format!(
        "The Resource '{resource}' under resource group '{group}' was not found. For more details please go to \
         https://aka.ms/ARMResourceNotFoundFix"
    );
    Refusal::new(404, "ResourceNotFound", message)
}
