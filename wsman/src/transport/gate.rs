//! Lets exactly one TCP connection through.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

/// How long a second connect waits before it is refused.
///
/// The HTTP client races it against the return of the first connection, which
/// is on its way when requests follow each other closely; refused at once, it
/// would win and fail them. Chosen: long for a scheduler, short for a person.
/// Only requests on a dead connection wait it out.
const GRACE: Duration = Duration::from_millis(500);

/// A connector layer for one HTTP client; clones share the one connect.
#[derive(Clone, Debug, Default)]
pub(super) struct OneShot(Arc<State>);

#[derive(Debug, Default)]
struct State {
    used: AtomicBool,
    connected: AtomicBool,
}

impl OneShot {
    /// The connection came about elsewhere.
    pub(super) fn connected(&self) {
        self.0.connected.store(true, Ordering::Release);
    }

    /// Whether the TCP connection came about.
    pub(super) fn is_connected(&self) -> bool {
        self.0.connected.load(Ordering::Acquire)
    }
}

impl<S> Layer<S> for OneShot {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, gate: self.clone() }
    }
}

/// A connector behind the gate.
#[derive(Clone, Debug)]
pub(super) struct Gated<S> {
    inner: S,
    gate: OneShot,
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl<S, R> Service<R> for Gated<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.gate.0.used.swap(true, Ordering::AcqRel) {
            return Box::pin(async {
                tokio::time::sleep(GRACE).await;
                Err(BoxError::from(AlreadyUsed))
            });
        }
        let connect = self.inner.call(request);
        let gate = self.gate.clone();
        Box::pin(async move {
            let connection = connect.await?;
            gate.0.connected.store(true, Ordering::Release);
            Ok(connection)
        })
    }
}

/// A second connect was refused.
#[derive(Debug)]
pub(super) struct AlreadyUsed;

impl fmt::Display for AlreadyUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the one connection is gone")
    }
}

impl StdError for AlreadyUsed {}
