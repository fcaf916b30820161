//! What a client reads: text and structure, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use wsman::clixml::Value;
use wsman::host_end::demo::Step;
use wsman::host_end::{Hit, Mishap};
use wsman::psrp::Command;

use crate::hosts::{Before, Hosts, on};
use crate::mcp::Client;

const FLEET: &str = "sentinel_list_analytics_rules";

/// One answer as a client has it.
struct Read {
    text: String,
    structured: Map<String, Json>,
}

async fn call(client: &mut Client, tool: &str, arguments: &Json) -> Read {
    let answer = client.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let structured = answer["result"]["structuredContent"].as_object().expect("structure").clone();
    Read { text, structured }
}

/// The cursor that the text names.
fn cursor_of(text: &str) -> Option<String> {
    let (_, rest) = text.lines().next()?.split_once("next page: cursor \"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The rows of the text.
fn rows_of(text: &str) -> Vec<Json> {
    text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// A row as the text has it: without its empty fields.
fn without_empty(row: &Json) -> Json {
    let fields = row.as_object().expect("an object").iter().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// All pages: their rows by text, and by structure.
async fn walk(client: &mut Client, arguments: Json) -> (Vec<Json>, Vec<Json>, usize) {
    let (mut by_text, mut by_structure, mut pages) = (Vec::new(), Vec::new(), 0);
    let mut arguments = arguments;
    loop {
        let read = call(client, FLEET, &arguments).await;
        let rows = read.structured["data"].as_array().expect("rows").clone();
        by_text.extend(rows_of(&read.text));
        by_structure.extend(rows);
        pages += 1;
        let cursor = cursor_of(&read.text);
        assert_eq!(read.structured["nextCursor"].as_str().map(str::to_owned), cursor, "one page, one cursor");
        match cursor {
            Some(cursor) => arguments["cursor"] = cursor.into(),
            None => return (by_text, by_structure, pages),
        }
    }
}

#[tokio::test]
async fn c1_walking_by_text_and_by_structure_gives_the_same_89_rows() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    for size in [25, 100] {
        let (by_text, by_structure, pages) = walk(&mut client, json!({"page_size": size})).await;
        assert_eq!((by_text.len(), by_structure.len()), (89, 89));
        assert_eq!(by_text, by_structure.iter().map(without_empty).collect::<Vec<_>>());
        println!("page_size {size}: {pages} pages");
    }
    client.end().await;
}

#[tokio::test]
async fn c1_every_page_fits_six_thousand_tokens() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    let o200k = tiktoken_rs::o200k_base().expect("the table");
    let count = |text: &str| o200k.encode_ordinary(text).len();
    let mut arguments = json!({"page_size": 100});
    loop {
        let read = call(&mut client, FLEET, &arguments).await;
        let tokens = count(&read.text) + count(&Json::Object(read.structured.clone()).to_string());
        assert!(tokens <= 6_000, "{tokens} tokens");
        println!("{} rows: {tokens} tokens", rows_of(&read.text).len());
        match cursor_of(&read.text) {
            Some(cursor) => arguments["cursor"] = cursor.into(),
            None => break,
        }
    }
    client.end().await;
}

#[tokio::test]
async fn c2_every_row_of_a_fleet_answer_names_its_customer_whatever_fields_says() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    for fields in [json!(["RuleId"]), json!(["displayname", "workspace"]), json!(["tenant"])] {
        let (by_text, by_structure, _) = walk(&mut client, json!({"fields": fields})).await;
        assert_eq!((by_text.len(), by_structure.len()), (89, 89));
        for row in by_text.iter().chain(&by_structure) {
            assert!(row["tenant"].is_string() && row["workspace"].is_string(), "{row}");
        }
    }
    client.end().await;
}

/// Reads of the demo, with the arguments that they need.
fn questions() -> Vec<(&'static str, Json)> {
    let mut all = vec![
        (FLEET, json!({})),
        (FLEET, json!({"page_size": 100, "fields": ["DisplayName", "Enabled"]})),
        (FLEET, json!({"tenant_filter": "nobody"})),
        ("sentinel_health_check", json!({"tenant_scope": "all"})),
        ("sentinel_health_check", json!({"tenant_scope": "all", "check_depth": "detailed"})),
        ("sentinel_get_analytics_rule", json!({"workspace": "nordhafen-prod", "rule_name": "Test Rule"})),
    ];
    for (tool, more) in [
        ("sentinel_rule_list", json!({})),
        ("sentinel_rule_list", json!({"Enabled": "perhaps"})),
        ("sentinel_incident_list", json!({})),
        ("sentinel_incident_get", json!({"IncidentNumber": 12345})),
        ("sentinel_incident_get", json!({"IncidentNumber": 12347})),
        ("sentinel_incident_get", json!({"IncidentNumber": 1})),
        ("sentinel_incident_comment_list", json!({"IncidentNumber": 12345})),
        ("sentinel_table_list", json!({})),
        ("sentinel_table_retention_get", json!({})),
        ("sentinel_dcr_list", json!({})),
        ("sentinel_dce_list", json!({})),
        ("sentinel_workbook_list", json!({})),
        ("sentinel_backup_rules", json!({})),
        ("sentinel_backup_functions", json!({})),
        ("sentinel_backup_watchlists", json!({})),
        ("sentinel_backup_automations", json!({})),
    ] {
        all.push((tool, on(more)));
    }
    all
}

#[tokio::test]
async fn c9_an_answer_costs_what_is_said_of_it_and_at_most_fifteen_per_cent_less() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    let o200k = tiktoken_rs::o200k_base().expect("the table");
    let (mut least, mut most): (f64, f64) = (f64::MAX, 0.0);
    for (tool, arguments) in questions() {
        let read = call(&mut client, tool, &arguments).await;
        let structured = Json::Object(read.structured).to_string();
        let of = |text: &str| (sentinel_jump::answer::tokens(text), o200k.encode_ordinary(text).len());
        let ((ours, theirs), (more_ours, more_theirs)) = (of(&read.text), of(&structured));
        let (ours, theirs) = (ours + more_ours, theirs + more_theirs);
        assert!(ours >= theirs, "{tool} {arguments}: {ours} of {theirs}");
        assert!(ours - theirs <= (theirs * 15 / 100).max(20), "{tool} {arguments}: {ours} of {theirs}");
        assert!(theirs <= 6_000, "{tool} {arguments}: {theirs} tokens");
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let ratio = ours as f64 / theirs as f64;
        if theirs > 200 {
            (least, most) = (least.min(ratio), most.max(ratio));
        }
    }
    println!("answers of more than 200 tokens: {least:.3} to {most:.3} of o200k");
    client.end().await;
}

