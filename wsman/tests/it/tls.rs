//! HTTPS: who is believed, who is not, and what a sign-in is bound to.

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wsman::auth::{AuthError, Credentials};
use wsman::client::{Options, Output, RunspacePool};
use wsman::clixml::Value;
use wsman::entropy::Entropy;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{BasicSignIn, CbtHardening, EngineKind, HostOptions, HostTls, Listener};
use wsman::psrp::Command;
use wsman::secret::Secret;
use wsman::transport::{
    CertificateChain, CertificateProblem, ClientCertificate, Connection, Endpoint, Fingerprint, Proxy, SignIn, Target,
    Tls, TransportError,
};
use wsman::{Error, ErrorKind};

use crate::certificates::{Authority, Made, Time, between, self_signed};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const HERE: &str = "127.0.0.1";
/// Never reached in a test that passes.
const LONG: Duration = Duration::from_secs(30);

struct Nothing;

impl Commands for Nothing {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, _: &Command) -> Option<Vec<Step>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn account(password: &str) -> Credentials {
    Credentials { username: "analyst".into(), password: Secret::new(password.into()) }
}

fn options(tls: Option<HostTls>) -> HostOptions {
    let mut options = HostOptions::new(vec![account("pass word")], EngineKind::Demo(Arc::new(|| Box::new(Nothing))));
    options.tls = tls;
    options
}

async fn host(tls: HostTls) -> Listener {
    Listener::bind(LOOPBACK, options(Some(tls))).await.unwrap()
}

async fn strict(certificate: &Made) -> Listener {
    let mut tls = certificate.host();
    tls.cbt_hardening = CbtHardening::Strict;
    host(tls).await
}

fn target(url: &str, sign_in: SignIn, tls: Tls) -> Target {
    Target { tls, ..Target::new(Endpoint::parse(url).unwrap(), sign_in) }
}

fn ntlm() -> SignIn {
    SignIn::Ntlm(account("pass word"))
}

/// A whole session: one command and its answer.
async fn echo(target: Target) -> Result<Output, Error> {
    let pool = RunspacePool::open(Options::for_target(target)).await?;
    let output = pool.invoke(Command::new("Write-Output").argument("InputObject", "ü✓")).await;
    pool.close().await;
    output
}

async fn comes_off(target: Target) {
    assert_eq!(echo(target).await.unwrap().objects, [Value::from("ü✓")]);
}

fn case(error: &Error) -> TransportError {
    error.source().and_then(|source| source.downcast_ref::<TransportError>()).expect("a transport case").clone()
}

async fn refused(url: &str, tls: Tls) -> TransportError {
    let error = echo(target(url, ntlm(), tls)).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Tls, false), "{error:?}");
    case(&error)
}

fn certificate(problem: CertificateProblem, made: &Made) -> TransportError {
    TransportError::Certificate { problem, found: made.fingerprint }
}

