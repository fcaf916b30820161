//! HTTPS through the whole call: what is believed, what is refused, and in
//! which words.

use std::fmt::Write as _;
use std::process::Command;

use sentinel_jump::answer::Answer;
use sentinel_jump::cli::Exit;
use sentinel_jump::config::{Auth, SecretRef};
use serde_json::{Value as Json, json};
use wsman::host_end::{BasicSignIn, CbtHardening, HostTls};
use wsman::transport::CertificateChain;

use crate::certificates::{Authority, Made, Time, between, self_signed};
use crate::hosts::{Hosts, PASSWORD, PLACE, ask, on};
use crate::snapshot::assert_snapshot;

const READ: &str = "sentinel_rule_list";
const WRITE: &str = "sentinel_incident_comment_add";
const HERE: &str = "127.0.0.1";

fn strict(made: &Made) -> HostTls {
    let mut tls = made.host();
    tls.cbt_hardening = CbtHardening::Strict;
    tls
}

fn pin(made: &Made) -> String {
    format!("tls = {{ pin = \"{}\" }}", made.fingerprint)
}

/// A file that lives as long as the test.
fn ca(authority: &Authority) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, &authority.pem).expect("write");
    let line = format!("tls = {{ ca = {:?} }}", path.to_str().expect("a plain path"));
    (folder, line)
}

fn comment() -> Json {
    on(json!({"IncidentNumber": 12345, "Message": "seen"}))
}

async fn comes_off(hosts: &Hosts) {
    let desk = hosts.desk();
    for (tool, arguments) in [(READ, on(json!({}))), (WRITE, comment())] {
        let answer = ask(&desk, tool, arguments).await;
        assert_eq!(answer.code, None, "{}", answer.text);
    }
}

/// Neither reads nor writes get through, and the host is asked nothing.
async fn refused(hosts: &Hosts, code: &str) -> Answer {
    let desk = hosts.desk();
    let mut last = None;
    for (tool, arguments) in [(WRITE, comment()), (READ, on(json!({})))] {
        let answer = ask(&desk, tool, arguments).await;
        let found = answer.code.map_or("", |code| code.as_str());
        assert_eq!((found, Exit::of(&answer).code()), (code, 3), "{}", answer.text);
        last = Some(answer);
    }
    assert_eq!(hosts.count("nordhafen").requests.len(), 0, "nothing was asked of the host");
    last.expect("an answer")
}

/// Every refusal's sentence, in one file to review.
#[tokio::test]
async fn every_refusal_of_tls_has_its_own_sentence() {
    let mut text = String::new();
    let mut say = |case: &str, answer: &Answer, made: Option<&Made>| {
        let said = answer.envelope["error"].as_str().expect("a sentence").to_owned();
        let said = match made {
            Some(made) => {
                let fingerprint = made.fingerprint.to_string();
                assert!(said.contains(&fingerprint), "{said}");
                said.replace(&fingerprint, "(SHA-256)")
            }
            None => said,
        };
        assert!(!said.contains("a host of a test") && !said.contains("jump01"), "{said}");
        writeln!(text, "# {case}\n{said}\n").expect("writing to a string");
    };
    let (authority, other) = (Authority::new(), Authority::new());
    let (_folder, trusting) = ca(&authority);
    let pinned = self_signed(&[HERE], Time::Now);
    for (case, made, lines) in [
        ("untrusted issuer", other.issue(&[HERE], Time::Now), trusting.clone()),
        ("self-signed", self_signed(&[HERE], Time::Now), trusting.clone()),
        ("wrong name", authority.issue(&["jump01.example"], Time::Now), trusting.clone()),
        ("expired", authority.issue(&[HERE], Time::Past), trusting.clone()),
        ("not valid yet", authority.issue(&[HERE], Time::Future), trusting.clone()),
        ("another certificate than the pinned", authority.issue(&[HERE], Time::Now), pin(&pinned)),
    ] {
        for (lines, basic) in
            [(lines.clone(), BasicSignIn::Off), (format!("auth = \"basic\"\n{lines}"), BasicSignIn::OverTls)]
        {
            let hosts = Hosts::start_https(&made.host(), basic, &lines).await;
            let answer = refused(&hosts, "tls_refused").await;
            let listener = &hosts.listeners["nordhafen"];
            assert_eq!((listener.sign_ins(), listener.last_refusal()), (0, None), "{case}: no password was shown");
            if basic == BasicSignIn::Off {
                say(case, &answer, Some(&made));
            }
        }
    }
    let plain = Hosts::start().await;
    let url = plain.listeners["nordhafen"].url().replace("http://", "https://");
    say("no TLS there", &refused(&plain.with_url("nordhafen", &url), "tls_refused").await, None);

    let made = self_signed(&[HERE], Time::Now);
    let hosts = Hosts::start_https(&made.host(), BasicSignIn::Off, &format!("auth = \"basic\"\n{}", pin(&made))).await;
    say("no Basic", &refused(&hosts, "sign_in_refused").await, None);
    assert_snapshot("tls.txt", &text);
}

