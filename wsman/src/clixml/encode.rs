//! To the wire.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

use super::escape::{self, Place};
use super::lexical;
use super::number;
use super::{Content, EncodeError, Limits, ListKind, Object, Progress, Property, RefId, Text, TypeNames, Value};
use crate::xml::pull::is_document;

/// Encodes one value as the payload of a message.
///
/// Objects are numbered from 0 in the order of the document. One that occurs
/// twice (the same `Arc`) is written once and referred to, and so are type
/// names with the same content.
///
/// Strict: what a host would answer with silence is refused here. It does not
/// know what the value is for: [`Value::Nil`] as *pipeline input* also ends in
/// silence (recording `input-null`), and so does an `<SS>` that the host
/// cannot decrypt.
///
/// Source: [MS-PSRP] §2.2.5.
///
/// # Errors
///
/// [`EncodeError`]: the value, or its size, is none that a host would take.
/// Use [`Limits::ENCODE`].
pub fn encode(value: &Value, limits: &Limits) -> Result<String, EncodeError> {
    let mut encoder = Encoder {
        out: String::new(),
        limits,
        nodes: 0,
        depth: 0,
        objects: HashMap::new(),
        types: HashMap::new(),
        open: Vec::new(),
    };
    encoder.value(value, None)?;
    Ok(encoder.out)
}

struct Encoder<'v, 'l> {
    out: String,
    limits: &'l Limits,
    nodes: usize,
    depth: usize,
    /// Numbers of the objects written so far, by their address.
    objects: HashMap<*const Object, usize>,
    types: HashMap<&'v TypeNames, usize>,
    /// The objects that enclose what is being written.
    open: Vec<(Option<RefId>, usize)>,
}

