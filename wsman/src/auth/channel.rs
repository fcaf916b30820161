//! What ties a sign-in to the TLS channel that it travels through.

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use x509_cert::der;
use x509_cert::der::asn1::{ContextSpecific, ObjectIdentifier, SequenceRef};
use x509_cert::der::{Decode as _, TagNumber};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::AuthError;
use super::certificate::Parts;

/// The TLS channel of one connection, named by the certificate that the host
/// presented on it (`tls-server-end-point`).
///
/// A sign-in that carries it is worth nothing to somebody who stands between
/// the ends with a certificate of their own: the host finds another name in
/// it.
///
/// Source: RFC 5929 §4, RFC 2744 §3.11, [MS-NLMP] §3.1.5.1.2.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-server-end-point:` and the hash.
    application: Vec<u8>,
}

const PREFIX: &[u8] = b"tls-server-end-point:";

impl ChannelBinding {
    /// Of the channel on which a host presented this certificate, in DER.
    ///
    /// # Errors
    ///
    /// [`AuthError::NoChannelBinding`]: not a certificate, or one whose
    /// signature has no single hash (Ed25519): RFC 5929 defines nothing then.
    pub fn of_server(certificate: &[u8]) -> Result<Self, AuthError> {
        let parts = Parts::of(certificate).ok_or(AuthError::NoChannelBinding)?;
        let algorithm = AlgorithmIdentifierOwned::from_der(parts.signature_algorithm);
        let hash = hash_of(&algorithm.map_err(|_| AuthError::NoChannelBinding)?).ok_or(AuthError::NoChannelBinding)?;
        let digest: Vec<u8> = match hash {
            Hash::Sha224 => Sha224::digest(certificate).to_vec(),
            Hash::Sha256 => Sha256::digest(certificate).to_vec(),
            Hash::Sha384 => Sha384::digest(certificate).to_vec(),
            Hash::Sha512 => Sha512::digest(certificate).to_vec(),
        };
        Ok(Self { application: [PREFIX, &digest].concat() })
    }

    /// As GSS-API takes it: the application data.
    #[must_use]
    pub fn application_data(&self) -> &[u8] {
        &self.application
    }

    /// As NTLM takes it: MD5 of the GSS-API structure without addresses.
    #[must_use]
    pub fn md5(&self) -> [u8; 16] {
        let length = u32::try_from(self.application.len()).unwrap_or(u32::MAX);
        let structure = [&[0; 16][..], &length.to_le_bytes(), &self.application].concat();
        <Md5 as md5::Digest>::digest(structure).into()
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBinding")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The hash of the certificate's signature; SHA-256 in place of MD5 and SHA-1.
///
/// Source: RFC 5929 §4.1; identifiers: RFC 8017 §A.2.4, RFC 5758 §3.2.
fn hash_of(algorithm: &AlgorithmIdentifierOwned) -> Option<Hash> {
    const RSA_PSS: &str = "1.2.840.113549.1.1.10";
    let name = algorithm.oid.to_string();
    if name == RSA_PSS {
        return pss_hash(algorithm);
    }
    Some(match name.as_str() {
        // RSA with MD5 and SHA-1 (two names), ECDSA and DSA with SHA-1.
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.3.14.3.2.29"
        | "1.2.840.10045.4.1"
        | "1.2.840.10040.4.3" => Hash::Sha256,
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Hash::Sha224,
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Hash::Sha256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Hash::Sha384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Hash::Sha512,
        _ => return None,
    })
}

/// RSASSA-PSS says its hash in its parameters; left out, it is SHA-1.
///
/// Source: RFC 8017 §A.2.3; hashes: RFC 8017 §A.2.1.
fn pss_hash(algorithm: &AlgorithmIdentifierOwned) -> Option<Hash> {
    let parameters = algorithm.parameters.as_ref()?.decode_as::<&SequenceRef>().ok()?;
    let mut reader = der::SliceReader::new(parameters.as_bytes()).ok()?;
    let hash = ContextSpecific::<AlgorithmIdentifierOwned>::decode_explicit(&mut reader, TagNumber(0)).ok()?;
    let Some(hash) = hash else { return Some(Hash::Sha256) };
    const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
    if hash.value.oid == SHA1 {
        return Some(Hash::Sha256);
    }
    Some(match hash.value.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.4" => Hash::Sha224,
        "2.16.840.1.101.3.4.2.1" => Hash::Sha256,
        "2.16.840.1.101.3.4.2.2" => Hash::Sha384,
        "2.16.840.1.101.3.4.2.3" => Hash::Sha512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
