use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::answer::case::{Case, NoScript, NoSignIn, Stage, Unreached};
use crate::answer::{HostText, Rows};
use crate::call::Executed;
use crate::tenant::{HostId, Language};

#[expect(clippy::needless_pass_by_value, reason = "json!() makes a value")]
fn gave(rows: Json) -> Read {
    let rows = Arc::new(rows.as_array().expect("a list").iter().cloned().collect());
    Ok(Executed { rows: Arc::new(Rows { rows, ..Rows::default() }), cached: None })
}

fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

#[test]
fn rules_of_other_scripts_are_read_and_never_guessed() {
    let ours = gave(json!([{"DisplayName": "a", "Enabled": true}, {"DisplayName": "b", "Enabled": false}]));
    let check = rules(&ours);
    assert_eq!(
        (check.status, &check.facts["enabled"], &check.facts["disabled"]),
        (Status::Warning, &json!(1), &json!(1))
    );
    let arm = gave(json!([{"name": "x", "properties": {"displayName": "a", "enabled": true}}]));
    assert_eq!(rules(&arm).status, Status::Ok);
    let words = gave(json!([{"ENABLED": "True"}]));
    assert_eq!(rules(&words).status, Status::Ok);
    for (given, reason) in [
        (json!([{"DisplayName": "a"}]), "The script's answer has no field Enabled that can be read."),
        (
            json!([{"Enabled": true}, {"Enabled": null}]),
            "The script's answer has no field Enabled that can be read in 1 of 2 rows.",
        ),
        (json!(["a, enabled"]), "The script's answer is no list of objects."),
    ] {
        let check = rules(&gave(given));
        assert_eq!((check.status, check.reason(Language::English).as_str()), (Status::Unknown, reason));
    }
    assert_eq!(rules(&gave(json!([]))).status, Status::Error);
}

#[test]
fn a_rule_that_sentinel_gave_up_is_an_error() {
    let check = rules(&gave(json!([
        {"DisplayName": "AUTO DISABLED Sign-ins", "Enabled": false},
        {"DisplayName": "ü", "Enabled": true},
    ])));
    assert_eq!(check.status, Status::Error);
    assert_eq!(check.facts["autoDisabled"], json!(["AUTO DISABLED Sign-ins"]));
}

#[test]
fn an_answer_with_errors_or_on_the_screen_is_never_fine() {
    let rows = Arc::new([json!({"Enabled": true})].into_iter().collect());
    let errors = vec![HostText { message: "a page was left out".into(), id: "Throttled".into() }];
    let partial = Rows { rows, host_errors: errors, ..Rows::default() };
    let check = rules(&Ok(Executed { rows: Arc::new(partial), cached: None }));
    assert_eq!(check.status, Status::Unknown);
    let reason = check.reason(Language::English);
    assert!(!reason.contains("a page was left out"), "the host's words stand apart: {reason}");
    let screen = Rows { text: vec!["[+] 29 rules".into()], ..Rows::default() };
    let check = rules(&Ok(Executed { rows: Arc::new(screen), cached: None }));
    assert_eq!(check.status, Status::Unknown);
    let check = rules(&Err(ToolError::of(Case::Cancelled)));
    assert_eq!((check.status, &check.reasons[..]), (Status::Unknown, &[Reason::Failed(Case::Cancelled)][..]));
}

