use super::*;
use crate::clixml::{Content, ListKind, Property};
use crate::xml::XmlError;

fn read(document: &str) -> Value {
    decode(document, &Limits::DECODE).unwrap()
}

fn error(document: &str) -> DecodeError {
    decode(document, &Limits::DECODE).unwrap_err()
}

fn note(name: &str, value: impl Into<Value>) -> Property {
    Property { name: name.into(), value: value.into() }
}

#[test]
fn every_primitive_is_read_at_its_bounds() {
    for (document, value) in [
        ("<S>text</S>", Value::string("text")),
        ("<S />", Value::string("")),
        ("<S>  a\tb </S>", Value::string("  a\tb ")),
        ("<C>0</C>", Value::Char(0)),
        ("<C>55357</C>", Value::Char(0xD83D)),
        ("<C>65535</C>", Value::Char(u16::MAX)),
        ("<B>true</B>", Value::Bool(true)),
        ("<B> 0 </B>", Value::Bool(false)),
        ("<DT>0001-01-01T00:00:00</DT>", Value::DateTime(DateTime::parse("0001-01-01T00:00:00").unwrap())),
        ("<TS>-PT0.001S</TS>", Value::TimeSpan(TimeSpan::parse("-PT0.001S").unwrap())),
        ("<By>255</By>", Value::U8(255)),
        ("<SB>-128</SB>", Value::I8(-128)),
        ("<U16>65535</U16>", Value::U16(65535)),
        ("<I16>-32768</I16>", Value::I16(-32768)),
        ("<U32>4294967295</U32>", Value::U32(u32::MAX)),
        ("<I32>-2147483648</I32>", Value::I32(i32::MIN)),
        ("<U64>18446744073709551615</U64>", Value::U64(u64::MAX)),
        ("<I64>-9223372036854775808</I64>", Value::I64(i64::MIN)),
        ("<Sg>3.4028235E+38</Sg>", Value::F32(f32::MAX)),
        ("<Db>5E-324</Db>", Value::F64(5e-324)),
        ("<Db>-INF</Db>", Value::F64(f64::NEG_INFINITY)),
        ("<D>1.10</D>", Value::Decimal(Decimal::parse("1.10").unwrap())),
        ("<BA />", Value::Bytes(vec![])),
        ("<BA>AQ\nID</BA>", Value::Bytes(vec![1, 2, 3])),
        ("<G>00000000-0000-0000-0000-000000000000</G>", Value::Guid(uuid::Uuid::nil())),
        ("<URI>https://example.com/a?b=c&amp;d= ü</URI>", Value::Uri("https://example.com/a?b=c&d= ü".into())),
        ("<Version>1.2.3.4</Version>", Value::Version(Version::parse("1.2.3.4").unwrap())),
        ("<XD>&lt;a /&gt;</XD>", Value::Xml("<a />".into())),
        ("<XD />", Value::Xml("".into())),
        ("<SBK> 1 + 1 </SBK>", Value::ScriptBlock(" 1 + 1 ".into())),
        ("<SS>AQID</SS>", Value::SecureString(SecureString::sealed(vec![1, 2, 3]))),
        ("<Nil />", Value::Nil),
    ] {
        assert_eq!(read(document), value, "{document}");
    }
    assert!(matches!(read("<Db>NaN</Db>"), Value::F64(n) if n.is_nan()));
    assert!(matches!(read("<Db>-0</Db>"), Value::F64(n) if n.is_sign_negative()));
}

#[test]
fn what_a_host_cannot_read_is_an_error() {
    for (document, element) in [
        ("<I32>abc</I32>", "I32"),
        ("<I32>2147483648</I32>", "I32"),
        ("<I32 />", "I32"),
        ("<By>256</By>", "By"),
        ("<By>-1</By>", "By"),
        ("<C>70000</C>", "C"),
        ("<C>x</C>", "C"),
        ("<B>True</B>", "B"),
        ("<G>not-a-guid</G>", "G"),
        ("<DT>yesterday</DT>", "DT"),
        ("<TS>1.02:03:04</TS>", "TS"),
        ("<D>1E5</D>", "D"),
        ("<Db>1,5</Db>", "Db"),
        ("<Version>1</Version>", "Version"),
        ("<BA>A*ID</BA>", "BA"),
        ("<SS>topsecret</SS>", "SS"),
    ] {
        assert!(
            matches!(error(document), DecodeError::Invalid { element: found, .. } if found == element),
            "{document}"
        );
    }
}

