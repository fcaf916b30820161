//! Logs: on stderr, never a secret, a script or output.

pub mod field;

use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
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
    let filter = EnvFilter::try_new(filter.unwrap_or("info")).map_err(|_| BadFilter)?;
    let caps = Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPS);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let _ = tracing_subscriber::registry().with(lines.with_filter(caps)).with(filter).try_init();
    Ok(())
}
