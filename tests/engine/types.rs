//! Every parameter type as a real PowerShell binds it, and what is refused
//! before anything is sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sentinel_jump::access::Caller;
use sentinel_jump::call::{Nobody, encode};
use sentinel_jump::config::{Config, Vault};
use sentinel_jump::desk::{Desk, Door, Request};
use sentinel_jump::host::{Ended, ScriptSource, Session};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use wsman::clixml::Value;

use crate::engine::{Real, call, credentials, real};
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        every_parameter_type_binds_as_its_table_says_or_is_refused_here(real);
        what_is_not_given_is_not_sent(real);
        a_models_wrong_json_types_are_refused_before_a_connection_is_made(real);
        a_value_that_only_the_hosts_own_type_refuses_is_not_sent_either(real);
    }
}

const SCRIPT: &[u8] = include_bytes!("../../fixtures/host/types.ps1");

fn sha256() -> String {
    base16ct::lower::encode_string(&Sha256::digest(SCRIPT))
}

async fn open(real: &Real) -> Session {
    let mut plan = real.plan("");
    plan.script =
        ScriptSource::Push { bytes: SCRIPT.to_vec(), virtual_path: "/tests/types.ps1".into(), sha256: sha256() };
    Session::open(&plan).await.expect("the script loads")
}

/// What is given, the function, what it says; `None`: refused here.
type Row = (&'static str, Json, Option<&'static str>);

fn rows() -> Vec<Row> {
    let refused =
        wrong().into_iter().flat_map(|(function, values)| values.into_iter().map(move |value| (function, value, None)));
    bound().into_iter().chain(refused).collect()
}

