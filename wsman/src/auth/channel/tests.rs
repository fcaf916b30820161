use super::*;

impl ChannelBinding {
    /// One that no certificate has.
    pub(in crate::auth) fn named(name: &str) -> Self {
        Self { application: name.as_bytes().to_vec() }
    }
}

fn md5_of(certificate: &[u8]) -> String {
    let binding = ChannelBinding::of_server(certificate).unwrap();
    binding.md5().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Certificates by OpenSSL 3, expectations by Python's hashlib.
#[test]
fn the_hash_is_that_of_the_certificates_signature() {
    for (certificate, expected) in [
        (&include_bytes!("rsa_sha1.der")[..], "ddd1cb693ef0af3bec9dc31eddd3444b"),
        (include_bytes!("rsa_sha256.der"), "d33add09d5eb2f7d0765d2b14ed2c6c0"),
        (include_bytes!("rsa_sha384.der"), "359c50e902d60d6dc4b581ba76fce7c3"),
        (include_bytes!("rsa_sha512.der"), "c59c184a6d6badf0fec6d67466bb3b15"),
        (include_bytes!("pss_sha384.der"), "d866801c5f35d42abc2adcdbd450dc93"),
        (include_bytes!("pss_sha1.der"), "f692615c876c6bd86896e39bd3a2c7c0"),
        (include_bytes!("ecdsa_sha512.der"), "fe6b9cf209752e93e56921967dc2ba58"),
    ] {
        assert_eq!(md5_of(certificate), expected);
    }
}

#[test]
fn a_channel_without_a_name_has_none() {
    for bytes in [&include_bytes!("ed25519.der")[..], b"", b"no certificate"] {
        assert_eq!(ChannelBinding::of_server(bytes).err(), Some(AuthError::NoChannelBinding));
    }
}

#[test]
fn changed_certificates_never_panic() {
    for certificate in [&include_bytes!("pss_sha384.der")[..], include_bytes!("ecdsa_sha512.der")] {
        for at in 0..certificate.len() {
            for value in [0, 1, 0x30, 0x7f, 0x80, 0x82, 0xff] {
                let mut changed = certificate.to_vec();
                changed[at] = value;
                let _ = ChannelBinding::of_server(&changed);
                let _ = ChannelBinding::of_server(&changed[..at]);
            }
        }
    }
}
