//! WS-Management envelopes.
mod fault;
pub use fault::Fault;
