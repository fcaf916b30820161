//! The three messages, and the limits within which they are read.
//!
//! Source: [MS-NLMP] §2.2.1, §2.2.2.

use ntlmclient::{AuthenticateMessage, ChallengeMessage, Flags, Message, NegotiateMessage, OsVersion};
use ntlmclient::{TargetInfoEntry, TargetInfoType};

use super::account::{Account, utf16};
use super::crypto::{Key, hmac_md5};
use crate::auth::{AuthError, NtlmMessage};

/// Longest challenge read. Chosen: Windows sends 200 to 700 bytes, and
/// `ntlmclient` panics on answers to challenges of 64 KiB.
pub(super) const MAX_CHALLENGE_BYTES: usize = 4 * 1024;
/// Longest target information read from a challenge.
const MAX_TARGET_INFO_BYTES: usize = 2 * 1024;
/// Longest message read from a client. Chosen: two names of 512 bytes, a
/// response of 4 KiB and the fixed part fit.
pub(super) const MAX_CLIENT_MESSAGE_BYTES: usize = 8 * 1024;

/// What is asked for, offered and, on the host end, granted. Value verified
/// against pyspnego and gss-ntlmssp.
pub(super) const FLAGS: Flags = Flags::NEGOTIATE_UNICODE
    .union(Flags::REQUEST_TARGET)
    .union(Flags::NEGOTIATE_SIGN)
    .union(Flags::NEGOTIATE_SEAL)
    .union(Flags::NEGOTIATE_NTLM)
    .union(Flags::NEGOTIATE_ALWAYS_SIGN)
    .union(Flags::NEGOTIATE_NTLM2_KEY)
    .union(Flags::NEGOTIATE_TARGET_INFO)
    .union(Flags::NEGOTIATE_VERSION)
    .union(Flags::NEGOTIATE_128BIT)
    .union(Flags::NEGOTIATE_KEY_EXCHANGE)
    .union(Flags::NEGOTIATE_56BIT);

/// Without any of these, sealing would be weaker or readable by others.
const DEMANDED: Flags = Flags::NEGOTIATE_UNICODE
    .union(Flags::NEGOTIATE_SIGN)
    .union(Flags::NEGOTIATE_SEAL)
    .union(Flags::NEGOTIATE_NTLM2_KEY)
    .union(Flags::NEGOTIATE_128BIT)
    .union(Flags::NEGOTIATE_KEY_EXCHANGE);

/// Chosen: Windows Server 2022; revision 15 is NTLMSSP_REVISION_W2K3, the
/// only one there is.
const VERSION: OsVersion =
    OsVersion { major_version: 10, minor_version: 0, build_number: 20348, reserved: [0; 3], ntlm_revision: 15 };

/// Bit of MsvAvFlags: the authenticate message has a MIC.
const AV_FLAG_MIC: u32 = 2;
/// Where the MIC is in an authenticate message. Source: [MS-NLMP] §2.2.1.3.
const MIC_OFFSET: usize = 72;
const MIC_BYTES: usize = 16;

fn demand(flags: Flags, message: NtlmMessage) -> Result<(), AuthError> {
    let missing = DEMANDED.difference(flags);
    if missing.is_empty() { Ok(()) } else { Err(AuthError::FlagsMissing { message, missing: missing.bits() }) }
}

fn limit(bytes: &[u8], limit: usize) -> Result<(), AuthError> {
    if bytes.len() > limit { Err(AuthError::TokenTooLong { limit, found: bytes.len() }) } else { Ok(()) }
}

/// The client's first message. Names stay empty: they would go out in the
/// wrong character set.
pub(super) fn negotiate() -> Result<Vec<u8>, AuthError> {
    let message = NegotiateMessage {
        flags: FLAGS,
        supplied_domain: String::new(),
        supplied_workstation: String::new(),
        os_version: VERSION,
    };
    Message::Negotiate(message).to_bytes().map_err(|_| AuthError::NotNtlm { expected: NtlmMessage::Negotiate })
}

