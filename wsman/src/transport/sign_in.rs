//! The legs of a sign-in: tokens in headers, no bodies.
//!
//! Source: [MS-WSMV] §2.2.9.1 (a sealed session starts with empty bodies),
//! RFC 4559 §4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, SERVER, WWW_AUTHENTICATE};
use reqwest::{Response, Version};

use super::error::{TransportError, Unavailable};
use super::http::{Http, broken};
use super::tls::Seen;
#[cfg(feature = "credssp")]
use crate::auth::CredSspError;
use crate::auth::{AuthError, ChannelBinding, Mechanism, Seal, SpnegoError, Step};
use crate::soap::Fault;

/// Most requests of one sign-in. Chosen: NTLM needs two, SPNEGO with a second
/// thought four, CredSSP six.
const MAX_LEGS: usize = 8;
/// Most bytes of an answer's body that are read to keep the connection.
/// Chosen: error pages have one or two thousand.
const MAX_PAGE_BYTES: usize = 64 * 1024;
/// Longest token in a header. Chosen: four times the longest NTLM message
/// that is read, and below hyper's limit for all headers.
const MAX_TOKEN_CHARS: usize = 64 * 1024;

/// Signs in the one connection of `http`. Over only when the host took the
/// last token. Only the step that carried the proof can be a refused password:
/// a refusal before it says nothing of one, and counts towards no lockout.
pub(super) async fn sign_in(
    http: &mut Http,
    channel: &Channel,
    mut mechanism: Box<dyn Mechanism>,
) -> Result<Box<dyn Seal>, TransportError> {
    let mut from_host = Vec::new();
    // Of the last answer.
    let mut status = 401;
    let mut binding = None;
    for leg_number in 0..MAX_LEGS {
        let scheme = mechanism.scheme();
        // The first leg makes the connection.
        if leg_number == 1 {
            binding = channel.binding()?;
        }
        let proof = if mechanism.has_proven() { Proof::Sent } else { Proof::No };
        let step = mechanism.step(&from_host, binding.as_ref()).map_err(|error| said(error, status, proof));
        match step? {
            Step::Continue { token, next } => {
                let proof = if next.has_proven() { Proof::Sent } else { Proof::No };
                let answer = leg(http, scheme, &token, leg_number).await?;
                status = answer.status;
                from_host = answer.token(scheme, proof)?;
                mechanism = next;
            }
            Step::Done { token: None, seal } if (200..300).contains(&status) => return Ok(seal),
            Step::Done { token: None, .. } => return Err(TransportError::SignInRefused { status }),
            Step::Done { token: Some(token), seal } => {
                leg(http, scheme, &token, leg_number).await?.accepted(scheme)?;
                return Ok(seal);
            }
        }
    }
    Err(TransportError::NotWinRm { status: Some(401) })
}

/// Whether what was sent holds a proof of the password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    No,
    Sent,
}

/// What the host says by a token, where others say it without one.
fn said(error: AuthError, status: u16, proof: Proof) -> TransportError {
    match error {
        AuthError::Spnego(SpnegoError::Rejected) => refused(status, proof, Unavailable::Rejected),
        AuthError::Spnego(SpnegoError::OtherMechanism) => {
            TransportError::SignInUnavailable { why: Unavailable::NoNtlm, status }
        }
        #[cfg(feature = "credssp")]
        AuthError::CredSsp(CredSspError::Refused { .. }) => refused(status, proof, Unavailable::Rejected),
        error => TransportError::SignIn(error),
    }
}

fn refused(status: u16, proof: Proof, why: Unavailable) -> TransportError {
    match proof {
        Proof::Sent => TransportError::SignInRefused { status },
        Proof::No => TransportError::SignInUnavailable { why, status },
    }
}

/// What the sign-in travels through.
pub(super) enum Channel {
    /// Nothing that could be named.
    Plain,
    /// TLS, with what this connection saw of the host.
    Tls(Seen),
}