fn trusting(authority: &Authority) -> Tls {
    Tls::with_authorities(authority.pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_certificate_of_a_named_authority_is_believed() {
    let authority = Authority::new();
    let host = host(authority.issue(&[HERE], Time::Now).host()).await;
    comes_off(target(&host.url(), ntlm(), trusting(&authority))).await;
    let others = [Authority::new().pem, authority.pem.clone()].concat();
    comes_off(target(&host.url(), ntlm(), Tls::with_authorities(others.as_bytes()).unwrap())).await;
}

#[tokio::test]
async fn every_wrong_certificate_is_refused_with_its_reason() {
    use CertificateProblem as Problem;
    let (authority, other) = (Authority::new(), Authority::new());
    for (made, expected) in [
        (other.issue(&[HERE], Time::Now), Problem::UntrustedIssuer),
        (self_signed(&[HERE], Time::Now), Problem::SelfSigned),
        (authority.issue(&["jump01.example"], Time::Now), Problem::WrongName),
        (authority.issue(&[HERE], Time::Past), Problem::Expired),
        (authority.issue(&[HERE], Time::Future), Problem::NotYetValid),
    ] {
        let host = host(made.host()).await;
        let found = refused(&host.url(), trusting(&authority)).await;
        assert_eq!(found, certificate(expected, &made));
        assert!(!found.to_string().contains("jump01"), "nothing that the peer says is repeated: {found}");
        // By the system's authorities none of ours is.
        let found = refused(&host.url(), Tls::system()).await;
        assert!(matches!(found, TransportError::Certificate { .. }), "{found:?}");
        assert_eq!((host.sign_ins(), host.counters().requests.len()), (0, 0), "no sign-in was tried");
    }
}

/// What `New-SelfSignedCertificate` and some scripts make for WinRM.
#[tokio::test]
async fn an_authoritys_own_certificate_as_a_hosts_needs_a_pin() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![HERE.to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let made = params.self_signed(&key).unwrap();
    let fingerprint = Fingerprint::of(made.der());
    let host = host(HostTls::from_pem(made.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()).await;
    let trusted = Tls::with_authorities(made.pem().as_bytes()).unwrap();
    let expected = TransportError::Certificate { problem: CertificateProblem::SelfSigned, found: fingerprint };
    assert_eq!(refused(&host.url(), trusted).await, expected);
    comes_off(target(&host.url(), ntlm(), Tls::with_pins([fingerprint]))).await;
}

#[tokio::test]
async fn the_pin_decides_alone() {
    let authority = Authority::new();
    let other = self_signed(&[HERE], Time::Now);
    for made in [
        self_signed(&[HERE], Time::Now),
        self_signed(&["jump01.example"], Time::Past),
        authority.issue(&[HERE], Time::Future),
    ] {
        let host = host(made.host()).await;
        comes_off(target(&host.url(), ntlm(), Tls::with_pins([other.fingerprint, made.fingerprint]))).await;
        let found = refused(&host.url(), Tls::with_pins([other.fingerprint])).await;
        assert_eq!(found, certificate(CertificateProblem::NotPinned, &made));
        let said = found.to_string();
        assert_eq!(
            said,
            format!(
                "the host's certificate was refused: it is not the pinned one (its SHA-256 is {})",
                made.fingerprint
            )
        );
    }
}

/// Somebody with the pinned certificate, but without its key.
#[tokio::test]
async fn a_pinned_certificate_must_be_proven() {
    let (made, own) = (self_signed(&[HERE], Time::Now), self_signed(&[HERE], Time::Now));
    let thief = rustls::crypto::ring::sign::any_ecdsa_type(&{
        use rustls::pki_types::pem::PemObject as _;
        rustls::pki_types::PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap()
    })
    .unwrap();
    let url = impostor(&made, thief).await;
    assert_eq!(refused(&url, Tls::with_pins([made.fingerprint])).await, TransportError::TlsFailed);
}

/// A server that shows `made` and signs with another key.
async fn impostor(made: &Made, key: Arc<dyn rustls::sign::SigningKey>) -> String {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    let chain = vec![CertificateDer::from_pem_slice(made.pem.as_bytes()).unwrap()];
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let url = format!("https://{}/wsman", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    url
}

#[tokio::test]
async fn ports_without_usable_tls_are_told_apart() {
    let http = Listener::bind(LOOPBACK, options(None)).await.unwrap();
    let plain = http.url().replace("http://", "https://");
    assert_eq!(refused(&plain, Tls::system()).await, TransportError::NotTls);

    for (answer, expected) in [
        // Fatal alerts: protocol version, handshake failure.
        (&b"\x15\x03\x01\x00\x02\x02\x46"[..], TransportError::NoCommonTls),
        (b"\x15\x03\x03\x00\x02\x02\x28", TransportError::NoCommonTls),
        // A ServerHello of TLS 1.1 with RSA and AES-CBC.
        (
            &[&b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"[..], &[7; 32], b"\x00\x00\x2f\x00"].concat(),
            TransportError::NoCommonTls,
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", TransportError::NotTls),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", TransportError::NotTls),
        (b"", TransportError::TlsHungUp),
    ] {
        let url = stranger(answer.to_vec());
        assert_eq!(refused(&url, Tls::system()).await, expected, "{answer:?}");
    }
}

/// Says `answer` to whoever says something, then closes.
fn stranger(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let url = format!("https://{}/wsman", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
        }
    });
    url
}

#[tokio::test]
async fn a_host_that_says_nothing_costs_its_time_and_no_more() {
    let silent = TcpListener::bind(LOOPBACK).unwrap();
    let url = format!("https://{}/wsman", silent.local_addr().unwrap());
    for sign_in in [ntlm(), SignIn::Basic(account("pass word"))] {
        let target = target(&url, sign_in, Tls::system());
        let soon = Duration::from_millis(200);
        let error = match Connection::open(&target, &mut Entropy::seeded(1), soon).await {
            Err(error) => error,
            Ok(connection) => connection.post(b"x".to_vec(), LONG).await.0.unwrap_err().error,
        };
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Unreachable, TransportError::ConnectTimedOut));
    }
}

#[tokio::test]
async fn ntlm_is_bound_to_the_certificate_of_its_connection() {
    let authority = Authority::new();
    let made = authority.issue(&[HERE], Time::Now);
    let host = strict(&made).await;
    comes_off(target(&host.url(), ntlm(), trusting(&authority))).await;
    assert_eq!(host.last_refusal(), None);

    // The client believes the certificate of whoever stands between.
    let own = self_signed(&[HERE], Time::Now);
    let between = between(&own, &authority, host.address()).await;
    let url = format!("https://{between}/wsman");
    let error = echo(target(&url, ntlm(), Tls::with_pins([own.fingerprint]))).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
    assert_eq!(host.last_refusal(), Some(AuthError::ChannelBinding));
    let sign_ins = host.sign_ins();
    comes_off(target(&host.url(), ntlm(), Tls::with_pins([made.fingerprint]))).await;
    assert!(host.sign_ins() > sign_ins);
}

/// Windows' default refuses a wrong channel, too.
#[tokio::test]
async fn a_relaxed_host_refuses_another_channel() {
    let authority = Authority::new();
    let made = authority.issue(&[HERE], Time::Now);
    let host = host(made.host()).await;
    let own = self_signed(&[HERE], Time::Now);
    let url = format!("https://{}/wsman", between(&own, &authority, host.address()).await);
    let error = echo(target(&url, ntlm(), Tls::with_pins([own.fingerprint]))).await.unwrap_err();
    assert_eq!(case(&error), TransportError::SignInRefused { status: 401 });
    assert_eq!(host.last_refusal(), Some(AuthError::ChannelBinding));
}

#[tokio::test]
async fn a_certificate_that_nothing_can_be_bound_to_ends_the_sign_in() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let made = rcgen::CertificateParams::new(vec![HERE.to_owned()]).unwrap().self_signed(&key).unwrap();
    let tls = HostTls::from_pem(made.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let pins = || Tls::with_pins([Fingerprint::of(made.der())]);
    let mut host_options = options(Some(tls));
    host_options.basic = BasicSignIn::OverTls;
    let host = Listener::bind(LOOPBACK, host_options).await.unwrap();
    assert_eq!(refused(&host.url(), pins()).await, TransportError::NoChannelBinding);
    assert_eq!(host.sign_ins(), 0);
    comes_off(target(&host.url(), SignIn::Basic(account("pass word")), pins())).await;
}

async fn basic_host(offer: BasicSignIn, made: Option<&Made>) -> Listener {
    let mut options = options(made.map(Made::host));
    options.basic = offer;
    Listener::bind(LOOPBACK, options).await.unwrap()
}

#[tokio::test]
async fn basic_goes_inside_tls_only() {
    let made = self_signed(&[HERE], Time::Now);
    let pins = || Tls::with_pins([made.fingerprint]);
    let basic = |password: &str| SignIn::Basic(account(password));
    let host = basic_host(BasicSignIn::OverTls, Some(&made)).await;
    comes_off(target(&host.url(), basic("pass word"), pins())).await;

    let error = echo(target(&host.url(), basic("wrong"), pins())).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
    assert_eq!(host.last_refusal(), Some(AuthError::LogonDenied));

    let off = basic_host(BasicSignIn::Off, Some(&made)).await;
    let error = echo(target(&off.url(), basic("pass word"), pins())).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::NotOffered { scheme: "Basic" }));

    let error = echo(target("http://127.0.0.1:1", basic("pass word"), Tls::system())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert_eq!(error.to_string(), "Basic over http shows the password to everyone; use https");
}