fn bound() -> Vec<Row> {
    vec![
        ("Show-String", json!("5"), Some("String 5")),
        ("Show-String", json!("a\n$(1+1)`n;'\"äß🚀"), Some("String a\n$(1+1)`n;'\"äß🚀")),
        ("Show-String", json!("2026-02-03T04:05:06Z"), Some("String 2026-02-03T04:05:06Z")),
        // d2: the host declares another type than the catalogue, and nothing is lost.
        ("Show-String", json!(5), Some("String 5")),
        ("Show-String", json!(true), Some("String True")),
        ("Show-String", json!(["a"]), Some("String a")),
        ("Show-Int", json!("5"), Some("Int32 5")),
        ("Show-Int", json!([5]), Some("Int32 5")),
        ("Show-Long", json!("5"), Some("Int64 5")),
        ("Show-Double", json!("1.5"), Some("Double 1.5")),
        ("Show-Bool", json!("true"), Some("Boolean True")),
        ("Show-Switch", json!("true"), Some("switch True")),
        ("Show-Uri", json!(["https://x.example"]), Some("Uri https://x.example/")),
        ("Show-Strings", json!(["a", 1]), Some("String[](String a;String 1)")),
        ("Show-Strings", json!(1), Some("String[](String 1)")),
        ("Show-Ints", json!(["1"]), Some("Int32[](Int32 1)")),
        ("Show-Ints", json!("1"), Some("Int32[](Int32 1)")),
        ("Show-Hashtable", json!([{"a": 1}]), Some("Hashtable{a=Int32 1}")),
        ("Show-Nullable", json!("7"), Some("Int32 7")),
        ("Show-Int", json!(-5), Some("Int32 -5")),
        ("Show-Long", json!(3_000_000_000_i64), Some("Int64 3000000000")),
        ("Show-Double", json!(1.5), Some("Double 1.5")),
        ("Show-Double", json!(2), Some("Double 2")),
        ("Show-Bool", json!(true), Some("Boolean True")),
        ("Show-Bool", json!(false), Some("Boolean False")),
        ("Show-Switch", json!(true), Some("switch True")),
        ("Show-Switch", json!(false), Some("switch False")),
        ("Show-DateTime", json!("2026-02-03T04:05:06+02:00"), Some("DateTime 2026-02-03T02:05:06.0000000Z Utc")),
        (
            "Show-DateTimeOffset",
            json!("2026-02-03T04:05:06Z"),
            Some("DateTimeOffset 2026-02-03T04:05:06.0000000+00:00"),
        ),
        ("Show-TimeSpan", json!("PT1H30M"), Some("TimeSpan 01:30:00")),
        ("Show-TimeSpan", json!("1.02:03:04"), Some("TimeSpan 1.02:03:04")),
        ("Show-Guid", json!("000000B0-0000-4000-8000-0000000000AB"), Some("Guid 000000b0-0000-4000-8000-0000000000ab")),
        ("Show-Uri", json!("https://portal.example/x?y=1"), Some("Uri https://portal.example/x?y=1")),
        ("Show-Strings", json!(["a", "b"]), Some("String[](String a;String b)")),
        ("Show-Strings", json!("a"), Some("String[](String a)")),
        ("Show-Strings", json!([]), Some("String[]()")),
        ("Show-Ints", json!([1, 2]), Some("Int32[](Int32 1;Int32 2)")),
        ("Show-Objects", json!(["a", 1, true]), Some("Object[](String a;Int32 1;Boolean True)")),
        ("Show-Object", json!({"a": [1]}), Some("Hashtable{a=ArrayList(Int32 1)}")),
        ("Show-Hashtable", json!({"b": {"c": 1.5}, "a": "x"}), Some("Hashtable{a=String x;b=Hashtable{c=Double 1.5}}")),
        ("Show-Dictionary", json!({"a": 1}), Some("Hashtable{a=Int32 1}")),
        (
            "Show-Hashtables",
            json!([{"a": 1}, {"b": "2"}]),
            Some("Hashtable[](Hashtable{a=Int32 1};Hashtable{b=String 2})"),
        ),
        ("Show-Hashtables", json!({"a": 1}), Some("Hashtable[](Hashtable{a=Int32 1})")),
        ("Show-PSObject", json!({"a": {"b": 1}}), Some("custom{a=custom{b=Int32 1}}")),
        ("Show-PSObject", json!(5), Some("Int32 5")),
        // [pscustomobject] is [psobject] under another name.
        ("Show-PSCustomObject", json!("x"), Some("String x")),
        ("Show-PSCustomObject", json!({"z": 1, "a": 2}), Some("custom{z=Int32 1;a=Int32 2}")),
        ("Show-Enum", json!("green"), Some("SjColour Green")),
        ("Show-Enums", json!(["Red", "Blue"]), Some("SjColour[](SjColour Red;SjColour Blue)")),
        ("Show-Flags", json!("Mon, Wed"), Some("SjDays Mon, Wed")),
        ("Show-Day", json!("Friday"), Some("DayOfWeek Friday")),
        ("Show-ActionPreference", json!("stop"), Some("ActionPreference Stop")),
        ("Show-Nullable", json!(7), Some("Int32 7")),
        ("Show-NullableDate", json!("2026-02-03T04:05:06Z"), Some("DateTime 2026-02-03T04:05:06.0000000Z Utc")),
    ]
}

