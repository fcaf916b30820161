//! From the wire.

mod object;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::escape;
use super::lexical;
use super::number;
use super::{
    DateTime, Decimal, DecodeError, InvalidLexical, Limits, Object, Progress, RefId, SecureString, Text, TimeSpan,
    TypeNames, Value, Version,
};
use crate::xml::pull::{Pull, Token, is_blank, is_space};

/// Longest name of an unknown element that an error repeats.
const NAME_IN_ERROR: usize = 64;

/// From here on ids are given to objects whose `RefId` is not a number.
const NAMED_IDS: u64 = 1 << 63;

/// One value of [`decode_all`].
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `S`: the stream (`Output`, `Error`, …) in what `powershell.exe` writes
    /// to its standard error; messages have none.
    pub stream: Option<Text>,
    /// The value.
    pub value: Value,
}

/// Decodes the payload of a message: one value.
///
/// A byte order mark is skipped, nothing at all is [`Value::Nil`], an
/// `<Objs>` around the value is accepted. What is lost: white space between
/// elements, comments, how references were numbered, in what order the parts
/// of an object came, and whether a `<Props>` or `<MS>` without members was
/// there. None of it means anything to PowerShell.
///
/// Source: [MS-PSRP] §2.2.5; strictness as PowerShell's own reader.
///
/// # Errors
///
/// [`DecodeError`]: the peer sent something that is no CLIXML, or more than
/// `limits` allow.
pub fn decode(document: impl AsRef<[u8]>, limits: &Limits) -> Result<Value, DecodeError> {
    let text = as_text(document.as_ref(), limits)?;
    if text.is_empty() {
        // Seen: `$null` as output (recording `no-output`).
        return Ok(Value::Nil);
    }
    let mut items = decode_text(text, limits)?;
    match items.pop() {
        Some(item) if items.is_empty() => Ok(item.value),
        last => Err(DecodeError::NotOneValue { found: items.len() + usize::from(last.is_some()) }),
    }
}

/// Decodes any number of values, with or without an `<Objs>` around them, also of
/// several documents one after the other.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_all(document: impl AsRef<[u8]>, limits: &Limits) -> Result<Vec<Item>, DecodeError> {
    decode_text(as_text(document.as_ref(), limits)?, limits)
}

fn as_text<'a>(document: &'a [u8], limits: &Limits) -> Result<&'a str, DecodeError> {
    let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    if document.len() > limits.bytes {
        return Err(DecodeError::TooLarge { found: document.len(), limit: limits.bytes });
    }
    std::str::from_utf8(document).map_err(|error| DecodeError::NotUtf8 { at: error.valid_up_to() })
}

fn decode_text(text: &str, limits: &Limits) -> Result<Vec<Item>, DecodeError> {
    let mut decoder = Decoder {
        xml: Pull::new(text)?,
        limits,
        nodes: 0,
        depth: 0,
        objects: HashMap::new(),
        types: HashMap::new(),
        named: NAMED_IDS,
        opened: 0,
    };
    let mut items = Vec::new();
    let mut wrapped = false;
    loop {
        match decoder.child()? {
            Some("Objs") if !wrapped && items.is_empty() => {
                decoder.version()?;
                wrapped = true;
            }
            Some(name) => {
                let stream = decoder.attribute("S");
                items.push(Item { stream, value: decoder.value(name)? });
            }
            // The end of the wrapper, then of the document.
            None if wrapped => match decoder.child()? {
                None => return Ok(items),
                // Seen: what several processes wrote to one stream, document
                // after document (ansible#69550). Each counts its references anew.
                Some("Objs") => {
                    decoder.version()?;
                    decoder.objects.clear();
                    decoder.types.clear();
                }
                Some(name) => return Err(decoder.unexpected(name)),
            },
            None => return Ok(items),
        }
    }
}

/// What a `RefId` stands for.
enum Slot {
    /// An object that is still being read: the how-manieth, and its id.
    Open(u64, RefId),
    Closed(Arc<Object>),
}

