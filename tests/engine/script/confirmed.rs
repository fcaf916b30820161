//! Every function of the catalogue that an interactive script has, called as a
//! client would, with a person who confirms and no `script.answers`.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sentinel_jump::access::Caller;
use sentinel_jump::answer::{Answer, Outcome};
use sentinel_jump::call::{Confirm, Confirmation, Reply};
use sentinel_jump::config::{Config, Vault};
use sentinel_jump::desk::{Desk, Door, Request};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{Folder, PB};
use crate::engine::{Real, credentials, real};
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        a7_all_functions_of_an_interactive_script_do_what_they_should(real);
        b1_a_write_is_failed_only_where_nothing_of_it_ran(real);
        a7_what_a_function_would_ask_for_is_named_before_anything_is_sent(real);
        a7_a_question_that_turns_round_or_names_another_loses_nothing(real);
    }
}

/// Types the name that is asked for.
struct Types;

impl Confirm for Types {
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        Box::pin(std::future::ready(Reply::Typed(question.name().to_owned())))
    }
}

/// A server with all tools, for one script.
fn desk(real: &Real, script: &Path) -> Arc<Desk> {
    let toml = format!(
        "[tools]\nsets = [\"all\"]\n[hosts.jump]\nurl = \"{}\"\nusername = \"{}\"\npassword = {{ env = \"PLANTED\" }}\n\
         [hosts.jump.script]\npath = '{}'\n[tenants.nordhafen]\nhost = \"jump\"\n\
         [tenants.nordhafen.workspaces.prod]\nsubscription = \"00000000-0000-4000-8000-000000000001\"\n\
         resource_group = \"rg-nordhafen\"\nname = \"law-nordhafen-sec-prod\"\n",
        real.host.url(),
        credentials().username,
        script.display(),
    );
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let vault = Vault::default().with_variable("PLANTED", credentials().password);
    Arc::new(Desk::new(Arc::new(config)).with_vault(vault))
}

pub(crate) async fn ask(desk: &Desk, tool: &str, arguments: &Json) -> Answer {
    let mut all = json!({"tenant": "nordhafen", "workspace": "prod"});
    let given = arguments.as_object().expect("an object").clone();
    all.as_object_mut().expect("an object").extend(given);
    desk.answer(Request {
        door: Door::Cli,
        caller: &Caller::local(desk.config().policy.clone()),
        tool,
        arguments: all.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Types,
        cancel: &CancellationToken::new(),
        language: None,
    })
    .await
}

/// Function of the catalogue, its arguments, and what the answer must have.
#[rustfmt::skip]
fn calls() -> Vec<(&'static str, Json, &'static str)> {
    let rule = "000000b0-0000-4000-8000-0000000000aa";
    vec![
        ("New-SentinelTable", json!({"TableName": "Neu_CL", "Schema": "Syslog"}), "\"Method\":\"PUT\""),
        ("Get-SentinelTables", json!({}), "DnsProxy_CL"),
        ("Remove-SentinelTable", json!({"TableName": "DnsProxy_CL"}), "\"Method\":\"DELETE\""),
        ("Update-TablePlan", json!({"TableName": "DnsProxy_CL", "Plan": "Analytics"}), "\"Method\":\"PATCH\""),
        ("Update-TableRetention", json!({"TableName": "Syslog", "RetentionInDays": 90}), "\"Method\":\"PATCH\""),
        ("View-TableRetention", json!({"TableName": "Syslog"}), "Analytics"),
        ("Get-AnalyticsRules", json!({}), "Passwort-Spray"),
        ("Get-AnalyticsRuleDetails", json!({"RuleId": rule}), "neuem Land"),
        ("Enable-AnalyticsRule", json!({"RuleId": rule}), "\"enabled\":true"),
        ("Disable-AnalyticsRule", json!({"RuleId": rule}), "\"enabled\":false"),
        ("Remove-AnalyticsRule", json!({"RuleId": rule}), "\"Method\":\"DELETE\""),
        ("New-AnalyticsRule", json!({"DisplayName": "Neu", "Query": "SigninLogs | take 1"}), "\"Method\":\"PUT\""),
        ("Get-SentinelWorkbooks", json!({}), "Security Overview"),
        ("Get-SentinelIncidents", json!({}), "Kerberoasting"),
        ("Show-IncidentDetails", json!({"IncidentNumber": 4711}), "Kerberoasting"),
        ("Close-SentinelIncident",
            json!({"IncidentNumber": 4711, "Classification": "TruePositive", "ClassificationComment": "geprüft"}),
            "\"status\":\"Closed\""),
        ("Assign-IncidentOwner", json!({"IncidentNumber": 4711, "OwnerUpn": "a.berger@soc.example"}), "a.berger@soc.example"),
        ("Add-IncidentComment", json!({"IncidentNumber": 4711, "Message": "gesehen"}), "gesehen"),
        ("Export-AnalyticsRules", json!({}), "\"Count\":3"),
        ("Export-TableData", json!({"TableName": "Syslog"}), "\"Table\":\"Syslog\""),
        ("Get-DataCollectionRules", json!({}), "dcr-nordhafen-syslog"),
        ("Test-DCRIngestion", json!({"DcrName": "dcr-nordhafen-syslog"}), "\"Arrived\":true"),
        ("Remove-DataCollectionRule", json!({"DcrName": "dcr-nordhafen-syslog"}), "\"Method\":\"DELETE\""),
    ]
}

