//! The host end: for the test peer and the embedded jump host.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS12;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::channel::Channel;
use super::frame::CredSspSeal;
use super::request::{Request, decode_password};
use super::{CredSspError, VERSION, Way, key_proof, public_key};
use crate::auth::ntlm::FileTime;
use crate::auth::{Accepted, Acceptor, AuthError, Credentials, Demand, Seal};
use crate::entropy::Entropy;

/// The certificate of a host's CredSSP, which is not that of its HTTPS.
#[derive(Clone)]
pub struct CredSspIdentity {
    config: Arc<ServerConfig>,
    key: Arc<[u8]>,
}

impl CredSspIdentity {
    /// From PEM: a certificate, which nobody needs to have issued, and its key.
    ///
    /// # Errors
    ///
    /// [`CredSspError::Tls`].
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CredSspError> {
        let certificate = CertificateDer::from_pem_slice(certificate).map_err(|_| CredSspError::Tls)?;
        let public = public_key(&certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CredSspError::Tls)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS12])
            .map_err(|_| CredSspError::Tls)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(|_| CredSspError::Tls)?;
        Ok(Self { config: Arc::new(config), key: public.into() })
    }
}

#[cfg(test)]
impl CredSspIdentity {
    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for CredSspIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredSspIdentity")
    }
}

/// One sign-in with CredSSP, seen from the host. Belongs to one connection.
pub struct CredSspAcceptor {
    channel: Channel,
    key: Arc<[u8]>,
    accounts: Arc<[Credentials]>,
    state: State,
}

enum State {
    Handshake(Acceptor),
    Negotiate(Acceptor),
    AwaitPassword { seal: Box<dyn Seal>, username: String },
}

/// What to do after a step of the host.
pub enum CredSspStep {
    /// Answer 401 with `token` and step `next` with what comes.
    Continue {
        /// For the client, before base64.
        token: Vec<u8>,
        /// Takes the client's next token.
        next: Box<CredSspAcceptor>,
    },
    /// Signed in, and given the right password.
    Done {
        /// Unseals and seals everything that follows on this connection.
        seal: Box<dyn Seal>,
        /// The account, as it is written in the list.
        username: String,
    },
}

impl CredSspAcceptor {
    /// As [`Acceptor::new`].
    ///
    /// # Errors
    ///
    /// [`AuthError::HostName`], [`AuthError::CredSsp`].
    pub fn new(
        identity: &CredSspIdentity,
        accounts: Arc<[Credentials]>,
        host: &str,
        now: FileTime,
        entropy: &mut Entropy,
    ) -> Result<Self, AuthError> {
        let inner = Acceptor::new(Arc::clone(&accounts), host, now, Demand::Anything, entropy)?;
        let channel = Channel::server(Arc::clone(&identity.config))?;
        Ok(Self { channel, key: Arc::clone(&identity.key), accounts, state: State::Handshake(inner) })
    }

    /// Takes a token of the client.
    ///
    /// # Errors
    ///
    /// The exact case, for the log. Clients get a bare 401, whatever it was.
    pub fn step(mut self, token: &[u8]) -> Result<CredSspStep, AuthError> {
        let opened = Zeroizing::new(self.channel.open(token)?);
        match self.state {
            State::Handshake(inner) => {
                let token = self.channel.seal(&[])?;
                let state =
                    if self.channel.is_handshaking() { State::Handshake(inner) } else { State::Negotiate(inner) };
                Ok(CredSspStep::Continue { token, next: Box::new(Self { state, ..self }) })
            }
            State::Negotiate(inner) => {
                let request = Request::decode(&opened)?;
                let accepted = inner.step(request.token.ok_or(CredSspError::Malformed)?)?;
                let (answer, state) = match accepted {
                    Accepted::Continue { token, next } => {
                        let answer = Request { version: VERSION, token: Some(&token), ..Request::default() };
                        (answer.encode(), State::Negotiate(next))
                    }
                    Accepted::Done { token, mut seal, username } => {
                        let proof = prove(&self.key, &request, &mut *seal)?;
                        let (token, key_proof) = (token.as_deref(), Some(&proof[..]));
                        let answer = Request { version: VERSION, token, key_proof, ..Request::default() };
                        (answer.encode(), State::AwaitPassword { seal, username })
                    }
                };
                let token = self.channel.seal(&answer)?;
                Ok(CredSspStep::Continue { token, next: Box::new(Self { state, ..self }) })
            }
            State::AwaitPassword { mut seal, username } => {
                let request = Request::decode(&opened)?;
                let sealed = request.credentials.and_then(|sealed| sealed.split_at_checked(16));
                let (signature, sealed) = sealed.ok_or(CredSspError::Malformed)?;
                let credentials = Zeroizing::new(seal.unseal(signature, sealed.to_vec())?);
                let given = decode_password(&credentials)?;
                let known = self.accounts.iter().find(|account| account.username == username);
                let known = known.ok_or(AuthError::LogonDenied)?.password.expose().encode_utf16();
                let known = Zeroizing::new(known.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
                if !bool::from(known.ct_eq(given)) {
                    return Err(AuthError::LogonDenied);
                }
                Ok(CredSspStep::Done { seal: Box::new(CredSspSeal::new(self.channel)), username })
            }
        }
    }
}

/// Checks the client's proof of the key and gives ours.
fn prove(key: &[u8], request: &Request<'_>, seal: &mut dyn Seal) -> Result<Vec<u8>, AuthError> {
    let nonce = request.nonce.filter(|nonce| nonce.len() == 32).ok_or(CredSspError::Malformed)?;
    let proof = request.key_proof.and_then(|proof| proof.split_at_checked(16));
    let (signature, sealed) = proof.ok_or(CredSspError::Malformed)?;
    if seal.unseal(signature, sealed.to_vec())? != key_proof(Way::ClientToServer, nonce, key) {
        return Err(CredSspError::OtherKey.into());
    }
    let ours = seal.seal(key_proof(Way::ServerToClient, nonce, key))?;
    Ok([ours.header, ours.data].concat())
}

impl fmt::Debug for CredSspStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue { token, .. } => write!(f, "Continue({} bytes)", token.len()),
            Self::Done { .. } => f.write_str("Done"),
        }
    }
}

impl fmt::Debug for CredSspAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredSspAcceptor")
    }
}
