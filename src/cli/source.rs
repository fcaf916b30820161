//! Where the configuration comes from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::args::{Source, Tools};
use crate::access::{Mode, ToolPolicy};
use crate::config::{Config, ConfigError, Vault, env};
use crate::desk::Desk;
use crate::tenant::Language;

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[cfg_attr(
        feature = "demo",
        error("no configuration: give --config FILE, set SENTINEL_JUMP_CONFIG, or try the demo first")
    )]
    #[cfg_attr(not(feature = "demo"), error("no configuration: give --config FILE, or set SENTINEL_JUMP_CONFIG"))]
    Nowhere,
    #[error(transparent)]
    Wrong(#[from] ConfigError),
    #[error("no trail is kept: the configuration has no state_dir; give --state-dir FOLDER")]
    NoState,
    #[error("the trail cannot be checked: {0}")]
    Trail(#[from] crate::audit::VerifyError),
    #[cfg(feature = "demo")]
    #[error("the demo cannot start: {0}")]
    Demo(#[from] crate::demo::DemoError),
    #[error("--http: {0}")]
    Address(#[from] crate::front::NotLoopback),
    #[cfg(feature = "demo")]
    #[error("--listen: {0}")]
    Listen(#[source] crate::front::NotLoopback),
    #[cfg(feature = "process")]
    #[error("--process: there is no program \"{0}\" on the PATH or in that place")]
    NoProgram(String),
    #[error("the page cannot be written: {0}")]
    Page(#[source] std::io::Error),
    #[error("{} cannot be written ({kind})", path.display())]
    Unwritable { path: PathBuf, kind: std::io::ErrorKind },
    #[error("the service broke: {0}")]
    Served(#[from] crate::front::ServeError),
}

impl CommandError {
    /// What it means for the process.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Nowhere | Self::Wrong(_) | Self::Address(_) | Self::NoState | Self::Trail(_) => Exit::Refused,
            #[cfg(feature = "demo")]
            Self::Listen(_) => Exit::Refused,
            #[cfg(feature = "process")]
            Self::NoProgram(_) => Exit::Refused,
            #[cfg(feature = "demo")]
            Self::Demo(_) => Exit::Failed,
            Self::Served(_) | Self::Page(_) | Self::Unwritable { .. } => Exit::Failed,
        }
    }
}

/// A configuration, and what it speaks of.
pub(super) struct Sourced {
    pub(super) config: Arc<Config>,
    vault: Vault,
    /// Its hosts run as long as this lives.
    #[cfg(feature = "demo")]
    _demo: Option<crate::demo::Demo>,
}

impl Sourced {
    /// The same with another language of the server's, when one is said.
    pub(super) fn in_language(mut self, language: Option<Language>) -> Self {
        if let Some(language) = language {
            Arc::make_mut(&mut self.config).language = language;
        }
        self
    }

    /// A desk over it.
    pub(super) fn desk(&self) -> Desk {
        Desk::new(Arc::clone(&self.config)).with_vault(self.vault.clone())
    }
}

/// The configuration's path: as given, else from the environment.
pub(super) fn path(given: Option<&Path>) -> Result<PathBuf, CommandError> {
    given.map(Path::to_owned).or_else(env::config).ok_or(CommandError::Nowhere)
}

/// From a file.
pub(super) fn file(given: Option<&Path>, tools: &Tools) -> Result<Sourced, CommandError> {
    let config = with_tools(Config::read(&path(given)?)?, tools);
    Ok(Sourced {
        config: Arc::new(config),
        vault: Vault::default(),
        #[cfg(feature = "demo")]
        _demo: None,
    })
}

/// From a file or the demo.
pub(super) async fn any(source: &Source, tools: &Tools) -> Result<Sourced, CommandError> {
    #[cfg(feature = "demo")]
    if source.demo {
        return demo(tools).await;
    }
    file(source.config.as_deref(), tools)
}

/// From the demo.
#[cfg(feature = "demo")]
pub(super) async fn demo(tools: &Tools) -> Result<Sourced, CommandError> {
    let demo = crate::demo::start().await?;
    let config = Arc::new(with_tools(demo.config.clone(), tools));
    Ok(Sourced { config, vault: demo.vault.clone(), _demo: Some(demo) })
}

fn with_tools(mut config: Config, tools: &Tools) -> Config {
    config.policy = narrowed(config.policy, tools);
    config
}

/// The policy, as the command line changes it.
pub(super) fn narrowed(mut policy: ToolPolicy, tools: &Tools) -> ToolPolicy {
    if !tools.tools.is_empty() {
        policy.sets = tools.tools.iter().copied().collect();
    }
    if tools.read_only {
        policy.mode = Mode::ReadOnly;
    }
    policy
}
