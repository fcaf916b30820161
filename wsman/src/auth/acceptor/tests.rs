use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::auth::ntlm::Initiator;
use crate::auth::{Mechanism, NtlmMessage, Step};
use crate::secret::Secret;

const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

fn credentials(username: &str, password: &str) -> Credentials {
    Credentials { username: username.to_owned(), password: Secret::new(password.to_owned()) }
}

fn acceptor(demand: Demand) -> Acceptor {
    let accounts =
        [credentials(r"CORP\first", "other"), credentials("analyst", "pä$$wörd😀"), credentials("u@corp", "x")];
    Acceptor::new(accounts.into(), "HOST01", FileTime(133_000_000_000_000_000), demand, &mut Entropy::seeded(1))
        .unwrap()
}

fn initiator(username: &str, password: &str) -> Box<dyn Mechanism> {
    let credentials = credentials(username, password);
    Box::new(Initiator::new(&credentials, "host01", &mut Entropy::seeded(2)).unwrap())
}

fn first(client: Box<dyn Mechanism>) -> (Vec<u8>, Box<dyn Mechanism>) {
    match client.step(&[], None).unwrap() {
        Step::Continue { token, next } => (token, next),
        Step::Done { .. } => panic!("done too early"),
    }
}

fn last(client: Box<dyn Mechanism>, challenge: &[u8]) -> (Vec<u8>, Box<dyn Seal>) {
    match client.step(challenge, None).unwrap() {
        Step::Done { token, seal } => (token.unwrap(), seal),
        Step::Continue { .. } => panic!("not done"),
    }
}

fn go_on(host: Acceptor, token: &[u8]) -> (Vec<u8>, Acceptor) {
    match host.step(token).unwrap() {
        Accepted::Continue { token, next } => (token, next),
        Accepted::Done { .. } => panic!("done too early"),
    }
}

/// A signed-in connection: client, host, and whom the host takes it for.
type Ends = (Box<dyn Seal>, Box<dyn Seal>, String);

/// A raw exchange; `change` may touch the client's last message.
fn dialogue(client: Box<dyn Mechanism>, host: Acceptor, change: impl FnOnce(&mut Vec<u8>)) -> Result<Ends, AuthError> {
    let (negotiate, client) = first(client);
    let (challenge, host) = go_on(host, &negotiate);
    let (mut authenticate, client_seal) = last(client, &challenge);
    change(&mut authenticate);
    match host.step(&authenticate)? {
        Accepted::Done { token: None, seal, username } => Ok((client_seal, seal, username)),
        other => panic!("{other:?}"),
    }
}

fn talk(one: &mut dyn Seal, other: &mut dyn Seal) {
    for text in ["", "a", "two"] {
        let sealed = one.seal(text.into()).unwrap();
        assert_eq!(other.unseal(&sealed.header, sealed.data).unwrap(), text.as_bytes());
        let sealed = other.seal(text.into()).unwrap();
        assert_eq!(one.unseal(&sealed.header, sealed.data).unwrap(), text.as_bytes());
    }
}

#[test]
fn both_ends_agree_on_every_form_of_user_name() {
    for (username, password, known_as) in [
        ("analyst", "pä$$wörd😀", "analyst"),
        (r"HOST01\ANALYST", "pä$$wörd😀", "analyst"),
        (r".\Analyst", "pä$$wörd😀", "analyst"),
        (r"corp\first", "other", r"CORP\first"),
        ("U@corp", "x", "u@corp"),
    ] {
        let (mut client, mut host, username) =
            dialogue(initiator(username, password), acceptor(Demand::Anything), |_| ()).unwrap();
        assert_eq!(username, known_as);
        talk(&mut *client, &mut *host);
    }
}

