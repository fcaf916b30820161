//! The simulated Azure without sockets.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::exchange::{Answer, Request};
use super::face::{Azure, Settings};
use crate::demo::world::World;

const NORDHAFEN: &str = "/subscriptions/000000c1-0d3a-4000-8000-000000000001/resourceGroups/rg-sec-prod/providers/Microsoft.OperationalInsights/workspaces/law-nordhafen-sec-prod";
const STABLE: &str = "2025-09-01";
const PREVIEW: &str = "2025-10-01-preview";

/// One client and the Azure that it asks.
struct Client {
    azure: Azure,
    world: Arc<World>,
    token: String,
}

impl Client {
    fn of(alias: Option<&str>) -> Self {
        Self::with(alias, Settings::default())
    }

    fn with(alias: Option<&str>, settings: Settings) -> Self {
        let world = Arc::new(World::new("2026-03-10T12:00:00Z".parse().unwrap()));
        let azure = Azure::new(Arc::clone(&world), settings);
        let mut client = Self { azure, world, token: String::new() };
        client.token = client.token_for(alias, "https://management.azure.com/");
        client
    }

    fn token_for(&self, alias: Option<&str>, resource: &str) -> String {
        let host = alias.map(|alias| format!("/{alias}")).unwrap_or_default();
        let mut request = request("GET", &format!("{host}/msi/token?api-version=2019-08-01&resource={resource}"));
        request.headers.push(("x-identity-header".into(), "x".into()));
        let answer = self.azure.answer(&request);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        body(&answer)["access_token"].as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, target: &str, version: &str, given: Option<&Json>) -> Answer {
        let sign = if target.contains('?') { '&' } else { '?' };
        let mut request = request(method, &format!("{target}{sign}api-version={version}"));
        request.headers.push(("authorization".into(), format!("Bearer {}", self.token)));
        request.body = given.map(|given| given.to_string().into_bytes()).unwrap_or_default();
        self.azure.answer(&request)
    }

    fn get(&self, target: &str, version: &str) -> Json {
        let answer = self.ask("GET", target, version, None);
        assert_eq!(answer.status, 200, "{target}: {}", String::from_utf8_lossy(&answer.body));
        body(&answer)
    }

