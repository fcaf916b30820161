//! What a connection asks of a way to sign in.

use std::fmt;

use super::multipart::{self, FrameError};
use super::{AuthError, ChannelBinding};

/// One sign-in exchange, seen from the client.
///
/// Each step takes the mechanism by value and gives it back only while there
/// is more to do: neither a finished exchange nor one that failed can be
/// stepped again.
pub trait Mechanism: Send + fmt::Debug {
    /// The scheme word in `Authorization` and `WWW-Authenticate`.
    fn scheme(&self) -> &'static str;

    /// Whether what was sent so far holds a proof of the password. Until then
    /// no refusal is one of the password.
    fn has_proven(&self) -> bool {
        false
    }

    /// Takes the host's token (empty on the first call). `channel` is the TLS
    /// channel of the connection; `None` over plain HTTP, and before the
    /// channel is there.
    ///
    /// # Errors
    ///
    /// The exact case; the exchange is over and its connection of no use.
    fn step(self: Box<Self>, from_host: &[u8], channel: Option<&ChannelBinding>) -> Result<Step, AuthError>;
}

/// What to do after a step.
pub enum Step {
    /// Send `token`, then step `next` with the answer.
    Continue {
        /// For the host, before base64.
        token: Vec<u8>,
        /// Takes the answer.
        next: Box<dyn Mechanism>,
    },
    /// Send `token` if there is one. Once the host took it, the connection is
    /// signed in and `seal` is its own.
    Done {
        /// For the host, before base64.
        token: Option<Vec<u8>>,
        /// Seals and unseals everything that follows on this connection.
        seal: Box<dyn Seal>,
    },
}

impl fmt::Debug for Step {
    // Tokens hold what an offline guess of the password needs: lengths only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue { token, .. } => write!(f, "Continue({} bytes)", token.len()),
            Self::Done { token, .. } => write!(f, "Done({} bytes)", token.as_ref().map_or(0, Vec::len)),
        }
    }
}

/// One end of a signed-in connection: encrypts, signs and numbers messages.
///
/// Never shared and never cloned. The first error poisons it: every later
/// call gives [`AuthError::Poisoned`], and the connection must be dropped.
pub trait Seal: Send + fmt::Debug {
    /// Encrypts `plain` in place and signs it.
    ///
    /// # Errors
    ///
    /// [`AuthError::Poisoned`]; [`AuthError::SequenceUsedUp`] after 2³² − 1
    /// messages.
    fn seal(&mut self, plain: Vec<u8>) -> Result<Sealed, AuthError>;

    /// Decrypts `data` in place and gives it out if `header` proves that it is
    /// the next message of the other end, unchanged. Wiped otherwise.
    ///
    /// # Errors
    ///
    /// [`AuthError::OutOfSequence`] (replayed, lost or reordered),
    /// [`AuthError::BadSignature`] (changed, or another connection's), and
    /// those of [`seal`](Self::seal).
    fn unseal(&mut self, header: &[u8], data: Vec<u8>) -> Result<Vec<u8>, AuthError>;

    /// Seals `plain` and frames it for the wire: `Content-Type` and body.
    ///
    /// # Errors
    ///
    /// Those of [`seal`](Self::seal).
    fn frame(&mut self, plain: Vec<u8>) -> Result<(&'static str, Vec<u8>), AuthError> {
        self.seal(plain).map(|sealed| (multipart::CONTENT_TYPE, multipart::encode(&sealed)))
    }

    /// Takes a frame apart and unseals what is in it, at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The frame's, and those of [`unseal`](Self::unseal).
    fn unframe(&mut self, content_type: &str, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, FrameError> {
        let sealed = multipart::decode(content_type, body, limit)?;
        Ok(self.unseal(&sealed.header, sealed.data)?)
    }
}

/// A sealed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Signature (NTLM: 16 bytes) or token header (Kerberos).
    pub header: Vec<u8>,
    /// Ciphertext, as long as the plain text was.
    pub data: Vec<u8>,
}
