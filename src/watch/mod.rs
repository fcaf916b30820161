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

/// Standard error, for whoever has a line for it.
static STDERR: OnceLock<Lossy> = OnceLock::new();

/// Standard error, which nobody may be reading: no line waits for a reader.
pub fn stderr() -> &'static Lossy {
    STDERR.get_or_init(|| Lossy::new(std::io::stderr()))
}

/// Starts logging on standard error. Does nothing when something logs
/// already. Who ends the process flushes [`stderr`] first.
///
/// # Errors
///
/// [`BadFilter`] when the filter cannot be read.
pub fn init(filter: Option<&str>) -> Result<(), BadFilter> {
    let _ = subscriber(filter, stderr)?.try_init();
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
