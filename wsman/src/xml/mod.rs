//! XML: the only user of the XML crate.
//!
//! [`pull`] reads; writing is done by its users, who escape for themselves.
//! What it leaves out: namespaces, validation, entities beyond XML's own.

pub(crate) mod pull;

pub use pull::XmlError;
