//! The list of tools: what it costs, and that nothing is lost by it.

use std::fmt::Write as _;
use std::path::Path;

use sentinel_jump::access::{Mode, ToolPolicy};
use sentinel_jump::catalog::{Effect, ToolSet, schema};
use sentinel_jump::desk::tools;
use serde_json::{Map, Value as Json, json};
use tiktoken_rs::CoreBPE;

use crate::hosts::Hosts;
use crate::mcp::Client;
use crate::snapshot::assert_file;

/// What clients are shown, by the switches that show it.
fn shown() -> [(&'static str, ToolPolicy); 4] {
    let of = |set| ToolPolicy { sets: [set].into(), mode: Mode::ReadWrite };
    [
        ("--tools analyst --read-only", ToolPolicy { mode: Mode::ReadOnly, ..of(ToolSet::Analyst) }),
        ("(default)", ToolPolicy::default()),
        ("--tools all", of(ToolSet::All)),
        ("--tools compact", of(ToolSet::Compact)),
    ]
}

fn listed(policy: &ToolPolicy) -> Vec<Json> {
    policy.visible(&tools()).map(|tool| schema::listed(tool).into()).collect()
}

fn tokens(o200k: &CoreBPE, value: &Json) -> usize {
    o200k.encode_ordinary(&value.to_string()).len()
}

#[test]
fn the_list_fits() {
    let o200k = tiktoken_rs::o200k_base().expect("the table");
    let [analyst, default, all, compact] = shown().map(|(_, policy)| {
        let tools = listed(&policy);
        (tools.len(), tokens(&o200k, &tools.into()))
    });
    assert!(analyst.0 <= 19 && analyst.1 <= 3_000, "{analyst:?}");
    assert!(default.0 <= 40 && default.1 <= 6_500, "{default:?}");
    assert!(all.1 <= 170 * all.0, "{all:?}: {} a tool", all.1 / all.0);
    assert!(compact.0 == 2 && compact.1 <= 600, "{compact:?}");
}

/// `UPDATE=1` writes it.
#[test]
fn the_page_of_tokens_is_generated() {
    let o200k = tiktoken_rs::o200k_base().expect("the table");
    let mut page = String::from(
        "# What the list of tools costs\n\nTokens (o200k) of the compact JSON of `tools` as `tools/list` sends it, output \
         schemas and annotations\nincluded. Written and checked by a test.\n\n| shown | tools | tokens | mean |\n|--|--:|--:|--:|\n",
    );
    for (name, policy) in shown() {
        let tools = listed(&policy);
        let (count, all) = (tools.len(), tokens(&o200k, &tools.into()));
        writeln!(page, "| `{name}` | {count} | {all} | {} |", all / count).expect("writing to a string");
    }
    page.push_str("\n| tool | set | changes something | tokens |\n|--|--|--|--:|\n");
    for tool in tools().iter() {
        let writes = if tool.effect() == Effect::Write { "yes" } else { "" };
        let cost = tokens(&o200k, &schema::listed(tool).into());
        writeln!(page, "| `{}` | {} | {writes} | {cost} |", tool.name(), tool.set()).expect("writing to a string");
    }
    assert_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tools.md"), &page);
}

#[tokio::test]
async fn what_is_counted_is_what_is_sent() {
    let mut client = Client::legacy().await;
    let sent = client.ask("tools/list", json!({})).await["result"]["tools"].clone();
    assert_eq!(sent.to_string(), Json::from(listed(&ToolPolicy::default())).to_string());
    client.end().await;
}

/// The other way round it would be refused by clients that check.
#[test]
fn no_schema_is_closed_to_old_names_or_names_a_customer() {
    let config = crate::world::config();
    for tool in tools().iter() {
        let input = schema::input(tool);
        assert_eq!(input.get("additionalProperties"), None, "{}", tool.name());
        let required: Vec<&str> =
            input.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        for (old, new) in tool.argument_aliases() {
            assert!(!required.contains(&new), "{}: who says {old} need not say {new}", tool.name());
        }
        for name in required {
            assert!(input["properties"].get(name).is_some(), "{}: {name} is needed and not listed", tool.name());
        }
        let listed = Json::from(schema::listed(tool)).to_string();
        for tenant in config.registry.tenants() {
            assert!(!listed.contains(tenant.id.as_str()), "{}", tool.name());
        }
    }
}

#[test]
fn hints_say_what_clients_would_get_wrong() {
    // Spec: what is not given.
    let fallback =
        json!({"readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": true});
    let mut writes = 0;
    for tool in tools().iter() {
        let hints = tool.annotations();
        let told: Map<String, Json> = schema::hints(hints);
        let means = |name: &str| told.get(name).unwrap_or_else(|| &fallback[name]) == &json!(true);
        assert_eq!(means("readOnlyHint"), hints.read_only_hint, "{}", tool.name());
        assert_eq!(means("openWorldHint"), hints.open_world_hint, "{}", tool.name());
        if !hints.read_only_hint {
            writes += 1;
            assert_eq!(means("destructiveHint"), hints.destructive_hint, "{}", tool.name());
            assert_eq!(means("idempotentHint"), hints.idempotent_hint, "{}", tool.name());
            assert!(told.contains_key("destructiveHint"), "{}: whether a person is asked hangs on it", tool.name());
        }
    }
    assert!(writes > 20, "{writes} writes");
}

async fn call(client: &mut Client, tool: &str, arguments: Json) -> Json {
    let answer = client.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
    answer["result"]["structuredContent"].clone()
}

#[tokio::test]
async fn customers_are_told_without_asking_a_host_and_what_it_lacks_once_it_has_told() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    let before = call(&mut client, "sentinel_tenants_list", json!({})).await;
    let places: Vec<String> = before["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            format!("{}/{}", row["tenant"].as_str().unwrap_or_default(), row["workspace"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        places,
        ["alpenmed/alpenmed-prod", "marlowe/marlowe-prod", "nordhafen/nordhafen-ot", "nordhafen/nordhafen-prod"],
        "{before}"
    );
    assert!(
        before["data"].as_array().expect("rows").iter().all(|row| row["lacks"].is_null()),
        "nobody was asked: {before}"
    );

    let read = json!({"tenant": "marlowe", "workspace": "marlowe-prod"});
    assert_eq!(call(&mut client, "sentinel_rule_list", read).await["outcome"], "done");
    let after = call(&mut client, "sentinel_tenants_list", json!({"tenant": "marlowe"})).await;
    assert_eq!(after["count"], 1);
    assert!(after["data"][0]["lacks"].is_array(), "{after}");
    let refused = call(&mut client, "sentinel_tenants_list", json!({"tenant": "marlow"})).await;
    assert_eq!((&refused["code"], &refused["candidates"]), (&json!("unknown_tenant"), &json!(["marlowe"])));
    client.end().await;
}

