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
    all.extend(tables());
    all.extend(workbooks());
    all.extend(backup());
    all.extend(feeds());
    all.extend(feed_changes());
    all
}

/// Everything that a workspace tells without being told anything.
fn reads() -> Vec<Asked> {
    vec![
        ask("Get-AnalyticsRules", json!({})),
        ask("Get-SentinelIncidents", json!({ "Status": ["Open", "Closed"], "LastDays": 365, "Top": 1000 })),
        ask("Export-AnalyticsRules", json!({})),
        ask("Get-SentinelTables", json!({})),
        ask("View-TableRetention", json!({})),
        ask("Get-SentinelWorkbooks", json!({})),
        ask("Export-AutomationRules", json!({})),
        ask("Export-Watchlists", json!({})),
        ask("Export-Functions", json!({})),
        ask("Export-SavedQueries", json!({})),
        ask("Get-DataCollectionRules", json!({ "IncludeAssociations": true })),
        ask("Get-DataCollectionEndpoints", json!({})),
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
        // The scenario counts alerts of a week otherwise than its incidents do.
        Asked {
            masked: &["/Health/alerts"],
            ..ask("Get-AnalyticsRuleDetails", json!({ "RuleId": RULE, "IncludeHealth": true }))
        },
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
        ask("Export-AnalyticsRules", json!({ "RuleId": ["000000b0-0d3a-4000-8000-0000000000aa"] })),
        ask("Get-AnalyticsRuleDetails", json!({ "RuleId": "000000b0-0d3a-4000-8000-0000000000aa" })),
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

fn tables() -> Vec<Asked> {
    let columns = json!([{ "name": "Who", "type": "string" }, { "Name": "When", "Type": "datetime" }, { "name": "Id", "type": "guid" }]);
    vec![
        ask("Get-SentinelTables", json!({ "NameFilter": "*_CL", "IncludeSchema": true })),
        ask("Get-SentinelTables", json!({ "TableType": "Microsoft", "Plan": "Basic" })),
        ask("Get-SentinelTables", json!({ "TableType": "SearchResults" })),
        // Usage tells the hour, the Demo the minute of the last row.
        Asked {
            masked: &["/LastIngested"],
            ..ask("Get-SentinelTables", json!({ "IncludeUsage": true, "UsageDays": 1 }))
        },
        ask("View-TableRetention", json!({ "TableName": "signinlogs" })),
        ask("View-TableRetention", json!({ "OnlyNonDefault": true })),
        ask("View-TableRetention", json!({ "TableName": "Nothing" })),
        ask("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog", "WhatIf": true })),
        ask("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog" })),
        ask("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog" })),
        ask("New-SentinelTable", json!({ "TableName": "Other_CL", "Columns": columns, "TotalRetentionInDays": 365 })),
        ask("New-SentinelTable", json!({ "TableName": "Bad_CL", "Columns": [{ "name": "Type", "type": "string" }] })),
        ask("New-SentinelTable", json!({ "TableName": "Bad_CL", "Columns": [{ "name": "x", "type": "text" }] })),
        ask("New-SentinelTable", json!({ "TableName": "Bad_CL", "Schema": "Syslog", "TotalRetentionInDays": 5 })),
        ask("Update-TablePlan", json!({ "TableName": "Probe_CL", "Plan": "Basic" })),
        ask("Update-TablePlan", json!({ "TableName": "Probe_CL", "Plan": "Analytics" })),
        ask("Update-TablePlan", json!({ "TableName": "SigninLogs", "Plan": "Auxiliary" })),
        ask("Update-TablePlan", json!({ "TableName": "Syslog", "Plan": "Basic", "WhatIf": true })),
        ask(
            "Update-TableRetention",
            json!({ "TableName": "Other_CL", "RetentionInDays": 120, "TotalRetentionInDays": 730 }),
        ),
        ask(
            "Update-TableRetention",
            json!({ "TableName": "Other_CL", "RetentionInDays": -1, "TotalRetentionInDays": -1 }),
        ),
        ask("Update-TableRetention", json!({ "TableName": "Other_CL" })),
        ask("Update-TableRetention", json!({ "TableName": "Probe_CL", "RetentionInDays": 60 })),
        ask("Remove-SentinelTable", json!({ "TableName": "Nothing_CL" })),
        ask("Remove-SentinelTable", json!({ "TableName": "DnsFirewall_CL" })),
        ask("Remove-SentinelTable", json!({ "TableName": "Other_CL" })),
        ask("Remove-SentinelTable", json!({ "TableName": "Probe_CL" })),
        ask("Get-SentinelTables", json!({})),
    ]
}

const BOOK: &str = "000000f0-0d3a-4000-8000-000000000001";

