//! Why a sign-in or a sealed message failed.

use std::fmt;

/// Which of the three messages of an NTLM exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NtlmMessage {
    /// The client's first.
    Negotiate,
    /// The host's.
    Challenge,
    /// The client's second.
    Authenticate,
}

impl fmt::Display for NtlmMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negotiate => "negotiate",
            Self::Challenge => "challenge",
            Self::Authenticate => "authenticate",
        })
    }
}

/// Why a sign-in or a sealed message failed.
///
/// Holds lengths, numbers and flag bits; never a name, a token or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The user name is empty, or has more than 256 UTF-16 units on a side of
    /// its separator.
    #[error("the user name is empty or too long")]
    UserName,
    /// The host name cannot be part of a service name.
    #[error("the host name is empty or too long")]
    HostName,
    /// The other end's token is longer than anything it could honestly be.
    #[error("token too long: expected at most {limit} bytes, found {found}")]
    TokenTooLong {
        /// In bytes.
        limit: usize,
        /// In bytes.
        found: usize,
    },
    /// A token came where none may.
    #[error("the other end sent a token before it was asked")]
    UnexpectedToken,
    /// The token is not this message of NTLM, or is broken.
    #[error("expected an NTLM {expected} message")]
    NotNtlm {
        /// What the exchange was waiting for.
        expected: NtlmMessage,
    },
    /// The other end does not grant what sealing needs.
    #[error("NTLM {message} message without flags {missing:#010x}")]
    FlagsMissing {
        /// Where.
        message: NtlmMessage,
        /// Bits of [MS-NLMP] §2.2.2.5 that must be there and are not.
        missing: u32,
    },
    /// The challenge has no timestamp, so the client could not prove that
    /// nobody changed the exchange.
    #[error("NTLM challenge without a timestamp")]
    NoTimestamp,
    /// The client answered with something weaker than NTLMv2 with MIC and key
    /// exchange.
    #[error("the client's response is weaker than NTLMv2 with MIC and key exchange")]
    WeakResponse,
    /// Unknown user, or not their password. Deliberately not told apart.
    #[error("unknown user or wrong password")]
    LogonDenied,
    /// Somebody changed one of the three messages.
    #[error("the exchange was changed on its way")]
    BadMic,
    /// The client signed in for another TLS connection than this.
    #[error("channel binding missing or of another connection")]
    ChannelBinding,
    /// The TLS channel cannot be named: RFC 5929 defines no hash for the
    /// host's certificate.
    #[error("no channel binding is defined for the host's certificate")]
    NoChannelBinding,
    /// The SPNEGO wrapping is wrong.
    #[error("bad SPNEGO token")]
    Spnego(#[from] SpnegoError),
    /// A signature of the wrong form.
    #[error("expected a version 1 signature of 16 bytes, found {found} bytes")]
    SignatureForm {
        /// In bytes.
        found: usize,
    },
    /// A message was replayed, lost or reordered.
    #[error("message out of sequence: expected {expected}, found {found}")]
    OutOfSequence {
        /// The number that is next.
        expected: u32,
        /// The number it had.
        found: u32,
    },
    /// The message was changed, or sealed on another connection.
    #[error("bad signature")]
    BadSignature,
    /// Message numbers are used up; sign in anew.
    #[error("message numbers used up")]
    SequenceUsedUp,
    /// An earlier message failed.
    #[error("the security context failed earlier")]
    Poisoned,
}

/// Why a SPNEGO token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpnegoError {
    /// Not DER, or not the structure of RFC 4178.
    #[error("malformed")]
    Malformed,
    /// More mechanisms than any client has.
    #[error("too many mechanisms: expected at most {limit}")]
    TooManyMechanisms {
        /// How many are read.
        limit: usize,
    },
    /// The client does not offer NTLM.
    #[error("NTLM is not among the offered mechanisms")]
    NoNtlm,
    /// The other end gave up.
    #[error("rejected by the other end")]
    Rejected,
    /// The token that the mechanism waits for is not there.
    #[error("no mechanism token")]
    NoToken,
    /// The list of mechanisms may have been changed, and nothing proves that
    /// it was not.
    #[error("no proof of the mechanism list")]
    NoMechListMic,
    /// The list of mechanisms was changed.
    #[error("the mechanism list was changed on its way")]
    BadMechListMic,
}
