//! `TSRequest` and `TSCredentials`.
//!
//! Source: [MS-CSSP] §2.2.1 and §2.2.1.2.

use zeroize::Zeroizing;

use super::CredSspError;
use crate::auth::spnego::{CONTEXT, Der, OCTET_STRING, SEQUENCE, element, octets, only, put};
use crate::auth::{Credentials, SpnegoError};

const INTEGER: u8 = 0x02;

/// One message of either end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) version: u32,
    pub(super) token: Option<&'a [u8]>,
    pub(super) credentials: Option<&'a [u8]>,
    pub(super) key_proof: Option<&'a [u8]>,
    pub(super) error: Option<u32>,
    pub(super) nonce: Option<&'a [u8]>,
}

impl From<SpnegoError> for CredSspError {
    fn from(_: SpnegoError) -> Self {
        Self::Malformed
    }
}

impl<'a> Request<'a> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let octets = |bytes: &[u8]| element(OCTET_STRING, bytes);
        let mut fields = element(CONTEXT, &number(self.version));
        if let Some(token) = self.token {
            let one = element(SEQUENCE, &element(CONTEXT, &octets(token)));
            put(&mut fields, CONTEXT | 1, &element(SEQUENCE, &one));
        }
        for (tag, bytes) in [(2, self.credentials), (3, self.key_proof)] {
            if let Some(bytes) = bytes {
                put(&mut fields, CONTEXT | tag, &octets(bytes));
            }
        }
        if let Some(error) = self.error {
            put(&mut fields, CONTEXT | 4, &number(error));
        }
        if let Some(nonce) = self.nonce {
            put(&mut fields, CONTEXT | 5, &octets(nonce));
        }
        element(SEQUENCE, &fields)
    }

    /// Reads a message; a host's refusal and an unsafe version are errors.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, CredSspError> {
        let mut fields = Der(only(bytes, SEQUENCE)?);
        let version = integer(fields.expect(CONTEXT)?)?;
        let token = fields.optional(CONTEXT | 1)?.map(first_token).transpose()?;
        let credentials = fields.optional(CONTEXT | 2)?.map(octets).transpose()?;
        let key_proof = fields.optional(CONTEXT | 3)?.map(octets).transpose()?;
        let error = fields.optional(CONTEXT | 4)?.map(integer).transpose()?;
        let nonce = fields.optional(CONTEXT | 5)?.map(octets).transpose()?;
        fields.end()?;
        if let Some(status) = error.filter(|status| *status != 0) {
            return Err(CredSspError::Refused { status });
        }
        if version < super::FIRST_SAFE_VERSION {
            return Err(CredSspError::Version { found: version });
        }
        Ok(Self { version, token, credentials, key_proof, error, nonce })
    }
}

/// The first of the tokens; no client and no host sends more.
fn first_token(content: &[u8]) -> Result<&[u8], CredSspError> {
    Ok(octets(only(only(only(content, SEQUENCE)?, SEQUENCE)?, CONTEXT)?)?)
}

fn integer(content: &[u8]) -> Result<u32, CredSspError> {
    let bytes = only(content, INTEGER)?;
    // An NTSTATUS may come as a negative number, or with a zero before it.
    let bytes = bytes.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(bytes);
    if bytes.is_empty() || bytes.len() > 4 {
        return Err(CredSspError::Malformed);
    }
    let fill = if bytes.len() < 4 && bytes.first().is_some_and(|byte| byte & 0x80 != 0) { u32::MAX } else { 0 };
    Ok(bytes.iter().fold(fill, |value, byte| value << 8 | u32::from(*byte)))
}

fn number(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    let mut content: Vec<u8> = bytes.iter().skip(skip).copied().collect();
    if content.first().is_some_and(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

/// `TSCredentials` with a password.
pub(super) fn encode_password(credentials: &Credentials) -> Zeroizing<Vec<u8>> {
    let (domain, user) = credentials.username.split_once('\\').unwrap_or(("", &credentials.username));
    let utf16 = |text: &str| Zeroizing::new(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let mut fields = Zeroizing::new(Vec::with_capacity(2048));
    for (tag, text) in [(0, domain), (1, user), (2, credentials.password.expose().as_str())] {
        put(&mut fields, CONTEXT | tag, &Zeroizing::new(element(OCTET_STRING, &utf16(text))));
    }
    let password = Zeroizing::new(element(SEQUENCE, &fields));
    let mut outer = Zeroizing::new(Vec::with_capacity(2048));
    // 1: a password. Source: [MS-CSSP] §2.2.1.2.
    put(&mut outer, CONTEXT, &number(1));
    put(&mut outer, CONTEXT | 1, &Zeroizing::new(element(OCTET_STRING, &password)));
    Zeroizing::new(element(SEQUENCE, &outer))
}

/// The password in `TSCredentials`, in UTF-16.
pub(super) fn decode_password(bytes: &[u8]) -> Result<&[u8], CredSspError> {
    let mut fields = Der(only(bytes, SEQUENCE)?);
    if integer(fields.expect(CONTEXT)?)? != 1 {
        return Err(CredSspError::Malformed);
    }
    let mut inner = Der(octets(fields.expect(CONTEXT | 1)?)?);
    let mut parts = Der(inner.expect(SEQUENCE)?);
    parts.expect(CONTEXT)?;
    parts.expect(CONTEXT | 1)?;
    Ok(octets(parts.expect(CONTEXT | 2)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_back() {
        for request in [
            Request { version: 6, token: Some(b"token"), ..Request::default() },
            Request {
                version: 5,
                key_proof: Some(&[1; 300]),
                nonce: Some(&[2; 32]),
                token: Some(b""),
                ..Request::default()
            },
            Request { version: 6, credentials: Some(&[3; 200]), ..Request::default() },
        ] {
            let bytes = request.encode();
            assert_eq!(Request::decode(&bytes), Ok(request));
            for end in 0..bytes.len() {
                assert_eq!(Request::decode(&bytes[..end]), Err(CredSspError::Malformed), "{end}");
            }
            for at in 0..bytes.len() {
                for value in 0..=255 {
                    let mut changed = bytes.clone();
                    changed[at] = value;
                    let _ = Request::decode(&changed);
                }
            }
        }
    }

    #[test]
    fn refusals_and_old_versions_are_errors() {
        let status = 0xC000_006D;
        let refused = Request { version: 6, error: Some(status), ..Request::default() }.encode();
        assert_eq!(Request::decode(&refused), Err(CredSspError::Refused { status }));
        // As a negative number, which Windows writes.
        let negative = b"\x30\x0d\xa0\x03\x02\x01\x06\xa4\x06\x02\x04\xc0\x00\x00\x6d";
        assert_eq!(Request::decode(negative), Err(CredSspError::Refused { status }));
        for found in 0..5 {
            let old = Request { version: found, ..Request::default() }.encode();
            assert_eq!(Request::decode(&old), Err(CredSspError::Version { found }));
        }
    }

    #[test]
    fn a_password_is_read_back() {
        let credentials = Credentials { username: r"CORP\svc".into(), password: "pä 😀".to_owned().into() };
        let bytes = encode_password(&credentials);
        let utf16: Vec<u8> = "pä 😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode_password(&bytes), Ok(&utf16[..]));
    }
}