fn workbooks() -> Vec<Asked> {
    let content = r#"{"version":"Notebook/1.0","items":[{"type":3,"content":{"query":"SigninLogs | take 1"}}],"fallbackResourceIds":["/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/z"]}"#;
    let new =
        json!({ "DisplayName": "Probe", "WorkbookId": "000000f0-0d3a-4000-8000-0000000000aa", "Content": content });
    vec![
        ask("Get-SentinelWorkbooks", json!({ "NameFilter": "*overview*" })),
        ask("Get-SentinelWorkbooks", json!({ "AllInSubscription": true })),
        ask("Get-WorkbookDetails", json!({ "WorkbookId": BOOK })),
        ask("Get-WorkbookDetails", json!({ "DisplayName": "security overview", "IncludeContent": true })),
        ask("Get-WorkbookDetails", json!({ "DisplayName": "nothing of that name's" })),
        ask("Export-SentinelWorkbook", json!({ "WorkbookId": BOOK })),
        ask("Export-SentinelWorkbook", json!({ "WorkbookId": BOOK, "Format": "Gallery" })),
        ask("Export-SentinelWorkbook", json!({ "WorkbookId": BOOK, "Format": "Raw", "PassThru": false })),
        ask("Import-SentinelWorkbook", new.clone()),
        ask("Import-SentinelWorkbook", new),
        ask(
            "Import-SentinelWorkbook",
            json!({ "DisplayName": "Probe 2", "WorkbookId": "000000f0-0d3a-4000-8000-0000000000aa", "Content": content, "Overwrite": true }),
        ),
        ask("Import-SentinelWorkbook", json!({ "DisplayName": "x", "Content": "{\"items\": 1}" })),
        ask(
            "Get-WorkbookDetails",
            json!({ "WorkbookId": "000000f0-0d3a-4000-8000-0000000000aa", "IncludeContent": true }),
        ),
        ask("Remove-SentinelWorkbook", json!({ "WorkbookId": BOOK, "WhatIf": true })),
        ask("Remove-SentinelWorkbook", json!({ "WorkbookId": BOOK })),
        ask("Remove-SentinelWorkbook", json!({ "WorkbookId": BOOK })),
        ask("Get-SentinelWorkbooks", json!({})),
    ]
}

/// What depends on rows: the Demo engine has others than the logs.
const ROWS: &[&str] = &["/RowCount", "/FirstTime", "/LastTime", "/Bytes", "/Sha256", "/Checkpoint/CompletedThrough"];

fn backup() -> Vec<Asked> {
    vec![
        ask("Export-AutomationRules", json!({ "Format": "ARM" })),
        ask("Export-AutomationRules", json!({ "PassThru": false })),
        ask("Export-Watchlists", json!({ "Format": "CSV" })),
        ask("Export-Watchlists", json!({ "WatchlistAlias": ["breakglassaccounts", "nothing"], "IncludeItems": false })),
        ask("Export-Functions", json!({ "Format": "KQL", "NameFilter": "asim*" })),
        ask("Export-Functions", json!({ "Format": "ARM" })),
        ask("Export-SavedQueries", json!({ "Format": "KQL", "Category": "hunting queries" })),
        ask("Export-SavedQueries", json!({ "Format": "ARM", "IncludeQueryPacks": true })),
        ask("Export-TableData", json!({ "TableName": "Nothing" })),
        ask(
            "Export-TableData",
            json!({ "TableName": "SigninLogs", "StartTime": "2026-01-02T00:00:00Z", "EndTime": "2026-01-01T00:00:00Z" }),
        ),
        ask("Export-TableData", json!({ "TableName": "TerminalAccess_CL", "Columns": ["Nothing"] })),
        Asked { masked: ROWS, ..ask("Export-TableData", json!({ "TableName": "TerminalAccess_CL", "MaxRows": 100 })) },
        Asked {
            masked: ROWS,
            ..ask(
                "Export-TableData",
                json!({ "TableName": "TerminalAccess_CL", "Format": "JSONL", "BatchDays": 1, "Columns": ["Gate", "BadgeId"] }),
            )
        },
    ]
}

