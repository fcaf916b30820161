//! The host end of a sign-in: for the test peer and the embedded jump host.

use std::fmt;
use std::sync::Arc;

use super::ntlm::{AwaitAuthenticate, AwaitNegotiate, FileTime, SignedIn};
use super::spnego::{self, Init, NTLM_OID, Response, State, Token};
use super::{AuthError, ChannelBinding, Credentials, Seal, SpnegoError};
use crate::entropy::Entropy;

/// One sign-in, seen from the host. Belongs to one TCP connection.
///
/// Takes NTLM as it is (under the scheme `Negotiate` or `NTLM`) and NTLM
/// inside SPNEGO (under `Negotiate`); answers in kind. Demands NTLMv2 with MIC,
/// key exchange and 128-bit sealing from everyone, and, when the client's first
/// choice was another mechanism, the proof that nobody changed its list.
///
/// Source: [MS-NLMP] §3.2.5.1, RFC 4178 §3.2 and §5.
pub struct Acceptor {
    accounts: Arc<[Credentials]>,
    state: Awaits,
}

/// What the host waits for.
enum Awaits {
    First(AwaitNegotiate),
    RawAuthenticate(AwaitAuthenticate),
    /// The client must start over with NTLM: its first choice was another.
    SpnegoNegotiate(AwaitNegotiate, List),
    SpnegoAuthenticate(AwaitAuthenticate, List),
    /// Signed in, but the client has not yet proven its list of mechanisms.
    SpnegoProof(SignedIn, List),
}

/// The client's list of mechanisms.
struct List {
    der: Vec<u8>,
    /// Whether the client must prove it.
    proof: Proof,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Optional,
    Demanded,
}

/// Which TLS channel clients must sign in for.
///
/// Windows calls it `CbtHardeningLevel`, and is at [`Demand::IfNamed`] by
/// default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Whatever the client says (`None`), and plain HTTP.
    Anything,
    /// For this channel, or without naming one (`Relaxed`).
    IfNamed(ChannelBinding),
    /// For this channel (`Strict`).
    Always(ChannelBinding),
}

impl Demand {
    /// `named` as it stands in the client's message. All zero means that it
    /// named none. Source: [MS-NLMP] §2.2.2.1 (MsvAvChannelBindings).
    pub(super) fn is_met_by(&self, named: Option<[u8; 16]>) -> bool {
        let named = named.filter(|named| *named != [0; 16]);
        match self {
            Self::Anything => true,
            Self::IfNamed(channel) => named.is_none_or(|named| named == channel.md5()),
            Self::Always(channel) => named == Some(channel.md5()),
        }
    }
}

/// What to do after a step of the host.
pub enum Accepted {
    /// Answer 401 with `token` and step `next` with what comes.
    Continue {
        /// For the client, before base64.
        token: Vec<u8>,
        /// Takes the client's next token.
        next: Acceptor,
    },
    /// Signed in. Send `token`, if there is one, with the answer to this very
    /// request.
    Done {
        /// For the client, before base64.
        token: Option<Vec<u8>>,
        /// Unseals and seals everything that follows on this connection.
        seal: Box<dyn Seal>,
        /// The account, as it is written in the list.
        username: String,
    },
}

impl Acceptor {
    /// Waits for a client.
    ///
    /// `host` is the computer name shown to clients (at most 255 UTF-16 units;
    /// Windows has at most 15). `entropy` gives 8 bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::HostName`].
    pub fn new(
        accounts: Arc<[Credentials]>,
        host: &str,
        now: FileTime,
        channel: Demand,
        entropy: &mut Entropy,
    ) -> Result<Self, AuthError> {
        if host.is_empty() || host.encode_utf16().count() > 255 {
            return Err(AuthError::HostName);
        }
        let first = AwaitNegotiate { server_challenge: entropy.bytes(), host: host.to_owned(), time: now, channel };
        Ok(Self { accounts, state: Awaits::First(first) })
    }

