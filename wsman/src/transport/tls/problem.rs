//! Why a certificate was refused.

use std::fmt;

use rustls::{CertificateError, OtherError};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::Fingerprint;

/// Why a host's certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Issued by nobody who is trusted.
    #[error("its issuer is not trusted")]
    UntrustedIssuer,
    /// Issued by itself, and not trusted: WinRM's own ones are. A pin is for
    /// those.
    #[error("it is self-signed and not pinned")]
    SelfSigned,
    /// For other names than the one in the address.
    #[error("it is for another name")]
    WrongName,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Not one of the pinned.
    #[error("it is not the pinned one")]
    NotPinned,
    /// Taken back by its issuer.
    #[error("it was revoked")]
    Revoked,
    /// Not for servers.
    #[error("it is not meant for servers")]
    WrongPurpose,
    /// Unreadable, badly signed, or signed in a way that is not trusted.
    #[error("it cannot be verified")]
    Unverifiable,
}

impl CertificateProblem {
    pub(super) fn of(error: &CertificateError, certificate: &[u8]) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Self::WrongPurpose,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::ApplicationVerificationFailure => Self::NotPinned,
            // The last one hides "an authority's certificate as a host's", which
            // is what some tools make for WinRM.
            CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_)
                if is_self_signed(certificate) =>
            {
                Self::SelfSigned
            }
            // Another key than that of the trusted issuer of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UntrustedIssuer,
            _ => Self::Unverifiable,
        }
    }
}

fn is_self_signed(certificate: &[u8]) -> bool {
    Certificate::from_der(certificate)
        .is_ok_and(|read| read.tbs_certificate().issuer() == read.tbs_certificate().subject())
}

/// What travels through the TLS library's error.
#[derive(Debug)]
pub(in crate::transport) struct Refused {
    pub(in crate::transport) problem: CertificateProblem,
    pub(in crate::transport) found: Fingerprint,
}

impl Refused {
    pub(super) fn into_error(self) -> rustls::Error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(std::sync::Arc::new(self))))
    }

    /// The other way round.
    pub(in crate::transport) fn within(error: &rustls::Error) -> Option<&Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(refused))) => refused.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Refused {}
