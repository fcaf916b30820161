//! GET_COMMAND_METADATA: commands and their parameters, as the host has them.

use std::sync::Arc;

use super::{object, text, to_text};
use crate::clixml::{Content, EncodeError, ListKind, Object, Value};

/// Asks for commands; goes where CREATE_PIPELINE goes, and is answered as
/// pipeline output: first a count, then one object for each.
///
/// Source: [MS-PSRP] §2.2.2.14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetCommandMetadata {
    /// Names; `*` and `?` stand for any.
    pub names: Vec<String>,
    /// CommandTypes as bits; 511 is all.
    pub types: i32,
    /// Modules; empty: any.
    pub modules: Vec<String>,
}

impl GetCommandMetadata {
    /// All kinds of commands of these names.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), types: 511, modules: Vec::new() }
    }

    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let list = |texts: &[String]| {
            let items = texts.iter().map(|text| Value::from(text.as_str())).collect();
            object(Object {
                type_names: Some(Arc::from(["System.String[]", "System.Array", "System.Object"].map(Into::into))),
                content: Content::List(ListKind::List, items),
                ..Object::default()
            })
        };
        super::encode(&Value::custom([
            ("Name", list(&self.names)),
            ("CommandType", Value::I32(self.types)),
            ("Namespace", if self.modules.is_empty() { Value::Nil } else { list(&self.modules) }),
            ("ArgumentList", Value::Nil),
        ]))
    }
}

/// One command of the answer.
///
/// Source: [MS-PSRP] §2.2.3.22.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandMetadata {
    /// Name.
    pub name: String,
    /// Module it comes from.
    pub module: String,
    /// CommandTypes as bits: 1 alias, 2 function, 8 cmdlet.
    pub kind: i64,
    /// What an alias stands for.
    pub resolved: Option<String>,
    /// Parameters by name, whole: attributes, types, sets.
    pub parameters: Vec<(String, Value)>,
}

impl CommandMetadata {
    /// Reads an output object; `None` for the count that goes first.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let kind = value.get("CommandType")?.as_i64()?;
        let parameters = match value.get("Parameters").and_then(Value::as_object).map(|object| &object.content) {
            Some(Content::Dictionary(entries)) => {
                entries.iter().map(|(key, value)| (to_text(key), value.clone())).collect()
            }
            _ => Vec::new(),
        };
        Some(Self {
            name: text(value, "Name"),
            module: text(value, "Namespace"),
            kind,
            resolved: Some(text(value, "ResolvedCommandName")).filter(|name| !name.is_empty()),
            parameters,
        })
    }
}
