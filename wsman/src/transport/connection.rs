//! One signed-in connection.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url, redirect, retry};

use super::Endpoint;
use super::error::{Sent, TransportError, classify};
use super::gate::OneShot;
use super::sign_in::{keeps_alive, sign_in};
use crate::auth::{Credentials, Seal, multipart, ntlm};
use crate::entropy::Entropy;
use crate::{Error, ErrorKind};

/// Longest SOAP message taken from a host, in bytes.
///
/// Chosen: 16 times the largest envelope that is ever asked for (512,000
/// bytes), since hosts may round up; small enough for a hundred at once.
pub const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Room for the text around a sealed message. Chosen: it has 250 bytes.
const FRAME_BYTES: usize = 1024;

/// One TCP connection, signed in with NTLM, every message on it sealed.
///
/// Consumed by [`post`](Self::post) and given back only while it is good:
/// after any error, the security context cannot be trusted and the socket is
/// closed. Hosts close connections that are idle for two minutes; drop yours
/// after one.
pub struct Connection {
    client: Client,
    url: Url,
    seal: Box<dyn Seal>,
}

/// A host's answer, unsealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status: 200, or 500 with a fault.
    pub status: u16,
    /// The SOAP message.
    pub body: Vec<u8>,
}

/// A request without an answer. Its connection is gone.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Whether a byte of the request may have left. `false` is a promise.
    pub sent: bool,
    /// Why; its source is a [`TransportError`].
    pub error: Error,
}

impl Connection {
    /// Connects and signs in, with empty bodies, within `timeout` in all.
    ///
    /// Takes 24 bytes of `entropy`, before the first await. Dropping the
    /// future closes the socket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`]: the host refused the credentials
    /// ([`TransportError::SignInRefused`]) or offers no `Negotiate`.
    /// [`ErrorKind::PeerMisbehaved`]: no WinRM there
    /// ([`TransportError::NotWinRm`]), or weaker than what is demanded.
    /// [`ErrorKind::Unreachable`]: every other [`TransportError`].
    /// [`ErrorKind::Misuse`]: no usable user name.
    pub async fn open(
        endpoint: &Endpoint,
        credentials: &Credentials,
        entropy: &mut Entropy,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let mechanism = ntlm::Initiator::new(credentials, endpoint.host(), None, entropy)
            .map_err(|error| Error::new(ErrorKind::Misuse, "cannot sign in with these names").with_source(error))?;
        let gate = OneShot::default();
        let client = client(&gate).map_err(|error| error.during("cannot connect"))?;
        let url = endpoint.url();
        let result = match tokio::time::timeout(timeout, sign_in(&client, &url, Box::new(mechanism))).await {
            Ok(result) => result,
            Err(_) if gate.is_connected() => Err(TransportError::SignInTimedOut),
            Err(_) => Err(TransportError::ConnectTimedOut),
        };
        match result {
            Ok(seal) => Ok(Self { client, url, seal }),
            Err(error) if gate.is_connected() => Err(error.during("cannot sign in")),
            Err(error) => Err(error.during("cannot connect")),
        }
    }

    /// Seals `body` (a SOAP message in UTF-8), sends it, and unseals the
    /// answer, within `timeout` in all: longer than the host may hold it.
    ///
    /// The connection comes back when it can take another request. Dropping
    /// the future closes the socket; the request may have been sent.
    pub async fn post(mut self, body: Vec<u8>, timeout: Duration) -> (Result<Reply, Lost>, Option<Self>) {
        match tokio::time::timeout(timeout, self.exchange(body)).await {
            Ok(Ok((reply, true))) => (Ok(reply), Some(self)),
            Ok(Ok((reply, false))) => (Ok(reply), None),
            Ok(Err((error, sent))) => (Err(lost(error, sent)), None),
            Err(_) => (Err(lost(TransportError::AnswerTimedOut, Sent::Maybe)), None),
        }
    }

    /// The answer, and whether the host keeps the connection.
    async fn exchange(&mut self, body: Vec<u8>) -> Result<(Reply, bool), (TransportError, Sent)> {
        let sealed = self.seal.seal(body).map_err(|error| (TransportError::Seal(error), Sent::No))?;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, multipart::CONTENT_TYPE)
            .body(multipart::encode(&sealed));
        let response = request.send().await.map_err(|error| classify(&error))?;
        let keeps = keeps_alive(&response);
        let reply = self.receive(response).await.map_err(|error| (error, Sent::Maybe))?;
        Ok((reply, keeps))
    }

    async fn receive(&mut self, mut response: Response) -> Result<Reply, TransportError> {
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if status == 401 {
            return Err(TransportError::ContextLost { status });
        }
        let limit = MAX_REPLY_BYTES + FRAME_BYTES;
        let too_long = TransportError::ReplyTooLong { limit: MAX_REPLY_BYTES };
        let announced = response.content_length().unwrap_or_default();
        if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
            return Err(too_long);
        }
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error).0)? {
            if body.len() + chunk.len() > limit {
                return Err(too_long);
            }
            body.extend_from_slice(&chunk);
        }
        let is_empty = body.is_empty();
        let sealed = match multipart::decode(&content_type, body, MAX_REPLY_BYTES) {
            Ok(sealed) => sealed,
            Err(multipart::MultipartError::ContentType) => return Err(unsealed(status, is_empty)),
            Err(error) => return Err(TransportError::Frame(error)),
        };
        let body = self.seal.unseal(&sealed.header, sealed.data).map_err(TransportError::Seal)?;
        Ok(Reply { status, body })
    }
}

/// An answer that is not sealed is never believed, only explained.
fn unsealed(status: u16, is_empty: bool) -> TransportError {
    match status {
        // Seen by users after two idle minutes (400), and what a host says to
        // what it takes for an unsealed request (500).
        400 | 500 if is_empty => TransportError::ContextLost { status },
        502..=504 => TransportError::HostFailed { status },
        _ => TransportError::Unsealed { status },
    }
}

fn lost(error: TransportError, sent: Sent) -> Lost {
    Lost { sent: sent == Sent::Maybe, error: error.during("no answer from the host") }
}

fn client(gate: &OneShot) -> Result<Client, TransportError> {
    let headers = HeaderMap::from_iter([
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (CONNECTION, HeaderValue::from_static("Keep-Alive")),
    ]);
    Client::builder()
        .connector_layer(gate.clone())
        .default_headers(headers)
        .http1_only()
        .no_proxy()
        // How long a connection may idle is the owner's decision.
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(1)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .tcp_nodelay(true)
        .user_agent(concat!("wsman/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| TransportError::NoClient)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reply {
    // The body is what a customer's host said: its length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}
