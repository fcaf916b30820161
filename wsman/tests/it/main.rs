//! Tests of the crate from outside. One binary, a module per subject.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]

mod host;
mod interop;
mod transport;
