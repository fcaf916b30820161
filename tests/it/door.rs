//! What common clients send and do, by rows of the field's cases: arguments
//! in other spellings, lines that are no messages, streams that nobody reads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sentinel_jump::answer::{Code, Outcome};
use sentinel_jump::catalog::{self, Kind, Parameter, ToolSet, reading};
use sentinel_jump::desk::Desk;
use serde_json::{Map, Value as Json, json};
use tokio::time::timeout;

use crate::hosts::{Hosts, ask, on};
use crate::mcp::Client;
use crate::world;

const SOON: Duration = Duration::from_secs(30);

/// A value that the parameter takes.
fn good(parameter: &Parameter) -> Json {
    let pattern = parameter.validate_pattern.as_deref().map(|pattern| regex::Regex::new(pattern).expect("a pattern"));
    let fits = |text: &&str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
    let known = ["a-name", "Door_CL", "Door_RST", "T1059", "00000000-0000-4000-8000-00000000000a"];
    let text = parameter.validate_set.first().map(String::as_str);
    let text = text.or_else(|| known.into_iter().find(fits)).expect("one of them fits").to_owned();
    match parameter.kind {
        Kind::String => text.into(),
        Kind::Strings => json!([text]),
        Kind::Int | Kind::Long => parameter.validate_range.map_or(12_350, |(least, _)| least.max(1)).into(),
        Kind::Double => json!(1.5),
        Kind::Bool | Kind::Switch => true.into(),
        Kind::Datetime => "2026-02-03T04:05:06Z".into(),
        Kind::Timespan => "PT1H30M".into(),
        Kind::Hashtable | Kind::Object => json!({"a": {"b": [1, "2", true]}}),
        Kind::Hashtables | Kind::Objects => json!([{"name": "a", "type": "string"}]),
    }
}

/// Every scalar, list and object as text.
fn as_text(value: &Json) -> Json {
    if value.is_string() { value.clone() } else { value.to_string().into() }
}

/// What the host was told to run, value by value.
type Ran = Arc<Mutex<Vec<String>>>;

async fn recording() -> (Hosts, Ran) {
    let ran = Ran::default();
    let seen = Arc::clone(&ran);
    let before = move |command: &wsman::psrp::Command| {
        if command.text == "Invoke-SjCall" {
            let told = command.arguments.iter().filter(|argument| argument.name.as_deref() != Some("Correlation"));
            seen.lock().expect("no panic").push(format!("{:?}", told.collect::<Vec<_>>()));
        }
        Vec::new()
    };
    let mut hosts = Hosts::start_with(Arc::new(before)).await.without_confirmation("nordhafen");
    hosts.config.policy.sets = [ToolSet::All].into();
    (hosts, ran)
}

/// The last command that a call gave, and how it ended.
async fn run(desk: &Desk, ran: &Ran, tool: &str, arguments: Map<String, Json>) -> (Option<String>, Outcome, String) {
    ran.lock().expect("no panic").clear();
    let answer = ask(desk, tool, on(arguments.into())).await;
    let last = ran.lock().expect("no panic").last().cloned();
    (last, answer.outcome, answer.text)
}

#[tokio::test]
async fn d1_a_client_that_sends_everything_as_text_can_use_every_tool() {
    let (hosts, ran) = recording().await;
    // Two, so that no answer is a kept one.
    let (plain, texts) = (hosts.desk(), hosts.desk());
    let mut values = 0;
    for entry in catalog::all() {
        let alternatives: Vec<&str> = entry.alternatives().into_iter().map(|one| one.name.as_str()).collect();
        let wanted = entry.arguments().filter(|parameter| {
            let excluded = alternatives.iter().skip(1).any(|name| *name == parameter.name);
            let other_set = parameter.parameter_set.is_some() && !parameter.mandatory;
            !excluded && !other_set
        });
        let given: Map<String, Json> = wanted.map(|parameter| (parameter.name.clone(), good(parameter))).collect();
        values += given.values().filter(|value| !value.is_string()).count();
        let spelt: Map<String, Json> = given.iter().map(|(name, value)| (name.clone(), as_text(value))).collect();
        let (sent, outcome, said) = run(&plain, &ran, &entry.tool, given).await;
        let (sent_text, outcome_text, said_text) = run(&texts, &ran, &entry.tool, spelt).await;
        assert!(sent.is_some(), "{}: {outcome:?} {said}", entry.function);
        assert_eq!(sent, sent_text, "{}: {said_text}", entry.function);
        assert_eq!(outcome == Outcome::Refused, outcome_text == Outcome::Refused, "{}", entry.function);
    }
    assert!(values > 50, "{values}");
    for (tool, given) in [
        (
            "sentinel_list_analytics_rules",
            json!({"enabled_only": "true", "tenant_filter": "nordhafen", "page_size": "3"}),
        ),
        (
            "sentinel_list_analytics_rules",
            json!({"enabled_only": "", "tenant_filter": "", "workspace_filter": "", "cursor": ""}),
        ),
        (
            "sentinel_health_check",
            json!({"tenant_scope": "nordhafen", "check_depth": "", "fields": "status", "page_size": 1.0}),
        ),
    ] {
        let answer = ask(&texts, tool, given.clone()).await;
        assert_eq!(answer.outcome, Outcome::Done, "{given}: {}", answer.text);
    }
}