/// Reads the flags of the client's first message, which are all that counts.
///
/// By hand: `ntlmclient` refuses the usual 40 bytes.
pub(super) fn read_negotiate(bytes: &[u8]) -> Result<Flags, AuthError> {
    let expected = NtlmMessage::Negotiate;
    limit(bytes, MAX_CLIENT_MESSAGE_BYTES)?;
    let flags = bytes
        .strip_prefix(b"NTLMSSP\0\x01\0\0\0")
        .and_then(|rest| rest.first_chunk::<4>())
        .ok_or(AuthError::NotNtlm { expected })?;
    let flags = Flags::from_bits_retain(u32::from_le_bytes(*flags));
    demand(flags, expected)?;
    Ok(flags)
}

/// What the client needs of a challenge.
pub(super) struct Challenge {
    pub(super) flags: Flags,
    pub(super) server_challenge: [u8; 8],
    pub(super) timestamp: [u8; 8],
    target_info: Vec<TargetInfoEntry>,
}

pub(super) fn read_challenge(bytes: &[u8]) -> Result<Challenge, AuthError> {
    let expected = NtlmMessage::Challenge;
    limit(bytes, MAX_CHALLENGE_BYTES)?;
    // Before the codec, which cannot read what a host without UNICODE sends.
    let flags = bytes.strip_prefix(b"NTLMSSP\0\x02\0\0\0").and_then(|rest| rest.get(8..12)?.first_chunk::<4>());
    let flags = flags.map(|bytes| Flags::from_bits_retain(u32::from_le_bytes(*bytes)));
    demand(flags.ok_or(AuthError::NotNtlm { expected })?, expected)?;
    let Ok(Message::Challenge(ChallengeMessage { flags, challenge, target_information, .. })) =
        Message::try_from(bytes)
    else {
        return Err(AuthError::NotNtlm { expected });
    };
    let target_info: Vec<_> =
        target_information.into_iter().take_while(|entry| entry.entry_type != TargetInfoType::Terminator).collect();
    let found = target_info.iter().map(|entry| entry.data.len() + 4).sum();
    if found > MAX_TARGET_INFO_BYTES {
        return Err(AuthError::TokenTooLong { limit: MAX_TARGET_INFO_BYTES, found });
    }
    let timestamp = find(&target_info, TargetInfoType::Timestamp).and_then(|data| data.try_into().ok());
    Ok(Challenge {
        flags,
        server_challenge: challenge,
        timestamp: timestamp.ok_or(AuthError::NoTimestamp)?,
        target_info,
    })
}

fn find(entries: &[TargetInfoEntry], which: TargetInfoType) -> Option<&[u8]> {
    entries.iter().find(|entry| entry.entry_type == which).map(|entry| entry.data.as_slice())
}

impl Challenge {
    /// The host's target information with the client's own words added.
    pub(super) fn answered(&self, service: &str, channel_binding: Option<&[u8; 16]>) -> Vec<u8> {
        let ours = [TargetInfoType::Flags, TargetInfoType::TargetName, TargetInfoType::ChannelBindings];
        let mut out = Vec::new();
        for entry in self.target_info.iter().filter(|entry| !ours.contains(&entry.entry_type)) {
            out.extend_from_slice(&entry.to_bytes());
        }
        put_entry(&mut out, TargetInfoType::Flags, &AV_FLAG_MIC.to_le_bytes());
        if let Some(binding) = channel_binding {
            put_entry(&mut out, TargetInfoType::ChannelBindings, binding);
        }
        put_entry(&mut out, TargetInfoType::TargetName, &utf16(service));
        put_entry(&mut out, TargetInfoType::Terminator, &[]);
        out
    }
}

fn put_entry(out: &mut Vec<u8>, which: TargetInfoType, data: &[u8]) {
    out.extend_from_slice(&u16::from(which).to_le_bytes());
    // Callers bound their text: host names to 255 units.
    out.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(data);
}

