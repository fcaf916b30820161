//! What changes rules and incidents, and the backups that follow.

use super::*;

const SPRAY: &str = "000000b0-0d3a-4000-8000-000000000001";

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).unwrap().as_bool().unwrap()
}

fn text(text: &str) -> Value {
    Value::from(text)
}

/// The one error of a call that brought nothing, with its message.
fn refusal(session: &mut Session, function: &str, given: Given) -> (String, String) {
    let steps = session.raw(function, given, &[]);
    assert_eq!(outputs(&steps).len(), 1, "the end record only: {steps:?}");
    let record = reported(&steps);
    (record.id, record.message)
}

#[test]
fn a_rule_is_switched_off_and_on_in_its_workspace_only() {
    let world = world();
    let mut session = Session::open(&world, "nordhafen-prod");
    let rule = [("RuleId", text(SPRAY))];
    let before = session.call("Get-AnalyticsRuleDetails", &rule).remove(0);
    let off = session.call("Disable-AnalyticsRule", &rule).remove(0);
    assert_eq!((flag(&off, "PreviousEnabled"), flag(&off, "Enabled"), flag(&off, "Changed")), (true, false, true));
    let again = session.call("Disable-AnalyticsRule", &rule).remove(0);
    assert_eq!((flag(&again, "PreviousEnabled"), flag(&again, "Changed")), (false, false));
    let after = Session::open(&world, "nordhafen-prod").call("Get-AnalyticsRuleDetails", &rule).remove(0);
    assert!(!flag(&after, "Enabled"));
    assert_ne!(before.get("Etag"), after.get("Etag"));
    assert_eq!(before.get("EntityMappings"), after.get("EntityMappings"), "a PUT keeps the rest");
    let elsewhere = Session::open(&world, "marlowe-prod").call("Get-AnalyticsRuleDetails", &rule).remove(0);
    assert!(flag(&elsewhere, "Enabled"));
    let by_name = [("RuleName", text("password spray against entra id"))];
    assert!(flag(&session.call("Enable-AnalyticsRule", &by_name)[0], "Changed"));
}

#[test]
fn switching_on_checks_the_query() {
    let mut session = Session::open(&world(), "alpenmed-prod");
    let broken = [("RuleName", text("DNS tunnelling by long labels (ASIM)"))];
    let was = flag(&session.call("Get-AnalyticsRuleDetails", &broken)[0], "Enabled");
    session.call("Disable-AnalyticsRule", &broken);
    let (id, said) = refusal(&mut session, "Enable-AnalyticsRule", &broken);
    assert_eq!(id, "BadRequest,Enable-AnalyticsRule", "was {was}");
    assert!(said.contains("'DstIpAddr'"), "{said}");
    let (id, _) = refusal(&mut session, "Enable-AnalyticsRule", &[("RuleId", text("none"))]);
    assert_eq!(id, "RuleNotFound,Enable-AnalyticsRule");
}

#[test]
fn what_if_and_questions_leave_all_as_it_was() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = ("RuleId", text(SPRAY));
    let number = ("IncidentNumber", Value::I32(12345));
    let close = [number.clone(), ("Classification", text("Undetermined"))];
    let assign = [number, ("Unassign", Value::Bool(true))];
    let new = [("DisplayName", text("x")), ("Query", text("Heartbeat"))];
    let calls: [(&str, Given); 5] = [
        ("Disable-AnalyticsRule", std::slice::from_ref(&rule)),
        ("Remove-AnalyticsRule", std::slice::from_ref(&rule)),
        ("Close-SentinelIncident", &close),
        ("Assign-IncidentOwner", &assign),
        ("New-AnalyticsRule", &new),
    ];
    let look = |session: &mut Session| {
        let rules = session.call("Get-AnalyticsRules", &[]);
        (rules, session.call("Get-SentinelIncidents", &[("Status", list(&["Open", "Closed"]))]))
    };
    let before = look(&mut session);
    for (function, given) in calls {
        let what_if = [given, &[("WhatIf", Value::Bool(true))]].concat();
        let steps = session.raw(function, &what_if, &[]);
        assert!(matches!(&steps[1], Step::Host(line) if line.starts_with("What if: ")), "{function}: {steps:?}");
        let asks = [given, &[("Confirm", Value::Bool(true))]].concat();
        assert_eq!(session.failure(function, &asks).id, format!("HostFunctionNotImplemented,{function}"));
    }
    // By PowerShell's own default only what has a high impact asks.
    let asked = session.failure("Remove-AnalyticsRule", std::slice::from_ref(&rule));
    assert!(asked.message.contains("Delete rule"), "{}", asked.message);
    assert_eq!(look(&mut session), before);
    let given = [rule, ("Confirm", Value::Bool(false))];
    assert!(flag(&session.call("Remove-AnalyticsRule", &given)[0], "Deleted"));
}

