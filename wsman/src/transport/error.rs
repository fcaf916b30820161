//! What can go wrong on a connection, exactly.

use std::error::Error as StdError;
use std::io;

use super::gate::AlreadyUsed;
use super::tls::{CertificateProblem, Fingerprint, Refused};
use crate::auth::AuthError;
use crate::auth::multipart::MultipartError;
use crate::{Error, ErrorKind};

/// The exact case below a transport's [`Error`]; the [`source`] of each.
///
/// [`source`]: std::error::Error::source
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No address for the host's name.
    #[error("the host name does not resolve")]
    NameNotResolved,
    /// Nobody listens on that port.
    #[error("connection refused")]
    Refused,
    /// No TCP connection in time.
    #[error("no connection in time")]
    ConnectTimedOut,
    /// No TCP connection, for another reason.
    #[error("no connection: {kind}")]
    ConnectFailed {
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// Connected, but the sign-in was not over in time.
    #[error("sign-in not answered in time")]
    SignInTimedOut,
    /// No answer in time to a request that went out.
    #[error("no answer in time")]
    AnswerTimedOut,
    /// The connection broke or was closed.
    #[error("connection lost")]
    ConnectionLost,
    /// The host (or a proxy before it) closes the connection between the
    /// steps of a sign-in.
    #[error("the host does not keep the connection during sign-in")]
    NotKept,
    /// Something answers, and it is not WinRM.
    #[error("not a WinRM listener{}", .status.map(|status| format!(" (status {status})")).unwrap_or_default())]
    NotWinRm {
        /// The HTTP status; `None` when it was not even HTTP.
        status: Option<u16>,
    },
    /// The host, or what stands for it, has trouble of its own.
    #[error("the host answered with status {status}")]
    HostFailed {
        /// 500 to 599.
        status: u16,
    },
    /// The host's certificate was refused; nothing was sent.
    #[error("the host's certificate was refused: {problem} (its SHA-256 is {found})")]
    Certificate {
        /// Why.
        problem: CertificateProblem,
        /// The certificate that was presented.
        found: Fingerprint,
    },
    /// No version of TLS and no cipher that both ends have. Windows before
    /// 2016 has none for RSA certificates.
    #[error("no TLS 1.2 or 1.3 with a cipher that both ends have")]
    NoCommonTls,
    /// What listens there speaks no TLS.
    #[error("no TLS there")]
    NotTls,
    /// Closed by the other end before TLS was there. Windows does it when no
    /// certificate is bound to the port.
    #[error("the connection was closed during the TLS handshake")]
    TlsHungUp,
    /// The TLS connection broke, or the host could not prove its key.
    #[error("TLS failed")]
    TlsFailed,
    /// This system trusts nobody, or does not say whom.
    #[error("this system has no trusted certificate authorities")]
    NoAuthorities,
    /// The sign-in must be bound to the host's certificate, and no binding is
    /// defined for it (Ed25519).
    #[error("no sign-in can be bound to the host's certificate")]
    NoChannelBinding,
    /// The host does not offer this way to sign in.
    #[error("the host does not offer {scheme}")]
    NotOffered {
        /// As it is called in `WWW-Authenticate`.
        scheme: &'static str,
    },
    /// The host refused the credentials.
    #[error("credentials refused (status {status})")]
    SignInRefused {
        /// 401, or 403: known, but not allowed here.
        status: u16,
    },
    /// The host's token cannot be read or does not suffice.
    #[error("sign-in failed")]
    SignIn(#[source] AuthError),
    /// The host no longer knows the security context of this connection. It
    /// could not read the request.
    #[error("the host lost the security context (status {status})")]
    ContextLost {
        /// 401, or 400 or 500 without a body.
        status: u16,
    },
    /// An answer in plain text where all are sealed.
    #[error("unsealed answer (status {status})")]
    Unsealed {
        /// The HTTP status.
        status: u16,
    },
    /// The frame of a sealed answer is wrong.
    #[error("bad frame of a sealed answer")]
    Frame(#[source] MultipartError),
    /// The answer was changed, replayed or sealed by someone else.
    #[error("bad seal")]
    Seal(#[source] AuthError),
    /// Not HTTP, in the middle of a session.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// Longer than any answer may be.
    #[error("answer longer than {limit} bytes")]
    ReplyTooLong {
        /// In bytes.
        limit: usize,
    },
    /// The HTTP client cannot be set up.
    #[error("no HTTP client")]
    NoClient,
}

impl TransportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOffered { .. } | Self::SignInRefused { .. } => ErrorKind::Auth,
            Self::Certificate { .. }
            | Self::NoCommonTls
            | Self::NotTls
            | Self::TlsHungUp
            | Self::TlsFailed
            | Self::NoAuthorities
            | Self::NoChannelBinding => ErrorKind::Tls,
            Self::NotWinRm { .. }
            | Self::SignIn(_)
            | Self::Unsealed { .. }
            | Self::Frame(_)
            | Self::Seal(_)
            | Self::NotHttp
            | Self::ReplyTooLong { .. } => ErrorKind::PeerMisbehaved,
            Self::NoClient => ErrorKind::Misuse,
            Self::NameNotResolved
            | Self::Refused
            | Self::ConnectTimedOut
            | Self::ConnectFailed { .. }
            | Self::SignInTimedOut
            | Self::AnswerTimedOut
            | Self::ConnectionLost
            | Self::NotKept
            | Self::HostFailed { .. }
            | Self::ContextLost { .. } => ErrorKind::Unreachable,
        }
    }

    /// As the crate's error: what failed was `what`.
    pub(super) fn during(self, what: &'static str) -> Error {
        Error::new(self.kind(), what).with_source(self)
    }
}

