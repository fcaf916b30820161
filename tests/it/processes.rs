//! The program itself, with a configuration of a test's hosts.

use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::hosts::{Hosts, PASSWORD, VARIABLE};

/// A folder with a configuration whose state folder is in it.
pub(crate) fn configured(hosts: &Hosts) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let toml = format!("state_dir = '{}'\n{}", state.display(), hosts.toml);
    std::fs::write(folder.path().join("sentinel-jump.toml"), toml).expect("written");
    folder
}

pub(crate) fn process(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel-jump"));
    command.args(arguments).args(["--config", folder.join("sentinel-jump.toml").to_str().expect("a plain path")]);
    command.env(VARIABLE, PASSWORD).env_remove("SENTINEL_JUMP_LOG").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}