#[test]
fn a_rule_that_was_deleted_comes_back_from_its_backup() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = [("RuleId", text(SPRAY)), ("Confirm", Value::Bool(false))];
    let export = [("RuleId", list(&[SPRAY]))];
    let before = session.call("Export-AnalyticsRules", &export).remove(0);
    let removed = session.call("Remove-AnalyticsRule", &rule).remove(0);
    assert_eq!(removed.get("Backup"), before.get("Content"));
    assert_eq!(refusal(&mut session, "Remove-AnalyticsRule", &rule).0, "RuleNotFound,Remove-AnalyticsRule");
    let json = wsman::clixml::json::to_json(removed.get("Backup").unwrap()).to_string();
    let name = named(&removed, "DisplayName");
    let restore = [("DisplayName", text(name)), ("InputObject", text(&json))];
    let made = session.call("New-AnalyticsRule", &restore).remove(0);
    assert_eq!((named(&made, "RuleId"), flag(&made, "Created"), flag(&made, "Enabled")), (SPRAY, true, true));
    let after = session.call("Export-AnalyticsRules", &export).remove(0);
    assert_eq!(before.get("Sha256"), after.get("Sha256"));
}

#[test]
fn a_new_rule_is_off_and_keeps_what_it_was_given() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let field =
        |identifier: &str| Value::hashtable([("Identifier", text(identifier)), ("ColumnName", text("IPAddress"))]);
    let mapping =
        Value::hashtable([("EntityType", text("IP")), ("FieldMappings", Value::list(vec![field("Address")]))]);
    let given = [
        ("DisplayName", text("Probe")),
        ("Query", text("SigninLogs\n| where ResultType == '50126'")),
        ("Severity", text("low")),
        ("QueryFrequency", text("00:30:00")),
        ("Tactics", list(&["CredentialAccess"])),
        ("EntityMappings", Value::list(vec![mapping.clone()])),
        ("CustomDetails", Value::hashtable([("Who", text("UserPrincipalName"))])),
        ("GroupingConfiguration", Value::hashtable([("enabled", Value::Bool(false))])),
        ("EventGrouping", text("AlertPerResult")),
        ("SuppressionEnabled", Value::Bool(true)),
    ];
    let made = session.call("New-AnalyticsRule", &given).remove(0);
    assert_eq!((named(&made, "Severity"), flag(&made, "Enabled"), flag(&made, "Created")), ("Low", false, true));
    assert_eq!((flag(&made, "GroupingEnabled"), flag(&made, "SuppressionEnabled")), (false, true));
    assert_eq!(made.get("ValidationWarnings").unwrap().items(), Some(&[][..]));
    let id = [("RuleId", text(named(&made, "RuleId")))];
    let rule = session.call("Get-AnalyticsRuleDetails", &id).remove(0);
    assert!(matches!(rule.get("QueryFrequency"), Some(Value::TimeSpan(_))));
    assert_eq!(named(&rule, "EventGrouping"), "AlertPerResult");
    let mappings = rule.get("EntityMappings").unwrap().items().unwrap();
    assert_eq!(named(&mappings[0].get("FieldMappings").unwrap().items().unwrap()[0], "ColumnName"), "IPAddress");
    assert_eq!(rule.get("CustomDetails").unwrap().get("Who"), Some(&text("UserPrincipalName")));
    // A repeat finds the rule that it made.
    assert_eq!(refusal(&mut session, "New-AnalyticsRule", &given).0, "Conflict,New-AnalyticsRule");
    let forced = [&given[..], &[("Force", Value::Bool(true))]].concat();
    assert!(!flag(&session.call("New-AnalyticsRule", &forced)[0], "Created"));
    // Of eleven mappings one is too many.
    let many = [
        ("DisplayName", text("Many")),
        ("Query", text("Heartbeat")),
        ("EntityMappings", Value::list(vec![mapping; 11])),
    ];
    assert!(refusal(&mut session, "New-AnalyticsRule", &many).1.starts_with("11 entity mappings"));
}

