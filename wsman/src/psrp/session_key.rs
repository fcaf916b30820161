//! The session key: how SecureStrings travel.
//!
//! The client makes an RSA key pair ([`KeyPair`]) and sends its public half
//! ([`PublicKey`], PUBLIC_KEY); the server answers with an AES key encrypted
//! for it ([`EncryptedSessionKey`], ENCRYPTED_SESSION_KEY). From protocol 2.4
//! on nothing is exchanged and nothing encrypted.
//!
//! Source: [MS-PSRP] §2.2.2.3, §2.2.2.4, §2.2.5.1.24, §3.1.5.4.3 to §3.1.5.4.5;
//! key blobs: [MS-WSMV] has none, "PUBLICKEYBLOB" and "SIMPLEBLOB" of CryptoAPI.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use rsa::pkcs1v15::Pkcs1v15Encrypt;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PrivateKey};
use zeroize::Zeroizing;

use super::{PayloadError, required};
use crate::clixml::{EncodeError, SecureString, Value};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// Spec: PowerShell takes no other size.
const BITS: usize = 2048;
const MODULUS_BYTES: usize = BITS / 8;
const KEY_BYTES: usize = 32;

/// `PUBLICKEYBLOB`, version 2, `CALG_RSA_KEYX`, `RSA1`, 2048 bits.
const PUBLIC_BLOB: [u8; 16] = [6, 2, 0, 0, 0, 0xA4, 0, 0, b'R', b'S', b'A', b'1', 0, 8, 0, 0];
/// `SIMPLEBLOB`, version 2, `CALG_AES_256`, encrypted with `CALG_RSA_KEYX`.
const SIMPLE_BLOB: [u8; 12] = [1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0];

/// Why a secret does not travel, or cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// No key pair could be made.
    #[error("no RSA key could be made")]
    NoKeyPair,
    /// The public key of the other end is none.
    #[error("not an RSA key of 2048 bits")]
    NotAPublicKey,
    /// What was sent as session key is none, or not for this key pair.
    #[error("not a session key for this key pair")]
    NotASessionKey,
    /// A sealed secret that this session's key does not open.
    #[error("a SecureString of another session, or a damaged one")]
    NotOurs,
    /// What was in it is no UTF-16.
    #[error("a SecureString is not UTF-16")]
    NotText,
}

/// An RSA key pair for one key exchange. Wiped on drop; `Debug` says nothing.
///
/// One pair opens one message of one signed-in host and is thrown away: there
/// is no oracle for a timing attack on it (RUSTSEC-2023-0071 needs thousands
/// of answers of one key).
pub struct KeyPair(Box<PrivateKey>);

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}

impl KeyPair {
    /// Makes a pair. Takes some hundred milliseconds of a processor: not on a
    /// thread that others wait for.
    ///
    /// # Errors
    ///
    /// [`SecretError::NoKeyPair`].
    pub fn generate(entropy: &mut Entropy) -> Result<Self, SecretError> {
        PrivateKey::new(&mut Random(entropy), BITS).map(Box::new).map(Self).map_err(|_| SecretError::NoKeyPair)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.to_public_key())
    }

    /// Opens what the server sent.
    ///
    /// # Errors
    ///
    /// [`SecretError::NotASessionKey`].
    pub fn open(&self, sent: &EncryptedSessionKey) -> Result<SessionKey, SecretError> {
        let cipher: Vec<u8> = sent.0.iter().rev().copied().collect();
        let opened = self.0.decrypt(Pkcs1v15Encrypt, &cipher).map(Zeroizing::new);
        let opened = opened.map_err(|_| SecretError::NotASessionKey)?;
        let key = <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map_err(|_| SecretError::NotASessionKey)?;
        Ok(SessionKey(Secret::new(key)))
    }
}

/// Entropy as the RSA crate wants it.
struct Random<'e>(&'e mut Entropy);

impl rand_core::TryRng for Random<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_le_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Random<'_> {}

/// PUBLIC_KEY: the client's key.
///
/// Source: [MS-PSRP] §2.2.2.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(rsa::PublicKey);

