//! One signed-in connection.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Client, RequestBuilder, Url, redirect, retry};
use rustls::ClientConfig;

use super::error::{Sent, TransportError, classify};
use super::gate::OneShot;
use super::sign_in::{Channel, keeps_alive, sign_in};
use super::tls::{self, Seen};
use super::{SignIn, Target, answer};
use crate::auth::{AuthError, Credentials, Mechanism, Seal, basic, multipart, ntlm};
use crate::entropy::Entropy;
use crate::{Error, ErrorKind};

/// Longest SOAP message taken from a host, in bytes.
///
/// Chosen: 16 times the largest envelope that is ever asked for (512,000
/// bytes), since hosts may round up; small enough for a hundred at once.
pub const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// One TCP connection, signed in: over plain HTTP every message on it is
/// sealed, over HTTPS TLS protects them.
///
/// Consumed by [`post`](Self::post) and given back only while it is good:
/// after any error, the security context cannot be trusted and the socket is
/// closed. Hosts close connections that are idle for two minutes; drop yours
/// after one.
pub struct Connection {
    client: Client,
    url: Url,
    speech: Speech,
    serial: u64,
}

/// Connections of this process so far.
static SERIAL: AtomicU64 = AtomicU64::new(1);

fn next_serial() -> u64 {
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

/// How messages travel.
enum Speech {
    /// Sealed, on a connection that is signed in.
    Sealed(Box<dyn Seal>),
    /// As they are, on a connection that is signed in, inside TLS.
    InTls,
    /// As they are, each with what signs it in.
    WithHeader { scheme: &'static str, authorization: HeaderValue },
}

/// `Content-Type` of what is not sealed. Source: [MS-WSMV] §2.1.
const SOAP: &str = "application/soap+xml;charset=UTF-8";

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
    /// Tells it apart from every other of this process; never 0.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Connects and signs in, with empty bodies, within `timeout` in all.
    /// [`SignIn::Basic`] has nothing to do before the first message: it
    /// connects with that.
    ///
    /// Takes 24 bytes of `entropy`, before the first await. Dropping the
    /// future closes the socket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`]: the host refused the credentials
    /// ([`TransportError::SignInRefused`]) or does not offer this sign-in.
    /// [`ErrorKind::Tls`]: its certificate was refused
    /// ([`TransportError::Certificate`]), or there is no TLS with it.
    /// [`ErrorKind::PeerMisbehaved`]: no WinRM there
    /// ([`TransportError::NotWinRm`]), or weaker than what is demanded.
    /// [`ErrorKind::Unreachable`]: every other [`TransportError`].
    /// [`ErrorKind::Misuse`]: no usable user name, or Basic over plain HTTP.
    pub async fn open(target: &Target, entropy: &mut Entropy, timeout: Duration) -> Result<Self, Error> {
        target.check()?;
        let names = |error| Error::new(ErrorKind::Misuse, "cannot sign in with these names").with_source(error);
        let prepared = Prepared::new(target, entropy).map_err(names)?;
        let (gate, seen) = (OneShot::default(), Seen::default());
        let is_tls = target.endpoint.is_tls();
        let config = if is_tls { target.tls.client_config(&seen) } else { tls::no_tls() };
        let client = config.and_then(|config| client(&gate, config, timeout));
        let client = client.map_err(|error| error.during("cannot connect"))?;
        let url = target.endpoint.url();
        let mechanism = match prepared {
            Prepared::Exchange(mechanism) => mechanism,
            Prepared::Header { scheme, authorization } => {
                return Ok(Self {
                    client,
                    url,
                    speech: Speech::WithHeader { scheme, authorization },
                    serial: next_serial(),
                });
            }
        };
        let channel = if is_tls { Channel::Tls(seen) } else { Channel::Plain };
        let result = match tokio::time::timeout(timeout, sign_in(&client, &url, &channel, mechanism)).await {
            Ok(result) => result,
            Err(_) if gate.is_connected() => Err(TransportError::SignInTimedOut),
            Err(_) => Err(TransportError::ConnectTimedOut),
        };
        match result {
            Ok(_) if is_tls => Ok(Self { client, url, speech: Speech::InTls, serial: next_serial() }),
            Ok(seal) => Ok(Self { client, url, speech: Speech::Sealed(seal), serial: next_serial() }),
            Err(error) if gate.is_connected() => Err(error.during("cannot sign in")),
            Err(error) => Err(error.during("cannot connect")),
        }
    }

    /// Sends `body` (a SOAP message in UTF-8), sealed over plain HTTP, and
    /// takes the answer, within `timeout` in all: longer than the host may
    /// hold it.
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
        let request = self.client.post(self.url.clone());
        let request = match &mut self.speech {
            Speech::Sealed(seal) => {
                let sealed = seal.seal(body).map_err(|error| (TransportError::Seal(error), Sent::No))?;
                request.header(CONTENT_TYPE, multipart::CONTENT_TYPE).body(multipart::encode(&sealed))
            }
            Speech::InTls => plain(request, body),
            Speech::WithHeader { authorization, .. } => {
                plain(request, body).header(AUTHORIZATION, authorization.clone())
            }
        };
        let response = request.send().await.map_err(|error| classify(&error))?;
        let keeps = keeps_alive(&response);
        let reply = match &mut self.speech {
            Speech::Sealed(seal) => answer::sealed(response, &mut **seal).await,
            Speech::InTls => answer::plain(response, None).await,
            Speech::WithHeader { scheme, .. } => answer::plain(response, Some(scheme)).await,
        };
        Ok((reply.map_err(|error| (error, Sent::Maybe))?, keeps))
    }
}

/// Says the length of an empty message, too, which the client leaves out.
fn plain(request: RequestBuilder, body: Vec<u8>) -> RequestBuilder {
    request.header(CONTENT_TYPE, SOAP).header(CONTENT_LENGTH, body.len()).body(body)
}

fn lost(error: TransportError, sent: Sent) -> Lost {
    Lost { sent: sent == Sent::Maybe, error: error.during("no answer from the host") }
}

/// What a sign-in needs before the connection is there.
enum Prepared {
    Exchange(Box<dyn Mechanism>),
    Header { scheme: &'static str, authorization: HeaderValue },
}

impl Prepared {
    fn new(target: &Target, entropy: &mut Entropy) -> Result<Self, AuthError> {
        match &target.sign_in {
            SignIn::Ntlm(credentials) => {
                let mechanism = ntlm::Initiator::new(credentials, target.endpoint.host(), entropy)?;
                Ok(Self::Exchange(Box::new(mechanism)))
            }
            SignIn::Basic(credentials) | SignIn::DangerousClearTextBasic(credentials) => Self::basic(credentials),
        }
    }

    fn basic(credentials: &Credentials) -> Result<Self, AuthError> {
        let value = zeroize::Zeroizing::new(format!("Basic {}", basic::encode(credentials)?.expose()));
        let mut authorization = HeaderValue::from_str(&value).map_err(|_| AuthError::UserName)?;
        authorization.set_sensitive(true);
        Ok(Self::Header { scheme: "Basic", authorization })
    }
}

fn client(gate: &OneShot, tls: ClientConfig, connect: Duration) -> Result<Client, TransportError> {
    let headers = HeaderMap::from_iter([
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (CONNECTION, HeaderValue::from_static("Keep-Alive")),
    ]);
    Client::builder()
        .connect_timeout(connect)
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
        .tls_backend_preconfigured(tls)
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
