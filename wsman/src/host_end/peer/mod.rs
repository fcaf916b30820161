//! The WS-Management service of one host, without I/O.
//!
//! A [`Peer`] is told requests (already signed in and unsealed) and the time,
//! and gives answers. It holds Receives until there is something to say,
//! packs whole fragments into what the client's `MaxEnvelopeSize` has room
//! for, keeps shells apart by owner, and counts. What runs behind a shell is
//! an [`Engine`](super::engine::Engine).
//!
//! Left out: Get, Put, configuration (answered with fault 2150858778), the `cmd` shell (2150858811), compression.

mod channel;
mod counters;
mod options;
mod outbox;
mod refusal;
mod service;
mod shell;
#[cfg(test)]
mod tests;
mod wire;

pub use channel::RequestId;
pub use counters::Counters;
pub use options::{OpenEngine, OpenError, PeerOptions, RobustSupport};
pub use service::{Output, Peer, Reply};
