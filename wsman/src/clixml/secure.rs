//! SecureString and PSCredential: secrets among values.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Content, Limits, Object, Property, Value};
use crate::secret::Secret;

/// A SecureString: in clear as a caller made it, or sealed as it travels.
///
/// A sealed one is what the session key encrypted (plain UTF-16LE from
/// protocol 2.4 on); only the session that it belongs to can open or take it.
/// One in clear is wiped on drop and sealed by the session before it is sent.
/// `Debug` shows neither; JSON has `null` for both.
///
/// Source: [MS-PSRP] §2.2.5.1.24.
#[derive(Clone, PartialEq, Eq)]
pub struct SecureString(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Clear(Secret<String>),
    Sealed(Vec<u8>),
}

impl SecureString {
    /// A secret in clear.
    #[must_use]
    pub fn new(text: Secret<String>) -> Self {
        Self(Form::Clear(text))
    }

    /// As it travels.
    #[must_use]
    pub fn sealed(bytes: Vec<u8>) -> Self {
        Self(Form::Sealed(bytes))
    }

    /// The secret, when it is in clear.
    #[must_use]
    pub fn clear(&self) -> Option<&Secret<String>> {
        match &self.0 {
            Form::Clear(text) => Some(text),
            Form::Sealed(_) => None,
        }
    }

    /// The bytes that travel, when it is sealed.
    #[must_use]
    pub fn wire(&self) -> Option<&[u8]> {
        match &self.0 {
            Form::Clear(_) => None,
            Form::Sealed(bytes) => Some(bytes),
        }
    }
}

impl From<Secret<String>> for SecureString {
    fn from(text: Secret<String>) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for SecureString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Clear(_) => f.write_str("SecureString"),
            Form::Sealed(bytes) => write!(f, "SecureString({} bytes)", bytes.len()),
        }
    }
}

impl From<SecureString> for Value {
    fn from(secret: SecureString) -> Self {
        Self::SecureString(secret)
    }
}

impl Value {
    /// A `PSCredential`.
    ///
    /// Source: PowerShell's serializer (recording `host-credential`).
    pub fn credential(username: impl Into<super::Text>, password: impl Into<SecureString>) -> Self {
        let property = |name: &str, value| Property { name: name.into(), value };
        Self::Object(Arc::new(Object {
            type_names: Some(Arc::from(["System.Management.Automation.PSCredential".into(), "System.Object".into()])),
            to_string: Some("System.Management.Automation.PSCredential".into()),
            adapted: vec![
                property("UserName", Self::String(username.into())),
                property("Password", Self::SecureString(password.into())),
            ],
            ..Object::default()
        }))
    }

    /// User name and password of a `PSCredential`.
    #[must_use]
    pub fn as_credential(&self) -> Option<(&str, &SecureString)> {
        let object = self.as_object().filter(|object| object.is_a("System.Management.Automation.PSCredential"))?;
        match (object.property("UserName")?.as_str()?, object.property("Password")?) {
            (username, Self::SecureString(password)) => Some((username, password)),
            _ => None,
        }
    }

    /// The secret of a SecureString.
    #[must_use]
    pub fn as_secure_string(&self) -> Option<&SecureString> {
        match self.base() {
            Self::SecureString(secret) => Some(secret),
            _ => None,
        }
    }

