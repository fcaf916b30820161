//! Stands in for the library's own mapping to JSON.

use serde_json::{Map, Value as Json};
use wsman::clixml::{Content, Value};

/// A value as JSON.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::String(text) | Value::Uri(text) | Value::Xml(text) | Value::ScriptBlock(text) => {
            text.to_string_lossy().into()
        }
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]).into(),
        Value::Bool(value) => (*value).into(),
        Value::DateTime(value) => value.as_str().into(),
        Value::TimeSpan(value) => value.as_str().into(),
        Value::Decimal(value) => value.as_str().into(),
        Value::Version(value) => value.as_str().into(),
        Value::Guid(value) => value.to_string().into(),
        Value::F32(value) => f64::from(*value).into(),
        Value::F64(value) => (*value).into(),
        Value::U64(value) => (*value).into(),
        Value::Object(object) => {
            let mut fields = Map::new();
            match &object.content {
                Content::Primitive(value) => return to_json(value),
                Content::List(_, items) => return items.iter().map(to_json).collect(),
                Content::Dictionary(entries) => {
                    for (key, value) in entries {
                        let key = to_json(key);
                        fields.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), to_json(value));
                    }
                }
                _ => {}
            }
            for property in object.adapted.iter().chain(&object.extended) {
                fields.insert(property.name.to_string_lossy().into_owned(), to_json(&property.value));
            }
            fields.into()
        }
        other => other.as_i64().map_or(Json::Null, Json::from),
    }
}
