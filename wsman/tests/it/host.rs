//! A host on loopback that signs clients in and then does as it is told:
//! blocking sockets and threads, so that every byte and every close is where
//! the test says.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsman::auth::ntlm::FileTime;
use wsman::auth::{Accepted, Acceptor, Credentials, Demand, Seal, multipart};
use wsman::entropy::Entropy;
use wsman::secret::Secret;

/// What the host does with a request; `unsealed` is what it said.
pub(crate) enum Act {
    /// Answers with the same message, sealed.
    Echo,
    /// Answers with this message, sealed.
    Say(u16, Vec<u8>),
    /// Answers with these bytes as they are.
    Raw(Vec<u8>),
    /// Answers with these bytes and closes.
    RawThenClose(Vec<u8>),
    /// Sends the first part of a sealed echo and closes.
    CutEcho(usize),
    /// Flips a bit of the last byte of a sealed echo's data.
    Tamper,
    /// Sends the last answer of this connection once more.
    Replay,
    /// Echoes, says so, and closes.
    EchoAndClose,
    /// Echoes and closes without a word.
    EchoAndVanish,
    /// Reads the next request and never answers it.
    Silence,
}

pub(crate) type Script = Arc<dyn Fn(usize, &[u8]) -> Act + Send + Sync>;

/// How the host greets clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Negotiate,
    #[allow(dead_code, reason = "offered to foreign clients only")]
    Ntlm,
    Basic,
}

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Script,
    offer: Offer,
    accounts: Arc<[Credentials]>,
    seed: AtomicU64,
    connections: AtomicUsize,
    sign_ins: AtomicUsize,
    /// Connections whose socket is closed.
    closed: Mutex<usize>,
    close: Condvar,
    heads: Mutex<Vec<String>>,
}

pub(crate) fn credentials(password: &str) -> Credentials {
    Credentials { username: r"HOST01\analyst".to_owned(), password: Secret::new(password.to_owned()) }
}

impl Host {
    pub(crate) fn start(script: impl Fn(usize, &[u8]) -> Act + Send + Sync + 'static) -> Self {
        Self::offering(Offer::Negotiate, script)
    }

    pub(crate) fn offering(offer: Offer, script: impl Fn(usize, &[u8]) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accounts =
            [Credentials { username: "analyst".to_owned(), password: Secret::new("pass word".to_owned()) }].into();
        let shared = Arc::new(Shared {
            script: Arc::new(script),
            offer,
            accounts,
            seed: AtomicU64::new(1),
            connections: AtomicUsize::new(0),
            sign_ins: AtomicUsize::new(0),
            closed: Mutex::default(),
            close: Condvar::new(),
            heads: Mutex::default(),
        });
        let host = Self { address, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    Peer { stream, buffer: Vec::new(), shared: Arc::clone(&shared) }.serve();
                    *shared.closed.lock().unwrap() += 1;
                    shared.close.notify_all();
                });
            }
        });
        host
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/wsman", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn sign_ins(&self) -> usize {
        self.shared.sign_ins.load(Ordering::SeqCst)
    }

    /// Returns when `count` connections are closed on the host's side.
    pub(crate) async fn wait_closed(&self, count: usize) {
        let shared = Arc::clone(&self.shared);
        // On a thread of its own: the client's runtime must go on meanwhile.
        let waited = tokio::task::spawn_blocking(move || {
            let closed = shared.closed.lock().unwrap();
            let wait = Duration::from_secs(30);
            let (_closed, outcome) = shared.close.wait_timeout_while(closed, wait, |closed| *closed < count).unwrap();
            assert!(!outcome.timed_out(), "no close");
        });
        waited.await.unwrap();
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }
}

struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
    shared: Arc<Shared>,
}

struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Peer {
    fn fill(&mut self) -> Option<()> {
        let mut chunk = vec![0; 64 * 1024];
        let read = self.stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        self.buffer.extend_from_slice(&chunk[..read]);
        Some(())
    }

    fn request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let mut request = Request { head, body: Vec::new() };
        let length: usize = request.header("content-length").expect("a length").parse().unwrap();
        while self.buffer.len() < end + length {
            self.fill()?;
        }
        request.body = self.buffer[end..end + length].to_vec();
        self.buffer.drain(..end + length);
        self.shared.heads.lock().unwrap().push(request.head.clone());
        Some(request)
    }

    fn answer(&mut self, status: u16, headers: &str, body: &[u8]) -> Option<()> {
        let head = format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.send(&[head.as_bytes(), body].concat())
    }

    fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    fn sign_in(&mut self) -> Option<Box<dyn Seal>> {
        let offer = match self.shared.offer {
            Offer::Negotiate => "Negotiate",
            Offer::Ntlm => "NTLM",
            Offer::Basic => "Basic realm=\"WSMAN\"",
        };
        loop {
            let seed = self.shared.seed.fetch_add(1, Ordering::SeqCst);
            let now = FileTime::from_unix(Duration::from_secs(1_800_000_000));
            let accounts = Arc::clone(&self.shared.accounts);
            let mut acceptor =
                Acceptor::new(accounts, "HOST01", now, Demand::Anything, &mut Entropy::seeded(seed)).unwrap();
            loop {
                let request = self.request()?;
                assert!(request.body.is_empty(), "a message before the sign-in is over: {}", request.head);
                let authorization = request.header("authorization").and_then(|value| value.split_once(' '));
                let Some((scheme, token)) = authorization.filter(|_| self.shared.offer != Offer::Basic) else {
                    self.answer(401, &format!("WWW-Authenticate: {offer}\r\n"), b"")?;
                    continue;
                };
                let scheme = scheme.to_owned();
                let shown = |token: &[u8]| format!("WWW-Authenticate: {scheme} {}\r\n", STANDARD.encode(token));
                match acceptor.step(&STANDARD.decode(token).unwrap()) {
                    Ok(Accepted::Continue { token, next }) => {
                        self.answer(401, &shown(&token), b"sign in")?;
                        acceptor = next;
                    }
                    Ok(Accepted::Done { token, seal, .. }) => {
                        self.shared.sign_ins.fetch_add(1, Ordering::SeqCst);
                        self.answer(200, &token.map(|token| shown(&token)).unwrap_or_default(), b"")?;
                        return Some(seal);
                    }
                    Err(_) => {
                        self.answer(401, &format!("WWW-Authenticate: {offer}\r\n"), b"<html>401</html>")?;
                        break;
                    }
                }
            }
        }
    }

    fn serve(mut self) {
        if let Some(seal) = self.sign_in() {
            self.session(seal);
        }
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn session(&mut self, mut seal: Box<dyn Seal>) -> Option<()> {
        const LIMIT: usize = 16 * 1024 * 1024;
        let mut last = Vec::new();
        for number in 0.. {
            let request = self.request()?;
            assert!(request.header("authorization").is_none());
            let sealed = multipart::decode(request.header("content-type")?, request.body.clone(), LIMIT).unwrap();
            let plain = seal.unseal(&sealed.header, sealed.data).unwrap();
            let act = (self.shared.script)(number, &plain);
            let (status, message) = match &act {
                Act::Say(status, message) => (*status, message.clone()),
                _ => (200, plain),
            };
            let mut body = multipart::encode(&seal.seal(message).unwrap());
            let kind = format!("Content-Type: {}\r\n", multipart::CONTENT_TYPE);
            match act {
                Act::Echo | Act::Say(..) => self.answer(status, &kind, &body)?,
                Act::Raw(bytes) => self.send(&bytes)?,
                Act::RawThenClose(bytes) => {
                    self.send(&bytes)?;
                    return None;
                }
                Act::CutEcho(count) => {
                    let head = format!("HTTP/1.1 200 OK\r\n{kind}Content-Length: {}\r\n\r\n", body.len());
                    self.send(&[head.as_bytes(), &body].concat()[..count])?;
                    return None;
                }
                Act::Tamper => {
                    let at = body.len() - "--Encrypted Boundary--\r\n".len() - 1;
                    body[at] ^= 1;
                    self.answer(200, &kind, &body)?;
                }
                Act::Replay => self.answer(200, &kind, &last)?,
                Act::EchoAndClose => {
                    self.answer(200, &format!("{kind}Connection: close\r\n"), &body)?;
                    return None;
                }
                Act::EchoAndVanish => {
                    self.answer(200, &kind, &body)?;
                    return None;
                }
                Act::Silence => {}
            }
            last = body;
        }
        None
    }
}