struct Decoder<'a, 'l> {
    xml: Pull<'a>,
    limits: &'l Limits,
    nodes: usize,
    depth: usize,
    objects: HashMap<Cow<'a, str>, Slot>,
    types: HashMap<Cow<'a, str>, TypeNames>,
    /// The next id for a `RefId` that is not a number.
    named: u64,
    /// Objects started so far.
    opened: u64,
}

impl<'a> Decoder<'a, '_> {
    /// The next element inside the current one; `None` at its end.
    fn child(&mut self) -> Result<Option<&'a str>, DecodeError> {
        loop {
            match self.xml.next()? {
                Some(Token::Start(name)) => {
                    self.nodes += 1;
                    if self.nodes > self.limits.nodes {
                        return Err(DecodeError::TooManyNodes { limit: self.limits.nodes });
                    }
                    return Ok(Some(name));
                }
                Some(Token::Text(text)) if is_blank(&text) => {}
                Some(Token::Text(_)) => return Err(DecodeError::StrayText { at: self.xml.position() }),
                Some(Token::End) | None => return Ok(None),
            }
        }
    }

    /// The value whose start tag was just read.
    fn value(&mut self, name: &'a str) -> Result<Value, DecodeError> {
        self.enter()?;
        let value = match name {
            "Obj" => self.object().map(Value::Object),
            "Ref" => self.reference(),
            "Nil" => self.empty().map(|()| Value::Nil),
            _ => self.primitive(name)?.ok_or_else(|| self.unexpected(name)),
        };
        self.depth -= 1;
        value
    }

    /// Goes one level down. Whoever succeeds takes one off `depth` after.
    fn enter(&mut self) -> Result<(), DecodeError> {
        let limit = self.limits.depth();
        if self.depth == limit {
            return Err(DecodeError::TooDeep { limit });
        }
        self.depth += 1;
        Ok(())
    }

    /// The value whose start tag was just read, if it is a primitive.
    ///
    /// Source: [MS-PSRP] §2.2.5.1.
    fn primitive(&mut self, name: &'a str) -> Result<Option<Value>, DecodeError> {
        let value = match name {
            "S" => Value::String(self.escaped()?),
            "C" => Value::Char(self.scalar("C", number::integer)?),
            "B" => Value::Bool(self.scalar("B", lexical::boolean)?),
            "DT" => Value::DateTime(self.lexical("DT", DateTime::parse)?),
            "TS" => Value::TimeSpan(self.lexical("TS", TimeSpan::parse)?),
            "By" => Value::U8(self.scalar("By", number::integer)?),
            "SB" => Value::I8(self.scalar("SB", number::integer)?),
            "U16" => Value::U16(self.scalar("U16", number::integer)?),
            "I16" => Value::I16(self.scalar("I16", number::integer)?),
            "U32" => Value::U32(self.scalar("U32", number::integer)?),
            "I32" => Value::I32(self.scalar("I32", number::integer)?),
            "U64" => Value::U64(self.scalar("U64", number::integer)?),
            "I64" => Value::I64(self.scalar("I64", number::integer)?),
            "Sg" => Value::F32(self.scalar("Sg", number::float)?),
            "Db" => Value::F64(self.scalar("Db", number::float)?),
            "D" => Value::Decimal(self.lexical("D", Decimal::parse)?),
            "BA" => Value::Bytes(self.scalar("BA", lexical::base64)?),
            "G" => Value::Guid(self.scalar("G", lexical::guid)?),
            "URI" => Value::Uri(self.escaped()?),
            "Version" => Value::Version(self.lexical("Version", Version::parse)?),
            "XD" => Value::Xml(self.escaped()?),
            "SBK" => Value::ScriptBlock(self.escaped()?),
            "SS" => Value::SecureString(SecureString::sealed(self.scalar("SS", lexical::base64)?)),
            "PR" => Value::Progress(Box::new(self.progress()?)),
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    /// Source: [MS-PSRP] §2.2.5.1.25.
    fn progress(&mut self) -> Result<Progress, DecodeError> {
        let progress = Progress {
            activity: self.part("AV", Self::escaped)?,
            activity_id: self.part("AI", |decoder| decoder.scalar("AI", number::integer))?,
            current_operation: match self.child()? {
                Some("S") => Some(self.escaped()?),
                Some("Nil") => self.empty().map(|()| None)?,
                name => return Err(self.unexpected(name.unwrap_or("/PR"))),
            },
            parent_id: self.part("PI", |decoder| decoder.scalar("PI", number::integer))?,
            percent: self.part("PC", |decoder| decoder.scalar("PC", number::integer))?,
            kind: self.part("T", |decoder| {
                decoder.scalar("T", |text| ["Processing", "Completed"].contains(&text).then(|| text.into()))
            })?,
            seconds_remaining: self.part("SR", |decoder| decoder.scalar("SR", number::integer))?,
            status: self.part("SD", Self::escaped)?,
        };
        match self.child()? {
            None => Ok(progress),
            Some(name) => Err(self.unexpected(name)),
        }
    }

    /// The next child, which must be of that name.
    fn part<T>(
        &mut self,
        element: &str,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        match self.child()? {
            Some(name) if name == element => read(self),
            name => Err(self.unexpected(name.unwrap_or("/PR"))),
        }
    }

    /// The text of an element whose text is escaped.
    fn escaped(&mut self) -> Result<Text, DecodeError> {
        Ok(escape::decode(self.xml.text()?))
    }

    fn scalar<T>(&mut self, element: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, DecodeError> {
        let text = self.xml.text()?;
        parse(text.trim_matches(is_space)).ok_or_else(|| DecodeError::Invalid { element, at: self.xml.position() })
    }

    fn lexical<T>(
        &mut self,
        element: &'static str,
        parse: impl FnOnce(&str) -> Result<T, InvalidLexical>,
    ) -> Result<T, DecodeError> {
        self.scalar(element, |text| parse(text).ok())
    }

    /// A `<Ref>`.
    ///
    /// Source: [MS-PSRP] §2.2.5.2.1.
    fn reference(&mut self) -> Result<Value, DecodeError> {
        let id = self.ref_id().ok_or_else(|| self.missing("RefId"))?;
        self.empty()?;
        match self.objects.get(&id) {
            Some(Slot::Closed(object)) => Ok(Value::Object(Arc::clone(object))),
            Some(Slot::Open(_, id)) => Ok(Value::Ref(*id)),
            None => Err(DecodeError::Dangling { at: self.xml.position() }),
        }
    }

    fn ref_id(&mut self) -> Option<Cow<'a, str>> {
        self.xml.take_attribute("RefId")
    }

    /// Reads to the end of an element that holds nothing.
    fn empty(&mut self) -> Result<(), DecodeError> {
        if is_blank(&self.xml.text()?) { Ok(()) } else { Err(DecodeError::StrayText { at: self.xml.position() }) }
    }

    /// Checks the version of an `<Objs>`, if it tells one.
    fn version(&mut self) -> Result<(), DecodeError> {
        match self.xml.take_attribute("Version") {
            Some(version) if version.split('.').next() != Some("1") => {
                Err(DecodeError::UnsupportedVersion { at: self.xml.position() })
            }
            _ => Ok(()),
        }
    }

    /// An attribute whose text is escaped.
    fn attribute(&mut self, name: &str) -> Option<Text> {
        self.xml.take_attribute(name).map(escape::decode)
    }

    fn missing(&self, attribute: &'static str) -> DecodeError {
        DecodeError::MissingAttribute { attribute, at: self.xml.position() }
    }

    fn unexpected(&self, name: &str) -> DecodeError {
        DecodeError::UnexpectedElement { element: name.chars().take(NAME_IN_ERROR).collect(), at: self.xml.position() }
    }
}