#[tokio::test]
async fn a_believed_host_is_called() {
    let authority = Authority::new();
    let (_folder, trusting) = ca(&authority);
    let issued = authority.issue(&[HERE], Time::Now);
    let own = self_signed(&["elsewhere.example"], Time::Past);
    for (made, lines) in [(&issued, trusting), (&own, pin(&own)), (&issued, pin(&issued))] {
        let hosts = Hosts::start_https(&strict(made), BasicSignIn::OverTls, &lines).await;
        comes_off(&hosts).await;
        let hosts =
            Hosts::start_https(&strict(made), BasicSignIn::OverTls, &format!("auth = \"basic\"\n{lines}")).await;
        comes_off(&hosts).await;
    }
}

#[tokio::test]
async fn a_wrong_password_inside_tls_is_tried_once() {
    let made = self_signed(&[HERE], Time::Now);
    let hosts = Hosts::start_https(&made.host(), BasicSignIn::OverTls, &format!("auth = \"basic\"\n{}", pin(&made)))
        .await
        .with_password("wrong");
    refused(&hosts, "sign_in_refused").await;
    // The first message carried it; nothing was opened by it.
    assert_eq!(hosts.listeners["nordhafen"].connections(), 1);
    assert_eq!(hosts.count("nordhafen").shells_opened, 0);
}

#[tokio::test]
async fn a_certificate_of_ours_signs_in() {
    let authority = Authority::new();
    let (made, own) = (self_signed(&[HERE], Time::Now), authority.issue_client());
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("write");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
        path
    };
    let certificate = write("own.pem", &own.pem);
    let key = write("own.key", &own.key);
    let other = write("other.key", &made.key);
    let (pem, host_key) = (made.pem.as_bytes(), made.key.as_bytes());
    let asking =
        HostTls::asking_for_certificates(pem, host_key, authority.pem.as_bytes(), "demo").expect("a good certificate");
    let mut hosts = Hosts::start_https(&asking, BasicSignIn::Off, &pin(&made)).await;
    let chain = CertificateChain::from_pem(&std::fs::read(&certificate).expect("read")).expect("a certificate");
    let certified = |hosts: &mut Hosts, key: &std::path::Path| {
        for host in hosts.config.hosts.values_mut() {
            host.access.auth = Auth::Certificate;
            host.access.certificate = Some(chain.clone());
            host.password = SecretRef::File(key.to_owned());
        }
    };
    certified(&mut hosts, &key);
    comes_off(&hosts).await;

    certified(&mut hosts, &other);
    let answer = ask(&hosts.desk(), READ, on(json!({}))).await;
    let said = answer.envelope["error"].as_str().unwrap_or_default();
    assert_eq!(
        said,
        "The host \"jh-nordhafen-01\" cannot be signed in to as configured: the key is not the certificate's. Nothing was run."
    );

    let mut silent = Hosts::start_https(&made.host(), BasicSignIn::Off, &pin(&made)).await;
    certified(&mut silent, &key);
    let answer = refused(&silent, "sign_in_refused").await;
    assert!(answer.text.contains("clientcertnegotiation=enable"), "{}", answer.text);
}