    /// Status and code of an error.
    fn refusal(&self, method: &str, target: &str, version: &str, given: Option<&Json>) -> (u16, String) {
        let answer = self.ask(method, target, version, given);
        (answer.status, body(&answer)["error"]["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn request(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.into(),
        path: path.into(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: Vec::new(),
        body: Vec::new(),
        base: "https://127.0.0.1:1".into(),
        is_sealed: true,
    }
}

fn body(answer: &Answer) -> Json {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn sentinel(part: &str) -> String {
    format!("{NORDHAFEN}/providers/Microsoft.SecurityInsights/{part}")
}

#[test]
fn a_token_is_had_by_managed_identities_only() {
    let client = Client::of(None);
    let metadata = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/";
    let mut asked = request("GET", metadata);
    assert_eq!(client.azure.answer(&asked).status, 400, "without the header Metadata");
    asked.headers.push(("metadata".into(), "true".into()));
    let given = body(&client.azure.answer(&asked));
    assert_eq!(given["expires_in"], "86399", "a text");
    assert_eq!(given["token_type"], "Bearer");
    asked.path = "/nobody/metadata/identity/oauth2/token".into();
    assert_eq!(body(&client.azure.answer(&asked))["error_description"], "Identity not found");
}

#[test]
fn who_has_no_good_token_gets_nothing() {
    let mut client = Client::of(None);
    let mut asked = request("GET", "/subscriptions?api-version=2022-12-01");
    assert_eq!(body(&client.azure.answer(&asked))["error"]["code"], "AuthenticationFailed");
    client.token = client.token_for(None, "https://api.loganalytics.io");
    assert_eq!(
        client.refusal("GET", "/subscriptions", "2022-12-01", None),
        (401, "InvalidAuthenticationTokenAudience".to_owned())
    );
    client.token = client.token_for(None, "https://management.azure.com/");
    asked.headers.push(("authorization".into(), format!("Bearer {}", client.token)));
    assert_eq!(client.azure.answer(&asked).status, 200);
    let later = "2026-03-11T12:00:00Z".parse().unwrap();
    let world = World::new("2026-03-10T12:00:00Z".parse().unwrap()).with_clock(move || later);
    let answer = Azure::new(Arc::new(world), Settings::default()).answer(&asked);
    assert_eq!((answer.status, &body(&answer)["error"]["code"]), (401, &json!("ExpiredAuthenticationToken")));
}

#[test]
fn a_customer_sees_its_own_subscriptions_and_the_provider_all() {
    let names = |client: &Client| client.get("/subscriptions", "2022-12-01")["value"].as_array().unwrap().len();
    assert_eq!((names(&Client::of(None)), names(&Client::of(Some("nordhafen")))), (4, 2));
    let foreign = Client::of(Some("marlowe"));
    assert_eq!(
        foreign.refusal("GET", NORDHAFEN, "2025-07-01", None),
        (401, "InvalidAuthenticationTokenTenant".to_owned())
    );
}

#[test]
fn stable_versions_do_not_know_nrt_rules() {
    let client = Client::of(None);
    let kinds = |version: &str| {
        let rules = client.get(&sentinel("alertRules"), version);
        let rules = rules["value"].as_array().unwrap().clone();
        (rules.len(), rules.iter().filter(|rule| rule["kind"] == "NRT").count())
    };
    let (all, nrt) = kinds(PREVIEW);
    assert_eq!(all, 29);
    assert!(nrt > 0);
    assert_eq!(kinds(STABLE), (all - nrt, 0));
}

#[test]
fn what_is_wrong_with_a_request_is_said_as_azure_does() {
    let client = Client::of(None);
    let rule = sentinel("alertRules/x");
    let table: [(&str, &str, &str, (u16, &str)); 10] = [
        ("GET", &rule, "", (400, "MissingApiVersionParameter")),
        ("GET", &rule, "1999-01-01", (400, "NoRegisteredProviderFound")),
        ("GET", "/subscriptions", "1999-01-01", (400, "InvalidApiVersionParameter")),
        ("GET", &rule, STABLE, (404, "NotFound")),
        ("GET", "/subscriptions/none/resourceGroups/x", "2021-04-01", (404, "SubscriptionNotFound")),
        ("GET", &NORDHAFEN.replace("rg-sec", "rg-no"), "2025-07-01", (404, "ResourceGroupNotFound")),
        ("GET", &NORDHAFEN.replace("law-", "no-"), "2025-07-01", (404, "ResourceNotFound")),
        ("GET", &sentinel("incidents/none/comments"), STABLE, (404, "ParentResourceNotFound")),
        ("GET", &sentinel("nonsense"), STABLE, (404, "InvalidResourceType")),
        ("PATCH", &rule, STABLE, (405, "MethodNotAllowed")),
    ];
    for (method, target, version, (status, code)) in table {
        assert_eq!(
            client.refusal(method, target, version, None),
            (status, code.to_owned()),
            "{method} {target} {version}"
        );
    }
}

#[test]
fn a_path_is_read_without_case() {
    let client = Client::of(None);
    let path = sentinel("alertRules/000000b0-0d3a-4000-8000-000000000001");
    let rule = client.get(&path.to_uppercase(), STABLE);
    assert_eq!(rule, client.get(&path, STABLE));
    assert_eq!(rule["id"], path.as_str(), "written as it is kept");
}

#[test]
fn a_stale_etag_of_an_incident_is_a_conflict() {
    let client = Client::of(None);
    let path = sentinel("incidents/000000e0-0d3a-4000-8000-000000003039");
    let mut incident = client.get(&path, STABLE);
    incident["properties"]["title"] = json!("another");
    let answer = client.ask("PUT", &path, STABLE, Some(&incident));
    assert_eq!((answer.status, &body(&answer)["properties"]["title"]), (200, &json!("another")));
    assert_ne!(body(&answer)["etag"], incident["etag"]);
    assert_eq!(client.refusal("PUT", &path, STABLE, Some(&incident)), (409, "Conflict".to_owned()));
    incident.as_object_mut().unwrap().remove("etag");
    assert_eq!(
        client.refusal("PUT", &path, STABLE, Some(&incident)),
        (409, "Conflict".to_owned()),
        "none is stale, too"
    );
}

#[test]
fn a_rule_is_made_changed_and_deleted() {
    let client = Client::of(None);
    let path = sentinel("alertRules/mine");
    let mut rule = client.get(&sentinel("alertRules/000000b0-0d3a-4000-8000-000000000001"), STABLE);
    for key in ["id", "name", "etag"] {
        rule.as_object_mut().unwrap().remove(key);
    }
    rule["properties"]["nobodyKnows"] = json!({ "this": 1 });
    let made = client.ask("PUT", &path, STABLE, Some(&rule));
    assert_eq!(made.status, 201);
    let read = client.get(&path, STABLE);
    assert_eq!(read["properties"]["nobodyKnows"], json!({ "this": 1 }), "nothing is lost");
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&rule)).status, 200, "a rule needs no etag");
    let gone = client.ask("DELETE", &path, STABLE, None);
    assert_eq!((gone.status, gone.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(client.ask("DELETE", &path, STABLE, None).status, 204);
    rule["properties"].as_object_mut().unwrap().remove("query");
    assert_eq!(client.refusal("PUT", &path, STABLE, Some(&rule)), (400, "BadRequest".to_owned()));
}

#[test]
fn a_comment_is_counted_by_its_incident() {
    let client = Client::of(None);
    let incident = sentinel("incidents/000000e0-0d3a-4000-8000-000000003039");
    let count = || client.get(&incident, STABLE)["properties"]["additionalData"]["commentsCount"].as_u64().unwrap();
    let before = count();
    let given = json!({ "properties": { "message": "seen" } });
    let path = format!("{incident}/comments/mine");
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&given)).status, 201);
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&given)).status, 200, "the same id again");
    assert_eq!(count(), before + 1);
    let listed = client.get(&format!("{incident}/comments"), STABLE);
    assert_eq!(listed["value"].as_array().unwrap().len() as u64, before + 1);
    assert_eq!(client.ask("DELETE", &path, STABLE, None).status, 200);
    assert_eq!(count(), before);
}

