//! Secrets of a recorded call, as its caller had them.

use std::sync::Arc;

use wsman::clixml::{Content, Object, Property, SecureString, Value};
use wsman::secret::Secret;

/// The value with its secrets as a caller would hand them in.
pub(super) fn in_clear(opaque: bool, value: &Value) -> Value {
    if !value.holds_secrets() {
        return value.clone();
    }
    let all = |list: &[Value]| list.iter().map(|value| in_clear(opaque, value)).collect();
    let properties = |list: &[Property]| {
        list.iter().map(|p| Property { name: p.name.clone(), value: in_clear(opaque, &p.value) }).collect()
    };
    match value {
        Value::SecureString(secret) => {
            let (pairs, _) = secret.wire().unwrap_or_default().as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            let text = if opaque { "secret".to_owned() } else { String::from_utf16_lossy(&units) };
            Value::SecureString(SecureString::new(Secret::new(text)))
        }
        Value::MemberSet(members) => Value::MemberSet(properties(members)),
        Value::Object(object) => {
            let content = match &object.content {
                Content::Primitive(inner) => Content::Primitive(in_clear(opaque, inner)),
                Content::List(kind, items) => Content::List(*kind, all(items)),
                Content::Dictionary(entries) => Content::Dictionary(
                    entries.iter().map(|(key, value)| (in_clear(opaque, key), in_clear(opaque, value))).collect(),
                ),
                other => other.clone(),
            };
            Value::Object(Arc::new(Object {
                content,
                adapted: properties(&object.adapted),
                extended: properties(&object.extended),
                ..Object::clone(object)
            }))
        }
        other => other.clone(),
    }
}
