//! What a value means for an argument of a kind.
//!
//! Clients send numbers, switches, lists and objects as text, whole numbers
//! with a point, one item where a list belongs, and nothing as "". Whatever
//! means exactly one value of the argument's kind is that value; what could
//! mean two, or none, is none. One reader for every argument of every tool,
//! and for a host whose function declares another type than the catalogue.

use serde_json::{Map, Value as Json};

use super::Kind;

/// How deep lists and objects may stand in each other in an argument.
///
/// Chosen: below the 48 levels that come through to a host with its own
/// around them, and far above what a table of a table needs.
pub const DEPTH: usize = 32;

/// From here on a floating-point number may be a rounded one.
///
/// Spec: IEEE 754, 53 bits of significand.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of that kind which `value` means, in its canonical form.
///
/// Times and spans of time are texts here: which are good, their reader says.
#[must_use]
pub fn read(kind: Kind, value: &Json) -> Option<Json> {
    match kind {
        Kind::String | Kind::Datetime | Kind::Timespan => text(value).map(Json::from),
        Kind::Strings => list(Kind::String, value),
        // PowerShell would refuse it on the host, after the session was opened and the object confirmed.
        Kind::Int => whole(value).filter(|number| i32::try_from(*number).is_ok()).map(Json::from),
        Kind::Long => whole(value).map(Json::from),
        Kind::Double => number(value),
        Kind::Bool | Kind::Switch => truth(value).map(Json::from),
        Kind::Hashtable | Kind::Object => object(value).map(Json::from),
        Kind::Hashtables => list(Kind::Hashtable, value),
        Kind::Objects => list(Kind::Object, value),
    }
}

/// Whether lists and objects stand deeper in each other than [`DEPTH`].
#[must_use]
pub fn is_too_deep(value: &Json) -> bool {
    fn deeper(value: &Json, left: usize) -> bool {
        match value {
            Json::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
            Json::Object(entries) => left == 0 || entries.values().any(|value| deeper(value, left - 1)),
            _ => false,
        }
    }
    deeper(value, DEPTH)
}

/// Never a number: a client that made 7 of it may have been given "007".
fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A number that is whole, whether or not it is written with a point.
#[must_use]
pub fn whole_number(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
        Some(number as i64)
    })
}

fn whole(value: &Json) -> Option<i64> {
    match value {
        Json::Number(_) => whole_number(value),
        // Digit by digit: a number that JSON has rounded would be another one.
        Json::String(text) => {
            let digits = match text.split_once('.') {
                Some((whole, zeros)) => (!zeros.is_empty() && zeros.bytes().all(|c| c == b'0')).then_some(whole)?,
                None => text,
            };
            is_plain(digits).then(|| digits.parse().ok()).flatten()
        }
        _ => None,
    }
}

/// `0`, `-12`: no sign that says nothing, no zero in front that other readers
/// take for octal, no separators.
fn is_plain(digits: &str) -> bool {
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let leads = digits.starts_with('0') && digits.len() > 1;
    !digits.is_empty() && !leads && digits.bytes().all(|c| c.is_ascii_digit())
}

fn number(value: &Json) -> Option<Json> {
    match value {
        Json::Number(_) => Some(value.clone()),
        // JSON's own grammar, which knows no decimal comma, and nothing around it.
        Json::String(text) if text.trim() == text => serde_json::from_str::<Json>(text).ok().filter(Json::is_number),
        _ => None,
    }
}

fn truth(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(value) => Some(*value),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn object(value: &Json) -> Option<Map<String, Json>> {
    match value {
        Json::Object(entries) => Some(entries.clone()),
        Json::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// A list, the JSON text of one, or one item. A text that begins like a list
/// and is none is an item: names may begin with a bracket.
fn list(item: Kind, value: &Json) -> Option<Json> {
    let written: Option<Vec<Json>> = match value {
        Json::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    match written.as_ref().or(value.as_array()) {
        Some(items) => items.iter().map(|value| read(item, value)).collect::<Option<Vec<_>>>().map(Json::from),
        None => read(item, value).map(|one| Json::from(vec![one])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_means_one_value_is_that_value() {
        for (kind, given, meant) in [
            (Kind::Int, json!("12350"), json!(12350)),
            (Kind::Int, json!(12350.0), json!(12350)),
            (Kind::Int, json!("12350.0"), json!(12350)),
            (Kind::Int, json!("-5"), json!(-5)),
            (Kind::Long, json!("9223372036854775807"), json!(i64::MAX)),
            (Kind::Double, json!("1.5"), json!(1.5)),
            (Kind::Double, json!("2e3"), json!(2000.0)),
            (Kind::Bool, json!("true"), json!(true)),
            (Kind::Switch, json!("False"), json!(false)),
            (Kind::String, json!("[\"New\"]"), json!("[\"New\"]")),
            (Kind::Strings, json!("New"), json!(["New"])),
            (Kind::Strings, json!("[\"New\"]"), json!(["New"])),
            (Kind::Strings, json!("[\"New\", \"Active\"]"), json!(["New", "Active"])),
            (Kind::Strings, json!("[not a list"), json!(["[not a list"])),
            (Kind::Hashtable, json!("{\"a\": [1]}"), json!({"a": [1]})),
            (Kind::Hashtables, json!({"a": 1}), json!([{"a": 1}])),
            (Kind::Hashtables, json!("{\"a\": 1}"), json!([{"a": 1}])),
            (Kind::Hashtables, json!("[{\"a\": 1}]"), json!([{"a": 1}])),
            (Kind::Hashtables, json!(["{\"a\": 1}"]), json!([{"a": 1}])),
        ] {
            assert_eq!(read(kind, &given), Some(meant), "{given} as {kind:?}");
        }
    }

    #[test]
    fn what_could_mean_another_is_none() {
        let whole = ["#12350", "1e20", "x", "1,5", "1.5", "5.0000000000000000001", "", " 5", "+5", "007", "0x10", "5."];
        for given in whole.map(Json::from).into_iter().chain([json!(1e20), json!(1.5), json!(true), json!([5])]) {
            assert_eq!(read(Kind::Int, &given), None, "{given}");
            assert_eq!(read(Kind::Long, &given), None, "{given}");
        }
        assert_eq!(read(Kind::Int, &json!("3000000000")), None);
        assert_eq!(read(Kind::Long, &json!("9223372036854775808")), None);
        assert_eq!(read(Kind::Long, &json!(9_007_199_254_740_992.0)), None, "perhaps one more");
        for (kind, given) in [
            (Kind::Double, json!("1,5")),
            (Kind::Double, json!("NaN")),
            (Kind::Double, json!(" 1")),
            (Kind::Double, json!("true")),
            (Kind::Bool, json!("yes")),
            (Kind::Bool, json!(1)),
            (Kind::Bool, json!("1")),
            (Kind::String, json!(true)),
            (Kind::String, json!(7)),
            (Kind::String, json!(["a"])),
            (Kind::Strings, json!(["a", null])),
            (Kind::Strings, json!([1])),
            (Kind::Strings, json!("[1]")),
            (Kind::Strings, json!(true)),
            (Kind::Hashtable, json!("[]")),
            (Kind::Hashtable, json!("{")),
            (Kind::Hashtables, json!([1])),
        ] {
            assert_eq!(read(kind, &given), None, "{given} as {kind:?}");
        }
    }

    #[test]
    fn depth_is_counted_in_lists_and_objects() {
        let nested = |levels: usize| {
            (0..levels).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) })
        };
        assert!(!is_too_deep(&nested(DEPTH)));
        assert!(is_too_deep(&nested(DEPTH + 1)));
    }
}