#[test]
fn a_rule_that_azure_would_refuse_is_not_made() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let count = session.call("Get-AnalyticsRules", &[]).len();
    let query = ("Query", text("Heartbeat | take 1"));
    let span = |name: &'static str, value: &str| (name, text(value));
    let json = |json: &str| vec![("InputObject", text(json))];
    let table: [(Vec<(&str, Value)>, &str); 12] = [
        (vec![], "needs a query"),
        (vec![("Query", text("NoSuchTable_CL | take 1"))], "named 'NoSuchTable_CL'"),
        (vec![("Kind", text("NRT")), query.clone(), span("QueryPeriod", "01:00:00")], "has no QueryPeriod"),
        (vec![("Kind", text("NRT")), query.clone(), ("TriggerThreshold", Value::I32(0))], "has no TriggerThreshold"),
        (vec![query.clone(), span("QueryFrequency", "00:01:00")], "from 5 minutes to 14 days"),
        (vec![query.clone(), span("QueryFrequency", "02:00:00")], "must not be shorter"),
        (vec![("Kind", text("MicrosoftSecurityIncidentCreation"))], "needs a product filter"),
        (vec![("Kind", text("MicrosoftSecurityIncidentCreation")), query.clone()], "has no query"),
        (vec![query, ("ProductFilter", text("Azure Security Center"))], "has no product filter"),
        (json(r#"{"kind": "MLBehaviorAnalytics", "properties": {}}"#), "'MLBehaviorAnalytics' cannot be created"),
        (json("{"), "is no JSON"),
        (json(r#"{"kind": "Scheduled", "properties": {"queryFrequency": 5}}"#), "is no analytics rule"),
    ];
    for (given, why) in table {
        let given = [&given[..], &[("DisplayName", text("x"))]].concat();
        let (id, said) = refusal(&mut session, "New-AnalyticsRule", &given);
        assert!(id == "BadRequest,New-AnalyticsRule" && said.contains(why), "{why}: {id} {said}");
    }
    assert_eq!(session.call("Get-AnalyticsRules", &[]).len(), count);
}

#[test]
fn a_workspace_takes_so_many_rules_and_no_more() {
    let world = world();
    let place = world.tenant("nordhafen").unwrap().workspaces[0].clone();
    let mut session = Session::open(&world, "nordhafen-prod");
    let nrt = |name: &str| [("DisplayName", text(name)), ("Kind", text("NRT")), ("Query", text("Heartbeat"))];
    let made = session.call("New-AnalyticsRule", &nrt("one")).remove(0);
    let target = (place.subscription.as_str(), place.resource_group.as_str(), place.name.as_str());
    world.on("nordhafen", target, |_, workspace| {
        workspace.rules.retain(|rule| rule.body.rule_id == named(&made, "RuleId"));
        for n in 1..100 {
            let rule = &workspace.rules[0];
            let mut body = rule.body.clone();
            body.rule_id = format!("nrt-{n}");
            let rule = crate::demo::world::Rule {
                key: None,
                enabled: n < 51,
                body,
                options: rule.options.clone(),
                source: rule.source.clone(),
                ..*rule
            };
            workspace.rules.push(rule);
        }
    });
    assert_eq!(refusal(&mut session, "New-AnalyticsRule", &nrt("two")).0, "LimitExceeded,New-AnalyticsRule");
    let id = [("RuleId", text(named(&made, "RuleId")))];
    let (error, said) = refusal(&mut session, "Enable-AnalyticsRule", &id);
    assert_eq!(error, "LimitExceeded,Enable-AnalyticsRule");
    assert!(said.contains("50 enabled NRT"), "{said}");
}

#[test]
fn an_incident_is_closed_with_a_reason_that_fits() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let number = ("IncidentNumber", Value::I32(12345));
    let with = |classification: &str, reason: Option<&str>| {
        let mut given = vec![number.clone(), ("Classification", text(classification))];
        given.extend(reason.map(|reason| ("ClassificationReason", text(reason))));
        given
    };
    for (classification, reason) in [("TruePositive", "InaccurateData"), ("Undetermined", "SuspiciousActivity")] {
        let (id, said) = refusal(&mut session, "Close-SentinelIncident", &with(classification, Some(reason)));
        assert!(id == "BadRequest,Close-SentinelIncident" && said.contains(reason), "{said}");
    }
    assert!(
        session.failure("Close-SentinelIncident", std::slice::from_ref(&number)).id.starts_with("MissingMandatory")
    );
    let given = with("falsepositive", Some("inaccuratedata"));
    let closed = session.call("Close-SentinelIncident", &given).remove(0);
    assert_eq!((named(&closed, "PreviousStatus"), named(&closed, "Status")), ("Active", "Closed"));
    assert_eq!(
        (named(&closed, "Classification"), named(&closed, "ClassificationReason")),
        ("FalsePositive", "InaccurateData")
    );
    assert!(flag(&closed, "Changed"));
    assert!(!flag(&session.call("Close-SentinelIncident", &given)[0], "Changed"));
    let other = session.call("Close-SentinelIncident", &with("Undetermined", None)).remove(0);
    assert!(flag(&other, "Changed"));
    let shown = session.call("Show-IncidentDetails", &[number]).remove(0);
    assert_eq!((named(&shown, "Status"), named(&shown, "Classification")), ("Closed", "Undetermined"));
    assert_eq!(named(&shown, "Owner"), "j.okafor@leuchtturm.example", "a PUT keeps the rest");
    let nobody = [("IncidentNumber", Value::I32(1)), ("Classification", text("Undetermined"))];
    assert_eq!(refusal(&mut session, "Close-SentinelIncident", &nobody).0, "IncidentNotFound,Close-SentinelIncident");
}

#[test]
fn an_incident_has_one_owner_or_none() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let number = ("IncidentNumber", Value::I32(12350));
    let mut assign =
        |more: Given| session.raw("Assign-IncidentOwner", &[std::slice::from_ref(&number), more].concat(), &[]);
    let brandt = ("OwnerUpn", text("M.Brandt@leuchtturm.example"));
    let first = outputs(&assign(&[brandt.clone(), ("SetActive", Value::Bool(true))])).remove(0);
    assert_eq!((named(&first, "PreviousOwner"), named(&first, "Owner")), ("", "m.brandt@leuchtturm.example"));
    assert_eq!(named(&first, "OwnerObjectId"), "000000a0-0d3a-4000-8000-000000000001");
    assert_eq!((named(&first, "Status"), flag(&first, "Changed")), ("Active", true));
    assert!(!flag(&outputs(&assign(std::slice::from_ref(&brandt))).remove(0), "Changed"));
    let id = ("OwnerObjectId", text("000000A0-0d3a-4000-8000-000000000002"));
    assert_eq!(named(&outputs(&assign(std::slice::from_ref(&id))).remove(0), "Owner"), "j.okafor@leuchtturm.example");
    let none = outputs(&assign(&[("Unassign", Value::Bool(true))])).remove(0);
    assert_eq!((named(&none, "Owner"), none.get("OwnerObjectId")), ("", Some(&Value::Nil)));
    for (given, wanted) in [
        (vec![], "OwnerMissing"),
        (vec![brandt, id], "OwnerMissing"),
        (vec![("OwnerUpn", text("b.krause@nordhafen.example"))], "OwnerNotFound"),
    ] {
        assert_eq!(reported(&assign(&given)).id, format!("{wanted},Assign-IncidentOwner"));
    }
}

#[test]
fn comments_are_listed_oldest_first() {
    let start: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
    let later: Timestamp = "2026-03-10T13:00:00Z".parse().unwrap();
    let world = Arc::new(World::new(start).with_clock(move || later));
    let mut session = Session::open(&world, "nordhafen-prod");
    let number = ("IncidentNumber", Value::I32(12345));
    let before = session.call("Get-IncidentComments", std::slice::from_ref(&number));
    assert!(!before.is_empty());
    let id = "000000ff-0d3a-4000-8000-000000000001";
    for message in ["first", "second"] {
        let given = [number.clone(), ("Message", text(message)), ("CommentId", text(id))];
        session.call("Add-IncidentComment", &given);
    }
    let after = session.call("Get-IncidentComments", std::slice::from_ref(&number));
    assert_eq!(after.len(), before.len() + 1, "the same id replaces");
    assert_eq!(named(after.last().unwrap(), "Message"), "second");
    let top = session.call("Get-IncidentComments", &[number, ("Top", Value::I32(1))]);
    assert_eq!(top, before[..1]);
}

#[test]
fn automation_rules_are_exported_in_their_order() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let all = session.call("Export-AutomationRules", &[]);
    let orders: Vec<i64> = all.iter().map(|rule| rule.get("Order").unwrap().as_i64().unwrap()).collect();
    assert_eq!(orders, [1, 10, 20]);
    let books = all[0].get("PlaybookIds").unwrap().items().unwrap();
    assert!(books[0].as_str().unwrap().ends_with("/providers/Microsoft.Logic/workflows/pb-notify-soc"));
    let json = wsman::clixml::json::to_json(all[1].get("Content").unwrap());
    let closing = &json["properties"]["actions"][0]["actionConfiguration"];
    assert_eq!(closing["classificationReason"], "SuspiciousButExpected");
    assert_eq!(
        json["properties"]["triggeringLogic"]["conditions"][0]["conditionProperties"]["propertyValues"][0],
        "scanner"
    );
    let arm = session.call("Export-AutomationRules", &[("Format", text("arm"))]).remove(0);
    assert_eq!(named(&arm, "Format"), "ARM");
    assert_eq!(arm.get("Content").unwrap().get("resources").unwrap().items().unwrap().len(), 1);
}

