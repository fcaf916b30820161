//! The simulated Azure without sockets.

mod query;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::budget::Budget;
use super::exchange::{Answer, Request};
use super::face::{Azure, Control, Settings};
use super::kind::Verb;
use super::kinds::KINDS;
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
fn a_certificate_s_assertion_must_say_what_it_must() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let client = Client::of(None);
    let path = "/000000d1-0d3a-4000-8000-000000000001/oauth2/v2.0/token";
    let now = client.world.now().as_second();
    let good = json!({
        "aud": format!("https://127.0.0.1:1{path}"), "iss": "app", "sub": "app", "jti": "1", "nbf": now, "exp": now + 600,
    });
    let ask = |head: &Json, claims: &Json| {
        let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", "app".to_owned()),
            ("scope", "https://management.azure.com/.default".to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", format!("{}.{}.c2ln", part(head), part(claims))),
        ];
        let mut asked = request("POST", path);
        asked.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
        let answer = body(&client.azure.answer(&asked));
        answer["error_codes"][0].as_u64().unwrap_or_else(|| u64::from(!answer["access_token"].is_string()))
    };
    let head = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": "x" });
    assert_eq!(ask(&head, &good), 0);
    assert_eq!(ask(&json!({ "alg": "none" }), &good), 700_027);
    for (claim, value, number) in [
        ("aud", json!("https://login.example"), 700_023),
        ("sub", json!("another"), 700_021),
        ("exp", json!(now), 700_024),
        ("exp", json!(now + 100_000), 700_024),
        ("jti", Json::Null, 700_027),
    ] {
        let mut wrong = good.clone();
        wrong[claim] = value;
        assert_eq!(ask(&head, &wrong), number, "{claim}");
    }
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
fn a_rule_is_refused_where_its_query_cannot_be_run() {
    let client = Client::of(None);
    let place = "/subscriptions/000000c3-0d3a-4000-8000-000000000001/resourceGroups/rg-sentinel/providers/Microsoft.OperationalInsights/workspaces/law-alpenmed-sentinel";
    let path = format!("{place}/providers/Microsoft.SecurityInsights/alertRules/000000b0-0d3a-4000-8000-00000000000e");
    let mut rule = client.get(&path, STABLE);
    rule.as_object_mut().unwrap().remove("etag");
    rule["properties"]["enabled"] = json!(true);
    let refused = client.ask("PUT", &path, STABLE, Some(&rule));
    assert_eq!(
        body(&refused)["error"]["message"],
        "The query cannot be run: 'extend' operator: Failed to resolve scalar expression named 'DstIpAddr'"
    );
    rule["properties"]["enabled"] = json!(false);
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&rule)).status, 200, "off is always possible");
    rule["properties"]["query"] = json!("Nothing | take 1");
    let refused = client.ask("PUT", &format!("{path}x"), STABLE, Some(&rule));
    assert_eq!(
        body(&refused)["error"]["message"],
        "The query cannot be run: 'take' operator: Failed to resolve table or column expression named 'Nothing'"
    );
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

const INCIDENT: &str = "incidents/000000e0-0d3a-4000-8000-000000003039";
const GROUP: &str = "/subscriptions/000000c1-0d3a-4000-8000-000000000001/resourceGroups/rg-sec-prod";

