//! Objects into Rust types, by `serde`.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Content, Limits, Object, Value};

/// Reads a value as a Rust type.
///
/// Properties and dictionary entries are fields (of one name, the extended
/// property; `#[serde(rename_all = "PascalCase")]` fits PowerShell), sequences
/// are sequences, `$null` is `None`. An enum of .NET is the variant of its
/// text, or its number where a number is wanted. Dates, spans, GUIDs,
/// versions, URIs and decimals are their text; bytes are bytes. Numbers go
/// into any type that holds them.
///
/// ```
/// use serde::Deserialize;
/// use wsman::clixml::{Value, from_value};
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Service {
///     name: String,
///     status: Status,
///     depends_on: Option<Vec<String>>,
/// }
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// enum Status {
///     Running,
///     Stopped,
/// }
///
/// let object = Value::custom([
///     ("Name", Value::from("WinRM")),
///     ("Status", Value::enumeration(["System.ServiceProcess.ServiceControllerStatus", "System.Enum"], "Running", 4)),
///     ("DependsOn", Value::list(vec!["RPCSS".into(), "HTTP".into()])),
/// ]);
/// let service: Service = from_value(&object)?;
/// assert_eq!((service.name.as_str(), service.status), ("WinRM", Status::Running));
/// assert_eq!(service.depends_on.map(|names| names.len()), Some(2));
/// # Ok::<(), wsman::clixml::FromValueError>(())
/// ```
///
/// # Errors
///
/// [`FromValueError`]: the value is none of that type. A SecureString is of no
/// type: it has to be revealed first.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, FromValueError> {
    T::deserialize(At { value, depth: 0 })
}

/// Why a value is none of a Rust type. Says types and field names, and what
/// `serde` says of an unexpected value; treat it as output.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FromValueError(String);

impl fmt::Debug for FromValueError {
    /// Without the text: it may quote the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromValueError")
    }
}

impl de::Error for FromValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct At<'v> {
    value: &'v Value,
    depth: usize,
}

impl<'v> At<'v> {
    fn inside(self, value: &'v Value) -> Self {
        Self { value, depth: self.depth + 1 }
    }

    /// Without the object around a primitive.
    fn base(self) -> &'v Value {
        self.value.base()
    }

    fn object(self) -> Option<&'v Object> {
        self.value.as_object()
    }

    /// The text of an enum of .NET.
    fn enumeration(self) -> Option<String> {
        let object = self.object()?;
        let text = object.to_string.as_ref()?;
        let is_enum = object.is_a("System.Enum") && matches!(object.content, Content::Primitive(_));
        is_enum.then(|| text.to_string_lossy().into_owned())
    }

    /// Fields by name; an extended one hides an adapted one.
    fn fields(self, object: &'v Object) -> Vec<(String, Self)> {
        let mut fields: Vec<(String, Self)> = Vec::new();
        if let Content::Dictionary(entries) = &object.content {
            fields.extend(entries.iter().map(|(key, value)| (text_of(key), self.inside(value))));
        }
        for property in object.adapted.iter().chain(&object.extended) {
            let name = property.name.to_string_lossy().into_owned();
            fields.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            fields.push((name, self.inside(&property.value)));
        }
        fields
    }
}

