//! Against foreign implementations: pyspnego and pypsrp, both ends.
//!
//! Left out unless `WSMAN_INTEROP_PYTHON` names a Python that has them
//! (`tests/interop/run` of the repository sees to it):
//!
//! ```text
//! python3 -m venv v && v/bin/pip install pyspnego pypsrp
//! WSMAN_INTEROP_PYTHON=$PWD/v/bin/python cargo test -p wsman --all-features --test interop
//! ```

#![allow(clippy::indexing_slicing, reason = "a test that is wrong may panic")]

#[expect(dead_code, reason = "the certificates of other tests")]
#[path = "../it/certificates.rs"]
mod certificates;
#[expect(dead_code, reason = "what the host does for other tests")]
#[path = "../it/host.rs"]
mod host;
#[path = "../outside/mod.rs"]
mod outside;

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wsman::ErrorKind;
use wsman::auth::Credentials;
use wsman::entropy::Entropy;
use wsman::secret::Secret;
use wsman::transport::{Connection, Endpoint, SignIn, Target, Tls};

use certificates::{Authority, Made, Time, between, self_signed};
use host::{Act, Host, Offer};
use outside::{Need, run, trials};

const LONG: Duration = Duration::from_secs(60);

/// CI runs these as a step of its own, which installs what they need.
const PYTHON: Need = Need {
    key: "python",
    name: "Python with pyspnego and pypsrp",
    from: "WSMAN_INTEROP_PYTHON",
    is_there: || named().is_some(),
    is_owed: || false,
};

trials! { TRIALS:
    current_thread {
        interop_with_pyspnego_ntlm;
        interop_with_pyspnego_negotiate;
        interop_spnego_with_pyspnego;
        #[cfg(feature = "credssp")]
        interop_credssp_with_pyspnego;
        interop_with_pyspnego_over_https;
        interop_pyspnego_refuses_a_relayed_sign_in;
    }
    multi_thread {
        #[cfg(feature = "credssp")]
        interop_pypsrp_hands_its_password_to_our_host;
    }
    blocking {
        interop_pypsrp_signs_in_to_our_acceptor;
        interop_pypsrp_with_a_wrong_password_is_refused;
    }
}

fn main() -> ExitCode {
    run("interop of wsman", &[(&[PYTHON], TRIALS)])
}

fn named() -> Option<OsString> {
    std::env::var_os("WSMAN_INTEROP_PYTHON")
}

