//! The host end of NTLM, without the wrapping.

use std::time::Duration;

use subtle::ConstantTimeEq;

use super::crypto::{hmac_md5, rc4_once};
use super::message::{self, Authenticate};
use super::{NtlmSeal, account::Account};
use crate::auth::{AuthError, Credentials, Demand};

/// Tenths of microseconds since 1601: the time in a challenge.
///
/// Source: [MS-DTYP] §2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileTime(pub u64);

impl FileTime {
    /// From the time since 1970-01-01 UTC; what does not fit is cut to the
    /// largest value.
    #[must_use]
    pub fn from_unix(since: Duration) -> Self {
        /// Seconds from 1601 to 1970.
        const OFFSET: u64 = 11_644_473_600;
        let ticks = (u128::from(since.as_secs()) + u128::from(OFFSET)) * 10_000_000;
        Self(u64::try_from(ticks + u128::from(since.subsec_nanos() / 100)).unwrap_or(u64::MAX))
    }
}

/// Waits for the client's first message.
pub(in crate::auth) struct AwaitNegotiate {
    pub(in crate::auth) server_challenge: [u8; 8],
    pub(in crate::auth) host: String,
    pub(in crate::auth) time: FileTime,
    /// When there is a TLS channel: what the client must be bound to.
    pub(in crate::auth) channel: Demand,
}

/// Sent the challenge, waits for the answer.
pub(in crate::auth) struct AwaitAuthenticate {
    server_challenge: [u8; 8],
    channel: Demand,
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
}

/// The client knows the password of one of the accounts.
pub(in crate::auth) struct SignedIn {
    /// Which: index into the list of accounts.
    pub(in crate::auth) account: usize,
    pub(in crate::auth) seal: Box<NtlmSeal>,
}

impl AwaitNegotiate {
    pub(in crate::auth) fn step(self, token: &[u8]) -> Result<(Vec<u8>, AwaitAuthenticate), AuthError> {
        let flags = message::read_negotiate(token)?;
        let challenge = message::challenge(flags, self.server_challenge, &self.host, self.time.0.to_le_bytes());
        let next = AwaitAuthenticate {
            server_challenge: self.server_challenge,
            channel: self.channel,
            negotiate: token.to_vec(),
            challenge: challenge.clone(),
        };
        Ok((challenge, next))
    }
}

impl AwaitAuthenticate {
    pub(in crate::auth) fn step(self, token: &[u8], accounts: &[Credentials]) -> Result<SignedIn, AuthError> {
        let Authenticate { account, proof, blob, encrypted_key, channel_binding } = message::read_authenticate(token)?;
        for (index, candidate) in accounts.iter().enumerate() {
            if !Account::parse(&candidate.username).is_ok_and(|known| known.is_meant_by(&account)) {
                continue;
            }
            // With the names as the client wrote them: they are in the proof.
            let key = account.key(candidate.password.expose());
            if !bool::from(hmac_md5(&*key, &[&self.server_challenge, &blob]).ct_eq(&proof)) {
                continue;
            }
            let exported = rc4_once(&hmac_md5(&*key, &[&proof]), encrypted_key);
            let mut unsigned = token.to_vec();
            let sent = message::mic_place(&mut unsigned).map(std::mem::take).ok_or(AuthError::WeakResponse)?;
            let right = message::mic(&exported, &self.negotiate, &self.challenge, &unsigned);
            if !bool::from(right.ct_eq(&sent)) {
                return Err(AuthError::BadMic);
            }
            if !self.channel.is_met_by(channel_binding) {
                return Err(AuthError::ChannelBinding);
            }
            return Ok(SignedIn { account: index, seal: Box::new(NtlmSeal::host(&exported)) });
        }
        Err(AuthError::LogonDenied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_time_counts_from_1601() {
        assert_eq!(FileTime::from_unix(Duration::ZERO), FileTime(116_444_736_000_000_000));
        assert_eq!(FileTime::from_unix(Duration::from_nanos(250)).0 % 10, 2);
        assert_eq!(FileTime::from_unix(Duration::MAX), FileTime(u64::MAX));
    }
}
