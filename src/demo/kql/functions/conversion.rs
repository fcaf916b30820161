//! From one type to another.

use serde_json::Value as Json;

use crate::demo::kql::decimal::Decimal;
use crate::demo::kql::time;
use crate::demo::kql::value::{Kind, Value, scalar};

/// The value as that type; null where it has no reading.
pub(in crate::demo::kql) fn convert(value: &Value, kind: Kind) -> Value {
    if value.is_null() {
        return kind.nothing();
    }
    match kind {
        Kind::String => match value {
            Value::String(_) => value.clone(),
            other => Value::text(other.to_text()),
        },
        Kind::Dynamic => match value {
            Value::Dynamic(_) => value.clone(),
            other => Value::dynamic(other.to_dynamic()),
        },
        _ => match value.json() {
            Some(Json::Array(_) | Json::Object(_)) => Value::Null,
            Some(_) => scalar(value).map_or(Value::Null, |inner| plain(&inner, kind).unwrap_or(Value::Null)),
            None => plain(value, kind).unwrap_or(Value::Null),
        },
    }
}

fn plain(value: &Value, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Bool => Value::Bool(match value {
            Value::Bool(truth) => *truth,
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                number => number.parse::<f64>().ok()? != 0.0,
            },
            number => number.real()? != 0.0,
        }),
        Kind::Int => Value::Int(i32::try_from(whole(value)?).ok()?),
        Kind::Long => Value::Long(whole(value)?),
        Kind::Real => Value::Real(match value {
            Value::String(text) => real(text)?,
            number => number.real()?,
        }),
        Kind::Decimal => Value::Decimal(match value {
            Value::Decimal(number) => *number,
            Value::String(text) => Decimal::parse(text)?,
            Value::Real(number) => Decimal::parse(&number.to_string())?,
            number => Decimal::whole(number.long()?),
        }),
        Kind::DateTime => match value {
            Value::DateTime(_) => value.clone(),
            Value::String(text) => Value::DateTime(time::parse_datetime(text)?),
            Value::Long(ticks) => Value::DateTime(time::in_range(*ticks)?),
            _ => return None,
        },
        Kind::Timespan => match value {
            Value::Timespan(_) => value.clone(),
            Value::String(text) => Value::Timespan(time::parse_timespan(text)?),
            Value::Long(ticks) => Value::Timespan(*ticks),
            _ => return None,
        },
        Kind::Guid => match value {
            Value::Guid(_) => value.clone(),
            Value::String(text) => Value::Guid(text.trim().parse::<uuid::Uuid>().ok()?.to_string().into()),
            _ => return None,
        },
        Kind::String | Kind::Dynamic => return None,
    })
}

/// Towards zero.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => i64::from_str_radix(digits, 16).ok(),
                None => text.parse().ok().or_else(|| cut(real(text)?)),
            }
        }
        Value::Real(number) => cut(*number),
        Value::Decimal(number) => number.long(),
        other => other.long(),
    }
}

pub(super) fn cut(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within")]
    let whole = number as i64;
    (number.abs() < 9.2e18).then_some(whole)
}

fn real(text: &str) -> Option<f64> {
    let text = text.trim();
    // Rust reads more names of infinity than Kusto writes.
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if numeric => text.parse().ok(),
        _ => None,
    }
}