impl<'v> Encoder<'v, '_> {
    fn value(&mut self, value: &'v Value, name: Option<&Text>) -> Result<(), EncodeError> {
        self.enter()?;
        match value {
            Value::Object(object) => self.object(object, name)?,
            Value::Ref(id) => {
                let enclosing = self.open.iter().rev().find(|(open, _)| *open == Some(*id));
                let number = enclosing.ok_or(EncodeError::Dangling { id: id.0 })?.1;
                self.reference(number, name)?;
            }
            Value::Nil => self.start("Nil", name, " />")?,
            Value::MemberSet(_) => return Err(EncodeError::MisplacedMemberSet),
            _ => self.primitive(value, name)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// Goes one level down. Whoever succeeds takes one off `depth` after.
    fn enter(&mut self) -> Result<(), EncodeError> {
        let limit = self.limits.depth();
        if self.depth == limit {
            return Err(EncodeError::TooDeep { limit });
        }
        self.depth += 1;
        Ok(())
    }

    /// Writes `<element N="name"` and what is to come behind it.
    fn start(&mut self, element: &str, name: Option<&Text>, behind: &str) -> Result<(), EncodeError> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(EncodeError::TooManyNodes { limit: self.limits.nodes });
        }
        if self.out.len() > self.limits.bytes {
            return Err(EncodeError::TooLarge { limit: self.limits.bytes });
        }
        self.out.push('<');
        self.out.push_str(element);
        if let Some(name) = name {
            self.out.push_str(" N=\"");
            escape::encode(name, Place::Attribute, &mut self.out);
            self.out.push('"');
        }
        self.out.push_str(behind);
        Ok(())
    }

    fn end(&mut self, element: &str) -> Result<(), EncodeError> {
        self.out.push_str("</");
        self.out.push_str(element);
        self.out.push('>');
        if self.out.len() > self.limits.bytes {
            return Err(EncodeError::TooLarge { limit: self.limits.bytes });
        }
        Ok(())
    }

    /// Ends a start tag that has a `RefId`.
    fn numbered(&mut self, number: usize, behind: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, " RefId=\"{number}\"{behind}");
    }

    fn reference(&mut self, number: usize, name: Option<&Text>) -> Result<(), EncodeError> {
        self.start("Ref", name, "")?;
        self.numbered(number, " />");
        Ok(())
    }

    /// Source: [MS-PSRP] §2.2.5.1.
    fn primitive(&mut self, value: &Value, name: Option<&Text>) -> Result<(), EncodeError> {
        let element = element(value).ok_or(EncodeError::NotAPrimitive)?;
        if let Value::Xml(text) = value
            && !text.as_str().is_some_and(is_document)
        {
            return Err(EncodeError::NotXml);
        }
        if let Value::SecureString(secret) = value
            && secret.wire().is_none()
        {
            return Err(EncodeError::NotSealed);
        }
        self.start(element, name, ">")?;
        match value {
            Value::Progress(progress) => self.progress(progress)?,
            _ => write_text(value, &mut self.out),
        }
        self.end(element)
    }

    /// Source: [MS-PSRP] §2.2.5.1.25.
    fn progress(&mut self, progress: &Progress) -> Result<(), EncodeError> {
        if !["Processing", "Completed"].contains(&&*progress.kind) {
            return Err(EncodeError::NoProgressKind);
        }
        self.leaf("AV", &progress.activity)?;
        self.leaf("AI", &progress.activity_id.to_string().into())?;
        match &progress.current_operation {
            Some(operation) => self.leaf("S", operation)?,
            None => self.start("Nil", None, " />")?,
        }
        self.leaf("PI", &progress.parent_id.to_string().into())?;
        self.leaf("PC", &progress.percent.to_string().into())?;
        self.leaf("T", &Text::from(&*progress.kind))?;
        self.leaf("SR", &progress.seconds_remaining.to_string().into())?;
        self.leaf("SD", &progress.status)
    }

    /// An element that holds escaped text.
    fn leaf(&mut self, element: &str, text: &Text) -> Result<(), EncodeError> {
        self.start(element, None, ">")?;
        escape::encode(text, Place::Element, &mut self.out);
        self.end(element)
    }

    /// Source: [MS-PSRP] §2.2.5.2.
    fn object(&mut self, object: &'v Arc<Object>, name: Option<&Text>) -> Result<(), EncodeError> {
        let address = Arc::as_ptr(object);
        if let Some(number) = self.objects.get(&address).copied() {
            return self.reference(number, name);
        }
        let number = self.objects.len();
        self.objects.insert(address, number);
        self.open.push((object.ref_id, number));
        self.start("Obj", name, "")?;
        self.numbered(number, ">");
        if let Some(names) = &object.type_names {
            self.type_names(names)?;
        }
        if let Some(text) = &object.to_string {
            self.leaf("ToString", text)?;
        }
        self.content(&object.content)?;
        if !object.adapted.is_empty() {
            self.members("Props", None, &object.adapted)?;
        }
        if !object.extended.is_empty() {
            self.members("MS", None, &object.extended)?;
        }
        self.open.pop();
        self.end("Obj")
    }

    /// Source: [MS-PSRP] §2.2.5.2.3.
    fn type_names(&mut self, names: &'v TypeNames) -> Result<(), EncodeError> {
        if let Some(number) = self.types.get(names).copied() {
            self.start("TNRef", None, "")?;
            self.numbered(number, " />");
            return Ok(());
        }
        let number = self.types.len();
        self.types.insert(names, number);
        self.start("TN", None, "")?;
        self.numbered(number, ">");
        for name in names.iter() {
            self.start("T", None, ">")?;
            escape::encode_str(name, Place::Element, &mut self.out);
            self.end("T")?;
        }
        self.end("TN")
    }

    fn content(&mut self, content: &'v Content) -> Result<(), EncodeError> {
        match content {
            Content::None => Ok(()),
            Content::Primitive(value @ Value::Object(object)) => {
                // A `<Ref>` may not stand here.
                if self.objects.contains_key(&Arc::as_ptr(object)) {
                    return Err(EncodeError::NotAPrimitive);
                }
                self.value(value, None)
            }
            Content::Primitive(value) => self.primitive(value, None),
            Content::List(kind, items) => {
                let element = match kind {
                    ListKind::List => "LST",
                    ListKind::Enumerable => "IE",
                    ListKind::Stack => "STK",
                    ListKind::Queue => "QUE",
                };
                self.start(element, None, ">")?;
                for item in items {
                    self.value(item, None)?;
                }
                self.end(element)
            }
            Content::Dictionary(entries) => {
                let (key_name, value_name) = (Text::from("Key"), Text::from("Value"));
                self.start("DCT", None, ">")?;
                for (key, value) in entries {
                    if matches!(key, Value::Nil) {
                        return Err(EncodeError::NilKey);
                    }
                    self.start("En", None, ">")?;
                    self.value(key, Some(&key_name))?;
                    self.value(value, Some(&value_name))?;
                    self.end("En")?;
                }
                self.end("DCT")
            }
        }
    }

    /// Source: [MS-PSRP] §2.2.5.2.8, §2.2.5.2.9.
    fn members(
        &mut self,
        element: &'static str,
        name: Option<&Text>,
        members: &'v [Property],
    ) -> Result<(), EncodeError> {
        check_names(members)?;
        self.start(element, name, ">")?;
        for member in members {
            match &member.value {
                Value::MemberSet(set) if element == "MS" => {
                    self.enter()?;
                    self.members("MS", Some(&member.name), set)?;
                    self.depth -= 1;
                }
                value => self.value(value, Some(&member.name))?,
            }
        }
        self.end(element)
    }
}

