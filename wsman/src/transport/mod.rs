//! Bytes on one signed-in connection.
//!
//! NTLM signs in the TCP connection, so a connection here is owned, not
//! borrowed from a pool: a [`Connection`] is one socket with one security
//! context, and is consumed while a request is in flight. It comes back only
//! if it can still be used; a future that is dropped takes the socket with it.
//!
//! No pool can promise that (reqwest's moved 2 to 19 % of requests to connections
//! that were not signed in, as measured), so the socket, TLS and HTTP on it are
//! put together here.
//!
//! Over HTTPS the certificate decides first ([`Tls`]), and NTLM is bound to the
//! one that this connection saw.
//!
//! Through a proxy a connection is a tunnel of its own ([`Proxy`]).
//!
//! Left out: retries, and any choice of what to do about an
//! error.

mod answer;
mod connection;
mod counted;
mod dial;
mod endpoint;
mod error;
mod http;
mod proxy;
mod sign_in;
mod target;
mod tls;

pub use answer::{MAX_REPLY_BYTES, Reply};
pub use connection::{Connection, Lost};
pub use endpoint::Endpoint;
pub use error::{TransportError, Unavailable};
pub use proxy::Proxy;
pub use target::{SignIn, Target};
pub use tls::{CertificateChain, CertificateProblem, ClientCertificate, Fingerprint, NotAFingerprint, Tls};
