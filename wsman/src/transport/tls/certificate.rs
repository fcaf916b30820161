//! The client's own certificate.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::{Error, ErrorKind};

/// A certificate, and behind it those of its issuers, if they are needed.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateChain(Vec<CertificateDer<'static>>);

impl CertificateChain {
    /// Reads PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: no certificate in it, or not PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let misuse = |what| Error::new(ErrorKind::Misuse, what);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_| misuse("the certificate is not PEM"))?;
        if chain.is_empty() { Err(misuse("there is no certificate")) } else { Ok(Self(chain)) }
    }
}

impl fmt::Debug for CertificateChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateChain({})", self.0.len())
    }
}

/// A certificate with its key, for TLS client authentication.
///
/// The key stays in memory as long as a clone of this does.
#[derive(Clone)]
pub struct ClientCertificate(Arc<CertifiedKey>);

impl ClientCertificate {
    /// `key` is PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: no such key, or not that of the certificate.
    pub fn new(chain: &CertificateChain, key: &Secret<String>) -> Result<Self, Error> {
        let misuse = |what| Error::new(ErrorKind::Misuse, what);
        let read = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
        let read = Zeroizing::new(read.map_err(|_| misuse("the certificate's key is not a private key in PEM"))?);
        let key = any_supported_type(&read).map_err(|_| misuse("the certificate's key is of no known kind"))?;
        let certified = CertifiedKey::new(chain.0.clone(), key);
        match certified.keys_match() {
            Ok(()) => Ok(Self(Arc::new(certified))),
            Err(_) => Err(misuse("the key is not the certificate's")),
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

/// Whether the host asked for the client's certificate.
#[derive(Clone, Debug, Default)]
pub(in crate::transport) struct Asked(Arc<AtomicBool>);

impl Asked {
    pub(in crate::transport) fn was(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Shows the certificate to a host that asks, and remembers that it did.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) certificate: ClientCertificate,
    pub(super) asked: Asked,
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.0.store(true, Ordering::Release);
        // Whatever issuers it names: the one that was configured, or none.
        Some(Arc::clone(&self.certificate.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