#[tokio::test]
async fn basic_in_clear_text_must_be_asked_for_by_name() {
    let host = basic_host(BasicSignIn::Everywhere, None).await;
    let dangerous = || SignIn::DangerousClearTextBasic(account("pass word"));
    comes_off(target(&host.url(), dangerous(), Tls::system())).await;
    let sealed_only = basic_host(BasicSignIn::OverTls, None).await;
    let error = echo(target(&sealed_only.url(), dangerous(), Tls::system())).await.unwrap_err();
    assert_eq!(case(&error), TransportError::NotOffered { scheme: "Basic" });
}

/// A wrong certificate ends it before the password is out.
#[tokio::test]
async fn basic_sends_no_password_to_a_host_that_is_not_believed() {
    let made = self_signed(&[HERE], Time::Now);
    let host = basic_host(BasicSignIn::OverTls, Some(&made)).await;
    let tls = Tls::with_pins([self_signed(&[HERE], Time::Now).fingerprint]);
    let error = echo(target(&host.url(), SignIn::Basic(account("pass word")), tls)).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Tls, certificate(CertificateProblem::NotPinned, &made)));
    assert_eq!((host.sign_ins(), host.last_refusal()), (0, None));
}

fn certified(made: &Made) -> SignIn {
    let chain = CertificateChain::from_pem(made.pem.as_bytes()).unwrap();
    SignIn::Certificate(ClientCertificate::new(&chain, &Secret::new(made.key.clone())).unwrap())
}