fn wrong() -> Vec<(&'static str, Vec<Json>)> {
    vec![
        ("Show-String", vec![json!(5.5), json!(["a", "b"]), json!([]), json!({}), json!(null)]),
        (
            "Show-Int",
            vec![
                json!("5,0"),
                json!("05"),
                json!(5.6),
                json!(3_000_000_000_i64),
                json!(true),
                json!([5, 6]),
                json!(null),
            ],
        ),
        ("Show-Long", vec![json!("5 "), json!(5.6), json!(1e300), json!(null)]),
        ("Show-Double", vec![json!("1,5"), json!("1.5."), json!(true), json!(null)]),
        ("Show-Bool", vec![json!("yes"), json!("$true"), json!(1), json!(null)]),
        ("Show-Switch", vec![json!("1"), json!(1), json!(null)]),
        (
            "Show-DateTime",
            vec![json!("03.02.2026"), json!("2026-02-03"), json!("2026-02-03T04:05:06"), json!(1), json!(null)],
        ),
        ("Show-DateTimeOffset", vec![json!("2026-02-03T04:05:06"), json!(1)]),
        ("Show-TimeSpan", vec![json!("P1M"), json!("PT"), json!(90), json!("90"), json!("25:00:00")]),
        ("Show-Guid", vec![json!("none"), json!(1)]),
        ("Show-Uri", vec![json!(1), json!(["https://x.example", "https://y.example"])]),
        ("Show-Strings", vec![json!(["a", null]), json!(["a", 1.5]), json!(1.5), json!([["a"]])]),
        ("Show-Ints", vec![json!(["a"]), json!([1.5]), json!([[1]]), json!("1,2")]),
        ("Show-Objects", vec![json!([null]), json!([{"a": 1, "A": 2}])]),
        ("Show-Object", vec![json!(null)]),
        ("Show-Hashtable", vec![json!([1]), json!("a=1"), json!({"a": null}), json!({"a": 1, "A": 2})]),
        ("Show-Dictionary", vec![json!([1]), json!({"k": {"a": 1, "A": 2}})]),
        ("Show-Hashtables", vec![json!(["a"]), json!(1)]),
        ("Show-PSObject", vec![json!({"a": null})]),
        ("Show-PSCustomObject", vec![json!({"a": 1, "A": 2}), json!({"a": [null]})]),
        ("Show-Enum", vec![json!("Purple"), json!(1), json!("1"), json!("")]),
        ("Show-Enums", vec![json!(["Red", "Purple"]), json!([0])]),
        ("Show-Flags", vec![json!("Mon, Sun"), json!(3)]),
        ("Show-ActionPreference", vec![json!("Never"), json!(1)]),
        ("Show-Secure", vec![json!("planted")]),
        ("Show-Credential", vec![json!("planted"), json!({"UserName": "u"})]),
        ("Show-Ordered", vec![json!({"a": 1})]),
        ("Show-Nullable", vec![json!("7x"), json!(7.5)]),
        ("Show-Class", vec![json!("x"), json!({"Name": "x"})]),
    ]
}

