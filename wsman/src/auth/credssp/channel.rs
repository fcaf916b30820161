//! TLS in memory.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS12;
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, ServerConfig, ServerConnection, SignatureScheme,
};

use super::CredSspError;

/// One end of the TLS channel inside the tokens.
pub(super) struct Channel(Connection);

impl Channel {
    pub(super) fn client(host: &str) -> Result<Self, CredSspError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS12])
            .map_err(|_| CredSspError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(KeyOnly(provider)))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let name = ServerName::try_from(host.to_owned()).map_err(|_| CredSspError::Tls)?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|_| CredSspError::Tls)?;
        Ok(Self(Connection::Client(connection)))
    }

    pub(super) fn server(config: Arc<ServerConfig>) -> Result<Self, CredSspError> {
        ServerConnection::new(config).map(|server| Self(Connection::Server(server))).map_err(|_| CredSspError::Tls)
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// In DER.
    pub(super) fn peer_certificate(&self) -> Option<&[u8]> {
        self.0.peer_certificates()?.first().map(AsRef::as_ref)
    }

    /// Takes what the other end sent; gives what it said.
    pub(super) fn open(&mut self, mut records: &[u8]) -> Result<Vec<u8>, CredSspError> {
        let mut plain = Vec::new();
        while !records.is_empty() {
            self.0.read_tls(&mut records).map_err(|_| CredSspError::Tls)?;
            self.0.process_new_packets().map_err(|_| CredSspError::Tls)?;
            match self.0.reader().read_to_end(&mut plain) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(CredSspError::Tls),
                _ => {}
            }
        }
        Ok(plain)
    }

    /// What is to be sent: `plain`, and what the handshake wants to say.
    pub(super) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CredSspError> {
        self.0.writer().write_all(plain).map_err(|_| CredSspError::Tls)?;
        let mut records = Vec::with_capacity(plain.len() + 64);
        while self.0.wants_write() {
            self.0.write_tls(&mut records).map_err(|_| CredSspError::Tls)?;
        }
        Ok(records)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel")
    }
}

/// Takes every certificate whose key is proven: the sign-in inside proves that
/// the key is the right host's before anything is entrusted to it.
struct KeyOnly(Arc<CryptoProvider>);

impl ServerCertVerifier for KeyOnly {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for KeyOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyOnly")
    }
}
