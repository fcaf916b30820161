//! The same calls on the Demo engine and on a real PowerShell with a script in
//! contract style: through the command line, and one level below.
//!
//! What a function gives back may differ, since that script's data are canned
//! and its writes only repeat their arguments. How it comes may not.

mod calls;
mod engine;
pub(crate) mod styles;

use std::collections::BTreeSet;

use sentinel_jump::catalog::{Entry, OutputKind, all};
use sentinel_jump::host::{Ended, FunctionProbe, Session};
use serde_json::{Value as Json, json};

use calls::{Given, PROD, RULE, calls};
use engine::{CONTRACT, Engine, Seen};

use crate::outside::trials;

/// Keys of the answer of a function that returned and wrote nothing else.
const KEYS: [&str; 12] = [
    "correlationId",
    "count",
    "data",
    "durationMs",
    "fromCache",
    "function",
    "nextCursor",
    "outcome",
    "tenant",
    "truncated",
    "warnings",
    "workspace",
];

trials! { DEMO:
    multi_thread {
        every_function_answers_on_the_demo_as_the_catalogue_says;
        a_rule_that_was_switched_off_is_off_on_the_demo;
    }
    blocking {
        every_function_is_called;
    }
}

trials! { TRIALS:
    current_thread {
        the_health_check_answers_on_both_engines(contract);
        sessions_of_both_engines_end_their_calls_alike(pair);
        what_if_changes_nothing_on_either_engine(pair);
        both_engines_refuse_alike(pair);
        both_engines_probe_alike(pair);
    }
    multi_thread {
        every_function_comes_from_both_engines_alike(contract);
        the_fleet_comes_from_both_engines_alike(contract);
    }
}

async fn contract() -> Engine {
    Engine::real(CONTRACT).await
}

fn entry(function: &str) -> &'static Entry {
    all().iter().find(|entry| entry.function == function).unwrap_or_else(|| panic!("{function} is in the catalogue"))
}

/// The names of `row` that the catalogue has, as the catalogue spells them.
fn known(entry: &Entry, row: Option<&Json>) -> BTreeSet<String> {
    let fields = row.and_then(Json::as_object);
    let has = |name: &str| fields.is_some_and(|fields| fields.keys().any(|key| key.eq_ignore_ascii_case(name)));
    entry.output.properties.iter().map(|field| field.name.clone()).filter(|name| has(name)).collect()
}

/// An answer, without what differs from call to call and from data to data.
#[derive(Debug, PartialEq)]
struct Shape {
    exit: i32,
    outcome: Json,
    code: Json,
    keys: BTreeSet<String>,
    data: &'static str,
    counts: bool,
    from_cache: Json,
    host_warnings: usize,
    host_errors: Vec<String>,
}

fn shape(exit: i32, answer: &Json) -> Shape {
    let texts = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    Shape {
        exit,
        outcome: answer["outcome"].clone(),
        code: answer["code"].clone(),
        keys: answer.as_object().expect("an object").keys().cloned().collect(),
        data: match &answer["data"] {
            Json::Null => "none",
            Json::Array(_) => "list",
            Json::Object(_) => "object",
            _ => "a scalar",
        },
        counts: answer["count"].as_u64().is_some_and(|count| count > 0),
        from_cache: answer["fromCache"].clone(),
        host_warnings: texts("hostWarnings").len(),
        host_errors: texts("hostErrors").iter().map(|error| error["id"].to_string()).collect(),
    }
}

fn first(answer: &Json) -> Option<&Json> {
    match &answer["data"] {
        Json::Array(rows) => rows.first(),
        other => Some(other),
    }
}

/// What every function's answer must be, whoever gave it.
fn assert_done(engine: &Engine, entry: &Entry, exit: i32, answer: &Json) {
    let function = &entry.function;
    let filters = |name: &str| entry.parameters.iter().any(|one| one.name == name && one.filters.is_some());
    let says_defaults = answer["defaults"].as_object().is_some_and(|all| all.keys().all(|name| filters(name)));
    let wanted = Shape {
        exit: 0,
        outcome: json!("done"),
        code: Json::Null,
        // Where a default of ours leaves something out, the answer says so.
        keys: KEYS.iter().copied().chain(says_defaults.then_some("defaults")).map(str::to_owned).collect(),
        data: if entry.output.kind == OutputKind::List { "list" } else { "object" },
        counts: true,
        from_cache: json!(false),
        host_warnings: 0,
        host_errors: Vec::new(),
    };
    assert_eq!(shape(exit, answer), wanted, "{function} on {}: {answer}", engine.name);
    assert_eq!(answer["function"], **function, "{function} on {}", engine.name);
    assert!(first(answer).is_some_and(Json::is_object), "{function} on {}: {answer}", engine.name);
}

