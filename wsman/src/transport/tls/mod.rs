//! Whom a TLS connection trusts, and what it saw.

mod certificate;
mod fingerprint;
mod problem;
mod witness;

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::TransportError;
use crate::{Error, ErrorKind};
pub(super) use certificate::Asked;
use certificate::Shown;
pub use certificate::{CertificateChain, ClientCertificate};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use problem::CertificateProblem;
pub(super) use problem::Refused;
pub(super) use witness::Seen;
use witness::{Witness, pinned};

/// Whom to believe that they are the host. TLS 1.2 or 1.3, always verified:
/// there is no way to accept any certificate.
///
/// Clones share what was read from the system's store; a new value reads it
/// again.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    trust: Trust,
    /// Made when it is first needed: reading the system's store takes some
    /// milliseconds.
    verifier: OnceLock<Result<Arc<dyn ServerCertVerifier>, TransportError>>,
}

enum Trust {
    System,
    Authorities(Arc<RootCertStore>),
    Pins(Vec<Fingerprint>),
}

/// ring: it builds with a C compiler alone.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

impl Tls {
    /// Certificates by the authorities that this system trusts, for the name
    /// in the address, in their time.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Trust::System)
    }

    /// Certificates by these authorities and no others, for the name in the
    /// address, in their time. `pem` holds one or more certificates.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: no certificate in it, or one that is none.
    pub fn with_authorities(pem: &[u8]) -> Result<Self, Error> {
        let misuse = |what| Error::new(ErrorKind::Misuse, what);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| misuse("the certificates of the authorities are not PEM"))?;
            roots.add(certificate).map_err(|_| misuse("a certificate of the authorities cannot be read"))?;
        }
        if roots.is_empty() {
            return Err(misuse("there is no certificate of an authority"));
        }
        Ok(Self::of(Trust::Authorities(Arc::new(roots))))
    }

    /// These certificates of hosts and no others, whoever issued them, for
    /// whatever name and time: who pins has looked. The host must still prove
    /// that it has the key. Several serve the change from one to the next.
    #[must_use]
    pub fn with_pins(pins: impl IntoIterator<Item = Fingerprint>) -> Self {
        Self::of(Trust::Pins(pins.into_iter().collect()))
    }

    fn of(trust: Trust) -> Self {
        Self(Arc::new(Inner { trust, verifier: OnceLock::new() }))
    }

    /// For one connection; what it saw is kept in `seen`. With a certificate of
    /// the client, whether it was asked for.
    pub(super) fn client_config(
        &self,
        seen: &Seen,
        own: Option<(&ClientCertificate, &Asked)>,
    ) -> Result<ClientConfig, TransportError> {
        let verifier = self.0.verifier.get_or_init(|| self.0.trust.verifier()).clone()?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|_| TransportError::NoClient)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witness::new(verifier, seen.clone())));
        let mut config = match own {
            Some((certificate, asked)) => config
                .with_client_cert_resolver(Arc::new(Shown { certificate: certificate.clone(), asked: asked.clone() })),
            None => config.with_no_client_auth(),
        };
        // A resumed connection shows no certificate, and sign-ins are bound to it.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self::system()
    }
}

impl Trust {
    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TransportError> {
        let provider = Arc::clone(&PROVIDER);
        Ok(match self {
            Self::System => Arc::new(Verifier::new(provider).map_err(|_| TransportError::NoAuthorities)?),
            Self::Authorities(roots) => WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider)
                .build()
                .map_err(|_| TransportError::NoAuthorities)?,
            Self::Pins(pins) => Arc::new(pinned(pins.clone(), provider)),
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.trust {
            Trust::System => f.write_str("System"),
            Trust::Authorities(roots) => write!(f, "Authorities({})", roots.len()),
            Trust::Pins(pins) => f.debug_tuple("Pins").field(pins).finish(),
        }
    }
}