impl PublicKey {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: never, in fact.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let little = |number: &BoxedUint, bytes: usize| {
            let mut number: Vec<u8> = number.to_be_bytes().iter().rev().copied().collect();
            number.resize(bytes, 0);
            number
        };
        let mut blob = PUBLIC_BLOB.to_vec();
        blob.extend(little(self.0.e(), 4));
        blob.extend(little(self.0.n().as_ref(), MODULUS_BYTES));
        super::encode(&Value::custom([("PublicKey", Value::from(STANDARD.encode(blob)))]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or not a key of 2048 bits.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        const WRONG: PayloadError = PayloadError::Missing("PublicKey");
        let blob = blob(payload, "PublicKey")?;
        let rest = blob.strip_prefix(&PUBLIC_BLOB).ok_or(WRONG)?;
        let (exponent, modulus) = rest.split_at_checked(4).filter(|(_, n)| n.len() == MODULUS_BYTES).ok_or(WRONG)?;
        let number = |little: &[u8]| {
            let big: Vec<u8> = little.iter().rev().copied().collect();
            BoxedUint::from_be_slice_vartime(&big)
        };
        rsa::PublicKey::new(number(modulus), number(exponent)).map(Self).map_err(|_| WRONG)
    }
}

/// ENCRYPTED_SESSION_KEY: the session key, for the client's key pair.
///
/// Source: [MS-PSRP] §2.2.2.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedSessionKey(Vec<u8>);

impl EncryptedSessionKey {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: never, in fact.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let blob = [&SIMPLE_BLOB[..], &self.0].concat();
        super::encode(&Value::custom([("EncryptedSessionKey", Value::from(STANDARD.encode(blob)))]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or not a key for 2048 bits.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let blob = blob(payload, "EncryptedSessionKey")?;
        let cipher = blob.strip_prefix(&SIMPLE_BLOB).filter(|cipher| cipher.len() == MODULUS_BYTES);
        cipher.map(|cipher| Self(cipher.to_vec())).ok_or(PayloadError::Missing("EncryptedSessionKey"))
    }
}

fn blob(payload: &[u8], name: &'static str) -> Result<Vec<u8>, PayloadError> {
    let value = super::decode(payload)?;
    let text = required(&value, name)?.as_str().ok_or(PayloadError::Missing(name))?;
    STANDARD.decode(text).map_err(|_| PayloadError::Missing(name))
}

/// The AES-256 key of one pool. Wiped on drop; `Debug` says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(Secret<[u8; KEY_BYTES]>);

impl SessionKey {
    /// A new key, at the host's end.
    pub fn generate(entropy: &mut Entropy) -> Self {
        Self(Secret::new(entropy.bytes()))
    }

    /// The key as it is sent to the holder of `public`.
    ///
    /// # Errors
    ///
    /// [`SecretError::NotAPublicKey`].
    pub fn encrypt_for(&self, public: &PublicKey, entropy: &mut Entropy) -> Result<EncryptedSessionKey, SecretError> {
        let cipher = public.0.encrypt(&mut Random(entropy), Pkcs1v15Encrypt, self.0.expose());
        let cipher = cipher.map_err(|_| SecretError::NotAPublicKey)?;
        Ok(EncryptedSessionKey(cipher.into_iter().rev().collect()))
    }
}

/// How one session's secrets travel.
#[derive(Clone, Debug)]
pub enum Sealing {
    /// Encrypted: AES-256-CBC, PKCS7, of UTF-16LE.
    ///
    /// The initialisation vector is all zero, as PowerShell has it: equal
    /// secrets of one session look equal on the wire.
    Key(SessionKey),
    /// From protocol 2.4 on: UTF-16LE, not encrypted. Only the transport
    /// protects it.
    Plain,
}

impl Sealing {
    /// A value with all its secrets sealed. One that is sealed already must be
    /// this session's: a host answers a foreign one with silence.
    ///
    /// # Errors
    ///
    /// [`SecretError`].
    pub fn seal(&self, value: &Value) -> Result<Value, SecretError> {
        value.map_secrets(&mut |secret| match secret.clear() {
            None => self.open(secret).map(|_| secret.clone()),
            Some(text) => {
                let units: Zeroizing<Vec<u8>> =
                    Zeroizing::new(text.expose().encode_utf16().flat_map(u16::to_le_bytes).collect());
                Ok(SecureString::sealed(match self {
                    Self::Plain => units.to_vec(),
                    Self::Key(key) => Self::encryptor(key).encrypt_padded_vec::<Pkcs7>(&units),
                }))
            }
        })
    }

