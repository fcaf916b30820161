//! The configuration: as written, and what it means.
//!
//! `raw` reads TOML key by key and keeps where each value stands; `resolve`
//! checks values against each other and gives [`Config`]. Both collect every
//! problem instead of stopping at the first. Nothing below this module sees
//! the written form, and no secret is read here: [`SecretRef`] says where one
//! is, and it is fetched when a session opens.

mod bundled;
pub mod env;
mod look;
mod problem;
mod raw;
mod resolve;
mod secret;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::access::ToolPolicy;
use crate::host::ScriptRules;
pub use crate::host::{Auth, Sessions, WinrmAccess};
use crate::tenant::Language;
use crate::tenant::{HostId, Registry};

pub use bundled::Bundled;
pub use problem::{ConfigError, Problem};
pub use secret::{SecretError, SecretRef, Vault};

/// Everything the server was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Jump hosts by name.
    pub hosts: BTreeMap<HostId, Host>,
    /// Tenants and their workspaces.
    pub registry: Registry,
    /// Which tools may be used.
    pub policy: ToolPolicy,
    /// How long a question over many workspaces may take; who has not
    /// answered by then is missing from the answer, and named.
    pub fleet_deadline: Duration,
    /// What answers are written in where neither the question nor its tenant
    /// says.
    pub language: Language,
    /// Folder of this account for what outlives a call: the trail, shells
    /// left to delete.
    pub state_dir: Option<PathBuf>,
    /// What can be used as it is, and is perhaps not what was meant; `check`
    /// shows them.
    pub warnings: Vec<Problem>,
}

/// Where a host's script comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Our own, sent when a session opens.
    Bundled,
    /// A file on the host.
    Path {
        /// Path on the host.
        path: String,
        /// Lower-case hex SHA-256 the file must have.
        sha256: Option<String>,
    },
    /// A file of this computer, sent when a session opens.
    Push {
        /// Path here.
        file: PathBuf,
        /// Path under which the host parses it.
        virtual_path: String,
        /// Lower-case hex SHA-256 the file must have.
        sha256: String,
    },
    /// A module installed on the host.
    Module {
        /// Name.
        name: String,
        /// Lower-case hex SHA-256 its files must have.
        sha256: Option<String>,
    },
    /// None: the endpoint's own functions are called as plain commands.
    Plain {
        /// Functions that change something, too: nothing there compares the
        /// workspace before they do.
        writes: bool,
    },
}

/// By what our own script signs in to Azure, and where Azure is.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Parameters of the script and their values.
    pub settings: Vec<(&'static str, String)>,
    /// Where a service principal's secret is.
    pub client_secret: Option<SecretRef>,
}

/// One jump host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Name.
    pub id: HostId,
    /// Where it is and how one signs in.
    pub access: WinrmAccess,
    /// Where the password is; with a certificate, where its key is.
    pub password: SecretRef,
    /// Limits.
    pub sessions: Sessions,
    /// Where the script is.
    pub script: Script,
    /// By what our own script signs in to Azure.
    pub identity: Identity,
    /// How it is used.
    pub rules: ScriptRules,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&text, folder).map_err(|error| error.of(path))
    }

    /// Checks the text of a file; relative paths in it start from `folder`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let mut problems = problem::Problems::default();
        let config = raw::read(text, &mut problems).and_then(|raw| resolve::resolve(raw, folder, &mut problems));
        match (config, problems.into_error()) {
            (Some(config), None) => Ok(config),
            (_, Some(error)) => Err(error),
            (None, None) => unreachable!("a configuration that gave nothing gave a problem"),
        }
    }

    /// The host that serves a target's tenant.
    #[must_use]
    pub fn host(&self, id: &HostId) -> Option<&Host> {
        self.hosts.get(id)
    }
}