fn feeds() -> Vec<Asked> {
    const FEED: &str = "dcr-nh-win-sec";
    let new = json!({ "DcrName": "dcr-probe", "Kind": "Linux", "DataSourceType": "Syslog", "Facilities": ["auth"], "LogLevels": ["Warning"] });
    let text = json!({ "DcrName": "dcr-text", "DataSourceType": "TextLog", "FilePatterns": ["C:\\x"], "OutputTable": "TerminalAccess_CL" });
    vec![
        ask("Get-DataCollectionRules", json!({})),
        ask("Get-DataCollectionRules", json!({ "Name": FEED, "IncludeAssociations": true })),
        ask("Get-DataCollectionRules", json!({ "Kind": "Direct" })),
        ask("Get-DataCollectionRules", json!({ "Name": "nothing" })),
        ask("Get-DataCollectionEndpoints", json!({ "Name": "nothing" })),
        ask("New-StandaloneDCE", json!({ "DceName": "dce-probe", "WhatIf": true })),
        ask("New-StandaloneDCE", json!({ "DceName": "dce-probe" })),
        ask("New-StandaloneDCE", json!({ "DceName": "dce-probe" })),
        ask("New-StandaloneDCE", json!({ "DceName": "dce-elsewhere", "Location": "eastus" })),
        ask(
            "New-DCRForTable",
            json!({ "TableName": "TerminalAccess_CL", "DcrName": "dcr-terminal-probe", "DceName": "dce-probe" }),
        ),
        ask("New-DCRForTable", json!({ "TableName": "SigninLogs" })),
        ask("New-StandaloneDCR", new.clone()),
        ask("New-StandaloneDCR", new),
        ask("New-StandaloneDCR", text),
        ask("New-StandaloneDCR", json!({ "DcrName": "dcr-x", "Kind": "Linux", "DataSourceType": "IISLog" })),
        ask(
            "New-StandaloneDCR",
            json!({ "DcrName": "dcr-x", "Kind": "Windows", "DataSourceType": "WindowsEventLogs" }),
        ),
        ask(
            "Add-DCRDataSource",
            json!({ "DcrName": "dcr-probe", "DataSourceType": "CEF", "Facilities": ["local4"], "LogLevels": ["Warning"] }),
        ),
        ask(
            "Add-DCRDataSource",
            json!({ "DcrName": "dcr-probe", "DataSourceType": "Syslog", "SourceName": "more", "TransformKql": "source | where Facility == 'auth'" }),
        ),
    ]
}

fn feed_changes() -> Vec<Asked> {
    const FEED: &str = "dcr-nh-win-sec";
    vec![
        ask("Add-DCRDataSource", json!({ "DcrName": "dcr-probe", "DataSourceType": "Syslog", "SourceName": "more" })),
        ask(
            "Update-DCRTransformation",
            json!({ "DcrName": "dcr-terminal-probe", "TransformKql": "source | where Result != 'ok'", "WhatIf": true }),
        ),
        ask(
            "Update-DCRTransformation",
            json!({ "DcrName": "dcr-terminal-probe", "TransformKql": "source | where Result != 'ok'" }),
        ),
        ask("Update-DCRTransformation", json!({ "DcrName": "dcr-terminal-probe", "TransformKql": "T | take 1" })),
        ask(
            "Update-DCRTransformation",
            json!({ "DcrName": "dcr-nh-cef", "TransformKql": "source | where DeviceVendor != 'x'" }),
        ),
        ask(
            "Add-DCRDataSource",
            json!({ "DcrName": "dcr-nh-win-sec", "DataSourceType": "PerformanceCounters", "CounterSpecifiers": ["\\\\Processor(*)\\\\% Idle Time"] }),
        ),
        ask("Update-DCRTransformation", json!({ "DcrName": "dcr-probe", "TransformKql": "source" })),
        ask(
            "Update-DCRTransformation",
            json!({ "DcrName": "dcr-probe", "Stream": "Nothing", "TransformKql": "source" }),
        ),
        ask("Get-DataCollectionEndpoints", json!({})),
        ask("Remove-DataCollectionEndpoint", json!({ "DceName": "dce-probe" })),
        ask("Remove-DataCollectionRule", json!({ "DcrName": FEED })),
        ask("Remove-DataCollectionRule", json!({ "DcrName": FEED, "DeleteAssociations": true })),
        Asked {
            masked: &["/RunMarker", "/LatencySeconds"],
            ..ask(
                "Test-DCRIngestion",
                json!({ "DcrName": "dcr-dnsfirewall-cl", "RecordCount": 2, "WaitForArrival": false }),
            )
        },
        ask(
            "Update-DCRTransformation",
            json!({ "DcrName": "dcr-terminal-probe", "TransformKql": "source | extend x = 1", "TestRows": "[{\"Gate\":\"a\",\"n\":1},{\"Gate\":\"b'c\",\"n\":2}]" }),
        ),
        ask("Remove-DataCollectionRule", json!({ "DcrName": "dcr-terminal-probe" })),
        ask("Remove-DataCollectionEndpoint", json!({ "DceName": "dce-probe" })),
        ask("Get-DataCollectionRules", json!({})),
        Asked {
            masked: &["/RunMarker", "/LatencySeconds"],
            ..ask(
                "Test-DCRIngestion",
                json!({ "DcrName": "dcr-probe", "StreamName": "Microsoft-Syslog", "DryRun": true }),
            )
        },
    ]
}
