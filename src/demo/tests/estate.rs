//! Tables, workbooks, data collection rules and endpoints.

use super::*;

fn text(text: &str) -> Value {
    Value::from(text)
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).unwrap().as_i64().unwrap()
}

/// The call as the server makes it, which confirmed it itself.
fn run(session: &mut Session, function: &str, given: Given) -> Vec<Value> {
    let mut given = given.to_vec();
    if function.starts_with("Remove-") || function.starts_with("Update-") {
        given.push(("Confirm", Value::Bool(false)));
    }
    session.call(function, &given)
}

/// The id of the one error of a call that brought nothing.
fn refusal(session: &mut Session, function: &str, given: Given) -> String {
    let steps = session.raw(function, given, &[]);
    assert_eq!(outputs(&steps).len(), 1, "the end record only: {steps:?}");
    reported(&steps).id
}

#[test]
fn everything_has_the_properties_of_the_catalogue() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let flag = |name| (name, Value::Bool(true));
    let column = Value::list(vec![Value::hashtable([("name", text("Site")), ("type", text("string"))])]);
    let gallery = text(r#"{"items":[],"fallbackResourceIds":["/subscriptions/other"]}"#);
    let book = ("DisplayName", text("Security Overview"));
    let calls: [(&str, &[(&'static str, Value)]); 21] = [
        ("Get-SentinelTables", &[flag("IncludeSchema"), flag("IncludeUsage")]),
        ("View-TableRetention", &[]),
        ("Update-TableRetention", &[("TableName", text("Syslog")), ("RetentionInDays", Value::I32(180))]),
        ("Update-TablePlan", &[("TableName", text("Syslog")), ("Plan", text("Basic"))]),
        ("New-SentinelTable", &[("TableName", text("Door_CL")), ("Columns", column)]),
        ("Get-SentinelWorkbooks", &[]),
        ("Get-WorkbookDetails", &[book.clone(), flag("IncludeContent")]),
        ("Export-SentinelWorkbook", std::slice::from_ref(&book)),
        ("Import-SentinelWorkbook", &[("DisplayName", text("Mine")), ("Content", gallery)]),
        ("Remove-SentinelWorkbook", std::slice::from_ref(&book)),
        ("Get-DataCollectionRules", &[flag("IncludeAssociations")]),
        ("New-StandaloneDCE", &[("DceName", text("dce-new"))]),
        ("Get-DataCollectionEndpoints", &[]),
        ("New-DCRForTable", &[("TableName", text("Door_CL")), ("DceName", text("dce-new"))]),
        (
            "New-StandaloneDCR",
            &[("DcrName", text("dcr-new")), ("Kind", text("Linux")), ("DataSourceType", text("Syslog"))],
        ),
        ("Add-DCRDataSource", &[("DcrName", text("dcr-new")), ("DataSourceType", text("CEF"))]),
        (
            "Update-DCRTransformation",
            &[
                ("DcrName", text("dcr-nh-syslog")),
                ("TransformKql", text("source | take 1")),
                ("TestRows", text("[{}]")),
            ],
        ),
        ("Test-DCRIngestion", &[("DcrName", text("dcr-dnsfirewall-cl"))]),
        ("Remove-DataCollectionRule", &[("DcrName", text("dcr-door-cl"))]),
        ("Remove-DataCollectionEndpoint", &[("DceName", text("dce-new"))]),
        ("Remove-SentinelTable", &[("TableName", text("Door_CL"))]),
    ];
    let catalogue: serde_json::Value = serde_json::from_str(include_str!("../../catalog/catalog.json")).unwrap();
    for (function, given) in calls {
        let entry = catalogue["functions"].as_array().unwrap().iter().find(|entry| entry["name"] == function).unwrap();
        let answers = run(&mut session, function, given);
        assert!(!answers.is_empty(), "{function}");
        for answer in answers {
            for property in entry["output"]["properties"].as_array().unwrap() {
                let name = property["name"].as_str().unwrap();
                assert!(answer.get(name).is_some(), "{function} lacks {name}");
            }
            encode(&answer, &Limits::ENCODE).unwrap();
        }
    }
}

#[test]
fn a_table_keeps_what_is_set_and_is_made_and_deleted_once() {
    let world = world();
    let mut session = Session::open(&world, "nordhafen-prod");
    let door = ("TableName", text("Door_CL"));
    let made = [door.clone(), ("Schema", text("Syslog")), ("TotalRetentionInDays", Value::I32(365))];
    let table = session.call("New-SentinelTable", &made).remove(0);
    assert_eq!((number(&table, "RetentionInDays"), number(&table, "TotalRetentionInDays")), (90, 365));
    assert_eq!(refusal(&mut session, "New-SentinelTable", &made), "Conflict,New-SentinelTable");
    let changed =
        run(&mut session, "Update-TableRetention", &[door.clone(), ("RetentionInDays", Value::I32(30))]).remove(0);
    let days =
        ["PreviousRetentionInDays", "RetentionInDays", "ArchiveRetentionInDays"].map(|name| number(&changed, name));
    assert_eq!(days, [90, 30, 335]);
    let listed = session.call("View-TableRetention", std::slice::from_ref(&door)).remove(0);
    assert_eq!(number(&listed, "RetentionInDays"), 30);
    let elsewhere =
        refusal(&mut Session::open(&world, "marlowe-prod"), "View-TableRetention", std::slice::from_ref(&door));
    assert_eq!(elsewhere, "TableNotFound,View-TableRetention");
    run(&mut session, "Remove-SentinelTable", std::slice::from_ref(&door));
    assert_eq!(refusal(&mut session, "Remove-SentinelTable", &[door]), "TableNotFound,Remove-SentinelTable");
}

#[test]
fn tables_are_refused_what_azure_refuses() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let table = |name: &str| ("TableName", text(name));
    let plan = |name: &str| ("Plan", text(name));
    let days = ("RetentionInDays", Value::I32(90));
    let reserved = Value::list(vec![Value::hashtable([("name", text("TenantId")), ("type", text("guid"))])]);
    for (function, given, id) in [
        ("Remove-SentinelTable", vec![table("DnsFirewall_CL")], "TableInUse"),
        ("Update-TablePlan", vec![table("SigninLogs"), plan("Basic")], "InvalidTablePlan"),
        ("Update-TablePlan", vec![table("FortiTraffic_CL"), plan("Analytics")], "InvalidTablePlan"),
        ("Update-TableRetention", vec![table("FortiTraffic_CL"), days.clone()], "InvalidParameter"),
        ("Update-TableRetention", vec![table("Syslog")], "InvalidParameter"),
        ("Update-TableRetention", vec![table("Syslog"), ("RetentionInDays", Value::I32(3))], "InvalidParameter"),
        ("New-SentinelTable", vec![table("New_CL"), ("Columns", reserved)], "InvalidParameter"),
    ] {
        assert_eq!(refusal(&mut session, function, &given), format!("{id},{function}"), "{given:?}");
    }
    let microsofts = session.failure("Remove-SentinelTable", &[table("SigninLogs")]);
    assert!(microsofts.id.starts_with("ParameterArgumentValidationError"), "{}", microsofts.id);
    // Once a week.
    run(&mut session, "Update-TablePlan", &[table("Syslog"), plan("Basic")]);
    let again = refusal(&mut session, "Update-TablePlan", &[table("Syslog"), plan("Analytics")]);
    assert_eq!(again, "InvalidTablePlan,Update-TablePlan");
}

#[test]
fn a_plan_may_be_given_in_any_case() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let given = [("TableName", text("Case_CL")), ("Schema", text("syslog")), ("Plan", text("analytics"))];
    let table =
        session.call("New-SentinelTable", &[&given[..], &[("RetentionInDays", Value::I32(60))]].concat()).remove(0);
    assert_eq!((named(&table, "Plan"), number(&table, "RetentionInDays")), ("Analytics", 60));
}

#[test]
fn a_moved_table_names_the_rules_that_stop() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let moved =
        run(&mut session, "Update-TablePlan", &[("TableName", text("CommonSecurityLog")), ("Plan", text("Basic"))])
            .remove(0);
    assert!(!moved.get("AffectedRules").unwrap().items().unwrap().is_empty());
    assert_eq!(number(&moved, "RetentionInDays"), 30, "Basic tables are queried for thirty days");
}