/// Whether a byte of the request may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    No,
    Maybe,
}

/// Reads the HTTP client's error.
pub(super) fn classify(error: &reqwest::Error) -> (TransportError, Sent) {
    let chain = || std::iter::successors(error.source(), |&error| error.source());
    // Before everything else: the gate refuses what would have gone out on
    // another connection, so nothing went out.
    if chain().any(|error| error.is::<AlreadyUsed>()) {
        return (TransportError::ConnectionLost, Sent::No);
    }
    if let Some(case) = chain().find_map(tls) {
        return (case, if error.is_connect() { Sent::No } else { Sent::Maybe });
    }
    if error.is_connect() {
        let kind = chain().filter_map(|error| error.downcast_ref::<io::Error>()).last().map(|io| innermost(io).kind());
        let case = match kind {
            _ if error.is_dns() => TransportError::NameNotResolved,
            _ if error.is_timeout() => TransportError::ConnectTimedOut,
            Some(io::ErrorKind::ConnectionRefused) => TransportError::Refused,
            Some(io::ErrorKind::TimedOut) => TransportError::ConnectTimedOut,
            // TCP alone cannot fail so; HTTP has not begun.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                TransportError::TlsHungUp
            }
            kind => TransportError::ConnectFailed { kind: kind.unwrap_or(io::ErrorKind::Other) },
        };
        return (case, Sent::No);
    }
    let not_http = chain().filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse);
    (if not_http { TransportError::NotHttp } else { TransportError::ConnectionLost }, Sent::Maybe)
}

/// They come in one another, and `source` of one is the source of what it
/// holds.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|held| held.downcast_ref()) {
        error = inner;
    }
    error
}

/// What the TLS library says, when it is the one that says it.
fn tls(error: &(dyn StdError + 'static)) -> Option<TransportError> {
    use rustls::AlertDescription as Alert;
    let error = innermost(error.downcast_ref()?).get_ref()?.downcast_ref::<rustls::Error>()?;
    if let Some(Refused { problem, found }) = Refused::within(error) {
        return Some(TransportError::Certificate { problem: *problem, found: *found });
    }
    Some(match error {
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity,
        ) => TransportError::NoCommonTls,
        rustls::Error::InvalidMessage(_) | rustls::Error::PeerSentOversizedRecord => TransportError::NotTls,
        _ => TransportError::TlsFailed,
    })
}
