//! Output of a real PowerShell: typed objects whole, custom ones as they are.

use std::path::Path;

use sentinel_jump::host::{Ended, ScriptSource, Session};
use wsman::clixml::Value;
use wsman::clixml::json::to_json;

use crate::engine::{Real, real, run};
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        typed_objects_arrive_whole_with_enum_names_and_without_secrets(real);
        a_typed_object_inside_a_custom_one_is_found(real);
        what_the_engine_sends_whole_itself_is_left_to_it(real);
        loops_depth_and_getters_that_throw_end(real);
    }
}

async fn open(real: &Real) -> Session {
    let mut plan = real.plan("");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/host/values.ps1");
    plan.script = ScriptSource::Path { path: file.display().to_string(), sha256: None };
    Session::open(&plan).await.expect("the script loads")
}

async fn output(session: &mut Session, function: &str) -> Vec<Value> {
    let returned = run(session, function, &[]).await;
    assert_eq!((&returned.ended, returned.errors.as_slice()), (&Ended::Completed, &[][..]), "{function}");
    returned.data
}

fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| value.get(name).unwrap_or_else(|| panic!("no {name} in {value:?}")))
}

async fn typed_objects_arrive_whole_with_enum_names_and_without_secrets(real: Real) {
    let mut session = open(&real).await;
    for rule in output(&mut session, "Get-Typed").await {
        assert_eq!(at(&rule, &["Properties", "Inner", "Query"]), &Value::from("SigninLogs | take 10"));
        assert_eq!(at(&rule, &["Properties", "Inner", "Level"]), &Value::from("High"));
        assert!(matches!(at(&rule, &["Properties", "Inner", "Every"]), Value::TimeSpan(_)));
        let many = at(&rule, &["Properties", "Many"]).items().expect("a list");
        assert_eq!((many.len(), at(&many[1], &["Level"])), (2, &Value::from("High")));
        assert_eq!(at(&rule, &["Properties", "Labels", "Owner", "Level"]), &Value::from("High"));
        assert!(matches!(at(&rule, &["Modified"]), Value::DateTime(time) if time.as_str().ends_with('Z')));
        assert_eq!(at(&rule, &["Key"]), &Value::Nil);
        assert_eq!(at(&rule, &["Link"]), &Value::from("https://x.example/a"));
        assert_eq!(at(&rule, &["Seen"]), &Value::from("2026-02-03T04:05:06.0000000+02:00"));
        assert!(!to_json(&rule).to_string().contains("planted"));
    }
    assert_eq!(output(&mut session, "Get-Big").await.len(), 300);
}

async fn a_typed_object_inside_a_custom_one_is_found(real: Real) {
    let mut session = open(&real).await;
    let wrapped = output(&mut session, "Get-Wrapped").await;
    assert_eq!(at(&wrapped[0], &["Rule", "Properties", "Inner", "Level"]), &Value::from("High"));
    assert_eq!(at(&wrapped[0], &["N"]), &Value::I32(1));
    let secret = output(&mut session, "Get-Secret").await;
    assert_eq!((at(&secret[0], &["Key"]), at(&secret[0], &["Login"])), (&Value::Nil, &Value::Nil));
}

async fn what_the_engine_sends_whole_itself_is_left_to_it(real: Real) {
    let mut session = open(&real).await;
    // A flat typed object keeps its type's name, which a projected one loses.
    let flat = output(&mut session, "Get-Flat").await;
    assert!(flat[0].as_object().unwrap().is_a("Deserialized.SjFlat") || flat[0].as_object().unwrap().is_a("SjFlat"));
    assert_eq!(to_json(&flat[0])["Count"], 3);
    let custom = output(&mut session, "Get-Custom").await;
    let mut level = &custom[0];
    for n in 0..20 {
        assert_eq!(at(level, &["Level"]), &Value::I32(n));
        assert_eq!(at(level, &["List"]).items().expect("a list")[1].items().expect("a list").len(), 2);
        level = at(level, &["Next"]);
    }
    assert_eq!(at(level, &["Level"]), &Value::I32(20));
}

async fn loops_depth_and_getters_that_throw_end(real: Real) {
    let mut session = open(&real).await;
    let looped = output(&mut session, "Get-Loop").await;
    assert_eq!(at(&looped[0], &["Next", "Name"]), &Value::from("b"));
    assert_eq!(at(&looped[0], &["Next", "Next"]), &Value::from("SjNode"), "what leads back is text");
    let deep = output(&mut session, "Get-Deep").await;
    let (mut node, mut levels) = (&deep[0], 0);
    while let Some(next) = node.get("Next") {
        (node, levels) = (next, levels + 1);
    }
    assert_eq!((node, levels), (&Value::from("SjNode"), 16));
    let throwing = output(&mut session, "Get-Throwing").await;
    assert_eq!(at(&throwing[0], &["Bad"]), &Value::Nil);
    assert_eq!(at(&throwing[0], &["Thing", "Query"]), &Value::from("q"));
    assert!(session.is_reusable());
}
