//! A host on loopback: HTTP or HTTPS, sign-in, sealing, and a [`Peer`](super::peer::Peer)
//! behind them.

mod connection;
mod driver;
mod mishap;
mod parts;
mod tls;

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub use mishap::{Hit, Mishap, Rule};
pub use tls::{BasicSignIn, CbtHardening, HostTls};

use super::demo::Commands;
use super::peer::{Counters, PeerOptions};
use crate::auth::{AuthError, Credentials};
use driver::Driver;

/// Makes the commands of one shell of the Demo engine.
pub type EngineFactory = Arc<dyn Fn() -> Box<dyn Commands> + Send + Sync>;

/// What runs behind the shells of a host.
#[derive(Clone)]
#[non_exhaustive]
pub enum EngineKind {
    /// [`engine::Demo`](super::engine::Demo), with commands from the factory.
    Demo(EngineFactory),
    /// `engine::Process`: one OS process per shell.
    #[cfg(feature = "process")]
    Process(super::engine::ProcessOptions),
}

impl std::fmt::Debug for EngineKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Demo(_) => f.write_str("Demo"),
            #[cfg(feature = "process")]
            Self::Process(options) => f.debug_tuple("Process").field(options).finish(),
        }
    }
}

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Who may sign in. Without a domain: an account of the host itself.
    pub accounts: Vec<Credentials>,
    /// Name, configurations and quotas.
    pub peer: PeerOptions,
    /// What runs behind the shells.
    pub engine: EngineKind,
    /// HTTPS; without it plain HTTP, where everything is sealed.
    pub tls: Option<HostTls>,
    /// Whether clients may sign in with Basic; off by default.
    pub basic: BasicSignIn,
    /// CredSSP; off by default.
    #[cfg(feature = "credssp")]
    pub credssp: Option<crate::auth::CredSspIdentity>,
    /// What goes wrong on purpose; none by default.
    pub faults: Vec<Rule>,
}

impl HostOptions {
    /// Windows' defaults. In front of a process, Receives linger for 2 ms:
    /// its output comes line by line, and the end of a small command should
    /// travel with its output, as it does from Windows.
    #[must_use]
    pub fn new(accounts: Vec<Credentials>, engine: EngineKind) -> Self {
        let linger = match &engine {
            EngineKind::Demo(_) => std::time::Duration::ZERO,
            #[cfg(feature = "process")]
            EngineKind::Process(_) => std::time::Duration::from_millis(2),
        };
        let peer = PeerOptions { linger, ..PeerOptions::default() };
        Self {
            accounts,
            peer,
            engine,
            tls: None,
            basic: BasicSignIn::Off,
            #[cfg(feature = "credssp")]
            credssp: None,
            faults: Vec::new(),
        }
    }
}

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Hosts listen on loopback only: they run what they are told.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Not a certificate with its key, both in PEM; or one that no sign-in can
    /// be bound to where all must be.
    #[error("not a usable certificate with its key in PEM")]
    Tls,
    /// The computer name is empty or longer than 255 UTF-16 units.
    #[error("not a computer name")]
    Name,
    /// The operating system refused.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What it said.
        source: std::io::Error,
    },
}

/// A running host. Dropping it closes every connection and ends what runs
/// behind the shells.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    scheme: &'static str,
    driver: Arc<Driver>,
    tasks: Vec<JoinHandle<()>>,
}

impl Listener {
    /// Listens; port 0 lets the operating system choose. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    pub async fn bind(address: SocketAddr, options: HostOptions) -> Result<Self, BindError> {
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback(address));
        }
        if options.peer.name.is_empty() || options.peer.name.encode_utf16().count() > 255 {
            return Err(BindError::Name);
        }
        if options.tls.as_ref().is_some_and(HostTls::is_contradictory) {
            return Err(BindError::Tls);
        }
        let listen = |source| BindError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let (driver, parts) = Driver::new(options);
        let driver = Arc::new(driver);
        let accept = tokio::spawn(accept(listener, Arc::clone(&driver), Arc::new(parts)));
        let drive = tokio::spawn(Arc::clone(&driver).run());
        Ok(Self { address, scheme, driver, tasks: vec![accept, drive] })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>/wsman`, or with `https`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}/wsman", self.scheme, self.address)
    }

    /// The host's own count.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.driver.counters()
    }

    /// Connections ever accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.driver.connections.load(Relaxed)
    }

    /// Sign-ins that succeeded. Each belongs to one connection.
    #[must_use]
    pub fn sign_ins(&self) -> u64 {
        self.driver.sign_ins.load(Relaxed)
    }

    /// Why the last sign-in that failed was refused; clients are not told.
    #[must_use]
    pub fn last_refusal(&self) -> Option<AuthError> {
        self.driver.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests on which something went wrong on purpose.
    #[must_use]
    pub fn faults_met(&self) -> u64 {
        self.driver.mishaps.met()
    }

    /// Adds something that goes wrong from now on.
    pub fn add_fault(&self, rule: Rule) {
        self.driver.mishaps.add(rule);
    }

    /// Closes every connection and every shell. What was in flight gets no
    /// answer.
    pub async fn shutdown(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            let _ = task.await;
        }
        self.driver.close();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.driver.close();
    }
}

async fn accept(listener: TcpListener, driver: Arc<Driver>, parts: Arc<parts::Parts>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // One that failed is the client's trouble, the next may not.
                let Ok((stream, _)) = accepted else { continue };
                driver.connections.fetch_add(1, Relaxed);
                connections.spawn(connection::serve(stream, Arc::clone(&driver), Arc::clone(&parts)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
