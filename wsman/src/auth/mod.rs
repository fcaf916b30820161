//! Signing in: one mechanism, one TCP connection.
//!
//! NTLM and its relatives sign in the *connection* and number every sealed
//! message on it. A value here therefore belongs to exactly one connection
//! and is thrown away with it. Nothing here does I/O, reads a clock or draws
//! randomness of its own: tokens, time and [`Entropy`](crate::entropy::Entropy)
//! come in as arguments, so that the worked examples of the specification are
//! unit tests.
//!
//! - [`ntlm`] is the client end of NTLM and its sealing; [`Negotiator`] wraps it
//!   in SPNEGO.
//! - [`Acceptor`] is the host end: NTLM as it is, or wrapped in SPNEGO.
//! - [`ChannelBinding`] ties a sign-in to its TLS channel.
//! - [`basic`] sends the password itself: for TLS only.
//! - [`multipart`] frames what a [`Seal`] makes for the wire.
//! - `CredSsp` (feature `credssp`) hands the password itself to the host, for
//!   its use.
//!
//! Left out: Kerberos.

mod acceptor;
pub mod basic;
mod certificate;
mod channel;
#[cfg(feature = "credssp")]
mod credssp;
mod error;
mod mechanism;
pub mod multipart;
mod negotiate;
pub mod ntlm;
#[cfg(feature = "net")]
mod proven_key;
mod spnego;

pub use acceptor::{Accepted, Acceptor, Demand};
pub use channel::ChannelBinding;
#[cfg(feature = "credssp")]
pub use credssp::{CredSsp, CredSspAcceptor, CredSspError, CredSspIdentity, CredSspStep};
pub use error::{AuthError, NtlmMessage, SpnegoError};
pub use mechanism::{Mechanism, Seal, Sealed, Step};
pub use negotiate::Negotiator;
#[cfg(feature = "net")]
pub(crate) use proven_key::ProvenKey;

use crate::secret::Secret;

/// A user name and password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `DOMAIN\user`, `user@domain` or `user`.
    pub username: String,
    /// Wiped on drop.
    pub password: Secret<String>,
}