async fn a7_all_functions_of_an_interactive_script_do_what_they_should(real: Real) {
    let desk = desk(&real, &real.scripts.join("SentinelManager_v3.ps1"));
    let calls = calls();
    assert_eq!(calls.len(), 23);
    let mut wrong = Vec::new();
    for (function, arguments, has) in &calls {
        let entry = sentinel_jump::catalog::function(function).expect("it is in the catalogue");
        let answer = ask(&desk, &entry.tool, arguments).await;
        let shown = json!(answer.envelope).to_string();
        if answer.outcome != Outcome::Done || !shown.contains(has) {
            wrong.push(format!("{function}: {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a comment's function does, how the call counts, and whether the
/// function was entered: by a file that its first statement makes.
async fn b1_a_write_is_failed_only_where_nothing_of_it_ran(real: Real) {
    for (body, outcome, keeps) in [
        ("[pscustomobject]@{ Message = $Message }", Outcome::Done, "seen"),
        ("'first row'; Write-Error 'one is missing'", Outcome::Done, "one is missing"),
        ("Write-Error 'one is missing'", Outcome::Unknown, "one is missing"),
        ("'first row'; throw 'later'", Outcome::Unknown, "first row"),
        ("'first row'; exit 0", Outcome::Unknown, "first row"),
        ("'first row'; exit 3", Outcome::Unknown, "first row"),
        ("'first row'; sh -c 'exit 2'", Outcome::Unknown, "first row"),
        ("'first row'; try { Read-Host 'Wirklich?' } catch { }; 'behind it'", Outcome::Unknown, "first row"),
    ] {
        let folder = Folder::new("");
        let ran = folder.path("ran.txt");
        let script = format!(
            "function Add-IncidentComment {{ param({PB},[ValidateRange(1,99)][int]$IncidentNumber,[string]$Message)
                Set-Content '{}' x; {body} }}",
            ran.display()
        );
        folder.write("script.ps1", &script);
        let desk = desk(&real, &folder.path("script.ps1"));
        // Refused by the function's own metadata, before it is entered.
        let comment = |number: u32| json!({"IncidentNumber": number, "Message": "seen"});
        let refused = ask(&desk, "sentinel_incident_comment_add", &comment(100)).await;
        assert_eq!((refused.outcome, ran.exists()), (Outcome::Failed, false), "{body}: {}", refused.text);
        let answer = ask(&desk, "sentinel_incident_comment_add", &comment(7)).await;
        let shown = json!(answer.envelope).to_string();
        assert_eq!((answer.outcome, ran.exists()), (outcome, true), "{body}: {shown}");
        assert!(shown.contains(keeps) && !shown.contains("behind it"), "{body}: {shown}");
        let tells = answer.text.contains("Look with sentinel_incident_comment_list");
        assert_eq!(tells, outcome == Outcome::Unknown, "{body}: {}", answer.text);
        desk.close().await;
    }
}

async fn a7_what_a_function_would_ask_for_is_named_before_anything_is_sent(real: Real) {
    let desk = desk(&real, &real.scripts.join("SentinelManager_v3.ps1"));
    let close = json!({"IncidentNumber": 4711, "Classification": "Undetermined"});
    let answer = ask(&desk, "sentinel_incident_close", &close).await;
    let shown = json!(answer.envelope).to_string();
    assert_eq!(answer.outcome, Outcome::Refused, "{shown}");
    assert!(answer.text.contains("ClassificationComment") && answer.text.contains("script.answers"), "{shown}");
    assert_eq!(answer.envelope["hostErrors"][0]["message"], "Kommentar (leer = keiner)");
    // Module, script, target and probe: the function was not sent.
    assert_eq!(real.host.counters().commands_started, 4);
}

async fn a7_a_question_that_turns_round_or_names_another_loses_nothing(real: Real) {
    let whole = std::fs::read_to_string(real.scripts.join("SentinelManager_v3.ps1")).expect("it is there");
    let asked = "\"Regel '$RuleId' wirklich löschen? (j/n)\"";
    assert_eq!(whole.matches(asked).count(), 1);
    let rule = json!({"RuleId": "r1"});
    for (question, outcome) in [
        (asked, Outcome::Done),
        ("'Abbrechen? (j/n)'", Outcome::Unknown),
        ("\"Regel 'r2' wirklich löschen? (j/n)\"", Outcome::Unknown),
    ] {
        let folder = Folder::new(whole.replace(asked, question));
        let desk = desk(&real, &folder.path("script.ps1"));
        let answer = ask(&desk, "sentinel_rule_delete", &rule).await;
        let shown = json!(answer.envelope).to_string();
        assert_eq!(answer.outcome, outcome, "{question}: {shown}");
        assert_eq!(shown.contains("\"Method\":\"DELETE\""), outcome == Outcome::Done, "{question}: {shown}");
        if outcome == Outcome::Unknown {
            assert!(shown.contains(question.trim_matches(['\'', '"'])), "the question is quoted: {shown}");
        }
    }
}