/// For functions that sign in elsewhere from the host.
#[cfg(feature = "credssp")]
#[tokio::test]
async fn the_password_is_handed_to_a_host_that_is_to_have_it() {
    let made = self_signed(&["whatever"], Time::Now);
    let identity = wsman::auth::CredSspIdentity::from_pem(made.pem.as_bytes(), made.key.as_bytes());
    let identity = identity.expect("a good certificate");
    let as_it_is = std::sync::Arc::new(|_: &wsman::psrp::Command, steps| steps);
    let hosts =
        Hosts::start_as(as_it_is, |options| options.credssp = Some(identity.clone()), "auth = \"credssp\"").await;
    assert!(hosts.config.hosts.values().all(|host| host.access.auth == Auth::CredSsp));
    comes_off(&hosts).await;
    let hosts = hosts.with_password("wrong");
    let answer = ask(&hosts.desk(), READ, on(json!({}))).await;
    assert_eq!(answer.code.map(|code| code.as_str()), Some("sign_in_refused"), "{}", answer.text);
}

/// Somebody between who has talked the operator into pinning their
/// certificate: the host does not take the sign-in.
#[tokio::test]
async fn a_sign_in_that_was_relayed_is_refused_by_the_host() {
    let authority = Authority::new();
    let made = authority.issue(&[HERE], Time::Now);
    let own = self_signed(&[HERE], Time::Now);
    let hosts = Hosts::start_https(&strict(&made), BasicSignIn::Off, &pin(&own)).await;
    let relay = between(&own, &authority, hosts.listeners["nordhafen"].address()).await;
    let hosts = hosts.with_url("nordhafen", &format!("https://{relay}/wsman"));
    refused(&hosts, "sign_in_refused").await;
    assert_eq!(hosts.listeners["nordhafen"].last_refusal(), Some(wsman::auth::AuthError::ChannelBinding));
}

/// The binary itself, with a configuration file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_says_it_with_its_exit_code() {
    let authority = Authority::new();
    let made = authority.issue(&[HERE], Time::Now);
    let hosts = Hosts::start_https(&strict(&made), BasicSignIn::Off, &pin(&made)).await;
    let url = hosts.listeners["nordhafen"].url();
    let (folder, trusting) = ca(&authority);
    let other = pin(&self_signed(&[HERE], Time::Now));
    for (lines, code, exit) in [(&trusting, None, 0), (&other, Some("tls_refused"), 3)] {
        let file = folder.path().join("sentinel-jump.toml");
        let toml = crate::world::TOML
            .replacen("url = \"http://127.0.0.1:1/wsman\"", &format!("url = \"{url}\"\n{lines}"), 1)
            .replacen("NORDHAFEN\\svc-sentinel", "demo", 1)
            .replace(r"C:\Scripts\SentinelManager_v3.ps1", sentinel_jump::demo::SCRIPT_PATH)
            .replace("tenants.nordhafen.workspaces.prod", &format!("tenants.nordhafen.workspaces.{}", PLACE[1]))
            .replace("000000c1-0d3a-4000-8000-000000000001", &place(&hosts).0)
            .replace("rg-sec-prod", &place(&hosts).1)
            .replace("law-nordhafen-sec-prod", &place(&hosts).2);
        std::fs::write(&file, toml).expect("write");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
        command.args(["call", READ, "--tenant", PLACE[0], "--workspace", PLACE[1], "--config"]).arg(&file);
        command.env_remove("SENTINEL_JUMP_LOG").env("SENTINEL_JUMP_TEST_NOT_SET", PASSWORD);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it runs");
        let answer: Json = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((answer["code"].as_str(), output.status.code()), (code, Some(exit)), "{answer}");
        let said = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(PASSWORD));
    }
}

fn place(hosts: &Hosts) -> (String, String, String) {
    let target = hosts.config.registry.targets().find(|target| target.workspace().id.as_str() == PLACE[1]);
    let workspace = target.as_ref().expect("a workspace").workspace();
    (workspace.subscription.clone(), workspace.resource_group.clone(), workspace.name.clone())
}
