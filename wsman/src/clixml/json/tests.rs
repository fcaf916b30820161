use serde_json::json;

use super::*;
use crate::clixml::decode;

fn shown(document: &str) -> Json {
    to_json(&decode(document, &Limits::DECODE).unwrap())
}

#[test]
fn primitives_follow_the_table() {
    for (document, expected) in [
        ("<Nil/>", json!(null)),
        ("<B>true</B>", json!(true)),
        ("<I64>9007199254740991</I64>", json!(9_007_199_254_740_991_i64)),
        ("<I64>-9007199254740992</I64>", json!("-9007199254740992")),
        ("<U64>18446744073709551615</U64>", json!("18446744073709551615")),
        ("<Sg>0.1</Sg>", json!(0.1)),
        ("<Db>1.5</Db>", json!(1.5)),
        ("<Db>NaN</Db>", json!("NaN")),
        ("<Db>-INF</Db>", json!("-INF")),
        ("<Sg>INF</Sg>", json!("INF")),
        ("<D>1.10</D>", json!(1.1)),
        ("<D>100</D>", json!(100)),
        ("<D>-0.5</D>", json!(-0.5)),
        ("<D>1234567890.12345</D>", json!(1_234_567_890.123_45)),
        ("<D>12345678901.12345</D>", json!("12345678901.12345")),
        ("<D>0.3000000000000000000000000001</D>", json!("0.3000000000000000000000000001")),
        ("<D>79228162514264337593543950335</D>", json!("79228162514264337593543950335")),
        ("<S>a_xD83D_b</S>", json!("a\u{FFFD}b")),
        ("<C>65</C>", json!("A")),
        ("<C>55357</C>", json!("\u{FFFD}")),
        ("<DT>2026-02-03T04:05:06Z</DT>", json!("2026-02-03T04:05:06Z")),
        ("<TS>P1DT2H</TS>", json!("P1DT2H")),
        ("<BA>AQID</BA>", json!("AQID")),
        ("<G>{00112233-4455-6677-8899-AABBCCDDEEFF}</G>", json!("00112233-4455-6677-8899-aabbccddeeff")),
        ("<Version>1.2</Version>", json!("1.2")),
        ("<SS>AQID</SS>", json!(null)),
    ] {
        assert_eq!(shown(document), expected, "{document}");
    }
}

