//! The host's side of TLS.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::BindError;
use crate::auth::{ChannelBinding, Demand};

/// A host's certificate, its key, and what it asks of sign-ins over them.
#[derive(Clone)]
pub struct HostTls {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    /// Who signs in with a certificate of the client, when one is asked for.
    pub(super) certified: Option<String>,
    /// How sign-ins must be bound to the TLS channel.
    pub cbt_hardening: CbtHardening,
}

/// Windows' `CbtHardeningLevel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CbtHardening {
    /// Not looked at.
    None,
    /// Refused when bound to another channel.
    #[default]
    Relaxed,
    /// Refused when not bound to this channel.
    Strict,
}

/// Whether clients may sign in with Basic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasicSignIn {
    /// No; Windows' default.
    #[default]
    Off,
    /// Inside TLS.
    OverTls,
    /// Over plain HTTP, too, and then unsealed (Windows' `AllowUnencrypted`).
    Everywhere,
}

impl BasicSignIn {
    pub(super) fn is_offered(self, is_tls: bool) -> bool {
        self == Self::Everywhere || (self == Self::OverTls && is_tls)
    }
}

impl HostTls {
    /// From PEM: the certificate first, then those of its issuers; the key in
    /// PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    ///
    /// [`BindError::Tls`].
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, BindError> {
        Self::new(certificates, key, None)
    }

    /// As [`from_pem`](Self::from_pem), and clients may show a certificate by
    /// one of these authorities (PEM), in the first handshake: whoever does
    /// signs in as `account`.
    ///
    /// # Errors
    ///
    /// [`BindError::Tls`].
    pub fn asking_for_certificates(
        certificates: &[u8],
        key: &[u8],
        authorities: &[u8],
        account: &str,
    ) -> Result<Self, BindError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authorities) {
            roots.add(certificate.map_err(|_| BindError::Tls)?).map_err(|_| BindError::Tls)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
            .allow_unauthenticated()
            .build()
            .map_err(|_| BindError::Tls)?;
        let mut host = Self::new(certificates, key, Some(verifier))?;
        host.certified = Some(account.to_owned());
        Ok(host)
    }

    fn new(certificates: &[u8], key: &[u8], clients: Option<Arc<dyn ClientCertVerifier>>) -> Result<Self, BindError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|_| BindError::Tls)?;
        let certificate = chain.first().cloned().ok_or(BindError::Tls)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| BindError::Tls)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|_| BindError::Tls)?
            .with_client_cert_verifier(clients.unwrap_or_else(|| Arc::new(NoClientAuth)))
            .with_single_cert(chain, key)
            .map_err(|_| BindError::Tls)?;
        Ok(Self { config: Arc::new(config), certificate, certified: None, cbt_hardening: CbtHardening::default() })
    }

    /// SHA-256 of the certificate, which clients pin.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Whether it demands what its certificate cannot have.
    pub(super) fn is_contradictory(&self) -> bool {
        self.cbt_hardening == CbtHardening::Strict && ChannelBinding::of_server(&self.certificate).is_err()
    }

    pub(super) fn demand(&self) -> Demand {
        let channel = ChannelBinding::of_server(&self.certificate);
        match (self.cbt_hardening, channel) {
            (CbtHardening::None, _) | (_, Err(_)) => Demand::Anything,
            (CbtHardening::Relaxed, Ok(channel)) => Demand::IfNamed(channel),
            (CbtHardening::Strict, Ok(channel)) => Demand::Always(channel),
        }
    }
}

impl fmt::Debug for HostTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostTls").field("cbt_hardening", &self.cbt_hardening).finish_non_exhaustive()
    }
}