#[tokio::test]
async fn a_question_over_all_takes_new_and_old_names() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_on(hosts.desk()).await;
    for arguments in [
        json!({"tenant": "nordhafen", "workspace": "nordhafen-prod"}),
        json!({"tenant_filter": "nordhafen", "workspace_filter": "nordhafen-prod"}),
    ] {
        let answer = call(&mut client, "sentinel_list_analytics_rules", arguments.clone()).await;
        assert_eq!(answer["workspaces_queried"], 1, "{arguments}");
    }
    client.end().await;
    // The old name does not stand for a tenant: of every customer that has one of that name.
    let mut client = Client::legacy().await;
    for arguments in [json!({"workspace": "prod", "tenant": "all"}), json!({"workspace_filter": "prod"})] {
        let answer = call(&mut client, "sentinel_list_analytics_rules", arguments.clone()).await;
        assert_eq!(answer["workspaces_queried"], 2, "{arguments}");
    }
    client.end().await;
}

fn compact(more: &[ToolSet], mode: Mode) -> ToolPolicy {
    ToolPolicy { sets: more.iter().copied().chain([ToolSet::Compact]).collect(), mode }
}

#[tokio::test]
async fn two_tools_stand_for_all_and_what_is_called_is_the_tool() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_as(hosts.desk(), compact(&[], Mode::ReadWrite)).await;
    let sent = client.ask("tools/list", json!({})).await;
    let names: Vec<&str> =
        sent["result"]["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["sentinel_invoke", "sentinel_search_tools"]);

    let found = call(&mut client, "sentinel_search_tools", json!({"query": "close incidents"})).await;
    assert_eq!(found["data"][0]["tool"], "sentinel_incident_close", "{found}");
    assert_eq!(found["data"][0]["inputSchema"]["required"], json!(["tenant", "workspace", "Classification"]));
    let all = call(&mut client, "sentinel_search_tools", json!({"page_size": 100, "fields": ["tool"]})).await;
    let callable = ToolPolicy::default().visible(&tools()).count();
    assert_eq!(all["count"], callable, "{all}");

    let inner = json!({"tenant": "nordhafen", "workspace": "nordhafen-prod", "page_size": 2});
    let direct = call(&mut client, "sentinel_rule_list", inner.clone()).await;
    // As an object, and as the text that some clients make of one.
    for arguments in [inner.clone(), inner.to_string().into()] {
        let invoked =
            call(&mut client, "sentinel_invoke", json!({"tool": "sentinel_rule_list", "arguments": arguments})).await;
        assert_eq!(invoked["function"], "Get-AnalyticsRules");
        assert_eq!(invoked["data"], direct["data"]);
    }
    // Its cursor is the tool's.
    let mut next = inner;
    next["cursor"] = direct["nextCursor"].clone();
    let page = call(&mut client, "sentinel_invoke", json!({"tool": "sentinel_rule_list", "arguments": next})).await;
    assert_eq!(page["outcome"], "done", "{page}");
    client.end().await;
}

