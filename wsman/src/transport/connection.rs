//! One signed-in connection.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::answer::{self, Age, By, Reply, Word};
use super::error::{Sent, TransportError};
use super::http::Http;
use super::sign_in::{Channel, keeps_alive, sign_in};
use super::tls::{Asked, Seen};
use super::{ClientCertificate, SignIn, Target};
#[cfg(feature = "credssp")]
use crate::auth::CredSsp;
use crate::auth::{AuthError, Credentials, Mechanism, Negotiator, Seal, basic, ntlm};
use crate::entropy::Entropy;
use crate::{Error, ErrorKind};

/// One TCP connection, signed in: over plain HTTP every message on it is
/// sealed, over HTTPS TLS protects them.
///
/// Consumed by [`post`](Self::post) and given back only while it is good:
/// after any error, the security context cannot be trusted and the socket is
/// closed. Hosts close connections that are idle for two minutes; drop yours
/// after one.
pub struct Connection {
    http: Http,
    speech: Speech,
    word: Word,
    age: Age,
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
    /// As they are, on a connection that showed the client's certificate.
    Certified(Asked),
}

/// A client that showed its certificate says so. Source: [MS-WSMV]
/// §3.1.4.1.29.2.
const MUTUAL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// `Content-Type` of what is not sealed. Source: [MS-WSMV] §2.1.
const SOAP: &str = "application/soap+xml;charset=UTF-8";

/// A request without an answer. Its connection is gone.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Whether the host may have acted on the request. `false` is a promise: not
    /// a byte left, or the host itself refused it before it was handed on.
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

    /// Whether the host has taken a password or a certificate on it.
    pub(crate) fn is_signed_in(&self) -> bool {
        matches!(self.speech, Speech::Sealed(_) | Speech::InTls)
    }

    /// Connects and signs in, with empty bodies, within `timeout` in all.
    /// [`SignIn::Basic`] and [`SignIn::Certificate`] have nothing more to do
    /// before the first message than to connect.
    ///
    /// Takes 24 bytes of `entropy` (56 with CredSSP), before the first await. Dropping the
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
        let seen = Seen::default();
        let asked = Asked::default();
        let own = prepared.certificate().map(|certificate| (certificate, &asked));
        let (is_tls, shown) = (target.endpoint.is_tls(), asked.clone());
        let config = is_tls.then(|| target.tls.client_config(&seen, own)).transpose();
        let config = config.map_err(|error| error.during("cannot connect"))?;
        let channel = if is_tls { Channel::Tls(seen) } else { Channel::Plain };
        let connected = AtomicBool::new(false);
        let dial = async {
            let mut http = Http::connect(&target.endpoint, target.proxy.as_ref(), config).await?;
            connected.store(true, Ordering::Release);
            let speech = match prepared {
                Prepared::Exchange(mechanism) => match sign_in(&mut http, &channel, mechanism).await? {
                    _ if is_tls => Speech::InTls,
                    seal => Speech::Sealed(seal),
                },
                Prepared::Header { scheme, authorization } => Speech::WithHeader { scheme, authorization },
                Prepared::Certificate(_) => Speech::Certified(asked.clone()),
            };
            let word = if is_tls { Word::Hosts } else { Word::Anybodys };
            Ok(Self { http, speech, word, age: Age::First, serial: next_serial() })
        };
        let outcome = tokio::time::timeout(timeout, dial).await;
        let connected = connected.load(Ordering::Acquire);
        let result = outcome.unwrap_or_else(|_| {
            Err(if connected { TransportError::SignInTimedOut } else { TransportError::ConnectTimedOut })
        });
        let failed = if connected { "cannot sign in" } else { "cannot connect" };
        // Alerts that do not name the certificate that was shown.
        let blamed = |error| match error {
            TransportError::TlsFailed | TransportError::NoCommonTls if shown.was() => {
                TransportError::OwnCertificateRefused
            }
            error => error,
        };
        result.map_err(|error| blamed(error).during(failed))
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
            Err(_) => (Err(lost(TransportError::AnswerTimedOut, self.http.sent())), None),
        }
    }

    /// The answer, and whether the host keeps the connection.
    async fn exchange(&mut self, body: Vec<u8>) -> Result<(Reply, bool), (TransportError, Sent)> {
        let (headers, body) = match &mut self.speech {
            Speech::Sealed(seal) => {
                let framed = seal.frame(body).map_err(|error| (TransportError::Seal(error), Sent::No))?;
                (HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(framed.0))]), framed.1)
            }
            Speech::InTls => (plain(&body, None), body),
            Speech::WithHeader { authorization, .. } => (plain(&body, Some(authorization.clone())), body),
            Speech::Certified(_) => (plain(&body, Some(HeaderValue::from_static(MUTUAL))), body),
        };
        let response = self.http.post(headers, body).await.map_err(|lost| self.explained(lost))?;
        let keeps = keeps_alive(&response);
        let (word, age) = (self.word, std::mem::replace(&mut self.age, Age::Later));
        let reply = match &mut self.speech {
            Speech::Sealed(seal) => {
                answer::sealed(response, &mut **seal, age).await.map_err(|error| (error, Sent::Maybe))
            }
            Speech::InTls => answer::plain(response, By::Connection, word, age).await,
            Speech::WithHeader { scheme, .. } => answer::plain(response, By::Header { scheme }, word, age).await,
            Speech::Certified(_) => answer::plain(response, By::Certificate, word, age).await,
        };
        Ok((reply.map_err(|lost| self.explained(lost))?, keeps))
    }
}

