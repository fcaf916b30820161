//! The only loop and the only clock of a host.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::mishap::Mishaps;
use super::parts::Parts;
use super::{EngineKind, HostOptions};
use crate::auth::AuthError;
use crate::entropy::Entropy;
use crate::host_end::engine::{Demo, DemoOptions};
use crate::host_end::peer::{Counters, OpenEngine, Output, Peer, Reply, RequestId};
use crate::time::Instant;

/// Feeds a [`Peer`] and hands its answers to whoever asked.
pub(super) struct Driver {
    state: Mutex<State>,
    wake: Arc<Notify>,
    start: tokio::time::Instant,
    pub(super) mishaps: Mishaps,
    pub(super) connections: AtomicU64,
    pub(super) sign_ins: AtomicU64,
    /// Why the last sign-in was refused.
    pub(super) refusal: Mutex<Option<AuthError>>,
}

struct State {
    /// `None` after the end.
    peer: Option<Peer>,
    counted: Counters,
    asking: HashMap<RequestId, oneshot::Sender<Reply>>,
    next: u64,
}

impl Driver {
    pub(super) fn new(options: HostOptions) -> (Self, Parts) {
        let start = tokio::time::Instant::now();
        let unix_start = unix_now();
        let wake = Arc::new(Notify::new());
        let open = opener(options.engine, unix_start, &wake);
        let parts = Parts {
            accounts: options.accounts.into(),
            name: options.peer.name.clone(),
            basic: options.basic,
            tls: options.tls,
            #[cfg(feature = "credssp")]
            credssp: options.credssp,
        };
        let peer = Peer::new(options.peer, open, Entropy::system());
        let state = State { peer: Some(peer), counted: Counters::default(), asking: HashMap::new(), next: 0 };
        let driver = Self {
            state: Mutex::new(state),
            wake,
            start,
            mishaps: Mishaps::new(options.faults),
            connections: AtomicU64::new(0),
            sign_ins: AtomicU64::new(0),
            refusal: Mutex::default(),
        };
        (driver, parts)
    }

    /// Keeps time until it is dropped.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            let until = self.state().pump(self.now());
            let sleep = async {
                match self.start.checked_add(until.since_start()) {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = sleep => {}
            }
        }
    }

    /// Asks, and waits for the answer. Dropping the future takes the request
    /// back. `None`: the host is closing.
    pub(super) async fn ask(&self, user: &str, body: &[u8]) -> Option<Reply> {
        let (sender, receiver) = oneshot::channel();
        let asked = {
            let now = self.now();
            let mut state = self.state();
            state.next += 1;
            let request = RequestId(state.next);
            state.asking.insert(request, sender);
            state.peer.as_mut()?.handle(now, request, user, body);
            state.pump(now);
            Asked { driver: self, request }
        };
        // What it waits for may have changed.
        self.wake.notify_one();
        let reply = receiver.await.ok();
        drop(asked);
        reply
    }

    pub(super) fn counters(&self) -> Counters {
        let state = self.state();
        state.peer.as_ref().map_or_else(|| state.counted.clone(), Peer::counters)
    }

    /// Ends every shell.
    pub(super) fn close(&self) {
        let mut state = self.state();
        if let Some(peer) = state.peer.take() {
            state.counted = Counters { shells_open: 0, ..peer.counters() };
        }
        state.asking.clear();
    }

    fn now(&self) -> Instant {
        Instant::at(self.start.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

impl State {
    fn pump(&mut self, now: Instant) -> Instant {
        let Some(peer) = &mut self.peer else { return Instant::NEVER };
        loop {
            match peer.poll(now) {
                Output::Reply(reply) => {
                    if let Some(sender) = self.asking.remove(&reply.request) {
                        // Nobody there: the connection went a moment ago.
                        let _ = sender.send(reply);
                    }
                }
                Output::Wait { until } => return until,
            }
        }
    }
}

/// A request in flight; tells the peer when nobody waits for it any more.
struct Asked<'d> {
    driver: &'d Driver,
    request: RequestId,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut state = self.driver.state();
        if state.asking.remove(&self.request).is_some()
            && let Some(peer) = &mut state.peer
        {
            peer.lost(self.request);
        }
    }
}

fn opener(engine: EngineKind, unix_start: Duration, wake: &Arc<Notify>) -> OpenEngine {
    match engine {
        EngineKind::Demo(factory) => {
            let _ = wake;
            Box::new(move || Ok(Box::new(Demo::new(factory(), DemoOptions { unix_start }, Entropy::system()))))
        }
        #[cfg(feature = "process")]
        EngineKind::Process(options) => {
            use crate::host_end::engine::{Process, Wake};
            use crate::host_end::peer::OpenError;
            let notify = Arc::clone(wake);
            let wake: Wake = Arc::new(move || notify.notify_one());
            Box::new(move || match Process::start(&options, Arc::clone(&wake)) {
                Ok(process) => Ok(Box::new(process)),
                Err(_) => Err(OpenError),
            })
        }
    }
}

/// Time since 1970.
#[expect(clippy::disallowed_methods, reason = "a host has a clock of its own, and this is the only place")]
pub(super) fn unix_now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
