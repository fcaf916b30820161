//! What can go wrong on a connection, exactly.

use std::error::Error as StdError;
use std::io;

use super::tls::{CertificateProblem, Fingerprint, Refused};
use crate::auth::AuthError;
use crate::auth::multipart::MultipartError;
use crate::soap::Fault;
use crate::{Error, ErrorKind, Retry};

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
    /// What answers has trouble of its own: something in between, or no WinRM.
    #[error("the host answered with status {status}")]
    HostFailed {
        /// 500 to 599.
        status: u16,
    },
    /// The host's HTTP service (HTTP.sys) answered in WinRM's place: it is
    /// stopped, or full, or this client may not use it.
    #[error("the host's HTTP service answered with status {status}")]
    DoorRefused {
        /// 403, or 503.
        status: u16,
    },
    /// The request is larger than the host's HTTP service takes, or something
    /// before it.
    #[error("the request is too large (status 413)")]
    TooLarge,
    /// No word but the status. So a host answers unencrypted traffic, or a way
    /// to sign in, that it does not allow.
    #[error("the host answered with status {status} and no word")]
    Wordless {
        /// 500.
        status: u16,
    },
    /// The answer to a step of the sign-in was a WS-Management fault. Nobody has
    /// proven it.
    #[error("the host answered the sign-in with a fault (status {status})")]
    FaultAtSignIn {
        /// The HTTP status.
        status: u16,
        /// The fault.
        fault: Box<Fault>,
    },
    /// The sign-in did not get as far as to the password.
    #[error("the sign-in cannot be used (status {status}): {why}")]
    SignInUnavailable {
        /// Why.
        why: Unavailable,
        /// The HTTP status.
        status: u16,
    },
    /// No connection to the proxy.
    #[error("no connection to the proxy: {kind}")]
    ProxyUnreachable {
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// The proxy makes no tunnel to the host: it does not reach it (502, 503,
    /// 504), is not allowed to (403), or wants a sign-in (407).
    #[error("the proxy makes no tunnel{}", .status.map(|status| format!(" (status {status})")).unwrap_or_default())]
    ProxyRefused {
        /// The HTTP status; `None` when it was not even HTTP, or nothing.
        status: Option<u16>,
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
    /// The host did not take the client's certificate, or asks for one.
    #[error("the host refused the client's certificate")]
    OwnCertificateRefused,
    /// The host did not ask for the client's certificate in the handshake.
    #[error("the host did not ask for the client's certificate")]
    OwnCertificateNotAsked,
    /// The host does not offer this way to sign in.
    #[error("the host does not offer {scheme}")]
    NotOffered {
        /// As it is called in `WWW-Authenticate`.
        scheme: &'static str,
    },
    /// The host refused the credentials: said of the step that carried the
    /// proof of them, and of no other.
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
            Self::NotOffered { .. }
            | Self::SignInRefused { .. }
            | Self::OwnCertificateRefused
            | Self::OwnCertificateNotAsked => ErrorKind::Auth,
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
            Self::TooLarge => ErrorKind::Refused,
            Self::NoClient => ErrorKind::Misuse,
            Self::NameNotResolved
            | Self::Refused
            | Self::ConnectTimedOut
            | Self::ConnectFailed { .. }
            | Self::ProxyUnreachable { .. }
            | Self::ProxyRefused { .. }
            | Self::SignInTimedOut
            | Self::AnswerTimedOut
            | Self::ConnectionLost
            | Self::NotKept
            | Self::HostFailed { .. }
            | Self::DoorRefused { .. }
            | Self::Wordless { .. }
            | Self::SignInUnavailable { .. }
            | Self::ContextLost { .. } => ErrorKind::Unreachable,
            // Whose word it is, nobody knows: not that a password was refused.
            Self::FaultAtSignIn { fault, .. } => fault.error_kind_of(false),
        }
    }

    /// As the crate's error: what failed was `what`.
    pub(super) fn during(self, what: &'static str) -> Error {
        let error = Error::new(self.kind(), what);
        let error = match &self {
            Self::FaultAtSignIn { fault, .. } => error.with_fault(Fault::clone(fault)),
            // What a host says that reads the request before it finds so.
            Self::TooLarge => {
                let subcode = Some("EncodingLimit".to_owned());
                error.with_fault(Fault { code: None, subcode, text: "status 413".to_owned() })
            }
            // The next connection is signed in anew.
            Self::ContextLost { .. } => error.with_retry(Retry::Now),
            // A host that is going down or coming up hangs up, too.
            Self::TlsHungUp | Self::TlsFailed => error.with_retry(Retry::AfterPause),
            _ => error,
        };
        error.with_source(self)
    }
}

/// Why a sign-in did not get as far as to the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The scheme is offered, and NTLM under it is not: switched off, or only
    /// Kerberos is taken.
    #[error("the host offers the scheme and does not take NTLM under it")]
    NoNtlm,
    /// SPNEGO rejects the offer before it has seen a proof.
    #[error("the host rejects the offer of NTLM")]
    Rejected,
    /// Something that is not the host's HTTP service refuses the first step.
    #[error("something in front of the host refuses the sign-in")]
    Filtered,
}

/// Whether a byte of the request may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    No,
    Maybe,
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
pub(super) fn tls_case(error: &(dyn StdError + 'static)) -> Option<TransportError> {
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
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => TransportError::OwnCertificateRefused,
        rustls::Error::InvalidMessage(_) | rustls::Error::PeerSentOversizedRecord => TransportError::NotTls,
        _ => TransportError::TlsFailed,
    })
}