#[test]
fn an_empty_payload_is_null() {
    assert_eq!(read(""), Value::Nil);
    assert_eq!(decode(b"\xEF\xBB\xBF", &Limits::DECODE).unwrap(), Value::Nil);
}

#[test]
fn a_byte_order_mark_and_a_wrapper_are_put_aside() {
    assert_eq!(read("\u{FEFF}<S>a</S>"), Value::from("a"));
    let wrapped = "<?xml version='1.0'?>\n<Objs Version='1.1.0.1' xmlns='urn:x'>\n <S>a</S>\n</Objs>";
    assert_eq!(read(wrapped), Value::from("a"));
    assert!(matches!(error("<Objs Version='2.0'><S/></Objs>"), DecodeError::UnsupportedVersion { .. }));
    assert!(matches!(error("<Objs><Objs/></Objs>"), DecodeError::UnexpectedElement { .. }));
}

#[test]
fn one_value_is_one_value() {
    assert_eq!(error("<S/><S/>"), DecodeError::NotOneValue { found: 2 });
    assert_eq!(error(" "), DecodeError::NotOneValue { found: 0 });
    assert_eq!(error("<Objs/>"), DecodeError::NotOneValue { found: 0 });
    assert!(matches!(error("<Objs><S/></Objs><S/>"), DecodeError::UnexpectedElement { .. }));
}

#[test]
fn several_values_keep_their_streams() {
    let items = decode_all("<Objs><S S='Error'>a_x000A_</S><I32>1</I32></Objs>", &Limits::DECODE).unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].stream.as_ref().unwrap(), &"Error");
    assert_eq!(items[1], Item { stream: None, value: Value::I32(1) });
}

#[test]
fn a_string_with_members_keeps_its_text() {
    let value = read("<Obj RefId='0'><S>hello</S><MS><S N='PSPath'>C:\\x</S></MS></Obj>");
    assert_eq!(value.as_str(), Some("hello"));
    assert_eq!(value.get("pspath"), Some(&Value::from("C:\\x")));
}

#[test]
fn a_list_with_a_note_property_keeps_its_items() {
    let value = read("<Obj RefId='0'><LST><I32>1</I32><Nil/></LST><MS><S N='note'>n</S></MS></Obj>");
    assert_eq!(value.items().unwrap(), [Value::I32(1), Value::Nil]);
    assert_eq!(value.get("note"), Some(&Value::from("n")));
}

#[test]
fn to_string_is_kept_even_alone() {
    let value = read("<Obj RefId='0'><ToString>hi_x000A_</ToString></Obj>");
    assert_eq!(value.as_object().unwrap().to_string, Some("hi\n".into()));
}

#[test]
fn adapted_and_extended_properties_of_one_name_are_both_kept() {
    let value = read("<Obj RefId='0'><Props><S N='a'>1</S></Props><MS><S N='a'>2</S></MS></Obj>");
    let object = value.as_object().unwrap();
    assert_eq!(object.adapted, [note("a", "1")]);
    assert_eq!(object.extended, [note("a", "2")]);
    assert_eq!(value.get("a"), Some(&Value::from("2")));
}

#[test]
fn the_parts_of_an_object_come_in_any_order() {
    let one = "<Obj RefId='0'><TN RefId='0'><T>A</T></TN><ToString>t</ToString><I32>1</I32><Props><S N='p'/></Props><MS><S N='m'/></MS></Obj>";
    let two = "<Obj RefId='0'><MS><S N='m'/></MS><Props><S N='p'/></Props><I32>1</I32><ToString>t</ToString><TN RefId='0'><T>A</T></TN></Obj>";
    assert_eq!(read(one), read(two));
}

#[test]
fn every_container_is_read() {
    for (tag, kind) in
        [("LST", ListKind::List), ("IE", ListKind::Enumerable), ("STK", ListKind::Stack), ("QUE", ListKind::Queue)]
    {
        let value = read(&format!("<Obj><{tag}><S>a</S></{tag}></Obj>"));
        let items = vec![Value::from("a")];
        assert_eq!(value.as_object().unwrap().content, Content::List(kind, items));
    }
}

#[test]
fn a_dictionary_keeps_its_order_and_any_kind_of_key() {
    let value = read(
        "<Obj><DCT><En><S N='Key'>z</S><I32 N='Value'>1</I32></En><En><I32 N='key'>2</I32><Nil N='VALUE'/></En></DCT></Obj>",
    );
    let entries = vec![(Value::from("z"), Value::I32(1)), (Value::I32(2), Value::Nil)];
    assert_eq!(value.as_object().unwrap().content, Content::Dictionary(entries));
}

