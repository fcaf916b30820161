//! A way to a host that can be closed in more than one manner.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::hosts::loopback;

/// What the way is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// Connections are made, and not a byte passes.
    Frozen,
    /// Those that there are go on; new ones are closed at once.
    NoNew,
}

/// Stands before a host.
pub(crate) struct Gate {
    pub(crate) url: String,
    way: watch::Sender<Way>,
}

impl Gate {
    pub(crate) async fn before(host: SocketAddr) -> Self {
        let listener = TcpListener::bind(loopback()).await.expect("a port");
        let url = format!("http://{}/wsman", listener.local_addr().expect("an address"));
        let (way, news) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *news.borrow() == Way::NoNew {
                    continue;
                }
                let Ok(host) = TcpStream::connect(host).await else { return };
                let ((from_client, to_client), (from_host, to_host)) = (client.into_split(), host.into_split());
                tokio::spawn(pass(from_client, to_host, news.clone()));
                tokio::spawn(pass(from_host, to_client, news.clone()));
            }
        });
        Self { url, way }
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if way.wait_for(|way| *way != Way::Frozen).await.is_err() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    // The end of one direction comes late, too.
    let _ = way.wait_for(|way| *way != Way::Frozen).await;
    let _ = to.shutdown().await;
}