#[test]
fn unknown_users_and_wrong_passwords_are_not_told_apart() {
    for (username, password) in [("analyst", "wrong"), ("nobody", "x"), (r"CORP\analyst2", "x"), (r"X\first", "other")]
    {
        let got = dialogue(initiator(username, password), acceptor(Demand::Anything), |_| ());
        assert_eq!(got.err(), Some(AuthError::LogonDenied), "{username}");
    }
}

#[test]
fn a_changed_message_is_refused_wherever_it_is_changed() {
    let length = {
        let mut length = 0;
        dialogue(initiator("analyst", "pä$$wörd😀"), acceptor(Demand::Anything), |token| length = token.len()).unwrap();
        length
    };
    for at in 0..length {
        let got =
            dialogue(initiator("analyst", "pä$$wörd😀"), acceptor(Demand::Anything), |token| token[at] ^= 0x40);
        assert!(got.is_err(), "byte {at}");
    }
}

#[test]
fn a_changed_first_message_is_seen_by_the_mic() {
    let (mut negotiate, client) = first(initiator("analyst", "pä$$wörd😀"));
    negotiate[32] ^= 1;
    let (challenge, host) = go_on(acceptor(Demand::Anything), &negotiate);
    let (authenticate, _) = last(client, &challenge);
    assert_eq!(host.step(&authenticate).err(), Some(AuthError::BadMic));
}

#[test]
fn a_client_that_gives_less_is_refused() {
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        dialogue(initiator("analyst", "pä$$wörd😀"), acceptor(Demand::Anything), change).err()
    };
    // "I added a MIC", taken back in the response; the response cut off.
    let without_mic = |token: &mut Vec<u8>| {
        let at = token.windows(8).position(|bytes| bytes == [6, 0, 4, 0, 2, 0, 0, 0]).unwrap();
        token[at + 4] = 0;
    };
    assert_eq!(refused(&without_mic), Some(AuthError::WeakResponse));
    // NTLMv1 has 24 bytes.
    assert_eq!(refused(&|token| token[20..24].copy_from_slice(&[24, 0, 24, 0])), Some(AuthError::WeakResponse));
    for missing in [0x10_u32, 0x20, 0x8_0000, 0x2000_0000, 0x4000_0000] {
        let without = |token: &mut Vec<u8>| {
            let flags: &mut [u8; 4] = token[60..].first_chunk_mut().unwrap();
            *flags = (u32::from_le_bytes(*flags) & !missing).to_le_bytes();
        };
        let message = NtlmMessage::Authenticate;
        assert_eq!(refused(&without), Some(AuthError::FlagsMissing { message, missing }));
    }
}

#[test]
fn the_channel_must_be_the_one_that_is_demanded() {
    let run = |named: Option<&str>, demand: fn(ChannelBinding) -> Demand| {
        let (negotiate, client) = first(initiator("analyst", "pä$$wörd😀"));
        let (challenge, host) = go_on(acceptor(demand(ChannelBinding::named("this"))), &negotiate);
        let channel = named.map(ChannelBinding::named);
        let Step::Done { token: Some(token), .. } = client.step(&challenge, channel.as_ref()).unwrap() else {
            panic!("not done")
        };
        host.step(&token).map(drop)
    };
    let refused = Err(AuthError::ChannelBinding);
    for (named, anything, if_named, always) in [
        (Some("this"), Ok(()), Ok(()), Ok(())),
        (None, Ok(()), Ok(()), refused.clone()),
        (Some("another"), Ok(()), refused.clone(), refused),
    ] {
        assert_eq!(run(named, |_| Demand::Anything), anything, "{named:?}");
        assert_eq!(run(named, Demand::IfNamed), if_named, "{named:?}");
        assert_eq!(run(named, Demand::Always), always, "{named:?}");
    }
}

/// Windows clients write sixteen zeros when they name no channel.
#[test]
fn zeros_name_no_channel() {
    let this = || ChannelBinding::named("this");
    assert!(Demand::IfNamed(this()).is_met_by(Some([0; 16])));
    assert!(!Demand::Always(this()).is_met_by(Some([0; 16])));
    assert!(Demand::Always(this()).is_met_by(Some(this().md5())));
}

