//! The model: what CLIXML can say, without loss.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::{SecureString, Text};

/// One CLIXML value.
///
/// Primitives stand for the elements of [MS-PSRP] §2.2.5.1 without an `<Obj>`
/// around them; everything else is an [`Object`]. An object that occurs twice
/// is shared (`Arc`), so a document with a million `<Ref>` costs a million
/// pointers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `<Nil/>`.
    Nil,
    /// `<S>`.
    String(Text),
    /// `<C>`: one UTF-16 code unit, a lone surrogate too.
    Char(u16),
    /// `<B>`.
    Bool(bool),
    /// `<DT>`.
    DateTime(DateTime),
    /// `<TS>`.
    TimeSpan(TimeSpan),
    /// `<By>`: unsigned byte.
    U8(u8),
    /// `<SB>`: signed byte.
    I8(i8),
    /// `<U16>`.
    U16(u16),
    /// `<I16>`.
    I16(i16),
    /// `<U32>`.
    U32(u32),
    /// `<I32>`.
    I32(i32),
    /// `<U64>`.
    U64(u64),
    /// `<I64>`.
    I64(i64),
    /// `<Sg>`.
    F32(f32),
    /// `<Db>`.
    F64(f64),
    /// `<D>`.
    Decimal(Decimal),
    /// `<BA>`.
    Bytes(Vec<u8>),
    /// `<G>`.
    Guid(Uuid),
    /// `<URI>`.
    Uri(Text),
    /// `<Version>`.
    Version(Version),
    /// `<XD>`: an XML document, as text.
    Xml(Text),
    /// `<SBK>`. Hosts turn one that is sent into a String (engine.md §8).
    ScriptBlock(Text),
    /// `<SS>`: encrypted with the session key on the wire.
    SecureString(SecureString),
    /// `<PR>`: a progress record as `powershell.exe` writes them to its
    /// standard error. The messages of the protocol have objects instead.
    Progress(Box<Progress>),
    /// `<Obj>`.
    Object(Arc<Object>),
    /// `<Ref>` to an object that encloses it: a cycle. Every other `<Ref>` is
    /// resolved to the shared [`Value::Object`].
    Ref(RefId),
    /// `<MS N=…>` inside `<MS>`: a named set of properties. Nowhere but in
    /// [`Object::extended`]; rare.
    MemberSet(Vec<Property>),
}

/// `RefId` of an object that one of its own members refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefId(pub u64);

/// One `<Obj>`.
///
/// Source: [MS-PSRP] §2.2.5.2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// As the document numbered it; `None` for objects made here. Only
    /// [`Value::Ref`] needs it.
    pub ref_id: Option<RefId>,
    /// `<TN>` / `<TNRef>`, most derived first. Shared between objects that
    /// shared it on the wire.
    pub type_names: Option<TypeNames>,
    /// `<ToString>`.
    pub to_string: Option<Text>,
    /// What the object is besides its properties.
    pub content: Content,
    /// `<Props>`: adapted properties, in order.
    pub adapted: Vec<Property>,
    /// `<MS>`: extended properties, in order.
    pub extended: Vec<Property>,
}

/// Type names of an object, most derived first.
pub type TypeNames = Arc<[Box<str>]>;

/// The part of an object that is not a property.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Only properties.
    #[default]
    None,
    /// A primitive (an enum's number, a string with note properties).
    Primitive(Value),
    /// A sequence.
    List(ListKind, Vec<Value>),
    /// `<DCT>`: keys in the order of the wire.
    Dictionary(Vec<(Value, Value)>),
}

/// Which sequence element it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// `<LST>`.
    List,
    /// `<IE>`: something enumerable that is neither of the others.
    Enumerable,
    /// `<STK>`.
    Stack,
    /// `<QUE>`.
    Queue,
}

