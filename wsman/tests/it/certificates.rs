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
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
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

impl Made {
    /// The same key in a certificate of version 1, without extensions, and with
    /// a signature by an algorithm that no verifier here knows (ECDSA on this
    /// curve with SHA-512). Its signature is wrong: who pins does not look.
    pub(crate) fn of_version_1(&self) -> (Vec<u8>, Fingerprint) {
        let der = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("a certificate");
        let (_, certificate, _) = element(&der);
        let (_, signed, rest) = element(certificate);
        let mut kept = Vec::new();
        let mut behind = signed;
        while !behind.is_empty() {
            let (tag, _, after) = element(behind);
            // The version and the extensions.
            if !matches!(tag, 0xA0 | 0xA3) {
                kept.extend_from_slice(&behind[..behind.len() - after.len()]);
            }
            behind = after;
        }
        let whole = [wrapped(0x30, &kept), rest.to_vec()].concat();
        let (sha256, sha512) = (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", b"\x2a\x86\x48\xce\x3d\x04\x03\x04");
        let mut whole = wrapped(0x30, &whole);
        for at in 0..whole.len() - sha256.len() {
            if whole[at..].starts_with(sha256) {
                whole[at..at + sha512.len()].copy_from_slice(sha512);
            }
        }
        let fingerprint = Fingerprint::of(&whole);
        (whole, fingerprint)
    }

    /// A bare TLS end that shows this certificate for the key.
    pub(crate) fn acceptor_showing(&self, der: Vec<u8>, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let key = ring::sign::any_supported_type(&key).expect("a key of a known kind");
        let shown = Arc::new(CertifiedKey::new(vec![CertificateDer::from(der)], key));
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Shows(shown)));
        TlsAcceptor::from(Arc::new(server))
    }
}

#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Tag and content of the first element, and what is behind it.
fn element(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (header, length) = match bytes[1] {
        0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
        0x81 => (3, usize::from(bytes[2])),
        length => (2, usize::from(length)),
    };
    (bytes[0], &bytes[header..header + length], &bytes[header + length..])
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a small certificate").to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
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