#[test]
fn watchlists_are_exported_with_their_items() {
    let mut session = Session::open(&world(), "nordhafen-ot");
    let only = ("WatchlistAlias", list(&["maintenancewindows"]));
    let lists = session.call("Export-Watchlists", std::slice::from_ref(&only));
    assert_eq!((lists.len(), lists[0].get("ItemCount")), (1, Some(&Value::I32(2))));
    let json = wsman::clixml::json::to_json(lists[0].get("Content").unwrap());
    assert_eq!(json["items"][1]["From"], "2026-03-12T12:00:00Z", "an offset as a time");
    let csv = session.call("Export-Watchlists", &[only.clone(), ("Format", text("CSV"))]).remove(0);
    assert!(named(&csv, "Content").starts_with("Line,From,To\r\ncrane-1,2026-03-09T12:00:00Z,"));
    let bare = session.call("Export-Watchlists", &[only, ("IncludeItems", Value::Bool(false))]).remove(0);
    assert!(bare.get("Content").unwrap().get("items").is_none());
    let unknown = session.raw("Export-Watchlists", &[("WatchlistAlias", list(&["none"]))], &[]);
    assert_eq!(reported(&unknown).id, "WatchlistNotFound,Export-Watchlists");
}

#[test]
fn functions_and_saved_queries_are_exported() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let parsers = session.call("Export-Functions", &[("NameFilter", text("*dns*"))]);
    let names: Vec<&str> = parsers.iter().map(|function| named(function, "FunctionAlias")).collect();
    assert_eq!(names, ["ASimDnsNordhafenFirewall", "vimDnsNordhafenFirewall"]);
    assert!(parsers.iter().all(|function| flag(function, "IsAsim")));
    let kql = session.call("Export-Functions", &[("Format", text("KQL"))]).pop().unwrap();
    assert_eq!((named(&kql, "FileName"), flag(&kql, "IsAsim")), ("getvipusers.kql", false));
    assert!(named(&kql, "Content").starts_with("_GetWatchlist("));
    let hunting = session.call("Export-SavedQueries", &[("Category", text("hunting queries"))]);
    assert_eq!(hunting.len(), 3);
    assert_eq!(hunting[0].get("Tactics").unwrap().items(), Some(&[text("Execution")][..]));
    assert_eq!(session.call("Export-SavedQueries", &[("Category", text("none"))]), []);
    assert!(named(&hunting[0], "Id").contains("/savedSearches/000000f4-"));
}

