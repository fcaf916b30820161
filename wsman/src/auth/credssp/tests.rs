use super::channel::Channel;
use super::*;
use crate::auth::ntlm::FileTime;
use crate::auth::{AuthError, Credentials, Mechanism, Seal, Step};
use crate::entropy::Entropy;

fn identity() -> CredSspIdentity {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec!["whatever".to_owned()]).unwrap().self_signed(&key).unwrap();
    CredSspIdentity::from_pem(made.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
}

fn account(password: &str) -> Credentials {
    Credentials { username: "analyst".into(), password: password.to_owned().into() }
}

fn client(password: &str) -> Box<dyn Mechanism> {
    Box::new(CredSsp::new(&account(password), "host01", &mut Entropy::seeded(2)).unwrap())
}

fn host(identity: &CredSspIdentity) -> CredSspAcceptor {
    let accounts = [account("pä$$wörd😀")].into();
    let now = FileTime(133_000_000_000_000_000);
    CredSspAcceptor::new(identity, accounts, "HOST01", now, &mut Entropy::seeded(1)).unwrap()
}

/// Client, host, user name, and how many tokens the client sent.
type Ends = (Box<dyn Seal>, Box<dyn Seal>, String, usize);

fn dialogue(mut client: Box<dyn Mechanism>, mut host: CredSspAcceptor) -> Result<Ends, AuthError> {
    let mut from_host = Vec::new();
    for sent in 1.. {
        match client.step(&from_host, None)? {
            Step::Continue { token, next } => {
                client = next;
                match host.step(&token)? {
                    CredSspStep::Continue { token, next } => (from_host, host) = (token, *next),
                    CredSspStep::Done { .. } => panic!("done too early"),
                }
            }
            Step::Done { token: Some(token), seal: ours } => match host.step(&token)? {
                CredSspStep::Done { seal, username } => return Ok((ours, seal, username, sent)),
                CredSspStep::Continue { .. } => panic!("not done"),
            },
            Step::Done { token: None, .. } => panic!("the password was not sent"),
        }
    }
    unreachable!("it ends")
}

#[test]
fn both_ends_agree_in_five_legs_and_talk() {
    let (mut ours, mut theirs, username, legs) = dialogue(client("pä$$wörd😀"), host(&identity())).unwrap();
    assert_eq!((username.as_str(), legs), ("analyst", 5));
    for size in [0, 1, 16 * 1024, 16 * 1024 + 1, 300_000] {
        let plain: Vec<u8> = (0..size).map(|n: u32| n as u8).collect();
        let (kind, body) = ours.frame(plain.clone()).unwrap();
        assert_eq!(kind.starts_with("multipart/x-multi-encrypted"), size > 16 * 1024, "{size}");
        assert!(theirs.unframe(kind, body, 512 * 1024).unwrap() == plain);
        let (kind, body) = theirs.frame(plain.clone()).unwrap();
        assert!(ours.unframe(kind, body, 512 * 1024).unwrap() == plain);
    }
}

#[test]
fn changed_cut_and_long_messages_are_refused() {
    let ends = || dialogue(client("pä$$wörd😀"), host(&identity())).unwrap();
    let (mut ours, mut theirs, ..) = ends();
    let (kind, mut body) = ours.frame(b"hello".to_vec()).unwrap();
    let at = body.len() - 30;
    body[at] ^= 1;
    assert!(theirs.unframe(kind, body, 100).is_err());
    let (kind, body) = ours.frame(b"next".to_vec()).unwrap();
    let poisoned = crate::auth::multipart::FrameError::Seal(AuthError::Poisoned);
    assert_eq!(theirs.unframe(kind, body, 100), Err(poisoned), "after one bad message, none is believed");

    for cut in [0, 1, 100, 300, 400, 16_000, 20_000] {
        let (mut ours, mut theirs, ..) = ends();
        let (kind, body) = ours.frame(vec![7; 20_000]).unwrap();
        assert!(theirs.unframe(kind, body[..cut].to_vec(), 1 << 20).is_err(), "{cut}");
    }
    let (mut ours, mut theirs, ..) = ends();
    let (kind, body) = ours.frame(vec![7; 20_000]).unwrap();
    assert!(theirs.unframe(kind, body, 19_999).is_err(), "longer than the limit");
    let (_, mut theirs, ..) = ends();
    assert!(theirs.unframe("application/soap+xml", b"<x/>".to_vec(), 100).is_err(), "not sealed");
}

#[test]
fn a_wrong_password_is_refused_before_any_is_handed_over() {
    assert_eq!(dialogue(client("wrong"), host(&identity())).err(), Some(AuthError::LogonDenied));
}

/// Somebody between who passes on what is inside of TLS: the host notices from
/// the proof, and the password was not sent.
#[test]
fn a_relayed_sign_in_is_refused_by_the_host() {
    let mut towards_client = Channel::server(identity().server_config()).unwrap();
    let mut towards_host = Channel::client("host01").unwrap();
    let mut host = host(&identity());
    // TLS with the host.
    let mut token = towards_host.seal(&[]).unwrap();
    while towards_host.is_handshaking() {
        let CredSspStep::Continue { token: answer, next } = host.step(&token).unwrap() else { panic!("too early") };
        host = *next;
        towards_host.open(&answer).unwrap();
        token = towards_host.seal(&[]).unwrap();
    }
    // TLS with the client.
    let mut client = client("pä$$wörd😀");
    let mut from_host = Vec::new();
    let mut passed = 0;
    let refused = loop {
        let Step::Continue { token, next } = client.step(&from_host, None).unwrap() else {
            panic!("the password went out")
        };
        client = next;
        let inner = towards_client.open(&token).unwrap();
        if inner.is_empty() {
            from_host = towards_client.seal(&[]).unwrap();
            continue;
        }
        passed += 1;
        let relayed = towards_host.seal(&inner).unwrap();
        match host.step(&relayed) {
            Ok(CredSspStep::Continue { token, next }) => {
                host = *next;
                let answer = towards_host.open(&token).unwrap();
                from_host = towards_client.seal(&answer).unwrap();
            }
            Ok(CredSspStep::Done { .. }) => panic!("it was taken"),
            Err(error) => break error,
        }
    };
    assert_eq!((passed, refused), (2, AuthError::CredSsp(CredSspError::OtherKey)));
}

#[test]
fn debug_shows_no_secret() {
    let Step::Continue { token, next } = client("planted-secret").step(&[], None).unwrap() else { panic!("too early") };
    let shown = format!("{:?} {next:?} {:?}", client("planted-secret"), host(&identity()).step(&token));
    assert!(!shown.contains("planted-secret") && !shown.contains('['), "{shown}");
}
