//! From a JSON value and a .NET type to what travels.
//!
//! The type is the probe's, never guessed from the JSON: a number sent as
//! text is read by the host's culture, `"1,5"` becomes 15 and `03.02.` the
//! second of March. Where the host declares another type than the catalogue,
//! a value is sent as that type when nothing of it is lost: a number as its
//! digits, digits as their number, one item as a list and a list of one as
//! its item.

use std::str::FromStr as _;

use serde_json::Value as Json;
use wsman::clixml::{DateTime, TimeSpan, Value};

use crate::answer::case::Unfit;
use crate::catalog::{Kind, reading};
use crate::host::ParameterProbe;

/// Encodes `value` for a parameter of the host's function.
///
/// # Errors
///
/// [`Unfit`] when PowerShell would refuse the value or read it as another.
pub fn encode(value: &Json, parameter: &ParameterProbe) -> Result<Value, Unfit> {
    let name = parameter.type_name.as_str();
    let item = name.strip_suffix("[]").or_else(|| items_of(name));
    match (item, value) {
        // A list in a list is no value for an array of numbers.
        (Some(item), Json::Array(items)) => {
            let items = items.iter().map(|item_value| single(item_value, item, parameter));
            Ok(Value::list(items.collect::<Result<_, _>>()?))
        }
        // One value binds to an array, but only as the array's type has it.
        (Some(item), one) => Ok(Value::list(vec![single(one, item, parameter)?])),
        (None, Json::Array(items)) if items.len() == 1 && !LISTS.contains(&name) => single(&items[0], name, parameter),
        (None, one) => single(one, name, parameter),
    }
}

/// Types that hold a list as it is.
const LISTS: [&str; 3] = ["System.Array", "System.Object", "System.Management.Automation.PSObject"];

/// What a generic list holds; PowerShell makes one of an array.
fn items_of(name: &str) -> Option<&str> {
    let (outer, inner) = name.split_once("`1[")?;
    let is_list = ["List", "IList", "ICollection", "IEnumerable"]
        .iter()
        .any(|list| outer.strip_prefix("System.Collections.Generic.") == Some(list));
    inner.strip_suffix(']').filter(|_| is_list)
}

/// A value of the type `name`, which is the parameter's or that of its items.
fn single(value: &Json, name: &str, parameter: &ParameterProbe) -> Result<Value, Unfit> {
    if parameter.enumeration {
        return enumeration(value, &parameter.validate_set);
    }
    match name {
        "System.String" => text(value).map(Value::from).ok_or(Unfit::Text),
        "System.Uri" => value.as_str().map(Value::from).ok_or(Unfit::Text),
        "System.Guid" => {
            let guid = value.as_str().and_then(|text| uuid::Uuid::parse_str(text).ok());
            guid.map(Value::Guid).ok_or(Unfit::Guid)
        }
        "System.Int32" => integer(value).map(Value::I32),
        "System.Int64" => integer(value).map(Value::I64),
        "System.Int16" => integer(value).map(Value::I16),
        "System.Byte" => integer(value).map(Value::U8),
        "System.SByte" => integer(value).map(Value::I8),
        "System.UInt16" => integer(value).map(Value::U16),
        "System.UInt32" => integer(value).map(Value::U32),
        "System.UInt64" => integer(value).map(Value::U64),
        "System.Double" => {
            let number = reading::read(Kind::Double, value).and_then(|number| number.as_f64());
            number.map(Value::F64).ok_or(Unfit::Number)
        }
        "System.Boolean" | "System.Management.Automation.SwitchParameter" => {
            let truth = reading::read(Kind::Bool, value).and_then(|truth| truth.as_bool());
            truth.map(Value::Bool).ok_or(Unfit::Flag)
        }
        "System.DateTime" | "System.DateTimeOffset" => value
            .as_str()
            .and_then(utc)
            .and_then(|text| DateTime::parse(&text).ok())
            .map(Value::DateTime)
            .ok_or(Unfit::Time),
        "System.TimeSpan" => value
            .as_str()
            .and_then(span)
            .and_then(|text| TimeSpan::parse(&text).ok())
            .map(Value::TimeSpan)
            .ok_or(Unfit::Span),
        "System.Collections.Hashtable" | "System.Collections.IDictionary" => match value {
            Json::Object(_) => free(value, Bag::Table),
            _ => Err(Unfit::Object),
        },
        // A table would arrive as one, without the properties that the function reads.
        "System.Management.Automation.PSCustomObject" => match value {
            Json::Object(_) => free(value, Bag::Custom),
            _ => Err(Unfit::Object),
        },
        "System.Management.Automation.PSObject" => free(value, Bag::Custom),
        "System.Object" => free(value, Bag::Table),
        "System.Array" => match value {
            Json::Array(_) => free(value, Bag::Table),
            one => Ok(Value::list(vec![free(one, Bag::Table)?])),
        },
        _ => Err(Unfit::Type),
    }
}