#[test]
fn rows_of_a_table_are_exported_up_to_a_limit() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let table = ("TableName", text("terminalaccess_cl"));
    let number = |value: &Value, name: &str| value.get(name).unwrap().as_i64().unwrap();
    let all = session.call("Export-TableData", std::slice::from_ref(&table)).remove(0);
    assert_eq!((named(&all, "TableName"), number(&all, "BatchCount")), ("TerminalAccess_CL", 5));
    assert_eq!((number(&all, "RowCount"), flag(&all, "Truncated")), (600, false));
    assert_eq!(all.get("Schema").unwrap().items().unwrap().len(), 4);
    let again = session.call("Export-TableData", std::slice::from_ref(&table)).remove(0);
    assert_eq!(all.get("Sha256"), again.get("Sha256"));
    let few = [table.clone(), ("MaxRows", Value::I32(10)), ("Columns", list(&["gate"])), ("Format", text("jsonl"))];
    let few = session.call("Export-TableData", &few).remove(0);
    assert_eq!((number(&few, "RowCount"), flag(&few, "Truncated")), (10, true));
    assert_eq!(named(&few, "FileName"), "terminalaccess-cl.jsonl");
    let gates = [table.clone(), ("Where", text("Gate == 'Gate-1' and Result in ('granted', 'denied')"))];
    let gates = number(&session.call("Export-TableData", &gates).remove(0), "RowCount");
    assert!((1..600).contains(&gates), "{gates}");
    // Nothing before its first row, nor after its last.
    let old = [("TableName", text("Heartbeat")), ("StartTime", text("2025-01-01")), ("EndTime", text("2025-02-01"))];
    let old = session.call("Export-TableData", &old).remove(0);
    assert_eq!((number(&old, "RowCount"), old.get("FirstTime")), (0, Some(&Value::Nil)));
    for (given, wanted) in [
        (vec![("TableName", text("Nothing_CL"))], "TableNotFound"),
        (vec![("TableName", text("FortiTraffic_CL"))], "PlanNotQueryable"),
        (vec![table.clone(), ("Columns", list(&["Nothing"]))], "BadRequest"),
        (vec![table.clone(), ("Where", text("Nothing == '1'"))], "BadRequest"),
        (vec![table.clone(), ("Where", text("Gate =="))], "BadRequest"),
        (vec![table, ("StartTime", text("2026-04-01"))], "InvalidTimeRange"),
    ] {
        assert_eq!(refusal(&mut session, "Export-TableData", &given).0, format!("{wanted},Export-TableData"));
    }
}
