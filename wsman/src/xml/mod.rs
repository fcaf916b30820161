//! The only user of the XML crate.
//!
//! [`pull`] reads any document token by token, [`tree`] puts an envelope's
//! tokens into a small, bounded tree with namespaces, [`Writer`] writes
//! envelopes. None of them expands entities, reads a DTD or follows anything.

pub(crate) mod pull;
mod tree;
mod writer;

pub use pull::XmlError;
pub(crate) use tree::{Element, TreeError};
pub(crate) use writer::Writer;

/// Text or an attribute's value as it is meant; `None`: it refers to something
/// that is not there.
#[cfg(feature = "recorder")]
pub(crate) fn unescape(raw: &str) -> Option<String> {
    pull::unescape(raw, 0).ok().map(std::borrow::Cow::into_owned)
}