impl Channel {
    /// Never `None` with TLS: a sign-in that is not bound could be relayed.
    fn binding(&self) -> Result<Option<ChannelBinding>, TransportError> {
        let Self::Tls(seen) = self else { return Ok(None) };
        let certificate = seen.certificate().ok_or(TransportError::NoChannelBinding)?;
        ChannelBinding::of_server(&certificate).map(Some).map_err(|_| TransportError::NoChannelBinding)
    }
}

/// What the host says to one token.
struct Answer {
    status: u16,
    /// Whether it offers the scheme at all.
    offered: bool,
    token: Option<Vec<u8>>,
    keeps: bool,
    server: Server,
    fault: Option<Fault>,
}

impl Answer {
    /// The next token, when the exchange is to go on.
    fn token(self, scheme: &'static str, proof: Proof) -> Result<Vec<u8>, TransportError> {
        match self {
            Self { status: 401 | 200..=299, token: Some(_), keeps: false, .. } => Err(TransportError::NotKept),
            Self { status: 401 | 200..=299, token: Some(token), .. } => Ok(token),
            other => Err(other.refusal(scheme, proof)),
        }
    }

    /// Whether the host took the last token.
    fn accepted(self, scheme: &'static str) -> Result<(), TransportError> {
        match self {
            Self { status: 200..=299, keeps: false, .. } => Err(TransportError::NotKept),
            Self { status: 200..=299, .. } => Ok(()),
            other => Err(other.refusal(scheme, Proof::Sent)),
        }
    }

    fn refusal(self, scheme: &'static str, proof: Proof) -> TransportError {
        let unavailable = |why, status| TransportError::SignInUnavailable { why, status };
        match (self.status, proof) {
            (401, Proof::Sent) => TransportError::SignInRefused { status: 401 },
            (401, Proof::No) if !self.offered => TransportError::NotOffered { scheme },
            (401, Proof::No) if self.server == Server::Other => unavailable(Unavailable::Filtered, 401),
            (401, Proof::No) => unavailable(Unavailable::NoNtlm, 401),
            (status, _) if self.fault.is_some() => match self.fault {
                Some(fault) => TransportError::FaultAtSignIn { status, fault: Box::new(fault) },
                None => TransportError::HostFailed { status },
            },
            (403, Proof::Sent) => TransportError::SignInRefused { status: 403 },
            (403, Proof::No) => unavailable(Unavailable::Filtered, 403),
            (503, _) if self.server == Server::Windows => TransportError::DoorRefused { status: 503 },
            (status @ 500.., _) => TransportError::HostFailed { status },
            (status, _) => TransportError::NotWinRm { status: Some(status) },
        }
    }
}

async fn leg(http: &mut Http, scheme: &str, token: &[u8], number: usize) -> Result<Answer, TransportError> {
    // The host took the first step and then was gone.
    let lost = |error| match error {
        TransportError::ConnectionLost if number > 0 => TransportError::NotKept,
        error => not_winrm(error),
    };
    let mut value = HeaderValue::try_from(format!("{scheme} {}", STANDARD.encode(token)))
        .map_err(|_| TransportError::NotWinRm { status: None })?;
    value.set_sensitive(true);
    // The client leaves the length of an empty body out, and HTTP.sys answers
    // 411 to that.
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value), (CONTENT_LENGTH, HeaderValue::from_static("0"))]);
    let mut response = http.post(headers, Vec::new()).await.map_err(|(error, _)| lost(error))?;
    let (offered, token) = offer(response.headers(), scheme)?;
    let (status, keeps) = (response.status().as_u16(), keeps_alive(&response));
    let mut answer = Answer { status, offered, token, keeps, server: Server::of(&response), fault: None };
    let mut page = Vec::new();
    // The connection comes back only when the whole answer is read.
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(broken(&error)))? {
        page.extend_from_slice(&chunk);
        if page.len() > MAX_PAGE_BYTES {
            return Err(TransportError::NotWinRm { status: Some(answer.status) });
        }
    }
    answer.fault = Fault::in_envelope(&page);
    Ok(answer)
}