#[tokio::test]
async fn what_cannot_be_called_by_name_cannot_be_called_by_another() {
    let hosts = Hosts::start().await;
    let on = json!({"tenant": "nordhafen", "workspace": "nordhafen-prod"});
    let mut client = Client::legacy_as(hosts.desk(), compact(&[ToolSet::All], Mode::ReadOnly)).await;
    let mut delete = on.clone();
    delete["RuleName"] = "any".into();
    for (given, code) in [
        (json!({"tool": "sentinel_rule_delete", "arguments": delete}), "not_permitted"),
        (json!({"tool": "sentinel_rule_lst", "arguments": on}), "unknown_function"),
        (json!({"tool": "sentinel_invoke", "arguments": {"tool": "sentinel_rule_list"}}), "unknown_function"),
        (json!({"arguments": on}), "invalid_argument"),
        (json!({"tool": 5}), "invalid_argument"),
        (json!({"tool": "sentinel_rule_list", "arguments": [1]}), "invalid_argument"),
        (json!({"tool": "sentinel_rule_list", "args": on}), "invalid_argument"),
        (json!({"tool": "sentinel_rule_list"}), "invalid_argument"),
    ] {
        let answer = call(&mut client, "sentinel_invoke", given.clone()).await;
        assert_eq!(answer["code"], code, "{given}: {answer}");
        assert_eq!(answer["outcome"], "refused", "{given}");
    }
    client.end().await;
    // Where nobody switched it on, it is a tool like any other that is off.
    let mut client = Client::legacy_on(hosts.desk()).await;
    let answer = call(&mut client, "sentinel_invoke", json!({"tool": "sentinel_rule_list", "arguments": on})).await;
    assert_eq!(answer["code"], "not_permitted", "{answer}");
    client.end().await;
}
