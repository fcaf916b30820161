//! CredSSP: hands the host the user's password, so that it can sign in
//! elsewhere in the user's name.
//!
//! TLS inside the sign-in's tokens, SPNEGO with NTLM inside that TLS, a proof
//! that both ends see the same TLS key, and only then the password. Nobody
//! issued the host's certificate: what counts is that whoever knows the
//! account's password also has its key.
//!
//! Only version 5 and later is spoken: in older ones the proof could be
//! relayed (CVE-2018-0886). TLS is 1.2: what carries messages later was not
//! seen with 1.3.
//!
//! Source: [MS-CSSP] §2.2 and §3.1.5, [MS-WSMV] §2.2.9.1.

mod channel;
mod frame;
mod host;
mod initiator;
mod request;

use sha2::{Digest as _, Sha256};

use super::certificate::Parts;

pub use host::{CredSspAcceptor, CredSspIdentity, CredSspStep};
pub use initiator::CredSsp;

/// Version that is said. Source: [MS-CSSP] §2.2.1.
const VERSION: u32 = 6;
/// The first with a nonce. Source: [MS-CSSP] §3.1.5.
const FIRST_SAFE_VERSION: u32 = 5;

/// What is wrong with a CredSSP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredSspError {
    /// TLS inside the tokens failed.
    #[error("TLS failed")]
    Tls,
    /// Not the structure of [MS-CSSP].
    #[error("malformed")]
    Malformed,
    /// The other end's version is one whose proof can be relayed.
    #[error("version {found} is not safe")]
    Version {
        /// What it said.
        found: u32,
    },
    /// The two ends do not see the same TLS key.
    #[error("the other end sees another TLS key")]
    OtherKey,
    /// The host refused, with an NTSTATUS.
    #[error("refused by the host (status {status:#010x})")]
    Refused {
        /// The NTSTATUS.
        status: u32,
    },
}

/// Who proves the key to whom.
#[derive(Clone, Copy)]
enum Way {
    ClientToServer,
    ServerToClient,
}

/// The proof of the TLS key, before it is sealed. Source: [MS-CSSP] §3.1.5.
fn key_proof(way: Way, nonce: &[u8], key: &[u8]) -> Vec<u8> {
    let magic: &[u8] = match way {
        Way::ClientToServer => b"CredSSP Client-To-Server Binding Hash\0",
        Way::ServerToClient => b"CredSSP Server-To-Client Binding Hash\0",
    };
    Sha256::digest([magic, nonce, key].concat()).to_vec()
}

/// `SubjectPublicKey` of a certificate in DER.
fn public_key(certificate: &[u8]) -> Result<Vec<u8>, CredSspError> {
    Parts::of(certificate).map(|parts| parts.key.to_vec()).ok_or(CredSspError::Malformed)
}

#[cfg(test)]
mod tests;
