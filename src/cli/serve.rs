//! `serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Over, Serve};
use super::source::{self, CommandError, Sourced};
use super::{Exit, print, signal};
use crate::access::Caller;
use crate::front::{HttpListener, Loopback, serve_http, serve_stdio};
use crate::mcp::Server;

/// How long running calls may take to stop after an interrupt.
const PATIENCE: Duration = Duration::from_secs(6);

pub(super) async fn from_file(args: &Serve) -> Result<Exit, CommandError> {
    let sourced = source::file(args.config.as_deref(), &args.tools)?;
    over(&sourced.in_language(args.language), &args.over).await
}

/// Serves what was sourced, however it is to be.
pub(super) async fn over(sourced: &Sourced, over: &Over) -> Result<Exit, CommandError> {
    if sourced.config.state_dir.is_none() {
        tracing::info!(
            "no state_dir: no trail is kept, and what is left on a host when this process is killed stays there"
        );
    }
    match over.http {
        Some(address) => over_http(sourced, address).await,
        None => over_stdio(sourced).await,
    }
}

async fn over_http(sourced: &Sourced, address: SocketAddr) -> Result<Exit, CommandError> {
    let told_to_end = signal::told_to_end(signal::HangUp::Nothing);
    let listener = HttpListener::bind(Loopback::try_from(address)?).await?;
    let config = &sourced.config;
    let (hosts, tenants) = (config.hosts.len(), config.registry.tenants().count());
    tracing::info!(hosts, tenants, "serving MCP over HTTP");
    print::line(&format!("listening on {}", listener.url()));
    let caller = Caller::local(config.policy.clone());
    let desk = Arc::new(sourced.desk());
    let server = Server::new(Arc::clone(&desk));
    tokio::select! {
        never = desk.path().tend() => match never {},
        () = serve_http(server, caller, listener, told_to_end) => Ok(Exit::Done),
    }
}

async fn over_stdio(sourced: &Sourced) -> Result<Exit, CommandError> {
    let config = &sourced.config;
    let (hosts, tenants) = (config.hosts.len(), config.registry.tenants().count());
    tracing::info!(hosts, tenants, "serving MCP on standard input and output");
    let caller = Caller::local(config.policy.clone());
    let desk = Arc::new(sourced.desk());
    let server = Server::new(Arc::clone(&desk));
    tokio::select! {
        never = desk.path().tend() => match never {},
        served = serve_stdio(server.clone(), caller) => {
            served?;
            Ok(Exit::Done)
        }
        () = signal::told_to_end(signal::HangUp::Ends) => {
            server.shut_down(PATIENCE).await;
            Ok(Exit::Cancelled)
        }
    }
}
