//! The only user of the XML crate.
//!
//! [`tree`] reads envelopes into a small, bounded tree; [`Writer`] writes
//! them. Neither expands entities, reads a DTD or follows anything.

pub(crate) mod tree;
mod writer;

pub(crate) use tree::{Element, XmlError};
pub(crate) use writer::Writer;
