//! What lies around a workspace and no function changes: connectors,
//! diagnostic settings, machines that send by a rule, roles, and the
//! delegation to the provider.

use serde_json::json;

use super::content::put;
use super::places::PROVIDER_TENANT;
use crate::demo::world::document::Documents;
use crate::demo::world::estate::{Connector, RawDcr};
use crate::demo::world::{Rule, Workspace, demo_id};

/// Roles, by their own ids. Source: built-in roles of Azure.
const ROLES: [(&str, &str); 5] = [
    ("ab8e14d6-4a74-4a29-9ba8-549422addade", "Microsoft Sentinel Contributor"),
    ("3e150937-b8fe-4cfb-8069-0eaf05ecd056", "Microsoft Sentinel Responder"),
    ("92aaf0da-9dab-42b6-94a3-d43ce8d16293", "Log Analytics Contributor"),
    ("749f88d5-cbae-40b8-bcfc-e573ddc772fa", "Monitoring Contributor"),
    ("3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher"),
];

/// A connector: of the provider's kinds a data connector, of the others what
/// feeds its table in their stead.
pub(super) fn connector(documents: &mut Documents, workspace: &Workspace, tenant: &str, raw: &Connector) {
    let data = match raw.kind.as_str() {
        "AzureActiveDirectory" => json!({ "alerts": { "state": "Enabled" } }),
        "Office365" => json!({
            "exchange": { "state": "Enabled" },
            "sharePoint": { "state": "Enabled" },
            "teams": { "state": "Enabled" },
        }),
        "MicrosoftThreatProtection" => json!({
            "incidents": { "state": "Enabled" },
            "alerts": { "state": "Enabled" },
        }),
        "ThreatIntelligence" => json!({ "indicators": { "state": "Enabled" } }),
        "DiagnosticSettings" => return diagnostic_setting(documents, workspace),
        // Data collection rules are what they are.
        _ => return,
    };
    let name = demo_id(&[&workspace.place.name, "connector", &raw.kind]);
    let id = workspace.arm_id("dataConnectors", &name);
    let json = json!({
        "id": id,
        "name": name,
        "etag": null,
        "type": "Microsoft.SecurityInsights/dataConnectors",
        "kind": raw.kind,
        "properties": { "tenantId": tenant, "dataTypes": data },
    });
    put(documents, &id, json);
}

/// Of a rule that was made from a template, the template.
pub(super) fn template(documents: &mut Documents, workspace: &Workspace, rule: &Rule) {
    let Some(name) = &rule.body.alert_rule_template_name else { return };
    let id = workspace.arm_id("alertRuleTemplates", name);
    let time = crate::demo::world::later(workspace.start, -400 * 86_400).to_string();
    let json = json!({
        "id": workspace.arm_id("AlertRuleTemplates", name),
        "name": name,
        "type": "Microsoft.SecurityInsights/AlertRuleTemplates",
        "kind": rule.body.kind,
        "properties": {
            "displayName": rule.body.display_name,
            "description": rule.body.description,
            "severity": rule.body.severity,
            "tactics": rule.body.tactics,
            "techniques": rule.body.techniques,
            "status": "Installed",
            "alertRulesCreatedByTemplateCount": 1,
            "createdDateUTC": time,
            "lastUpdatedDateUTC": time,
            "requiredDataConnectors": [],
        },
    });
    put(documents, &id, json);
}

/// The activity log's way into the workspace.
fn diagnostic_setting(documents: &mut Documents, workspace: &Workspace) {
    let scope = format!("/subscriptions/{}", workspace.place.subscription);
    let id = format!("{scope}/providers/Microsoft.Insights/diagnosticSettings/to-sentinel");
    let log = |category: &str| json!({ "category": category, "enabled": true });
    let logs = ["Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy"].map(log);
    let json = json!({
        "id": id,
        "name": "to-sentinel",
        "type": "Microsoft.Insights/diagnosticSettings",
        "properties": { "workspaceId": workspace.id(), "logs": logs },
    });
    put(documents, &id, json);
}

/// Machines that send by a rule.
pub(super) fn associations(documents: &mut Documents, workspace: &Workspace, raw: &RawDcr) {
    let rule = workspace.resource_id("Microsoft.Insights/dataCollectionRules", &raw.name);
    for n in 1..=raw.associations {
        let machine = workspace.resource_id("Microsoft.HybridCompute/machines", &format!("{}-{n:03}", raw.name));
        let id = format!("{machine}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{}", raw.name);
        let json = json!({
            "id": id,
            "name": raw.name,
            "type": "Microsoft.Insights/dataCollectionRuleAssociations",
            "properties": { "dataCollectionRuleId": rule },
            "etag": null,
        });
        put(documents, &id, json);
    }
}

/// What the jump hosts may do, and that the provider may, too.
pub(super) fn rights(documents: &mut Documents, workspace: &Workspace, tenant: &str) {
    let scope = format!("/subscriptions/{}", workspace.place.subscription);
    let created = crate::demo::world::later(workspace.start, -400 * 86_400).to_string();
    for (role, name) in ROLES {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}");
        let definition = json!({
            "id": id,
            "name": role,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": name,
                "type": "BuiltInRole",
                "description": name,
                "assignableScopes": ["/"],
                "permissions": [{ "actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": [] }],
            },
        });
        put(documents, &id, definition);
        let assignment = demo_id(&[tenant, &workspace.place.name, role]);
        let at = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}");
        let json = json!({
            "id": at,
            "name": assignment,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "scope": scope,
                "roleDefinitionId": id,
                "principalId": demo_id(&[tenant, "identity", "object"]),
                "principalType": "ServicePrincipal",
                "condition": null,
                "conditionVersion": null,
                "createdOn": created,
                "updatedOn": created,
                "createdBy": null,
                "updatedBy": null,
                "delegatedManagedIdentityResourceId": null,
                "description": null,
            },
        });
        put(documents, &at, json);
    }
    delegation(documents, &scope, tenant);
}

fn delegation(documents: &mut Documents, scope: &str, tenant: &str) {
    let name = demo_id(&[scope, "lighthouse"]);
    let definition = format!("{scope}/providers/Microsoft.ManagedServices/registrationDefinitions/{name}");
    let authorizations = ROLES.map(|(role, title)| {
        json!({
            "principalId": demo_id(&[PROVIDER_TENANT, "identity", "object"]),
            "principalIdDisplayName": title,
            "roleDefinitionId": role,
        })
    });
    let said = json!({
        "description": "Managed SOC",
        "authorizations": authorizations,
        "registrationDefinitionName": "Leuchtturm Cyber Defence",
        "managedByTenantId": PROVIDER_TENANT,
        "managedByTenantName": "Leuchtturm Cyber Defence",
        "manageeTenantId": tenant,
        "provisioningState": "Succeeded",
    });
    let json = json!({
        "id": definition,
        "name": name,
        "type": "Microsoft.ManagedServices/registrationDefinitions",
        "properties": said,
    });
    put(documents, &definition, json);
    let name = demo_id(&[scope, "lighthouse", "assignment"]);
    let id = format!("{scope}/providers/Microsoft.ManagedServices/registrationAssignments/{name}");
    let json = json!({
        "id": id,
        "name": name,
        "type": "Microsoft.ManagedServices/registrationAssignments",
        "properties": { "registrationDefinitionId": definition, "provisioningState": "Succeeded" },
    });
    put(documents, &id, json);
}