    /// Whether there is a SecureString anywhere in it.
    #[must_use]
    pub fn holds_secrets(&self) -> bool {
        let mut open = vec![self];
        let mut seen = std::collections::HashSet::new();
        while let Some(value) = open.pop() {
            match value {
                Self::SecureString(_) => return true,
                Self::MemberSet(members) => open.extend(members.iter().map(|member| &member.value)),
                Self::Object(object) if seen.insert(Arc::as_ptr(object)) => {
                    open.extend(object.extended.iter().chain(&object.adapted).map(|property| &property.value));
                    match &object.content {
                        Content::None => {}
                        Content::Primitive(inner) => open.push(inner),
                        Content::List(_, items) => open.extend(items),
                        Content::Dictionary(entries) => open.extend(entries.iter().flat_map(|(k, v)| [k, v])),
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// The same value with every SecureString replaced. Sharing and cycles
    /// stay. What is nested deeper than any limit stays as it is; no encoder
    /// takes it.
    ///
    /// # Errors
    ///
    /// The first of `change`.
    pub(crate) fn map_secrets<E>(
        &self,
        change: &mut dyn FnMut(&SecureString) -> Result<SecureString, E>,
    ) -> Result<Self, E> {
        Mapper { change, done: HashMap::new() }.value(self, 0)
    }
}

struct Mapper<'f, E> {
    change: &'f mut dyn FnMut(&SecureString) -> Result<SecureString, E>,
    done: HashMap<*const Object, Arc<Object>>,
}

impl<E> Mapper<'_, E> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<Value, E> {
        Ok(match value {
            Value::SecureString(secret) => Value::SecureString((self.change)(secret)?),
            Value::MemberSet(members) if depth < Limits::MAX_DEPTH => {
                Value::MemberSet(self.properties(members, depth)?)
            }
            Value::Object(object) if depth < Limits::MAX_DEPTH => {
                if let Some(done) = self.done.get(&Arc::as_ptr(object)) {
                    return Ok(Value::Object(Arc::clone(done)));
                }
                let mut pair = |(key, value): &(Value, Value)| -> Result<_, E> {
                    Ok((self.value(key, depth + 1)?, self.value(value, depth + 1)?))
                };
                let content = match &object.content {
                    Content::None => Content::None,
                    Content::Dictionary(entries) => {
                        Content::Dictionary(entries.iter().map(&mut pair).collect::<Result<_, _>>()?)
                    }
                    Content::Primitive(inner) => Content::Primitive(self.value(inner, depth + 1)?),
                    Content::List(kind, items) => {
                        let items = items.iter().map(|item| self.value(item, depth + 1));
                        Content::List(*kind, items.collect::<Result<_, _>>()?)
                    }
                };
                let mapped = Arc::new(Object {
                    content,
                    adapted: self.properties(&object.adapted, depth)?,
                    extended: self.properties(&object.extended, depth)?,
                    ..Object::clone(object)
                });
                self.done.insert(Arc::as_ptr(object), Arc::clone(&mapped));
                Value::Object(mapped)
            }
            other => other.clone(),
        })
    }

    fn properties(&mut self, properties: &[Property], depth: usize) -> Result<Vec<Property>, E> {
        let one = |property: &Property| {
            Ok(Property { name: property.name.clone(), value: self.value(&property.value, depth + 1)? })
        };
        properties.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clear(text: &str) -> Value {
        Value::from(SecureString::new(text.to_owned().into()))
    }

    #[test]
    fn secrets_are_found_and_replaced_wherever_they_are() {
        let shared = Value::list(vec![clear("a")]);
        let value = Value::custom([
            ("plain", Value::from("x")),
            ("list", shared.clone()),
            ("again", shared),
            ("table", Value::hashtable([("k", Value::credential("u", SecureString::new("b".to_owned().into())))])),
        ]);
        assert!(value.holds_secrets());
        let mut seen = Vec::new();
        let mapped = value
            .map_secrets(&mut |secret| -> Result<_, ()> {
                seen.push(secret.clear().unwrap().expose().clone());
                Ok(SecureString::sealed(vec![1]))
            })
            .unwrap();
        seen.sort();
        assert_eq!(seen, ["a", "b"], "a shared object is mapped once");
        let (Some(Value::Object(one)), Some(Value::Object(two))) = (mapped.get("list"), mapped.get("again")) else {
            panic!("two lists")
        };
        assert!(Arc::ptr_eq(one, two));
        let (user, password) = mapped.get("table").unwrap().get("k").unwrap().as_credential().unwrap();
        assert_eq!((user, password.wire()), ("u", Some(&[1][..])));
    }

    #[test]
    fn debug_and_json_show_nothing() {
        let value = Value::credential("u", SecureString::new("planted-secret".to_owned().into()));
        assert!(!format!("{value:?}").contains("planted"));
        assert_eq!(super::super::json::to_json(&value)["Password"], serde_json::Value::Null);
    }
}
