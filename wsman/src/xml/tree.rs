//! A bounded tree of elements with namespaces.

use std::borrow::Cow;
use std::sync::Arc;

use super::XmlError;
use super::pull::{Pull, Token};

/// Chosen: envelopes seen go 9 deep; a Pull answer with shells 12.
const MAX_DEPTH: usize = 64;
/// Chosen: 511 KB envelopes with 1216 streams were seen
/// (`recordings/pwsh-7.6/size-many-objects`); this is fifty times that.
const MAX_ELEMENTS: usize = 65_536;

/// An element with what belongs to it.
#[derive(Debug, PartialEq)]
pub(crate) struct Element<'a> {
    namespace: Arc<str>,
    name: &'a str,
    /// Without namespace declarations, by local name.
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    pub(crate) children: Vec<Self>,
    /// All text directly inside, concatenated.
    pub(crate) text: Cow<'a, str>,
}

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// Not UTF-8.
    #[error("document is not UTF-8")]
    NotUtf8,
    /// Not well-formed, or with a DTD or entities of its own.
    #[error("document is not readable XML")]
    Xml(#[from] XmlError),
    /// A prefix without a declaration.
    #[error("document uses a namespace prefix that it does not declare")]
    UnknownPrefix,
    /// No root element, or several.
    #[error("document does not have exactly one root element")]
    NotOneRoot,
    /// Deeper than the limit.
    #[error("document is more than {limit} levels deep")]
    TooDeep {
        /// Levels.
        limit: usize,
    },
    /// Larger than the limit.
    #[error("document has more than {limit} elements")]
    TooLarge {
        /// Elements.
        limit: usize,
    },
}

impl<'a> Element<'a> {
    /// Reads one document.
    pub(crate) fn parse(document: &'a str) -> Result<Self, TreeError> {
        let mut pull = Pull::new(document)?;
        let mut builder = Builder::default();
        while let Some(token) = pull.next()? {
            match token {
                Token::Start(name) => builder.start(name, pull.take_attributes())?,
                Token::Text(text) => builder.text(text),
                Token::End => builder.end()?,
            }
        }
        builder.root.ok_or(TreeError::NotOneRoot)
    }

    /// Reads one document out of bytes; a byte order mark is skipped.
    pub(crate) fn parse_bytes(document: &'a [u8]) -> Result<Self, TreeError> {
        let text = std::str::from_utf8(document).map_err(|_| TreeError::NotUtf8)?;
        Self::parse(text.strip_prefix('\u{FEFF}').unwrap_or(text))
    }

    /// Local name.
    #[cfg(feature = "recorder")]
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// By local name, without namespace declarations.
    #[cfg(feature = "recorder")]
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (*name, &**value))
    }

    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    pub(crate) fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| *n == name).map(|(_, value)| &**value)
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
    /// Prefixes in scope, innermost last, with the depth that declared them.
    scope: Vec<(usize, &'a str, Arc<str>)>,
}

impl<'a> Builder<'a> {
    fn start(&mut self, name: &'a str, mut attributes: Vec<(&'a str, Cow<'a, str>)>) -> Result<(), TreeError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(TreeError::TooLarge { limit: MAX_ELEMENTS });
        }
        let depth = self.open.len();
        if depth >= MAX_DEPTH {
            return Err(TreeError::TooDeep { limit: MAX_DEPTH });
        }
        attributes.retain(|(key, value)| {
            let prefix = if *key == "xmlns" { Some("") } else { key.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix {
                self.scope.push((depth, prefix, Arc::from(&**value)));
            }
            prefix.is_none()
        });
        for (key, _) in &mut attributes {
            *key = key.rsplit(':').next().unwrap_or(key);
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = match self.scope.iter().rev().find(|(_, known, _)| *known == prefix) {
            Some((_, _, uri)) => Arc::clone(uri),
            None if prefix.is_empty() => Arc::from(""),
            None => return Err(TreeError::UnknownPrefix),
        };
        let (children, text) = (Vec::new(), Cow::Borrowed(""));
        self.open.push(Element { namespace, name: local, attributes, children, text });
        Ok(())
    }

    fn end(&mut self) -> Result<(), TreeError> {
        let element = self.open.pop().ok_or(TreeError::NotOneRoot)?;
        let depth = self.open.len();
        self.scope.truncate(self.scope.iter().position(|(at, ..)| *at >= depth).unwrap_or(self.scope.len()));
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(TreeError::NotOneRoot),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>) {
        match self.open.last_mut() {
            Some(element) if element.text.is_empty() => element.text = text,
            Some(element) => element.text.to_mut().push_str(&text),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_matter_namespaces_do() {
        let root = Element::parse(
            "<q:a xmlns:q='urn:s' xmlns='urn:x'><b q:c='1 &amp; 2'>t&lt;<![CDATA[<u>]]></b><q:d xmlns:q='urn:t'/><q:e/></q:a>",
        )
        .unwrap();
        assert!(root.is("urn:s", "a"));
        let b = root.child("urn:x", "b").unwrap();
        assert_eq!(b.attribute("c"), Some("1 & 2"));
        assert_eq!(b.text, "t<<u>");
        assert!(root.child("urn:t", "d").is_some(), "declared on the element itself");
        assert!(root.child("urn:s", "e").is_some(), "and out of scope behind it");
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        for bad in
            ["", "x", "<a>", "<a><b></a></b>", "<a/><b/>", "<a/>x", "<a x='1' x='2'/>", "<p:a/>", "</a>", "<a>\0</a>"]
        {
            assert!(Element::parse(bad).is_err(), "{bad:?}");
        }
        assert!(matches!(Element::parse("<!DOCTYPE a []><a/>"), Err(TreeError::Xml(XmlError::DocType { .. }))));
        assert!(matches!(Element::parse("<a>&e;</a>"), Err(TreeError::Xml(XmlError::UnknownEntity { .. }))));
        assert_eq!(Element::parse_bytes(b"<a>\xff</a>"), Err(TreeError::NotUtf8));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert_eq!(Element::parse(&deep), Err(TreeError::TooDeep { limit: MAX_DEPTH }));
        let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        assert_eq!(Element::parse(&wide), Err(TreeError::TooLarge { limit: MAX_ELEMENTS }));
    }
}