fn insights(part: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Insights/{part}")
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

/// What stands behind the address that an answer gives.
fn behind(link: &str) -> (String, String) {
    let link = link.strip_prefix("https://127.0.0.1:1").unwrap();
    let (path, query) = link.split_once("?api-version=").unwrap();
    (path.to_owned(), query.to_owned())
}

#[test]
fn every_type_has_a_list_that_can_be_read() {
    let client = Client::of(None);
    let mut rows = 0;
    for kind in KINDS.iter().filter(|kind| kind.can(Verb::List)) {
        let version = kind.versions.last().unwrap();
        let (namespace, types) = kind.parts();
        // A collection of a collection needs a parent; those are listed below their own.
        if types.contains('/') && namespace != "Microsoft.OperationalInsights" {
            continue;
        }
        let target = match (namespace, types.split_once('/')) {
            ("Microsoft.SecurityInsights", _) => sentinel(types),
            ("Microsoft.OperationalInsights", Some(("workspaces", part))) => format!("{NORDHAFEN}/{part}"),
            ("Microsoft.OperationalInsights", Some(_)) => continue,
            _ => format!("/subscriptions/000000c1-0d3a-4000-8000-000000000001/providers/{}", kind.name),
        };
        let filter = if types == "workbooks" { "?category=sentinel" } else { "" };
        let list = client.get(&format!("{target}{filter}"), version);
        for one in list["value"].as_array().unwrap() {
            rows += 1;
            let id = one["id"].as_str().unwrap();
            let again = client.get(id, version);
            assert_eq!((&again["id"], &again["name"]), (&one["id"], &one["name"]), "{id}");
        }
    }
    assert!(rows > 80, "{rows}");
}

#[test]
fn a_table_is_made_in_the_background() {
    let client = Client::of(None);
    let path = format!("{NORDHAFEN}/tables/Mine_CL");
    let columns = json!([{ "name": "TimeGenerated", "type": "datetime" }, { "name": "Äpfel", "type": "int" }]);
    let given =
        json!({ "properties": { "schema": { "name": "Mine_CL", "columns": columns }, "totalRetentionInDays": 200 } });
    let begun = client.ask("PUT", &path, "2025-07-01", Some(&given));
    assert_eq!((begun.status, begun.body.len()), (202, 0));
    assert_eq!(header(&begun, "retry-after"), None);
    let (status, version) = behind(header(&begun, "azure-asyncoperation").unwrap());
    assert!(status.contains("/locations/germanywestcentral/operationStatuses/"), "{status}");
    assert_eq!(client.get(&path, "2025-07-01")["properties"]["provisioningState"], "Updating");
    let (result, result_version) = behind(header(&begun, "location").unwrap());
    assert_eq!(client.get(&status, &version)["status"], "Updating");
    let ended = client.get(&status, &version);
    assert_eq!(ended["status"], "Succeeded");
    assert_eq!(ended["endTime"], "Tue, 10 Mar 2026 12:00:00 GMT");
    let table = client.get(&result, &result_version);
    assert_eq!(table, client.get(&path, "2025-07-01"));
    let said = &table["properties"];
    assert_eq!((&said["retentionInDays"], &said["archiveRetentionInDays"]), (&json!(90), &json!(110)));
    assert_eq!(said["schema"]["columns"][0]["type"], "dateTime");
    assert!(table.get("type").is_none(), "the service says none");
    let patch = json!({ "properties": { "retentionInDays": -1, "totalRetentionInDays": -1 } });
    let patched = client.ask("PATCH", &path, "2025-07-01", Some(&patch));
    assert_eq!((patched.status, &body(&patched)["properties"]["totalRetentionInDays"]), (200, &json!(90)));
    assert_eq!(client.ask("DELETE", &path, "2025-07-01", None).status, 202);
    assert_eq!(client.refusal("GET", &path, "2025-07-01", None), (404, "NotFound".to_owned()));
}

#[test]
fn tables_are_refused_what_azure_refuses() {
    let client = Client::of(None);
    let given = |properties: Json| json!({ "properties": properties });
    let column = |name: &str, kind: &str| {
        given(
            json!({ "schema": { "columns": [{ "name": "TimeGenerated", "type": "dateTime" }, { "name": name, "type": kind }] } }),
        )
    };
    let table = [
        ("PUT", "Mine_CL", column("x", "decimal"), "InvalidParameter"),
        ("PUT", "Mine_CL", column("TenantId", "guid"), "InvalidParameter"),
        ("PUT", "Mine", column("x", "int"), "InvalidParameter"),
        ("PUT", "Mine_CL", given(json!({ "plan": "Basic" })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "retentionInDays": 3 })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "totalRetentionInDays": 30 })), "InvalidParameter"),
        ("PATCH", "SigninLogs", given(json!({ "plan": "Basic" })), "InvalidTablePlan"),
        ("PATCH", "DnsFirewall_CL", given(json!({ "retentionInDays": 90 })), "InvalidParameter"),
        ("PATCH", "None_CL", given(json!({ "retentionInDays": 90 })), "NotFound"),
    ];
    for (method, name, given, code) in table {
        let (_, found) = client.refusal(method, &format!("{NORDHAFEN}/tables/{name}"), "2025-07-01", Some(&given));
        assert_eq!(found, code, "{method} {name} {given}");
    }
    let (status, code) = client.refusal("DELETE", &format!("{NORDHAFEN}/tables/SigninLogs"), "2025-07-01", None);
    assert_eq!((status, code.as_str()), (400, "InvalidOperation"));
}