/// A host refuses a second property of one name, and one without a name.
fn check_names(members: &[Property]) -> Result<(), EncodeError> {
    let mut seen = HashSet::with_capacity(members.len());
    for member in members {
        if member.name.is_empty() {
            return Err(EncodeError::NoName);
        }
        if !seen.insert(member.name.to_string_lossy().to_lowercase()) {
            return Err(EncodeError::RepeatedName);
        }
    }
    Ok(())
}

/// The element of a primitive.
fn element(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::String(_) => "S",
        Value::Char(_) => "C",
        Value::Bool(_) => "B",
        Value::DateTime(_) => "DT",
        Value::TimeSpan(_) => "TS",
        Value::U8(_) => "By",
        Value::I8(_) => "SB",
        Value::U16(_) => "U16",
        Value::I16(_) => "I16",
        Value::U32(_) => "U32",
        Value::I32(_) => "I32",
        Value::U64(_) => "U64",
        Value::I64(_) => "I64",
        Value::F32(_) => "Sg",
        Value::F64(_) => "Db",
        Value::Decimal(_) => "D",
        Value::Bytes(_) => "BA",
        Value::Guid(_) => "G",
        Value::Uri(_) => "URI",
        Value::Version(_) => "Version",
        Value::Xml(_) => "XD",
        Value::ScriptBlock(_) => "SBK",
        Value::SecureString(_) => "SS",
        Value::Progress(_) => "PR",
        Value::Nil | Value::Object(_) | Value::Ref(_) | Value::MemberSet(_) => return None,
    })
}

/// The text of a primitive.
fn write_text(value: &Value, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::String(text) | Value::Uri(text) | Value::Xml(text) | Value::ScriptBlock(text) => {
            escape::encode(text, Place::Element, out);
            Ok(())
        }
        Value::Char(unit) => write!(out, "{unit}"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::DateTime(value) => out.write_str(value.as_str()),
        Value::TimeSpan(value) => out.write_str(value.as_str()),
        Value::Decimal(value) => out.write_str(value.as_str()),
        Value::Version(value) => out.write_str(value.as_str()),
        Value::U8(number) => write!(out, "{number}"),
        Value::I8(number) => write!(out, "{number}"),
        Value::U16(number) => write!(out, "{number}"),
        Value::I16(number) => write!(out, "{number}"),
        Value::U32(number) => write!(out, "{number}"),
        Value::I32(number) => write!(out, "{number}"),
        Value::U64(number) => write!(out, "{number}"),
        Value::I64(number) => write!(out, "{number}"),
        Value::F32(number) => {
            number::write_f32(*number, out);
            Ok(())
        }
        Value::F64(number) => {
            number::write_f64(*number, out);
            Ok(())
        }
        Value::Bytes(bytes) => {
            lexical::write_base64(bytes, out);
            Ok(())
        }
        Value::SecureString(secret) => {
            lexical::write_base64(secret.wire().unwrap_or_default(), out);
            Ok(())
        }
        Value::Guid(id) => write!(out, "{id}"),
        Value::Nil | Value::Progress(_) | Value::Object(_) | Value::Ref(_) | Value::MemberSet(_) => Ok(()),
    };
}
