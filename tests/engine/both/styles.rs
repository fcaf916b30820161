//! The interactive scripts, which keep their target in a session: what they
//! have answers, what they lack is refused.

use futures_util::future::BoxFuture;
use sentinel_jump::access::Caller;
use sentinel_jump::answer::Answer;
use sentinel_jump::answer::Code;
use sentinel_jump::call::{Confirm, Confirmation, Reply};
use sentinel_jump::catalog::all;
use sentinel_jump::desk::Door;
use sentinel_jump::desk::{Desk, Request};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::calls::{PROD, calls};
use super::engine::Engine;
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        the_menu_script_answers_what_it_has;
        the_script_with_a_session_answers_what_it_has;
        what_the_menu_script_gives_back_passes_through;
    }
}

/// How a call of a function that the script has must end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// With rows.
    Rows,
    /// With lines on the screen only.
    Screen,
    /// Not at all: it would ask what nobody may answer, and the refusal says
    /// which argument leads past the question.
    Asks,
    /// Not at all: the script lacks it.
    Lacking,
}

/// Every function of the catalogue that the interactive scripts have, each
/// confirmed where that is asked for.
fn had() -> Vec<(&'static str, Json, End)> {
    use End::{Asks, Rows, Screen};
    vec![
        ("Get-SentinelTables", json!({}), Rows),
        ("View-TableRetention", json!({}), Screen),
        ("New-SentinelTable", json!({ "TableName": "Probe_CL", "Schema": "Syslog" }), Rows),
        ("Remove-SentinelTable", json!({ "TableName": "Probe_CL" }), Rows),
        ("Update-TablePlan", json!({ "TableName": "Syslog", "Plan": "Basic" }), Rows),
        ("Update-TableRetention", json!({ "TableName": "Syslog", "RetentionInDays": 90 }), Rows),
        ("Get-AnalyticsRules", json!({ "Enabled": true }), Rows),
        ("Get-AnalyticsRuleDetails", json!({ "RuleId": "000000b0-0000-4000-8000-0000000000ab" }), Rows),
        ("Enable-AnalyticsRule", json!({ "RuleId": "r1" }), Rows),
        ("Disable-AnalyticsRule", json!({ "RuleId": "r1" }), Rows),
        ("Remove-AnalyticsRule", json!({ "RuleId": "r1" }), Rows),
        ("New-AnalyticsRule", json!({ "DisplayName": "x", "Query": "Heartbeat", "QueryFrequency": "PT30M" }), Rows),
        ("Get-SentinelIncidents", json!({}), Rows),
        ("Show-IncidentDetails", json!({ "IncidentNumber": 4711 }), Screen),
        ("Close-SentinelIncident", json!({ "IncidentNumber": 4711, "Classification": "TruePositive" }), Asks),
        ("Add-IncidentComment", json!({ "IncidentNumber": 4711, "Message": "geprüft" }), Rows),
        ("Assign-IncidentOwner", json!({ "IncidentNumber": 4711, "OwnerUpn": "m.brandt@leuchtturm.example" }), Rows),
        ("Get-SentinelWorkbooks", json!({}), Rows),
        ("Export-AnalyticsRules", json!({}), Rows),
        ("Export-TableData", json!({ "TableName": "Syslog" }), Rows),
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

async fn ask(desk: &Desk, tool: &str, arguments: &Json) -> Answer {
    let mut arguments = arguments.clone();
    arguments["tenant"] = json!("nordhafen");
    arguments["workspace"] = json!(PROD);
    let request = Request {
        door: Door::Cli,
        caller: &Caller::local(desk.config().policy.clone()),
        tool,
        arguments: arguments.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Agrees,
        cancel: &CancellationToken::new(),
        language: None,
    };
    desk.answer(request).await
}

/// Calls all 39; says of each that ended otherwise how it did.
async fn answers(script: &str) {
    let real = Engine::real(script).await;
    let desk = real.desk();
    let had = had();
    let mut wrong = Vec::new();
    for entry in all() {
        let function = &entry.function;
        let has = had.iter().find(|(name, _, _)| name == function);
        let others = calls().into_iter().find(|given| given.function == function).expect("every function is called");
        let (arguments, end) = has.map_or((&others.arguments, End::Lacking), |(_, arguments, end)| (arguments, *end));
        let answer = ask(&desk, &entry.tool, arguments).await;
        if !ends(&answer, function, end) {
            wrong.push(format!("{function}: not {end:?} but {}", Json::Object(answer.envelope)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ends(answer: &Answer, function: &str, end: End) -> bool {
    let envelope = &answer.envelope;
    let has = |key: &str, value: &str| envelope.get(key).and_then(Json::as_str) == Some(value);
    let count = envelope.get("count").and_then(Json::as_u64);
    let ended = (answer.outcome.as_str(), answer.code);
    let whole = has("tenant", "nordhafen") && has("function", function) && has("outcome", ended.0);
    let fresh = envelope.get("fromCache").and_then(Json::as_bool) == Some(false);
    let as_wanted = match end {
        End::Rows => ended == ("done", None) && count.is_some_and(|count| count > 0),
        End::Screen => {
            let lines = envelope.get("text").and_then(Json::as_array).map_or(0, Vec::len);
            ended == ("done", None) && count == Some(0) && lines > 0
        }
        End::Asks => {
            let id = envelope.get("hostErrors").map(|errors| errors[0]["id"].clone());
            let said = envelope.get("error").and_then(Json::as_str).unwrap_or_default();
            let refused = ended == ("refused", Some(Code::InvalidArgument)) && id == Some(json!("question"));
            refused && said.contains("\"ClassificationComment\"") && said.contains("Nothing was run")
        }
        End::Lacking => ended == ("refused", Some(Code::UnknownFunction)),
    };
    whole && fresh && as_wanted
}

async fn the_menu_script_answers_what_it_has() {
    answers("SentinelManager_v3.ps1").await;
}

async fn the_script_with_a_session_answers_what_it_has() {
    answers("SentinelManager_session.ps1").await;
}

/// The data of a function pass through as the script made them.
async fn what_the_menu_script_gives_back_passes_through() {
    let real = Engine::real("SentinelManager_v3.ps1").await;
    let desk = real.desk();
    let created = ask(&desk, "sentinel_table_create", &json!({ "TableName": "Probe_CL", "Schema": "Syslog" })).await;
    let data = &created.envelope["data"];
    assert_eq!((&data["Method"], &data["Body"]["name"]), (&json!("PUT"), &json!("Probe_CL")), "{data}");
    let rules = ask(&desk, "sentinel_rule_list", &json!({})).await;
    assert_eq!(rules.envelope["data"][0]["entityMappings"][0]["fieldMappings"][0]["columnName"], "IPAddress");
}
