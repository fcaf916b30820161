//! Which sessions have had their time.

use std::time::Duration;

use super::Pool;

/// How often unused sessions are looked at. Chosen: a session costs its user
/// one of 30 shells on the host; half a minute more does not matter.
const LOOK: Duration = Duration::from_secs(30);

impl Pool {
    /// Closes unused sessions when their time has come, for ever. Run it beside
    /// the server: who asks nothing more would leave shells open on the hosts.
    pub async fn tend(&self) -> std::convert::Infallible {
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            self.reap();
        }
    }

    /// Closes every unused session that is not fit any more.
    fn reap(&self) {
        for host in self.shared.names() {
            // Handing out begins with throwing out.
            self.shared.with(&host, |_| Vec::new());
        }
    }
}