/// Whose word an answer may be, by its `Server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// HTTP.sys, on which WinRM listens.
    Windows,
    Other,
    /// It does not say; hosts can be told not to.
    Unnamed,
}

impl Server {
    pub(super) fn of(response: &Response) -> Self {
        match response.headers().get(SERVER).map(HeaderValue::as_bytes) {
            Some(name) if name.starts_with(b"Microsoft-HTTPAPI") => Self::Windows,
            Some(_) => Self::Other,
            None => Self::Unnamed,
        }
    }
}

fn not_winrm(error: TransportError) -> TransportError {
    if error == TransportError::NotHttp { TransportError::NotWinRm { status: None } } else { error }
}

/// Whether the scheme is offered.
pub(super) fn offers(headers: &HeaderMap, scheme: &str) -> bool {
    challenges(headers)
        .iter()
        .any(|challenge| challenge.split(' ').next().is_some_and(|name| name.eq_ignore_ascii_case(scheme)))
}

/// Whether the scheme is offered, and the token that comes with it.
fn offer(headers: &HeaderMap, scheme: &str) -> Result<(bool, Option<Vec<u8>>), TransportError> {
    let mut offered = false;
    for challenge in challenges(headers) {
        let (name, token) = challenge.split_once(' ').unwrap_or((&challenge, ""));
        if !name.eq_ignore_ascii_case(scheme) {
            continue;
        }
        offered = true;
        let token = token.trim();
        if !token.is_empty() {
            if token.len() > MAX_TOKEN_CHARS {
                return Err(TransportError::NotWinRm { status: Some(401) });
            }
            let bytes = STANDARD.decode(token).map_err(|_| TransportError::NotWinRm { status: Some(401) })?;
            return Ok((true, Some(bytes)));
        }
    }
    Ok((offered, None))
}

/// What cannot be read (a realm in a code page) hides nothing else.
fn challenges(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all(WWW_AUTHENTICATE).iter();
    let texts: Vec<_> = all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    texts.iter().flat_map(|text| in_list(text)).map(|challenge| challenge.trim().to_owned()).collect()
}

/// Schemes come one per line or in a list, whose commas are not those in
/// quotes.
fn in_list(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// Whether the host leaves the connection open after this answer.
pub(super) fn keeps_alive(response: &Response) -> bool {
    let closes = response
        .headers()
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
    response.version() == Version::HTTP_11 && !closes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(values: &[&'static str]) -> (bool, Option<Vec<u8>>) {
        let headers = values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value))).collect();
        offer(&headers, "Negotiate").unwrap()
    }

    #[test]
    fn the_scheme_is_found_in_lines_and_in_lists() {
        assert_eq!(offered(&[]), (false, None));
        assert_eq!(offered(&["Basic realm=\"WSMAN\""]), (false, None));
        assert_eq!(offered(&["Negotiate"]), (true, None));
        assert_eq!(offered(&["Kerberos", "negotiate AAEC"]), (true, Some(vec![0, 1, 2])));
        assert_eq!(
            offered(&["Negotiate, Basic realm=\"x, Negotiate \"", "Negotiate AAEC"]),
            (true, Some(vec![0, 1, 2]))
        );
        assert_eq!(offered(&["NegotiateX AAEC"]), (false, None));
    }

    #[test]
    fn e15_bytes_outside_ascii_hide_no_scheme() {
        let line = HeaderValue::from_bytes(b"Basic realm=\"Gesch\xfctzt\", Negotiate").unwrap();
        let headers = [(WWW_AUTHENTICATE, line)].into_iter().collect();
        assert_eq!(offer(&headers, "Negotiate").unwrap(), (true, None));
        assert!(offers(&headers, "Basic"));
    }

    #[test]
    fn a_token_that_is_no_base64_is_no_winrm() {
        let headers = [(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate ???"))].into_iter().collect();
        assert_eq!(offer(&headers, "Negotiate"), Err(TransportError::NotWinRm { status: Some(401) }));
    }
}
