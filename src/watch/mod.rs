//! Logs: on stderr, never a secret, a script or output.

pub mod field;
mod lossy;

use std::sync::OnceLock;

use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub use lossy::Lossy;

/// What other crates may log at most, whatever the filter asks for: at finer
/// levels they write headers and messages, and those hold what must not be
/// written.
const CAPS: [(&str, LevelFilter); 5] = [
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rmcp", LevelFilter::WARN),
    ("ntlmclient", LevelFilter::WARN),
];

/// A log filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{name} is not a log filter: expected something like info or sentinel_jump=debug", name = crate::config::env::LOG.name)]
pub struct BadFilter;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum NoLog {
    /// The filter is none.
    #[error(transparent)]
    Filter(#[from] BadFilter),
    /// The thread that writes does not start.
    #[error("the log cannot start: {0}")]
    Thread(#[from] std::io::Error),
}

/// Comes after the user's own filter: who asks for one part's lines, or for
/// warnings, still gets the record of who did what.
const ALWAYS: &str = "audit=info";

/// Whether the filter itself says that there shall be no record.
fn is_off(filter: &str) -> bool {
    filter
        .split(',')
        .map(str::trim)
        .any(|part| part.eq_ignore_ascii_case("off") || part.eq_ignore_ascii_case("audit=off"))
}

/// Standard error, once somebody has a line for it.
static STDERR: OnceLock<Lossy> = OnceLock::new();

/// Standard error, which nobody may be reading: no line waits for a reader.
/// Lines that nobody reads are dropped and counted; who ends the process calls
/// [`flush`] first.
///
/// # Errors
///
/// When the thread that writes does not start.
pub fn stderr() -> std::io::Result<Lossy> {
    if let Some(lines) = STDERR.get() {
        return Ok(lines.clone());
    }
    // Of two that come first at once, one thread stays idle.
    let lines = Lossy::start(std::io::stderr)?;
    Ok(STDERR.get_or_init(|| lines).clone())
}

/// Waits for the last lines of [`stderr`], but not for long.
pub fn flush() {
    if let Some(lines) = STDERR.get() {
        lines.drain();
    }
}

/// Starts logging on [`stderr`]. Does nothing when something logs already.
///
/// # Errors
///
/// [`NoLog`] when the filter cannot be read or the thread does not start.
pub fn init(filter: Option<&str>) -> Result<(), NoLog> {
    let lines = stderr()?;
    let _ = subscriber(filter, lines)?.try_init();
    Ok(())
}

/// What [`init`] starts, with the lines going to `writer`.
///
/// # Errors
///
/// [`BadFilter`] when the filter cannot be read.
pub fn subscriber<W>(filter: Option<&str>, writer: W) -> Result<impl Subscriber + Send + Sync, BadFilter>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let wanted = filter.unwrap_or("info");
    let mut filter = EnvFilter::try_new(wanted).map_err(|_| BadFilter)?;
    if !is_off(wanted) {
        filter = filter.add_directive(ALWAYS.parse().map_err(|_| BadFilter)?);
    }
    let caps = Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPS);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    Ok(tracing_subscriber::registry().with(lines.with_filter(caps)).with(filter))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str) -> String {
        let log = Log::default();
        let writer = log.clone();
        tracing::subscriber::with_default(subscriber(Some(filter), move || writer.clone()).unwrap(), || {
            tracing::info!(target: field::AUDIT, "audited");
            let _call = tracing::info_span!(target: field::AUDIT, "call", correlation = "c0ffee").entered();
            tracing::warn!(target: "other", "a warning");
            tracing::info!(target: "other", "chatter");
        });
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_filter_but_off_switches_the_audit_off() {
        for filter in ["sentinel_jump=debug", "warn", "info", "audit=warn", "error,sentinel_jump=debug"] {
            assert!(logged(filter).contains("INFO audit: audited"), "{filter}");
        }
        for filter in ["off", "OFF", "audit=off", "info,audit=off"] {
            assert!(!logged(filter).contains("audited"), "{filter}");
        }
    }

    #[test]
    fn a_filter_filters_the_rest_and_lines_tell_their_call() {
        let log = logged("warn");
        assert!(!log.contains("chatter"), "{log}");
        let warning = log.lines().find(|line| line.contains("a warning")).unwrap();
        assert!(warning.contains("call{correlation=\"c0ffee\"}"), "{warning}");
    }
}
