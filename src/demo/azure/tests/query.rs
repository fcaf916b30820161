//! Queries over what the workspaces have logged.

use super::*;

const LAW: &str = "000000c1-0d3a-4000-8000-000000000002";
const ALPENMED: &str = "/subscriptions/000000c3-0d3a-4000-8000-000000000001/resourceGroups/";

impl Client {
    /// Posts to one of the data planes.
    fn post(&self, resource: &str, path: &str, given: &Json) -> (u16, Json) {
        let mut request = request("POST", path);
        let token = self.token_for(None, resource);
        request.headers.push(("authorization".into(), format!("Bearer {token}")));
        request.headers.push(("content-type".into(), "application/json".into()));
        request.body = given.to_string().into_bytes();
        let answer = self.azure.answer(&request);
        (answer.status, if answer.body.is_empty() { Json::Null } else { body(&answer) })
    }

    fn query(&self, given: &Json) -> (u16, Json) {
        self.post("https://api.loganalytics.io", &format!("/v1/workspaces/{LAW}/query"), given)
    }

    /// The rows of an answer.
    fn rows(&self, query: &str) -> Json {
        let (status, answer) = self.query(&json!({ "query": query }));
        assert_eq!(status, 200, "{query}: {answer}");
        answer["tables"][0]["rows"].clone()
    }
}

#[test]
fn a_query_is_answered_in_the_service_s_form() {
    let client = Client::of(None);
    let query = "SigninLogs | where IPAddress == '203.0.113.77' and ResultType == '0' \
                 | project TimeGenerated, UserPrincipalName, LocationDetails, Ok=true, n=int(7), Share=0.5";
    let (status, answer) = client.query(&json!({ "query": query }));
    let column = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let expected = json!({ "tables": [{
        "name": "PrimaryResult",
        "columns": [
            column("TimeGenerated", "datetime"), column("UserPrincipalName", "string"),
            column("LocationDetails", "dynamic"), column("Ok", "bool"), column("n", "int"), column("Share", "real"),
        ],
        "rows": [[
            "2026-03-09T06:55:00Z", "a.petersen@nordhafen.example",
            "{\"city\":\"Amsterdam\",\"state\":\"\",\"countryOrRegion\":\"NL\"}", true, 7, 0.5,
        ]],
    }] });
    assert_eq!((status, answer), (200, expected));
}

#[test]
fn a_timespan_bounds_what_a_query_reads() {
    let client = Client::of(None);
    let ask = |timespan: &str| {
        let query = "SigninLogs | where IPAddress == '203.0.113.77' and ResultType == '0' | count";
        let given = json!({ "query": query, "timespan": timespan });
        client.query(&given).1["tables"][0]["rows"][0][0].clone()
    };
    assert_eq!((ask("P2D"), ask("P1D")), (json!(1), json!(0)));
    assert_eq!((ask("2026-03-09T06:54:00Z/PT5M"), ask("2026-03-09T06:59:00Z/PT5M")), (json!(1), json!(0)));
}

#[test]
fn several_workspaces_are_asked_as_one() {
    let client = Client::of(None);
    let listed = client.get(
        "/subscriptions/000000c3-0d3a-4000-8000-000000000001/providers/Microsoft.OperationalInsights/workspaces",
        "2023-09-01",
    );
    let other = listed["value"][0]["properties"]["customerId"].as_str().unwrap();
    assert!(listed["value"][0]["id"].as_str().unwrap().starts_with(ALPENMED));
    let query = "SecurityIncident | summarize arg_max(TimeGenerated, Status) by IncidentNumber, TenantId | summarize n=count() \
                 by TenantId | sort by n desc";
    let (_, alone) = client.query(&json!({ "query": query }));
    assert_eq!(alone["tables"][0]["rows"], json!([[LAW, 7]]));
    let (_, both) = client.query(&json!({ "query": query, "workspaces": [other] }));
    assert_eq!(both["tables"][0]["rows"], json!([[other, 11], [LAW, 7]]));
}

