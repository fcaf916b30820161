//! `serve`, `demo` and `host`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Demo, Host, Over, Serve};
use super::source::{self, CommandError};
use super::{Exit, print, sample, signal};
use crate::access::Caller;
use crate::config::env::HOST_PASSWORD;
use crate::config::{Config, env};
use crate::demo;
use crate::desk::Desk;
use crate::front::{HttpListener, Loopback, serve_http, serve_stdio};
use crate::mcp::Server;

/// How long running calls may take to stop after an interrupt.
const PATIENCE: Duration = Duration::from_secs(6);

pub(super) async fn from_file(args: &Serve) -> Result<Exit, CommandError> {
    serve(source::file(args.config.as_deref(), &args.tools)?, &args.over).await
}

pub(super) async fn demo(args: &Demo) -> Result<Exit, CommandError> {
    // Its hosts live as long as this.
    let sourced = source::started_demo(&args.tools).await?;
    serve(sourced.config, &args.over).await
}

async fn serve(config: Config, over: &Over) -> Result<Exit, CommandError> {
    match over.http {
        Some(address) => over_http(config, address).await,
        None => over_stdio(config).await,
    }
}

async fn over_http(config: Config, address: SocketAddr) -> Result<Exit, CommandError> {
    let told_to_end = signal::told_to_end();
    let listener = HttpListener::bind(Loopback::try_from(address)?).await?;
    let (hosts, tenants) = (config.hosts.len(), config.registry.tenants().count());
    tracing::info!(hosts, tenants, "serving MCP over HTTP");
    print::line(&format!("listening on {}", listener.url()));
    let caller = Caller::local(config.policy.clone());
    let desk = Arc::new(Desk::new(Arc::new(config)));
    let server = Server::new(Arc::clone(&desk));
    tokio::select! {
        never = desk.path().pool().tend() => match never {},
        () = serve_http(server, caller, listener, told_to_end) => Ok(Exit::Done),
    }
}

async fn over_stdio(config: Config) -> Result<Exit, CommandError> {
    let (hosts, tenants) = (config.hosts.len(), config.registry.tenants().count());
    tracing::info!(hosts, tenants, "serving MCP on standard input and output");
    let caller = Caller::local(config.policy.clone());
    let desk = Arc::new(Desk::new(Arc::new(config)));
    let server = Server::new(Arc::clone(&desk));
    tokio::select! {
        never = desk.path().pool().tend() => match never {},
        served = serve_stdio(server.clone(), caller) => {
            served?;
            Ok(Exit::Done)
        }
        () = signal::told_to_end() => {
            server.shut_down(PATIENCE).await;
            Ok(Exit::Cancelled)
        }
    }
}

pub(super) async fn host(args: &Host) -> Result<Exit, CommandError> {
    Loopback::try_from(args.listen).map_err(CommandError::Listen)?;
    #[cfg(feature = "process")]
    let process = args.process.as_deref();
    #[cfg(feature = "process")]
    process.map_or(Ok(()), is_there)?;
    #[cfg(not(feature = "process"))]
    let process = None;
    let tls = args.tls_certificate.as_deref().zip(args.tls_key.as_deref()).map(|(certificate, key)| demo::HostFiles {
        certificate,
        key,
        require_channel_binding: args.require_channel_binding,
        basic: args.basic,
    });
    let host = demo::host(args.listen, process, tls).await?;
    let told_to_end = signal::told_to_end();
    print::line(&format!("listening on {}", host.listener.url()));
    let username = &host.credentials.username;
    if env::host_password().is_some() {
        print::line(&format!("user {username}, password: as given"));
    } else {
        // Typed into another client by a person, or read by its test.
        let password = host.credentials.password.expose();
        print::line(&format!("user {username}, password {password}"));
        print::line("\nBefore its configuration is used, in that shell:");
        print::line(&format!("export {}={password}", HOST_PASSWORD.name));
    }
    print::line("\n# Its configuration, for --config; Ctrl-C ends the host.");
    print::line(&sample::toml(args, &host, process.is_some()));
    told_to_end.await;
    let ran = host.listener.counters();
    print::line(&format!("{} requests, {} commands", ran.requests.values().sum::<u64>(), ran.commands_started));
    host.listener.shutdown().await;
    Ok(Exit::Done)
}

/// Refuses a command whose program is not there: the host would take sign-ins,
/// and every shell would die.
#[cfg(feature = "process")]
fn is_there(command: &str) -> Result<(), CommandError> {
    match command.split_whitespace().next() {
        Some(program) if which::which(program).is_err() => Err(CommandError::NoProgram(program.to_owned())),
        _ => Ok(()),
    }
}
