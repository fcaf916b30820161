//! What common clients send and do, by rows of the field's cases: arguments
//! in other spellings, lines that are no messages, streams that nobody reads.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sentinel_jump::answer::{Code, Outcome};
use sentinel_jump::catalog::{self, Kind, Parameter, ToolSet, reading};
use sentinel_jump::desk::Desk;
use serde_json::{Map, Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::certificates::Authority;
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

/// The server as a client starts it, on the demo.
fn demo() -> tokio::process::Child {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_sentinel-jump"))
        .arg("demo")
        .env("SENTINEL_JUMP_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts")
}

#[tokio::test]
async fn d6_a_client_that_never_reads_standard_error_gets_all_its_answers() {
    const CALLS: u64 = 300;
    let mut server = demo();
    let mut input = server.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(server.stdout.take().expect("a pipe")).lines();
    let mut errors = server.stderr.take().expect("a pipe");
    let mut say = async |message: Json| {
        input.write_all(format!("{message}\n").as_bytes()).await.expect("the server reads");
        let line = timeout(SOON, answers.next_line()).await.expect("an answer in time").expect("the server writes");
        serde_json::from_str::<Json>(&line.expect("an answer")).expect("JSON")
    };
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    say(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})).await;
    for id in 1..=CALLS {
        let params = json!({"name": "sentinel_rule_list", "arguments": on(json!({"page_size": 1}))});
        let answer = say(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})).await;
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(id), &json!(false)), "{answer}");
    }
    #[cfg(target_os = "linux")]
    {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id().expect("it runs")));
        let limits = limits.expect("a Linux process has limits");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("that one, too");
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "d8: no core dumps");
    }
    drop(input);
    let mut log = Vec::new();
    timeout(SOON, errors.read_to_end(&mut log)).await.expect("an end in time").expect("it is read");
    assert!(log.len() > 60_000, "the pipe was full: {} bytes", log.len());
    assert!(timeout(SOON, server.wait()).await.expect("in time").expect("it ended").success());
}

/// What `check` says of a configuration, and whether it calls it good.
fn check(toml: &str, folder: &std::path::Path) -> (bool, String) {
    let config = folder.join("config.toml");
    std::fs::write(&config, toml).expect("the configuration is written");
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    let output = { check }.arg("check").arg("--config").arg(&config).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(unix)]
#[test]
fn d9_check_is_as_strict_as_the_connection() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let secret = |name: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, "pass").expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
    };
    secret("mine", 0o600);
    secret("everyone's", 0o644);
    secret("not-a-key", 0o600);
    let own = Authority::new().issue_client();
    std::fs::write(folder.path().join("own.pem"), &own.pem).expect("write");
    std::fs::write(folder.path().join("script.ps1"), "function f {}").expect("write");
    let good = world::TOML.replace("env = \"SENTINEL_JUMP_TEST_NOT_SET\"", "file = \"mine\"");
    assert!(check(&good, folder.path()).0, "{}", check(&good, folder.path()).1);

    let password = "password = { file = \"mine\" }";
    let user = "username = \"svc-sentinel@marlowe.example\"";
    let url = "url = \"http://127.0.0.1:1/wsman\"";
    let script = r"script = { path = 'C:\SOC\SentinelManager_v3.ps1', style = ";
    let certificate = "auth = \"certificate\"\ncertificate = \"own.pem\"\nkey = { file = \"not-a-key\" }";
    let long = format!("username = \"{}\"", "u".repeat(300));
    let push = format!("script = {{ push = \"script.ps1\", sha256 = \"{}\", style = ", "ab".repeat(32));
    for (what, replaced, by, says) in [
        ("a missing file", password, "password = { file = \"nowhere\" }", "cannot be read (entity not found)"),
        ("a file for everyone", password, "password = { file = \"everyone's\" }", "can be read by others (mode 644)"),
        (
            "an unset variable",
            password,
            "password = { env = \"SENTINEL_JUMP_NOT_SET\" }",
            "SENTINEL_JUMP_NOT_SET is not set",
        ),
        ("a zone", url, "url = \"http://[fe80::1%25eth0]:5985/wsman\"", "not a URL"),
        ("a long user name", user, &long, "the user name is empty or too long"),
        ("a script that changed", script, &push, "does not have the pinned SHA-256"),
    ] {
        assert!(good.contains(replaced), "{what}");
        let (is_good, said) = check(&good.replacen(replaced, by, usize::MAX), folder.path());
        assert!(!is_good && said.contains(says), "{what}: {said}");
    }
    let https = good.replacen("http://127.0.0.1:1/wsman", "https://127.0.0.1:1/wsman", 1);
    let keyed = https.replacen(&format!("username = 'NORDHAFEN\\svc-sentinel'\n{password}"), certificate, 1);
    assert!(keyed.contains("own.pem"));
    let (is_good, said) = check(&keyed, folder.path());
    assert!(!is_good && said.contains("not a private key in PEM"), "{said}");
}
