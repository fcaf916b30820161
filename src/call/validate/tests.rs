//! Every parameter of the catalogue, as clients spell values.

use serde_json::json;

use super::*;
use crate::answer::Code;
use crate::catalog::all;
use crate::tenant::Language;

/// A value that the parameter takes, in its canonical form.
fn good(parameter: &'static Parameter) -> Json {
    let name = parameter.validate_set.first().cloned().unwrap_or_else(|| {
        let known = ["Some_RST", "Some_CL", "a-name", "T1059", "00000000-0000-0000-0000-00000000000a", "a text"];
        let fits = |text: &&&str| super::text(parameter, text).is_ok();
        known.iter().find(fits).unwrap_or_else(|| panic!("{}", parameter.name)).to_string()
    });
    match parameter.kind {
        Kind::String => name.into(),
        Kind::Strings => json!([name]),
        Kind::Int | Kind::Long => parameter.validate_range.map_or(12_350, |(least, _)| least.max(1)).into(),
        Kind::Double => json!(1.5),
        Kind::Bool | Kind::Switch => true.into(),
        Kind::Datetime => "2026-02-03T04:05:06Z".into(),
        Kind::Timespan => "PT1H30M".into(),
        Kind::Hashtable | Kind::Object => json!({"a": {"b": [1, "2", true]}}),
        Kind::Hashtables | Kind::Objects => json!([{"name": "a", "type": "string"}]),
    }
}

/// The same value in every other spelling that means it.
fn spellings(parameter: &Parameter, value: &Json) -> Vec<Json> {
    let mut all = vec![value.clone()];
    match value {
        Json::Bool(value) => all.push(if *value { "True" } else { "FALSE" }.into()),
        Json::Number(number) => all.extend([json!(number.as_f64()), format!("{number}.0").into()]),
        Json::Array(items) if items.len() == 1 => all.push(items[0].clone()),
        _ => {}
    }
    // As text: strings are it already.
    let texts: Vec<Json> =
        all.iter().filter(|value| !value.is_string()).map(|value| value.to_string().into()).collect();
    all.extend(texts);
    if parameter.kind == Kind::Int {
        all.retain(|spelling| !spelling.as_str().is_some_and(|text| text.contains('e')));
    }
    all
}

#[test]
fn d1_every_spelling_of_a_value_arrives_as_that_value() {
    let mut parameters = 0;
    for entry in all() {
        for parameter in &entry.parameters {
            parameters += 1;
            let value = good(parameter);
            let spellings = spellings(parameter, &value);
            assert!(value.is_string() || spellings.len() > 1, "{}", parameter.name);
            for spelling in spellings {
                let read = check(parameter, &spelling);
                assert_eq!(read.ok().as_ref(), Some(&value), "{} of {}: {spelling}", parameter.name, entry.function);
            }
        }
    }
    assert_eq!(parameters, 376, "the catalogue has that many");
}

#[test]
fn d1_what_means_no_value_is_refused_everywhere() {
    for entry in all() {
        for parameter in &entry.parameters {
            let never = match parameter.kind {
                Kind::String => vec![json!(7), json!(true), json!({}), json!(["a"])],
                Kind::Strings => vec![json!(1.5), json!(true), json!({}), json!([null])],
                Kind::Int | Kind::Long => ["#12350", "1e20", "x", "1,5", "12 350", "1.5"].map(Json::from).to_vec(),
                Kind::Double => ["#1", "x", "1,5", "1 000"].map(Json::from).to_vec(),
                Kind::Bool | Kind::Switch => vec!["yes".into(), "1".into(), 1.into(), json!([true])],
                Kind::Datetime => vec!["03.02.2026".into(), "2026-02-03".into(), 5.into()],
                Kind::Timespan => vec!["90".into(), "P1M".into(), 5.5.into()],
                Kind::Hashtable | Kind::Object => vec!["x".into(), "[]".into(), 1.into(), "{\"a\":".into()],
                Kind::Hashtables | Kind::Objects => vec!["x".into(), "[1]".into(), 1.into()],
            };
            for value in never.into_iter().chain([json!(1e20)]) {
                let refused = check(parameter, &value);
                let said = format!("{} of {}: {value} became {refused:?}", parameter.name, entry.function);
                assert!(refused.is_err() || parameter.kind == Kind::Double && value == json!(1e20), "{said}");
            }
        }
    }
}

#[test]
fn d1_an_empty_text_is_absent_where_nothing_can_be_empty() {
    let mut kept = 0;
    for entry in all() {
        for parameter in entry.arguments() {
            let empty = Json::from("");
            if is_given(parameter, &empty) {
                kept += 1;
                assert!(parameter.kind == Kind::String && !parameter.mandatory, "{}", parameter.name);
                assert_eq!(check(parameter, &empty).ok(), Some(empty), "{}", parameter.name);
            }
        }
        // A client that fills in every optional argument.
        let mut given: Map<String, Json> = entry
            .arguments()
            .filter(|parameter| parameter.mandatory && parameter.parameter_set.is_none())
            .map(|parameter| (parameter.name.clone(), good(parameter)))
            .collect();
        if let Some(first) = entry.alternatives().first() {
            given.insert(first.name.clone(), good(first));
        }
        let needed = arguments(entry, &given).unwrap();
        for parameter in entry.arguments().filter(|parameter| !is_given(parameter, &"".into())) {
            given.entry(parameter.name.clone()).or_insert_with(|| "".into());
        }
        assert_eq!(arguments(entry, &given).unwrap(), needed, "{}", entry.function);
    }
    assert!(kept > 0, "a description can be cleared");
}

#[test]
fn d5_what_is_nested_too_deep_is_an_invalid_argument() {
    let entry = all().iter().find(|entry| entry.function == "New-AnalyticsRule").unwrap();
    let parameter = entry.arguments().find(|parameter| parameter.kind == Kind::Hashtable).unwrap();
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    for value in [nested(60), nested(60).to_string().into()] {
        let error = check(parameter, &value).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        let said = error.said(Language::English);
        assert!(said.contains("inside each other"), "{said}");
    }
    assert!(check(parameter, &nested(reading::DEPTH)).is_ok());
}

#[test]
fn d10_an_argument_that_no_tool_has_is_left_out() {
    let entry = all().iter().find(|entry| entry.function == "Get-AnalyticsRules").unwrap();
    for name in ["random_string", "Enable", &"x".repeat(500)] {
        let given = Map::from_iter([(name.to_owned(), json!("x"))]);
        let error = arguments(entry, &given).unwrap_err();
        let said = error.said(Language::English);
        assert!(said.to_lowercase().contains("leave it out"), "{said}");
        let said = error.said(Language::German);
        assert!(said.contains("weglassen"), "{said}");
    }
}
