//! The simulated Azure without sockets.

mod feeds;
mod identity;
mod incidents;
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
