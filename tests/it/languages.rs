//! Which language an answer comes in: the request's, else the tenant's, else
//! the server's, else English.

use std::path::Path;
use std::sync::Arc;

use sentinel_jump::config::Config;
use sentinel_jump::desk::Desk;
use serde_json::{Value as Json, json};

use crate::mcp::Client;
use crate::world;

const META: &str = "sentinel-jump/language";

/// Nordhafen is answered in German, the others as the server says.
fn desk(server: &str) -> Arc<Desk> {
    let tenant = "[tenants.nordhafen]\n";
    let toml = format!("{server}\n{}", world::TOML).replace(tenant, &format!("{tenant}language = \"de\"\n"));
    Arc::new(Desk::new(Arc::new(Config::parse(&toml, Path::new("")).expect("a good configuration"))))
}

async fn asked(client: &mut Client, tool: &str, arguments: Json, language: Option<&str>) -> Json {
    let mut params = json!({ "name": tool, "arguments": arguments });
    if let Some(language) = language {
        params["_meta"] = json!({ META: language });
    }
    let mut answer = client.ask("tools/call", params).await;
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].take()
}

fn error(result: &Json) -> &str {
    result["structuredContent"]["error"].as_str().expect("a sentence")
}

const ENGLISH: &str = "The password for the host";
const GERMAN: &str = "Das Passwort für den Host";

#[tokio::test]
async fn the_request_goes_before_the_tenant_and_the_tenant_before_the_server() {
    for (server, others) in [("", ENGLISH), ("language = \"de\"", GERMAN), ("language = \"en\"", ENGLISH)] {
        let mut client = Client::legacy_on(desk(server)).await;
        for (tenant, language, begins) in [
            ("nordhafen", None, GERMAN),
            ("nordhafen", Some("en"), ENGLISH),
            ("nordhafen", Some("de-CH"), GERMAN),
            // Nobody speaks it here: as if nothing had been asked for.
            ("nordhafen", Some("fr"), GERMAN),
            ("marlowe", None, others),
            ("marlowe", Some("de"), GERMAN),
            ("marlowe", Some("fr"), others),
        ] {
            let arguments = json!({"tenant": tenant, "workspace": "prod"});
            let result = asked(&mut client, "sentinel_rule_list", arguments, language).await;
            assert!(error(&result).starts_with(begins), "{server:?} {tenant} {language:?}: {}", error(&result));
            let text = result["content"][0]["text"].as_str().expect("a copy");
            assert_eq!(text.lines().next(), Some(&*format!("unreachable (sign_in_unavailable): {}", error(&result))));
        }
        client.end().await;
    }
}

#[tokio::test]
async fn without_one_tenant_the_server_says() {
    for (server, unknown, missing) in [
        ("", "There is no tenant \"nordhaven\".", "Missing: nordhafen/"),
        ("language = \"de\"", "Es gibt keinen Tenant \"nordhaven\".", "Es fehlt: nordhafen/"),
    ] {
        let mut client = Client::legacy_on(desk(server)).await;
        let arguments = json!({"tenant": "nordhaven", "workspace": "prod"});
        let result = asked(&mut client, "sentinel_rule_list", arguments, None).await;
        assert!(error(&result).starts_with(unknown), "{}", error(&result));
        assert_eq!(result["structuredContent"]["candidates"], json!(["nordhafen"]));
        // Also of the one tenant that has a language of its own.
        let of_one = json!({"tenant_filter": "nordhafen"});
        let result = asked(&mut client, "sentinel_list_analytics_rules", of_one, None).await;
        let text = result["content"][0]["text"].as_str().expect("a copy");
        assert!(text.contains(missing), "{text}");
        client.end().await;
    }
}

#[tokio::test]
async fn a_person_is_asked_in_the_tenant_s_language() {
    let mut client = Client::legacy_with(desk(""), json!({"elicitation": {}})).await;
    let arguments = json!({
        "tenant": "nordhafen", "workspace": "prod", "IncidentNumber": 7, "Classification": "Undetermined",
    });
    let call = json!({"name": "sentinel_incident_close", "arguments": arguments});
    client.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})).await;
    let question = client.next().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(
        question["params"]["message"],
        "Mit sentinel_incident_close auf nordhafen/prod kann etwas endgültig verloren gehen: Classification = \
         Undetermined, IncidentNumber = 7. Soll es weitergehen, ist IncidentNumber genau so einzutippen, wie es hier \
         steht: 7"
    );
    assert_eq!(
        question["params"]["requestedSchema"]["properties"]["name"]["description"],
        "Der Name des Objekts, genau"
    );
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}})).await;
    let answer = client.next().await;
    assert_eq!(
        error(&answer["result"]),
        "\"sentinel_incident_close\" auf nordhafen/prod wurde nicht bestätigt und nicht ausgeführt: der gefragte Mensch \
         hat abgelehnt. Nicht erneut aufrufen, solange er nicht darum bittet."
    );
    client.end().await;
}