/// The host's message.
///
/// By hand: `ntlmclient` puts the context after the fixed part, so that its
/// payload is where no reader looks.
pub(super) fn challenge(client: Flags, server_challenge: [u8; 8], host: &str, time: [u8; 8]) -> Vec<u8> {
    let flags = client.intersection(FLAGS)
        | Flags::NEGOTIATE_NTLM
        | Flags::REQUEST_TARGET
        | Flags::TARGET_TYPE_SERVER
        | Flags::NEGOTIATE_TARGET_INFO
        | Flags::NEGOTIATE_VERSION;
    let name = utf16(host);
    let mut info = Vec::new();
    for which in
        [TargetInfoType::NtDomain, TargetInfoType::NtServer, TargetInfoType::DnsDomain, TargetInfoType::DnsServer]
    {
        put_entry(&mut info, which, &name);
    }
    put_entry(&mut info, TargetInfoType::Timestamp, &time);
    put_entry(&mut info, TargetInfoType::Terminator, &[]);

    let mut out = b"NTLMSSP\0\x02\0\0\0".to_vec();
    put_buffer(&mut out, name.len(), 56);
    out.extend_from_slice(&flags.bits().to_le_bytes());
    out.extend_from_slice(&server_challenge);
    out.extend_from_slice(&[0; 8]);
    put_buffer(&mut out, info.len(), 56 + name.len());
    out.extend_from_slice(&VERSION.to_bytes());
    out.extend_from_slice(&name);
    out.extend_from_slice(&info);
    out
}

fn put_buffer(out: &mut Vec<u8>, length: usize, offset: usize) {
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&length);
    out.extend_from_slice(&u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes());
}

/// The client's second message, its MIC still zero.
pub(super) fn authenticate(
    account: &Account,
    flags: Flags,
    nt_response: Vec<u8>,
    encrypted_key: &Key,
) -> Result<Vec<u8>, AuthError> {
    const MALFORMED: AuthError = AuthError::NotNtlm { expected: NtlmMessage::Authenticate };
    let message = AuthenticateMessage {
        // All zero beside a timestamp. Source: [MS-NLMP] §3.1.5.1.2.
        lm_response: vec![0; 24],
        ntlm_response: nt_response,
        domain_name: account.domain.clone(),
        user_name: account.user.clone(),
        workstation_name: String::new(),
        session_key: encrypted_key.to_vec(),
        flags,
        os_version: VERSION,
    };
    let plain = Message::Authenticate(message).to_bytes().map_err(|_| MALFORMED)?;
    let (fixed, payload) = plain.split_at_checked(MIC_OFFSET).ok_or(MALFORMED)?;
    let mut out = Vec::with_capacity(plain.len() + MIC_BYTES);
    out.extend_from_slice(fixed);
    out.extend_from_slice(&[0; MIC_BYTES]);
    out.extend_from_slice(payload);
    // The codec knows no MIC: the six payloads move by its length.
    for at in [16, 24, 32, 40, 48, 56] {
        let offset = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()).ok_or(MALFORMED)?;
        *offset = u32::from_le_bytes(*offset).saturating_add(MIC_BYTES as u32).to_le_bytes();
    }
    Ok(out)
}

/// MIC of the three messages. Source: [MS-NLMP] §3.1.5.1.2.
pub(super) fn mic(exported: &Key, negotiate: &[u8], challenge: &[u8], authenticate: &[u8]) -> Key {
    hmac_md5(&**exported, &[negotiate, challenge, authenticate])
}

/// The place of the MIC in an authenticate message.
pub(super) fn mic_place(authenticate: &mut [u8]) -> Option<&mut [u8; MIC_BYTES]> {
    authenticate.get_mut(MIC_OFFSET..)?.first_chunk_mut()
}

/// What the host needs of the client's second message.
pub(super) struct Authenticate {
    pub(super) account: Account,
    pub(super) proof: [u8; 16],
    pub(super) blob: Vec<u8>,
    pub(super) encrypted_key: [u8; 16],
    pub(super) channel_binding: Option<[u8; 16]>,
}

