//! SPNEGO, as much as NTLM inside it needs: strict DER in, DER out.
//!
//! Source: RFC 4178 §4.2, [MS-SPNG] §2.2, X.690 §8 and §10.

use super::SpnegoError;

/// Longest token read. Chosen: an NTLM message (at most 8 KiB) with its
/// wrapping; longest seen is 700 bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 12 * 1024;
/// Most mechanisms read. Chosen: Windows offers four.
const MAX_MECHANISMS: usize = 16;

const SPNEGO_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
/// 1.3.6.1.4.1.311.2.2.10. Source: [MS-SPNG] §1.9.
pub(super) const NTLM_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];

const ENUMERATED: u8 = 0x0a;
const OBJECT_ID: u8 = 0x06;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
const APPLICATION_0: u8 = 0x60;
pub(super) const CONTEXT: u8 = 0xa0;

/// How the negotiation stands. Source: RFC 4178 §4.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Completed,
    Incomplete,
    Reject,
    RequestMic,
}

impl State {
    fn code(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::Incomplete => 1,
            Self::Reject => 2,
            Self::RequestMic => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Completed, Self::Incomplete, Self::Reject, Self::RequestMic].into_iter().find(|s| s.code() == code)
    }
}

/// The client's first token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Init<'a> {
    /// The list as it came, DER and all: it is what the list's MIC covers.
    pub(super) mech_list: &'a [u8],
    /// Object ids, without tag and length.
    pub(super) mechanisms: Vec<&'a [u8]>,
    /// First token of the first mechanism.
    pub(super) token: Option<&'a [u8]>,
}

/// Every later token, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Response<'a> {
    pub(super) state: Option<State>,
    pub(super) mechanism: Option<&'a [u8]>,
    pub(super) token: Option<&'a [u8]>,
    pub(super) mic: Option<&'a [u8]>,
}

/// What a token is, by its first byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Init(Init<'a>),
    Response(Response<'a>),
}

/// Whether `token` is SPNEGO at all.
pub(super) fn is_spnego(token: &[u8]) -> bool {
    matches!(token.first(), Some(&(APPLICATION_0 | 0xa1)))
}

/// Reads a token; all of it must be used up.
pub(super) fn decode(token: &[u8]) -> Result<Token<'_>, SpnegoError> {
    let mut outer = Der(token);
    let (tag, content) = outer.any()?;
    outer.end()?;
    match tag {
        APPLICATION_0 => {
            let mut inner = Der(content);
            if inner.expect(OBJECT_ID)? != SPNEGO_OID {
                return Err(SpnegoError::Malformed);
            }
            let init = inner.expect(CONTEXT)?;
            inner.end()?;
            decode_init(init).map(Token::Init)
        }
        0xa1 => decode_response(content).map(Token::Response),
        _ => Err(SpnegoError::Malformed),
    }
}

/// A token that goes on with an exchange, and does not end it.
pub(super) fn response(token: &[u8]) -> Result<Response<'_>, SpnegoError> {
    match decode(token)? {
        Token::Response(Response { state: Some(State::Reject), .. }) => Err(SpnegoError::Rejected),
        Token::Response(response) => Ok(response),
        Token::Init(_) => Err(SpnegoError::Malformed),
    }
}

fn decode_init(bytes: &[u8]) -> Result<Init<'_>, SpnegoError> {
    let mut outer = Der(bytes);
    let mut fields = Der(outer.expect(SEQUENCE)?);
    outer.end()?;
    let mech_list = fields.expect(CONTEXT)?;
    let mut list = Der(mech_list);
    let mut ids = Der(list.expect(SEQUENCE)?);
    list.end()?;
    let mut mechanisms = Vec::new();
    while !ids.is_empty() {
        if mechanisms.len() == MAX_MECHANISMS {
            return Err(SpnegoError::TooManyMechanisms { limit: MAX_MECHANISMS });
        }
        mechanisms.push(ids.expect(OBJECT_ID)?);
    }
    // [1] reqFlags: "the acceptor should ignore it" (RFC 4178 §4.2.1).
    fields.optional(CONTEXT | 1)?;
    let token = fields.optional(CONTEXT | 2)?.map(octets).transpose()?;
    // [3] is a MIC (RFC 4178) or hints (NegTokenInit2), [4] a MIC after hints.
    // With the first token there are no keys yet that it could be made with.
    fields.optional(CONTEXT | 3)?;
    fields.optional(CONTEXT | 4)?;
    fields.end()?;
    Ok(Init { mech_list, mechanisms, token })
}

fn decode_response(bytes: &[u8]) -> Result<Response<'_>, SpnegoError> {
    let mut outer = Der(bytes);
    let mut fields = Der(outer.expect(SEQUENCE)?);
    outer.end()?;
    let state = fields.optional(CONTEXT)?.map(enumerated).transpose()?;
    let mechanism = fields.optional(CONTEXT | 1)?.map(|content| only(content, OBJECT_ID)).transpose()?;
    let token = fields.optional(CONTEXT | 2)?.map(octets).transpose()?;
    let mic = fields.optional(CONTEXT | 3)?.map(octets).transpose()?;
    fields.end()?;
    Ok(Response { state, mechanism, token, mic })
}

pub(super) fn only(content: &[u8], tag: u8) -> Result<&[u8], SpnegoError> {
    let mut reader = Der(content);
    let value = reader.expect(tag)?;
    reader.end()?;
    Ok(value)
}

pub(super) fn octets(content: &[u8]) -> Result<&[u8], SpnegoError> {
    only(content, OCTET_STRING)
}

fn enumerated(content: &[u8]) -> Result<State, SpnegoError> {
    match only(content, ENUMERATED)? {
        [code] => State::from_code(*code).ok_or(SpnegoError::Malformed),
        _ => Err(SpnegoError::Malformed),
    }
}