#[test]
fn entries_that_are_none_are_refused() {
    for entry in [
        "<En/>",
        "<En><S N='Key'>a</S></En>",
        "<En><S N='Value'>a</S><S N='Key'>a</S></En>",
        "<En><S>a</S><S>a</S></En>",
        "<En><S N='Key'>a</S><S N='Value'>a</S><S N='Value'>a</S></En>",
    ] {
        let document = format!("<Obj><DCT>{entry}</DCT></Obj>");
        assert!(matches!(error(&document), DecodeError::NotAnEntry { .. }), "{entry}");
    }
    let nil = "<Obj><DCT><En><Nil N='Key'/><Nil N='Value'/></En></DCT></Obj>";
    assert!(matches!(error(nil), DecodeError::NilKey { .. }));
    assert!(matches!(error("<Obj><DCT><S/></DCT></Obj>"), DecodeError::UnexpectedElement { .. }));
}

#[test]
fn member_sets_are_kept() {
    let value = read("<Obj><MS><S N='a'>1</S><MS N='set'><S N='b'>2</S></MS></MS></Obj>");
    assert_eq!(value.get("set"), Some(&Value::MemberSet(vec![note("b", "2")])));
}

#[test]
fn names_are_unescaped() {
    let value = read("<Obj><MS><S N='a_x000A_&quot;_xD83D__xDE80_'>1</S></MS></Obj>");
    assert_eq!(value.get("a\n\"🚀"), Some(&Value::from("1")));
}

#[test]
fn characters_that_xml_forbids_are_read() {
    assert_eq!(read("<S>&#xFFFE;&#xFFFF;&#x1;\u{1}</S>"), Value::from("\u{FFFE}\u{FFFF}\u{1}\u{1}"));
}

#[test]
fn type_names_are_shared_by_reference() {
    let value =
        read("<Obj><LST><Obj><TN RefId='t'><T>A</T><T>B</T></TN></Obj><Obj><TNRef RefId='t'/></Obj></LST></Obj>");
    let names: Vec<_> =
        value.items().unwrap().iter().map(|item| item.as_object().unwrap().type_names.clone()).collect();
    assert!(Arc::ptr_eq(names[0].as_ref().unwrap(), names[1].as_ref().unwrap()));
    assert_eq!(&**names[0].as_ref().unwrap(), ["A".into(), "B".into()]);
}

#[test]
fn a_reference_is_the_object_itself() {
    let value = read("<Obj RefId='0'><MS><Obj N='a' RefId='1'><LST/></Obj><Ref N='b' RefId='1'/></MS></Obj>");
    let (Some(Value::Object(a)), Some(Value::Object(b))) = (value.get("a"), value.get("b")) else { panic!() };
    assert!(Arc::ptr_eq(a, b));
}

#[test]
fn a_cycle_is_a_reference() {
    let value = read("<Obj RefId='7'><MS><Ref N='self' RefId='7'/></MS></Obj>");
    assert_eq!(value.as_object().unwrap().ref_id, Some(RefId(7)));
    assert_eq!(value.get("self"), Some(&Value::Ref(RefId(7))));
}

#[test]
fn any_text_may_be_a_ref_id() {
    let value = read("<Obj RefId='RefId-0'><MS><Ref N='self' RefId='RefId-0'/></MS></Obj>");
    let id = value.as_object().unwrap().ref_id.unwrap();
    assert_eq!(value.get("self"), Some(&Value::Ref(id)));
    // `00` is another id than `0`.
    assert!(matches!(error("<Obj RefId='0'><MS><Ref N='a' RefId='00'/></MS></Obj>"), DecodeError::Dangling { .. }));
}

#[test]
fn an_id_given_twice_means_the_later_object() {
    let value =
        read("<Obj><LST><Obj RefId='1'><S>a</S></Obj><Obj RefId='1'><S>b</S></Obj><Ref RefId='1'/></LST></Obj>");
    assert_eq!(value.items().unwrap()[2].as_str(), Some("b"));
}

#[test]
fn references_to_nothing_are_refused() {
    assert!(matches!(error("<Ref RefId='0'/>"), DecodeError::Dangling { .. }));
    assert!(matches!(error("<Obj><TNRef RefId='0'/></Obj>"), DecodeError::Dangling { .. }));
    assert!(matches!(error("<Obj><LST><Ref/></LST></Obj>"), DecodeError::MissingAttribute { attribute: "RefId", .. }));
}

