//! A host and how to sign in there.

use super::{Endpoint, Tls};
use crate::auth::Credentials;
use crate::{Error, ErrorKind};

/// A host and how to sign in there: all that a connection needs.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Who signs in, and how.
    pub sign_in: SignIn,
    /// Whom to believe that they are the host; only used with `https`.
    pub tls: Tls,
}

/// How to sign in.
///
/// Over plain HTTP every message is sealed by what the sign-in agreed on.
/// Inside TLS nothing is sealed a second time, and a sign-in that can be is
/// bound to the certificate which the host presented on this very connection.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// NTLM, raw, under the scheme `Negotiate`: two requests.
    Ntlm(Credentials),
    /// The password itself, with every request; inside TLS only. Hosts have it
    /// switched off by default.
    Basic(Credentials),
    /// The same over plain HTTP, too, where everyone on the way reads the
    /// password and all that is said, and can change it.
    DangerousClearTextBasic(Credentials),
}

impl Target {
    /// The system's certificate authorities.
    #[must_use]
    pub fn new(endpoint: Endpoint, sign_in: SignIn) -> Self {
        Self { endpoint, sign_in, tls: Tls::system() }
    }

    /// Whether this may be tried at all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.sign_in {
            SignIn::Basic(_) if !self.endpoint.is_tls() => {
                Err(Error::new(ErrorKind::Misuse, "Basic over http shows the password to everyone; use https"))
            }
            _ => Ok(()),
        }
    }
}
