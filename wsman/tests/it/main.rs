//! Tests of the crate from outside. One binary, a module per subject.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]

#[cfg(feature = "net")]
mod host;
#[cfg(feature = "net")]
mod interop;
#[cfg(feature = "net")]
mod transport;
