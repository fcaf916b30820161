//! Signed-in connections of one pool.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::driver::clock;
use super::options::{Seen, Watch};
use crate::entropy::Entropy;
use crate::psrp::{KeyPair, SecretError};
use crate::session::{ExchangeId, Lane};
use crate::transport::{Connection, Lost, Reply, Target};
use crate::{Error, ErrorKind};

/// Older than this, an idle connection is dropped and not trusted.
///
/// Seen: hosts drop the security context of a connection after about two idle
/// minutes (wire.md §2.12); HTTP.sys closes it at 120 s.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Chosen: the host may answer at the very end of its hold, through a slow
/// line.
const SLACK: Duration = Duration::from_secs(15);

/// What a background task brought.
pub(super) enum Done {
    Exchange(ExchangeId, Result<Reply, Lost>, Option<Connection>),
    Spare(Option<Connection>),
    Key(Result<KeyPair, SecretError>),
}

/// The connections, and the exchanges on them.
///
/// A connection carries one exchange at a time, so an exchange takes one out
/// and its task brings it back. There is always one more than Receives that
/// the host holds: a stop finds a signed-in connection at once.
pub(super) struct Lanes {
    dial: Arc<Dial>,
    idle: Vec<(Instant, Connection)>,
    tasks: JoinSet<Done>,
    /// How many connections are kept beside those that Receives hold.
    spares: usize,
    spare_on_its_way: bool,
    /// No spare before: the last one did not come.
    no_spare_before: Option<Instant>,
    /// Who sees the exchanges, and when the session began.
    watch: Option<(Instant, Watch)>,
}

/// Chosen: a network that is down for a moment is back by then.
const SPARE_PAUSE: Duration = Duration::from_secs(20);

impl Lanes {
    pub(super) fn new(target: Target, connect_timeout: Duration) -> Self {
        Self {
            dial: Arc::new(Dial::new(target, connect_timeout)),
            idle: Vec::new(),
            tasks: JoinSet::new(),
            spares: 1,
            spare_on_its_way: false,
            no_spare_before: None,
            watch: None,
        }
    }

    /// Shows every exchange from now on.
    pub(super) fn watched(mut self, start: Instant, watch: Option<Watch>) -> Self {
        self.watch = watch.map(|watch| (start, watch));
        self
    }

    /// Room for a Command and its Receive beside the terminate of the call
    /// before.
    pub(super) fn for_early_receives(mut self) -> Self {
        self.spares = 2;
        self
    }

    /// Starts an exchange.
    pub(super) fn start(&mut self, now: Instant, id: ExchangeId, lane: Lane, body: Vec<u8>, hold: Duration) {
        // What lies idle while a Receive is held must still be good at its end,
        // when a stop may need it.
        let trusted = if lane == Lane::Receive { MAX_IDLE.saturating_sub(hold).max(MAX_IDLE / 2) } else { MAX_IDLE };
        self.idle.retain(|(since, _)| now.saturating_duration_since(*since) < trusted);
        let fresh = lane == Lane::Once;
        let connection = if fresh { None } else { self.idle.pop().map(|(_, connection)| connection) };
        let dial = Arc::clone(&self.dial);
        let timeout = hold.saturating_add(SLACK);
        let watch = self.watch.clone().map(|(start, watch)| (start, watch, body.clone()));
        self.tasks.spawn(async move {
            let (reply, connection) = dial.exchange(lane, connection, body, timeout).await;
            if let Some((start, watch, request)) = watch {
                (watch.0)(&Seen {
                    request: &request,
                    reply: reply.as_ref().ok().map(|reply| (reply.status, &reply.body[..])),
                    connection: connection.as_ref().map_or(0, Connection::serial),
                    at: now.saturating_duration_since(start),
                    took: clock().saturating_duration_since(now),
                });
            }
            Done::Exchange(id, reply, connection.filter(|_| !fresh))
        });
        let wanted = self.no_spare_before.is_none_or(|at| at <= now) && !self.dial.is_refused();
        if lane == Lane::Receive && self.idle.len() < self.spares && !self.spare_on_its_way && wanted {
            self.spare_on_its_way = true;
            let dial = Arc::clone(&self.dial);
            self.tasks.spawn(async move { Done::Spare(dial.open(Lane::Command).await.ok()) });
        }
    }

    /// How many connections could be used at once.
    pub(super) fn ready(&mut self, now: Instant) -> usize {
        self.idle.retain(|(since, _)| now.saturating_duration_since(*since) < MAX_IDLE / 2);
        self.idle.len()
    }

    /// Makes a key pair, beside the loop.
    pub(super) fn make_key(&mut self, mut entropy: Entropy) {
        self.tasks.spawn_blocking(move || Done::Key(KeyPair::generate(&mut entropy)));
    }

    /// The next thing that is done; pending for ever when nothing runs.
    pub(super) async fn next(&mut self) -> Done {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(done)) => return done,
                // Our tasks neither panic nor are they aborted while we live.
                Some(Err(error)) => tracing::error!(%error, "an exchange's task failed"),
                None => std::future::pending().await,
            }
        }
    }

    /// Gives a connection back.
    pub(super) fn put_back(&mut self, now: Instant, connection: Option<Connection>) {
        self.idle.extend(connection.map(|connection| (now, connection)));
    }

    pub(super) fn spare_arrived(&mut self, now: Instant, connection: Option<Connection>) {
        self.spare_on_its_way = false;
        self.no_spare_before = if connection.is_none() { Some(now + SPARE_PAUSE) } else { None };
        self.put_back(now, connection);
    }
}

