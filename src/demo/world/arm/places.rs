//! What workspaces lie in: subscriptions, resource groups, and the workspaces
//! themselves.

use jiff::Timestamp;
use serde_json::json;

use super::content::put;
use crate::demo::world::dataset::RawWorkspace;
use crate::demo::world::document::Documents;

/// The provider's own tenant, to which the customers delegated their
/// subscriptions (Azure Lighthouse).
pub(in crate::demo) const PROVIDER_TENANT: &str = "000000d0-0d3a-4000-8000-000000000001";

/// The subscription of a workspace, as its tenant has it.
pub(in crate::demo::world) fn subscription(documents: &mut Documents, tenant: &str, raw: &RawWorkspace) {
    let id = format!("/subscriptions/{}", raw.subscription_id);
    let json = json!({
        "id": id,
        "subscriptionId": raw.subscription_id,
        "tenantId": tenant,
        "displayName": raw.subscription_name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [{ "tenantId": PROVIDER_TENANT }],
    });
    put(documents, &id, json);
}

/// The resource group and the workspace in it.
pub(in crate::demo::world) fn found(documents: &mut Documents, start: Timestamp, raw: &RawWorkspace) {
    let group = format!("/subscriptions/{}/resourceGroups/{}", raw.subscription_id, raw.resource_group_name);
    let json = json!({
        "id": group,
        "name": raw.resource_group_name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": raw.estate.location,
        "properties": { "provisioningState": "Succeeded" },
    });
    put(documents, &group, json);
    // Chosen: workspaces are two years old.
    let created = crate::demo::world::later(start, -730 * 86_400).to_string();
    let id = format!("{group}/providers/Microsoft.OperationalInsights/workspaces/{}", raw.workspace_name);
    let json = json!({
        "id": id,
        "name": raw.workspace_name,
        "type": "Microsoft.OperationalInsights/workspaces",
        "location": raw.estate.location,
        "etag": null,
        "tags": {},
        "properties": {
            "customerId": raw.workspace_id,
            "provisioningState": "Succeeded",
            "sku": { "name": raw.sku, "lastSkuUpdate": created },
            "retentionInDays": raw.estate.retention_in_days,
            "features": { "legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": true },
            "workspaceCapping": {
                "dailyQuotaGb": raw.daily_quota_gb,
                "quotaNextResetTime": crate::demo::world::later(start, 86_400).to_string(),
                "dataIngestionStatus": "RespectQuota",
            },
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
            "createdDate": created,
            "modifiedDate": created,
        },
    });
    put(documents, &id, json);
    let state = format!("{id}/providers/Microsoft.SecurityInsights/onboardingStates/default");
    let json = json!({
        "id": state,
        "name": "default",
        "etag": null,
        "type": "Microsoft.SecurityInsights/onboardingStates",
        "properties": { "customerManagedKey": false },
    });
    put(documents, &state, json);
}
