//! A verifier that leaves the choice of certificate to its caller.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::certificate::Parts;

/// Ways to verify one scheme, by the kind of key.
type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

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

    /// Whether the certificate's key signed the handshake. The certificate is
    /// read no further than to its key: the TLS library's own way refuses
    /// versions and extensions that say nothing about who holds the key.
    fn verify(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
        allowed: impl Fn(Algorithms) -> Algorithms,
    ) -> Result<HandshakeSignatureValid, Error> {
        let parts = Parts::of(cert).ok_or(CertificateError::BadEncoding)?;
        let known = self.provider.signature_verification_algorithms.mapping;
        let algorithms = known.iter().filter(|(scheme, _)| *scheme == dss.scheme).flat_map(|(_, list)| allowed(list));
        let mut of_this_key =
            algorithms.filter(|algorithm| *algorithm.public_key_alg_id().as_ref() == *parts.key_algorithm).peekable();
        if of_this_key.peek().is_none() {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        match of_this_key.any(|algorithm| algorithm.verify_signature(parts.key, message, dss.signature()).is_ok()) {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => Err(CertificateError::BadSignature.into()),
        }
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
        self.verify(message, cert, dss, |algorithms| algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // Spec: PKCS #1 v1.5 signs no handshake of TLS 1.3, and there a scheme
        // has but one curve (RFC 8446 §4.2.3).
        use SignatureScheme as Scheme;
        if matches!(dss.scheme, Scheme::RSA_PKCS1_SHA256 | Scheme::RSA_PKCS1_SHA384 | Scheme::RSA_PKCS1_SHA512) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        self.verify(message, cert, dss, |algorithms| algorithms.get(..1).unwrap_or_default())
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