/// One property. Names are compared without case by PowerShell, and so by
/// [`Object::property`].
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// `N`.
    pub name: Text,
    /// Its value.
    pub value: Value,
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// A `System.Collections.Hashtable`, as PowerShell binds it to a
    /// `[hashtable]` parameter.
    pub fn hashtable<K: Into<Text>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (Self::String(key.into()), value)).collect();
        Self::Object(Arc::new(Object {
            type_names: Some(Arc::from(["System.Collections.Hashtable".into(), "System.Object".into()])),
            content: Content::Dictionary(entries),
            ..Object::default()
        }))
    }

    /// A list, as PowerShell binds it to an array parameter.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::Object(Arc::new(Object {
            type_names: Some(Arc::from(["System.Collections.ArrayList".into(), "System.Object".into()])),
            content: Content::List(ListKind::List, items),
            ..Object::default()
        }))
    }

    /// A custom object (property bag).
    pub fn custom<K: Into<Text>>(properties: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(Arc::new(Object {
            extended: properties.into_iter().map(|(name, value)| Property { name: name.into(), value }).collect(),
            ..Object::default()
        }))
    }

    /// An enum's value: its names (most derived first, `System.Enum` among
    /// them), its text and its number. PowerShell reads it as the number.
    pub fn enumeration<T: Into<Box<str>>>(
        type_names: impl IntoIterator<Item = T>,
        text: impl Into<Text>,
        number: i32,
    ) -> Self {
        Self::Object(Arc::new(Object {
            type_names: Some(type_names.into_iter().map(Into::into).collect()),
            to_string: Some(text.into()),
            content: Content::Primitive(Self::I32(number)),
            ..Object::default()
        }))
    }

    /// The object, when it is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What stands in for the value when it is an object around a primitive
    /// (a string with note properties, an enum); else the value itself.
    #[must_use]
    pub fn base(&self) -> &Self {
        match self {
            Self::Object(object) => match &object.content {
                Content::Primitive(inner) => inner,
                _ => self,
            },
            _ => self,
        }
    }

    /// The property of that name (extended before adapted, without case), or
    /// the dictionary entry with that key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let object = self.as_object()?;
        object.property(name).or_else(|| object.entry(name))
    }

    /// The text of a string, also of one with members. `None` when it holds a
    /// lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.base() {
            Self::String(text) => text.as_str(),
            _ => None,
        }
    }

    /// An integer of any width, also an enum's number.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self.base() {
            Self::U8(n) => Some(n.into()),
            Self::I8(n) => Some(n.into()),
            Self::U16(n) => Some(n.into()),
            Self::I16(n) => Some(n.into()),
            Self::U32(n) => Some(n.into()),
            Self::I32(n) => Some(n.into()),
            Self::I64(n) => Some(n),
            Self::U64(n) => n.try_into().ok(),
            _ => None,
        }
    }

    /// As [`as_i64`](Self::as_i64), when it fits.
    #[must_use]
    pub fn as_i32(&self) -> Option<i32> {
        self.as_i64()?.try_into().ok()
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.base() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.as_object()?.content {
            Content::List(_, items) => Some(items),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::I32(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

impl Object {
    /// The property of that name, extended before adapted, compared without
    /// case (ASCII).
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.extended
            .iter()
            .chain(&self.adapted)
            .find(|property| property.name.as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)))
            .map(|property| &property.value)
    }

    /// The dictionary entry whose key is that string, compared without case
    /// (ASCII).
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Value> {
        let Content::Dictionary(entries) = &self.content else { return None };
        entries.iter().find(|(k, _)| k.as_str().is_some_and(|k| k.eq_ignore_ascii_case(key))).map(|(_, value)| value)
    }

    /// Whether one of its type names is `name`, a `Deserialized.` in front
    /// put aside.
    #[must_use]
    pub fn is_a(&self, name: &str) -> bool {
        self.type_names
            .iter()
            .flat_map(|names| names.iter())
            .any(|n| n.strip_prefix("Deserialized.").unwrap_or(n) == name)
    }
}

/// A `System.Management.Automation.ProgressRecord`.
///
/// Source: [MS-PSRP] §2.2.5.1.25.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `<AV>`: what is being done.
    pub activity: Text,
    /// `<AI>`.
    pub activity_id: i32,
    /// `<S>` or `<Nil/>`: the step that is under way.
    pub current_operation: Option<Text>,
    /// `<PI>`: the activity it belongs to; negative for none.
    pub parent_id: i32,
    /// `<PC>`: negative when not known.
    pub percent: i32,
    /// `<T>`: `Processing` or `Completed`.
    pub kind: Box<str>,
    /// `<SR>`: negative when not known.
    pub seconds_remaining: i32,
    /// `<SD>`: how it stands.
    pub status: Text,
}

/// Text that is not in the form its element demands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a CLIXML {element}")]
pub struct InvalidLexical {
    /// The element whose form was missed, by its name in the specification.
    pub element: &'static str,
}

/// A date and time as the wire writes it; the zone (`Z`, an offset, none) is
/// the .NET `Kind`.
///
/// Source: [MS-PSRP] §2.2.5.1.4.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DateTime(pub(super) Box<str>);

/// A span of time as `xs:duration`, possibly negative.
///
/// Source: [MS-PSRP] §2.2.5.1.5.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TimeSpan(pub(super) Box<str>);

/// A `System.Decimal` as text: it keeps its scale (`1.10`).
///
/// Source: [MS-PSRP] §2.2.5.1.16.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal(pub(super) Box<str>);

/// A `System.Version`: two to four numbers.
///
/// Source: [MS-PSRP] §2.2.5.1.21.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Version(pub(super) Box<str>);

macro_rules! lexical {
    ($($type:ident),*) => {$(
        impl $type {
            /// As the wire writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
lexical!(DateTime, TimeSpan, Decimal, Version);
