//! Sealing: RC4, HMAC-MD5 and a number, per direction.

use std::fmt;

use rc4::{Rc4, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::crypto::{Direction, Key, direction_keys, hmac_md5, rc4};
use crate::auth::{AuthError, Seal, Sealed};

/// First field of every signature.
const VERSION: [u8; 4] = 1_u32.to_le_bytes();

/// The security context of one end of one signed-in connection.
///
/// Both directions have a cipher that runs on from message to message and a
/// number that counts them: a message can be unsealed once, in order, on this
/// connection.
///
/// Source: [MS-NLMP] §3.4.4.2 (extended session security, key exchange).
pub struct NtlmSeal {
    sends: Lane,
    receives: Lane,
    poisoned: bool,
}

struct Lane {
    sign_key: Key,
    seal_key: Key,
    cipher: Rc4,
    sequence: u32,
}

impl NtlmSeal {
    /// The client's end.
    pub(super) fn client(exported: &Key) -> Self {
        Self::new(exported, Direction::ClientToHost, Direction::HostToClient)
    }

    /// The host's end.
    pub(super) fn host(exported: &Key) -> Self {
        Self::new(exported, Direction::HostToClient, Direction::ClientToHost)
    }

    fn new(exported: &Key, sends: Direction, receives: Direction) -> Self {
        Self { sends: Lane::new(exported, sends), receives: Lane::new(exported, receives), poisoned: false }
    }

    /// Signs SPNEGO's list of mechanisms. Afterwards the cipher starts anew
    /// while the numbers go on: the first sealed message has number 1.
    ///
    /// Source: [MS-SPNG] §3.3.5.1; pyspnego `_negotiate.py`.
    pub(in crate::auth) fn sign_mech_list(&mut self, list: &[u8]) -> Result<[u8; 16], AuthError> {
        let signature = self.sends.sign(list)?;
        self.sends.cipher = rc4(&self.sends.seal_key);
        Ok(signature)
    }

    /// The other end's signature of the list; see
    /// [`sign_mech_list`](Self::sign_mech_list).
    pub(in crate::auth) fn verify_mech_list(&mut self, list: &[u8], signature: &[u8]) -> Result<bool, AuthError> {
        let right = self.receives.sign(list)?;
        self.receives.cipher = rc4(&self.receives.seal_key);
        Ok(bool::from(right.ct_eq(signature)))
    }

    fn unseal_in_place(&mut self, header: &[u8], data: &mut [u8]) -> Result<(), AuthError> {
        let found = sequence_of(header).ok_or(AuthError::SignatureForm { found: header.len() })?;
        let expected = self.receives.sequence;
        if found != expected {
            return Err(AuthError::OutOfSequence { expected, found });
        }
        self.receives.cipher.apply_keystream(data);
        let checksum = self.receives.checksum(data);
        let right = self.receives.finish(checksum)?;
        if bool::from(right.ct_eq(header)) { Ok(()) } else { Err(AuthError::BadSignature) }
    }
}

impl Lane {
    fn new(exported: &Key, direction: Direction) -> Self {
        let (sign_key, seal_key) = direction_keys(exported, direction);
        let cipher = rc4(&seal_key);
        Self { sign_key, seal_key, cipher, sequence: 0 }
    }

    fn sign(&mut self, plain: &[u8]) -> Result<[u8; 16], AuthError> {
        let checksum = self.checksum(plain);
        self.finish(checksum)
    }

    /// HMAC of number and plain text, its first half, not yet encrypted.
    fn checksum(&self, plain: &[u8]) -> [u8; 8] {
        let mac = hmac_md5(&*self.sign_key, &[&self.sequence.to_le_bytes(), plain]);
        let [a, b, c, d, e, f, g, h, ..] = *mac;
        [a, b, c, d, e, f, g, h]
    }

    /// Takes the number and makes the signature.
    fn finish(&mut self, mut checksum: [u8; 8]) -> Result<[u8; 16], AuthError> {
        let sequence = self.sequence;
        self.sequence = sequence.checked_add(1).ok_or(AuthError::SequenceUsedUp)?;
        self.cipher.apply_keystream(&mut checksum);
        let mut signature = [0; 16];
        let parts = VERSION.iter().chain(&checksum).copied().chain(sequence.to_le_bytes());
        for (to, from) in signature.iter_mut().zip(parts) {
            *to = from;
        }
        Ok(signature)
    }
}

fn sequence_of(header: &[u8]) -> Option<u32> {
    let header: &[u8; 16] = header.try_into().ok()?;
    let sequence = header.last_chunk::<4>()?;
    header.starts_with(&VERSION).then(|| u32::from_le_bytes(*sequence))
}

impl Seal for NtlmSeal {
    fn seal(&mut self, mut plain: Vec<u8>) -> Result<Sealed, AuthError> {
        if self.poisoned {
            return Err(AuthError::Poisoned);
        }
        // The signature is of the plain text, but takes its cipher bytes after
        // those of the message.
        let checksum = self.sends.checksum(&plain);
        self.sends.cipher.apply_keystream(&mut plain);
        match self.sends.finish(checksum) {
            Ok(signature) => Ok(Sealed { header: signature.to_vec(), data: plain }),
            Err(error) => {
                self.poisoned = true;
                Err(error)
            }
        }
    }

    fn unseal(&mut self, header: &[u8], mut data: Vec<u8>) -> Result<Vec<u8>, AuthError> {
        if self.poisoned {
            return Err(AuthError::Poisoned);
        }
        match self.unseal_in_place(header, &mut data) {
            Ok(()) => Ok(data),
            Err(error) => {
                self.poisoned = true;
                data.zeroize();
                Err(error)
            }
        }
    }
}

impl fmt::Debug for NtlmSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtlmSeal")
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn ends() -> (NtlmSeal, NtlmSeal) {
        let key = Zeroizing::new([0x55; 16]);
        (NtlmSeal::client(&key), NtlmSeal::host(&key))
    }

    /// [MS-NLMP] §4.2.4.4.
    #[test]
    fn the_sealed_message_is_the_one_of_the_worked_example() {
        let (mut client, _) = ends();
        let sealed = client.seal(super::super::account::utf16("Plaintext")).unwrap();
        assert_eq!(sealed.data, b"\x54\xe5\x01\x65\xbf\x19\x36\xdc\x99\x60\x20\xc1\x81\x1b\x0f\x06\xfb\x5f");
        assert_eq!(sealed.header, b"\x01\0\0\0\x7f\xb3\x8e\xc5\xc5\x5d\x49\x76\0\0\0\0");
    }

    #[test]
    fn messages_go_both_ways_in_order() {
        let (mut client, mut host) = ends();
        for size in [0, 1, 16, 1000, 512 * 1024] {
            let plain: Vec<u8> = (0..size).map(|n| n as u8).collect();
            let sealed = client.seal(plain.clone()).unwrap();
            assert_eq!(host.unseal(&sealed.header, sealed.data).unwrap(), plain);
            let sealed = host.seal(plain.clone()).unwrap();
            assert_eq!(client.unseal(&sealed.header, sealed.data).unwrap(), plain);
        }
    }

    #[test]
    fn a_replayed_message_is_refused_and_poisons() {
        let (mut client, mut host) = ends();
        let sealed = client.seal(b"once".to_vec()).unwrap();
        assert!(host.unseal(&sealed.header, sealed.data.clone()).is_ok());
        let again = host.unseal(&sealed.header, sealed.data);
        assert_eq!(again, Err(AuthError::OutOfSequence { expected: 1, found: 0 }));
        assert_eq!(host.seal(Vec::new()), Err(AuthError::Poisoned));
        let next = client.seal(b"next".to_vec()).unwrap();
        assert_eq!(host.unseal(&next.header, next.data), Err(AuthError::Poisoned));
    }

    #[test]
    fn every_changed_bit_is_seen() {
        for bit in 0..8 * (16 + 5) {
            let (mut client, mut host) = ends();
            let Sealed { mut header, mut data } = client.seal(b"hello".to_vec()).unwrap();
            let (bytes, at) = if bit < 128 { (&mut header, bit) } else { (&mut data, bit - 128) };
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(host.unseal(&header, data).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn another_connections_message_is_refused() {
        let mut host = NtlmSeal::host(&Zeroizing::new([0x56; 16]));
        let sealed = ends().0.seal(b"hello".to_vec()).unwrap();
        assert_eq!(host.unseal(&sealed.header, sealed.data), Err(AuthError::BadSignature));
    }

    #[test]
    fn an_ends_own_message_does_not_come_back_as_an_answer() {
        let (mut client, _) = ends();
        let sealed = client.seal(b"hello".to_vec()).unwrap();
        assert_eq!(client.unseal(&sealed.header, sealed.data), Err(AuthError::BadSignature));
    }

    #[test]
    fn after_the_mechanism_list_the_cipher_restarts_and_the_numbers_go_on() {
        let (mut client, mut host) = ends();
        let list = client.sign_mech_list(b"list").unwrap();
        assert_eq!(host.verify_mech_list(b"list", &list), Ok(true));
        let sealed = client.seal(super::super::account::utf16("Plaintext")).unwrap();
        assert_eq!(sealed.data[..4], *b"\x54\xe5\x01\x65", "as the first message");
        assert_eq!(sealed.header[12..], [1, 0, 0, 0]);
        assert!(host.unseal(&sealed.header, sealed.data).is_ok());
    }

    #[test]
    fn numbers_are_never_used_twice() {
        let (mut client, _) = ends();
        client.sends.sequence = u32::MAX;
        assert_eq!(client.seal(b"x".to_vec()), Err(AuthError::SequenceUsedUp));
        assert_eq!(client.seal(b"x".to_vec()), Err(AuthError::Poisoned));
    }

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", ends().0), "NtlmSeal");
    }
}
