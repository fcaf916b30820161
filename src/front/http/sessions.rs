//! The sessions of the older protocol: so many, and no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tokio::time::Instant;

/// Sessions at once. Chosen: 60 KB each, and far more than one computer has
/// clients; common ones never give theirs back.
pub(super) const SESSIONS: usize = 256;

/// The sessions, and when each was last used.
#[derive(Debug)]
pub(super) struct Sessions {
    manager: Arc<LocalSessionManager>,
    known: Mutex<HashMap<String, Use>>,
}

#[derive(Debug)]
struct Use {
    last: Instant,
    /// Requests that are being answered.
    running: usize,
}

/// A request of a session while it is answered.
#[derive(Debug)]
pub(super) struct Running {
    sessions: Arc<Sessions>,
    id: String,
}

/// Every session is in the middle of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Sessions {
    pub(super) fn new(manager: Arc<LocalSessionManager>) -> Arc<Self> {
        Arc::new(Self { manager, known: Mutex::default() })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Use>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request of a session begins.
    pub(super) fn running(self: &Arc<Self>, id: &str) -> Option<Running> {
        let mut known = self.known();
        let used = known.get_mut(id)?;
        used.last = Instant::now();
        used.running += 1;
        Some(Running { sessions: Arc::clone(self), id: id.to_owned() })
    }

    /// A session was made; the one that was silent longest goes if there are
    /// too many.
    ///
    /// # Errors
    ///
    /// [`Full`]; then the new one is gone again.
    pub(super) async fn made(&self, id: &str) -> Result<(), Full> {
        let (gone, is_full) = {
            let mut known = self.known();
            // One in the middle of a call is never closed: its write would run on with nobody to hear of it.
            let silent = known.iter().filter(|(_, used)| used.running == 0).min_by_key(|(_, used)| used.last);
            let silent = silent.map(|(id, _)| id.clone());
            let gone = if known.len() < SESSIONS { None } else { Some(silent.unwrap_or_else(|| id.to_owned())) };
            known.insert(id.to_owned(), Use { last: Instant::now(), running: 0 });
            if let Some(gone) = &gone {
                known.remove(gone);
            }
            let is_full = gone.as_deref() == Some(id);
            (gone, is_full)
        };
        if let Some(gone) = gone {
            tracing::info!("too many sessions; the one that was silent longest is closed");
            // One that had ended by itself is as good as closed.
            drop(self.manager.close_session(&gone.into()).await);
        }
        if is_full { Err(Full) } else { Ok(()) }
    }

    /// A session was given back, or is not there any more.
    pub(super) fn gone(&self, id: &str) {
        self.known().remove(id);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(used) = self.sessions.known().get_mut(&self.id) {
            used.last = Instant::now();
            used.running = used.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn d7_the_session_that_was_silent_longest_goes_first() {
        let sessions = Sessions::new(Arc::default());
        for number in 0..SESSIONS {
            sessions.made(&number.to_string()).await.unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // The first is in the middle of a call, the second has just ended one.
        let first = sessions.running("0").unwrap();
        drop(sessions.running("1").unwrap());
        sessions.made("new").await.unwrap();
        assert_eq!(sessions.known().len(), SESSIONS);
        assert!(sessions.running("2").is_none());
        assert!(["0", "1", "3", "new"].iter().all(|id| sessions.known().contains_key(*id)));
        drop(first);
        let busy: Vec<_> = sessions.known().keys().cloned().collect();
        let _busy: Vec<_> = busy.iter().map(|id| sessions.running(id).unwrap()).collect();
        assert_eq!(sessions.made("one too many").await, Err(Full));
        assert!(sessions.running("one too many").is_none());
    }
}
