//! One jump host by itself, for other clients.

use std::net::SocketAddr;
use std::path::Path;

use wsman::auth::Credentials;
use wsman::host_end::{BasicSignIn, CbtHardening, EngineKind, HostOptions, HostTls, Listener};
use wsman::secret::Secret;

use super::serve::{DemoError, credentials, new_password, world};
use super::{Tenant, commands_for};

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
/// command. The password is the given one, or a new one.
///
/// # Errors
///
/// [`DemoError`] when it cannot listen; only loopback can be listened on.
pub async fn host(
    listen: SocketAddr,
    password: Option<Secret<String>>,
    process: Option<&str>,
    tls: Option<HostFiles<'_>>,
) -> Result<HostEnd, DemoError> {
    let credentials = credentials(&password.unwrap_or_else(new_password));
    let world = world();
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
