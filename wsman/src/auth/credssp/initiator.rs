//! The client end.

use std::fmt;

use zeroize::Zeroizing;

use super::channel::Channel;
use super::frame::CredSspSeal;
use super::request::{Request, encode_password};
use super::{CredSspError, VERSION, Way, key_proof, public_key};
use crate::auth::negotiate::{AwaitChoice, AwaitProof, Negotiator};
use crate::auth::{AuthError, ChannelBinding, Credentials, Mechanism, Seal as _, Step};
use crate::entropy::Entropy;

const SCHEME: &str = "CredSSP";

/// Signs in with CredSSP. The password goes out last, and only to a host that
/// proved that it knows it and has the TLS key.
pub struct CredSsp(Secrets);

struct Secrets {
    negotiator: Negotiator,
    host: String,
    /// `TSCredentials`: the user's name and password.
    password: Zeroizing<Vec<u8>>,
    nonce: [u8; 32],
}

impl CredSsp {
    /// As [`ntlm::Initiator::new`](crate::auth::ntlm::Initiator::new).
    /// `entropy` gives 56 bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserName`], [`AuthError::HostName`].
    pub fn new(credentials: &Credentials, host: &str, entropy: &mut Entropy) -> Result<Self, AuthError> {
        Ok(Self(Secrets {
            negotiator: Negotiator::new(credentials, host, entropy)?,
            host: host.to_owned(),
            password: encode_password(credentials),
            nonce: entropy.bytes(),
        }))
    }
}

impl Mechanism for CredSsp {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        if !from_host.is_empty() {
            return Err(AuthError::UnexpectedToken);
        }
        let mut channel = Channel::client(&self.0.host)?;
        let token = channel.seal(&[])?;
        Ok(Step::Continue { token, next: Box::new(Handshake { channel, secrets: self.0 }) })
    }
}

/// TLS is not there yet.
struct Handshake {
    channel: Channel,
    secrets: Secrets,
}

impl Mechanism for Handshake {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn step(mut self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        self.channel.open(from_host)?;
        if self.channel.is_handshaking() {
            let token = self.channel.seal(&[])?;
            return Ok(Step::Continue { token, next: self });
        }
        let Self { mut channel, secrets: Secrets { negotiator, password, nonce, .. } } = *self;
        let (first, choice) = negotiator.first()?;
        let request = Request { version: VERSION, token: Some(&first), ..Request::default() };
        let token = channel.seal(&request.encode())?;
        Ok(Step::Continue { token, next: Box::new(AwaitChallenge { channel, choice, password, nonce }) })
    }
}

/// Offered NTLM inside SPNEGO.
struct AwaitChallenge {
    channel: Channel,
    choice: AwaitChoice,
    password: Zeroizing<Vec<u8>>,
    nonce: [u8; 32],
}

impl Mechanism for AwaitChallenge {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        let Self { mut channel, choice, password, nonce } = *self;
        let opened = channel.open(from_host)?;
        let challenge = Request::decode(&opened)?;
        // No binding: the proof of the key stands in for it.
        let (answer, mut ntlm) = choice.answer(challenge.token.ok_or(CredSspError::Malformed)?, None)?;
        let key = public_key(channel.peer_certificate().ok_or(CredSspError::Tls)?)?;
        let proof = ntlm.seal.seal(key_proof(Way::ClientToServer, &nonce, &key))?;
        let proof = [proof.header, proof.data].concat();
        let request = Request {
            version: VERSION,
            token: Some(&answer),
            key_proof: Some(&proof),
            nonce: Some(&nonce),
            ..Request::default()
        };
        let token = channel.seal(&request.encode())?;
        Ok(Step::Continue { token, next: Box::new(AwaitKeyProof { channel, ntlm, key, password, nonce }) })
    }
}

/// Proved everything; the host must prove itself before it gets the password.
struct AwaitKeyProof {
    channel: Channel,
    ntlm: AwaitProof,
    key: Vec<u8>,
    password: Zeroizing<Vec<u8>>,
    nonce: [u8; 32],
}

impl Mechanism for AwaitKeyProof {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn has_proven(&self) -> bool {
        true
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        let Self { mut channel, ntlm, key, password, nonce } = *self;
        let opened = channel.open(from_host)?;
        let answer = Request::decode(&opened)?;
        let mut seal = ntlm.finish(answer.token.ok_or(CredSspError::Malformed)?)?;
        let (signature, sealed) =
            answer.key_proof.and_then(|proof| proof.split_at_checked(16)).ok_or(CredSspError::Malformed)?;
        if seal.unseal(signature, sealed.to_vec())? != key_proof(Way::ServerToClient, &nonce, &key) {
            return Err(CredSspError::OtherKey.into());
        }
        let sealed = seal.seal(password.to_vec())?;
        let sealed = [sealed.header, sealed.data].concat();
        let request = Request { version: VERSION, credentials: Some(&sealed), ..Request::default() };
        let token = channel.seal(&request.encode())?;
        Ok(Step::Done { token: Some(token), seal: Box::new(CredSspSeal::new(channel)) })
    }
}

impl fmt::Debug for CredSsp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredSsp")
    }
}

macro_rules! named {
    ($($state:ident),*) => {
        $(impl fmt::Debug for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!("CredSsp::", stringify!($state)))
            }
        })*
    };
}

named!(Handshake, AwaitChallenge, AwaitKeyProof);
