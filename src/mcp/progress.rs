//! Progress notifications: from the host's own records, and a sign of life.

use std::time::Duration;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{RequestContext, RoleServer};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::host;

/// Least time between two notifications. Chosen: a host writes hundreds of
/// records a second, a person reads a few.
const LEAST: Duration = Duration::from_millis(250);
/// Most time between two notifications. Clients that wait take each as a
/// reason to wait longer. Chosen: below the ten seconds after which impatient
/// ones give up.
const MOST: Duration = Duration::from_secs(8);

/// Progress of one call.
#[derive(Debug)]
pub(super) struct Progress {
    token: Option<ProgressToken>,
    latest: watch::Sender<Option<host::HostProgress>>,
    began: Instant,
    sent: std::sync::Mutex<Instant>,
}

impl Progress {
    pub(super) fn new(context: &RequestContext<RoleServer>) -> Self {
        let began = Instant::now();
        let token = context.meta.get_progress_token();
        Self { token, latest: watch::Sender::new(None), began, sent: std::sync::Mutex::new(began) }
    }

    /// Takes a record of the host.
    pub(super) fn tell(&self, record: host::HostProgress) {
        self.latest.send_replace(Some(record));
    }

    /// Waits until there is something to tell, and tells it. Without a token
    /// there never is.
    ///
    /// Cancel safe.
    pub(super) async fn send(&self, context: &RequestContext<RoleServer>) {
        let Some(token) = &self.token else { return std::future::pending().await };
        let last = *self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut latest = self.latest.subscribe();
        let record = async {
            tokio::time::sleep_until(last + LEAST).await;
            let some = latest.wait_for(Option::is_some).await;
            // The sender lives in `self`: it is never gone.
            drop(some);
        };
        tokio::select! {
            () = record => {}
            () = tokio::time::sleep_until(last + MOST) => {}
        }
        // Only the latest: a person wants to know where it is, not where it was.
        let record = self.latest.send_replace(None);
        *self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
        // Spec: MCP wants a number that grows; a host's percent may fall back when its next step begins.
        let elapsed = self.began.elapsed().as_secs_f64();
        let note = ProgressNotificationParam::new(token.clone(), elapsed).with_message(message(record, elapsed));
        if context.peer.notify_progress(note).await.is_err() {
            tracing::debug!("the client takes no progress");
        }
    }
}

fn message(record: Option<host::HostProgress>, elapsed: f64) -> String {
    let Some(record) = record else { return format!("still running after {elapsed:.0} s") };
    let percent = record.percent.map(|percent| format!("{percent} % ")).unwrap_or_default();
    format!("{percent}{}: {}", record.activity, record.status)
}