#[test]
fn objects_follow_the_table() {
    let props = "<Props><S N='b'>1</S><S N='a'>2</S></Props><MS><S N='A'>3</S><S N='c'>4</S></MS>";
    let json = shown(&format!("<Obj><ToString>t</ToString>{props}</Obj>"));
    assert_eq!(json.to_string(), r#"{"b":"1","A":"3","c":"4"}"#);
    assert_eq!(shown("<Obj><ToString>t</ToString></Obj>"), json!("t"));
    assert_eq!(shown("<Obj/>"), json!({}));
    assert_eq!(shown(&format!("<Obj><S>line</S>{props}</Obj>")), json!("line"));
    assert_eq!(shown(&format!("<Obj><LST><I32>1</I32></LST>{props}</Obj>")), json!([1]));
    assert_eq!(shown("<Obj><Obj><ToString>in</ToString></Obj></Obj>"), json!("in"));
    assert_eq!(shown("<Obj><MS><MS N='s'><I32 N='x'>1</I32></MS></MS></Obj>"), json!({"s": {"x": 1}}));
}

/// As PowerShell 7.6 serialises them.
#[test]
fn c6_scalars_without_an_element_are_their_text() {
    let typed = |name: &str, text: &str, properties: &str| {
        let names = format!("<TN><T>{name}</T><T>System.Object</T></TN>");
        shown(&format!("<Obj>{names}<ToString>{text}</ToString><Props>{properties}</Props></Obj>"))
    };
    assert_eq!(typed("System.DBNull", "", ""), json!(null));
    let address = "<S N='AddressFamily'>InterNetwork</S><I64 N='Address'>16777226</I64>";
    assert_eq!(typed("System.Net.IPAddress", "10.0.0.1", address), json!("10.0.0.1"));
    assert_eq!(typed("Deserialized.System.Net.IPAddress", "::1", address), json!("::1"));
    let large = "123456789012345678901234567890";
    assert_eq!(typed("System.Numerics.BigInteger", large, "<B N='IsEven'>true</B>"), json!(large));
    for (offset, written) in [("PT1H", "+01:00"), ("PT0S", "+00:00"), ("-PT5H30M", "-05:30"), ("PT45M", "+00:45")] {
        let properties = format!("<DT N='DateTime'>2026-01-02T03:04:05</DT><TS N='Offset'>{offset}</TS>");
        let shown = typed("System.DateTimeOffset", "02.01.2026 03:04:05 +01:00", &properties);
        assert_eq!(shown, json!(format!("2026-01-02T03:04:05{written}")), "{offset}");
    }
    let day = "<I32 N='Year'>2026</I32><I32 N='Month'>1</I32><I32 N='Day'>2</I32>";
    assert_eq!(typed("System.DateOnly", "01/02/2026", day), json!("2026-01-02"));
    let hour = "<I32 N='Hour'>3</I32><I32 N='Minute'>4</I32><I32 N='Second'>5</I32>";
    assert_eq!(typed("System.TimeOnly", "03:04", hour), json!("03:04:05"));
    assert_eq!(typed("Some.Other", "x", "<I32 N='A'>1</I32>"), json!({"A": 1}), "a bag stays one");
}

#[test]
fn enums_are_their_names() {
    let document = "<Obj><TN><T>Deserialized.System.DayOfWeek</T><T>Deserialized.System.Enum</T></TN>\
        <ToString>Friday</ToString><I32>5</I32></Obj>";
    assert_eq!(shown(document), json!("Friday"));
    assert_eq!(shown("<Obj><ToString>5.0</ToString><I32>5</I32></Obj>"), json!(5));
}

#[test]
fn dictionaries_keep_their_order_and_have_text_for_keys() {
    let document = "<Obj><DCT><En><S N='Key'>z</S><I32 N='Value'>1</I32></En><En><I32 N='Key'>2</I32><Nil N='Value'/></En>\
        <En><Obj N='Key'><ToString>k</ToString></Obj><Nil N='Value'/></En></DCT></Obj>";
    assert_eq!(shown(document).to_string(), r#"{"z":1,"2":null,"k":null}"#);
}

#[test]
fn a_cycle_ends() {
    assert_eq!(shown("<Obj RefId='0'><MS><Ref N='self' RefId='0'/></MS></Obj>"), json!({"self": null}));
    let named = "<Obj RefId='0'><ToString>me</ToString><MS><Ref N='self' RefId='0'/></MS></Obj>";
    assert_eq!(shown(named), json!({"self": "me"}));
}

#[test]
fn shared_objects_are_written_out_while_that_is_cheap() {
    let shared = Value::custom([("a", Value::from("x"))]);
    let value = Value::list(vec![shared.clone(), shared.clone(), shared]);
    assert_eq!(to_json(&value), json!([{"a": "x"}, {"a": "x"}, {"a": "x"}]));
    let converted = to_json_within(&value, 0);
    assert_eq!(converted, Converted { json: json!([{"a": "x"}, null, null]), left_out: 2 });
}

#[test]
fn a_bomb_of_references_stays_small() {
    // Each level names the one below ten times: 10^40 in full.
    let bomb = (0..40).fold(Value::list(vec![]), |inner, _| Value::list(vec![inner; 10]));
    let converted = to_json_within(&bomb, 100_000);
    assert!(converted.left_out > 0);
    assert!(converted.json.to_string().len() < 200_000);
    // The same with a long text in place of many items.
    let text = Value::list(vec![Value::from("x".repeat(100_000))]);
    let converted = to_json_within(&Value::list(vec![text; 10_000]), 1_000_000);
    assert!(converted.json.to_string().len() < 1_500_000);
    // And with long names, long keys, long texts of objects and of a cycle.
    let long = "x".repeat(100_000);
    let named = |to_string: Option<Text>| Value::Object(Arc::new(Object { to_string, ..Object::default() }));
    for value in [
        Value::custom([(long.as_str(), Value::Nil)]),
        Value::hashtable([(long.as_str(), Value::Nil)]),
        named(Some(long.as_str().into())),
    ] {
        let converted = to_json_within(&Value::list(vec![value; 10_000]), 1_000_000);
        assert!(converted.json.to_string().len() < 1_500_000);
    }
    let cycles = "<Ref RefId='0'/>".repeat(10_000);
    let cycle = format!("<Obj RefId='0'><ToString>{long}</ToString><LST>{cycles}</LST></Obj>");
    let converted = to_json_within(&decode(cycle, &Limits::DECODE).unwrap(), 1_000_000);
    assert!(converted.json.to_string().len() < 1_500_000);
}

#[test]
fn values_nested_without_end_do_not_overflow() {
    let deep = (0..1_000).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
    assert_eq!(to_json_within(&deep, 0).left_out, 1);
}

#[test]
fn json_comes_back_as_values() {
    let json = json!({"z": [1, 2147483648_i64, 1.5, "s", null, true], "a": {}});
    let value = from_json(&json);
    let items = value.get("z").unwrap().items().unwrap();
    assert_eq!(
        items,
        [Value::I32(1), Value::I64(2_147_483_648), Value::F64(1.5), Value::from("s"), Value::Nil, Value::Bool(true)]
    );
    assert!(value.as_object().unwrap().is_a("System.Collections.Hashtable"));
    assert_eq!(to_json(&value), json);
}
