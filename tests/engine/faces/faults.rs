//! Our own script when Azure is not at its best.

use sentinel_jump::demo::{AzureEnd, Fault, Seen, Settings};
use sentinel_jump::host::{Ended, Returned, Session};
use serde_json::{Value as Json, json};
use wsman::clixml::Value;

use super::{Face, now};
use crate::outside::trials;

trials! { TRIALS:
    multi_thread {
        what_azure_cannot_do_for_the_moment_is_asked_again;
        a_write_is_never_sent_twice;
        an_operation_that_takes_long_is_waited_for;
        what_nobody_knows_goes_back_as_it_came;
        names_are_what_they_are;
    }
}

const PROD: &str = "nordhafen-prod";
const RULE: &str = "000000b0-0d3a-4000-8000-000000000001";

struct Faulty {
    face: Face,
    session: Session,
}

impl Faulty {
    async fn new(settings: Settings) -> Self {
        let face = Face::real("nordhafen", now(), settings).await;
        let session = face.session(PROD).await;
        Self { face, session }
    }

    fn azure(&self) -> &AzureEnd {
        self.face.azure.as_ref().expect("an Azure")
    }

    /// One call while these faults hold, and what was asked for it.
    async fn call(&mut self, faults: Json, function: &str, arguments: Json) -> (Returned, Vec<Seen>) {
        let faults: Vec<Fault> = serde_json::from_value(faults).expect("faults");
        self.azure().set_faults(faults);
        let before = self.azure().seen().len();
        let returned = self.face.call(&mut self.session, PROD, function, &arguments).await;
        (returned, self.azure().seen().split_off(before))
    }
}

fn ids(returned: &Returned) -> Vec<&str> {
    returned.errors.iter().map(|error| error.id.as_str()).collect()
}

fn writes(seen: &[Seen]) -> usize {
    seen.iter().filter(|request| !matches!(request.method.as_str(), "GET" | "POST")).count()
}

fn of<'s>(seen: &'s [Seen], part: &str) -> Vec<&'s Seen> {
    seen.iter().filter(|request| request.path.contains(part)).collect()
}

fn paged() -> Settings {
    Settings { page: 7, ..Settings::default() }
}

async fn what_azure_cannot_do_for_the_moment_is_asked_again() {
    let mut faulty = Faulty::new(paged()).await;
    let (all, _) = faulty.call(json!([]), "Get-AnalyticsRules", json!({})).await;
    assert_eq!(all.data.len(), 29);
    let rules = |what: Json| json!([{ "method": "GET", "path": "alertRules", "after": 2, "times": 1, "what": what }]);
    let refuse = |status: u16, code: &str| json!({ "refuse": { "status": status, "code": code, "retryAfter": 1 } });
    for (name, what) in [
        ("429 in the middle of the pages", refuse(429, "TooManyRequests")),
        ("503", refuse(503, "ServiceUnavailable")),
        ("500", json!({ "refuse": { "status": 500, "code": "InternalServerError" } })),
        ("an answer that was cut", json!({ "cut": 100 })),
        ("a token that has expired", json!("expiredToken")),
    ] {
        let (returned, seen) = faulty.call(rules(what), "Get-AnalyticsRules", json!({})).await;
        assert!(ids(&returned).is_empty(), "{name}: {:?}", returned.errors);
        assert_eq!(returned.data, all.data, "{name}");
        assert_eq!(of(&seen, "alertRules").len(), 6, "{name}: five pages, one of them twice");
        assert_eq!(of(&seen, "oauth2/token").len(), usize::from(name.contains("token")), "{name}");
    }
    // What is no matter of time is said at once, in Azure's own words.
    let (returned, seen) = faulty
        .call(
            json!([{ "path": "alertRules", "what": { "refuse": { "status": 403, "code": "AuthorizationFailed", "message": "The client has no permission." } } }]),
            "Get-AnalyticsRules",
            json!({}),
        )
        .await;
    assert_eq!(ids(&returned), ["AuthorizationFailed,Get-AnalyticsRules"]);
    assert!(
        returned.errors[0].message.starts_with("The client has no permission. (AlertRules_List, HTTP 403, request ")
    );
    assert_eq!((of(&seen, "alertRules").len(), returned.data.len()), (1, 0));
    // A wait that the call has no time for is told, not waited.
    let (returned, _) = faulty
        .call(
            json!([{ "path": "alertRules", "what": { "refuse": { "status": 429, "code": "TooManyRequests", "message": "Later.", "retryAfter": 3000 } } }]),
            "Get-AnalyticsRules",
            json!({}),
        )
        .await;
    assert!(returned.errors[0].message.contains("again in 3000 s"), "{:?}", returned.errors);
    faulty.session.close().await;
}