#[tokio::test]
async fn a_certificate_of_the_client_signs_in() {
    let authority = Authority::new();
    let (made, own) = (self_signed(&[HERE], Time::Now), authority.issue_client());
    let pins = || Tls::with_pins([made.fingerprint]);
    let tls =
        HostTls::asking_for_certificates(made.pem.as_bytes(), made.key.as_bytes(), authority.pem.as_bytes(), "analyst");
    let asking = host(tls.unwrap()).await;
    comes_off(target(&asking.url(), certified(&own), pins())).await;
    assert!(asking.sign_ins() > 0);
    // Who shows none signs in as ever.
    comes_off(target(&asking.url(), ntlm(), pins())).await;

    let before = asking.sign_ins();
    let foreign = echo(target(&asking.url(), certified(&Authority::new().issue_client()), pins())).await.unwrap_err();
    // The alert that says it may be overtaken by the end of the connection.
    let said = case(&foreign);
    assert!(matches!(said, TransportError::OwnCertificateRefused | TransportError::ConnectionLost), "{said:?}");
    assert_eq!(asking.sign_ins(), before);

    let silent = host(made.host()).await;
    let error = echo(target(&silent.url(), certified(&own), pins())).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::OwnCertificateNotAsked));
    assert_eq!((silent.sign_ins(), silent.counters().requests.len()), (0, 0));

    let error = echo(target("http://127.0.0.1:1", certified(&own), pins())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Misuse, "a certificate signs in over https only")
    );
}

