//! A pull reader: start tags, text, end tags.
//!
//! It reads what .NET's reader reads with `CheckCharacters` off, because that
//! is what hosts write for: characters that XML 1.0 forbids come through, as
//! they are and as `&#xFFFE;`. It is stricter than the crate below: no
//! DOCTYPE, no entity but XML's five, every attribute of every tag is looked
//! at, and a document that ends early is an error.
//!
//! Depth costs it nothing; limits on depth and number are its users' business.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;

/// Attributes that one tag may have.
///
/// Chosen: CLIXML uses at most three, an envelope about a dozen namespace
/// declarations.
const MAX_ATTRIBUTES: usize = 64;

/// What is wrong with the XML. `at` counts bytes from the start of the text
/// that was read, behind a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// Not XML: markup that is cut, an end tag without its start, a name that
    /// is none, an attribute without quotes or given twice.
    #[error("the XML is broken at byte {at}")]
    Broken {
        /// Where.
        at: u64,
    },
    /// The document ends inside an element.
    #[error("the XML ends inside an element at byte {at}")]
    Unclosed {
        /// Where.
        at: u64,
    },
    /// A document type declaration: hosts send none, attackers do.
    #[error("the XML has a document type at byte {at}")]
    DocType {
        /// Where.
        at: u64,
    },
    /// An entity that is none of XML's five.
    #[error("the XML names an unknown entity at byte {at}")]
    UnknownEntity {
        /// Where.
        at: u64,
    },
    /// A character reference to no character.
    #[error("the XML refers to no character at byte {at}")]
    NoCharacter {
        /// Where.
        at: u64,
    },
    /// A tag with too many attributes.
    #[error("the XML has a tag of more than {limit} attributes at byte {at}")]
    TooManyAttributes {
        /// Where.
        at: u64,
        /// How many may be.
        limit: usize,
    },
    /// Text that no element holds.
    #[error("the XML has text outside of its elements at byte {at}")]
    TextOutside {
        /// Where.
        at: u64,
    },
    /// An element where only text may be.
    #[error("the XML has an element in place of text at byte {at}")]
    ElementInText {
        /// Where.
        at: u64,
    },
    /// A NUL byte, which in practice means UTF-16.
    #[error("the XML has a NUL byte at byte {at}")]
    Nul {
        /// Where.
        at: u64,
    },
}

/// What comes next in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A start tag. Its attributes are with [`Pull::take_attribute`] until
    /// the next start tag. An empty element gives an `End` as well.
    Start(&'a str),
    /// A piece of text; neighbouring pieces belong together.
    Text(Cow<'a, str>),
    /// An end tag.
    End,
}

/// A document being read.
pub(crate) struct Pull<'a> {
    source: &'a str,
    reader: Reader<&'a [u8]>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    depth: usize,
    /// The last start tag was an empty element's.
    end_due: bool,
    started: bool,
}