pub(super) fn read_authenticate(bytes: &[u8]) -> Result<Authenticate, AuthError> {
    let expected = NtlmMessage::Authenticate;
    limit(bytes, MAX_CLIENT_MESSAGE_BYTES)?;
    let Ok(Message::Authenticate(message)) = Message::try_from(bytes) else {
        return Err(AuthError::NotNtlm { expected });
    };
    demand(message.flags, expected)?;
    let (proof, blob) = message.ntlm_response.split_first_chunk::<16>().ok_or(AuthError::WeakResponse)?;
    // Both version bytes, reserved, time, client challenge, reserved: then the
    // target information. Source: [MS-NLMP] §2.2.2.7.
    let Some(([1, 1, ..], mut rest)) = blob.split_at_checked(28) else { return Err(AuthError::WeakResponse) };
    let mut entries = Vec::new();
    loop {
        let (entry, after) = TargetInfoEntry::try_from_bytes(rest).map_err(|_| AuthError::NotNtlm { expected })?;
        if entry.entry_type == TargetInfoType::Terminator {
            break;
        }
        entries.push(entry);
        rest = after;
    }
    let flags = find(&entries, TargetInfoType::Flags).and_then(|data| data.try_into().ok()).map(u32::from_le_bytes);
    if flags.is_none_or(|flags| flags & AV_FLAG_MIC == 0) {
        return Err(AuthError::WeakResponse);
    }
    Ok(Authenticate {
        account: Account { domain: message.domain_name, user: message.user_name },
        proof: *proof,
        blob: blob.to_vec(),
        encrypted_key: message.session_key.try_into().map_err(|_| AuthError::WeakResponse)?,
        channel_binding: find(&entries, TargetInfoType::ChannelBindings).and_then(|data| data.try_into().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<u8> {
        challenge(FLAGS, [7; 8], "HOST01", [9; 8])
    }

    #[test]
    fn the_flags_are_the_verified_ones() {
        assert_eq!(FLAGS.bits(), 0xE288_8235);
        assert_eq!(negotiate().unwrap().len(), 40);
        assert_eq!(read_negotiate(&negotiate().unwrap()), Ok(FLAGS));
    }

    #[test]
    fn a_challenge_is_read_back() {
        let read = read_challenge(&good()).unwrap();
        assert_eq!((read.server_challenge, read.timestamp), ([7; 8], [9; 8]));
        assert_eq!(read.target_info.len(), 5);
        assert_eq!(read.flags.intersection(FLAGS), FLAGS);
    }

    #[test]
    fn every_weaker_challenge_is_refused() {
        for bit in 0..32 {
            let bit = 1 << bit;
            if DEMANDED.bits() & bit == 0 {
                continue;
            }
            let mut weak = good();
            let flags: &mut [u8; 4] = weak[20..].first_chunk_mut().unwrap();
            *flags = (u32::from_le_bytes(*flags) & !bit).to_le_bytes();
            let error = read_challenge(&weak).err();
            assert_eq!(error, Some(AuthError::FlagsMissing { message: NtlmMessage::Challenge, missing: bit }));
        }
    }

    #[test]
    fn a_challenge_without_a_timestamp_is_refused() {
        let mut bytes = good();
        let at = bytes.len() - 16;
        assert_eq!(bytes[at..at + 4], [7, 0, 8, 0]);
        bytes[at] = 8;
        assert_eq!(read_challenge(&bytes).err(), Some(AuthError::NoTimestamp));
    }

    #[test]
    fn long_challenges_are_refused_before_they_are_read() {
        let long = vec![0; 4097];
        assert_eq!(read_challenge(&long).err(), Some(AuthError::TokenTooLong { limit: 4096, found: 4097 }));
        let many_names = challenge(FLAGS, [7; 8], &"x".repeat(255), [9; 8]);
        let found = 4 * 514 + 12;
        assert_eq!(read_challenge(&many_names).err(), Some(AuthError::TokenTooLong { limit: 2048, found }));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_survived() {
        let bytes = good();
        for end in 0..bytes.len() {
            assert!(read_challenge(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                if let Ok(challenge) = read_challenge(&changed) {
                    let _ = challenge.answered("HTTP/host", None);
                }
                changed[8] = 3;
                let _ = read_authenticate(&changed);
            }
        }
    }
}