async fn every_parameter_type_binds_as_its_table_says_or_is_refused_here(real: Real) {
    let mut session = open(&real).await;
    let never = CancellationToken::new();
    let mut functions: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for (function, given, expected) in rows() {
        let probe = session.probe(function).await.unwrap();
        functions.push(function);
        let before = real.host.counters();
        let encoded = encode(&given, &probe.parameters[0]);
        let (Some(expected), Ok(value)) = (expected, &encoded) else {
            let after = real.host.counters();
            assert_eq!(before.commands_started, after.commands_started);
            if encoded.is_ok() || expected.is_some() {
                wrong.push(format!("{function} {given}: {encoded:?}"));
            }
            continue;
        };
        let returned = session.call(call(function, &[("Value", value.clone())]), &|_| {}, &never).await.unwrap();
        let said = returned.data.first().and_then(Value::as_str);
        if (&returned.ended, said) != (&Ended::Completed, Some(expected)) {
            wrong.push(format!("{function} {given}: {said:?}, expected {expected:?} ({:?})", returned.ended));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No type of the script is left out.
    let shown = session.report().functions.iter().filter(|name| name.starts_with("Show-"));
    for function in shown {
        assert!(functions.contains(&function.as_str()), "{function} is not tried");
    }
}

/// Absent is not null: what is not given is not sent, and its default holds.
async fn what_is_not_given_is_not_sent(real: Real) {
    let mut session = open(&real).await;
    let never = CancellationToken::new();
    for (function, expected) in [("Show-Nullable", "null"), ("Show-Int", "Int32 0"), ("Show-Switch", "switch False")] {
        let returned = session.call(call(function, &[]), &|_| {}, &never).await.unwrap();
        assert_eq!(returned.data, [Value::from(expected)], "{function}");
    }
}

fn desk(real: &Real, script: &Path) -> Desk {
    let toml = format!(
        "[hosts.jump]\nurl = \"{}\"\nusername = \"{}\"\npassword = {{ env = \"TEST_PASSWORD\" }}\n\
         [hosts.jump.script]\npush = '{}'\nsha256 = \"{}\"\n[tenants.t]\nhost = \"jump\"\nazure_config_dir = '{}'\n\
         [tenants.t.workspaces.w]\nsubscription = \"00000000-0000-4000-8000-000000000001\"\n\
         resource_group = \"rg-nordhafen\"\nname = \"law-nordhafen-sec-prod\"\n",
        real.host.url(),
        credentials().username,
        script.display(),
        sha256(),
        script.with_extension("azure").display(),
    );
    let config = Config::parse(&toml, Path::new("")).expect("a good configuration");
    let vault = Vault::default().with_variable("TEST_PASSWORD", credentials().password);
    Desk::new(Arc::new(config)).with_vault(vault)
}

async fn answer(desk: &Desk, tool: &str, arguments: Json) -> Json {
    let mut arguments: Map<String, Json> = arguments.as_object().expect("an object").clone();
    arguments.insert("tenant".into(), "t".into());
    arguments.insert("workspace".into(), "w".into());
    let cancel = CancellationToken::new();
    let caller = Caller::local(desk.config().policy.clone());
    let request = Request {
        door: Door::Cli,
        caller: &caller,
        tool,
        arguments: &arguments,
        progress: &|_| {},
        confirm: &Nobody,
        cancel: &cancel,
        language: None,
    };
    Json::Object(desk.answer(request).await.envelope)
}

fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("types.ps1");
    fs::write(&file, SCRIPT).expect("the script is written");
    (folder, file)
}

async fn a_models_wrong_json_types_are_refused_before_a_connection_is_made(real: Real) {
    let (_folder, file) = copy();
    let desk = desk(&real, &file);
    for (tool, arguments) in [
        ("sentinel_rule_list", json!({"Enabled": "yes"})),
        ("sentinel_rule_list", json!({"Enabled": 1})),
        ("sentinel_rule_list", json!({"Kind": true})),
        ("sentinel_rule_list", json!({"Kind": [1]})),
        ("sentinel_incident_get", json!({"IncidentNumber": "#4711"})),
        ("sentinel_incident_get", json!({"IncidentNumber": 4711.5})),
        ("sentinel_incident_comment_add", json!({"IncidentNumber": 4711, "Message": 5})),
        ("sentinel_incident_list", json!({"Status": [null]})),
    ] {
        let refused = answer(&desk, tool, arguments.clone()).await;
        assert_eq!(
            (&refused["outcome"], &refused["code"]),
            (&json!("refused"), &json!("invalid_argument")),
            "{arguments}"
        );
    }
    assert_eq!(real.host.connections(), 0);
}

async fn a_value_that_only_the_hosts_own_type_refuses_is_not_sent_either(real: Real) {
    let (_folder, file) = copy();
    let desk = desk(&real, &file);
    let done = answer(&desk, "sentinel_rule_list", json!({})).await;
    assert_eq!(done["data"][0]["workspace"], "law-nordhafen-sec-prod", "{done}");
    let before = real.host.counters().commands_started;
    for arguments in [json!({"Enabled": true}), json!({"Kind": ["Scheduled"]})] {
        let refused = answer(&desk, "sentinel_rule_list", arguments).await;
        assert_eq!(
            (&refused["outcome"], &refused["code"]),
            (&json!("refused"), &json!("invalid_argument")),
            "{refused}"
        );
        let said = refused["error"].as_str().expect("a sentence");
        assert!(said.contains("takes a whole number in range there"), "{said}");
    }
    assert_eq!(real.host.counters().commands_started, before, "the probe is known, nothing else is asked");
    desk.close().await;
}
