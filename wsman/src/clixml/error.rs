//! What can be wrong with a document.

use crate::xml::XmlError;

/// A document that is no CLIXML, or more of it than was allowed. `at` counts
/// bytes from its start, behind a byte order mark.
///
/// Nothing of the document's text is in it but an element's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// More than [`Limits::bytes`](super::Limits::bytes).
    #[error("the document has {found} bytes, more than {limit}")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// More than [`Limits::depth`](field@super::Limits::depth).
    #[error("values are nested deeper than {limit}")]
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
    /// More than [`Limits::nodes`](super::Limits::nodes).
    #[error("the document has more than {limit} elements")]
    TooManyNodes {
        /// How many may be.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the document is not UTF-8 at byte {at}")]
    NotUtf8 {
        /// The first byte that is not.
        at: usize,
    },
    /// Not XML.
    #[error("the document is not readable as XML")]
    Xml(#[from] XmlError),
    /// An element that has no meaning where it stands. A very long name is
    /// cut.
    #[error("unexpected element {element:?} at byte {at}")]
    UnexpectedElement {
        /// Its name.
        element: Box<str>,
        /// Behind it.
        at: u64,
    },
    /// An element that may stand once only.
    #[error("a second {element} in one object at byte {at}")]
    Repeated {
        /// What there are two of.
        element: &'static str,
        /// Behind its start.
        at: u64,
    },
    /// Text between elements.
    #[error("text between elements at byte {at}")]
    StrayText {
        /// Behind it.
        at: u64,
    },
    /// The text of an element is not in its form.
    #[error("not a CLIXML {element} at byte {at}")]
    Invalid {
        /// The element.
        element: &'static str,
        /// Behind it.
        at: u64,
    },
    /// An attribute is missing: `N` of a member or entry, `RefId` of a
    /// reference.
    #[error("attribute {attribute} is missing at byte {at}")]
    MissingAttribute {
        /// The attribute.
        attribute: &'static str,
        /// Behind the tag.
        at: u64,
    },
    /// A dictionary's entry that is not a `Key` and a `Value`.
    #[error("expected a key and a value at byte {at}")]
    NotAnEntry {
        /// Behind it.
        at: u64,
    },
    /// `$null` as a key.
    #[error("a dictionary has null for a key at byte {at}")]
    NilKey {
        /// Behind it.
        at: u64,
    },
    /// A `<Ref>` or `<TNRef>` to nothing that came before.
    #[error("reference to nothing at byte {at}")]
    Dangling {
        /// Behind it.
        at: u64,
    },
    /// `<Objs>` of a version other than 1.
    #[error("unsupported version of CLIXML at byte {at}")]
    UnsupportedVersion {
        /// Behind the tag.
        at: u64,
    },
    /// Where one value was due.
    #[error("expected one value, found {found}")]
    NotOneValue {
        /// How many there were.
        found: usize,
    },
}

/// A value that no host would take. Most of these a host would answer with
/// silence, for ever (PowerShell 7.6, recording `bad-create-pipeline`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// More than [`Limits::bytes`](super::Limits::bytes).
    #[error("the document has more than {limit} bytes")]
    TooLarge {
        /// How many may be.
        limit: usize,
    },
    /// More than [`Limits::depth`](field@super::Limits::depth).
    #[error("values are nested deeper than {limit}")]
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
    /// More than [`Limits::nodes`](super::Limits::nodes).
    #[error("the document has more than {limit} elements")]
    TooManyNodes {
        /// How many may be.
        limit: usize,
    },
    /// A [`Value::Ref`](super::Value::Ref) to an object that does not enclose
    /// it.
    #[error("reference to object {id}, which does not enclose it")]
    Dangling {
        /// The object.
        id: u64,
    },
    /// [`Content::Primitive`](super::Content::Primitive) of something that is
    /// no primitive and no object.
    #[error("the content of an object is no primitive")]
    NotAPrimitive,
    /// A [`Value::MemberSet`](super::Value::MemberSet) that is not an extended
    /// property.
    #[error("a member set outside of extended properties")]
    MisplacedMemberSet,
    /// A property without a name.
    #[error("a property has no name")]
    NoName,
    /// Two adapted or two extended properties of one name, compared without
    /// case.
    #[error("two properties have one name")]
    RepeatedName,
    /// `$null` as a key.
    #[error("a dictionary has null for a key")]
    NilKey,
    /// A [`Progress`](super::Progress) that is neither `Processing` nor
    /// `Completed`.
    #[error("a progress record of no known kind")]
    NoProgressKind,
    /// A [`Value::Xml`](super::Value::Xml) that is no XML document. Hosts send
    /// an empty one for an empty document, but take none.
    #[error("not an XML document")]
    NotXml,
    /// A [`SecureString`](super::SecureString) in clear. A session seals those
    /// that it sends.
    #[error("a SecureString is not sealed")]
    NotSealed,
}
