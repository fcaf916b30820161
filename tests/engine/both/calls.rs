//! One call of every function, on workspaces that both engines know.

use serde_json::{Value as Json, json};

/// Incidents, rules and the like that the scenario has there.
pub(super) const RULE: &str = "000000b0-0d3a-4000-8000-000000000001";
pub(super) const TEST_RULE: &str = "000000b1-0d3a-4000-8000-000000000002";

/// Workspaces of nordhafen.
pub(super) const PROD: &str = "nordhafen-prod";
pub(super) const OT: &str = "nordhafen-ot";

/// Function, workspace, arguments, and what a person types where something may be lost.
pub(super) struct Given {
    pub(super) function: &'static str,
    pub(super) workspace: &'static str,
    pub(super) arguments: Json,
    pub(super) name: Option<&'static str>,
}

fn read(function: &'static str, arguments: Json) -> Given {
    Given { function, workspace: PROD, arguments, name: None }
}

fn loses(function: &'static str, name: &'static str, arguments: Json) -> Given {
    Given { function, workspace: PROD, arguments, name: Some(name) }
}

/// All 39, in an order in which each finds what it needs.
pub(super) fn calls() -> Vec<Given> {
    let mut calls = tables();
    calls.extend(rules());
    calls.extend(workbooks());
    calls.extend(incidents());
    calls.extend(backup());
    calls.extend(collection());
    calls
}

fn tables() -> Vec<Given> {
    vec![
        read("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog" })),
        read("Get-SentinelTables", json!({ "IncludeUsage": true })),
        loses("Update-TablePlan", "Probe_CL", json!({ "TableName": "Probe_CL", "Plan": "Basic" })),
        loses(
            "Update-TableRetention",
            "TerminalAccess_CL",
            json!({ "TableName": "TerminalAccess_CL", "TotalRetentionInDays": 730 }),
        ),
        read("View-TableRetention", json!({})),
        loses("Remove-SentinelTable", "Probe_CL", json!({ "TableName": "Probe_CL" })),
    ]
}

fn rules() -> Vec<Given> {
    let new = json!({
        "DisplayName": "Probe: many failed sign-ins",
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
        read("Get-AnalyticsRules", json!({})),
        read("Get-AnalyticsRuleDetails", json!({ "RuleId": RULE, "IncludeHealth": true })),
        read("New-AnalyticsRule", new),
        loses("Disable-AnalyticsRule", RULE, json!({ "RuleId": RULE, "Reason": "probe" })),
        read("Enable-AnalyticsRule", json!({ "RuleId": RULE })),
        loses("Remove-AnalyticsRule", TEST_RULE, json!({ "RuleId": TEST_RULE })),
    ]
}

fn workbooks() -> Vec<Given> {
    const BOOK: &str = "000000f0-0d3a-4000-8000-000000000001";
    let content = r#"{"version":"Notebook/1.0","items":[],"$schema":"https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"}"#;
    vec![
        read("Get-SentinelWorkbooks", json!({})),
        read("Get-WorkbookDetails", json!({ "WorkbookId": BOOK })),
        read("Export-SentinelWorkbook", json!({ "WorkbookId": BOOK })),
        read("Import-SentinelWorkbook", json!({ "DisplayName": "Probe", "Content": content })),
        loses("Remove-SentinelWorkbook", BOOK, json!({ "WorkbookId": BOOK })),
    ]
}

fn incidents() -> Vec<Given> {
    vec![
        read("Get-SentinelIncidents", json!({})),
        read("Show-IncidentDetails", json!({ "IncidentNumber": 12345 })),
        read("Assign-IncidentOwner", json!({ "IncidentNumber": 12350, "OwnerUpn": "m.brandt@leuchtturm.example" })),
        read("Add-IncidentComment", json!({ "IncidentNumber": 12345, "Message": "Anruf beim Kunden: '$(1+1)' 🚀" })),
        read("Get-IncidentComments", json!({ "IncidentNumber": 12345 })),
        loses(
            "Close-SentinelIncident",
            "12345",
            json!({
                "IncidentNumber": 12345,
                "Classification": "TruePositive",
                "ClassificationReason": "SuspiciousActivity",
                "ClassificationComment": "Konto gesperrt",
            }),
        ),
    ]
}

fn backup() -> Vec<Given> {
    vec![
        read("Export-AnalyticsRules", json!({})),
        read("Export-AutomationRules", json!({})),
        read("Export-Watchlists", json!({})),
        read("Export-Functions", json!({})),
        read("Export-SavedQueries", json!({})),
        read("Export-TableData", json!({ "TableName": "TerminalAccess_CL", "MaxRows": 100 })),
    ]
}

fn collection() -> Vec<Given> {
    const RULE: &str = "dcr-nh-win-sec";
    let collects = json!({ "DcrName": "dcr-probe", "Kind": "Linux", "DataSourceType": "Syslog", "Facilities": ["auth"], "LogLevels": ["Warning"] });
    vec![
        read("Get-DataCollectionRules", json!({})),
        read("New-StandaloneDCE", json!({ "DceName": "dce-probe" })),
        // The other workspace has none.
        Given { workspace: OT, ..read("Get-DataCollectionEndpoints", json!({})) },
        read("New-DCRForTable", json!({ "TableName": "TerminalAccess_CL", "DcrName": "dcr-terminal-probe" })),
        read("New-StandaloneDCR", collects),
        read(
            "Add-DCRDataSource",
            json!({ "DcrName": "dcr-probe", "DataSourceType": "CEF", "Facilities": ["local4"], "LogLevels": ["Warning"] }),
        ),
        loses(
            "Update-DCRTransformation",
            "dcr-terminal-probe",
            json!({ "DcrName": "dcr-terminal-probe", "TransformKql": "source | where Result != 'ok'" }),
        ),
        read("Test-DCRIngestion", json!({ "DcrName": "dcr-terminal-probe", "RecordCount": 2 })),
        loses("Remove-DataCollectionRule", RULE, json!({ "DcrName": RULE, "DeleteAssociations": true })),
        loses("Remove-DataCollectionEndpoint", "dce-probe", json!({ "DceName": "dce-probe" })),
    ]
}
