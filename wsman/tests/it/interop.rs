//! Against foreign implementations: pyspnego and pypsrp, both ends.
//!
//! Runs only when `WSMAN_INTEROP_PYTHON` names a Python that has them:
//!
//! ```text
//! python3 -m venv v && v/bin/pip install pyspnego pypsrp
//! WSMAN_INTEROP_PYTHON=$PWD/v/bin/python cargo test -p wsman interop
//! ```

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wsman::ErrorKind;
use wsman::auth::Credentials;
use wsman::entropy::Entropy;
use wsman::secret::Secret;
use wsman::transport::{Connection, Endpoint, SignIn, Target};

use crate::host::{Act, Host, Offer};

const LONG: Duration = Duration::from_secs(60);

fn python(script: &str) -> Option<Command> {
    let python: OsString = std::env::var_os("WSMAN_INTEROP_PYTHON")?;
    let mut command = Command::new(python);
    command.arg(format!("{}/../tests/interop/{script}", env!("CARGO_MANIFEST_DIR")));
    Some(command)
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn peer(protocol: &str) -> Option<(Running, Endpoint)> {
    let users = std::env::temp_dir().join(format!("wsman-interop-{}-{protocol}", std::process::id()));
    std::fs::write(&users, "CORP:analyst:pass word 😀\n:u@corp.example:other\n").unwrap();
    let command = python("ntlm_peer.py")?.arg(protocol).env("NTLM_USER_FILE", users).stdout(Stdio::piped()).spawn();
    let mut running = Running(command.unwrap());
    let mut port = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((running, Endpoint::parse(&format!("http://127.0.0.1:{}", port.trim())).unwrap()))
}

async fn exchange(protocol: &str) {
    let Some((_running, endpoint)) = peer(protocol) else { return };
    let sign_in = async |username: &str, password: &str| {
        let credentials = Credentials { username: username.to_owned(), password: Secret::new(password.to_owned()) };
        let target = Target::new(endpoint.clone(), SignIn::Ntlm(credentials));
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

#[tokio::test]
async fn interop_with_pyspnego_ntlm() {
    exchange("ntlm").await;
}

#[tokio::test]
async fn interop_with_pyspnego_negotiate() {
    exchange("negotiate").await;
}

fn pypsrp(offer: Offer, auth: &str, password: &str) -> Option<Result<String, String>> {
    let host = Host::offering(offer, |_, _| Act::Echo);
    let port = host.address.port().to_string();
    let output = python("pypsrp_echo.py")?.args([&port, auth, "analyst", password]).output().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some(if output.status.success() { Ok(said.trim().to_owned()) } else { Err(failed.into_owned()) })
}

/// pypsrp as the client of our acceptor: raw NTLM under both schemes, and NTLM
/// inside SPNEGO with a mechListMIC.
#[test]
fn interop_pypsrp_signs_in_to_our_acceptor() {
    for (offer, auth, expected) in [
        (Offer::Negotiate, "ntlm", "negotiate NTLMProxy"),
        (Offer::Negotiate, "negotiate", "negotiate NegotiateProxy"),
        (Offer::Ntlm, "ntlm", "ntlm NTLMProxy"),
    ] {
        let Some(outcome) = pypsrp(offer, auth, "pass word") else { return };
        assert_eq!(outcome.as_deref(), Ok(expected), "{offer:?} {auth}");
    }
}

#[test]
fn interop_pypsrp_with_a_wrong_password_is_refused() {
    for auth in ["ntlm", "negotiate"] {
        let Some(outcome) = pypsrp(Offer::Negotiate, auth, "wrong") else { return };
        let error = outcome.expect_err("refused");
        assert!(error.contains("AuthenticationError"), "{error}");
    }
}
