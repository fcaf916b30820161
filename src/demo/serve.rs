//! Listeners for the scenario, and the configuration that uses them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wsman::auth::Credentials;
use wsman::entropy::Entropy;
use wsman::host_end::{BindError, EngineKind, HostOptions, Listener};
use wsman::secret::Secret;

use super::{AzureEnd, SCRIPT_PATH, Settings, Tenant, World, commands_for};
use crate::config::{Config, ConfigError, Vault};

/// Who signs in to the demo's hosts.
const USERNAME: &str = "demo";

/// The variable that the configuration says their password is in.
const PASSWORD: &str = "SENTINEL_JUMP_DEMO_PASSWORD";

/// Why a demo host does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The address cannot be listened on.
    #[error("cannot listen for WinRM clients")]
    Listen(#[from] BindError),
    /// No Azure can be simulated there.
    #[error("cannot listen for clients of Azure ({kind})")]
    Azure {
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The scenario names what a configuration cannot hold.
    #[error("the demo's configuration is not valid")]
    Config(#[from] ConfigError),
    /// What was read is no certificate with its key.
    #[error("--tls-certificate and --tls-key are not a certificate and its key in PEM")]
    Certificate,
    /// The certificate or its key cannot be read.
    #[error("{} cannot be read ({kind})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The authority cannot be written where it was wanted.
    #[error("{} cannot be written ({kind})", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The command of the out-of-process PowerShell cannot be run.
    #[error("the command must name a program: --process 'pwsh -s -NoLogo -NoProfile'")]
    NoProgram,
}

/// Jump hosts that run until this is dropped.
#[derive(Debug)]
pub struct Demo {
    /// What a server needs to use them.
    pub config: Config,
    /// What it needs to sign in to them.
    pub vault: Vault,
    /// One per tenant.
    pub hosts: Vec<Listener>,
}

/// Starts the demo's jump hosts, one per tenant, each on a port of its own and
/// knowing its own tenant's workspaces only.
///
/// # Errors
///
/// [`DemoError`] when they cannot listen.
pub async fn start() -> Result<Demo, DemoError> {
    let world = world();
    let password = new_password();
    let mut hosts = Vec::new();
    let mut toml = String::new();
    for tenant in world.tenants() {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let engine = EngineKind::Demo(commands_for(Arc::clone(&world), &tenant.alias));
        let host = Listener::bind(loopback, HostOptions::new(vec![credentials(&password)], engine)).await?;
        configure(&mut toml, tenant, host.address());
        hosts.push(host);
    }
    let config = Config::parse(&toml, Path::new(""))?;
    Ok(Demo { config, vault: Vault::default().with_variable(PASSWORD, password), hosts })
}

/// The simulated Azure of the demo's world by itself, for other clients.
///
/// # Errors
///
/// [`DemoError`] when it cannot listen; only loopback can be listened on.
pub async fn azure(listen: SocketAddr, settings: Settings) -> Result<AzureEnd, DemoError> {
    AzureEnd::start(listen, world(), settings).await
}

/// The scenario, begun now and with the day's own clock.
#[expect(clippy::disallowed_methods, reason = "the door: the scenario is told the time")]
pub(super) fn world() -> Arc<World> {
    Arc::new(World::new(jiff::Timestamp::now()).with_clock(jiff::Timestamp::now))
}

/// One tenant's part of the configuration. The scenario's names hold no quotes.
fn configure(toml: &mut String, tenant: &Tenant, address: SocketAddr) {
    let Tenant { alias, host, .. } = tenant;
    let _ = write!(
        toml,
        "[hosts.{host}]\nurl = \"http://{address}/wsman\"\nusername = \"{USERNAME}\"\npassword = {{ env = \"{PASSWORD}\" }}\n\
         [hosts.{host}.script]\npath = '{SCRIPT_PATH}'\n\
         [tenants.{alias}]\nhost = \"{host}\"\n"
    );
    for place in &tenant.workspaces {
        let _ = write!(
            toml,
            "[tenants.{alias}.workspaces.{}]\nsubscription = \"{}\"\nresource_group = \"{}\"\nname = \"{}\"\n",
            place.alias, place.subscription, place.resource_group, place.name
        );
    }
}

pub(super) fn credentials(password: &Secret<String>) -> Credentials {
    Credentials { username: USERNAME.into(), password: password.clone() }
}

pub(super) fn new_password() -> Secret<String> {
    let bytes: [u8; 16] = Entropy::system().bytes();
    Secret::new(bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}