/// A proxy that makes tunnels, and says `refusal` instead when it is told to.
/// Gives its address and the heads that it was sent.
async fn proxy(refusal: Option<&'static str>) -> (Proxy, Arc<Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let proxy = Proxy::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let all = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.ok()?);
                }
                let head = String::from_utf8(head).unwrap();
                let to = head.split(' ').nth(1).unwrap().to_owned();
                all.lock().unwrap().push(head);
                if let Some(refusal) = refusal {
                    return client.write_all(refusal.as_bytes()).await.ok();
                }
                let mut host = tokio::net::TcpStream::connect(to).await.ok()?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
                copy_bidirectional(&mut client, &mut host).await.ok().map(drop)
            });
        }
    });
    (proxy, heads)
}

#[tokio::test]
async fn sessions_go_through_tunnels_of_their_own() {
    let made = self_signed(&[HERE], Time::Now);
    let pins = || Tls::with_pins([made.fingerprint]);
    let http = Listener::bind(LOOPBACK, options(None)).await.unwrap();
    let mut tls = made.host();
    tls.cbt_hardening = CbtHardening::Strict;
    let mut with_basic = options(Some(tls));
    with_basic.basic = BasicSignIn::OverTls;
    let https = Listener::bind(LOOPBACK, with_basic).await.unwrap();
    let negotiate = || SignIn::Negotiate(account("pass word"));
    for (host, sign_in) in [
        (&http, ntlm()),
        (&http, negotiate()),
        (&https, ntlm()),
        (&https, negotiate()),
        (&https, SignIn::Basic(account("pass word"))),
    ] {
        let (proxy, heads) = proxy(None).await;
        let before = host.connections();
        let target = Target { proxy: Some(proxy), ..target(&host.url(), sign_in, pins()) };
        comes_off(target).await;
        let heads = heads.lock().unwrap();
        let address = host.address();
        let connections = host.connections() - before;
        assert!((1..=heads.len() as u64).contains(&connections), "every connection is a tunnel: {connections}");
        for head in heads.iter() {
            assert!(head.starts_with(&format!("CONNECT {address} HTTP/1.1\r\n")), "{head}");
            assert!(head.to_lowercase().contains(&format!("\r\nhost: {address}\r\n")), "{head}");
            assert!(!head.to_lowercase().contains("authorization"), "{head}");
        }
    }
    // The certificate is looked at through the tunnel, too.
    let (proxy, _) = proxy(None).await;
    let tls = Tls::with_pins([self_signed(&[HERE], Time::Now).fingerprint]);
    let error = echo(Target { proxy: Some(proxy), ..target(&https.url(), ntlm(), tls) }).await.unwrap_err();
    assert_eq!((error.kind(), case(&error)), (ErrorKind::Tls, certificate(CertificateProblem::NotPinned, &made)));
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_is_told_apart() {
    let refused = async |proxy: Proxy| {
        let target = Target { proxy: Some(proxy), ..target("http://jump01.invalid", ntlm(), Tls::system()) };
        let error = echo(target).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Unreachable, false));
        case(&error)
    };
    for (answer, status) in [
        ("HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", Some(407)),
        ("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", Some(502)),
        ("SSH-2.0\r\n", None),
        ("", None),
    ] {
        assert_eq!(refused(proxy(Some(answer)).await.0).await, TransportError::ProxyRefused { status }, "{answer}");
    }
    let free = TcpListener::bind(LOOPBACK).unwrap().local_addr().unwrap();
    let nobody = Proxy::parse(&format!("http://{free}")).unwrap();
    let kind = std::io::ErrorKind::ConnectionRefused;
    assert_eq!(refused(nobody).await, TransportError::ProxyUnreachable { kind });
}