    /// The secret of a SecureString.
    ///
    /// # Errors
    ///
    /// [`SecretError::NotOurs`], [`SecretError::NotText`].
    pub fn open(&self, secret: &SecureString) -> Result<Secret<String>, SecretError> {
        let Some(wire) = secret.wire() else {
            return Ok(secret.clear().cloned().unwrap_or_else(|| Secret::new(String::new())));
        };
        let bytes = match self {
            Self::Plain => Zeroizing::new(wire.to_vec()),
            Self::Key(SessionKey(key)) => {
                let decryptor = cbc::Decryptor::<Aes256>::new(key.expose().into(), &[0; 16].into());
                Zeroizing::new(decryptor.decrypt_padded_vec::<Pkcs7>(wire).map_err(|_| SecretError::NotOurs)?)
            }
        };
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(SecretError::NotText);
        }
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect());
        String::from_utf16(&units).map(Secret::new).map_err(|_| SecretError::NotText)
    }

    fn encryptor(key: &SessionKey) -> cbc::Encryptor<Aes256> {
        cbc::Encryptor::<Aes256>::new(key.0.expose().into(), &[0; 16].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Value {
        Value::from(SecureString::new(text.to_owned().into()))
    }

    fn sealed(value: &Value) -> &SecureString {
        value.as_secure_string().unwrap()
    }

    #[test]
    fn a_key_is_exchanged_and_both_ends_read_each_other() {
        let mut entropy = Entropy::seeded(3);
        let pair = KeyPair::generate(&mut entropy).unwrap();
        let public = PublicKey::decode(&pair.public().encode().unwrap()).unwrap();
        assert_eq!(public, pair.public());
        let ours = SessionKey::generate(&mut entropy);
        let sent = ours.encrypt_for(&public, &mut entropy).unwrap();
        let sent = EncryptedSessionKey::decode(&sent.encode().unwrap()).unwrap();
        let theirs = pair.open(&sent).unwrap();
        assert!(theirs == ours);
        for text in ["", "p@ss✓", "sixteen bytes ok", "🚀"] {
            let wire = Sealing::Key(ours.clone()).seal(&secret(text)).unwrap();
            assert_eq!(Sealing::Key(theirs.clone()).open(sealed(&wire)).unwrap().expose(), text);
            // What came out may be sent back; another session's may not.
            assert!(Sealing::Key(theirs.clone()).seal(&wire).is_ok());
            let other = Sealing::Key(SessionKey::generate(&mut entropy));
            assert!(other.seal(&wire).is_err() || other.open(sealed(&wire)).unwrap().expose() != text);
        }
        assert!(!format!("{pair:?} {ours:?}").contains(|c: char| c.is_ascii_digit()));
        // Not for this pair: an error, or a key that opens nothing.
        let other = KeyPair::generate(&mut entropy).unwrap();
        assert!(other.open(&sent).map_or(true, |key| key != ours));
    }

    #[test]
    fn version_2_4_writes_utf16_as_recorded() {
        // Recording secure-string-2-4.
        let wire = Sealing::Plain.seal(&secret("p@ss✓")).unwrap();
        assert_eq!(STANDARD.encode(sealed(&wire).wire().unwrap()), "cABAAHMAcwATJw==");
        assert_eq!(Sealing::Plain.open(sealed(&wire)).unwrap().expose(), "p@ss✓");
        assert_eq!(Sealing::Plain.open(&SecureString::sealed(vec![1])), Err(SecretError::NotText));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "AAAA", "BgIAAACkAABSU0ExAAgAAAEAAQA="] {
            let payload = super::super::encode(&Value::custom([("PublicKey", Value::from(text))])).unwrap();
            assert_eq!(PublicKey::decode(&payload), Err(PayloadError::Missing("PublicKey")));
        }
    }
}
