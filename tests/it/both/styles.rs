//! The interactive scripts, which keep their target in a session: what they
//! have answers, what they lack is refused.

use futures_util::future::BoxFuture;
use sentinel_jump::call::{Answer, CallPath, Confirm, Confirmation, Reply, Request};
use sentinel_jump::catalog::{Code, all};
use sentinel_jump::fleet;
use sentinel_jump::tenant::Caller;
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::real;
use crate::hosts::on;

/// How a call of a function that the script has must end.
#[derive(Clone, Copy)]
enum End {
    /// With rows.
    Rows,
    /// With lines on the screen only.
    Screen,
    /// With a question that nobody may answer.
    Question,
}

/// Every function of the catalogue that the interactive scripts have.
fn had() -> Vec<(&'static str, Json, End)> {
    use End::{Question, Rows, Screen};
    vec![
        ("Get-SentinelTables", json!({}), Rows),
        ("View-TableRetention", json!({}), Screen),
        ("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog" }), Rows),
        ("Remove-SentinelTable", json!({ "TableName": "Probe_CL" }), Question),
        ("Update-TablePlan", json!({ "TableName": "Syslog", "Plan": "Basic" }), Rows),
        ("Update-TableRetention", json!({ "TableName": "Syslog", "RetentionInDays": 90 }), Question),
        ("Get-AnalyticsRules", json!({ "Enabled": true }), Rows),
        ("Get-AnalyticsRuleDetails", json!({ "RuleId": "000000b0-0d3a-4000-8000-0000000000ab" }), Rows),
        ("Enable-AnalyticsRule", json!({ "RuleId": "r1" }), Rows),
        ("Disable-AnalyticsRule", json!({ "RuleId": "r1" }), Question),
        ("Remove-AnalyticsRule", json!({ "RuleId": "r1" }), Question),
        ("New-AnalyticsRule", json!({ "DisplayName": "x", "Query": "Heartbeat", "QueryFrequency": "PT30M" }), Rows),
        ("Get-SentinelIncidents", json!({}), Rows),
        ("Show-IncidentDetails", json!({ "IncidentNumber": 4711 }), Screen),
        ("Close-SentinelIncident", json!({ "IncidentNumber": 4711, "Classification": "TruePositive" }), Question),
        ("Add-IncidentComment", json!({ "IncidentNumber": 4711, "Message": "geprüft" }), Rows),
        ("Assign-IncidentOwner", json!({ "IncidentNumber": 4711, "OwnerUpn": "m.brandt@leuchtturm.example" }), Rows),
        ("Get-SentinelWorkbooks", json!({}), Rows),
        ("Export-AnalyticsRules", json!({}), Rows),
        ("Export-TableData", json!({ "TableName": "Syslog" }), Question),
        ("Get-DataCollectionRules", json!({}), Rows),
        ("Remove-DataCollectionRule", json!({ "DcrName": "dcr-nordhafen-syslog" }), Rows),
        ("Test-DCRIngestion", json!({ "DcrName": "dcr-nordhafen-syslog" }), Rows),
    ]
}

/// A person who types the name that is asked for.
struct Agrees;

impl Confirm for Agrees {
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        Box::pin(std::future::ready(Reply::Typed(question.name().to_owned())))
    }
}

async fn ask(path: &CallPath, tool: &str, arguments: &Json) -> Answer {
    let arguments = on(arguments.clone());
    let request = Request {
        caller: &Caller::local(),
        tool,
        arguments: arguments.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Agrees,
        cancel: &CancellationToken::new(),
    };
    fleet::answer(path, request).await
}

async fn answers(script: &str) {
    let real = real!(script);
    let path = real.path();
    let had = had();
    for entry in all() {
        let function = &entry.function;
        let Some((_, arguments, end)) = had.iter().find(|(name, _, _)| name == function) else {
            let given = super::calls::calls().into_iter().find(|given| given.function == function);
            let answer = ask(&path, &entry.tool, &given.expect("every function is called").arguments).await;
            let code = (answer.outcome.as_str(), answer.code);
            assert_eq!(code, ("refused", Some(Code::UnknownFunction)), "{function}: {:?}", answer.envelope);
            continue;
        };
        let answer = ask(&path, &entry.tool, arguments).await;
        let envelope = &answer.envelope;
        assert_eq!(envelope["function"], **function);
        assert_eq!((&envelope["tenant"], &envelope["fromCache"]), (&json!("nordhafen"), &json!(false)), "{function}");
        let ended = (answer.outcome.as_str(), answer.code, envelope["outcome"].as_str().unwrap_or_default());
        match end {
            End::Rows | End::Screen => assert_eq!(ended, ("done", None, "done"), "{function}: {envelope:?}"),
            End::Question => {
                assert_eq!(ended, ("failed", Some(Code::HostQuestion), "failed"), "{function}: {envelope:?}");
                assert_eq!(envelope["hostErrors"][0]["id"], "question", "{function}: {envelope:?}");
            }
        }
        let count = envelope.get("count").and_then(Json::as_u64);
        match end {
            End::Rows => assert!(count.is_some_and(|count| count > 0), "{function}: {envelope:?}"),
            End::Screen => {
                assert_eq!(count, Some(0), "{function}: {envelope:?}");
                assert!(envelope["text"].as_array().is_some_and(|lines| !lines.is_empty()), "{function}");
            }
            End::Question => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_script_answers_what_it_has() {
    answers("SentinelManager_v3.ps1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_with_a_session_answers_what_it_has() {
    answers("SentinelManager_session.ps1").await;
}

/// The data of a function pass through as the script made them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_menu_script_gives_back_passes_through() {
    let real = real!("SentinelManager_v3.ps1");
    let path = real.path();
    let created = ask(&path, "sentinel_table_create", &json!({ "TableName": "Probe_CL", "Schema": "Syslog" })).await;
    let data = &created.envelope["data"];
    assert_eq!((&data["Method"], &data["Body"]["name"]), (&json!("PUT"), &json!("Probe_CL")), "{data}");
    let rules = ask(&path, "sentinel_rule_list", &json!({})).await;
    assert_eq!(rules.envelope["data"][0]["entityMappings"][0]["fieldMappings"][0]["columnName"], "IPAddress");
}
