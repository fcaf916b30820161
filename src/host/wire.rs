//! What went wrong between here and the host, as plain cases.
//!
//! The one place that reads the exact cases of [`wsman`]: whoever is above
//! matches on [`WireCase`] and never looks into an error's source.

use std::error::Error as _;

use wsman::transport::{CertificateProblem, TransportError, Unavailable};
use wsman::{ErrorKind, Retry};

use super::record::HostErrorRecord;

/// An operation that did not come off on the way to the host, or on its side
/// of the protocol.
///
/// Its [source](std::error::Error::source) is for logs.
#[derive(Clone, Debug, thiserror::Error)]
#[error("remote session failed")]
pub struct WireError {
    /// What went wrong.
    pub case: WireCase,
    /// The fault that the host answered with, its number as the id. Untrusted.
    pub fault: Option<HostErrorRecord>,
    /// Whether the command may have run on the host. `false` is a promise.
    pub may_have_run: bool,
    /// What would help; not whether it may be done.
    pub retry: Retry,
    #[source]
    cause: wsman::Error,
}

/// The cases of [`WireError`], as far as somebody has to act differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireCase {
    /// No address for the host's name.
    NameNotResolved,
    /// No connection to the host's proxy.
    ProxyUnreachable,
    /// The proxy makes no tunnel to the host.
    ProxyRefused {
        /// 407: it wants a sign-in; `None`: it spoke no HTTP.
        status: Option<u16>,
    },
    /// Connected, and no answer in time.
    NoAnswer,
    /// Connected, and hung up on without an answer.
    HungUp,
    /// Not reached for another reason, or lost.
    Unreachable,
    /// A deadline of ours ran out.
    TimedOut,
    /// The host's certificate was refused.
    Certificate {
        /// Why.
        problem: CertificateProblem,
        /// SHA-256 of the certificate that was presented, lower-case hex.
        sha256: String,
    },
    /// No version of TLS and no cipher that both ends have.
    NoCommonTls,
    /// What listens there speaks no TLS.
    NotTls,
    /// Closed by the other end before TLS was there.
    TlsHungUp,
    /// This system trusts no certificate authority.
    NoAuthorities,
    /// No sign-in can be bound to the host's certificate.
    NoChannelBinding,
    /// TLS failed otherwise.
    TlsFailed,
    /// The host did not ask for our certificate.
    OwnCertificateNotAsked,
    /// The host did not take our certificate, or asks for one.
    OwnCertificateRefused,
    /// The host does not offer this way to sign in; no password was sent.
    NotOffered {
        /// As it is called in `WWW-Authenticate`.
        scheme: &'static str,
    },
    /// The host refused the credentials.
    SignInRefused,
    /// A sign-in was refused elsewhere: by a fault behind the door, or by the
    /// domain. Says nothing of the password.
    Denied,
    /// What answered does not follow the protocol.
    NotWinrm,
    /// The host understood and refused.
    Refused {
        /// Number of its fault.
        fault: Option<u32>,
    },
    /// What the configuration says cannot be used for a sign-in.
    Misconfigured {
        /// In our words, lower case.
        why: String,
    },
    /// What answers has trouble of its own: something in between, or no WinRM.
    HostFailed {
        /// HTTP status.
        status: u16,
    },
    /// The host's HTTP service answered in WinRM's place.
    DoorRefused {
        /// HTTP status.
        status: u16,
    },
    /// No word but the status.
    Wordless {
        /// HTTP status.
        status: u16,
    },
    /// The connection is closed between the steps of a sign-in.
    NotKept,
    /// The sign-in did not get as far as to the password.
    SignInUnavailable {
        /// Why.
        why: Unavailable,
    },
    /// We asked for something that cannot be asked.
    Impossible,
}

impl WireCase {
    fn of(error: &wsman::Error) -> Self {
        let exact = exact(error);
        if let Some(case) = exact.and_then(Self::answered) {
            return case;
        }
        // By who must act; the exact case only refines that, and a new one in
        // wsman still falls to the right person.
        match error.kind() {
            ErrorKind::Tls => Self::tls(exact),
            ErrorKind::Auth => Self::sign_in(exact),
            ErrorKind::Unreachable => Self::network(exact),
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::PeerMisbehaved => Self::NotWinrm,
            ErrorKind::Refused => Self::Refused { fault: error.fault().and_then(|fault| fault.code) },
            // The client's checks of what the configuration says have no
            // cause; an argument that does not travel has one.
            ErrorKind::Misuse if error.source().is_none() => Self::Misconfigured { why: error.to_string() },
            _ => Self::Impossible,
        }
    }