/// Whether a value is as a schema says; only what our schemas use.
fn holds(schema: &Json, value: &Json, at: &str) {
    for (keyword, said) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "type" => {
                let is = match said.as_str() {
                    Some("object") => value.is_object(),
                    Some("string") => value.is_string(),
                    other => panic!("{at}: no such type here: {other:?}"),
                };
                assert!(is, "{at}: {value} is no {said}");
            }
            "properties" => {
                let Some(fields) = value.as_object() else { continue };
                for (name, schema) in said.as_object().expect("schemas") {
                    if let Some(value) = fields.get(name) {
                        holds(schema, value, &format!("{at}.{name}"));
                    }
                }
            }
            "items" => value.as_array().into_iter().flatten().for_each(|item| holds(said, item, at)),
            // For readers.
            "description" => {}
            other => panic!("{at}: this test does not know \"{other}\""),
        }
    }
}

#[tokio::test]
async fn c6_every_outcome_fits_the_output_schema() {
    let mut hosts = Hosts::start_with(odd()).await.without_confirmation("nordhafen");
    hosts.fault("marlowe", "Command", Hit::Every, Mishap::Delay(std::time::Duration::from_secs(7_200)));
    hosts.config.fleet_deadline = std::time::Duration::from_secs(5);
    let dead = tokio::net::TcpListener::bind(crate::hosts::loopback()).await.expect("a port").local_addr();
    let hosts = hosts.with_url("alpenmed", &format!("http://{}/wsman", dead.expect("an address")));
    let mut client = Client::legacy_on(hosts.desk()).await;
    let listed = client.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().expect("tools").iter();
    let schemas: BTreeMap<String, Json> =
        tools.map(|tool| (tool["name"].as_str().expect("a name").to_owned(), tool["outputSchema"].clone())).collect();
    let mut outcomes = BTreeMap::new();
    let elsewhere = json!({"tenant": "alpenmed", "workspace": "alpenmed-prod"});
    let writes = json!({"IncidentNumber": 12345, "Message": "seen"});
    let asked = [
        ("sentinel_rule_list", elsewhere),
        ("sentinel_incident_comment_add", on(writes)),
        ("sentinel_incident_list", on(json!({"Top": 3}))),
    ];
    for (tool, arguments) in questions().into_iter().chain(asked) {
        let read = call(&mut client, tool, &arguments).await;
        holds(&schemas[tool], &Json::Object(read.structured.clone()), tool);
        let outcome = read.structured["outcome"].as_str().expect("an outcome").to_owned();
        let with = read.structured.contains_key("data") && read.structured.contains_key("text");
        *outcomes.entry((outcome, with)).or_insert(0) += 1;
    }
    println!("{outcomes:?}");
    let seen: Vec<&str> = outcomes.keys().map(|(outcome, _)| outcome.as_str()).collect();
    for outcome in ["done", "partial", "failed", "refused", "unreachable", "unknown"] {
        assert!(seen.contains(&outcome), "{outcome}: {outcomes:?}");
    }
    assert!(outcomes.contains_key(&("unknown".to_owned(), true)), "{outcomes:?}");
    client.end().await;
}