#[test]
fn a_list_comes_in_pages_as_small_as_wanted() {
    let client = Client::with(None, Settings { page: 7, ..Settings::default() });
    let mut target = sentinel("alertRules");
    let mut names = Vec::new();
    for _ in 0..10 {
        let page = client.get(&target, PREVIEW);
        names.extend(page["value"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()));
        let Some(link) = page["nextLink"].as_str() else { break };
        let link = link.strip_prefix("https://127.0.0.1:1").unwrap();
        target = link.replace(&format!("api-version={PREVIEW}&"), "");
    }
    assert_eq!(names.len(), 29);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 29, "each once");
}

#[test]
fn what_one_face_changes_the_other_shows() {
    let client = Client::of(None);
    let place = client.world.tenant("nordhafen").unwrap().workspaces[0].clone();
    let target = (place.subscription.as_str(), place.resource_group.as_str(), place.name.as_str());
    let path = sentinel("alertRules/000000b0-0d3a-4000-8000-000000000001");
    let mut rule = client.get(&path, STABLE);
    rule["properties"]["severity"] = json!("Low");
    rule["properties"]["nobodyKnows"] = json!(true);
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&rule)).status, 200);
    client.world.on("nordhafen", target, |_, workspace| {
        let rule = workspace.rules.iter_mut().find(|rule| path.ends_with(&rule.body.rule_id)).unwrap();
        assert_eq!(rule.body.severity.as_deref(), Some("Low"));
        rule.enabled = false;
    });
    let after = client.get(&path, STABLE);
    assert_eq!(after["properties"]["enabled"], false);
    assert_eq!(after["properties"]["nobodyKnows"], true, "what is not known stays");
}
