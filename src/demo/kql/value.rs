//! Values and their types.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value as Json;

use super::decimal::Decimal;
use super::time::{datetime_text, timespan_text};

/// A type of a column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Kind {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    String,
    DateTime,
    Timespan,
    Guid,
    Dynamic,
}

/// A value; `Null` is the null of every type but string, which has none.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) enum Value {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(Decimal),
    String(Arc<str>),
    /// Ticks of 100 ns since the year 1.
    DateTime(i64),
    /// Ticks of 100 ns.
    Timespan(i64),
    Guid(Arc<str>),
    Dynamic(Arc<Json>),
}

impl Kind {
    /// Its name in Log Analytics.
    pub(in crate::demo) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::Timespan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// The type that a query or a table's definition calls so.
    pub(in crate::demo) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "bool" | "boolean" => Self::Bool,
            "int" => Self::Int,
            "long" => Self::Long,
            "real" | "double" => Self::Real,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "datetime" | "date" => Self::DateTime,
            "timespan" | "time" => Self::Timespan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "dynamic" => Self::Dynamic,
            _ => return None,
        })
    }

    /// The name of the .NET type, as `getschema` shows it.
    pub(super) const fn dotnet(self) -> &'static str {
        match self {
            Self::Bool => "System.SByte",
            Self::Int => "System.Int32",
            Self::Long => "System.Int64",
            Self::Real => "System.Double",
            Self::Decimal => "System.Data.SqlTypes.SqlDecimal",
            Self::String => "System.String",
            Self::DateTime => "System.DateTime",
            Self::Timespan => "System.TimeSpan",
            Self::Guid => "System.Guid",
            Self::Dynamic => "System.Object",
        }
    }

    /// What a cell of this type holds when it holds nothing.
    pub(super) fn nothing(self) -> Value {
        match self {
            Self::String => Value::text(""),
            _ => Value::Null,
        }
    }

    /// Whether it counts.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }

    /// The type that holds both numbers.
    pub(super) const fn wider(self, other: Self) -> Self {
        match (self, other) {
            (Self::Decimal, _) | (_, Self::Decimal) => Self::Decimal,
            (Self::Real, _) | (_, Self::Real) => Self::Real,
            (Self::Int, Self::Int) => Self::Int,
            _ => Self::Long,
        }
    }
}

impl Value {
    pub(in crate::demo) fn text(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    pub(in crate::demo) fn dynamic(json: Json) -> Self {
        if json.is_null() { Self::Null } else { Self::Dynamic(Arc::new(json)) }
    }

    /// As a value of that type; null where it has no reading.
    pub(in crate::demo) fn converted(&self, kind: Kind) -> Self {
        super::functions::conversion::convert(self, kind)
    }

    pub(super) fn count(items: usize) -> Self {
        Self::Long(i64::try_from(items).unwrap_or(i64::MAX))
    }

    pub(super) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) const fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub(super) fn str(&self) -> &str {
        match self {
            Self::String(text) | Self::Guid(text) => text,
            Self::Dynamic(json) => json.as_str().unwrap_or_default(),
            _ => "",
        }
    }