fn python(script: &str) -> Command {
    let mut command = Command::new(named().expect("a test that needs a Python runs where one is named"));
    command.arg(format!("{}/../tests/interop/{script}", env!("CARGO_MANIFEST_DIR")));
    command
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn peer(protocol: &str, made: Option<&Made>) -> (Running, Endpoint) {
    let scheme = if made.is_some() { "https" } else { "http" };
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let file = |what: &str| std::env::temp_dir().join(format!("wsman-interop-{}-{number}-{what}", std::process::id()));
    let users = file("users");
    std::fs::write(&users, "CORP:analyst:pass word 😀\n:u@corp.example:other\n").unwrap();
    let mut command = python("ntlm_peer.py");
    command.arg(protocol);
    if let Some(made) = made {
        for (what, text) in [("certificate", &made.pem), ("key", &made.key)] {
            std::fs::write(file(what), text).unwrap();
            command.arg(file(what));
        }
    }
    let command = command.env("NTLM_USER_FILE", users).stdout(Stdio::piped()).spawn();
    let mut running = Running(command.unwrap());
    let mut port = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (running, Endpoint::parse(&format!("{scheme}://127.0.0.1:{}", port.trim())).unwrap())
}

async fn exchange(protocol: &str, made: Option<&Made>, how: fn(Credentials) -> SignIn) {
    let (_running, endpoint) = peer(protocol, made);
    let tls = Tls::with_pins(made.map(|made| made.fingerprint));
    let sign_in = async |username: &str, password: &str| {
        let credentials = Credentials { username: username.to_owned(), password: Secret::new(password.to_owned()) };
        let target = Target { tls: tls.clone(), ..Target::new(endpoint.clone(), how(credentials)) };
        Connection::open(&target, &mut Entropy::system(), LONG).await
    };
    for (username, password) in [(r"CORP\analyst", "pass word 😀"), ("u@corp.example", "other")] {
        let mut connection = sign_in(username, password).await.unwrap();
        for size in (0..20).map(|n| n * 977).chain([150_000, 512 * 1024]) {
            let body: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
            let (reply, back) = connection.post(body.clone(), LONG).await;
            assert!(reply.unwrap().body == body, "{size} bytes");
            connection = back.unwrap();
        }
    }
    let error = sign_in(r"CORP\analyst", "wrong").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

async fn interop_with_pyspnego_ntlm() {
    exchange("ntlm", None, SignIn::Ntlm).await;
}

async fn interop_with_pyspnego_negotiate() {
    exchange("negotiate", None, SignIn::Ntlm).await;
}

/// pyspnego checks our proof of the list of mechanisms, and we its own.
async fn interop_spnego_with_pyspnego() {
    exchange("negotiate", None, SignIn::Negotiate).await;
}

/// CredSSP with pyspnego: its TLS, its proof of the key, and the password that
/// it is handed.
#[cfg(feature = "credssp")]
async fn interop_credssp_with_pyspnego() {
    exchange("credssp", None, SignIn::CredSsp).await;
}

/// CredSSP of pypsrp (requests-credssp) against our host end, sealed.
#[cfg(feature = "credssp")]
async fn interop_pypsrp_hands_its_password_to_our_host() {
    use wsman::auth::CredSspIdentity;
    use wsman::host_end::demo::{Commands, Step};
    use wsman::host_end::{EngineKind, HostOptions, Listener};

    struct BuiltIn;

    impl Commands for BuiltIn {
        fn script(&mut self, _: &str) -> Option<Vec<Step>> {
            None
        }

        fn command(&mut self, _: &wsman::psrp::Command) -> Option<Vec<Step>> {
            None
        }

        fn names(&self) -> Vec<String> {
            Vec::new()
        }
    }

    let mut command = python("pypsrp_credssp.py");
    let account = Credentials { username: "analyst".into(), password: "pass word".to_owned().into() };
    let mut options = HostOptions::new(vec![account], EngineKind::Demo(std::sync::Arc::new(|| Box::new(BuiltIn))));
    // pyspnego takes RSA keys alone, which cannot be made here.
    let folder = std::env::temp_dir().join(format!("wsman-interop-{}-credssp", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    assert!(python("certificates.py").arg(&folder).status().unwrap().success());
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    options.credssp = Some(CredSspIdentity::from_pem(&read("host.pem"), &read("host.key")).unwrap());
    let host = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let port = host.address().port().to_string();
    command.args([&port, "analyst", "pass word"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(host.sign_ins() > 0);
}

/// pyspnego demands that NTLM is bound to the certificate.
async fn interop_with_pyspnego_over_https() {
    let made = self_signed(&["127.0.0.1"], Time::Now);
    exchange("ntlm", Some(&made), SignIn::Ntlm).await;
    exchange("negotiate", Some(&made), SignIn::Negotiate).await;
}

/// The binding is what pyspnego looks at: one for another certificate is refused.
async fn interop_pyspnego_refuses_a_relayed_sign_in() {
    let authority = Authority::new();
    let made = authority.issue(&["127.0.0.1"], Time::Now);
    let (_running, endpoint) = peer("ntlm", Some(&made));
    let own = self_signed(&["127.0.0.1"], Time::Now);
    let address = endpoint.to_string().trim_start_matches("https://").trim_end_matches("/wsman").parse().unwrap();
    let relay = between(&own, &authority, address).await;
    let endpoint = Endpoint::parse(&format!("https://{relay}")).unwrap();
    let credentials = Credentials { username: r"CORP\analyst".into(), password: "pass word 😀".to_owned().into() };
    let target = Target { tls: Tls::with_pins([own.fingerprint]), ..Target::new(endpoint, SignIn::Ntlm(credentials)) };
    let error = Connection::open(&target, &mut Entropy::system(), LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
}

fn pypsrp(offer: Offer, auth: &str, password: &str) -> Result<String, String> {
    let host = Host::offering(offer, |_, _| Act::Echo);
    let port = host.address.port().to_string();
    let output = python("pypsrp_echo.py").args([&port, auth, "analyst", password]).output().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said.trim().to_owned()) } else { Err(failed.into_owned()) }
}

/// pypsrp as the client of our acceptor: raw NTLM under both schemes, and NTLM
/// inside SPNEGO with a mechListMIC.
fn interop_pypsrp_signs_in_to_our_acceptor() {
    for (offer, auth, expected) in [
        (Offer::Negotiate, "ntlm", "negotiate NTLMProxy"),
        (Offer::Negotiate, "negotiate", "negotiate NegotiateProxy"),
        (Offer::Ntlm, "ntlm", "ntlm NTLMProxy"),
    ] {
        assert_eq!(pypsrp(offer, auth, "pass word").as_deref(), Ok(expected), "{offer:?} {auth}");
    }
}

fn interop_pypsrp_with_a_wrong_password_is_refused() {
    for auth in ["ntlm", "negotiate"] {
        let error = pypsrp(Offer::Negotiate, auth, "wrong").expect_err("refused");
        assert!(error.contains("AuthenticationError"), "{error}");
    }
}
