use super::*;
use crate::clixml::{DateTime, Decimal, Progress, SecureString, TimeSpan, Version, decode};

fn write(value: &Value) -> String {
    encode(value, &Limits::ENCODE).unwrap()
}

fn error(value: &Value) -> EncodeError {
    encode(value, &Limits::ENCODE).unwrap_err()
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(Value::list(vec![]), |inner, _| Value::list(vec![inner]))
}

#[test]
fn every_primitive_goes_there_and_back() {
    for (value, document) in [
        (Value::Nil, "<Nil />"),
        (Value::from("a<\n_x"), "<S>a&lt;_x000A__x005F_x</S>"),
        (Value::Char(0xD83D), "<C>55357</C>"),
        (Value::Bool(true), "<B>true</B>"),
        (Value::DateTime(DateTime::parse("2026-02-03T04:05:06Z").unwrap()), "<DT>2026-02-03T04:05:06Z</DT>"),
        (Value::TimeSpan(TimeSpan::parse("P1DT2H").unwrap()), "<TS>P1DT2H</TS>"),
        (Value::U8(255), "<By>255</By>"),
        (Value::I8(-128), "<SB>-128</SB>"),
        (Value::U16(65535), "<U16>65535</U16>"),
        (Value::I16(-32768), "<I16>-32768</I16>"),
        (Value::U32(u32::MAX), "<U32>4294967295</U32>"),
        (Value::I32(i32::MIN), "<I32>-2147483648</I32>"),
        (Value::U64(u64::MAX), "<U64>18446744073709551615</U64>"),
        (Value::I64(i64::MIN), "<I64>-9223372036854775808</I64>"),
        (Value::F32(0.1), "<Sg>0.1</Sg>"),
        (Value::F64(1e21), "<Db>1E+21</Db>"),
        (Value::F64(f64::NEG_INFINITY), "<Db>-INF</Db>"),
        (Value::Decimal(Decimal::parse("1.10").unwrap()), "<D>1.10</D>"),
        (Value::Bytes(vec![1, 2]), "<BA>AQI=</BA>"),
        (Value::Guid(uuid::Uuid::nil()), "<G>00000000-0000-0000-0000-000000000000</G>"),
        (Value::Uri("a&b".into()), "<URI>a&amp;b</URI>"),
        (Value::Version(Version::parse("1.2").unwrap()), "<Version>1.2</Version>"),
        (Value::Xml("<a b=\"c\"/>".into()), "<XD>&lt;a b=\"c\"/&gt;</XD>"),
        (Value::ScriptBlock("1".into()), "<SBK>1</SBK>"),
        (Value::SecureString(SecureString::sealed(vec![1, 2, 3])), "<SS>AQID</SS>"),
    ] {
        assert_eq!(write(&value), document);
        assert_eq!(decode(document, &Limits::DECODE).unwrap(), value);
    }
}