#[test]
fn a_key_must_be_the_certificates() {
    let (one, other) = (self_signed(&[HERE], Time::Now), self_signed(&[HERE], Time::Now));
    let chain = CertificateChain::from_pem(one.pem.as_bytes()).unwrap();
    for (key, said) in [
        (other.key, "the key is not the certificate's"),
        (one.pem.clone(), "the certificate's key is not a private key in PEM"),
        (String::new(), "the certificate's key is not a private key in PEM"),
    ] {
        let error = ClientCertificate::new(&chain, &Secret::new(key)).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Misuse, said));
    }
    let good = ClientCertificate::new(&chain, &Secret::new(one.key.clone())).unwrap();
    assert_eq!(format!("{good:?} {chain:?}"), "ClientCertificate CertificateChain(1)");
    for (pem, said) in [("", "there is no certificate"), (&one.key, "there is no certificate")] {
        assert_eq!(CertificateChain::from_pem(pem.as_bytes()).unwrap_err().to_string(), said);
    }
}

#[cfg(feature = "credssp")]
mod credssp {
    use wsman::auth::CredSspIdentity;

    use super::*;

    async fn delegating(made: &Made, tls: Option<HostTls>) -> Listener {
        let mut options = options(tls);
        options.credssp = Some(CredSspIdentity::from_pem(made.pem.as_bytes(), made.key.as_bytes()).unwrap());
        Listener::bind(LOOPBACK, options).await.unwrap()
    }

    fn signing_in(url: &str, password: &str, tls: Tls) -> Target {
        target(url, SignIn::CredSsp(account(password)), tls)
    }

    #[tokio::test]
    async fn the_password_is_handed_over_and_all_is_sealed() {
        let made = self_signed(&["whatever"], Time::Past);
        let host = delegating(&made, None).await;
        comes_off(signing_in(&host.url(), "pass word", Tls::system())).await;
        assert!(host.sign_ins() > 0);

        // More than one record, both ways.
        let large = "ü".repeat(200_000);
        let pool = RunspacePool::open(Options::for_target(signing_in(&host.url(), "pass word", Tls::system())));
        let pool = pool.await.unwrap();
        let output = pool.invoke(Command::new("Write-Output").argument("InputObject", large.as_str())).await.unwrap();
        assert!(output.objects == [Value::from(large.as_str())]);
        pool.close().await;

        let tls = self_signed(&[HERE], Time::Now);
        let https = delegating(&made, Some(tls.host())).await;
        comes_off(signing_in(&https.url(), "pass word", Tls::with_pins([tls.fingerprint]))).await;
    }

    #[tokio::test]
    async fn refusals_are_told_apart() {
        let made = self_signed(&["whatever"], Time::Now);
        let host = delegating(&made, None).await;
        let error = echo(signing_in(&host.url(), "wrong", Tls::system())).await.unwrap_err();
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::SignInRefused { status: 401 }));
        assert_eq!(host.last_refusal(), Some(AuthError::LogonDenied));

        let off = Listener::bind(LOOPBACK, options(None)).await.unwrap();
        let error = echo(signing_in(&off.url(), "pass word", Tls::system())).await.unwrap_err();
        assert_eq!((error.kind(), case(&error)), (ErrorKind::Auth, TransportError::NotOffered { scheme: "CredSSP" }));
    }
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let sign_in = SignIn::Basic(account("planted-secret"));
    let made = self_signed(&[HERE], Time::Now);
    let host = Listener::bind(LOOPBACK, options(Some(made.host()))).await.unwrap();
    let target = target(&host.url(), sign_in, Tls::with_pins([made.fingerprint]));
    let connection = Connection::open(&target, &mut Entropy::seeded(1), LONG).await.unwrap();
    let shown = format!("{target:?} {connection:?} {:?}", Options::for_target(target.clone()));
    assert!(!shown.contains("planted-secret") && !shown.contains("cGxhbnRlZC1zZWNyZXQ"), "{shown}");
    assert!(!shown.contains("YW5hbHlzdDpwbGFudGVk"), "{shown}");
}

#[test]
fn authorities_must_be_certificates() {
    for (pem, said) in [
        ("", "there is no certificate of an authority"),
        ("planted", "there is no certificate of an authority"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "a certificate of the authorities cannot be read",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
            "the certificates of the authorities are not PEM",
        ),
    ] {
        let error = Tls::with_authorities(pem.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Misuse, said));
    }
}