/// Says the length of an empty message, too, which the client leaves out.
fn plain(body: &[u8], authorization: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(SOAP)),
        (CONTENT_LENGTH, HeaderValue::from(body.len())),
    ]);
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    headers
}

fn lost(error: TransportError, sent: Sent) -> Lost {
    Lost { sent: sent == Sent::Maybe, error: error.during("no answer from the host") }
}

impl Connection {
    /// A host that asks for the certificate later, which is not spoken, breaks
    /// the connection or refuses; say why.
    fn explained(&self, (error, sent): (TransportError, Sent)) -> (TransportError, Sent) {
        match (&self.speech, &error) {
            (
                Speech::Certified(asked),
                TransportError::ConnectionLost | TransportError::SignInRefused { .. } | TransportError::TlsFailed,
            ) if !asked.was() => (TransportError::OwnCertificateNotAsked, sent),
            // Alerts that do not name it.
            (Speech::Certified(_), TransportError::TlsFailed | TransportError::NoCommonTls) => {
                (TransportError::OwnCertificateRefused, sent)
            }
            _ => (error, sent),
        }
    }
}

/// What a sign-in needs before the connection is there.
enum Prepared {
    Exchange(Box<dyn Mechanism>),
    Header { scheme: &'static str, authorization: HeaderValue },
    Certificate(ClientCertificate),
}

impl Prepared {
    fn certificate(&self) -> Option<&ClientCertificate> {
        if let Self::Certificate(certificate) = self { Some(certificate) } else { None }
    }

    fn new(target: &Target, entropy: &mut Entropy) -> Result<Self, AuthError> {
        match &target.sign_in {
            SignIn::Negotiate(credentials) => {
                let mechanism = Negotiator::new(credentials, target.endpoint.host(), entropy)?;
                Ok(Self::Exchange(Box::new(mechanism)))
            }
            #[cfg(feature = "credssp")]
            SignIn::CredSsp(credentials) => {
                let mechanism = CredSsp::new(credentials, target.endpoint.host(), entropy)?;
                Ok(Self::Exchange(Box::new(mechanism)))
            }
            SignIn::Ntlm(credentials) => {
                let mechanism = ntlm::Initiator::new(credentials, target.endpoint.host(), entropy)?;
                Ok(Self::Exchange(Box::new(mechanism)))
            }
            SignIn::Basic(credentials) | SignIn::DangerousClearTextBasic(credentials) => Self::basic(credentials),
            SignIn::Certificate(certificate) => Ok(Self::Certificate(certificate.clone())),
        }
    }

    fn basic(credentials: &Credentials) -> Result<Self, AuthError> {
        let value = zeroize::Zeroizing::new(format!("Basic {}", basic::encode(credentials)?.expose()));
        let mut authorization = HeaderValue::from_str(&value).map_err(|_| AuthError::UserName)?;
        authorization.set_sensitive(true);
        Ok(Self::Header { scheme: "Basic", authorization })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.http.url().as_str()).finish_non_exhaustive()
    }
}