impl<'a> Pull<'a> {
    /// Starts to read. A byte order mark must be off already.
    ///
    /// # Errors
    ///
    /// [`XmlError::Nul`].
    pub(crate) fn new(source: &'a str) -> Result<Self, XmlError> {
        if let Some(at) = source.bytes().position(|byte| byte == 0) {
            return Err(XmlError::Nul { at: at as u64 });
        }
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_comments = true;
        Ok(Self { source, reader, attributes: Vec::new(), depth: 0, end_due: false, started: false })
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// The attribute of that name of the last start tag, taken out.
    pub(crate) fn take_attribute(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let index = self.attributes.iter().position(|(key, _)| *key == name)?;
        Some(self.attributes.swap_remove(index).1)
    }

    /// All attributes of the last start tag, taken out.
    pub(crate) fn take_attributes(&mut self) -> Vec<(&'a str, Cow<'a, str>)> {
        std::mem::take(&mut self.attributes)
    }

    /// The next token; `None` at the end of the document.
    ///
    /// Several elements may follow each other at the top.
    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        if std::mem::take(&mut self.end_due) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(Some(Token::End));
        }
        loop {
            let at = self.position();
            let first = !std::mem::replace(&mut self.started, true);
            let event = self.reader.read_event();
            let event = event.map_err(|_| XmlError::Broken { at: self.reader.error_position() })?;
            let text = match event {
                Event::Start(tag) => return self.open(tag.len(), 1).map(Some),
                Event::Empty(tag) => {
                    self.end_due = true;
                    return self.open(tag.len(), 2).map(Some);
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(Token::End));
                }
                Event::Eof if self.depth > 0 => return Err(XmlError::Unclosed { at }),
                Event::Eof => return Ok(None),
                Event::DocType(_) => return Err(XmlError::DocType { at }),
                Event::Decl(_) if !first => return Err(XmlError::Broken { at }),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
                Event::Text(text) => text.xml10_content(),
                Event::CData(text) if self.depth > 0 => text.xml10_content(),
                Event::GeneralRef(name) if self.depth > 0 => reference(&name, at)?,
                Event::CData(_) | Event::GeneralRef(_) => return Err(XmlError::TextOutside { at }),
            };
            if self.depth > 0 {
                return Ok(Some(Token::Text(text)));
            }
            if !is_blank(&text) {
                return Err(XmlError::TextOutside { at });
            }
        }
    }

    /// The text of the element that just started, its end tag read as well.
    ///
    /// # Errors
    ///
    /// [`XmlError::ElementInText`] when an element stands in it.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, XmlError> {
        let mut whole: Option<Cow<'a, str>> = None;
        loop {
            match self.next()? {
                Some(Token::Text(piece)) => match &mut whole {
                    None => whole = Some(piece),
                    Some(text) => text.to_mut().push_str(&piece),
                },
                Some(Token::End) => return Ok(whole.unwrap_or_default()),
                Some(Token::Start(_)) => return Err(XmlError::ElementInText { at: self.position() }),
                None => return Err(XmlError::Unclosed { at: self.position() }),
            }
        }
    }

    /// Takes in the start tag that was just read: `length` bytes, and
    /// `closing` bytes behind them.
    fn open(&mut self, length: usize, closing: usize) -> Result<Token<'a>, XmlError> {
        let at = self.position();
        let broken = XmlError::Broken { at };
        // The event borrows from itself; its bytes in the source outlive it.
        let end = usize::try_from(at).ok().and_then(|at| at.checked_sub(closing)).ok_or(broken)?;
        let tag = end.checked_sub(length).and_then(|start| self.source.get(start..end)).ok_or(broken)?;
        let name = tag.split(is_space).next().unwrap_or_default();
        if !is_name(name) {
            return Err(broken);
        }
        self.attributes.clear();
        for attribute in Attributes::new(tag, name.len()) {
            let attribute = attribute.map_err(|_| broken)?;
            let key = attribute.key.into_inner();
            let Cow::Borrowed(raw) = attribute.value else { return Err(broken) };
            if !is_name(key) {
                return Err(broken);
            }
            if self.attributes.len() == MAX_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes { at, limit: MAX_ATTRIBUTES });
            }
            self.attributes.push((key, unescape(raw, at)?));
        }
        self.depth += 1;
        Ok(Token::Start(name))
    }
}

/// Whether the text is a document of its own, as .NET loads one: a single
/// root, and every namespace prefix declared. A document type is refused.
pub(crate) fn is_document(text: &str) -> bool {
    let checked = || -> Result<bool, XmlError> {
        let mut pull = Pull::new(text)?;
        let mut roots = 0;
        // Prefixes that are declared, and how deep.
        let mut declared: Vec<(usize, &str)> = Vec::new();
        while let Some(token) = pull.next()? {
            declared.retain(|(depth, _)| *depth <= pull.depth);
            let Token::Start(name) = token else { continue };
            roots += usize::from(pull.depth == 1);
            let names = pull.attributes.iter().map(|(name, _)| *name);
            declared.extend(names.clone().filter_map(|name| Some((pull.depth, name.strip_prefix("xmlns:")?))));
            let known = |name: &str| match name.split_once(':') {
                None => true,
                Some((prefix, local)) => {
                    !local.contains(':')
                        && is_name(local)
                        && (matches!(prefix, "xml" | "xmlns") || declared.iter().any(|(_, known)| *known == prefix))
                }
            };
            if !known(name) || !names.clone().all(known) {
                return Ok(false);
            }
        }
        Ok(roots == 1)
    };
    checked().unwrap_or(false)
}

/// Whether the text is nothing but white space as XML has it.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// White space as XML has it.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Whether it may be the name of an element or attribute. Beyond ASCII all is
/// let through.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':') || !c.is_ascii();
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    name.chars().next().is_some_and(starts) && name.chars().all(goes_on)
}

/// What `&name;` stands for.
fn reference(name: &str, at: u64) -> Result<Cow<'static, str>, XmlError> {
    let text = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => {
            let number = name.strip_prefix('#').ok_or(XmlError::UnknownEntity { at })?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            let character = Some(digits)
                .filter(|digits| !digits.starts_with('+'))
                .and_then(|digits| u32::from_str_radix(digits, radix).ok())
                .and_then(char::from_u32);
            return character.map(|c| Cow::Owned(c.into())).ok_or(XmlError::NoCharacter { at });
        }
    };
    Ok(Cow::Borrowed(text))
}

/// An attribute's value: references undone, raw white space made blanks.
pub(super) fn unescape(raw: &str, at: u64) -> Result<Cow<'_, str>, XmlError> {
    if !raw.contains(['&', '<', '\t', '\r', '\n']) {
        return Ok(Cow::Borrowed(raw));
    }
    if raw.contains('<') {
        return Err(XmlError::Broken { at });
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, behind)) = rest.split_once('&') {
        push_normalised(&mut text, before);
        let (name, behind) = behind.split_once(';').ok_or(XmlError::Broken { at })?;
        text.push_str(&reference(name, at)?);
        rest = behind;
    }
    push_normalised(&mut text, rest);
    Ok(Cow::Owned(text))
}

