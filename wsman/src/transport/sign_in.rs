//! The legs of a sign-in: tokens in headers, no bodies.
//!
//! Source: [MS-WSMV] §2.2.9.1 (a sealed session starts with empty bodies),
//! RFC 4559 §4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Response, Url, Version};

use super::error::{TransportError, classify};
use super::tls::Seen;
use crate::auth::{ChannelBinding, Mechanism, Seal, Step};

/// Most requests of one sign-in. Chosen: NTLM needs two, SPNEGO with a second
/// thought four.
const MAX_LEGS: usize = 6;
/// Most bytes of an answer's body that are read to keep the connection.
/// Chosen: error pages have one or two thousand.
const MAX_PAGE_BYTES: usize = 64 * 1024;
/// Longest token in a header. Chosen: four times the longest NTLM message
/// that is read, and below hyper's limit for all headers.
const MAX_TOKEN_CHARS: usize = 64 * 1024;

/// Signs in the one connection of `client`. Over only when the host took the
/// last token.
pub(super) async fn sign_in(
    client: &reqwest::Client,
    url: &Url,
    channel: &Channel,
    mut mechanism: Box<dyn Mechanism>,
) -> Result<Box<dyn Seal>, TransportError> {
    let mut from_host = Vec::new();
    let mut binding = None;
    for leg_number in 0..MAX_LEGS {
        let scheme = mechanism.scheme();
        // The first leg makes the connection.
        if leg_number == 1 {
            binding = channel.binding()?;
        }
        match mechanism.step(&from_host, binding.as_ref()).map_err(TransportError::SignIn)? {
            Step::Continue { token, next } => {
                from_host = leg(client, url, scheme, &token).await?.token(scheme)?;
                mechanism = next;
            }
            Step::Done { token: None, seal } => return Ok(seal),
            Step::Done { token: Some(token), seal } => {
                leg(client, url, scheme, &token).await?.accepted()?;
                return Ok(seal);
            }
        }
    }
    Err(TransportError::NotWinRm { status: Some(401) })
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
}

impl Answer {
    /// The next token, when the exchange is to go on.
    fn token(self, scheme: &'static str) -> Result<Vec<u8>, TransportError> {
        match self {
            Self { status: 401 | 200..=299, token: Some(_), keeps: false, .. } => Err(TransportError::NotKept),
            Self { status: 401 | 200..=299, token: Some(token), .. } => Ok(token),
            Self { status: 401, offered: false, .. } => Err(TransportError::NotOffered { scheme }),
            other => Err(other.refusal()),
        }
    }

    /// Whether the host took the last token.
    fn accepted(self) -> Result<(), TransportError> {
        match self {
            Self { status: 200..=299, keeps: false, .. } => Err(TransportError::NotKept),
            Self { status: 200..=299, .. } => Ok(()),
            other => Err(other.refusal()),
        }
    }

    fn refusal(&self) -> TransportError {
        match self.status {
            status @ (401 | 403) => TransportError::SignInRefused { status },
            status @ 500.. => TransportError::HostFailed { status },
            status => TransportError::NotWinRm { status: Some(status) },
        }
    }
}

async fn leg(client: &reqwest::Client, url: &Url, scheme: &str, token: &[u8]) -> Result<Answer, TransportError> {
    let mut value = HeaderValue::try_from(format!("{scheme} {}", STANDARD.encode(token)))
        .map_err(|_| TransportError::NotWinRm { status: None })?;
    value.set_sensitive(true);
    // The client leaves the length of an empty body out, and HTTP.sys answers
    // 411 to that.
    let request = client.post(url.clone()).header(AUTHORIZATION, value).header(CONTENT_LENGTH, 0);
    let sent = request.send().await;
    let mut response = sent.map_err(|error| not_winrm(classify(&error).0))?;
    let (offered, token) = offer(response.headers(), scheme)?;
    let answer = Answer { status: response.status().as_u16(), offered, token, keeps: keeps_alive(&response) };
    let mut read = 0;
    // The connection comes back only when the whole answer is read.
    while let Some(chunk) = response.chunk().await.map_err(|error| not_winrm(classify(&error).0))? {
        read += chunk.len();
        if read > MAX_PAGE_BYTES {
            return Err(TransportError::NotWinRm { status: Some(answer.status) });
        }
    }
    Ok(answer)
}

fn not_winrm(error: TransportError) -> TransportError {
    if error == TransportError::NotHttp { TransportError::NotWinRm { status: None } } else { error }
}

/// Whether the scheme is offered.
pub(super) fn offers(headers: &HeaderMap, scheme: &str) -> bool {
    challenges(headers)
        .any(|challenge| challenge.split(' ').next().is_some_and(|name| name.eq_ignore_ascii_case(scheme)))
}

/// Whether the scheme is offered, and the token that comes with it.
fn offer(headers: &HeaderMap, scheme: &str) -> Result<(bool, Option<Vec<u8>>), TransportError> {
    let mut offered = false;
    for challenge in challenges(headers) {
        let (name, token) = challenge.split_once(' ').unwrap_or((challenge, ""));
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

fn challenges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let all = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(in_list).map(str::trim)
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
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case("close"));
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
    fn a_token_that_is_no_base64_is_no_winrm() {
        let headers = [(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate ???"))].into_iter().collect();
        assert_eq!(offer(&headers, "Negotiate"), Err(TransportError::NotWinRm { status: Some(401) }));
    }
}