#[test]
fn an_object_is_written_in_the_order_of_the_specification() {
    let value = Value::Object(Arc::new(Object {
        type_names: Some(Arc::from(["A`1[[B]]".into()])),
        to_string: Some("t".into()),
        content: Content::Primitive(Value::I32(1)),
        adapted: vec![Property { name: "p\"".into(), value: Value::Nil }],
        extended: vec![Property { name: "m".into(), value: Value::MemberSet(vec![]) }],
        ..Object::default()
    }));
    assert_eq!(
        write(&value),
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A`1[[B]]</T></TN><ToString>t</ToString><I32>1</I32>\
         <Props><Nil N=\"p&quot;\" /></Props><MS><MS N=\"m\"></MS></MS></Obj>"
    );
}

#[test]
fn an_enum_is_its_names_its_text_and_its_number() {
    let value =
        Value::enumeration(["System.DayOfWeek", "System.Enum", "System.ValueType", "System.Object"], "Friday", 5);
    assert_eq!(
        write(&value),
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T><T>System.ValueType</T>\
         <T>System.Object</T></TN><ToString>Friday</ToString><I32>5</I32></Obj>"
    );
    assert_eq!(value.as_i64(), Some(5));
}

#[test]
fn shared_objects_and_type_names_are_written_once() {
    let shared = Value::custom([("a", Value::Nil)]);
    let value = Value::list(vec![shared.clone(), Value::list(vec![]), shared]);
    assert_eq!(
        write(&value),
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST>\
         <Obj RefId=\"1\"><MS><Nil N=\"a\" /></MS></Obj><Obj RefId=\"2\"><TNRef RefId=\"0\" /><LST></LST></Obj>\
         <Ref RefId=\"1\" /></LST></Obj>"
    );
}

#[test]
fn cycles_are_renumbered() {
    let cycle = decode("<Obj RefId='7'><MS><Ref N='self' RefId='7'/></MS></Obj>", &Limits::DECODE).unwrap();
    assert_eq!(
        write(&Value::custom([("a", cycle.clone())])),
        "<Obj RefId=\"0\"><MS><Obj N=\"a\" RefId=\"1\"><MS><Ref N=\"self\" RefId=\"1\" /></MS></Obj></MS></Obj>"
    );
    // Taken out of its object the reference means nothing.
    assert_eq!(error(cycle.get("self").unwrap()), EncodeError::Dangling { id: 7 });
    assert_eq!(error(&Value::list(vec![cycle, Value::Ref(RefId(7))])), EncodeError::Dangling { id: 7 });
}

#[test]
fn what_a_host_answers_with_silence_is_refused() {
    write(&nested(49));
    assert_eq!(error(&nested(50)), EncodeError::TooDeep { limit: 49 });
    assert_eq!(error(&nested(5_000)), EncodeError::TooDeep { limit: 49 });
    for text in ["", "text", "<a>", "<a/><b/>", "<p:a/>"] {
        assert_eq!(error(&Value::Xml(text.into())), EncodeError::NotXml, "{text}");
    }
    let custom = |names: &[&str]| Value::custom(names.iter().map(|name| (*name, Value::Nil)));
    assert_eq!(error(&custom(&["a", "A"])), EncodeError::RepeatedName);
    assert_eq!(error(&custom(&[""])), EncodeError::NoName);
    assert_eq!(error(&Value::MemberSet(vec![])), EncodeError::MisplacedMemberSet);
    let dictionary = Content::Dictionary(vec![(Value::Nil, Value::Nil)]);
    assert_eq!(error(&object(dictionary)), EncodeError::NilKey);
    for inner in [Value::Nil, Value::Ref(RefId(0)), Value::MemberSet(vec![])] {
        assert_eq!(error(&object(Content::Primitive(inner))), EncodeError::NotAPrimitive);
    }
}

fn object(content: Content) -> Value {
    Value::Object(Arc::new(Object { content, ..Object::default() }))
}

#[test]
fn an_object_around_an_object_is_written_but_never_a_reference() {
    let inner = Value::custom([("a", Value::Nil)]);
    let outer = object(Content::Primitive(inner.clone()));
    write(&outer);
    assert_eq!(error(&Value::list(vec![inner, outer])), EncodeError::NotAPrimitive);
}

#[test]
fn size_is_limited() {
    let text = Value::from("a".repeat(100));
    let limits = |bytes, nodes| Limits { bytes, nodes, ..Limits::ENCODE };
    assert_eq!(encode(&text, &limits(99, 9)).unwrap_err(), EncodeError::TooLarge { limit: 99 });
    let list = Value::list(vec![Value::Nil; 10]);
    assert_eq!(encode(&list, &limits(9_999, 9)).unwrap_err(), EncodeError::TooManyNodes { limit: 9 });
}

#[test]
fn a_progress_record_goes_there_and_back() {
    let progress = |kind: &str| {
        Value::Progress(Box::new(Progress {
            activity: "a\n".into(),
            activity_id: 1,
            current_operation: None,
            parent_id: -1,
            percent: 50,
            kind: kind.into(),
            seconds_remaining: -1,
            status: "s".into(),
        }))
    };
    let value = progress("Completed");
    assert_eq!(decode(write(&value), &Limits::DECODE).unwrap(), value);
    assert_eq!(error(&progress("Bogus")), EncodeError::NoProgressKind);
}
