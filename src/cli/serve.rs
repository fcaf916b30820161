//! `serve`, `demo` and `host`.

use std::sync::Arc;
use std::time::Duration;

use super::args::{Host, Serve, Tools};
use super::source::{self, CommandError};
use super::{Exit, print, signal};
use crate::call::CallPath;
use crate::config::{Config, env};
use crate::demo;
use crate::mcp::{Server, serve_stdio};
use crate::tenant::Caller;

/// How long running calls may take to stop after an interrupt.
const PATIENCE: Duration = Duration::from_secs(6);

pub(super) async fn from_file(args: &Serve) -> Result<Exit, CommandError> {
    serve(source::file(args.config.as_deref(), &args.tools)?).await
}

pub(super) async fn demo(tools: &Tools) -> Result<Exit, CommandError> {
    let sourced = source::started_demo(tools).await?;
    serve(sourced.config).await
}

async fn serve(config: Config) -> Result<Exit, CommandError> {
    let (hosts, tenants) = (config.hosts.len(), config.registry.tenants().count());
    tracing::info!(hosts, tenants, "serving MCP on standard input and output");
    let path = Arc::new(CallPath::new(Arc::new(config)));
    let server = Server::new(Arc::clone(&path), Caller::local());
    tokio::select! {
        never = path.pool().tend() => match never {},
        served = serve_stdio(server.clone()) => {
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
    #[cfg(feature = "process")]
    let process = args.process.as_deref();
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
        print::line(&format!("user {username}, password {}", host.credentials.password.expose()));
    }
    told_to_end.await;
    let ran = host.listener.counters();
    print::line(&format!("{} requests, {} commands", ran.requests.values().sum::<u64>(), ran.commands_started));
    host.listener.shutdown().await;
    Ok(Exit::Done)
}