/// Before what the demo does: a write puts something out and exits.
fn odd() -> Before {
    Arc::new(|command: &Command| {
        let named = command.value_of("Name").and_then(Value::as_str);
        if command.text != "Invoke-SjCall" || named != Some("Add-IncidentComment") {
            return Vec::new();
        }
        vec![Step::Output(Value::from("half of it")), Step::Host("Zeile".into()), Step::Exit(3)]
    })
}

#[tokio::test]
async fn c3_defaults_that_filter_stand_in_the_schema_are_sent_and_said() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let spy: Before = {
        let seen = Arc::clone(&seen);
        Arc::new(move |command: &Command| {
            if command.value_of("Name").and_then(Value::as_str) == Some("Get-SentinelIncidents") {
                let parameters = command.value_of("Parameters").map(wsman::clixml::json::to_json);
                seen.lock().expect("no panic").extend(parameters);
            }
            Vec::new()
        })
    };
    let hosts = Hosts::start_with(spy).await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    let tools = client.ask("tools/list", json!({})).await;
    let tools = tools["result"]["tools"].as_array().expect("tools").clone();
    let tool = tools.iter().find(|tool| tool["name"] == "sentinel_incident_list").expect("it is there");
    let properties = &tool["inputSchema"]["properties"];
    let defaults = ["Status", "LastDays", "Top"].map(|name| properties[name]["default"].clone());
    assert_eq!(defaults, [json!(["New", "Active"]), json!(7), json!(50)]);
    let mut ask = async |more: Json| call(&mut client, "sentinel_incident_list", &on(more)).await;

    let read = ask(json!({})).await;
    let first = read.text.lines().next().expect("a line").to_owned();
    assert!(
        first.contains("in all (asked with Status = New, Active; LastDays = 7; Top = 50, which other values replace)"),
        "{first}"
    );
    assert_eq!(read.structured["defaults"], json!({"Status": ["New", "Active"], "LastDays": 7, "Top": 50}));
    let read = ask(json!({"Top": 2, "CreatedAfter": "2026-01-01T00:00:00Z"})).await;
    assert_eq!(read.structured["defaults"], json!({"Status": ["New", "Active"]}), "one stands for the other");
    assert_eq!(read.structured["count"], 2);
    let warned = read.structured["warnings"].to_string();
    assert!(warned.contains("As many rows as Top allows (2): there may be more"), "{warned}");
    let sent = seen.lock().expect("no panic").clone();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        ["Status", "LastDays", "Top"].map(|name| sent[0][name].clone()),
        [json!(["New", "Active"]), json!(7), json!(50)]
    );
    assert_eq!((&sent[1]["Top"], sent[1].get("LastDays")), (&json!(2), None));
    client.end().await;
}