#[test]
fn incidents_are_judged_by_age_and_severity() {
    let incident = |severity: &str, status: &str, created: &str| json!({"Severity": severity, "Status": status, "CreatedTimeUtc": created});
    let fresh = gave(json!([
        incident("High", "New", "2026-03-01T20:00:00Z"),
        incident("Low", "Active", "2026-02-20T00:00:00Z")
    ]));
    let check = incidents(&fresh, Some(1_000), now());
    assert_eq!((check.status, &check.facts["bySeverity"]), (Status::Ok, &json!({"High": 1, "Low": 1})));
    let old = gave(json!([
        incident("High", "New", "2026-02-27T20:00:00Z"),
        incident("Low", "New", "2026-01-01T00:00:00Z"),
        incident("High", "Closed", "2025-01-01T00:00:00Z"),
    ]));
    let check = incidents(&old, Some(1_000), now());
    assert_eq!((check.status, &check.facts["open"], check.costs.len()), (Status::Warning, &json!(2), 2));
    assert_eq!(incidents(&fresh, Some(2), now()).status, Status::Unknown, "there may be more");
    assert_eq!(incidents(&fresh, None, now()).status, Status::Unknown, "the script chose what to show");
    assert_eq!(incidents(&gave(json!([])), Some(1_000), now()).status, Status::Ok);
}

#[test]
fn tables_retention_and_collection() {
    let given = gave(json!([
        {"TableName": "SecurityEvent", "Plan": "Analytics", "RetentionInDays": 30, "ProvisioningState": "Succeeded"},
        {"TableName": "Syslog", "Plan": "Analytics", "RetentionInDays": "90", "ProvisioningState": "Updating"},
        {"TableName": "Raw_CL", "Plan": "Basic", "RetentionInDays": 30, "ProvisioningState": "Succeeded"},
    ]));
    let check = tables(&given);
    assert_eq!((check.status, &check.facts["byPlan"]), (Status::Warning, &json!({"Analytics": 2, "Basic": 1})));
    assert_eq!(check.facts["notSucceeded"], json!(["Syslog"]));
    let check = retention(&given);
    assert_eq!((check.status, &check.facts["shortTables"]), (Status::Warning, &json!(["SecurityEvent"])));
    assert_eq!(retention(&gave(json!([{"TableName": "a", "Plan": "Analytics"}]))).status, Status::Unknown);
    assert_eq!(tables(&gave(json!([]))).status, Status::Unknown);
    let check = collection_rules(&gave(json!([
        {"Name": "dcr-a", "DestinationWorkspaces": ["law"]},
        {"Name": "dcr-b", "DestinationWorkspaces": []},
        {"Name": "dcr-c", "DestinationWorkspaces": null},
    ])));
    assert_eq!((check.status, &check.facts["withoutDestination"]), (Status::Warning, &json!(["dcr-b", "dcr-c"])));
    assert_eq!(collection_rules(&gave(json!([{"Name": "dcr-a"}]))).status, Status::Unknown);
    assert_eq!(collection_rules(&gave(json!([]))).status, Status::Ok);
    assert_eq!(endpoints(&gave(json!([{"Name": "dce", "ProvisioningState": "Failed"}]))).status, Status::Warning);
    assert_eq!(endpoints(&gave(json!([{"Id": 1}]))).status, Status::Unknown);
}

#[test]
fn without_a_session_each_check_says_what_is_known() {
    let status = |case: Case| unseen(&ToolError::of(case)).iter().map(|check| check.status).collect::<Vec<_>>();
    use Status::{Error, Ok as Fine, Unknown};
    let host = HostId::parse("jump").unwrap();
    let dead = Case::Unreached { host: host.clone(), why: Unreached::NoConnection };
    assert_eq!(status(dead), [Error, Unknown, Unknown, Unknown]);
    let refused = Case::NoSignIn { host: host.clone(), why: NoSignIn::Refused };
    assert_eq!(status(refused), [Unknown, Error, Unknown, Unknown]);
    let script = Case::NoScript { host: host.clone(), why: NoScript::Missing };
    assert_eq!(status(script), [Fine, Fine, Error, Unknown]);
    let quota = Case::Refused { host, stage: Stage::Before, fault: None, later: false };
    assert_eq!(status(quota), [Fine, Error, Unknown, Unknown]);
    let late = Case::Late { seconds: 1 };
    assert_eq!(status(late), [Unknown, Unknown, Unknown, Unknown]);
}