    /// What somebody answered who did not come as far as to WinRM.
    fn answered(exact: &TransportError) -> Option<Self> {
        Some(match exact {
            TransportError::HostFailed { status } => Self::HostFailed { status: *status },
            TransportError::DoorRefused { status } => Self::DoorRefused { status: *status },
            TransportError::Wordless { status } => Self::Wordless { status: *status },
            TransportError::NotKept => Self::NotKept,
            TransportError::SignInUnavailable { why, .. } => Self::SignInUnavailable { why: *why },
            _ => return None,
        })
    }

    fn tls(exact: Option<&TransportError>) -> Self {
        match exact {
            Some(TransportError::Certificate { problem, found }) => {
                Self::Certificate { problem: *problem, sha256: found.to_string() }
            }
            Some(TransportError::NoCommonTls) => Self::NoCommonTls,
            Some(TransportError::NotTls) => Self::NotTls,
            Some(TransportError::TlsHungUp) => Self::TlsHungUp,
            Some(TransportError::NoAuthorities) => Self::NoAuthorities,
            Some(TransportError::NoChannelBinding) => Self::NoChannelBinding,
            _ => Self::TlsFailed,
        }
    }

    fn sign_in(exact: Option<&TransportError>) -> Self {
        match exact {
            Some(TransportError::OwnCertificateNotAsked) => Self::OwnCertificateNotAsked,
            Some(TransportError::OwnCertificateRefused) => Self::OwnCertificateRefused,
            Some(TransportError::NotOffered { scheme }) => Self::NotOffered { scheme },
            Some(TransportError::SignInRefused { .. }) => Self::SignInRefused,
            _ => Self::Denied,
        }
    }

    fn network(exact: Option<&TransportError>) -> Self {
        match exact {
            Some(TransportError::NameNotResolved) => Self::NameNotResolved,
            Some(TransportError::ProxyUnreachable { .. }) => Self::ProxyUnreachable,
            Some(TransportError::ProxyRefused { status }) => Self::ProxyRefused { status: *status },
            Some(TransportError::SignInTimedOut | TransportError::AnswerTimedOut) => Self::NoAnswer,
            Some(TransportError::ConnectionLost) => Self::HungUp,
            _ => Self::Unreachable,
        }
    }
}

impl From<wsman::Error> for WireError {
    fn from(cause: wsman::Error) -> Self {
        let fault = cause.fault().map(|fault| HostErrorRecord {
            message: fault.text.clone(),
            id: fault.code.map(|code| code.to_string()).unwrap_or_default(),
            category: None,
        });
        Self { case: WireCase::of(&cause), fault, may_have_run: cause.may_have_run(), retry: cause.retry(), cause }
    }
}

#[cfg(test)]
impl WireError {
    /// One of the case, whatever its cause.
    pub(crate) fn planted(case: WireCase, may_have_run: bool) -> Self {
        use wsman::auth::Credentials;
        let credentials = Credentials { username: "u".into(), password: "p".to_owned().into() };
        let odd = wsman::client::Options::new("ftp://jump.example/wsman", credentials);
        let Err(cause) = odd else { panic!("no such scheme") };
        Self { case, fault: None, may_have_run, retry: Retry::Never, cause }
    }
}

/// The transport's own case, wherever it is in the chain: the session puts an
/// error of its own around one that struck in the middle of something.
fn exact(error: &wsman::Error) -> Option<&TransportError> {
    std::iter::successors(error.source(), |&error| error.source()).find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address reaches nobody: port 1 of loopback, where nothing listens.
    async fn opened(url: &str) -> WireError {
        use wsman::auth::Credentials;
        use wsman::client::{Options, RunspacePool};
        let credentials = Credentials { username: "u".into(), password: "p".to_owned().into() };
        match Options::new(url, credentials) {
            Err(error) => error.into(),
            Ok(options) => RunspacePool::open(options).await.unwrap_err().into(),
        }
    }

    #[tokio::test]
    async fn the_case_is_told_and_the_cause_is_kept() {
        let refused = opened("http://127.0.0.1:1/wsman").await;
        assert_eq!((refused.case.clone(), refused.may_have_run), (WireCase::Unreachable, false));
        let cause = refused.source().and_then(|error| error.downcast_ref::<wsman::Error>());
        assert_eq!(cause.and_then(exact), Some(&TransportError::Refused));
    }

    #[tokio::test]
    async fn what_cannot_be_asked_is_the_configuration_s() {
        let odd = opened("ftp://jump.example/wsman").await;
        assert!(matches!(&odd.case, WireCase::Misconfigured { why } if !why.is_empty()), "{odd:?}");
    }
}