#[test]
fn an_exported_workbook_is_imported_without_the_other_workspace() {
    let world = world();
    let mut here = Session::open(&world, "nordhafen-prod");
    let export = [("DisplayName", text("Security Overview")), ("Format", text("Gallery"))];
    let content = here.call("Export-SentinelWorkbook", &export).remove(0).get("Content").unwrap().clone();
    assert!(content.as_str().unwrap().contains("law-nordhafen-sec-prod"));
    let mut there = Session::open(&world, "marlowe-prod");
    let given = [("DisplayName", text("From nordhafen")), ("Content", content)];
    let imported = there.call("Import-SentinelWorkbook", &given).remove(0);
    assert_eq!(number(&imported, "ReplacedResourceIds"), 1);
    assert_eq!(refusal(&mut there, "Import-SentinelWorkbook", &given), "Conflict,Import-SentinelWorkbook");
    let details = [("DisplayName", text("From nordhafen")), ("IncludeContent", Value::Bool(true))];
    let found = there.call("Get-WorkbookDetails", &details).remove(0);
    assert!(!named(&found, "SerializedData").contains("nordhafen"), "no other customer's id is left");
    let nothing = [("DisplayName", text("x")), ("Content", text("{}"))];
    assert_eq!(refusal(&mut there, "Import-SentinelWorkbook", &nothing), "InvalidWorkbook,Import-SentinelWorkbook");
}

