//! Certificates made for one test, and somebody who stands between two ends.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wsman::host_end::HostTls;
use wsman::transport::Fingerprint;

/// A certificate and its key.
pub(crate) struct Made {
    pub(crate) pem: String,
    pub(crate) key: String,
    pub(crate) fingerprint: Fingerprint,
}

impl Made {
    pub(crate) fn host(&self) -> HostTls {
        HostTls::from_pem(self.pem.as_bytes(), self.key.as_bytes()).expect("a good certificate")
    }

    /// A bare TLS end with it.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let chain = vec![CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a server");
        TlsAcceptor::from(Arc::new(server))
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let fingerprint = Fingerprint::of(certificate.der());
        Self { pem: certificate.pem(), key: key.serialize_pem(), fingerprint }
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    Now,
    Past,
    Future,
}

/// Issues certificates.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = name("an authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A client's certificate.
    pub(crate) fn issue_client(&self) -> Made {
        let key = KeyPair::generate().expect("a key");
        let mut params = params(&["svc@test.example"], Time::Now);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Made::new(&params.signed_by(&key, &self.issuer).expect("a certificate"), &key)
    }

    /// A host's certificate.
    pub(crate) fn issue(&self, names: &[&str], time: Time) -> Made {
        let key = KeyPair::generate().expect("a key");
        let params = params(names, time);
        Made::new(&params.signed_by(&key, &self.issuer).expect("a certificate"), &key)
    }
}

/// As WinRM's own set-up makes them: issued by itself.
pub(crate) fn self_signed(names: &[&str], time: Time) -> Made {
    let key = KeyPair::generate().expect("a key");
    Made::new(&params(names, time).self_signed(&key).expect("a certificate"), &key)
}

fn params(names: &[&str], time: Time) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = name("a host of a test");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (from, to) = match time {
        Time::Now => (2020, 2099),
        Time::Past => (2019, 2021),
        Time::Future => (2098, 2099),
    };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

/// Ends TLS with a certificate of its own and begins it anew with the host: it
/// reads and could change everything. Gives its address.
pub(crate) async fn between(own: &Made, authority: &Authority, host: SocketAddr) -> SocketAddr {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("a certificate")).expect("an authority");
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (acceptor, connector) = (own.acceptor(), TlsConnector::from(Arc::new(client)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            tokio::spawn(async move {
                let mut from = acceptor.accept(stream).await.ok()?;
                let to = TcpStream::connect(host).await.ok()?;
                let name = ServerName::from(host.ip());
                let mut to = connector.connect(name, to).await.ok()?;
                copy_bidirectional(&mut from, &mut to).await.ok()
            });
        }
    });
    address
}