#[test]
fn the_same_seeds_give_the_same_bytes() {
    let run = || {
        let mut bytes = Vec::new();
        dialogue(initiator("analyst", "pä$$wörd😀"), acceptor(Demand::Anything), |token| bytes.clone_from(token))
            .unwrap();
        bytes
    };
    assert_eq!(run(), run());
}

#[test]
fn tokens_out_of_turn_are_refused() {
    assert_eq!(initiator("a", "b").step(b"NTLMSSP\0", None).err(), Some(AuthError::UnexpectedToken));
    let (negotiate, client) = first(initiator("a", "b"));
    assert!(client.step(&negotiate, None).is_err());
    let (_, host) = go_on(acceptor(Demand::Anything), &negotiate);
    assert!(host.step(&negotiate).is_err());
    assert!(acceptor(Demand::Anything).step(&[]).is_err());
    assert!(matches!(acceptor(Demand::Anything).step(&[0; 20_000]), Err(AuthError::TokenTooLong { .. })));
}

#[test]
fn debug_shows_no_secret() {
    let (negotiate, client) = first(initiator("analyst", "planted-secret"));
    let shown = format!(
        "{:?} {:?} {client:?}",
        credentials("a", "planted-secret"),
        acceptor(Demand::Anything).step(&negotiate)
    );
    assert!(!shown.contains("planted-secret"));
    assert!(!shown.contains('['), "{shown}");
}

/// The client end of SPNEGO, as Windows and pyspnego speak it.
struct Wrapped {
    list: Vec<u8>,
    first: Vec<u8>,
    client: Box<dyn Mechanism>,
    inner: Vec<u8>,
}

fn wrapped(mechanisms: &[&[u8]]) -> Wrapped {
    let (inner, client) = first(initiator("analyst", "pä$$wörd😀"));
    let token = if mechanisms[0] == NTLM_OID { &inner[..] } else { b"of another mechanism" };
    let (first, list) = spnego::encode_init(mechanisms, Some(token));
    Wrapped { list, first, client, inner }
}

fn wrap<'a>(token: Option<&'a [u8]>, mic: Option<&'a [u8]>) -> Vec<u8> {
    Response { state: Some(State::Incomplete), mechanism: None, token, mic }.encode()
}

#[test]
fn spnego_with_ntlm_first_needs_no_proof() {
    let Wrapped { first, client, .. } = wrapped(&[NTLM_OID]);
    let (token, host) = go_on(acceptor(Demand::Anything), &first);
    let answer = spnego::response(&token).unwrap();
    assert_eq!((answer.state, answer.mechanism), (Some(State::Incomplete), Some(NTLM_OID)));
    let (authenticate, mut client) = last(client, answer.token.unwrap());
    let Accepted::Done { token: Some(token), mut seal, .. } = host.step(&wrap(Some(&authenticate), None)).unwrap()
    else {
        panic!("not done")
    };
    assert_eq!(spnego::response(&token).unwrap().state, Some(State::Completed));
    talk(&mut *client, &mut *seal);
}

#[test]
fn spnego_with_another_mechanism_first_must_be_proven() {
    let Wrapped { list, first, client, inner } = wrapped(&[KERBEROS_OID, NTLM_OID]);
    let (token, host) = go_on(acceptor(Demand::Anything), &first);
    let answer = spnego::response(&token).unwrap();
    assert_eq!((answer.state, answer.mechanism, answer.token), (Some(State::RequestMic), Some(NTLM_OID), None));
    let (token, host) = go_on(host, &wrap(Some(&inner), None));
    let (authenticate, _) = last(client, spnego::response(&token).unwrap().token.unwrap());
    let (token, host) = go_on(host, &wrap(Some(&authenticate), None));
    assert_eq!(spnego::response(&token).unwrap(), Response { state: Some(State::Incomplete), ..Response::default() });
    let got = host.step(&wrap(None, Some(&list[..16])));
    assert_eq!(got.err(), Some(AuthError::Spnego(SpnegoError::BadMechListMic)));
}

