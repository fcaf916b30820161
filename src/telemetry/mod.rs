//! Logs: on stderr, never a secret, a script or output.

pub mod field;

use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

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

/// Starts logging. Does nothing when something logs already.
///
/// # Errors
///
/// [`BadFilter`] when the filter cannot be read.
pub fn init(filter: Option<&str>) -> Result<(), BadFilter> {
    let _ = subscriber(filter, std::io::stderr)?.try_init();
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
    let filter = EnvFilter::try_new(filter.unwrap_or("info")).map_err(|_| BadFilter)?;
    let caps = Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPS);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    Ok(tracing_subscriber::registry().with(lines.with_filter(caps)).with(filter))
}
