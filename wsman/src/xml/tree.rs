//! A bounded tree of elements with namespaces.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

/// Chosen: envelopes seen go 9 deep; a Pull answer with shells 12.
const MAX_DEPTH: usize = 64;
/// Chosen: 511 KB envelopes with 1216 streams were seen
/// (`recordings/pwsh-7.6/size-many-objects`); this is fifty times that.
const MAX_ELEMENTS: usize = 65_536;

/// An element with what belongs to it.
#[derive(Debug, PartialEq)]
pub(crate) struct Element<'a> {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: String,
    /// Without namespace declarations; prefixed names keep their local part.
    attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Self>,
    /// All text directly inside, concatenated.
    pub(crate) text: Cow<'a, str>,
}

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not UTF-8, or it holds a NUL.
    #[error("document is not UTF-8 text")]
    NotText,
    /// Broken mark-up, at that byte.
    #[error("document is not well-formed at byte {at}")]
    Malformed {
        /// Bytes from the start.
        at: u64,
    },
    /// DTDs and entities are refused: nothing needs them, attacks do.
    #[error("document has a DTD or an entity of its own")]
    Entity,
    /// Deeper or larger than the limits.
    #[error("document exceeds the limit of {limit} {what}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl<'a> Element<'a> {
    /// Reads one document.
    pub(crate) fn parse(document: &'a str) -> Result<Self, XmlError> {
        if document.contains('\0') {
            return Err(XmlError::NotText);
        }
        Builder::default().read(document)
    }

    /// Reads one document out of bytes; a byte order mark is skipped.
    pub(crate) fn parse_bytes(document: &'a [u8]) -> Result<Self, XmlError> {
        let text = std::str::from_utf8(document).map_err(|_| XmlError::NotText)?;
        Self::parse(text.strip_prefix('\u{FEFF}').unwrap_or(text))
    }

    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    pub(crate) fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The text without surrounding white space.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

#[derive(Default)]
struct Builder<'a> {
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    elements: usize,
    /// Namespaces met so far: envelopes use a handful, a thousand times each.
    namespaces: Vec<Arc<str>>,
}

impl<'a> Builder<'a> {
    fn read(mut self, document: &'a str) -> Result<Element<'a>, XmlError> {
        let mut reader = NsReader::from_str(document);
        loop {
            let at = reader.buffer_position();
            let malformed = XmlError::Malformed { at };
            let (namespace, event) = reader.read_resolved_event().map_err(|_| malformed.clone())?;
            match event {
                Event::Start(start) => {
                    let element = self.element(&namespace, &start).ok_or(malformed)?;
                    self.push(element)?;
                }
                Event::Empty(start) => {
                    let element = self.element(&namespace, &start).ok_or(malformed.clone())?;
                    self.push(element)?;
                    self.pop().ok_or(malformed)?;
                }
                Event::End(_) => self.pop().ok_or(malformed)?,
                Event::Text(text) => self.text(text.into_inner(), malformed)?,
                Event::CData(data) => self.text(data.into_inner(), malformed)?,
                Event::GeneralRef(reference) => {
                    let resolved = resolve(&reference).ok_or(XmlError::Entity)?;
                    self.text(Cow::Owned(resolved.to_string()), malformed)?;
                }
                Event::DocType(_) => return Err(XmlError::Entity),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => {
                    return if self.open.is_empty() { self.root.ok_or(malformed) } else { Err(malformed) };
                }
            }
        }
    }

    fn element(&mut self, namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Option<Element<'a>> {
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(uri)) => self.namespace(uri),
            ResolveResult::Unbound => self.namespace(""),
            ResolveResult::Unknown(_) => return None,
        };
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            if attribute.key.as_namespace_binding().is_none() {
                let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
                attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
            }
        }
        let name = start.local_name().as_ref().to_owned();
        Some(Element { namespace, name, attributes, children: Vec::new(), text: Cow::Borrowed("") })
    }

    fn namespace(&mut self, uri: &str) -> Arc<str> {
        if let Some(known) = self.namespaces.iter().find(|known| &***known == uri) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(uri);
        self.namespaces.push(Arc::clone(&new));
        new
    }

    fn push(&mut self, element: Element<'a>) -> Result<(), XmlError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlError::Limit { what: "elements", limit: MAX_ELEMENTS });
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlError::Limit { what: "levels", limit: MAX_DEPTH });
        }
        self.open.push(element);
        Ok(())
    }

    fn pop(&mut self) -> Option<()> {
        let element = self.open.pop()?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return None,
        }
        Some(())
    }

    fn text(&mut self, text: Cow<'a, str>, malformed: XmlError) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) if element.text.is_empty() => element.text = text,
            Some(element) => element.text.to_mut().push_str(&text),
            None if text.trim().is_empty() => {}
            None => return Err(malformed),
        }
        Ok(())
    }
}

/// One of the five entities of XML, or a character reference.
fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_matter_namespaces_do() {
        let document = "<q:a xmlns:q='urn:s' xmlns='urn:x'><b c='1 &amp; 2'>t&lt;<![CDATA[<u>]]></b></q:a>";
        let root = Element::parse(document).unwrap();
        assert!(root.is("urn:s", "a"));
        let b = root.child("urn:x", "b").unwrap();
        assert_eq!(b.attribute("c"), Some("1 & 2"));
        assert_eq!(b.text, "t<<u>");
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        for bad in ["", "x", "<a>", "<a><b></a></b>", "<a/><b/>", "<a/>x", "<a x='1' x='2'/>", "<p:a/>", "</a>", "<a>\0</a>"] {
            assert!(Element::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Element::parse("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"), Err(XmlError::Entity));
        assert_eq!(Element::parse("<a>&e;</a>"), Err(XmlError::Entity));
        assert_eq!(Element::parse_bytes(b"<a>\xff</a>"), Err(XmlError::NotText));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert!(matches!(Element::parse(&deep), Err(XmlError::Limit { what: "levels", .. })));
        let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        assert!(matches!(Element::parse(&wide), Err(XmlError::Limit { what: "elements", .. })));
    }
}