/// An enum by its names; PowerShell takes several of a flags enum, separated
/// by commas. Never by number: numbers mean nothing to who reads the schema.
fn enumeration(value: &Json, names: &[String]) -> Result<Value, Unfit> {
    let text = value.as_str().ok_or(Unfit::Word)?;
    let known = |part: &str| names.iter().any(|name| name.eq_ignore_ascii_case(part.trim()));
    if text.split(',').all(known) { Ok(text.into()) } else { Err(Unfit::Name) }
}

/// What a JSON object becomes.
#[derive(Clone, Copy)]
enum Bag {
    /// `System.Collections.Hashtable`.
    Table,
    /// A custom object.
    Custom,
}

/// A text, or the one that PowerShell itself makes of a whole number or a
/// switch. Of a fraction it makes another one in each version.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) if !number.is_f64() => Some(number.to_string()),
        Json::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

fn integer<T: TryFrom<i64>>(value: &Json) -> Result<T, Unfit> {
    let number = reading::read(Kind::Long, value).and_then(|number| number.as_i64());
    number.and_then(|number| T::try_from(number).ok()).ok_or(Unfit::WholeInRange)
}

/// Where the host's type says nothing, the JSON type decides.
fn free(value: &Json, bag: Bag) -> Result<Value, Unfit> {
    Ok(match value {
        Json::Null => return Err(Unfit::InnerNull),
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => i32::try_from(number).map_or(Value::I64(number), Value::I32),
            None => number.as_f64().map(Value::F64).ok_or(Unfit::NumberInRange)?,
        },
        Json::Array(items) => Value::list(items.iter().map(|item| free(item, bag)).collect::<Result<_, _>>()?),
        Json::Object(entries) => {
            let mut keys: Vec<String> = entries.keys().map(|key| key.to_lowercase()).collect();
            keys.sort_unstable();
            if keys.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(Unfit::TwinKeys);
            }
            let entries = entries.iter().map(|(key, value)| Ok((key.as_str(), free(value, bag)?)));
            let entries = entries.collect::<Result<Vec<_>, Unfit>>()?;
            match bag {
                Bag::Table => Value::hashtable(entries),
                Bag::Custom => Value::custom(entries),
            }
        }
    })
}

/// A time with its zone, as UTC.
pub(super) fn utc(text: &str) -> Option<String> {
    let time = jiff::Timestamp::from_str(text).ok()?;
    // .NET counts 100 ns; jiff writes what it has.
    let time = time.round(jiff::TimestampRound::new().smallest(jiff::Unit::Microsecond)).ok()?;
    Some(time.to_string())
}