#[tokio::test]
async fn d1_the_view_is_read_without_loss() {
    let hosts = Hosts::start().await;
    let desk = hosts.desk();
    let page = async |more: Json| ask(&desk, "sentinel_rule_list", on(more)).await.envelope;
    let plain = page(json!({"page_size": 5, "fields": ["RuleId", "DisplayName"]})).await;
    for (size, fields, cursor) in [
        (json!("5"), json!("[\"RuleId\", \"DisplayName\"]"), json!("")),
        (json!(5.0), json!(["RuleId", "DisplayName"]), json!(null)),
    ] {
        let read = page(json!({"page_size": size, "fields": fields, "cursor": cursor})).await;
        assert_eq!(read["data"], plain["data"], "{size} {fields}");
    }
    let one = page(json!({"page_size": "1", "fields": "RuleId"})).await;
    assert_eq!(one["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["data"][0].as_object().map(Map::len), Some(1), "{one:?}");
    for wrong in [json!({"page_size": "5 rows"}), json!({"page_size": "0"}), json!({"cursor": 5}), json!({"fields": 5})]
    {
        assert_eq!(page(wrong.clone()).await["code"], "invalid_argument", "{wrong}");
    }
    // Aliases are exact, in every spelling.
    for wrong in [json!(["nordhafen"]), json!("[\"nordhafen\"]"), json!(""), json!(" nordhafen")] {
        let answer = ask(&desk, "sentinel_rule_list", json!({"tenant": wrong, "workspace": "nordhafen-prod"})).await;
        assert_eq!(answer.outcome, Outcome::Refused, "{wrong}");
    }
}

#[tokio::test]
async fn d5_what_is_nested_as_deep_as_may_be_reaches_the_host_and_deeper_is_refused() {
    let (hosts, ran) = recording().await;
    let desk = hosts.desk();
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    let rule = |levels: usize| {
        let Json::Object(rule) = json!({"DisplayName": "deep", "CustomDetails": nested(levels)}) else {
            unreachable!()
        };
        rule
    };
    let (sent, outcome, said) = run(&desk, &ran, "sentinel_rule_create", rule(reading::DEPTH)).await;
    assert!(sent.is_some(), "{outcome:?} {said}");
    for levels in [reading::DEPTH + 1, 60] {
        let answer = ask(&desk, "sentinel_rule_create", on(rule(levels).into())).await;
        assert_eq!((answer.outcome, answer.code), (Outcome::Refused, Some(Code::InvalidArgument)), "{levels}");
    }
}

#[tokio::test]
async fn d3_params_are_read_without_loss_and_the_rest_is_told_why() {
    let mut client = Client::legacy_on(world::desk()).await;
    // Without arguments the tenant is missing: the tool was found, and asked.
    for arguments in [json!([]), json!(null), json!({}), json!("{}"), json!("")] {
        let answer = client.ask("tools/call", json!({"name": "sentinel_rule_list", "arguments": arguments})).await;
        assert_eq!(answer["result"]["structuredContent"]["code"], "invalid_argument", "{answer}");
    }
    let text = json!({"tenant": "nordhafen", "workspace": "prd"}).to_string();
    let answer = client.ask("tools/call", json!({"name": "sentinel_rule_list", "arguments": text})).await;
    assert_eq!(answer["result"]["structuredContent"]["code"], "unknown_workspace", "{answer}");
    for (params, why) in [
        (json!({"name": "sentinel_rule_list", "arguments": [1]}), "params.arguments must be an object"),
        (json!({"name": "sentinel_rule_list", "arguments": "x"}), "params.arguments must be an object"),
        (json!({"name": "sentinel_rule_list", "arguments": 5}), "params.arguments must be an object"),
        (json!({"arguments": {}}), "params.name, the name of the tool, is missing"),
        (json!(null), "params.name, the name of the tool, is missing"),
        (json!([]), "params.name, the name of the tool, is missing"),
        (json!("x"), "params must be an object"),
    ] {
        let answer = client.ask("tools/call", params.clone()).await;
        let error = &answer["error"];
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!(why)), "{params}");
    }
    for params in [json!(null), json!([]), json!("{}"), json!({"cursor": null})] {
        let answer = client.ask("tools/list", params.clone()).await;
        assert!(answer["result"]["tools"].is_array(), "{params}: {answer}");
    }
    assert_eq!(client.ask("no/such", json!({})).await["error"]["code"], -32601);
    client.end().await;
}

