//! What both faces are asked: every function with every parameter that the
//! catalogue has, refusals too.

use serde_json::{Value as Json, json};

/// One call. `masked`: places of a row that cannot agree (ids made of chance).
pub(super) struct Asked {
    pub(super) function: &'static str,
    pub(super) arguments: Json,
    pub(super) masked: &'static [&'static str],
}

fn ask(function: &'static str, arguments: Json) -> Asked {
    Asked { function, arguments, masked: &[] }
}

const RULE: &str = "000000b0-0d3a-4000-8000-000000000001";

/// Tenant, workspace, and calls in an order in which each finds what it needs.
pub(super) fn all() -> Vec<(&'static str, &'static str, Vec<Asked>)> {
    vec![
        ("nordhafen", "nordhafen-prod", prod()),
        ("alpenmed", "alpenmed-prod", reads()),
        ("marlowe", "marlowe-prod", reads()),
    ]
}

fn prod() -> Vec<Asked> {
    let mut all = reads();
    all.extend(rules());
    all.extend(incidents());
    all.extend(rule_changes());
    all.extend(incident_changes());
    all
}

/// Everything that a workspace tells without being told anything.
fn reads() -> Vec<Asked> {
    vec![
        ask("Get-AnalyticsRules", json!({})),
        ask("Get-SentinelIncidents", json!({ "Status": ["Open", "Closed"], "LastDays": 365, "Top": 1000 })),
        ask("Export-AnalyticsRules", json!({})),
    ]
}

fn rules() -> Vec<Asked> {
    vec![
        ask("Get-AnalyticsRules", json!({ "Enabled": false })),
        ask("Get-AnalyticsRules", json!({ "Enabled": true, "Kind": ["NRT", "Fusion"], "IncludeQuery": true })),
        ask("Get-AnalyticsRules", json!({ "Severity": ["High"], "Tactic": "credentialaccess" })),
        ask("Get-AnalyticsRules", json!({ "NameFilter": "*pass*", "ModifiedSince": "2026-01-01T00:00:00Z" })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleId": RULE })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleName": "test rule", "IncludeActions": true })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleId": "BuiltInFusion" })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleId": "000000b0-0d3a-4000-8000-00000000ffff" })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleName": "nothing of that name's" })),
        ask("Export-AnalyticsRules", json!({ "Format": "ARM", "RuleId": [RULE, "no-such-rule"] })),
        ask("Export-AnalyticsRules", json!({ "Format": "YAML", "Enabled": false })),
        ask("Export-AnalyticsRules", json!({ "RuleId": [RULE], "PassThru": false, "IncludeActions": true })),
    ]
}

fn rule_changes() -> Vec<Asked> {
    let new = json!({
        "DisplayName": "Probe: many failed sign-ins",
        "RuleId": "000000b0-0d3a-4000-8000-0000000000aa",
        "Query": "SigninLogs | where ResultType != '0' | summarize n=count() by IPAddress | where n > 100",
        "Severity": "Low",
        "QueryFrequency": "PT30M",
        "QueryPeriod": "PT1H",
        "Tactics": ["CredentialAccess"],
        "Techniques": ["T1110"],
        "EntityMappings": [
            { "entityType": "IP", "fieldMappings": [{ "identifier": "Address", "columnName": "IPAddress" }] },
        ],
    });
    vec![
        ask("Disable-AnalyticsRule", json!({ "RuleId": RULE, "WhatIf": true })),
        ask("Disable-AnalyticsRule", json!({ "RuleId": RULE, "Reason": "probe" })),
        ask("Disable-AnalyticsRule", json!({ "RuleId": RULE })),
        ask("Enable-AnalyticsRule", json!({ "RuleId": RULE })),
        ask("New-AnalyticsRule", new.clone()),
        ask("New-AnalyticsRule", new),
        ask(
            "New-AnalyticsRule",
            json!({ "DisplayName": "x", "Kind": "NRT", "Query": "SigninLogs", "QueryPeriod": "PT1H" }),
        ),
        ask("New-AnalyticsRule", json!({ "DisplayName": "x", "Query": "NoSuchTable_CL | take 1" })),
        ask("New-AnalyticsRule", json!({ "DisplayName": "x", "Kind": "Fusion", "Query": "SigninLogs" })),
        ask("Remove-AnalyticsRule", json!({ "RuleId": "000000b0-0d3a-4000-8000-0000000000aa", "WhatIf": true })),
        ask("Remove-AnalyticsRule", json!({ "RuleId": "000000b0-0d3a-4000-8000-0000000000aa" })),
        ask("Remove-AnalyticsRule", json!({ "RuleName": "Test Rule" })),
        ask("Get-AnalyticsRules", json!({})),
    ]
}