#[test]
fn unknown_elements_are_named() {
    for document in
        ["<Bogus/>", "<Obj><Bogus/></Obj>", "<Obj><LST><Bogus/></LST></Obj>", "<Obj><TN><Bogus/></TN></Obj>"]
    {
        assert!(matches!(error(document), DecodeError::UnexpectedElement { element, .. } if &*element == "Bogus"));
    }
    let long = "x".repeat(100_000);
    assert!(
        matches!(error(&format!("<{long}/>")), DecodeError::UnexpectedElement { element, .. } if element.len() == 64)
    );
    for document in
        ["<Obj><Nil/></Obj>", "<Obj><MS><MS N='s'><En N='x'/></MS></MS></Obj>", "<LST/>", "<p:S xmlns:p='u'/>"]
    {
        assert!(matches!(error(document), DecodeError::UnexpectedElement { .. }), "{document}");
    }
}

#[test]
fn what_stands_once_is_refused_twice() {
    for (parts, what) in [
        ("<TN/><TN/>", "TN"),
        ("<ToString/><ToString/>", "ToString"),
        ("<Props/><Props/>", "Props"),
        ("<MS/><MS/>", "MS"),
        ("<S/><LST/>", "content"),
    ] {
        let found = error(&format!("<Obj>{parts}</Obj>"));
        assert!(matches!(found, DecodeError::Repeated { element, .. } if element == what), "{parts}");
    }
}

#[test]
fn members_without_a_name_are_refused() {
    for document in ["<Obj><MS><S/></MS></Obj>", "<Obj><Props><S/></Props></Obj>", "<Obj><MS><MS/></MS></Obj>"] {
        assert!(matches!(error(document), DecodeError::MissingAttribute { attribute: "N", .. }), "{document}");
    }
}

#[test]
fn text_between_elements_is_refused() {
    for document in ["<Obj>x</Obj>", "<Obj><LST>x</LST></Obj>", "<Obj><MS>&amp;</MS></Obj>", "<Nil>x</Nil>"] {
        assert!(matches!(error(document), DecodeError::StrayText { .. }), "{document}");
    }
    assert!(matches!(error("<S><I32/></S>"), DecodeError::Xml(XmlError::ElementInText { .. })));
}

#[test]
fn a_progress_record_is_read_in_its_order() {
    let parts = "<AV>a</AV><AI>1</AI><S>op</S><PI>-1</PI><PC>50</PC><T>Processing</T><SR>9</SR><SD>s</SD>";
    let Value::Progress(progress) = read(&format!("<PR>{parts}</PR>")) else { panic!() };
    assert_eq!((progress.activity_id, progress.percent, progress.seconds_remaining), (1, 50, 9));
    assert_eq!(progress.current_operation, Some("op".into()));
    for broken in [&parts[15..], &parts[..60], &parts.replace("Processing", "Bogus"), &format!("{parts}<SD/>")] {
        decode(format!("<PR>{broken}</PR>"), &Limits::DECODE).unwrap_err();
    }
}

mod hostile {
    use super::*;

    #[test]
    fn depth_bombs_end_at_the_limit() {
        let bomb = "<Obj><LST>".repeat(500_000);
        assert_eq!(error(&bomb), DecodeError::TooDeep { limit: 100 });
        assert_eq!(error(&"<Obj>".repeat(500_000)), DecodeError::TooDeep { limit: 100 });
        let sets = format!("<Obj>{}", "<MS N='a'>".repeat(500_000));
        assert_eq!(error(&sets), DecodeError::TooDeep { limit: 100 });
        let unlimited = Limits { depth: usize::MAX, ..Limits::DECODE };
        assert_eq!(decode(bomb, &unlimited).unwrap_err(), DecodeError::TooDeep { limit: Limits::MAX_DEPTH });
    }

    #[test]
    fn depth_is_counted_as_powershell_counts() {
        let nested = |levels: usize| format!("{}{}", "<Obj><LST>".repeat(levels), "</LST></Obj>".repeat(levels));
        let limits = Limits { depth: 3, ..Limits::DECODE };
        decode(nested(3), &limits).unwrap();
        assert_eq!(decode(nested(4), &limits).unwrap_err(), DecodeError::TooDeep { limit: 3 });
        // The primitive inside an object takes no level of its own.
        decode("<Obj><LST><Obj><LST><Obj><S>a</S></Obj></LST></Obj></LST></Obj>", &limits).unwrap();
    }

