//! Tests of the crate from outside: one binary, a module per subject.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]
#![allow(clippy::print_stdout, reason = "tests say what they counted")]

#[cfg(feature = "host-end")]
mod certificates;
#[cfg(feature = "host-end")]
mod contexts;
mod errors;
#[cfg(feature = "host-end")]
mod field;
#[cfg(feature = "host-end")]
mod host;
#[cfg(feature = "host-end")]
mod host_end;
mod layers;
#[cfg(feature = "process")]
mod link;
mod manual;
#[cfg(feature = "host-end")]
mod peer;
#[cfg(feature = "host-end")]
mod requests;
#[cfg(feature = "host-end")]
mod tls;
#[cfg(feature = "host-end")]
mod transport;
