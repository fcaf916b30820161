//! The arithmetic of NTLMv2. Everything secret is wiped on drop.
//!
//! Source: [MS-NLMP] §3.3.2, §3.4.5.

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use rc4::{KeyInit, Rc4, StreamCipher};
use zeroize::Zeroizing;

/// A key of 16 bytes.
pub(super) type Key = Zeroizing<[u8; 16]>;

pub(super) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Key {
    let Ok(mut mac) = <Hmac<Md5> as Mac>::new_from_slice(key) else { unreachable!("HMAC takes keys of every length") };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

pub(super) fn rc4(key: &Key) -> Rc4 {
    let Ok(cipher) = Rc4::new_from_slice(&**key) else { unreachable!("RC4 takes keys of 1 to 256 bytes") };
    cipher
}

/// RC4K: both encrypts and decrypts the session key.
pub(super) fn rc4_once(key: &Key, bytes: [u8; 16]) -> Key {
    let mut out = Zeroizing::new(bytes);
    rc4(key).apply_keystream(&mut *out);
    out
}

/// What the client proves, and with which key it goes on.
pub(super) struct Response {
    /// NTProofStr and blob: goes on the wire.
    pub(super) nt: Vec<u8>,
    /// With NTLMv2, also the key exchange key.
    pub(super) session_base_key: Key,
}

/// The NTLMv2 response to a challenge.
///
/// `time` is the host's timestamp, `target_info` ends with its end mark.
pub(super) fn respond(
    key: &Key,
    server_challenge: &[u8; 8],
    client_challenge: &[u8; 8],
    time: &[u8; 8],
    target_info: &[u8],
) -> Response {
    let mut blob = vec![1, 1, 0, 0, 0, 0, 0, 0];
    blob.extend_from_slice(time);
    blob.extend_from_slice(client_challenge);
    blob.extend_from_slice(&[0; 4]);
    blob.extend_from_slice(target_info);
    blob.extend_from_slice(&[0; 4]);
    let proof = hmac_md5(&**key, &[server_challenge, &blob]);
    let session_base_key = hmac_md5(&**key, &[&*proof]);
    Response { nt: [&proof[..], &blob].concat(), session_base_key }
}

/// Which end a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ClientToHost,
    HostToClient,
}

/// SIGNKEY and SEALKEY of one direction, with 128 bits and extended session
/// security. Source: [MS-NLMP] §3.4.5.2, §3.4.5.3.
pub(super) fn direction_keys(exported: &Key, direction: Direction) -> (Key, Key) {
    let (sign, seal): (&[u8], &[u8]) = match direction {
        Direction::ClientToHost => (
            b"session key to client-to-server signing key magic constant\0",
            b"session key to client-to-server sealing key magic constant\0",
        ),
        Direction::HostToClient => (
            b"session key to server-to-client signing key magic constant\0",
            b"session key to server-to-client sealing key magic constant\0",
        ),
    };
    let derive = |magic| Zeroizing::new(Md5::new().chain_update(**exported).chain_update(magic).finalize().into());
    (derive(sign), derive(seal))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [MS-NLMP] §4.2.4.1.3, §4.2.4.2.2, §4.2.4.2.3.
    #[test]
    fn the_response_is_the_one_of_the_worked_example() {
        let key = Zeroizing::new(*b"\x0c\x86\x8a\x40\x3b\xfd\x7a\x93\xa3\x00\x1e\xf2\x2e\xf0\x2e\x3f");
        let target_info = b"\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r\0\0\0\0\0";
        let got = respond(&key, b"\x01\x23\x45\x67\x89\xab\xcd\xef", &[0xaa; 8], &[0; 8], target_info);
        assert_eq!(got.nt[..16], *b"\x68\xcd\x0a\xb8\x51\xe5\x1c\x96\xaa\xbc\x92\x7b\xeb\xef\x6a\x1c");
        assert_eq!(*got.session_base_key, *b"\x8d\xe4\x0c\xca\xdb\xc1\x4a\x82\xf1\x5c\xb0\xad\x0d\xe9\x5c\xa3");
        let sent = rc4_once(&got.session_base_key, [0x55; 16]);
        assert_eq!(*sent, *b"\xc5\xda\xd2\x54\x4f\xc9\x79\x90\x94\xce\x1c\xe9\x0b\xc9\xd0\x3e");
    }

    /// [MS-NLMP] §4.2.4.4.
    #[test]
    fn the_keys_are_those_of_the_worked_example() {
        let (sign, seal) = direction_keys(&Zeroizing::new([0x55; 16]), Direction::ClientToHost);
        assert_eq!(*sign, *b"\x47\x88\xdc\x86\x1b\x47\x82\xf3\x5d\x43\xfd\x98\xfe\x1a\x2d\x39");
        assert_eq!(*seal, *b"\x59\xf6\x00\x97\x3c\xc4\x96\x0a\x25\x48\x0a\x7c\x19\x6e\x4c\x58");
    }
}