fn every_function_is_called() {
    let called: BTreeSet<&str> = calls().iter().map(|given| given.function).collect();
    let known: BTreeSet<&str> = all().iter().map(|entry| entry.function.as_str()).collect();
    assert_eq!(called, known);
    for given in calls() {
        let destructive = entry(given.function).annotations.destructive_hint;
        assert_eq!(given.name.is_some(), destructive, "{}", given.function);
    }
}

async fn every_function_answers_on_the_demo_as_the_catalogue_says() {
    let demo = Engine::demo().await;
    for given in calls() {
        let entry = entry(given.function);
        let (exit, answer) = demo.typed(&entry.tool, &given).await;
        assert_done(&demo, entry, exit, &answer);
        let lacks = |name: &&String| !known(entry, first(&answer)).contains(*name);
        let names: Vec<&String> = entry.output.properties.iter().map(|field| &field.name).filter(lacks).collect();
        // Only with a switch that is not given.
        assert!(names.is_empty(), "{} on the demo lacks {names:?}", given.function);
    }
    assert_eq!(demo.host.counters().shells_open, 0, "every call closed its session");
}

async fn every_function_comes_from_both_engines_alike(real: Engine) {
    let demo = Engine::demo().await;
    let mut differences = Vec::new();
    for given in calls() {
        let entry = entry(given.function);
        let ((exit, answer), (demo_exit, demo_answer)) =
            tokio::join!(real.typed(&entry.tool, &given), demo.typed(&entry.tool, &given));
        assert_done(&real, entry, exit, &answer);
        let (real_shape, demo_shape) = (shape(exit, &answer), shape(demo_exit, &demo_answer));
        if real_shape != demo_shape {
            differences.push(format!("{}:\n  real {real_shape:?}\n  demo {demo_shape:?}", entry.tool));
        }
        let (real_names, demo_names) = (known(entry, first(&answer)), known(entry, first(&demo_answer)));
        let lacking: Vec<&String> = real_names.difference(&demo_names).collect();
        if !lacking.is_empty() {
            differences.push(format!("{}: the demo lacks {lacking:?}", entry.tool));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(real.host.counters().shells_open, 0, "every call closed its session");
}

async fn the_fleet_comes_from_both_engines_alike(real: Engine) {
    let demo = Engine::demo().await;
    let mut answers = Vec::new();
    for engine in [&real, &demo] {
        let (exit, answer) = engine.run(&["sentinel_list_analytics_rules"]).await;
        assert_eq!((exit, &answer["outcome"]), (0, &json!("done")), "{}: {answer}", engine.name);
        assert_eq!(answer["data"][0]["tenant"], "nordhafen", "{}", engine.name);
        answers.push((shape(exit, &answer), known(entry("Get-AnalyticsRules"), first(&answer))));
    }
    assert_eq!(answers[0].0, answers[1].0);
    assert!(answers[0].1.is_subset(&answers[1].1), "{:?}", answers[0].1.difference(&answers[1].1));
}

/// The names of a health check's rows and their checks are the same; what they
/// say differs with the data.
async fn the_health_check_answers_on_both_engines(real: Engine) {
    let demo = Engine::demo().await;
    let mut answers = Vec::new();
    for engine in [&real, &demo] {
        let (exit, answer) = engine.run(&["sentinel_health_check", "--json", r#"{"check_depth":"detailed"}"#]).await;
        assert_eq!((exit, &answer["outcome"]), (0, &json!("done")), "{}: {answer}", engine.name);
        let rows = answer["data"].as_array().expect("rows");
        let mut checks = Vec::new();
        for row in rows {
            let all = row["checks"].as_array().expect("checks");
            let status = |name: &str| all.iter().find(|check| check["check"] == name).map(|check| &check["status"]);
            for name in ["reachable", "session", "script"] {
                assert_eq!(status(name), Some(&json!("ok")), "{}: {name}", engine.name);
            }
            let any_unknown = all.iter().any(|check| check["status"] == "unknown");
            assert!(!any_unknown || row["status"] != "ok", "{}: never green: {row}", engine.name);
            checks.push(all.iter().map(|check| check["check"].to_string()).collect::<Vec<_>>());
        }
        let keys: Vec<String> = answer.as_object().expect("an object").keys().cloned().collect();
        answers.push((keys, checks));
    }
    assert_eq!(answers[0], answers[1]);
}

/// What a call in a session brought, without its data.
#[derive(Debug, PartialEq)]
struct Streams {
    ended: String,
    rows: bool,
    text: Vec<String>,
    warnings: usize,
    errors: Vec<(String, Option<i32>)>,
    target_changed: bool,
    reusable: bool,
}

fn streams(session: &Session, seen: &Seen) -> Streams {
    let returned = &seen.returned;
    // Up to where the script says in its own words what it would do.
    let text = |line: &String| line.split('"').next().unwrap_or_default().to_owned();
    Streams {
        ended: match &returned.ended {
            Ended::Failed(error) => format!("failed: {} {:?}", error.id, error.category),
            other => format!("{other:?}"),
        },
        rows: !returned.data.is_empty(),
        text: returned.text.iter().map(text).collect(),
        warnings: returned.warnings.len(),
        errors: returned.errors.iter().map(|error| (error.id.clone(), error.category)).collect(),
        target_changed: returned.target_changed.is_some(),
        reusable: session.is_reusable(),
    }
}

/// A session on each engine.
struct Pair {
    engines: [Engine; 2],
    sessions: Vec<Session>,
    differences: Vec<String>,
}

async fn pair() -> Pair {
    Pair::open().await
}

impl Pair {
    async fn open() -> Self {
        let engines = [contract().await, Engine::demo().await];
        let sessions = vec![engines[0].session().await, engines[1].session().await];
        Self { engines, sessions, differences: Vec::new() }
    }

    /// The same call on both; notes how they differ, says what the real one did.
    async fn call(&mut self, given: &Given) -> Streams {
        let function = given.function;
        let mut found = Vec::new();
        for (engine, session) in self.engines.iter().zip(&mut self.sessions) {
            let seen = engine.call(session, given).await;
            if !seen.returned.data.is_empty() {
                let writes = session.probe(function).await.expect("it was called").progress;
                assert_eq!(writes, !seen.progress.is_empty(), "{function} on {}: as its probe says", engine.name);
            }
            let rises = seen.progress.is_sorted() && seen.progress.iter().flatten().all(|percent| *percent <= 100);
            assert!(rises, "{function} on {}: {:?}", engine.name, seen.progress);
            if entry(function).output.kind == OutputKind::Object {
                assert!(seen.returned.data.len() <= 1, "{function} on {}: one object", engine.name);
            }
            found.push(streams(session, &seen));
        }
        if found.iter().any(|other| *other != found[0]) {
            self.differences.push(format!("{function} {}: real, then demo:\n{found:#?}", given.arguments));
        }
        found.swap_remove(0)
    }

    fn assert_alike(&self) {
        assert!(self.differences.is_empty(), "{}", self.differences.join("\n"));
    }
}

async fn sessions_of_both_engines_end_their_calls_alike(mut pair: Pair) {
    for given in calls() {
        let streams = pair.call(&given).await;
        assert_eq!((streams.ended.as_str(), streams.rows), ("Completed", true), "{}", given.function);
    }
    pair.assert_alike();
}

async fn what_if_changes_nothing_on_either_engine(mut pair: Pair) {
    for mut given in calls().into_iter().filter(|given| entry(given.function).should_process.supported) {
        // Only what exists before anything was made.
        if given.arguments.to_string().contains("robe") && !given.function.starts_with("New-") {
            continue;
        }
        given.arguments["WhatIf"] = json!(true);
        let streams = pair.call(&given).await;
        assert_eq!((streams.rows, streams.text.len()), (false, 1), "{}: {streams:?}", given.function);
    }
    pair.assert_alike();
}

async fn both_engines_refuse_alike(mut pair: Pair) {
    let nowhere = json!({ "WorkspaceName": "law-nowhere" });
    let refused = [
        ("Get-AnalyticsRules", nowhere.clone()),
        ("Get-SentinelIncidents", nowhere.clone()),
        ("Get-SentinelTables", nowhere.clone()),
        ("View-TableRetention", nowhere.clone()),
        ("Get-SentinelWorkbooks", nowhere.clone()),
        ("Export-AnalyticsRules", nowhere.clone()),
        ("Get-DataCollectionRules", nowhere.clone()),
        ("Get-DataCollectionEndpoints", nowhere),
        ("Get-AnalyticsRules", json!({ "Kind": ["Nonsense"] })),
        ("Get-AnalyticsRules", json!({ "Nonsense": "x" })),
        ("Get-AnalyticsRules", json!({ "ModifiedSince": "some day" })),
        ("Get-SentinelIncidents", json!({ "LastDays": 366 })),
        ("Get-SentinelIncidents", json!({ "LastDays": "many" })),
        ("Export-TableData", json!({ "TableName": "" })),
        ("Close-SentinelIncident", json!({ "IncidentNumber": 12345, "Classification": "Boring" })),
        ("Export-TableData", json!({ "TableName": "Usage", "BatchDays": 32 })),
        ("New-AnalyticsRule", json!({ "DisplayName": "x", "Kind": "MLBehaviorAnalytics" })),
        ("New-AnalyticsRule", json!({ "DisplayName": "x", "QueryFrequency": "soon" })),
        ("New-AnalyticsRule", json!({ "DisplayName": "x", "EntityMappings": "none" })),
        ("Test-DCRIngestion", json!({ "DcrName": "dcr-nh-win-sec", "RecordCount": 0 })),
    ];
    for (function, arguments) in refused {
        let given = Given { function, workspace: PROD, arguments, name: None };
        let streams = pair.call(&given).await;
        let refused = streams.ended != "Completed" || !streams.errors.is_empty();
        assert!(refused && !streams.rows, "{function} {}: {streams:?}", given.arguments);
    }
    pair.assert_alike();
}

async fn both_engines_probe_alike(mut pair: Pair) {
    for entry in all() {
        let mut probes = Vec::new();
        for session in &mut pair.sessions {
            probes.push(session.probe(&entry.function).await.expect("both have all functions"));
        }
        let (real, demo): (&FunctionProbe, &FunctionProbe) = (&probes[0], &probes[1]);
        if entry.should_process.supported {
            assert!(real.should_process && demo.should_process, "{}", entry.function);
        }
        let find = |probe: &FunctionProbe, name: &str| {
            probe.parameters.iter().find(|known| known.name.eq_ignore_ascii_case(name)).cloned()
        };
        for parameter in entry.parameters.iter().filter(|parameter| !parameter.legacy_only) {
            let name = &parameter.name;
            match (find(real, name), find(demo, name)) {
                (Some(real), Some(demo)) => {
                    assert_eq!(real.type_name, demo.type_name, "{} {name}", entry.function);
                    assert_eq!(real.validate_set, demo.validate_set, "{} {name}", entry.function);
                }
                (real, demo) => assert_eq!(real.is_some(), demo.is_some(), "{} {name}", entry.function),
            }
        }
    }
}

/// A write on one engine's own data: what it changed is there afterwards.
async fn a_rule_that_was_switched_off_is_off_on_the_demo() {
    let demo = Engine::demo().await;
    let of = |function, name| Given { function, workspace: PROD, arguments: json!({ "RuleId": RULE }), name };
    let off = of("Disable-AnalyticsRule", Some(RULE));
    let (exit, done) = demo.typed("sentinel_rule_disable", &off).await;
    assert_eq!((exit, &done["data"]["Changed"]), (0, &json!(true)), "{done}");
    let (_, seen) = demo.typed("sentinel_get_analytics_rule", &of("Get-AnalyticsRuleDetails", None)).await;
    assert_eq!(seen["data"]["Enabled"], false);
    let (_, again) = demo.typed("sentinel_rule_disable", &off).await;
    assert_eq!((&again["data"]["Changed"], &again["data"]["PreviousEnabled"]), (&json!(false), &json!(false)));
    let (exit, asked) = demo.typed("sentinel_rule_disable", &of("Disable-AnalyticsRule", None)).await;
    assert_eq!((exit, &asked["code"]), (2, &json!("confirmation_required")), "{asked}");
}