async fn a_write_is_never_sent_twice() {
    let mut faulty = Faulty::new(paged()).await;
    let put = |what: Json| json!([{ "method": "PUT", "what": what }]);
    let refuse = |status: u16, code: &str| json!({ "refuse": { "status": status, "code": code, "retryAfter": 0 } });
    for (what, id) in [
        (refuse(429, "TooManyRequests"), "TooManyRequests"),
        (refuse(500, "InternalServerError"), "InternalServerError"),
        (refuse(503, "ServiceUnavailable"), "ServiceUnavailable"),
        (refuse(409, "Conflict"), "Conflict"),
        (json!("expiredToken"), "ExpiredAuthenticationToken"),
        (json!({ "cut": 20 }), "OutcomeUnknown"),
    ] {
        let given = json!({ "IncidentNumber": 12350, "Message": "x" });
        let (returned, seen) = faulty.call(put(what.clone()), "Add-IncidentComment", given).await;
        assert_eq!(ids(&returned), [format!("{id},Add-IncidentComment")], "{what}");
        assert_eq!(writes(&seen), 1, "{what}");
        assert!(returned.data.is_empty(), "{what}");
        assert_eq!(returned.ended, Ended::Completed, "{what}");
        for function in ["Disable-AnalyticsRule", "Enable-AnalyticsRule"] {
            let (_, seen) = faulty.call(put(what.clone()), function, json!({ "RuleId": RULE })).await;
            assert!(writes(&seen) <= 1, "{what} {function}");
        }
    }
    // Done, its answer cut: it is there all the same.
    let (returned, _) = faulty.call(json!([]), "Get-IncidentComments", json!({ "IncidentNumber": 12350 })).await;
    let written = returned.data.iter().filter(|row| row.get("Message").and_then(Value::as_str) == Some("x")).count();
    assert_eq!(written, 1, "the one whose answer was cut");
    faulty.session.close().await;
}

async fn an_operation_that_takes_long_is_waited_for() {
    let mut faulty = Faulty::new(Settings { polls: 4, retry_after: Some(1), ..Settings::default() }).await;
    let new = |name: &str| json!({ "TableName": name, "Schema": "Syslog" });
    let (returned, seen) = faulty.call(json!([]), "New-SentinelTable", new("Slow_CL")).await;
    assert!(ids(&returned).is_empty(), "{:?}", returned.errors);
    assert_eq!(returned.data.len(), 1);
    assert!(of(&seen, "operationStatuses").len() >= 4, "{seen:?}");
    assert_eq!(writes(&seen), 1);
    let fails = json!([{ "method": "PUT", "what": { "failLater": { "code": "InvalidSchema", "message": "No." } } }]);
    let (returned, seen) = faulty.call(fails, "New-SentinelTable", new("Never_CL")).await;
    assert_eq!(ids(&returned), ["InvalidSchema,New-SentinelTable"]);
    assert!(returned.errors[0].message.starts_with("No. "), "{:?}", returned.errors);
    assert_eq!((writes(&seen), returned.data.len()), (1, 0));
    faulty.session.close().await;
}

/// A rule that Microsoft gave a property which this module does not know.
const RULE_OF_TOMORROW: &str = r#"{ "kind": "MicrosoftSecurityIncidentCreation", "name": "000000b0-0d3a-4000-8000-0000000000bb",
    "properties": { "displayName": "Morgen", "enabled": true, "productFilter": "Azure Security Center",
        "createdIn": "2031-01-01T00:00:00.1234567+05:30", "Case": 1, "case": 2, "deep": [[{ "x": [1.50, null, []] }]], "big": 12345678901234567890 } }"#;

async fn what_nobody_knows_goes_back_as_it_came() {
    let mut faulty = Faulty::new(Settings::default()).await;
    let (returned, _) = faulty
        .call(json!([]), "New-AnalyticsRule", json!({ "DisplayName": "Morgen", "InputObject": RULE_OF_TOMORROW }))
        .await;
    assert!(ids(&returned).is_empty(), "{:?}", returned.errors);
    let rule = json!({ "RuleId": "000000b0-0d3a-4000-8000-0000000000bb" });
    let (returned, seen) = faulty.call(json!([]), "Disable-AnalyticsRule", rule).await;
    assert!(ids(&returned).is_empty(), "{:?}", returned.errors);
    let put = seen.iter().find(|request| request.method == "PUT").expect("a PUT");
    let body = String::from_utf8_lossy(&put.body);
    let deep = r#""createdIn":"2031-01-01T00:00:00.1234567+05:30","Case":1,"case":2,"deep":[[{"x":[1.5"#;
    assert!(body.contains(deep), "{body}");
    assert!(body.contains(r#"null,[]]}]]"#), "{body}");
    assert!(body.contains(r#""enabled":false"#), "{body}");
    faulty.session.close().await;
}

async fn names_are_what_they_are() {
    const NAME: &str = "Bob's 50%/100 % Regel \u{e4}\u{df} \u{1F680} \\ \" <x> \u{7f}";
    let mut faulty = Faulty::new(paged()).await;
    let input = json!({ "kind": "MicrosoftSecurityIncidentCreation", "properties": { "productFilter": "Azure Security Center" } });
    let new = json!({ "DisplayName": NAME, "InputObject": input.to_string() });
    let (returned, _) = faulty.call(json!([]), "New-AnalyticsRule", new).await;
    assert_eq!(returned.data.len(), 1, "{returned:?}");
    let (returned, _) = faulty.call(json!([]), "Get-AnalyticsRuleDetails", json!({ "RuleName": NAME })).await;
    assert_eq!(returned.data.len(), 1, "{returned:?}");
    assert_eq!(returned.data[0].get("DisplayName").and_then(Value::as_str), Some(NAME));
    // In a path: one name, whatever is in it.
    let table = json!({ "TableName": "../a'b %25/\u{e4}+&?#=;" });
    let (returned, seen) = faulty.call(json!([]), "View-TableRetention", table).await;
    assert_eq!(ids(&returned), ["TableNotFound,View-TableRetention"]);
    let asked = of(&seen, "/tables/");
    assert!(asked[0].path.ends_with("/tables/..%2Fa%27b%20%2525%2F%C3%A4%2B%26%3F%23%3D%3B"), "{}", asked[0].path);
    let comment = json!({ "IncidentNumber": 12350, "Message": NAME });
    let (returned, _) = faulty.call(json!([]), "Add-IncidentComment", comment).await;
    assert_eq!(returned.data[0].get("Message").and_then(Value::as_str), Some(NAME));
    faulty.session.close().await;
}