#[test]
fn spnego_without_ntlm_is_refused() {
    let (token, _) = spnego::encode_init(&[KERBEROS_OID], Some(b"x"));
    assert_eq!(acceptor(Demand::Anything).step(&token).err(), Some(AuthError::Spnego(SpnegoError::NoNtlm)));
}

#[test]
fn a_rejection_ends_the_exchange() {
    let (_, host) = go_on(acceptor(Demand::Anything), &wrapped(&[NTLM_OID]).first);
    let reject = Response { state: Some(State::Reject), ..Response::default() }.encode();
    assert_eq!(host.step(&reject).err(), Some(AuthError::Spnego(SpnegoError::Rejected)));
}

/// What pyspnego 0.12.4 (`negotiate`) said to the acceptor of these tests:
/// first token, second token with the MIC of its list, first sealed message.
const CAPTURED: [&str; 2] = [
    "YEgGBisGAQUFAqA+MDygDjAMBgorBgEEAYI3AgIKoioEKE5UTE1TU1AAAQAAADeCCOIAAAAAKAAAAAAAAAAoAAAAAAwEAAAAAA8=",
    "oYIBWTCCAVWgAwoBAaKCATgEggE0TlRMTVNTUAADAAAAGAAYAFgAAACiAKIAcAAAAAAAAAASAQAADgAOABIBAAAEAAQAIAEAABAA\
     EAAkAQAANYKK4gAMBAAAAAAPFNaDF/w4ZVWYQ3xYCYGHngAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMxB71HkcI6X16Tgb3CZ2t4B\
     AQAAAAAAAACAIJvLgtgB55UnfmHerOcAAAAAAgAMAEgATwBTAFQAMAAxAAEADABIAE8AUwBUADAAMQAEAAwASABPAFMAVAAwADEA\
     AwAMAEgATwBTAFQAMAAxAAcACAAAgCCby4LYAQkAFgBoAHQAdABwAC8AaABvAHMAdAAwADEABgAEAAIAAAAAAAAAAAAAAGEAbgBh\
     AGwAeQBzAHQAVgBNAOrPWQcqzVMBmjHRhQIuGtmjEgQQAQAAAC6IX4ZvNkUzAAAAAA==",
];

#[test]
fn a_captured_client_with_a_proof_of_its_list_is_accepted() {
    let [first, second] = CAPTURED.map(|token| STANDARD.decode(token).unwrap());
    let (_, host) = go_on(acceptor(Demand::Anything), &first);
    let Accepted::Done { token: Some(token), mut seal, username } = host.step(&second).unwrap() else {
        panic!("not done")
    };
    assert_eq!(username, "analyst");
    let answer = spnego::response(&token).unwrap();
    assert_eq!((answer.state, answer.mic.map(<[u8]>::len)), (Some(State::Completed), Some(16)));
    let header = b"\x01\0\0\0\x11\x73\x2a\xb0\x8a\x7b\xce\x21\x01\0\0\0";
    assert_eq!(seal.unseal(header, b"\x11\xa5\xd1\x40\xe1".to_vec()).unwrap(), b"hello");
    assert_eq!(seal.seal(Vec::new()).unwrap().header[12..], [1, 0, 0, 0], "its own proof had number 0");
}

#[test]
fn a_captured_client_whose_list_was_changed_is_refused() {
    let [first, mut second] = CAPTURED.map(|token| STANDARD.decode(token).unwrap());
    let (_, host) = go_on(acceptor(Demand::Anything), &first);
    let at = second.len() - 8;
    second[at] ^= 1;
    assert_eq!(host.step(&second).err(), Some(AuthError::Spnego(SpnegoError::BadMechListMic)));
}
