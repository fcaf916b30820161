//! `<Obj>` and what it is made of.

use std::sync::Arc;

use super::{DecodeError, Decoder, NAMED_IDS, Slot};
use crate::clixml::{Content, ListKind, Object, Property, RefId, TypeNames, Value};

impl<'a> Decoder<'a, '_> {
    /// The object whose start tag was just read. Its parts may come in any
    /// order.
    ///
    /// Source: [MS-PSRP] §2.2.5.2.
    pub(super) fn object(&mut self) -> Result<Arc<Object>, DecodeError> {
        let key = self.ref_id();
        self.opened += 1;
        let number = self.opened;
        let mut object = Object::default();
        if let Some(key) = &key {
            let id = self.numbered(key);
            object.ref_id = Some(id);
            // An id given twice means the later object, as for PowerShell.
            self.objects.insert(key.clone(), Slot::Open(number, id));
        }
        self.parts(&mut object)?;
        let object = Arc::new(object);
        if let Some(slot) = key.and_then(|key| self.objects.get_mut(&key))
            && matches!(slot, Slot::Open(open, _) if *open == number)
        {
            *slot = Slot::Closed(Arc::clone(&object));
        }
        Ok(object)
    }

    /// The id of a `RefId`, which may be any text.
    fn numbered(&mut self, key: &str) -> RefId {
        let canonical = !key.starts_with(['+', '0']) || key == "0";
        match key.parse() {
            Ok(number) if canonical && number < NAMED_IDS => RefId(number),
            _ => {
                self.named += 1;
                RefId(self.named)
            }
        }
    }

    fn parts(&mut self, object: &mut Object) -> Result<(), DecodeError> {
        let (mut adapted, mut extended) = (false, false);
        while let Some(name) = self.child()? {
            match name {
                "TN" | "TNRef" => {
                    self.once("TN", object.type_names.is_none())?;
                    object.type_names = Some(if name == "TN" { self.type_names()? } else { self.type_reference()? });
                }
                "ToString" => {
                    self.once("ToString", object.to_string.is_none())?;
                    object.to_string = Some(self.escaped()?);
                }
                "Props" => {
                    self.once("Props", !std::mem::replace(&mut adapted, true))?;
                    object.adapted = self.properties()?;
                }
                "MS" => {
                    self.once("MS", !std::mem::replace(&mut extended, true))?;
                    object.extended = self.members()?;
                }
                _ => {
                    self.once("content", matches!(object.content, Content::None))?;
                    object.content = self.content(name)?;
                }
            }
        }
        Ok(())
    }

    fn once(&self, element: &'static str, first: bool) -> Result<(), DecodeError> {
        if first { Ok(()) } else { Err(DecodeError::Repeated { element, at: self.xml.position() }) }
    }

    /// What an object is besides its properties.
    fn content(&mut self, name: &'a str) -> Result<Content, DecodeError> {
        let kind = match name {
            "LST" => ListKind::List,
            "IE" => ListKind::Enumerable,
            "STK" => ListKind::Stack,
            "QUE" => ListKind::Queue,
            "DCT" => return self.entries().map(Content::Dictionary),
            // An object around an object: hosts read it (`corruptedcim.clixml`).
            "Obj" => return self.value(name).map(Content::Primitive),
            _ => {
                let primitive = self.primitive(name)?.ok_or_else(|| self.unexpected(name))?;
                return Ok(Content::Primitive(primitive));
            }
        };
        let mut items = Vec::new();
        while let Some(name) = self.child()? {
            items.push(self.value(name)?);
        }
        Ok(Content::List(kind, items))
    }

    /// Source: [MS-PSRP] §2.2.5.2.6.4.
    fn entries(&mut self) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut entries = Vec::new();
        while let Some(name) = self.child()? {
            if name != "En" {
                return Err(self.unexpected(name));
            }
            let key = self.half("Key")?;
            if key == Value::Nil {
                return Err(DecodeError::NilKey { at: self.xml.position() });
            }
            entries.push((key, self.half("Value")?));
            if self.child()?.is_some() {
                return Err(DecodeError::NotAnEntry { at: self.xml.position() });
            }
        }
        Ok(entries)
    }

    /// The key or the value of an entry.
    fn half(&mut self, which: &str) -> Result<Value, DecodeError> {
        let child = self.child()?;
        let named = self.attribute("N");
        match (child, named) {
            (Some(name), Some(n)) if n.as_str().is_some_and(|n| n.eq_ignore_ascii_case(which)) => self.value(name),
            _ => Err(DecodeError::NotAnEntry { at: self.xml.position() }),
        }
    }

    /// The properties of a `<Props>`.
    ///
    /// Source: [MS-PSRP] §2.2.5.2.8.
    fn properties(&mut self) -> Result<Vec<Property>, DecodeError> {
        let mut properties = Vec::new();
        while let Some(element) = self.child()? {
            let name = self.attribute("N").ok_or_else(|| self.missing("N"))?;
            properties.push(Property { name, value: self.value(element)? });
        }
        Ok(properties)
    }

    /// The properties and member sets of an `<MS>`.
    ///
    /// Source: [MS-PSRP] §2.2.5.2.9.
    fn members(&mut self) -> Result<Vec<Property>, DecodeError> {
        let mut members = Vec::new();
        while let Some(element) = self.child()? {
            let name = self.attribute("N").ok_or_else(|| self.missing("N"))?;
            let value = if element == "MS" {
                self.enter()?;
                let set = self.members()?;
                self.depth -= 1;
                Value::MemberSet(set)
            } else {
                self.value(element)?
            };
            members.push(Property { name, value });
        }
        Ok(members)
    }

    /// Source: [MS-PSRP] §2.2.5.2.3.
    fn type_names(&mut self) -> Result<TypeNames, DecodeError> {
        let key = self.ref_id();
        let mut names: Vec<Box<str>> = Vec::new();
        while let Some(element) = self.child()? {
            if element != "T" {
                return Err(self.unexpected(element));
            }
            let name = self.escaped()?;
            // No type's name has half a surrogate pair in it.
            let name = name.as_str().ok_or_else(|| DecodeError::Invalid { element: "T", at: self.xml.position() })?;
            names.push(name.into());
        }
        let names = TypeNames::from(names);
        if let Some(key) = key {
            self.types.insert(key, Arc::clone(&names));
        }
        Ok(names)
    }

    fn type_reference(&mut self) -> Result<TypeNames, DecodeError> {
        let key = self.ref_id().ok_or_else(|| self.missing("RefId"))?;
        self.empty()?;
        self.types.get(&key).map(Arc::clone).ok_or_else(|| DecodeError::Dangling { at: self.xml.position() })
    }
}
