//! Listeners for the scenario, and the configuration that uses them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wsman::auth::Credentials;
use wsman::entropy::Entropy;
use wsman::host_end::{BasicSignIn, BindError, CbtHardening, EngineKind, HostOptions, HostTls, Listener};
use wsman::secret::Secret;

use super::{SCRIPT_PATH, Tenant, World, commands_for};
use crate::config::{Config, ConfigError, SecretRef};

/// Who signs in to the demo's hosts.
const USERNAME: &str = "demo";

/// Why a demo host does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The address cannot be listened on.
    #[error("cannot listen for WinRM clients")]
    Listen(#[from] BindError),
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
    /// The command of the out-of-process PowerShell cannot be run.
    #[error("the command must name a program: --process 'pwsh -s -NoLogo -NoProfile'")]
    NoProgram,
}

/// Jump hosts that run until this is dropped.
#[derive(Debug)]
pub struct Demo {
    /// What a server needs to use them.
    pub config: Config,
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
    let world = Arc::new(World::new(jiff::Timestamp::now()).with_clock(jiff::Timestamp::now));
    let password = password();
    let mut hosts = Vec::new();
    let mut toml = String::new();
    for tenant in world.tenants() {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let engine = EngineKind::Demo(commands_for(Arc::clone(&world), &tenant.alias));
        let host = Listener::bind(loopback, HostOptions::new(vec![credentials(&password)], engine)).await?;
        configure(&mut toml, tenant, host.address());
        hosts.push(host);
    }
    let mut config = Config::parse(&toml, Path::new(""))?;
    for host in config.hosts.values_mut() {
        host.password = SecretRef::Given(password.clone());
    }
    Ok(Demo { config, hosts })
}

/// One tenant's part of the configuration. The scenario's names hold no quotes.
fn configure(toml: &mut String, tenant: &Tenant, address: SocketAddr) {
    let Tenant { alias, host, .. } = tenant;
    // The password is put in behind the parser's back: no file can hold one.
    let _ = write!(
        toml,
        "[hosts.{host}]\nurl = \"http://{address}/wsman\"\nusername = \"{USERNAME}\"\npassword = {{ env = \"-\" }}\n\
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

/// One embedded jump host.
#[derive(Debug)]
pub struct HostEnd {
    /// Where it listens.
    pub listener: Listener,
    /// Who may sign in.
    pub credentials: Credentials,
    /// SHA-256 of its certificate, in hex, where it has one.
    pub pin: Option<String>,
    /// Whose it is.
    pub tenant: Option<Tenant>,
}

/// What a host with https is made of.
#[derive(Clone, Copy, Debug)]
pub struct HostFiles<'a> {
    /// Certificate, in PEM.
    pub certificate: &'a Path,
    /// Its key, in PEM.
    pub key: &'a Path,
    /// Whether sign-ins must be bound to the certificate.
    pub require_channel_binding: bool,
    /// Whether Basic is offered.
    pub basic: bool,
}

/// Starts one jump host on `listen`: that of the demo's first tenant, or an out-of-process PowerShell when `process` names its
/// command. The password is `SENTINEL_JUMP_HOST_PASSWORD`, or a new one.
///
/// # Errors
///
/// [`DemoError`] when it cannot listen; only loopback can be listened on.
pub async fn host(listen: SocketAddr, process: Option<&str>, tls: Option<HostFiles<'_>>) -> Result<HostEnd, DemoError> {
    let password = crate::config::env::host_password().unwrap_or_else(password);
    let credentials = credentials(&password);
    let world = Arc::new(World::new(jiff::Timestamp::now()).with_clock(jiff::Timestamp::now));
    let tenant = world.tenants().first().cloned();
    let engine = match process {
        None => {
            let alias = tenant.as_ref().map(|tenant| tenant.alias.as_str()).unwrap_or_default();
            EngineKind::Demo(commands_for(world, alias))
        }
        Some(command) => external(command)?,
    };
    let mut options = HostOptions::new(vec![credentials.clone()], engine);
    let mut pin = None;
    if let Some(files) = tls {
        let mut tls =
            HostTls::from_pem(&read(files.certificate)?, &read(files.key)?).map_err(|_| DemoError::Certificate)?;
        pin = Some(base16ct::lower::encode_string(&tls.sha256()));
        if files.require_channel_binding {
            tls.cbt_hardening = CbtHardening::Strict;
        }
        options.tls = Some(tls);
        options.basic = if files.basic { BasicSignIn::OverTls } else { BasicSignIn::Off };
    }
    let listener = Listener::bind(listen, options).await?;
    Ok(HostEnd { listener, credentials, pin, tenant })
}

fn read(path: &Path) -> Result<Vec<u8>, DemoError> {
    std::fs::read(path).map_err(|error| DemoError::Unreadable { path: path.to_owned(), kind: error.kind() })
}

#[cfg(feature = "process")]
fn external(command: &str) -> Result<EngineKind, DemoError> {
    let argv: Vec<_> = command.split_whitespace().map(Into::into).collect();
    if argv.is_empty() {
        return Err(DemoError::NoProgram);
    }
    Ok(EngineKind::Process(wsman::host_end::engine::ProcessOptions { argv, env: Vec::new() }))
}

#[cfg(not(feature = "process"))]
fn external(_command: &str) -> Result<EngineKind, DemoError> {
    Err(DemoError::NoProgram)
}

fn credentials(password: &Secret<String>) -> Credentials {
    Credentials { username: USERNAME.into(), password: password.clone() }
}

fn password() -> Secret<String> {
    let bytes: [u8; 16] = Entropy::system().bytes();
    Secret::new(bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}
