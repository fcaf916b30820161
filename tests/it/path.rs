//! The path of a call, as far as it goes without a host.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use sentinel_jump::access::{Caller, Reach, ToolPolicy};
use sentinel_jump::answer::Answer;
use sentinel_jump::answer::{Code, Outcome};
use sentinel_jump::call::Nobody;
use sentinel_jump::config::Config;
use sentinel_jump::desk::Door;
use sentinel_jump::desk::{Desk, Request};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::snapshot::assert_snapshot;
use crate::world;

async fn ask_as(caller: &Caller, tool: &str, arguments: Json) -> Answer {
    let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
    let cancel = CancellationToken::new();
    let request = Request {
        door: Door::Cli,
        caller,
        tool,
        arguments: &arguments,
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &cancel,
        language: None,
    };
    world::desk().answer(request).await
}

async fn ask(tool: &str, arguments: Json) -> Answer {
    ask_as(&Caller::local(ToolPolicy::default()), tool, arguments).await
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let on = |more: Json| {
        let mut all = json!({"tenant": "nordhafen", "workspace": "prod"});
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    let cases = [
        ("sentinel_rule_lst", json!({})),
        ("Get-NoSuchThing", json!({})),
        ("sentinel_rule_list", json!({})),
        ("sentinel_rule_list", json!({"tenant": "nordhaven", "workspace": "prod"})),
        ("sentinel_rule_list", json!({"tenant": "nord", "workspace": "prod"})),
        ("sentinel_rule_list", json!({"tenant": "NORDHAFEN", "workspace": "prod"})),
        ("sentinel_rule_list", json!({"tenant": 5, "workspace": "prod"})),
        ("sentinel_rule_list", json!({"tenant": "nordhafen"})),
        ("sentinel_rule_list", json!({"tenant": "nordhafen", "workspace": "pro"})),
        ("sentinel_rule_list", json!({"tenant": "marlowe", "workspace": "ot"})),
        ("sentinel_rule_list", on(json!({"Enable": true}))),
        ("sentinel_rule_list", on(json!({"Enabled": "yes"}))),
        ("sentinel_rule_list", on(json!({"Severity": 5.5}))),
        ("sentinel_rule_list", on(json!({"Severity": ["Urgent"]}))),
        ("sentinel_rule_list", on(json!({"ModifiedSince": "03.02.2026"}))),
        ("sentinel_rule_list", on(json!({"WorkspaceName": "law-other"}))),
        ("sentinel_rule_list", on(json!({"Enabled": true, "enabled": false}))),
        ("sentinel_rule_list", on(json!({"page_size": 0}))),
        ("sentinel_rule_list", on(json!({"fields": 5.5}))),
        ("sentinel_rule_list", on(json!({"fields": ["RuleID", "Sevrity"]}))),
        ("sentinel_list_analytics_rules", json!({"fields": ["tenants"]})),
        ("sentinel_rule_list", on(json!({"cursor": "x"}))),
        ("sentinel_rule_list", on(json!({"cursor": "x.25"}))),
        ("sentinel_get_analytics_rule", on(json!({}))),
        ("sentinel_get_analytics_rule", on(json!({"RuleId": "a", "RuleName": "b"}))),
        ("sentinel_incident_list", on(json!({"LastDays": 5.5}))),
        ("sentinel_incident_list", on(json!({"LastDays": 400}))),
        ("sentinel_incident_comment_add", on(json!({"IncidentNumber": 5}))),
        ("sentinel_incident_comment_add", on(json!({"IncidentId": "5", "Message": "x"}))),
        ("sentinel_incident_comment_add", on(json!({"IncidentNumber": 5, "Message": ""}))),
        ("Close-SentinelIncident", on(json!({"IncidentNumber": 5, "Classification": "Undetermined"}))),
        ("Remove-AnalyticsRule", on(json!({"RuleId": "a"}))),
        ("sentinel_list_analytics_rules", json!({"tenat": "nordhafen"})),
        ("sentinel_list_analytics_rules", json!({"tenant_filter": "nordhaven"})),
        ("sentinel_list_analytics_rules", json!({"workspace_filter": "pro"})),
        ("sentinel_list_analytics_rules", json!({"tenant_filter": "marlowe", "workspace_filter": "ot"})),
        ("sentinel_list_analytics_rules", json!({"enabled_only": "yes"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": "prod", "rule_id": "a"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": "pro", "rule_id": "a"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": "ot", "workspace": "prod", "rule_id": "a"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": "ot", "rule_id": "a", "RuleId": "b"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": "ot", "tenant": "marlowe", "rule_id": "a"})),
        ("sentinel_get_analytics_rule", json!({"workspace_name": 5, "rule_id": "a"})),
        ("sentinel_health_check", json!({"tenant_scope": "nord"})),
        ("sentinel_health_check", json!({"tenant_scope": "marlowe", "workspace_filter": "ot"})),
        ("sentinel_health_check", json!({"check_depth": "deep"})),
        ("sentinel_health_check", json!({"check_dept": "quick"})),
        ("sentinel_health_check", json!({"tenant": "nordhafen", "tenant_scope": "marlowe"})),
    ];
    let mut text = String::new();
    for (tool, arguments) in cases {
        let answer = ask(tool, arguments.clone()).await;
        assert_eq!(answer.outcome, Outcome::Refused, "{tool} {arguments}");
        writeln!(text, "# {tool} {arguments}\n{}", answer.text).expect("writing to a string");
        // Names that a program may offer stand in the sentence, too.
        let candidates = answer.envelope.get("candidates").and_then(Json::as_array);
        for candidate in candidates.into_iter().flatten() {
            let quoted = candidate.to_string();
            assert!(answer.text.contains(&quoted), "{quoted} is not in {}", answer.text);
            writeln!(text, "- {quoted}").expect("writing to a string");
        }
        text.push('\n');
    }
    assert_snapshot("refusals.txt", &text);
}

#[tokio::test]
async fn a_name_without_end_is_not_repeated() {
    let long = "n".repeat(10_000);
    let place = |tenant: &str, workspace: &str| json!({"tenant": tenant, "workspace": workspace});
    let mut argument = place("nordhafen", "prod");
    argument[&long] = json!(1);
    let mut everywhere = json!({});
    everywhere[&long] = json!(1);
    for (tool, arguments) in [
        (long.as_str(), place("nordhafen", "prod")),
        ("sentinel_rule_list", place(&long, "prod")),
        ("sentinel_rule_list", place("nordhafen", &long)),
        ("sentinel_rule_list", argument),
        ("sentinel_list_analytics_rules", json!({"tenant_filter": long})),
        ("sentinel_list_analytics_rules", json!({"workspace_filter": long})),
        ("sentinel_list_analytics_rules", everywhere),
    ] {
        let answer = ask(tool, arguments).await;
        assert_eq!(answer.outcome, Outcome::Refused);
        let shown = format!("{} {}", answer.text, json!(answer.envelope));
        assert!(!shown.contains("nnn") && shown.len() < 2_000, "{shown}");
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_yours_does_not_exist() {
    let config = world::config();
    let mine =
        config.registry.tenants().filter(|tenant| tenant.id.as_str() == "marlowe").map(|tenant| tenant.id.clone());
    let caller =
        Caller { name: "marlowe-only".to_owned(), reach: Reach::Only(mine.collect()), policy: ToolPolicy::default() };
    let foreign = ask_as(&caller, "sentinel_rule_list", json!({"tenant": "nordhafen", "workspace": "prod"})).await;
    assert_eq!(foreign.code, Some(Code::UnknownTenant));
    assert!(!foreign.text.contains("ot"), "{}", foreign.text);
    let filtered = ask_as(&caller, "sentinel_list_analytics_rules", json!({"tenant_filter": "nordhafen"})).await;
    assert_eq!(filtered.code, Some(Code::UnknownTenant));
    let all = ask_as(&caller, "sentinel_list_analytics_rules", json!({})).await;
    assert_eq!(all.envelope["workspaces"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_password_that_cannot_be_had_is_said_per_workspace() {
    let answer = ask("sentinel_list_analytics_rules", json!({})).await;
    assert_eq!(answer.outcome, Outcome::Unreachable);
    let workspaces = answer.envelope["workspaces"].as_array().expect("a list");
    assert_eq!(workspaces.len(), 3);
    for workspace in workspaces {
        assert_eq!(workspace["code"], "sign_in_unavailable");
        assert!(workspace["error"].as_str().expect("a sentence").contains("SENTINEL_JUMP_TEST_NOT_SET"));
    }
}

#[tokio::test]
async fn two_hundred_workspaces_fit_an_answer() {
    let mut toml = world::TOML.to_owned();
    for n in 0..200 {
        write!(
            toml,
            "[tenants.customer-{n:03}]\nhost = \"jump-marlowe\"\n[tenants.customer-{n:03}.workspaces.prod]\n\
             subscription = \"000000c4-0d3a-4000-8000-000000000{n:03}\"\nresource_group = \"rg\"\nname = \"law-customer-{n:03}\"\n"
        )
        .expect("writing to a string");
    }
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let desk = Desk::new(Arc::new(config));
    for (tool, arguments) in [
        ("sentinel_list_analytics_rules", json!({"page_size": 100})),
        ("sentinel_health_check", json!({"check_depth": "detailed", "page_size": 100})),
    ] {
        let caller = Caller::local(desk.config().policy.clone());
        let cancel = CancellationToken::new();
        let arguments = arguments.as_object().expect("an object");
        let answer = desk
            .answer(Request {
                door: Door::Stdio,
                caller: &caller,
                tool,
                arguments,
                progress: &|_| {},
                confirm: &Nobody,
                cancel: &cancel,
                language: None,
            })
            .await;
        let (whole, text) = (json!(answer.envelope).to_string().len(), answer.text.len());
        println!("{tool}: {whole} bytes of JSON, {text} of text for 203 workspaces");
        assert!(whole < 24_000 && text < 12_000, "{whole} and {text} bytes");
        let shown = answer.envelope["workspaces"].as_array().expect("lines").len();
        let left_out = answer.envelope["workspacesLeftOut"].as_object().expect("counts");
        let left_out: u64 = left_out.values().filter_map(Json::as_u64).sum();
        assert!(shown > 0);
        assert_eq!(u64::try_from(shown).expect("few") + left_out, 203);
        assert_eq!(answer.envelope["summary"]["asked"], 203);
    }
}

#[tokio::test]
async fn a_cancelled_call_opens_nothing() {
    let desk = world::desk();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let arguments = json!({"tenant": "nordhafen", "workspace": "prod"});
    let request = Request {
        door: Door::Cli,
        caller: &Caller::local(desk.config().policy.clone()),
        tool: "sentinel_rule_list",
        arguments: arguments.as_object().expect("an object"),
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &cancel,
        language: None,
    };
    let answer = desk.answer(request).await;
    assert_eq!((answer.outcome, answer.code), (Outcome::Refused, Some(Code::Cancelled)));
    assert_eq!(desk.path().pool().counts().opened, 0);
}