    pub(super) fn long(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) | Self::DateTime(number) | Self::Timespan(number) => Some(*number),
            Self::Bool(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as Kusto widens a long to a real")]
    pub(super) fn real(&self) -> Option<f64> {
        match self {
            Self::Real(number) => Some(*number),
            Self::Decimal(number) => Some(number.real()),
            other => other.long().map(|number| number as f64),
        }
    }

    pub(super) fn json(&self) -> Option<&Json> {
        match self {
            Self::Dynamic(json) => Some(json),
            _ => None,
        }
    }

    /// As `tostring` writes it.
    pub(in crate::demo) fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(truth) => truth.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Long(number) => number.to_string(),
            Self::Real(number) => real_text(*number),
            Self::Decimal(number) => number.to_string(),
            Self::String(text) | Self::Guid(text) => text.to_string(),
            Self::DateTime(ticks) => datetime_text(*ticks),
            Self::Timespan(ticks) => timespan_text(*ticks),
            Self::Dynamic(json) => match &**json {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            },
        }
    }

    /// As a value inside a dynamic one.
    pub(super) fn to_dynamic(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(number) => (*number).into(),
            Self::Long(number) => (*number).into(),
            Self::Real(number) => (*number).into(),
            Self::Dynamic(json) => (**json).clone(),
            other => Json::String(other.to_text()),
        }
    }

    /// As a cell of the query interface's answer: a dynamic value is text
    /// there, and a time has no more digits than it needs.
    pub(in crate::demo) fn cell(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(number) => (*number).into(),
            Self::Long(number) => (*number).into(),
            Self::Real(number) if number.is_finite() => (*number).into(),
            Self::DateTime(ticks) => {
                let text = datetime_text(*ticks);
                let text = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
                Json::String(format!("{text}Z"))
            }
            Self::Dynamic(json) => Json::String(json.to_string()),
            other => Json::String(other.to_text()),
        }
    }

    /// Which of two comes first; `None` for nulls and for what does not compare.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::String(left) | Self::Guid(left), Self::String(right) | Self::Guid(right)) => Some(left.cmp(right)),
            (Self::Dynamic(_), Self::Dynamic(_)) => match (scalar(self), scalar(other)) {
                (Some(left), Some(right)) => left.order(&right),
                _ => Some(self.to_text().cmp(&other.to_text())),
            },
            (Self::Dynamic(_), typed) => converted(self, typed)?.order(typed),
            (typed, Self::Dynamic(_)) => typed.order(&converted(other, typed)?),
            (Self::Decimal(left), Self::Decimal(right)) => left.partial_cmp(right),
            _ => match (self.long(), other.long()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => self.real()?.partial_cmp(&other.real()?),
            },
        }
    }

    /// Appends what makes it equal to others, for grouping and joining.
    pub(super) fn key(&self, key: &mut Vec<u8>) {
        let mut put = |tag: u8, bytes: &[u8]| {
            key.push(tag);
            key.extend_from_slice(&bytes.len().to_le_bytes());
            key.extend_from_slice(bytes);
        };
        match self {
            Self::Null => put(0, &[]),
            Self::Bool(truth) => put(1, &[u8::from(*truth)]),
            Self::Int(number) => put(2, &i64::from(*number).to_le_bytes()),
            Self::Long(number) => put(2, &number.to_le_bytes()),
            // Zero has two signs and is one number.
            Self::Real(number) => put(3, &(number + 0.0).to_bits().to_le_bytes()),
            Self::Decimal(number) => put(4, number.to_string().as_bytes()),
            Self::String(text) => put(5, text.as_bytes()),
            Self::DateTime(ticks) => put(6, &ticks.to_le_bytes()),
            Self::Timespan(ticks) => put(7, &ticks.to_le_bytes()),
            Self::Guid(text) => put(8, text.to_ascii_lowercase().as_bytes()),
            Self::Dynamic(json) => put(9, json.to_string().as_bytes()),
        }
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::String(text) | Self::Guid(text) => text.len(),
            Self::Dynamic(json) => json_size(json),
            _ => 0,
        }
    }
}

/// About how long a dynamic value is as text.
pub(super) fn json_size(json: &Json) -> usize {
    match json {
        Json::String(text) => text.len() + 2,
        Json::Array(items) => items.iter().map(|item| json_size(item) + 1).sum::<usize>() + 2,
        Json::Object(fields) => fields.iter().map(|(name, value)| name.len() + 4 + json_size(value)).sum::<usize>() + 2,
        _ => 8,
    }
}

/// A dynamic value that is one of the other types.
pub(super) fn scalar(value: &Value) -> Option<Value> {
    match value.json()? {
        Json::Bool(truth) => Some(Value::Bool(*truth)),
        Json::Number(number) => {
            Some(number.as_i64().map_or_else(|| number.as_f64().map_or(Value::Null, Value::Real), Value::Long))
        }
        Json::String(text) => Some(Value::text(text)),
        _ => None,
    }
}

/// A dynamic value as the type of what it is compared with.
fn converted(dynamic: &Value, like: &Value) -> Option<Value> {
    let scalar = scalar(dynamic)?;
    match (&scalar, like) {
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => Some(scalar),
        (Value::String(text), Value::DateTime(_)) => super::time::parse_datetime(text).map(Value::DateTime),
        (Value::String(text), Value::Timespan(_)) => super::time::parse_timespan(text).map(Value::Timespan),
        (Value::String(text), Value::Guid(_)) => Some(Value::Guid(text.clone())),
        (Value::Long(_) | Value::Real(_), Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_)) => {
            Some(scalar)
        }
        _ => None,
    }
}

/// As .NET writes the shortest text that reads back the same.
pub(super) fn real_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}E{sign}{:02}", exponent.abs());
    }
    let text = number.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}