    #[test]
    fn entity_declarations_are_refused() {
        let bomb = "<!DOCTYPE S [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><S>&b;</S>";
        assert_eq!(error(bomb), DecodeError::Xml(XmlError::DocType { at: 0 }));
        assert!(matches!(error("<S>&b;</S>"), DecodeError::Xml(XmlError::UnknownEntity { .. })));
    }

    #[test]
    fn many_references_cost_a_pointer_each() {
        let many = |count: usize| {
            format!("<Obj><LST><Obj RefId='1'><S>a</S></Obj>{}</LST></Obj>", "<Ref RefId='1'/>".repeat(count))
        };
        assert_eq!(read(&many(900_000)).items().unwrap().len(), 900_001);
        assert_eq!(error(&many(1_000_000)), DecodeError::TooManyNodes { limit: 1_000_000 });
    }

    #[test]
    fn many_attributes_are_refused() {
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=''")).collect();
        assert!(matches!(error(&format!("<S{attributes}/>")), DecodeError::Xml(XmlError::TooManyAttributes { .. })));
    }

    #[test]
    fn a_document_may_be_cut_anywhere() {
        let document = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><ToString>é&amp;</ToString><DCT><En><S N=\"Key\">k</S>\
            <BA N=\"Value\">AQID</BA></En></DCT><MS><C N=\"c\">65</C><Ref N=\"r\" RefId=\"0\" /></MS></Obj>";
        decode(document, &Limits::DECODE).unwrap();
        for length in 1..document.len() {
            decode(&document.as_bytes()[..length], &Limits::DECODE).unwrap_err();
        }
    }

    #[test]
    fn any_byte_may_be_another() {
        let document = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><LST><S>_x0041_&lt;</S><I32>1</I32></LST></Obj>";
        for at in 0..document.len() {
            for byte in [0, b'<', b'>', b'&', b'"', b'/', b' ', b'_', 0x80, 0xFF] {
                let mut bytes = document.as_bytes().to_vec();
                bytes[at] = byte;
                // Whatever comes of it, it comes.
                let _ = decode(bytes, &Limits::DECODE);
            }
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        let wide: Vec<u8> = "<S>a</S>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, &Limits::DECODE).unwrap_err(), DecodeError::Xml(XmlError::Nul { at: 1 }));
        assert_eq!(decode(b"<S>\xE9</S>", &Limits::DECODE).unwrap_err(), DecodeError::NotUtf8 { at: 3 });
    }

    #[test]
    fn size_is_limited() {
        let limits = Limits { bytes: 8, ..Limits::DECODE };
        decode("<S>a</S>", &limits).unwrap();
        assert_eq!(decode("<S>ab</S>", &limits).unwrap_err(), DecodeError::TooLarge { found: 9, limit: 8 });
    }

    #[test]
    fn large_strings_and_lists_pass() {
        let text = "a_x000A_&lt;".repeat(1_700_000);
        let value = read(&format!("<S>{text}</S>"));
        assert_eq!(value.as_str().unwrap().len(), 3 * 1_700_000);
        let item = "<Obj><MS><S N='a'>1</S><I32 N='b'>2</I32></MS></Obj>".repeat(5_000);
        assert_eq!(read(&format!("<Obj><LST>{item}</LST></Obj>")).items().unwrap().len(), 5_000);
    }
}

#[test]
fn e5_several_documents_are_read_one_after_the_other() {
    let two = "<Objs><S S=\"Error\">a</S></Objs><Objs Version=\"1.1.0.1\"><S S=\"Error\">b</S></Objs>";
    let items = decode_all(two, &Limits::DECODE).unwrap();
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| item.stream.as_ref().is_some_and(|stream| *stream == "Error")));
    assert_eq!([&items[0].value, &items[1].value], [&Value::from("a"), &Value::from("b")]);
    // References do not reach over the end of a document.
    let apart = "<Objs><Obj RefId='0'><S>a</S></Obj></Objs>\n<Objs><Ref RefId='0'/></Objs>";
    assert!(decode_all(apart, &Limits::DECODE).is_err());
    assert!(decode(two, &Limits::DECODE).is_err(), "one value is one value");
    assert!(decode_all("<Objs/><S>x</S>", &Limits::DECODE).is_err());
}
