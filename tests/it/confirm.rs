//! What may lose something runs only after a person typed the object's name.

use std::sync::Arc;
use std::time::Duration;

use sentinel_jump::desk::Desk;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, timeout};

use crate::hosts::{Hosts, on};
use crate::mcp::Client;
use crate::world;

const TOOL: &str = "sentinel_incident_close";

fn close(number: i64) -> Json {
    on(json!({"IncidentNumber": number, "Classification": "Undetermined"}))
}

fn accept(name: &str) -> Json {
    json!({"action": "accept", "content": {"name": name}})
}

/// How often the host ran a function, and whether it was asked anything.
fn touched(hosts: &Hosts) -> (u64, bool) {
    let count = hosts.count("nordhafen");
    (count.runs_of("Invoke-SjCall"), !count.requests.is_empty())
}

fn code(result: &Json) -> &str {
    result["structuredContent"]["code"].as_str().unwrap_or_default()
}

fn error(result: &Json) -> &str {
    result["structuredContent"]["error"].as_str().expect("a sentence")
}

/// Checks that the call went on to the host, and how often the function ran.
fn went_on(hosts: &Hosts, result: &Json) {
    assert!(result["structuredContent"]["outcome"].is_string(), "{result}");
    assert!(!code(result).starts_with("confirmation"), "{result}");
    // A host whose script lacks the function was asked for it, and runs nothing.
    let runs = u64::from(code(result) != "unknown_function");
    assert_eq!(touched(hosts), (runs, true), "{result}");
}

/// A client of 2026-07-28.
struct Modern {
    client: Client,
    capabilities: Json,
}

impl Modern {
    fn new(desk: Arc<Desk>, capabilities: Json) -> Self {
        Self { client: Client::on(desk), capabilities }
    }

    async fn call(&mut self, arguments: Json, more: Json) -> Json {
        let mut params = json!({
            "name": TOOL,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            },
        });
        params.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let mut answer = self.client.ask("tools/call", params).await;
        answer["result"].take()
    }

    /// Calls and gives back the sealed state of the question.
    async fn asked(&mut self, number: i64) -> String {
        let result = self.call(close(number), json!({})).await;
        assert_eq!(result["resultType"], "input_required", "{result}");
        let question = &result["inputRequests"]["confirm"];
        assert_eq!(question["method"], "elicitation/create", "{question}");
        let message = question["params"]["message"].as_str().expect("a message");
        assert!(message.contains("nordhafen/nordhafen-prod") && message.ends_with(&number.to_string()), "{message}");
        assert_eq!(question["params"]["requestedSchema"]["required"], json!(["name"]), "{question}");
        result["requestState"].as_str().expect("a state").to_owned()
    }

    async fn answer(&mut self, number: i64, state: &str, answer: Json) -> Json {
        self.call(close(number), json!({"requestState": state, "inputResponses": {"confirm": answer}})).await
    }
}

#[tokio::test]
async fn since_2026_a_sealed_question_is_answered_once_and_for_its_call() {
    let hosts = Hosts::start().await;
    let mut client = Modern::new(hosts.desk(), json!({"elicitation": {"form": {}}}));

    let state = client.asked(12_345).await;
    let wrong = client.answer(12_345, &state, accept("12346")).await;
    assert_eq!((code(&wrong), wrong["isError"].as_bool()), ("confirmation_failed", Some(true)));
    assert!(error(&wrong).contains("IncidentNumber"), "{wrong}");
    let again = client.answer(12_345, &state, accept("12345")).await;
    assert_eq!((code(&again), error(&again).contains("used before")), ("confirmation_failed", true));

    for answer in [json!({"action": "decline"}), json!({"action": "cancel"})] {
        let state = client.asked(12_345).await;
        let declined = client.answer(12_345, &state, answer).await;
        assert_eq!((code(&declined), error(&declined).contains("said no")), ("confirmation_failed", true));
    }

    let state = client.asked(12_345).await;
    let other = client.answer(12_346, &state, accept("12346")).await;
    assert_eq!((code(&other), error(&other).contains("another call")), ("confirmation_failed", true));

    let mut forged = state.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("ASCII");
    for forged in [forged.as_str(), "", "rs1.e30.e30"] {
        let result = client.answer(12_345, forged, accept("12345")).await;
        assert_eq!(code(&result), "confirmation_failed", "{forged}: {result}");
    }

    // An answer without a state, and a state without an answer, are asked anew.
    let bare = client.call(close(12_345), json!({"inputResponses": {"confirm": accept("12345")}})).await;
    assert_eq!(bare["resultType"], "input_required", "{bare}");
    let bare = client.call(close(12_345), json!({"requestState": state, "inputResponses": {}})).await;
    assert_eq!(bare["resultType"], "input_required", "{bare}");
    assert_eq!(touched(&hosts), (0, false), "nothing was sent before the confirmation");

    // What did not count before has not used it up.
    let confirmed = client.answer(12_345, &state, accept("12345")).await;
    went_on(&hosts, &confirmed);
    let replayed = client.answer(12_345, &state, accept("12345")).await;
    assert_eq!(code(&replayed), "confirmation_failed", "{replayed}");
    went_on(&hosts, &confirmed);
    client.client.end().await;
}

