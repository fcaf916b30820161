//! Being told to end.

/// What a hang-up (SIGHUP) means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HangUp {
    /// The terminal was closed: an end like any other, in order.
    Ends,
    /// Service managers send it for a reload, which there is none of.
    Nothing,
}

/// An interrupt (Ctrl-C) or, where there is one, a request to terminate
/// (SIGTERM, which service managers and MCP clients send) or a hang-up. Listened
/// for from here on, not from the first poll on; what is listened for no longer
/// ends the process by itself.
#[cfg(unix)]
pub(super) fn told_to_end(hang_up: HangUp) -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn told(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    }
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let hung_up = signal(SignalKind::hangup());
    async move {
        tokio::select! {
            () = told(interrupt) => {}
            () = told(terminate) => {}
            () = told(hung_up), if hang_up == HangUp::Ends => {}
        }
    }
}

/// An interrupt (Ctrl-C).
#[cfg(not(unix))]
pub(super) async fn told_to_end(_: HangUp) {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
