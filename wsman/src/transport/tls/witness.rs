//! Verifiers: one that pins, and one that remembers what another saw.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::Fingerprint;
use super::problem::{CertificateProblem, Refused};
use crate::auth::ProvenKey;

/// The certificate that the host presented on one connection.
#[derive(Clone, Debug, Default)]
pub(in crate::transport) struct Seen(Arc<Mutex<Option<Vec<u8>>>>);

impl Seen {
    /// In DER; `None` before the handshake.
    pub(in crate::transport) fn certificate(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks another verifier and says exactly why it refused.
///
/// The HTTP client tells nobody the certificate when a proxy is between, so it
/// is kept here.
pub(super) struct Witness {
    inner: Arc<dyn ServerCertVerifier>,
    seen: Seen,
}

impl Witness {
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, seen: Seen) -> Self {
        Self { inner, seen }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Ok(verified) => {
                *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
                Ok(verified)
            }
            Err(rustls::Error::InvalidCertificate(error)) => {
                let problem = CertificateProblem::of(&error, end_entity);
                Err(Refused { problem, found: Fingerprint::of(end_entity) }.into_error())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// Trusts certificates by their SHA-256.
pub(super) fn pinned(pins: Vec<Fingerprint>, provider: Arc<CryptoProvider>) -> impl ServerCertVerifier {
    ProvenKey::new(provider, move |certificate: &CertificateDer<'_>| {
        let refused = rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        if pins.contains(&Fingerprint::of(certificate)) { Ok(()) } else { Err(refused) }
    })
}