#[test]
fn a_whole_table_that_was_read_is_written_back() {
    let client = Client::of(None);
    for name in ["SigninLogs", "DnsFirewall_CL", "FortiTraffic_CL"] {
        let path = format!("{NORDHAFEN}/tables/{name}");
        let mut table = client.get(&path, "2025-07-01");
        let schema = table["properties"]["schema"].as_object_mut().unwrap();
        schema.remove("columns");
        let answer = client.ask("PUT", &path, "2025-07-01", Some(&table));
        assert_eq!(answer.status, 200, "{name}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[test]
fn the_content_of_a_watchlist_becomes_its_items() {
    let client = Client::of(None);
    let path = sentinel("watchlists/Mine");
    let given = json!({ "properties": {
        "displayName": "Mine", "provider": "me", "itemsSearchKey": "Host", "contentType": "text/csv",
        "rawContent": "Host,Note\r\na,\"x, y\"\r\nb,z\r\n", "numberOfLinesToSkip": 0,
    } });
    let made = client.ask("PUT", &path, STABLE, Some(&given));
    assert_eq!((made.status, body(&made)["properties"].get("rawContent")), (201, None));
    let items = client.get(&format!("{path}/watchlistItems"), STABLE);
    let items = items["value"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["properties"]["itemsKeyValue"], json!({ "Host": "a", "Note": "x, y" }));
    let item = json!({ "properties": { "itemsKeyValue": { "Host": "c" } } });
    assert_eq!(client.ask("PUT", &format!("{path}/watchlistItems/three"), STABLE, Some(&item)).status, 201);
    assert_eq!(client.get(&format!("{path}/watchlistItems"), STABLE)["value"].as_array().unwrap().len(), 3);
    assert_eq!(client.ask("DELETE", &path, "2024-03-01", None).status, 200, "in an older version at once");
    assert_eq!(client.refusal("GET", &format!("{path}/watchlistItems"), STABLE, None).0, 404);
    client.ask("PUT", &path, STABLE, Some(&given));
    assert_eq!(client.ask("DELETE", &path, STABLE, None).status, 202);
}

#[test]
fn what_raised_an_incident_is_asked_for() {
    let client = Client::of(None);
    let ask = |part: &str| body(&client.ask("POST", &sentinel(&format!("{INCIDENT}/{part}")), STABLE, None));
    let alerts = ask("alerts");
    assert_eq!(alerts["value"].as_array().unwrap().len(), 3);
    assert_eq!(alerts["value"][0]["kind"], "SecurityAlert");
    let entities = ask("entities");
    assert_eq!(entities["metaData"][0], json!({ "entityKind": "Ip", "count": 1 }));
    assert_eq!(ask("bookmarks"), json!({ "value": [] }));
    let mut incident = client.get(&sentinel(INCIDENT), STABLE);
    incident["properties"]["status"] = json!("Closed");
    assert_eq!(
        client.refusal("PUT", &sentinel(INCIDENT), STABLE, Some(&incident)).1,
        "BadRequest",
        "no classification"
    );
    incident["properties"]["classification"] = json!("Undetermined");
    assert_eq!(client.ask("PUT", &sentinel(INCIDENT), STABLE, Some(&incident)).status, 200);
    assert_eq!(ask("alerts")["value"][0]["properties"]["status"], "Resolved");
}

#[test]
fn incidents_are_filtered_ordered_and_paged() {
    let client = Client::of(None);
    let filter = "$filter=properties/status ne 'Closed'&$orderby=properties/incidentNumber desc&$top=2";
    let target = format!("{}?{}", sentinel("incidents"), filter.replace(' ', "%20"));
    let page = client.get(&target, STABLE);
    let numbers: Vec<i64> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["properties"]["incidentNumber"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [12350, 12349]);
    assert!(page["nextLink"].as_str().unwrap().contains("%24filter="), "{page}");
}

#[test]
fn a_data_collection_rule_is_checked_as_azure_does() {
    let client = Client::of(None);
    let version = "2024-03-11";
    let whole = client.get(&insights("dataCollectionRules/dcr-dnsfirewall-cl"), version);
    assert_eq!(whole["properties"]["endpoints"]["logsIngestion"], "https://127.0.0.1:1", "where rows are taken");
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["destinations"] = json!(["nowhere"]);
    let path = insights("dataCollectionRules/mine");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidPayload".to_owned()));
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["outputStream"] = json!("Custom-None_CL");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidOutputTable".to_owned()));
    let mut wrong = whole.clone();
    wrong["properties"]["dataFlows"][0]["transformKql"] = json!("Heartbeat");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidTransformQuery".to_owned()));
    let mut wrong = whole.clone();
    wrong["location"] = json!("eastus");
    assert_eq!(client.refusal("PUT", &path, version, Some(&wrong)), (400, "InvalidPayload".to_owned()));
    let made = client.ask("PUT", &path, version, Some(&whole));
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    assert_ne!(body(&made)["properties"]["immutableId"], whole["properties"]["immutableId"]);
    let used = insights("dataCollectionRules/dcr-nh-cef");
    assert_eq!(client.refusal("DELETE", &used, version, None), (409, "AssociationExists".to_owned()));
    let associated = || client.get(&format!("{used}/associations"), version)["value"].as_array().unwrap().len();
    assert_eq!(associated(), 2);
    assert_eq!(client.ask("DELETE", &format!("{used}?deleteAssociations=true"), version, None).status, 200);
    assert_eq!(client.refusal("GET", &used, version, None), (404, "ResourceNotFound".to_owned()));
}

#[test]
fn a_workbook_shows_its_content_to_who_asks_for_it() {
    let client = Client::of(None);
    let subscription = "/subscriptions/000000c1-0d3a-4000-8000-000000000001/providers/Microsoft.Insights/workbooks";
    let list = client.get(&format!("{subscription}?category=sentinel"), "2023-06-01");
    assert_eq!(list["value"].as_array().unwrap().len(), 4);
    assert!(list["value"][0]["properties"].get("serializedData").is_none());
    assert_eq!(client.get(&format!("{subscription}?category=workbook"), "2023-06-01")["value"], json!([]));
    let path = insights("workbooks/000000f0-0d3a-4000-8000-000000000001");
    let whole = client.get(&format!("{path}?canFetchContent=true"), "2023-06-01");
    let content: Json = serde_json::from_str(whole["properties"]["serializedData"].as_str().unwrap()).unwrap();
    assert_eq!(content["version"], "Notebook/1.0");
    assert_eq!(
        client.refusal("PUT", &insights("workbooks/mine"), "2023-06-01", Some(&whole)).1,
        "BadRequest",
        "no GUID"
    );
}

#[test]
fn rows_are_taken_by_the_rule_that_has_the_stream() {
    let mut client = Client::of(None);
    let send = |client: &Client, target: &str, packed: bool, given: &[u8]| {
        let mut request = request("POST", &format!("/dataCollectionRules/{target}?api-version=2023-01-01"));
        request.headers.push(("authorization".into(), format!("Bearer {}", client.token)));
        request.headers.push(("content-type".into(), "application/json".into()));
        request.body = given.to_vec();
        if packed {
            request.headers.push(("content-encoding".into(), "gzip".into()));
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, given).unwrap();
            request.body = packer.finish().unwrap();
        }
        let answer = client.azure.answer(&request);
        (answer.status, body(&answer)["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let good = "dcr-0d3a0000000000000000000000000004/streams/Custom-DnsFirewall_CL";
    let rows = br#"[{"DnsQuery":"a.example"},{"DnsQuery":"b.example"}]"#;
    assert_eq!(send(&client, good, false, rows), (401, "InvalidAuthenticationTokenAudience".to_owned()));
    client.token = client.token_for(None, "https://monitor.azure.com");
    assert_eq!(send(&client, good, false, rows).0, 204);
    assert_eq!(send(&client, good, true, rows).0, 204);
    for (target, packed, given, wanted) in [
        ("dcr-none/streams/Custom-DnsFirewall_CL", false, &rows[..], (404, "NotFound")),
        ("dcr-0d3a0000000000000000000000000004/streams/Custom-X", false, rows, (400, "InvalidStream")),
        (good, false, b"{}", (400, "InvalidPayload")),
        (good, false, b"[1]", (400, "InvalidPayload")),
        (good, true, &[b' '; 1 << 21], (413, "ContentLengthLimitExceeded")),
    ] {
        assert_eq!(send(&client, target, packed, given), (wanted.0, wanted.1.to_owned()), "{target}");
    }
    client.world.with_state(|_, state| {
        assert_eq!(state.sent.len(), 2);
        assert_eq!((state.sent[1].table.as_str(), state.sent[1].rows.len()), ("DnsFirewall_CL", 2));
    });
}

#[test]
fn a_query_is_asked_by_every_way() {
    let mut client = Client::of(None);
    let given = json!({ "query": "union * | foobar" });
    let arm = client.ask("POST", &format!("{NORDHAFEN}/query"), "2017-10-01", Some(&given));
    let token = |error: &Json| error["innererror"]["innererror"]["token"].clone();
    assert_eq!((arm.status, token(&body(&arm)["error"])), (400, json!("foobar")));
    client.token = client.token_for(None, "https://api.loganalytics.io");
    let post = |path: &str, given: &Json| {
        let mut request = request("POST", path);
        request.headers.push(("authorization".into(), format!("Bearer {}", client.token)));
        request.body = given.to_string().into_bytes();
        let answer = client.azure.answer(&request);
        (answer.status, body(&answer))
    };
    for path in ["/v1/workspaces/000000c1-0d3a-4000-8000-000000000002/query", &format!("/v1{NORDHAFEN}/query")] {
        let (status, answer) = post(path, &given);
        assert_eq!((status, token(&answer["error"])), (400, json!("foobar")), "{path}");
    }
    let (status, answer) = post("/v1/workspaces/none/query", &given);
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("PathNotFoundError")));
    let one = |id: &str, workspace: &str| json!({ "id": id, "workspace": workspace, "path": "/query", "method": "POST", "body": given });
    let asked = json!({ "requests": [one("b", "000000c1-0d3a-4000-8000-000000000002"), one("a", "none")] });
    let (status, answer) = post("/v1/$batch", &asked);
    let told: Vec<(&Json, &Json)> =
        answer["responses"].as_array().unwrap().iter().map(|one| (&one["id"], &one["status"])).collect();
    assert_eq!((status, told), (200, vec![(&json!("b"), &json!(400)), (&json!("a"), &json!(404))]));
}

#[test]
fn who_asks_too_much_waits() {
    let budget = Budget { reads: 2, writes: 1, window_seconds: 300 };
    let client = Client::with(None, Settings { budget, ..Settings::default() });
    let ask = || client.ask("GET", &sentinel("alertRules"), STABLE, None);
    assert_eq!(header(&ask(), "x-ms-ratelimit-remaining-subscription-reads"), Some("1"));
    assert_eq!(ask().status, 200);
    let refused = ask();
    assert_eq!((refused.status, header(&refused, "retry-after")), (429, Some("300")));
    assert_eq!(body(&refused)["error"]["code"], "SubscriptionRequestsThrottled");
}

#[test]
fn faults_come_when_they_are_asked_for() {
    let client = Client::with(None, Settings { control: Control::On, page: 10, ..Settings::default() });
    let mut asked = request("PUT", "/simulation/faults");
    asked.body = json!([
        { "path": "skipToken", "times": 1, "what": { "refuse": { "status": 429, "code": "TooManyRequests", "retryAfter": 3 } } },
        { "method": "PUT", "path": "/tables/", "what": { "failLater": { "code": "InternalServerError" } } },
        { "path": "/workbooks", "what": { "cut": 10 } },
        { "path": "/automationRules", "what": "expiredToken" },
        { "path": "/msi/token", "what": { "refuse": { "status": 429, "code": "too_many", "message": "m", "retryAfter": 1 } } },
    ])
    .to_string()
    .into_bytes();
    assert_eq!(client.azure.answer(&asked).status, 204);
    let first = client.get(&sentinel("alertRules"), STABLE);
    let (next, _) = first["nextLink"].as_str().unwrap().split_once("&%24skipToken").unwrap();
    let (path, version) = behind(next);
    let token = first["nextLink"].as_str().unwrap().rsplit('=').next().unwrap();
    let page = || client.ask("GET", &format!("{path}?$skipToken={token}"), &version, None);
    let refused = page();
    assert_eq!((refused.status, header(&refused, "retry-after")), (429, Some("3")));
    assert_eq!(page().status, 200, "once");
    assert_eq!(client.refusal("GET", &sentinel("automationRules"), STABLE, None).1, "ExpiredAuthenticationToken");
    assert_eq!(
        client.ask("GET", &format!("{}?category=sentinel", insights("workbooks")), "2023-06-01", None).cut,
        Some(10)
    );
    let columns = json!([{ "name": "TimeGenerated", "type": "dateTime" }]);
    let given = json!({ "properties": { "schema": { "name": "Mine_CL", "columns": columns } } });
    let begun = client.ask("PUT", &format!("{NORDHAFEN}/tables/Mine_CL"), "2025-07-01", Some(&given));
    let (status, version) = behind(header(&begun, "azure-asyncoperation").unwrap());
    client.get(&status, &version);
    let ended = client.get(&status, &version);
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("Failed"), &json!("InternalServerError")));
    let mut signs_in = request("GET", "/msi/token?api-version=2019-08-01&resource=https://management.azure.com/");
    signs_in.headers.push(("x-identity-header".into(), "x".into()));
    let refused = client.azure.answer(&signs_in);
    assert_eq!((refused.status, body(&refused)), (429, json!({ "error": "too_many", "error_description": "m" })));
    let plain = Client::of(None);
    assert_eq!(plain.azure.answer(&asked).status, 401, "off, unless it is switched on");
}

#[test]
fn what_was_written_is_in_the_activity_log() {
    let client = Client::of(None);
    let given = json!({ "properties": { "message": "seen" } });
    client.ask("PUT", &sentinel(&format!("{INCIDENT}/comments/mine")), STABLE, Some(&given));
    let log =
        "/subscriptions/000000c1-0d3a-4000-8000-000000000001/providers/Microsoft.Insights/eventtypes/management/values";
    assert_eq!(client.refusal("GET", log, "2015-04-01", None).0, 400, "without a time");
    let filter = "$filter=eventTimestamp%20ge%20'2026-03-10T00:00:00Z'&$select=operationName,status";
    let events = client.get(&format!("{log}?{filter}"), "2015-04-01");
    assert_eq!(events["value"][0]["operationName"]["value"], "Microsoft.SecurityInsights/Incidents/Comments/write");
    assert_eq!(events["value"][0].as_object().unwrap().len(), 2);
}

#[test]
fn roles_and_delegations_are_told() {
    let client = Client::of(Some("nordhafen"));
    let scope = "/subscriptions/000000c1-0d3a-4000-8000-000000000001";
    let roles = client
        .get(&format!("{NORDHAFEN}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"), "2022-04-01");
    assert_eq!(roles["value"].as_array().unwrap().len(), 5, "those from above, too");
    let role = roles["value"][0]["properties"]["roleDefinitionId"].as_str().unwrap();
    let name = role.rsplit('/').next().unwrap();
    let role = client.get(&format!("/providers/Microsoft.Authorization/roleDefinitions/{name}"), "2022-04-01");
    assert_eq!(role["properties"]["roleName"], "Microsoft Sentinel Contributor");
    let path = format!(
        "{scope}/providers/Microsoft.ManagedServices/registrationAssignments?$expandRegistrationDefinition=true"
    );
    let delegated = client.get(&path, "2022-10-01");
    let said = &delegated["value"][0]["properties"]["registrationDefinition"]["properties"];
    assert_eq!(said["managedByTenantName"], "Leuchtturm Cyber Defence");
}

#[test]
fn the_volume_of_a_feed_is_a_metric() {
    let client = Client::of(None);
    let rule = insights("dataCollectionRules/dcr-dnsfirewall-cl");
    let path =
        format!("{rule}/providers/Microsoft.Insights/metrics?metricnames=BytesIngested&interval=P1D&timespan=P7D");
    let metrics = client.get(&path, "2024-02-01");
    let data = metrics["value"][0]["timeseries"][0]["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[0]["total"]), (7, &json!(5.2e9)));
    let unknown = path.replace("BytesIngested", "Nothing");
    assert_eq!(client.refusal("GET", &unknown, "2024-02-01", None), (400, "BadRequest".to_owned()));
}

#[test]
fn names_may_hold_anything() {
    let client = Client::of(None);
    let given = json!({ "properties": { "category": "ü/%", "displayName": "it's 100 % 🚀", "query": "Heartbeat" } });
    for name in ["it's", "a%2Fb", "50%25", "%C3%BCber", "%F0%9F%9A%80"] {
        let path = format!("{NORDHAFEN}/savedSearches/{name}");
        let made = client.ask("PUT", &path, "2025-07-01", Some(&given));
        assert_eq!(made.status, 200, "{name}: {}", String::from_utf8_lossy(&made.body));
        assert_eq!(client.get(&path, "2025-07-01")["properties"]["displayName"], "it's 100 % 🚀");
    }
    let list = client.get(&format!("{NORDHAFEN}/savedSearches"), "2025-07-01");
    let names: Vec<&str> =
        list["value"].as_array().unwrap().iter().rev().take(5).map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["🚀", "über", "50%", "a/b", "it's"]);
}