fn incidents() -> Vec<Asked> {
    vec![
        ask("Get-SentinelIncidents", json!({})),
        ask("Get-SentinelIncidents", json!({ "Severity": ["High"], "OrderBy": "CreatedAsc" })),
        ask("Get-SentinelIncidents", json!({ "LastDays": 365, "OrderBy": "SeverityDesc", "Top": 3 })),
        ask("Get-SentinelIncidents", json!({ "Status": ["Closed"], "LastDays": 365, "OrderBy": "LastModifiedDesc" })),
        ask("Get-SentinelIncidents", json!({ "Owner": "unassigned", "LastDays": 365 })),
        ask("Get-SentinelIncidents", json!({ "Owner": "J.Okafor@leuchtturm.example", "LastDays": 365 })),
        ask("Get-SentinelIncidents", json!({ "TitleFilter": "SPRAY", "LastDays": 365 })),
        ask("Get-SentinelIncidents", json!({ "Label": "chain-petersen", "RuleId": RULE, "LastDays": 365 })),
        ask(
            "Get-SentinelIncidents",
            json!({ "CreatedAfter": "2025-01-01T00:00:00Z", "CreatedBefore": "2030-01-01T00:00:00Z" }),
        ),
        ask("Show-IncidentDetails", json!({ "IncidentNumber": 12345 })),
        ask(
            "Show-IncidentDetails",
            json!({ "IncidentId": "000000e0-0d3a-4000-8000-000000003039", "Include": ["Tasks", "Bookmarks", "Relations"] }),
        ),
        ask("Show-IncidentDetails", json!({ "IncidentNumber": 99 })),
        ask("Get-IncidentComments", json!({ "IncidentNumber": 12345 })),
        ask("Get-IncidentComments", json!({ "IncidentNumber": 12345, "Top": 1 })),
    ]
}

fn incident_changes() -> Vec<Asked> {
    vec![
        ask(
            "Assign-IncidentOwner",
            json!({ "IncidentNumber": 12350, "OwnerUpn": "m.brandt@leuchtturm.example", "WhatIf": true }),
        ),
        ask(
            "Assign-IncidentOwner",
            json!({ "IncidentNumber": 12350, "OwnerUpn": "m.brandt@leuchtturm.example", "SetActive": true }),
        ),
        ask("Assign-IncidentOwner", json!({ "IncidentNumber": 12350, "OwnerUpn": "nobody@leuchtturm.example" })),
        ask("Assign-IncidentOwner", json!({ "IncidentNumber": 12350, "Unassign": true })),
        ask("Assign-IncidentOwner", json!({ "IncidentNumber": 12350 })),
        ask(
            "Assign-IncidentOwner",
            json!({ "IncidentNumber": 12345, "OwnerObjectId": "000000a0-0d3a-4000-8000-00000000ffff" }),
        ),
        ask(
            "Add-IncidentComment",
            json!({ "IncidentNumber": 12345, "Message": "Anruf: '$(1+1)' \u{1F680} \u{e4}", "CommentId": "000000a1-0d3a-4000-8000-000000000001" }),
        ),
        ask(
            "Add-IncidentComment",
            json!({ "IncidentNumber": 12345, "Message": "anders", "CommentId": "000000a1-0d3a-4000-8000-000000000001" }),
        ),
        ask(
            "Close-SentinelIncident",
            json!({ "IncidentNumber": 12345, "Classification": "TruePositive", "ClassificationReason": "InaccurateData" }),
        ),
        ask(
            "Close-SentinelIncident",
            json!({ "IncidentNumber": 12345, "Classification": "TruePositive", "ClassificationReason": "SuspiciousActivity", "ClassificationComment": "Konto gesperrt" }),
        ),
        ask("Close-SentinelIncident", json!({ "IncidentNumber": 12345, "Classification": "Undetermined" })),
        ask("Show-IncidentDetails", json!({ "IncidentNumber": 12345 })),
        ask("Get-SentinelIncidents", json!({ "Status": ["Open", "Closed"], "LastDays": 365 })),
    ]
}
