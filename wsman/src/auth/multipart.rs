//! `multipart/encrypted`: how a sealed message travels in an HTTP body.
//!
//! It looks like MIME and is not: no line end before the closing boundary,
//! tabs before header names, and a binary part that may contain anything, the
//! boundary included. It is therefore read by lengths, never searched.
//!
//! ```text
//! --Encrypted Boundary
//! ⇥Content-Type: application/HTTP-SPNEGO-session-encrypted
//! ⇥OriginalContent: type=application/soap+xml;charset=UTF-8;Length=<bytes of data>
//! --Encrypted Boundary
//! ⇥Content-Type: application/octet-stream
//! <u32le bytes of header><header><data>--Encrypted Boundary--
//! ```
//!
//! The tabs stay although Microsoft's server for Linux drops a connection for
//! them: the specification shows them, Windows was recorded to take them, and a
//! dropped connection proves neither why nor that nothing was made of the
//! request, so the same could not be sent again without.
//!
//! Source: [MS-WSMV] §2.2.9.1.

use super::{AuthError, Sealed};

/// `Content-Type` of a sealed body.
pub const CONTENT_TYPE: &str =
    "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\"";

const PROTOCOL: &str = "application/HTTP-SPNEGO-session-encrypted";
const BOUNDARY: &str = "Encrypted Boundary";
/// Chosen: NTLM has 16 bytes, Kerberos 60 or 72.
const MAX_HEADER_BYTES: usize = 256;
/// Longest line read. Chosen: the longest that is written has 78 bytes.
const MAX_LINE_BYTES: usize = 256;

/// Why a body is not a sealed message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// `Content-Type` says something else, most likely that it is not sealed.
    #[error("expected multipart/encrypted with the SPNEGO protocol and its boundary")]
    ContentType,
    /// The text before the binary part is not as it must be.
    #[error("unexpected text in line {line} of the frame")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// `Length` is missing or no number.
    #[error("no readable length")]
    Length,
    /// More than the caller wants to hold.
    #[error("sealed message too long: expected at most {limit} bytes, found {found}")]
    TooLong {
        /// In bytes.
        limit: usize,
        /// In bytes, as announced.
        found: usize,
    },
    /// A signature that is longer than every known one.
    #[error("signature too long: expected at most 256 bytes, found {found}")]
    HeaderTooLong {
        /// In bytes, as announced.
        found: usize,
    },
    /// The body ends before the announced lengths are reached.
    #[error("sealed message cut short: expected {expected} bytes after the text, found {found}")]
    CutShort {
        /// In bytes.
        expected: usize,
        /// In bytes.
        found: usize,
    },
    /// What follows the data is not exactly the closing boundary.
    #[error("no closing boundary")]
    NoClosingBoundary,
}

/// Why a sealed message cannot be had from a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The frame is wrong.
    #[error("bad frame of a sealed message")]
    Frame(#[from] MultipartError),
    /// What is in it is not what the other end sealed.
    #[error("bad seal")]
    Seal(#[from] AuthError),
}

/// Frames a sealed message.
#[must_use]
pub fn encode(sealed: &Sealed) -> Vec<u8> {
    let mut body = Vec::with_capacity(sealed.header.len() + sealed.data.len() + 320);
    write_part(&mut body, PROTOCOL, sealed.data.len(), sealed);
    write_end(&mut body);
    body
}

/// One part of a frame; `length` is that of the plain text.
pub(super) fn write_part(body: &mut Vec<u8>, protocol: &str, length: usize, sealed: &Sealed) {
    let text = format!(
        "--{BOUNDARY}\r\n\tContent-Type: {protocol}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n--{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
    );
    body.extend_from_slice(text.as_bytes());
    body.extend_from_slice(&u32::try_from(sealed.header.len()).unwrap_or(u32::MAX).to_le_bytes());
    body.extend_from_slice(&sealed.header);
    body.extend_from_slice(&sealed.data);
}

pub(super) fn write_end(body: &mut Vec<u8>) {
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
}

/// The text of one part: the length of its plain text, and what follows.
pub(super) fn read_part<'a>(body: &'a [u8], protocol: &str) -> Result<(usize, &'a [u8]), MultipartError> {
    let mut lines = Lines { rest: body, line: 0 };
    lines.boundary()?;
    lines.header("content-type", |value| value.eq_ignore_ascii_case(protocol))?;
    let length = lines.original_content()?;
    lines.boundary()?;
    lines.header("content-type", |value| value.eq_ignore_ascii_case("application/octet-stream"))?;
    Ok((length, lines.rest))
}

