//! What can be said of a host's access without connecting: by the parsers
//! that the connection uses.

use wsman::auth::{AuthError, Credentials, Negotiator, basic};
use wsman::entropy::Entropy;
use wsman::secret::Secret;
use wsman::transport::{CertificateChain, ClientCertificate, Endpoint};

use super::Auth;

/// Whether the address is one.
///
/// # Errors
///
/// Why not.
pub fn address(url: &str) -> Result<(), wsman::Error> {
    Endpoint::parse(url).map(drop)
}

/// Whether somebody of that name can sign in at that address.
///
/// # Errors
///
/// Why not. Nothing for an address that is none: [`address`] says that.
pub fn user(auth: Auth, url: &str, username: &str) -> Result<(), AuthError> {
    let Ok(endpoint) = Endpoint::parse(url) else { return Ok(()) };
    let credentials = Credentials { username: username.to_owned(), password: Secret::new("-".to_owned()) };
    match auth {
        Auth::Basic | Auth::DangerousClearTextBasic => basic::encode(&credentials).map(drop),
        Auth::Certificate => Ok(()),
        _ => Negotiator::new(&credentials, endpoint.host(), &mut Entropy::system()).map(drop),
    }
}

/// Whether the key is the certificate's.
///
/// # Errors
///
/// Why not.
pub fn key(chain: &CertificateChain, key: &Secret<String>) -> Result<(), wsman::Error> {
    ClientCertificate::new(chain, key).map(drop)
}
