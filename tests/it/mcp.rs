//! MCP, line by line over a pipe in memory.

use std::sync::Arc;
use std::time::Duration;

use sentinel_jump::access::{Caller, ToolPolicy};
use sentinel_jump::desk::Desk;
use sentinel_jump::front::{ServeError, serve_on};
use sentinel_jump::mcp::Server;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::hosts::{Hosts, on};
use crate::pool::endless;
use crate::world;

pub(crate) struct Client {
    input: WriteHalf<DuplexStream>,
    output: tokio::io::Lines<BufReader<ReadHalf<DuplexStream>>>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Client {
    fn new() -> Self {
        Self::on(world::desk())
    }

    pub(crate) fn on(desk: Arc<Desk>) -> Self {
        let policy = desk.config().policy.clone();
        Self::on_as(desk, policy)
    }

    fn on_as(desk: Arc<Desk>, policy: ToolPolicy) -> Self {
        let (here, there) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(there);
        let caller = Caller::local(policy);
        let server = tokio::spawn(serve_on(Server::new(desk), caller, reader, writer));
        let (output, input) = tokio::io::split(here);
        Self { input, output: BufReader::new(output).lines(), server }
    }

    pub(crate) async fn legacy() -> Self {
        Self::legacy_on(world::desk()).await
    }

    pub(crate) async fn legacy_on(desk: Arc<Desk>) -> Self {
        Self::legacy_with(desk, json!({})).await
    }

    pub(crate) async fn legacy_with(desk: Arc<Desk>, capabilities: Json) -> Self {
        Self::on(desk).greeted(capabilities).await
    }

    /// With other tools than the configuration has.
    pub(crate) async fn legacy_as(desk: Arc<Desk>, policy: ToolPolicy) -> Self {
        Self::on_as(desk, policy).greeted(json!({})).await
    }

    async fn greeted(mut self, capabilities: Json) -> Self {
        let client_info = json!({"name": "t", "version": "1"});
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": client_info});
        let answer = self.ask("initialize", hello).await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        self
    }

    pub(crate) async fn send(&mut self, message: &Json) {
        self.send_line(message.to_string().as_bytes()).await;
    }

    pub(crate) async fn send_line(&mut self, line: &[u8]) {
        self.input.write_all(line).await.expect("the server reads");
        self.input.write_all(b"\n").await.expect("the server reads");
    }

    pub(crate) async fn ask(&mut self, method: &str, params: Json) -> Json {
        self.send(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).await;
        self.next().await
    }

    pub(crate) async fn next(&mut self) -> Json {
        let line = self.output.next_line().await.expect("the server writes").expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }

    pub(crate) async fn end(self) {
        drop((self.input, self.output));
        self.server.await.expect("no panic").expect("a clean end");
    }
}

#[tokio::test]
async fn tools_are_listed_in_order_with_all_hints() {
    let mut client = Client::legacy().await;
    let answer = client.ask("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "sentinel_backup_automations",
            "sentinel_backup_functions",
            "sentinel_backup_rules",
            "sentinel_backup_saved_queries",
            "sentinel_backup_table_data",
            "sentinel_backup_watchlists",
            "sentinel_dce_list",
            "sentinel_dcr_list",
            "sentinel_get_analytics_rule",
            "sentinel_health_check",
            "sentinel_incident_assign",
            "sentinel_incident_close",
            "sentinel_incident_comment_add",
            "sentinel_incident_comment_list",
            "sentinel_incident_get",
            "sentinel_incident_list",
            "sentinel_list_analytics_rules",
            "sentinel_rule_list",
            "sentinel_table_list",
            "sentinel_table_retention_get",
            "sentinel_tenants_list",
            "sentinel_workbook_export",
            "sentinel_workbook_get",
            "sentinel_workbook_list",
        ]
    );
    for tool in tools {
        assert!(tool["annotations"].is_object() && tool["outputSchema"].is_object(), "{}", tool["name"]);
    }
    client.end().await;
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_an_unknown_tool_is_an_error() {
    let mut client = Client::legacy().await;
    let call = json!({"name": "sentinel_rule_list", "arguments": {"tenant": "nordhafen", "workspace": "prd"}});
    let answer = client.ask("tools/call", call).await;
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(answer["result"]["structuredContent"]["code"], "unknown_workspace");
    assert!(answer["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("prod")));
    let answer = client.ask("tools/call", json!({"name": "Get-AnalyticsRules", "arguments": {}})).await;
    assert_eq!(answer["error"]["code"], -32602);
    let answer = client.ask("tools/call", json!({"name": "sentinel_rules_list", "arguments": {}})).await;
    let error = &answer["error"];
    assert_eq!((error["code"].as_i64(), &error["data"]["candidates"][0]), (Some(-32602), &json!("sentinel_rule_list")));
    assert!(error["message"].as_str().is_some_and(|said| said.contains("\"sentinel_rule_list\"")), "{error}");
    client.end().await;
}

#[tokio::test]
async fn the_stateless_era_is_served_too() {
    let mut client = Client::new();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let answer = client.ask("server/discover", json!({"_meta": meta})).await;
    assert!(
        answer["result"]["supportedVersions"].as_array().is_some_and(|all| all.contains(&json!("2026-07-28"))),
        "{answer}"
    );
    let answer = client.ask("tools/list", json!({"_meta": meta})).await;
    assert_eq!(answer["result"]["cacheScope"], "private");
    assert_eq!(answer["result"]["ttlMs"], 300_000);
    client.end().await;
}

#[tokio::test]
async fn progress_arrives_and_a_cancel_reaches_the_host() {
    let hosts = Hosts::start_with(endless(Arc::new(Notify::new()))).await;
    let desk = hosts.desk();
    let mut client = Client::legacy_on(Arc::clone(&desk)).await;
    let call = json!({"name": "sentinel_rule_list", "arguments": on(json!({})), "_meta": {"progressToken": "p"}});
    client.send(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call})).await;
    let told = timeout(Duration::from_secs(10), async {
        loop {
            let note = client.next().await;
            assert_eq!(note["method"], "notifications/progress", "{note}");
            let message = note["params"]["message"].as_str().expect("a message").to_owned();
            if message.contains("Reading rules") {
                break message;
            }
        }
    });
    assert_eq!(told.await.expect("progress in time"), "40 % Reading rules: page 3");
    let before = hosts.count("nordhafen");
    assert_eq!((before.runs_of("Invoke-SjCall"), before.shells_open), (1, 1));
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    // Asked until it shows: without the cancel the call would go on for hours.
    let stopped = timeout(Duration::from_secs(10), async {
        while desk.path().pool().counts().closed == 0 {
            client.ask("ping", json!({})).await;
        }
    });
    stopped.await.expect("in time");
    timeout(Duration::from_secs(10), client.end()).await.expect("in time");
    let after = hosts.count("nordhafen");
    println!(
        "cancelled: signals {} -> {}, {} open",
        before.requests_of("Signal"),
        after.requests_of("Signal"),
        after.shells_open
    );
    assert_eq!(after.requests_of("Signal"), before.requests_of("Signal") + 2, "the stop and the terminate");
    assert_eq!((after.shells_open, desk.path().pool().counts().closed), (0, 1));
}
