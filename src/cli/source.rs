//! Where the configuration comes from.

use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{Source, Tools};
use crate::access::{Mode, Policy};
use crate::config::{Config, ConfigError, env};
use crate::demo::{self, Demo, DemoError};

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("no configuration: give --config FILE, set SENTINEL_JUMP_CONFIG, or try the demo first")]
    Nowhere,
    #[error(transparent)]
    Wrong(#[from] ConfigError),
    #[error("no trail is kept: the configuration has no state_dir; give --state-dir FOLDER")]
    NoState,
    #[error("the trail cannot be checked: {0}")]
    Trail(#[from] crate::audit::VerifyError),
    #[error("the demo cannot start: {0}")]
    Demo(#[from] DemoError),
    #[error("--http: {0}")]
    Address(#[from] crate::front::NotLoopback),
    #[error("--listen: {0}")]
    Listen(#[source] crate::front::NotLoopback),
    #[cfg(feature = "process")]
    #[error("--process: there is no program \"{0}\" on the PATH or in that place")]
    NoProgram(String),
    #[error("the page cannot be written: {0}")]
    Page(#[source] std::io::Error),
    #[error("the service broke: {0}")]
    Served(#[from] crate::front::ServeError),
}

impl CommandError {
    /// What it means for the process.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Nowhere | Self::Wrong(_) | Self::Address(_) | Self::NoState | Self::Trail(_) => Exit::Refused,
            Self::Listen(_) => Exit::Refused,
            #[cfg(feature = "process")]
            Self::NoProgram(_) => Exit::Refused,
            Self::Demo(_) | Self::Served(_) | Self::Page(_) => Exit::Failed,
        }
    }
}

/// A configuration, and the demo hosts that it speaks of.
pub(super) struct Sourced {
    pub(super) config: Config,
    /// Runs as long as this lives.
    pub(super) _demo: Option<Demo>,
}

/// The configuration's path: as given, else from the environment.
pub(super) fn path(given: Option<&Path>) -> Result<PathBuf, CommandError> {
    given.map(Path::to_owned).or_else(env::config).ok_or(CommandError::Nowhere)
}

/// From a file.
pub(super) fn file(given: Option<&Path>, tools: &Tools) -> Result<Config, CommandError> {
    Ok(with_tools(Config::read(&path(given)?)?, tools))
}

/// From a file or the demo.
pub(super) async fn any(source: &Source, tools: &Tools) -> Result<Sourced, CommandError> {
    if source.demo {
        return started_demo(tools).await;
    }
    Ok(Sourced { config: file(source.config.as_deref(), tools)?, _demo: None })
}

/// From the demo.
pub(super) async fn started_demo(tools: &Tools) -> Result<Sourced, CommandError> {
    let demo = demo::start().await?;
    Ok(Sourced { config: with_tools(demo.config.clone(), tools), _demo: Some(demo) })
}

fn with_tools(mut config: Config, tools: &Tools) -> Config {
    config.policy = narrowed(config.policy, tools);
    config
}

/// The policy, as the command line changes it.
pub(super) fn narrowed(mut policy: Policy, tools: &Tools) -> Policy {
    if !tools.tools.is_empty() {
        policy.sets = tools.tools.iter().copied().collect();
    }
    if tools.read_only {
        policy.mode = Mode::ReadOnly;
    }
    policy
}
