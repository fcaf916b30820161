//! TLS in memory.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::version::TLS12;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::CredSspError;
use crate::auth::ProvenKey;

/// One end of the TLS channel inside the tokens.
pub(super) struct Channel(Connection);

impl Channel {
    pub(super) fn client(host: &str) -> Result<Self, CredSspError> {
        let provider = Arc::new(ring::default_provider());
        // The sign-in inside proves that the key is the right host's before anything is entrusted to it.
        let any = ProvenKey::new(Arc::clone(&provider), |_| Ok(()));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS12])
            .map_err(|_| CredSspError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(any))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let name = ServerName::try_from(host.to_owned()).map_err(|_| CredSspError::Tls)?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|_| CredSspError::Tls)?;
        Ok(Self(Connection::Client(connection)))
    }

    pub(super) fn server(config: Arc<ServerConfig>) -> Result<Self, CredSspError> {
        ServerConnection::new(config).map(|server| Self(Connection::Server(server))).map_err(|_| CredSspError::Tls)
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// In DER.
    pub(super) fn peer_certificate(&self) -> Option<&[u8]> {
        self.0.peer_certificates()?.first().map(AsRef::as_ref)
    }

    /// Takes what the other end sent; gives what it said.
    pub(super) fn open(&mut self, mut records: &[u8]) -> Result<Vec<u8>, CredSspError> {
        let mut plain = Vec::new();
        while !records.is_empty() {
            self.0.read_tls(&mut records).map_err(|_| CredSspError::Tls)?;
            self.0.process_new_packets().map_err(|_| CredSspError::Tls)?;
            match self.0.reader().read_to_end(&mut plain) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(CredSspError::Tls),
                _ => {}
            }
        }
        Ok(plain)
    }

    /// What is to be sent: `plain`, and what the handshake wants to say.
    pub(super) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, CredSspError> {
        self.0.writer().write_all(plain).map_err(|_| CredSspError::Tls)?;
        let mut records = Vec::with_capacity(plain.len() + 64);
        while self.0.wants_write() {
            self.0.write_tls(&mut records).map_err(|_| CredSspError::Tls)?;
        }
        Ok(records)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel")
    }
}