#[tokio::test]
async fn d4_every_line_with_an_id_is_answered() {
    let mut client = Client::legacy_on(world::desk()).await;
    let call = |id: &str, tenant: &str| {
        let params =
            format!(r#"{{"name":"sentinel_rule_list","arguments":{{"tenant":"{tenant}","workspace":"prod"}}}}"#);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#)
    };
    // A lone surrogate is a character that no alias has.
    client.send_line(call("\"s\"", r"nord\ud83dhafen").as_bytes()).await;
    let answer = client.next().await;
    assert_eq!(
        (&answer["id"], &answer["result"]["structuredContent"]["code"]),
        (&json!("s"), &json!("unknown_tenant"))
    );
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let deep = format!(r#"{{"jsonrpc":"2.0","id":2,"method":"ping","params":{{"a":{deep}}}}}"#);
    let not_utf8 = [br#"{"jsonrpc":"2.0","id":3,"method":"ping","params":{"a":""#.as_slice(), b"\xFF\xFE\"}}"].concat();
    let cut = br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"na"#;
    let long =
        [br#"{"jsonrpc":"2.0","id":5,"method":"ping","params":{"a":""#.as_slice(), &vec![b'x'; 17 << 20], b"\"}}"]
            .concat();
    for (line, code, id) in [
        (deep.as_bytes(), -32600, json!(2)),
        (&not_utf8, -32700, json!(3)),
        (cut, -32700, json!(4)),
        (&long, -32600, json!(5)),
        (b"not json", -32700, json!(null)),
        (br#"{"jsonrpc":"2.0","id":6.5,"method":"ping"}"#, -32600, json!(6.5)),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, json!(null)),
        (br#"{"id":7,"method":"ping"}"#, -32600, json!(7)),
        (br#"[{"jsonrpc":"2.0","id":8,"method":"ping"}]"#, -32600, json!(8)),
    ] {
        client.send_line(line).await;
        let answer = timeout(SOON, client.next()).await.expect("an answer in time");
        let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{shown}");
    }
    // Nobody waits for an answer to these, and the next question is heard.
    for line in [&b""[..], b"  ", br#"{"method":"notifications/x"}"#, br#"{"jsonrpc":"2.0","id":9,"error":5}"#] {
        client.send_line(line).await;
    }
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
    client.end().await;
}

#[tokio::test]
async fn d4_a_batch_is_taken_where_its_revision_was_agreed() {
    let mut client = Client::on(world::desk());
    // What comes too early does not end the conversation.
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let hello =
        json!({"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let answer = client.ask("initialize", hello).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-03-26");
    let ping = |id: u32| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    client.send(&json!([note, ping(2), ping(3), {"jsonrpc": "2.0", "id": 4, "method": 5}])).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(client.next().await["id"].clone());
    }
    ids.sort_by_key(Json::as_u64);
    assert_eq!(ids, [2, 3, 4]);
    client.end().await;
}

#[tokio::test]
async fn d6_a_client_that_reads_late_gets_all_its_answers() {
    const QUESTIONS: u64 = 400;
    let mut client = Client::legacy_on(world::desk()).await;
    for id in 0..QUESTIONS {
        client.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"})).await;
        client.send_line(format!("{{\"id\":{},", id + QUESTIONS).as_bytes()).await;
    }
    let mut ids = Vec::new();
    for _ in 0..2 * QUESTIONS {
        let answer = timeout(SOON, client.next()).await.expect("an answer in time");
        ids.extend(answer["id"].as_u64());
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..2 * QUESTIONS));
    client.end().await;
}