#[tokio::test]
async fn a_state_counts_in_the_process_that_made_it_only() {
    let hosts = Hosts::start().await;
    let can_ask = json!({"elicitation": {}});
    let mut one = Modern::new(hosts.desk(), can_ask.clone());
    let mut other = Modern::new(hosts.desk(), can_ask);
    let state = one.asked(12_345).await;
    let result = other.answer(12_345, &state, accept("12345")).await;
    assert_eq!(code(&result), "confirmation_failed", "{result}");
    assert_eq!(touched(&hosts), (0, false));
    one.client.end().await;
    other.client.end().await;
}

#[tokio::test]
async fn before_2026_the_client_is_asked_and_waited_for() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_with(hosts.desk(), json!({"elicitation": {}})).await;
    let cases = [
        (accept("12346"), "confirmation_failed", "IncidentNumber"),
        (json!({"action": "accept", "content": {}}), "confirmation_failed", "IncidentNumber"),
        (json!({"action": "decline"}), "confirmation_failed", "said no"),
        (json!({"action": "cancel"}), "confirmation_failed", "said no"),
    ];
    for (answer, expected, said) in cases {
        let result = elicited(&mut client, answer).await;
        assert_eq!((code(&result), error(&result).contains(said)), (expected, true), "{result}");
    }
    assert_eq!(touched(&hosts), (0, false), "nothing was sent before the confirmation");
    let confirmed = elicited(&mut client, accept("12345")).await;
    went_on(&hosts, &confirmed);
    client.end().await;
}

/// Calls, answers the question and gives back what comes of it.
async fn elicited(client: &mut Client, answer: Json) -> Json {
    let mut question = client.ask("tools/call", json!({"name": TOOL, "arguments": close(12_345)})).await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert!(question["params"]["message"].as_str().expect("a message").ends_with(" 12345"), "{question}");
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"].take(), "result": answer})).await;
    client.next().await["result"].take()
}

#[tokio::test]
async fn a_call_given_up_while_the_person_thinks_runs_nothing() {
    let hosts = Hosts::start().await;
    let mut client = Client::legacy_with(hosts.desk(), json!({"elicitation": {}})).await;
    let mut question = client.ask("tools/call", json!({"name": TOOL, "arguments": close(12_345)})).await;
    client.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})).await;
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"].take(), "result": accept("12345")})).await;
    timeout(Duration::from_secs(10), client.end()).await.expect("in time");
    assert_eq!(touched(&hosts).0, 0);
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_refused_unless_the_tenant_says_otherwise() {
    let hosts = Hosts::start().await;
    let cannot = [json!({}), json!({"elicitation": {"url": {}}})];
    for capabilities in &cannot {
        let mut modern = Modern::new(hosts.desk(), capabilities.clone());
        let result = modern.call(close(12_345), json!({})).await;
        assert_eq!(code(&result), "confirmation_required", "{result}");
        assert!(error(&result).contains("elicitation"), "{result}");
        modern.client.end().await;
        let mut legacy = Client::legacy_with(hosts.desk(), capabilities.clone()).await;
        let answer = legacy.ask("tools/call", json!({"name": TOOL, "arguments": close(12_345)})).await;
        assert_eq!(code(&answer["result"]), "confirmation_required", "{answer}");
        legacy.end().await;
    }
    assert_eq!(touched(&hosts), (0, false));

    let hosts = hosts.without_confirmation("nordhafen");
    let mut legacy = Client::legacy_on(hosts.desk()).await;
    let answer = legacy.ask("tools/call", json!({"name": TOOL, "arguments": close(12_345)})).await;
    went_on(&hosts, &answer["result"]);
    let mut elsewhere = close(12_345);
    elsewhere["tenant"] = json!("alpenmed");
    elsewhere["workspace"] = json!("alpenmed-prod");
    let answer = legacy.ask("tools/call", json!({"name": TOOL, "arguments": elsewhere})).await;
    assert_eq!(code(&answer["result"]), "confirmation_required", "only that tenant: {answer}");
    legacy.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_hears_at_least_every_ten_seconds_while_the_person_thinks() {
    let mut client = Client::legacy_with(world::desk(), json!({"elicitation": {}})).await;
    let mut arguments = close(5);
    arguments["workspace"] = json!("prod");
    let params = json!({"name": TOOL, "arguments": arguments, "_meta": {"progressToken": 1}});
    let question = client.ask("tools/call", params).await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let (began, mut last, mut told) = (Instant::now(), Instant::now(), -1.0);
    let answer = loop {
        let message = client.next().await;
        assert!(last.elapsed() <= Duration::from_secs(10), "{:?} of silence", last.elapsed());
        last = Instant::now();
        match message["method"].as_str() {
            Some("notifications/progress") => {
                let now = message["params"]["progress"].as_f64().expect("a number");
                assert!(now > told, "{now} after {told}");
                told = now;
            }
            // The question is taken back.
            Some("notifications/cancelled") => {}
            _ => break message,
        }
    };
    assert_eq!(began.elapsed().as_secs(), 300, "nobody is waited for longer");
    assert_eq!(code(&answer["result"]), "confirmation_failed", "{answer}");
    assert!(error(&answer["result"]).contains("nobody answered"), "{answer}");
    client.end().await;
}
