//! What a sign-in needs of a certificate, and no more of it is read.
//!
//! Certificates of hosts that somebody pinned may be of version 1, have names,
//! extensions and numbers that no strict reader takes, and are good all the
//! same: their keys are proven, and nothing else of them is asked.
//!
//! Source: RFC 5280 §4.1, X.509 (1988) for version 1.

/// Parts of a certificate in DER.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// `signatureAlgorithm`, with its tag.
    pub(crate) signature_algorithm: &'a [u8],
    /// `algorithm` of the key, without its tag.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "TLS alone verifies by it"))]
    pub(crate) key_algorithm: &'a [u8],
    /// The key's bits.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "TLS alone verifies by it"))]
    pub(crate) key: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `[0]`: the version, from 2 on.
const VERSION: u8 = 0xA0;

impl<'a> Parts<'a> {
    pub(crate) fn of(certificate: &'a [u8]) -> Option<Self> {
        let (mut certificate, _) = inside(certificate, SEQUENCE)?;
        let (mut signed, behind) = inside(certificate, SEQUENCE)?;
        certificate = behind;
        let (signature_algorithm, _) = whole(certificate)?;
        if let Some((_, behind)) = inside(signed, VERSION) {
            signed = behind;
        }
        let (_, mut signed) = inside(signed, INTEGER)?;
        // Its signature's algorithm, issuer, validity, subject.
        for _ in 0..4 {
            signed = whole(signed)?.1;
        }
        let (key, _) = inside(signed, SEQUENCE)?;
        let (key_algorithm, key) = inside(key, SEQUENCE)?;
        // The first byte counts unused bits; a key has none.
        let (&[0, ref key @ ..], _) = inside(key, BIT_STRING)? else { return None };
        Some(Self { signature_algorithm, key_algorithm, key })
    }
}

/// The content of the element that comes next, if it has that tag, and what is
/// behind it.
fn inside(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, header, length) = head(bytes)?;
    let (element, behind) = bytes.split_at_checked(header.checked_add(length)?)?;
    (found == tag).then_some((element.get(header..)?, behind))
}

/// The next element with its tag, and what is behind it.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, header, length) = head(bytes)?;
    bytes.split_at_checked(header.checked_add(length)?)
}

/// Tag, bytes of tag and length, length.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return Some((tag, 2, usize::from(first)));
    }
    // Chosen: no certificate has more than 16 MB.
    let count = usize::from(first & 0x7F);
    if !(1..=3).contains(&count) {
        return None;
    }
    let length = rest.get(..count)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some((tag, 2 + count, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_that_a_strict_reader_finds() {
        use x509_cert::Certificate;
        use x509_cert::der::{Decode as _, Encode as _};
        for der in [
            &include_bytes!("channel/rsa_sha1.der")[..],
            include_bytes!("channel/pss_sha384.der"),
            include_bytes!("channel/ecdsa_sha512.der"),
            include_bytes!("channel/ed25519.der"),
        ] {
            let (parts, read) = (Parts::of(der).unwrap(), Certificate::from_der(der).unwrap());
            assert_eq!(parts.signature_algorithm, read.signature_algorithm().to_der().unwrap());
            let key = read.tbs_certificate().subject_public_key_info();
            assert_eq!(parts.key, key.subject_public_key.raw_bytes());
            assert!(key.algorithm.to_der().unwrap().ends_with(parts.key_algorithm));
            for end in 0..der.len() {
                assert!(Parts::of(&der[..end]).is_none(), "{end}");
            }
            for at in 0..der.len() {
                for value in [0, 1, 0x30, 0x7f, 0x80, 0x82, 0x84, 0xff] {
                    let mut changed = der.to_vec();
                    changed[at] = value;
                    let _ = Parts::of(&changed);
                }
            }
        }
    }
}
