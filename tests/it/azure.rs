//! The simulated Azure behind its socket.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{Client, Response};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use sentinel_jump::demo::{AzureEnd, Fault, Mishap, Settings, World};
use serde_json::{Value as Json, json};

const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";

async fn azure() -> AzureEnd {
    let world = World::new("2026-03-10T12:00:00Z".parse().expect("a time"));
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    AzureEnd::start(loopback, Arc::new(world), Settings::default()).await.expect("it listens")
}

/// A client that trusts this authority only.
fn trusting(pem: &str) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).expect("an authority");
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).build().expect("a client")
}

async fn json(response: Response) -> Json {
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

async fn token(client: &Client, endpoint: &str) -> String {
    let url = format!("{endpoint}?api-version=2019-08-01&resource=https://management.azure.com/");
    let answer = client.get(url).header("X-IDENTITY-HEADER", "any").send().await.expect("an answer");
    json(answer).await["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn who_trusts_its_authority_is_answered() {
    let azure = azure().await;
    let client = trusting(azure.ca_pem());
    let bearer = token(&client, &azure.identity_endpoint(Some("nordhafen"))).await;
    let url = format!("{}{SUBSCRIPTIONS}", azure.url());
    let answer = client.get(&url).bearer_auth(bearer).send().await.expect("an answer");
    assert_eq!(answer.headers()["x-ms-ratelimit-remaining-subscription-reads"], "1099");
    let answer = json(answer).await;
    assert_eq!(answer["value"].as_array().map(Vec::len), Some(2));
    let seen = azure.seen().pop().expect("a request");
    assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.status), ("GET", "/subscriptions", 200));
    assert!(!format!("{seen:?}").contains("authorization"), "no token is kept");

    let other = self::azure().await;
    assert!(trusting(other.ca_pem()).get(&url).send().await.is_err(), "another authority");
}

#[tokio::test]
async fn plain_http_is_for_the_metadata_service_only() {
    let azure = azure().await;
    let client = trusting(azure.ca_pem());
    let host = azure.metadata_host(Some("nordhafen"));
    let url =
        format!("{host}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/");
    let answer = client.get(url).header("Metadata", "true").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let host = azure.metadata_host(None);
    let answer = client.get(format!("{host}{SUBSCRIPTIONS}")).send().await.expect("an answer");
    assert_eq!(json(answer).await["error"]["code"], "HttpsRequired");
}

#[tokio::test]
async fn an_answer_breaks_off_when_it_is_told_to() {
    let azure = azure().await;
    let client = trusting(azure.ca_pem());
    let bearer = token(&client, &azure.identity_endpoint(None)).await;
    let fault = Fault {
        method: None,
        path: Some(SUBSCRIPTIONS.into()),
        after: 0,
        times: Some(1),
        every: None,
        what: Mishap::Cut(20),
    };
    azure.set_faults(vec![fault]);
    let ask = || client.get(format!("{}{SUBSCRIPTIONS}", azure.url())).bearer_auth(&bearer).send();
    assert!(ask().await.expect("a head").bytes().await.is_err());
    let whole = json(ask().await.expect("a head")).await;
    assert_eq!(whole["value"].as_array().map(Vec::len), Some(4), "once");
}

#[tokio::test]
async fn a_document_is_put_in_the_world_s_place() {
    let world = Arc::new(World::new("2026-03-10T12:00:00Z".parse().expect("a time")));
    let place = world.tenant("marlowe").expect("a tenant").workspaces[0].clone();
    let home = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
        place.subscription, place.resource_group, place.name
    );
    let id = format!("{home}/providers/Microsoft.SecurityInsights/automationRules/mine");
    world.put_document(&id, json!({ "id": id, "name": "mine", "etag": null, "properties": { "order": 7 } }));
    let azure = AzureEnd::start(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::clone(&world), Settings::default());
    let azure = azure.await.expect("it listens");
    let client = trusting(azure.ca_pem());
    let bearer = token(&client, &azure.identity_endpoint(Some("marlowe"))).await;
    let url = format!("{}{id}?api-version=2025-09-01", azure.url());
    let answer = json(client.get(url).bearer_auth(bearer).send().await.expect("an answer")).await;
    assert_eq!(Some(&answer), world.document(&id).as_ref());
    assert_eq!(answer["properties"]["order"], 7);
}

#[tokio::test]
async fn nobody_from_elsewhere_is_listened_to() {
    let world = Arc::new(World::new("2026-03-10T12:00:00Z".parse().expect("a time")));
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = AzureEnd::start(everywhere, world, Settings::default()).await.expect_err("loopback only");
    assert_eq!(error.to_string(), "cannot listen for clients of Azure (address not available)");
}