/// A span as CLIXML writes it: ISO 8601 without years and months, or
/// `[d.]hh:mm:ss`.
///
/// Chosen: less than `[timespan]` reads, to which `5` is five days and `5:30`
/// half past five. The demo's host reads as that does, so it has its own.
pub(super) fn span(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    if upper.trim_start_matches('-').starts_with('P') {
        let (days, time) = upper.split_once('T').unwrap_or((&upper, ""));
        // Years, and months before the T, have no fixed length.
        let loose = days.contains(['Y', 'M', 'W']) || (upper.contains('T') && time.is_empty());
        return (!loose && TimeSpan::parse(&upper).is_ok()).then_some(upper);
    }
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) => (days.parse::<u32>().ok()?, clock),
        None => (0, text),
    };
    let mut parts = clock.split(':').map(|part| if part.len() == 2 { part.parse::<u32>().ok() } else { None });
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(format!("P{days}DT{hours}H{minutes}M{seconds}S"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(type_name: &str) -> ParameterProbe {
        let severities = ["Low", "High"].map(str::to_owned).to_vec();
        let enumeration = type_name == "Contoso.Severity";
        let validate_set = if enumeration { severities } else { Vec::new() };
        ParameterProbe { type_name: type_name.to_owned(), enumeration, validate_set, ..ParameterProbe::default() }
    }

    fn shown(value: &Json, type_name: &str) -> String {
        encode(value, &of(type_name)).map_or_else(|unfit| unfit.to_string(), |value| format!("{value:?}"))
    }

    #[test]
    fn the_host_s_type_decides() {
        let table = [
            (json!("5"), "System.String", "String(\"5\")"),
            (json!(5), "System.String", "String(\"5\")"),
            (json!(true), "System.String", "String(\"True\")"),
            (json!(["a"]), "System.String", "String(\"a\")"),
            (json!(["a", "b"]), "System.String", "expected a string"),
            (json!([]), "System.String", "expected a string"),
            (json!({}), "System.String", "expected a string"),
            (json!(1.5), "System.String", "expected a string"),
            (json!(5), "System.Int32", "I32(5)"),
            (json!("5"), "System.Int32", "I32(5)"),
            (json!([5]), "System.Int32", "I32(5)"),
            (json!("005"), "System.Int32", "expected a whole number in range"),
            (json!("#5"), "System.Int32", "expected a whole number in range"),
            (json!(65_535), "System.UInt16", "U16(65535)"),
            (json!(-1), "System.UInt64", "expected a whole number in range"),
            (json!(5.6), "System.Int32", "expected a whole number in range"),
            (json!(3_000_000_000_i64), "System.Int32", "expected a whole number in range"),
            (json!(3_000_000_000_i64), "System.Int64", "I64(3000000000)"),
            (json!(5), "System.Double", "F64(5.0)"),
            (json!("1,5"), "System.Double", "expected a number"),
            (json!(true), "System.Boolean", "Bool(true)"),
            (json!("true"), "System.Boolean", "Bool(true)"),
            (json!("yes"), "System.Boolean", "expected true or false"),
            (json!(1), "System.Boolean", "expected true or false"),
            (json!(false), "System.Management.Automation.SwitchParameter", "Bool(false)"),
            (json!("2026-02-03T04:05:06+02:00"), "System.DateTime", "DateTime(2026-02-03T02:05:06Z)"),
            (json!("03.02.2026"), "System.DateTime", "expected a time with its zone"),
            (json!("2026-02-03T04:05:06"), "System.DateTime", "expected a time with its zone"),
            (json!("PT1H30M"), "System.TimeSpan", "TimeSpan(PT1H30M)"),
            (json!("01:30:00"), "System.TimeSpan", "TimeSpan(P0DT1H30M0S)"),
            (json!("P1M"), "System.TimeSpan", "expected a span of time"),
            (json!("high"), "Contoso.Severity", "String(\"high\")"),
            (json!("Low, High"), "Contoso.Severity", "String(\"Low, High\")"),
            (json!("None"), "Contoso.Severity", "no such name; the host's function has a fixed list"),
            (json!(1), "Contoso.Severity", "expected a name"),
            (json!("x"), "Contoso.Thing", "the host's function takes a type that is not supported"),
            (json!([1]), "System.Management.Automation.PSCustomObject", "expected an object"),
            (json!([{"a": 1}, {}]), "System.Collections.Hashtable", "expected an object"),
            (json!(["high"]), "Contoso.Severity", "String(\"high\")"),
            (json!(["low", "high"]), "Contoso.Severity", "expected a name"),
            (json!(5), "System.Decimal", "the host's function takes a type that is not supported"),
            (json!({"a": null}), "System.Collections.Hashtable", "null inside a value"),
            (json!({"a": 1, "A": 2}), "System.Collections.Hashtable", "two keys differ only in case"),
            (json!([1]), "System.Collections.Hashtable", "expected an object"),
            (json!(["a", null]), "System.String[]", "expected a string"),
        ];
        for (value, type_name, expected) in table {
            assert_eq!(shown(&value, type_name), expected, "{value} as {type_name}");
        }
    }

    #[test]
    fn lists_and_tables_keep_their_items_types() {
        let list = encode(&json!(["a", "b"]), &of("System.String[]")).unwrap();
        assert_eq!(list, Value::list(vec!["a".into(), "b".into()]));
        assert_eq!(encode(&json!("a"), &of("System.String[]")).unwrap(), Value::list(vec!["a".into()]));
        let table = encode(&json!([{"n": 1, "deep": {"on": true}}]), &of("System.Collections.Hashtable[]")).unwrap();
        let deep = Value::hashtable([("on", Value::Bool(true))]);
        assert_eq!(table, Value::list(vec![Value::hashtable([("n", Value::I32(1)), ("deep", deep)])]));
        for list in ["System.Array", "System.Collections.Generic.List`1[System.String]", "System.Object[]"] {
            assert_eq!(encode(&json!("a"), &of(list)).unwrap(), Value::list(vec!["a".into()]), "{list}");
            assert_eq!(encode(&json!(["a"]), &of(list)).unwrap(), Value::list(vec!["a".into()]), "{list}");
        }
        assert_eq!(encode(&json!(["a"]), &of("System.Object")).unwrap(), Value::list(vec!["a".into()]));
        assert_eq!(
            encode(&json!([{"n": 1}]), &of("System.Collections.Hashtable")).unwrap(),
            Value::hashtable([("n", Value::I32(1))])
        );
        let bag = encode(&json!({"deep": {"on": true}}), &of("System.Management.Automation.PSObject")).unwrap();
        assert_eq!(bag, Value::custom([("deep", Value::custom([("on", Value::Bool(true))]))]));
    }
}
