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