    /// Takes a token of the client.
    ///
    /// # Errors
    ///
    /// The exact case, for the log. Clients get a bare 401, whatever it was.
    pub fn step(self, token: &[u8]) -> Result<Accepted, AuthError> {
        if token.len() > spnego::MAX_TOKEN_BYTES {
            return Err(AuthError::TokenTooLong { limit: spnego::MAX_TOKEN_BYTES, found: token.len() });
        }
        let accounts = self.accounts;
        match self.state {
            Awaits::First(ntlm) if spnego::is_spnego(token) => first_spnego(accounts, ntlm, token),
            Awaits::First(ntlm) => {
                let (token, next) = ntlm.step(token)?;
                Ok(go_on(accounts, token, Awaits::RawAuthenticate(next)))
            }
            Awaits::RawAuthenticate(ntlm) => {
                let signed_in = ntlm.step(token, &accounts)?;
                done(&accounts, None, signed_in)
            }
            Awaits::SpnegoNegotiate(ntlm, list) => {
                let response = spnego::response(token)?;
                let (challenge, next) = ntlm.step(response.token.ok_or(SpnegoError::NoToken)?)?;
                let token = Response { state: Some(State::Incomplete), token: Some(&challenge), ..Response::default() }
                    .encode();
                Ok(go_on(accounts, token, Awaits::SpnegoAuthenticate(next, list)))
            }
            Awaits::SpnegoAuthenticate(ntlm, list) => {
                let response = spnego::response(token)?;
                let signed_in = ntlm.step(response.token.ok_or(SpnegoError::NoToken)?, &accounts)?;
                match (response.mic, list.proof) {
                    (Some(mic), _) => prove(&accounts, signed_in, &list, mic),
                    (None, Proof::Optional) => {
                        let token = Response { state: Some(State::Completed), ..Response::default() }.encode();
                        done(&accounts, Some(token), signed_in)
                    }
                    (None, Proof::Demanded) => {
                        let token = Response { state: Some(State::Incomplete), ..Response::default() }.encode();
                        Ok(go_on(accounts, token, Awaits::SpnegoProof(signed_in, list)))
                    }
                }
            }
            Awaits::SpnegoProof(signed_in, list) => {
                let response = spnego::response(token)?;
                prove(&accounts, signed_in, &list, response.mic.ok_or(SpnegoError::NoMechListMic)?)
            }
        }
    }
}

fn first_spnego(accounts: Arc<[Credentials]>, ntlm: AwaitNegotiate, token: &[u8]) -> Result<Accepted, AuthError> {
    let Token::Init(Init { mech_list, mechanisms, token }) = spnego::decode(token)? else {
        return Err(SpnegoError::Malformed.into());
    };
    let der = mech_list.to_vec();
    let answer = Response { mechanism: Some(NTLM_OID), ..Response::default() };
    match (mechanisms.iter().position(|oid| *oid == NTLM_OID), token) {
        (None, _) => Err(SpnegoError::NoNtlm.into()),
        (Some(0), Some(negotiate)) => {
            let (challenge, next) = ntlm.step(negotiate)?;
            let token = Response { state: Some(State::Incomplete), token: Some(&challenge), ..answer }.encode();
            Ok(go_on(accounts, token, Awaits::SpnegoAuthenticate(next, List { der, proof: Proof::Optional })))
        }
        // Its token, if any, is of a mechanism that is not spoken here.
        (Some(_), _) => {
            let token = Response { state: Some(State::RequestMic), ..answer }.encode();
            Ok(go_on(accounts, token, Awaits::SpnegoNegotiate(ntlm, List { der, proof: Proof::Demanded })))
        }
    }
}

/// Checks the client's proof of its list and gives ours.
fn prove(accounts: &[Credentials], mut signed_in: SignedIn, list: &List, mic: &[u8]) -> Result<Accepted, AuthError> {
    if !signed_in.seal.verify_mech_list(&list.der, mic)? {
        return Err(SpnegoError::BadMechListMic.into());
    }
    let ours = signed_in.seal.sign_mech_list(&list.der)?;
    let token = Response { state: Some(State::Completed), mic: Some(&ours), ..Response::default() }.encode();
    done(accounts, Some(token), signed_in)
}

fn go_on(accounts: Arc<[Credentials]>, token: Vec<u8>, state: Awaits) -> Accepted {
    Accepted::Continue { token, next: Acceptor { accounts, state } }
}

fn done(accounts: &[Credentials], token: Option<Vec<u8>>, signed_in: SignedIn) -> Result<Accepted, AuthError> {
    let SignedIn { account, seal } = signed_in;
    let username = accounts.get(account).ok_or(AuthError::LogonDenied)?.username.clone();
    Ok(Accepted::Done { token, seal, username })
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue { token, .. } => write!(f, "Continue({} bytes)", token.len()),
            Self::Done { token, .. } => write!(f, "Done({} bytes)", token.as_ref().map_or(0, Vec::len)),
        }
    }
}

#[cfg(test)]
mod tests;