/// Line ends and tabs of an attribute's value are read as one blank each.
fn push_normalised(text: &mut String, raw: &str) {
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        text.push(if is_space(c) { ' ' } else { c });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Vec<Token<'_>>, XmlError> {
        let mut pull = Pull::new(source)?;
        let mut tokens = Vec::new();
        while let Some(token) = pull.next()? {
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn text(source: &str) -> Result<String, XmlError> {
        let mut pull = Pull::new(source)?;
        pull.next()?;
        pull.text().map(Cow::into_owned)
    }

    #[test]
    fn text_comes_whole_however_it_is_written() {
        assert_eq!(text("<a>x &amp;&lt;<![CDATA[<&]]>&#65;&#x42;<!-- c --> y</a>").unwrap(), "x &<<&AB y");
    }

    #[test]
    fn an_empty_element_ends_like_any_other() {
        assert_eq!(read("<a/>").unwrap(), [Token::Start("a"), Token::End]);
        assert_eq!(read("<a  b='c' />").unwrap(), [Token::Start("a"), Token::End]);
    }

    #[test]
    fn characters_that_xml_forbids_are_read() {
        assert_eq!(text("<a>&#xFFFE;&#xFFFF;&#1;\u{1}\u{FFFF}</a>").unwrap(), "\u{FFFE}\u{FFFF}\u{1}\u{1}\u{FFFF}");
    }

    #[test]
    fn attributes_are_unescaped_and_normalised() {
        let mut pull = Pull::new("<a b='x&quot;&#xA;y\r\nz' c=\"'\"/>").unwrap();
        pull.next().unwrap();
        assert_eq!(pull.take_attribute("b").unwrap(), "x\"\ny z");
        assert_eq!(pull.take_attribute("c").unwrap(), "'");
        assert_eq!(pull.take_attribute("c"), None);
    }

    #[test]
    fn line_ends_are_normalised_but_references_to_them_are_not() {
        assert_eq!(text("<a>1\r\n2\r3&#13;</a>").unwrap(), "1\n2\n3\r");
    }

    #[test]
    fn a_doctype_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        assert_eq!(read(bomb).unwrap_err(), XmlError::DocType { at: 0 });
    }

    #[test]
    fn an_unknown_entity_is_refused() {
        assert_eq!(text("<a>&b;</a>").unwrap_err(), XmlError::UnknownEntity { at: 3 });
        assert!(matches!(text("<a b='&c;'/>").unwrap_err(), XmlError::UnknownEntity { .. }));
    }

    #[test]
    fn references_to_no_character_are_refused() {
        for reference in ["&#xD800;", "&#x110000;", "&#;", "&#x;", "&#+65;", "&#99999999999;"] {
            assert_eq!(text(&format!("<a>{reference}</a>")).unwrap_err(), XmlError::NoCharacter { at: 3 });
        }
    }

    #[test]
    fn what_the_crate_below_lets_through_is_refused() {
        assert!(matches!(read("<a><b>").unwrap_err(), XmlError::Unclosed { .. }));
        assert!(matches!(read("x<a/>").unwrap_err(), XmlError::TextOutside { .. }));
        assert!(matches!(read("<a/>&lt;").unwrap_err(), XmlError::TextOutside { .. }));
        assert!(matches!(read("<a b='<'/>").unwrap_err(), XmlError::Broken { .. }));
        assert!(matches!(read("<a b/>").unwrap_err(), XmlError::Broken { .. }));
        assert!(matches!(read("<a b='' b=''/>").unwrap_err(), XmlError::Broken { .. }));
        assert!(matches!(read("<1/>").unwrap_err(), XmlError::Broken { .. }));
        assert!(matches!(read("<a/><?xml version='1.0'?>").unwrap_err(), XmlError::Broken { .. }));
    }

    #[test]
    fn utf16_shows_by_its_nul_bytes() {
        assert_eq!(read("<\0a\0>\0").unwrap_err(), XmlError::Nul { at: 1 });
    }

    #[test]
    fn a_document_has_one_root_and_declares_its_prefixes() {
        for text in
            ["<a/>", "<?xml version='1.0'?><!-- c --><a x='1'>t<b/></a> ", "<p:a xmlns:p='u'><p:b xml:c=''/></p:a>"]
        {
            assert!(is_document(text), "{text}");
        }
        for text in [
            "",
            " ",
            "a",
            "<a>",
            "<a/><b/>",
            "<p:a/>",
            "<a><b xmlns:p='u'/><p:c/></a>",
            "<a p:b=''/>",
            "<a:/>",
            "<!DOCTYPE a><a/>",
            "<a>&b;</a>",
            "<a></b>",
        ] {
            assert!(!is_document(text), "{text}");
        }
    }

    #[test]
    fn many_attributes_are_refused() {
        let attributes: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
        let error = read(&format!("<a{attributes}/>")).unwrap_err();
        assert!(matches!(error, XmlError::TooManyAttributes { limit: 64, .. }));
    }
}
