//! The client end.

use std::fmt;

use zeroize::Zeroizing;

use super::account::Account;
use super::crypto::{Key, rc4_once, respond};
use super::{NtlmSeal, message};
use crate::auth::{AuthError, ChannelBinding, Credentials, Mechanism, Step};
use crate::entropy::Entropy;

/// Longest host name in a service name. Source: RFC 1035 §2.3.4.
pub(super) const MAX_HOST_UNITS: usize = 255;

/// Signs in with raw NTLM under the scheme `Negotiate`.
///
/// Sends MIC and key exchange, and refuses hosts that grant less than 128-bit
/// sealing or send no timestamp. The time in the response is the host's own:
/// the client needs no clock.
///
/// Source: [MS-NLMP] §3.1.5.1; scheme: [MS-NTHT] §2.1.
pub struct Initiator(Secrets);

struct Secrets {
    account: Account,
    /// NTOWFv2: as good as the password, and all that is kept of it.
    key: Key,
    service: String,
    client_challenge: [u8; 8],
    exported: Key,
}

impl Initiator {
    /// Prepares to sign in at `host`, as the user wrote it (it becomes the
    /// service name `HTTP/host`).
    ///
    /// `entropy` gives 24 bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserName`], [`AuthError::HostName`].
    pub fn new(credentials: &Credentials, host: &str, entropy: &mut Entropy) -> Result<Self, AuthError> {
        let account = Account::parse(&credentials.username)?;
        if host.is_empty() || host.encode_utf16().count() > MAX_HOST_UNITS {
            return Err(AuthError::HostName);
        }
        let key = account.key(credentials.password.expose());
        Ok(Self(Secrets {
            account,
            key,
            service: format!("HTTP/{host}"),
            client_challenge: entropy.bytes(),
            exported: Zeroizing::new(entropy.bytes()),
        }))
    }
}

impl Mechanism for Initiator {
    fn scheme(&self) -> &'static str {
        "Negotiate"
    }

    fn step(self: Box<Self>, from_host: &[u8], _: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        if !from_host.is_empty() {
            return Err(AuthError::UnexpectedToken);
        }
        let negotiate = message::negotiate()?;
        let next = Box::new(AwaitChallenge { secrets: self.0, negotiate: negotiate.clone() });
        Ok(Step::Continue { token: negotiate, next })
    }
}

/// The first message is out.
struct AwaitChallenge {
    secrets: Secrets,
    negotiate: Vec<u8>,
}

impl Mechanism for AwaitChallenge {
    fn scheme(&self) -> &'static str {
        "Negotiate"
    }

    fn step(self: Box<Self>, from_host: &[u8], channel: Option<&ChannelBinding>) -> Result<Step, AuthError> {
        let Secrets { account, key, service, client_challenge, exported } = &self.secrets;
        let challenge = message::read_challenge(from_host)?;
        let target_info = challenge.answered(service, channel.map(ChannelBinding::md5).as_ref());
        let response = respond(key, &challenge.server_challenge, client_challenge, &challenge.timestamp, &target_info);
        let encrypted_key = rc4_once(&response.session_base_key, **exported);
        let flags = challenge.flags.intersection(message::FLAGS);
        let mut token = message::authenticate(account, flags, response.nt, &encrypted_key)?;
        let mic = message::mic(exported, &self.negotiate, from_host, &token);
        if let Some(place) = message::mic_place(&mut token) {
            *place = *mic;
        }
        Ok(Step::Done { token: Some(token), seal: Box::new(NtlmSeal::client(exported)) })
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Initiator")
    }
}

impl fmt::Debug for AwaitChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitChallenge")
    }
}
