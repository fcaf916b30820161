//! Tests of the crate from outside: one binary, a module per subject.

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]
#![allow(clippy::print_stdout, reason = "tests say what they left out")]

#[cfg(feature = "testing")]
mod certificates;
mod clixml;
#[cfg(feature = "testing")]
mod contexts;
#[cfg(feature = "process")]
mod engine;
mod errors;
#[cfg(feature = "testing")]
mod host;
#[cfg(feature = "testing")]
mod host_end;
mod infoset;
#[cfg(feature = "testing")]
mod interop;
mod layers;
#[cfg(feature = "process")]
mod link;
mod manual;
#[cfg(feature = "testing")]
mod peer;
mod replay;
#[cfg(feature = "testing")]
mod requests;
#[cfg(feature = "testing")]
mod tls;
#[cfg(feature = "testing")]
mod transport;
