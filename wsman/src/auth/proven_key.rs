//! A verifier that leaves the choice of certificate to its caller.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// Takes the certificates that `judge` takes. The host must prove that it has
/// the key, whatever `judge` says; issuer, name and time are not looked at.
pub(crate) struct ProvenKey<J> {
    judge: J,
    provider: Arc<CryptoProvider>,
}

impl<J: Fn(&CertificateDer<'_>) -> Result<(), Error> + Send + Sync> ProvenKey<J> {
    pub(crate) fn new(provider: Arc<CryptoProvider>, judge: J) -> Self {
        Self { judge, provider }
    }
}

impl<J: Fn(&CertificateDer<'_>) -> Result<(), Error> + Send + Sync> ServerCertVerifier for ProvenKey<J> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        (self.judge)(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl<J> fmt::Debug for ProvenKey<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProvenKey")
    }
}