/// A primitive as text.
fn text_of(value: &Value) -> String {
    match super::json::to_json(value) {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

impl<'de, 'v> Deserializer<'de> for At<'v> {
    type Error = FromValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.depth > Limits::MAX_DEPTH {
            return Err(de::Error::custom("nested too deeply"));
        }
        if let Some(text) = self.enumeration() {
            return visitor.visit_string(text);
        }
        match self.base() {
            Value::Nil => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::U8(n) => visitor.visit_u8(*n),
            Value::I8(n) => visitor.visit_i8(*n),
            Value::U16(n) => visitor.visit_u16(*n),
            Value::I16(n) => visitor.visit_i16(*n),
            Value::U32(n) => visitor.visit_u32(*n),
            Value::I32(n) => visitor.visit_i32(*n),
            Value::U64(n) => visitor.visit_u64(*n),
            Value::I64(n) => visitor.visit_i64(*n),
            Value::F32(n) => visitor.visit_f32(*n),
            Value::F64(n) => visitor.visit_f64(*n),
            Value::Bytes(bytes) => visitor.visit_bytes(bytes),
            Value::SecureString(_) => Err(de::Error::custom("a SecureString has to be revealed first")),
            Value::Object(object) => match &object.content {
                Content::List(_, items) => {
                    let items = items.iter().map(|item| self.inside(item));
                    visitor.visit_seq(de::value::SeqDeserializer::new(items))
                }
                _ if object.adapted.is_empty() && object.extended.is_empty() && object.content == Content::None => {
                    match &object.to_string {
                        Some(text) => visitor.visit_string(text.to_string_lossy().into_owned()),
                        None => {
                            visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<(String, Self)>()))
                        }
                    }
                }
                _ => visitor.visit_map(de::value::MapDeserializer::new(self.fields(object).into_iter())),
            },
            other => visitor.visit_string(text_of(other)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if *self.value == Value::Nil { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let text = self.enumeration().or_else(|| self.value.as_str().map(str::to_owned));
        let text = text.ok_or_else(|| de::Error::custom("expected an enum's text"))?;
        let variant: StrDeserializer<'_, Self::Error> = text.as_str().into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        number(self, visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        number(self, visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        number(self, visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        number(self, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// An enum's number where a number is wanted.
fn number<'de, V: Visitor<'de>>(at: At<'_>, visitor: V) -> Result<V::Value, FromValueError> {
    match at.base() {
        base @ (Value::I32(_) | Value::I64(_) | Value::U32(_) | Value::U64(_)) => {
            At { value: base, depth: at.depth }.deserialize_any(visitor)
        }
        _ => at.deserialize_any(visitor),
    }
}

impl<'de, 'v> IntoDeserializer<'de, FromValueError> for At<'v> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::clixml::decode;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Rule {
        name: String,
        severity: u8,
        ratio: f64,
        enabled: bool,
        kind: i32,
        tags: Vec<String>,
        table: BTreeMap<String, Option<i64>>,
        #[serde(default)]
        missing: Option<String>,
        at: String,
    }

    #[test]
    fn an_object_of_a_host_becomes_a_struct() {
        let document = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>X</T></TN><Props><S N=\"Name\">hidden</S>\
            <I32 N=\"Severity\">3</I32></Props><MS><S N=\"Name\">r_x000A_</S><Db N=\"Ratio\">0.5</Db>\
            <B N=\"Enabled\">true</B><Obj N=\"Kind\" RefId=\"1\"><TN RefId=\"1\"><T>K</T><T>System.Enum</T></TN>\
            <ToString>Scheduled</ToString><I32>7</I32></Obj><Obj N=\"Tags\" RefId=\"2\"><LST><S>a</S><S>b</S></LST></Obj>\
            <Obj N=\"Table\" RefId=\"3\"><DCT><En><S N=\"Key\">k</S><I64 N=\"Value\">1</I64></En>\
            <En><S N=\"Key\">n</S><Nil N=\"Value\" /></En></DCT></Obj><DT N=\"At\">2026-01-02T03:04:05Z</DT>\
            <Nil N=\"Missing\" /></MS></Obj>";
        let rule: Rule = from_value(&decode(document.as_bytes(), &Limits::DECODE).unwrap()).unwrap();
        assert_eq!(
            rule,
            Rule {
                name: "r\n".into(),
                severity: 3,
                ratio: 0.5,
                enabled: true,
                kind: 7,
                tags: vec!["a".into(), "b".into()],
                table: [("k".into(), Some(1)), ("n".into(), None)].into(),
                missing: None,
                at: "2026-01-02T03:04:05Z".into(),
            }
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_a_guess() {
        assert!(from_value::<u8>(&Value::I32(300)).is_err());
        assert!(from_value::<String>(&Value::I32(3)).is_err());
        assert!(from_value::<Vec<i32>>(&Value::from("x")).is_err());
        let secret = Value::from(crate::clixml::SecureString::new("planted-secret".to_owned().into()));
        let error = from_value::<String>(&secret).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"));
        let deep = (0..500).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
        assert!(from_value::<serde_json::Value>(&deep).is_err());
        std::mem::forget(deep);
        assert_eq!(
            from_value::<serde_json::Value>(&Value::custom([("a", Value::Nil)])).unwrap()["a"],
            serde_json::Value::Null
        );
    }
}
