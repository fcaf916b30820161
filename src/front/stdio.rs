//! MCP over two byte streams: standard input and output, or a test's pipe.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt as _;
use rmcp::service::{QuitReason, ServerInitializeError};
use tokio::io::{AsyncRead, AsyncWrite};

use super::lines::{Lines, Written};
use crate::access::Caller;
use crate::desk::Door;
use crate::mcp::{Server, Visitor};

/// How long running calls may take to stop when the client is gone.
///
/// Chosen: a stop on the host takes five seconds at most.
pub(super) const PATIENCE: Duration = Duration::from_secs(6);

/// Why serving ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The client never opened the conversation.
    #[error("the client did not open an MCP conversation")]
    Handshake(#[source] Box<ServerInitializeError>),
    /// The server's task broke.
    #[error("the MCP service broke")]
    Broken,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {}", source.kind())]
    Listen {
        /// As asked for.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Serves on standard input and output until the input ends.
///
/// # Errors
///
/// [`ServeError`]; every session is closed in any case.
pub async fn serve_stdio(server: Server, caller: Caller) -> Result<(), ServeError> {
    let (reader, writer) = rmcp::transport::stdio_pipes();
    serve_on(server, caller, reader, writer).await
}

/// Serves on `reader` and `writer` until `reader` ends.
///
/// # Errors
///
/// [`ServeError`]; every session is closed in any case.
pub async fn serve_on<R, W>(server: Server, caller: Caller, reader: R, writer: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let visitor = Visitor { caller: Arc::new(caller), door: Door::Stdio };
    let (lines, written) = Lines::new(reader, writer, visitor);
    let ended = match server.clone().serve(lines).await {
        // An input that ends before it says anything is a client that changed its mind.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(ServeError::Handshake(Box::new(error))),
        Ok(service) => match service.waiting().await {
            Ok(QuitReason::JoinError(_)) | Err(_) => Err(ServeError::Broken),
            Ok(_) => Ok(()),
        },
    };
    // Also after an error: sessions on hosts outlive this process otherwise.
    server.shut_down(PATIENCE).await;
    Written::end(written, PATIENCE).await;
    ended
}