/// How to make a connection.
#[derive(Debug)]
pub(super) struct Dial {
    target: Target,
    timeout: Duration,
    sign_ins: Mutex<SignIns>,
}

/// What came of the sign-ins so far.
#[derive(Debug, Default)]
struct SignIns {
    /// The host took the password once.
    taken: bool,
    /// It refused it since, once.
    doubted: bool,
    /// The host refused the sign-in: it is not asked again, since every try
    /// counts towards the account's lockout.
    refused: Option<Error>,
}

impl Dial {
    pub(super) fn new(target: Target, timeout: Duration) -> Self {
        Self { target, timeout, sign_ins: Mutex::default() }
    }

    fn sign_ins(&self) -> MutexGuard<'_, SignIns> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_refused(&self) -> bool {
        self.sign_ins().refused.is_some()
    }

    async fn open(&self, lane: Lane) -> Result<Connection, Error> {
        // A shell that is not deleted is left behind: worth a try with a
        // password that was taken before.
        if let Some(error) = self.sign_ins().refused.clone().filter(|_| lane != Lane::Cleanup) {
            return Err(error);
        }
        let opened = Connection::open(&self.target, &mut Entropy::system(), self.timeout).await;
        match &opened {
            Ok(connection) if connection.is_signed_in() => self.took(),
            Ok(_) => {}
            Err(error) => self.keep(error),
        }
        opened
    }

    fn took(&self) {
        *self.sign_ins() = SignIns { taken: true, ..SignIns::default() };
    }

    /// Remembers a refused sign-in; one of a password that was taken before,
    /// from the second time on.
    fn keep(&self, error: &Error) {
        if error.kind() == ErrorKind::Auth {
            let mut sign_ins = self.sign_ins();
            if sign_ins.taken && !sign_ins.doubted {
                sign_ins.doubted = true;
            } else {
                sign_ins.refused.get_or_insert_with(|| error.clone());
            }
        }
    }

    /// One exchange on `connection`, or on a new one. A kept connection on
    /// which the host did not act (it was closed before a byte left, or the
    /// host no longer knows its sign-in) is replaced once.
    pub(super) async fn exchange(
        &self,
        lane: Lane,
        connection: Option<Connection>,
        body: Vec<u8>,
        timeout: Duration,
    ) -> (Result<Reply, Lost>, Option<Connection>) {
        if let Some(connection) = connection {
            match connection.post(body.clone(), timeout).await {
                (Err(Lost { sent: false, error }), _) if error.kind() == ErrorKind::Unreachable => {
                    tracing::debug!(%error, "a kept connection is of no more use");
                }
                done => return self.learnt(done),
            }
        }
        match self.open(lane).await {
            Ok(connection) => self.learnt(connection.post(body, timeout).await),
            Err(error) => (Err(Lost { sent: false, error }), None),
        }
    }

    /// Basic is refused by the answer to a message, and taken by it.
    fn learnt(&self, done: (Result<Reply, Lost>, Option<Connection>)) -> (Result<Reply, Lost>, Option<Connection>) {
        match &done.0 {
            Ok(_) => self.took(),
            Err(lost) => self.keep(&lost.error),
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::auth::Credentials;
    use crate::transport::{Endpoint, SignIn};

    /// Answers every request with the same, on whatever connection it comes.
    async fn serve(mut stream: TcpStream) -> Option<()> {
        let answer = b"HTTP/1.1 500 x\r\nContent-Type: application/soap+xml\r\nContent-Length: 4\r\n\r\n<y/>";
        let mut request = Vec::new();
        loop {
            request.push(stream.read_u8().await.ok()?);
            if request.ends_with(b"<x/>") {
                request.clear();
                stream.write_all(answer).await.ok()?;
            }
        }
    }

    /// One exchange, its connection given back at the same time.
    async fn exchange(lanes: &mut Lanes, now: Instant, lane: Lane) {
        lanes.no_spare_before = Some(now + MAX_IDLE);
        lanes.start(now, ExchangeId(1), lane, b"<x/>".to_vec(), Duration::from_secs(20));
        match lanes.next().await {
            Done::Exchange(_, reply, connection) => {
                assert_eq!(reply.unwrap().body, b"<y/>");
                assert!(connection.is_some());
                lanes.put_back(now, connection);
            }
            Done::Spare(_) | Done::Key(_) => panic!("only an exchange was wanted"),
        }
    }

    #[tokio::test]
    async fn a_connection_that_stood_idle_for_a_minute_is_not_used() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let opened: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&opened);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream));
            }
        });
        // Every message signs itself in, so that connections alone count.
        let account = Credentials { username: "a".into(), password: "b".to_owned().into() };
        let target = Target::new(endpoint, SignIn::DangerousClearTextBasic(account));
        let mut lanes = Lanes::new(target, Duration::from_secs(30));
        let mut now = clock();
        exchange(&mut lanes, now, Lane::Command).await;
        for (idle, lane, connections) in [
            (59, Lane::Command, 1),
            (60, Lane::Command, 2),
            // It must still be good when the Receive ends.
            (39, Lane::Receive, 2),
            (40, Lane::Receive, 3),
        ] {
            now += Duration::from_secs(idle);
            exchange(&mut lanes, now, lane).await;
            assert_eq!(opened.load(Ordering::Relaxed), connections, "{lane:?} after {idle} s");
        }
    }
}