impl Response<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        if let Some(state) = self.state {
            put(&mut fields, CONTEXT, &element(ENUMERATED, &[state.code()]));
        }
        if let Some(mechanism) = self.mechanism {
            put(&mut fields, CONTEXT | 1, &element(OBJECT_ID, mechanism));
        }
        if let Some(token) = self.token {
            put(&mut fields, CONTEXT | 2, &element(OCTET_STRING, token));
        }
        if let Some(mic) = self.mic {
            put(&mut fields, CONTEXT | 3, &element(OCTET_STRING, mic));
        }
        element(CONTEXT | 1, &element(SEQUENCE, &fields))
    }
}

pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    put(&mut out, tag, content);
    out
}

pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let bytes = content.len().to_be_bytes();
            let significant = bytes.iter().skip_while(|byte| **byte == 0);
            let count = significant.clone().count() as u8;
            out.push(0x80 | count);
            out.extend(significant);
        }
    }
    out.extend_from_slice(content);
}

/// Reads tag, length, value; one byte of tag, definite and shortest lengths.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(&self) -> Result<(), SpnegoError> {
        if self.0.is_empty() { Ok(()) } else { Err(SpnegoError::Malformed) }
    }

    fn any(&mut self) -> Result<(u8, &'a [u8]), SpnegoError> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>().ok_or(SpnegoError::Malformed)?;
        // A tag number of 31 means more bytes of tag: nothing in SPNEGO has one.
        if tag & 0x1f == 0x1f {
            return Err(SpnegoError::Malformed);
        }
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => match rest.split_first() {
                Some((&n @ 0x80.., rest)) => (usize::from(n), rest),
                _ => return Err(SpnegoError::Malformed),
            },
            0x82 => match rest.split_first_chunk::<2>() {
                Some((&[high, low], rest)) if high != 0 => (usize::from(u16::from_be_bytes([high, low])), rest),
                _ => return Err(SpnegoError::Malformed),
            },
            // Longer than any token that is read, indefinite, or reserved.
            _ => return Err(SpnegoError::Malformed),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(SpnegoError::Malformed)?;
        self.0 = rest;
        Ok((tag, content))
    }

    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], SpnegoError> {
        match self.any()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(SpnegoError::Malformed),
        }
    }

    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, SpnegoError> {
        if self.0.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }
}

/// The client's first token, and the list as the MIC covers it.
pub(super) fn encode_init(mechanisms: &[&[u8]], token: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    let mut ids = Vec::new();
    for id in mechanisms {
        put(&mut ids, OBJECT_ID, id);
    }
    let list = element(SEQUENCE, &ids);
    let mut fields = element(CONTEXT, &list);
    if let Some(token) = token {
        put(&mut fields, CONTEXT | 2, &element(OCTET_STRING, token));
    }
    let mut content = element(OBJECT_ID, SPNEGO_OID);
    put(&mut content, CONTEXT, &element(SEQUENCE, &fields));
    (element(APPLICATION_0, &content), list)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

    #[test]
    fn the_list_is_kept_as_it_came() {
        let (token, list) = encode_init(&[KERBEROS_OID, NTLM_OID], Some(b"first"));
        let Token::Init(init) = decode(&token).unwrap() else { panic!("not an init") };
        assert_eq!(init.mechanisms, [KERBEROS_OID, NTLM_OID]);
        assert_eq!(init.token, Some(&b"first"[..]));
        assert_eq!(init.mech_list, list);
        assert_eq!(list[..4], [0x30, 23, 0x06, 9]);
    }

    #[test]
    fn responses_of_every_length_form_are_read_back() {
        for length in [0, 1, 100, 127, 128, 250, 255, 256, 5000] {
            let token = vec![7; length];
            let response = Response {
                state: Some(State::Incomplete),
                mechanism: Some(NTLM_OID),
                token: Some(&token),
                mic: Some(b"mic"),
            };
            assert_eq!(decode(&response.encode()), Ok(Token::Response(response)), "{length}");
        }
    }

    #[test]
    fn every_cut_and_every_longer_token_is_refused() {
        let (init, _) = encode_init(&[NTLM_OID], Some(&[1; 200]));
        let response = Response { token: Some(&[1; 300]), ..Response::default() }.encode();
        for token in [init, response] {
            for end in 0..token.len() {
                assert_eq!(decode(&token[..end]), Err(SpnegoError::Malformed), "{end}");
            }
            assert_eq!(decode(&[&token[..], &[0]].concat()), Err(SpnegoError::Malformed));
        }
    }

    #[test]
    fn only_the_shortest_length_is_der() {
        for bad in [&[0xa1, 0x81, 0x02, 0x30, 0x00][..], &[0xa1, 0x82, 0x00, 0x02, 0x30, 0x00], &[0xa1, 0x80, 0, 0]] {
            assert_eq!(decode(bad), Err(SpnegoError::Malformed), "{bad:x?}");
        }
        assert_eq!(decode(&[0xa1, 0x02, 0x30, 0x00]), Ok(Token::Response(Response::default())));
    }

    #[test]
    fn a_long_list_of_mechanisms_is_refused() {
        let (token, _) = encode_init(&[NTLM_OID; 17], None);
        assert_eq!(decode(&token), Err(SpnegoError::TooManyMechanisms { limit: 16 }));
    }

    #[test]
    fn changed_bytes_never_panic() {
        let (token, _) = encode_init(&[KERBEROS_OID, NTLM_OID], Some(&[3; 40]));
        for at in 0..token.len() {
            for value in 0..=255 {
                let mut changed = token.clone();
                changed[at] = value;
                let _ = decode(&changed);
            }
        }
    }
}
