//! Values as PowerShell would send them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;
use wsman::clixml::{Content, DateTime, ListKind, Object, Property, TimeSpan, Value};

/// A custom object.
pub(super) fn custom<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    bag(&[], properties.into_iter().map(|(name, value)| (name.to_owned(), value)))
}

/// A custom object with a type name of its own (`PSTypeName`).
pub(super) fn named<const N: usize>(type_name: &str, properties: [(&str, Value); N]) -> Value {
    bag(&[type_name], properties.map(|(name, value)| (name.to_owned(), value)))
}

/// A custom object whose properties are only known now.
pub(super) fn bag(type_name: &[&str], properties: impl IntoIterator<Item = (String, Value)>) -> Value {
    let names = type_name.iter().chain(&["System.Management.Automation.PSCustomObject", "System.Object"]);
    Value::Object(Arc::new(Object {
        type_names: Some(names.map(|name| Box::from(*name)).collect()),
        extended: properties.into_iter().map(|(name, value)| Property { name: name.into(), value }).collect(),
        ..Object::default()
    }))
}

/// `[string[]]`.
pub(super) fn strings<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Value {
    array("System.String[]", items.into_iter().map(|item| Value::from(item.into())).collect())
}

/// `[object[]]`.
pub(super) fn objects(items: impl IntoIterator<Item = Value>) -> Value {
    array("System.Object[]", items.into_iter().collect())
}

/// An array whose elements have the type of `type_name`.
pub(super) fn array(type_name: &str, items: Vec<Value>) -> Value {
    Value::Object(Arc::new(Object {
        type_names: Some(Arc::from([type_name.into(), "System.Array".into(), "System.Object".into()])),
        content: Content::List(ListKind::List, items),
        ..Object::default()
    }))
}

/// `[datetime]` of kind UTC.
pub(super) fn date(time: Timestamp) -> Value {
    DateTime::parse(&time.to_string()).map_or(Value::Nil, Value::DateTime)
}

/// `[timespan]`; `$null` where there is none.
pub(super) fn span(duration: Option<&str>) -> Value {
    duration.and_then(|text| TimeSpan::parse(text).ok()).map_or(Value::Nil, Value::TimeSpan)
}

/// `$null` for nothing.
pub(super) fn optional<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Nil, Into::into)
}

/// A number of things.
pub(super) fn count(items: usize) -> Value {
    Value::I32(i32::try_from(items).unwrap_or(i32::MAX))
}

/// As `ConvertFrom-Json` makes it.
pub(super) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::I64(whole),
            None => Value::F64(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => objects(items.iter().map(from_json)),
        Json::Object(entries) => bag(&[], entries.iter().map(|(key, value)| (key.clone(), from_json(value)))),
    }
}