#[test]
fn what_is_wrong_with_a_query_is_said_with_its_number() {
    let client = Client::of(None);
    let inner = |query: &str| {
        let (status, answer) = client.query(&json!({ "query": query }));
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (400, &json!("BadArgumentError")), "{answer}");
        assert!(error["correlationId"].is_string());
        (error["innererror"]["code"].clone(), error["innererror"]["innererror"].clone())
    };
    let message = "'where' operator: Failed to resolve column or scalar expression named 'Who'";
    assert_eq!(
        inner("SigninLogs | where Who == 'x'"),
        (json!("SemanticError"), json!({ "code": "SEM0100", "message": message }))
    );
    let message = "'extend' operator: Unknown function: 'nosuch'";
    assert_eq!(
        inner("SigninLogs | extend x=nosuch()"),
        (json!("SemanticError"), json!({ "code": "SEM0260", "message": message }))
    );
    assert_eq!(inner("SigninLogs | foobar").0, json!("SyntaxError"));
    let endless = "range x from 1 to 100000000 step 1 | count";
    let (status, answer) = client.query(&json!({ "query": endless }));
    assert_eq!((status, &answer["error"]["code"]), (504, &json!("GatewayTimeout")));
}

#[test]
fn rows_beyond_an_answer_s_limit_are_left_out_and_told() {
    let client = Client::of(None);
    let (status, answer) = client.query(&json!({ "query": "range x from 1 to 500001 step 1" }));
    assert_eq!((status, answer["tables"][0]["rows"].as_array().unwrap().len()), (200, 500_000));
    assert_eq!(answer["error"]["code"], "PartialError");
}

#[test]
fn what_was_written_and_sent_is_found_by_queries() {
    let client = Client::of(None);
    let latest = "SecurityIncident | summarize arg_max(TimeGenerated, Title, Status) by IncidentNumber \
                  | where IncidentNumber == 12345 | project Title, Status";
    assert_eq!(client.rows(latest), json!([["Password spray against Entra ID from 203.0.113.77", "Active"]]));
    let path = sentinel("incidents/000000e0-0d3a-4000-8000-000000003039");
    let mut incident = client.get(&path, STABLE);
    incident["properties"]["title"] = json!("another");
    assert_eq!(client.ask("PUT", &path, STABLE, Some(&incident)).status, 200);
    assert_eq!(client.rows(latest), json!([["another", "Active"]]));

    let sent = json!([
        { "DnsQuery": "sent.example", "QueryType": "A", "ResponseCode": "NOERROR", "TimeGenerated": "2026-03-10T11:59:00Z", "More": 1 },
        // The rule's transformation lets no other types in.
        { "DnsQuery": "gone.example", "QueryType": "PTR" },
    ]);
    let path = "/dataCollectionRules/dcr-0d3a0000000000000000000000000004/streams/Custom-DnsFirewall_CL?api-version=2023-01-01";
    assert_eq!(client.post("https://monitor.azure.com", path, &sent).0, 204);
    let found =
        "DnsFirewall_CL | where DnsQuery in ('sent.example', 'gone.example') | project TimeGenerated, DnsQuery, Type";
    assert_eq!(client.rows(found), json!([["2026-03-10T11:59:00Z", "sent.example", "DnsFirewall_CL"]]));
    assert_eq!(client.rows("_Im_Dns(domain_has_any=dynamic(['sent'])) | project DnsQuery"), json!([["sent.example"]]));
}

#[test]
fn a_function_that_was_saved_is_one_of_the_workspace_s() {
    let client = Client::of(None);
    let saved = json!({ "properties": {
        "category": "mine", "displayName": "Mine", "query": "Heartbeat | where Computer hasprefix name | distinct Computer",
        "functionAlias": "Mine", "functionParameters": "name:string='dc'", "version": 2,
    } });
    let path = format!("{NORDHAFEN}/savedSearches/mine");
    assert_eq!(client.query(&json!({ "query": "Mine" })).0, 400);
    let answer = client.ask("PUT", &path, "2020-08-01", Some(&saved));
    assert!(matches!(answer.status, 200 | 201), "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(client.rows("Mine('sql')"), json!([["SRV-SQL01"]]));
    assert_eq!(client.rows("Mine() | count"), json!([[2]]));
}