/// Takes a frame apart; `limit` bounds the sealed message in bytes.
///
/// # Errors
///
/// The exact case; the connection must be dropped, since its message numbers
/// no longer match.
pub fn decode(content_type: &str, mut body: Vec<u8>, limit: usize) -> Result<Sealed, MultipartError> {
    if !is_of(content_type, &["multipart/encrypted"], PROTOCOL) {
        return Err(MultipartError::ContentType);
    }
    let (length, binary) = read_part(&body, PROTOCOL)?;
    if length > limit {
        return Err(MultipartError::TooLong { limit, found: length });
    }
    let text_bytes = body.len() - binary.len();
    let header_bytes = match binary.first_chunk::<4>() {
        Some(bytes) => u32::from_le_bytes(*bytes) as usize,
        None => return Err(MultipartError::CutShort { expected: 4, found: binary.len() }),
    };
    if header_bytes > MAX_HEADER_BYTES {
        return Err(MultipartError::HeaderTooLong { found: header_bytes });
    }
    let used = 4 + header_bytes + length;
    let Some(closing) = binary.get(used..) else {
        return Err(MultipartError::CutShort { expected: used, found: binary.len() });
    };
    if !is_closing(closing) {
        return Err(MultipartError::NoClosingBoundary);
    }
    body.truncate(text_bytes + used);
    let data = body.split_off(text_bytes + 4 + header_bytes);
    let header = body.split_off(text_bytes + 4);
    Ok(Sealed { header, data })
}

/// `--Encrypted Boundary--` and a line end; Exchange puts a space before the
/// name (seen by pypsrp, `encryption.py`), Microsoft's server for Linux a second
/// line end behind. White space is read over: it is nobody's data.
pub(super) fn is_closing(bytes: &[u8]) -> bool {
    bytes
        .strip_prefix(b"--")
        .map(|rest| rest.strip_prefix(b" ").unwrap_or(rest))
        .and_then(|rest| rest.strip_prefix(BOUNDARY.as_bytes()))
        .and_then(|rest| rest.strip_prefix(b"--\r\n"))
        .is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// Whether the `Content-Type` is one of these media, in this protocol.
pub(super) fn is_of(content_type: &str, media: &[&str], wanted: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().is_some_and(|found| media.iter().any(|media| found.eq_ignore_ascii_case(media))) {
        return false;
    }
    let (mut protocol, mut boundary) = (false, false);
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { return false };
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        match name {
            name if name.eq_ignore_ascii_case("protocol") => protocol = value.eq_ignore_ascii_case(wanted),
            name if name.eq_ignore_ascii_case("boundary") => boundary = value == BOUNDARY,
            _ => {}
        }
    }
    protocol && boundary
}

struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, MultipartError> {
        self.line += 1;
        let end =
            self.rest.windows(2).take(MAX_LINE_BYTES).position(|pair| pair == b"\r\n").ok_or_else(|| self.wrong())?;
        let (line, rest) = self.rest.split_at_checked(end).ok_or_else(|| self.wrong())?;
        self.rest = rest.get(2..).ok_or_else(|| self.wrong())?;
        str::from_utf8(line).map_err(|_| self.wrong())
    }

    fn wrong(&self) -> MultipartError {
        MultipartError::Line { line: self.line }
    }

    fn boundary(&mut self) -> Result<(), MultipartError> {
        let line = self.next()?;
        let name = line.strip_prefix("--").map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
        if name == Some(BOUNDARY) { Ok(()) } else { Err(self.wrong()) }
    }

    fn header(&mut self, name: &str, is_right: impl Fn(&str) -> bool) -> Result<&'a str, MultipartError> {
        let line = self.next()?;
        match line.trim_start_matches(['\t', ' ']).split_once(':') {
            Some((found, value)) if found.eq_ignore_ascii_case(name) && is_right(value.trim()) => Ok(value.trim()),
            _ => Err(self.wrong()),
        }
    }

    /// `type=application/soap+xml;charset=UTF-8;Length=<n>`
    fn original_content(&mut self) -> Result<usize, MultipartError> {
        let value = self.header("originalcontent", |_| true)?;
        let mut length = None;
        for part in value.split(';') {
            match part.trim().split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("type") => {
                    if !value.eq_ignore_ascii_case("application/soap+xml") {
                        return Err(self.wrong());
                    }
                }
                // UTF-16 is allowed by [MS-WSMV], but only to those who ask in it.
                Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                    if !value.eq_ignore_ascii_case("utf-8") {
                        return Err(self.wrong());
                    }
                }
                Some((name, value)) if name.eq_ignore_ascii_case("length") && length.is_none() => {
                    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
                        return Err(MultipartError::Length);
                    }
                    length = Some(value.parse().map_err(|_| MultipartError::Length)?);
                }
                _ => return Err(self.wrong()),
            }
        }
        length.ok_or(MultipartError::Length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1024;

    fn sealed() -> Sealed {
        Sealed { header: vec![1; 16], data: b"--Encrypted Boundary--\r\nis not the end".to_vec() }
    }

    /// Byte for byte what pypsrp 0.9.1 writes.
    #[test]
    fn the_frame_is_the_one_hosts_read() {
        let sealed = Sealed { header: b"0123456789abcdef".to_vec(), data: b"xyz".to_vec() };
        let expected = b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=3\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n\x10\0\0\x000123456789abcdefxyz--Encrypted Boundary--\r\n";
        assert_eq!(encode(&sealed), expected);
    }

    #[test]
    fn a_boundary_inside_the_data_is_data() {
        assert_eq!(decode(CONTENT_TYPE, encode(&sealed()), LIMIT), Ok(sealed()));
        let empty = Sealed { header: vec![2; 16], data: Vec::new() };
        assert_eq!(decode(CONTENT_TYPE, encode(&empty), LIMIT), Ok(empty));
    }

    #[test]
    fn a_space_before_the_boundary_is_read() {
        let sealed = Sealed { header: vec![1; 16], data: vec![7; 9] };
        let text = encode(&sealed).iter().map(|byte| char::from(*byte)).collect::<String>();
        let spaced = text.replace("--Encrypted", "-- Encrypted").chars().map(|c| c as u8).collect();
        assert_eq!(decode(CONTENT_TYPE, spaced, LIMIT), Ok(sealed));
    }

    #[test]
    fn every_cut_and_every_longer_frame_is_refused() {
        let body = encode(&sealed());
        for end in 0..body.len() {
            assert!(decode(CONTENT_TYPE, body[..end].to_vec(), LIMIT).is_err(), "{end}");
        }
        let longer = [&body[..], b"x"].concat();
        assert_eq!(decode(CONTENT_TYPE, longer, LIMIT), Err(MultipartError::NoClosingBoundary));
    }

    #[test]
    fn e11_white_space_behind_the_closing_boundary_is_read() {
        for behind in ["", "\r\n", "\r\n\r\n", " \t\r\n"] {
            let body = [&encode(&sealed())[..], behind.as_bytes()].concat();
            assert_eq!(decode(CONTENT_TYPE, body, LIMIT), Ok(sealed()), "{behind:?}");
        }
        let body = [&encode(&sealed())[..], b"\r\n--"].concat();
        assert_eq!(decode(CONTENT_TYPE, body, LIMIT), Err(MultipartError::NoClosingBoundary));
    }

    #[test]
    fn lengths_are_bounded() {
        let body = encode(&sealed());
        let data = sealed().data.len();
        assert_eq!(decode(CONTENT_TYPE, body, data - 1), Err(MultipartError::TooLong { limit: data - 1, found: data }));
        let long = Sealed { header: vec![0; 257], data: Vec::new() };
        assert_eq!(decode(CONTENT_TYPE, encode(&long), LIMIT), Err(MultipartError::HeaderTooLong { found: 257 }));
        for length in ["", "-1", "+1", "1x", "99999999999999999999999"] {
            let text = String::from_utf8_lossy(&encode(&Sealed { header: vec![], data: vec![] }))
                .replace("Length=0", &format!("Length={length}"));
            assert_eq!(decode(CONTENT_TYPE, text.into_bytes(), LIMIT), Err(MultipartError::Length), "{length}");
        }
    }

    #[test]
    fn plain_answers_are_not_sealed() {
        for plain in [
            "application/soap+xml;charset=UTF-8",
            "text/html",
            "",
            "multipart/encrypted",
            "multipart/encrypted;protocol=\"application/HTTP-Kerberos-session-encrypted\";boundary=\"Encrypted Boundary\"",
            "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"other\"",
        ] {
            assert_eq!(decode(plain, encode(&sealed()), LIMIT), Err(MultipartError::ContentType), "{plain}");
        }
        let spaced =
            "Multipart/Encrypted; boundary=\"Encrypted Boundary\"; protocol=application/HTTP-SPNEGO-session-encrypted";
        assert!(decode(spaced, encode(&sealed()), LIMIT).is_ok());
    }
}
