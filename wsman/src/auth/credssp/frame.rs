//! Messages on a connection that CredSSP signed in: TLS records in the frame
//! of sealed messages, a part for each 16 KiB.
//!
//! Source: [MS-WSMV] §2.2.9.1; pypsrp 0.9.1 (`encryption.py`).

use std::fmt;

use super::CredSspError;
use super::channel::Channel;
use crate::auth::multipart::{self, FrameError, MultipartError};
use crate::auth::{AuthError, Seal, Sealed};

const PROTOCOL: &str = "application/HTTP-CredSSP-session-encrypted";
const ONE: &str =
    "multipart/encrypted;protocol=\"application/HTTP-CredSSP-session-encrypted\";boundary=\"Encrypted Boundary\"";
const MANY: &str = "multipart/x-multi-encrypted;protocol=\"application/HTTP-CredSSP-session-encrypted\";boundary=\"Encrypted Boundary\"";
/// Most of a message that one part holds, in bytes.
const PART_BYTES: usize = 16 * 1024;
/// What the first bytes of a part are called a header of: the tag of the
/// cipher. Hosts put it before the rest again. Source: pyspnego, for AES-GCM.
const TAG_BYTES: usize = 16;

/// One end of a connection that CredSSP signed in.
pub(super) struct CredSspSeal {
    channel: Channel,
    poisoned: bool,
}

impl CredSspSeal {
    pub(super) fn new(channel: Channel) -> Self {
        Self { channel, poisoned: false }
    }

    fn once<T, E: From<AuthError>>(&mut self, run: impl FnOnce(&mut Channel) -> Result<T, E>) -> Result<T, E> {
        if self.poisoned {
            return Err(AuthError::Poisoned.into());
        }
        let done = run(&mut self.channel);
        self.poisoned = done.is_err();
        done
    }
}

impl Seal for CredSspSeal {
    fn seal(&mut self, plain: Vec<u8>) -> Result<Sealed, AuthError> {
        self.once(|channel| sealed(channel, &plain))
    }

    fn unseal(&mut self, header: &[u8], data: Vec<u8>) -> Result<Vec<u8>, AuthError> {
        self.once(|channel| Ok(channel.open(&[header, &data].concat())?))
    }

    fn frame(&mut self, plain: Vec<u8>) -> Result<(&'static str, Vec<u8>), AuthError> {
        self.once(|channel| {
            let mut body = Vec::with_capacity(plain.len() + plain.len() / 32 + 512);
            let kind = if plain.len() > PART_BYTES { MANY } else { ONE };
            let parts = plain.chunks(PART_BYTES).chain(plain.is_empty().then_some(&[][..]));
            for part in parts {
                multipart::write_part(&mut body, PROTOCOL, part.len(), &sealed(channel, part)?);
            }
            multipart::write_end(&mut body);
            Ok((kind, body))
        })
    }

    fn unframe(&mut self, content_type: &str, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, FrameError> {
        if !multipart::is_of(content_type, &["multipart/encrypted", "multipart/x-multi-encrypted"], PROTOCOL) {
            return Err(MultipartError::ContentType.into());
        }
        self.once(|channel| {
            let mut plain = Vec::new();
            let mut rest = &body[..];
            while !multipart::is_closing(rest) {
                let (length, after) = multipart::read_part(rest, PROTOCOL)?;
                let (records, after) = records(after)?;
                if plain.len() + length > limit {
                    return Err(MultipartError::TooLong { limit, found: plain.len() + length }.into());
                }
                let part = channel.open(&records).map_err(AuthError::from)?;
                if part.len() != length {
                    return Err(MultipartError::CutShort { expected: length, found: part.len() }.into());
                }
                plain.extend_from_slice(&part);
                rest = after;
            }
            Ok(plain)
        })
    }
}

fn sealed(channel: &mut Channel, plain: &[u8]) -> Result<Sealed, AuthError> {
    let mut data = channel.seal(plain)?;
    let rest = data.split_off(TAG_BYTES.min(data.len()));
    Ok(Sealed { header: data, data: rest })
}

/// A length and a header, which belong together as TLS records; and what
/// follows them. Records say their own lengths, and none begins like a boundary.
fn records(binary: &[u8]) -> Result<(Vec<u8>, &[u8]), MultipartError> {
    let cut = |found| MultipartError::CutShort { expected: 4, found };
    let (_, mut rest) = binary.split_first_chunk::<4>().ok_or_else(|| cut(binary.len()))?;
    let mut records = Vec::new();
    while let Some((&[23, 3, 3, high, low], after)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let short = MultipartError::CutShort { expected: length, found: after.len() };
        let (record, after) = after.split_at_checked(length).ok_or(short)?;
        records.extend_from_slice(&[23, 3, 3, high, low]);
        records.extend_from_slice(record);
        rest = after;
    }
    Ok((records, rest))
}

impl From<CredSspError> for AuthError {
    fn from(error: CredSspError) -> Self {
        Self::CredSsp(error)
    }
}

impl fmt::Debug for CredSspSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredSspSeal")
    }
}