#[test]
fn a_feed_in_use_is_not_deleted_by_the_way() {
    let mut session = Session::open(&world(), "nordhafen-ot");
    let endpoint = ("DceName", text("dce-nh-ot"));
    let refused = refusal(&mut session, "Remove-DataCollectionEndpoint", std::slice::from_ref(&endpoint));
    assert_eq!(refused, "InUse,Remove-DataCollectionEndpoint");
    run(&mut session, "Remove-DataCollectionRule", &[("DcrName", text("dcr-otgateway-cl"))]);
    run(&mut session, "Remove-DataCollectionEndpoint", &[endpoint]);
    let mut other = Session::open(&world(), "nordhafen-prod");
    let rule = ("DcrName", text("dcr-nh-syslog"));
    let refused = refusal(&mut other, "Remove-DataCollectionRule", std::slice::from_ref(&rule));
    assert_eq!(refused, "AssociationExists,Remove-DataCollectionRule");
    let removed =
        run(&mut other, "Remove-DataCollectionRule", &[rule, ("DeleteAssociations", Value::Bool(true))]).remove(0);
    assert_eq!(number(&removed, "RemovedAssociations"), 37);
}

#[test]
fn sources_and_transformations_are_checked() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = ("DcrName", text("dcr-nh-syslog"));
    let source = |kind: &str| ("DataSourceType", text(kind));
    for (function, given, id) in [
        ("Add-DCRDataSource", vec![rule.clone(), source("WindowsFirewall")], "InvalidPayload"),
        ("New-StandaloneDCR", vec![("DcrName", text("n")), source("JsonLog")], "InvalidPayload"),
        ("New-StandaloneDCR", vec![rule.clone(), ("Kind", text("Linux")), source("Syslog")], "Conflict"),
        ("New-DCRForTable", vec![("TableName", text("None_CL"))], "InvalidOutputTable"),
        ("Update-DCRTransformation", vec![rule.clone(), ("TransformKql", text("Syslog"))], "InvalidTransformQuery"),
        (
            "Update-DCRTransformation",
            vec![("DcrName", text("none")), ("TransformKql", text("source"))],
            "ResourceNotFound",
        ),
    ] {
        assert_eq!(refusal(&mut session, function, &given), format!("{id},{function}"), "{given:?}");
    }
    let name = ("SourceName", text("cef"));
    session.call("Add-DCRDataSource", &[rule.clone(), source("CEF"), name.clone()]);
    let again = session.call("Add-DCRDataSource", &[rule.clone(), source("CEF"), name]).remove(0);
    assert_eq!(again.get("DataSourceTypes").unwrap().items().unwrap().len(), 2, "the same name again adds nothing");
    // Two streams now: which one must be said.
    let several = [rule, ("TransformKql", text("source | take 1"))];
    assert_eq!(refusal(&mut session, "Update-DCRTransformation", &several), "StreamMissing,Update-DCRTransformation");
}

#[test]
fn a_test_of_a_feed_sends_only_where_rows_are_taken() {
    let mut session = Session::open(&world(), "nordhafen-prod");
    let rule = |name: &str| ("DcrName", text(name));
    let rows = [rule("dcr-dnsfirewall-cl"), ("RecordCount", Value::I32(3))];
    let sent = session.call("Test-DCRIngestion", &rows).remove(0);
    assert_eq!((number(&sent, "RecordsSent"), number(&sent, "RecordsArrived")), (3, 3));
    let dry = session.call("Test-DCRIngestion", &[rows[0].clone(), ("DryRun", Value::Bool(true))]).remove(0);
    assert_eq!(number(&dry, "RecordsSent"), 0);
    let agents = session.call("Test-DCRIngestion", &[rule("dcr-nh-syslog")]).remove(0);
    assert_eq!((number(&agents, "HttpStatus"), number(&agents, "RecordsSent")), (404, 0));
}
