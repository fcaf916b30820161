//! `check`: a configuration without a connection.

use super::args::Check;
use super::source::{self, CommandError};
use super::{Exit, print};
use crate::config::Config;

/// Says good what a connection could use: commands that print a secret are
/// not run, everything else that it reads here is looked at.
pub(super) async fn run(args: &Check) -> Result<Exit, CommandError> {
    let path = source::path(args.config.as_deref())?;
    let config = Config::read(&path)?;
    config.look().await.map_err(|error| error.of(&path))?;
    let workspaces = config.registry.targets().count();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    print::line(&format!(
        "{} is good: {}, {}, {}",
        path.display(),
        count(config.hosts.len(), "host"),
        count(config.registry.tenants().count(), "tenant"),
        count(workspaces, "workspace"),
    ));
    Ok(Exit::Done)
}
