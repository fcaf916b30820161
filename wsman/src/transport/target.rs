//! A host and how to sign in there.

use super::{ClientCertificate, Endpoint, Proxy, Tls};
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
    /// Tunnels to it are made by this; the environment is not asked.
    pub proxy: Option<Proxy>,
}

/// How to sign in.
///
/// Over plain HTTP every message is sealed by what the sign-in agreed on.
/// Inside TLS nothing is sealed a second time, and a sign-in that can be is
/// bound to the certificate which the host presented on this very connection.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// NTLM inside SPNEGO under the scheme `Negotiate`: two requests. What
    /// Windows itself does outside of a domain.
    Negotiate(Credentials),
    /// NTLM, raw, under the scheme `Negotiate`: two requests.
    Ntlm(Credentials),
    /// CredSSP with NTLM: five requests. Hands the host the password, for its
    /// own use and for that of whoever rules it; hosts have it switched off by
    /// default.
    #[cfg(feature = "credssp")]
    CredSsp(Credentials),
    /// The password itself, with every request; inside TLS only. Hosts have it
    /// switched off by default.
    Basic(Credentials),
    /// The same over plain HTTP, too, where everyone on the way reads the
    /// password and all that is said, and can change it.
    DangerousClearTextBasic(Credentials),
    /// A certificate of the client, shown in the TLS handshake; `https` only.
    ///
    /// The host must ask for it in the first handshake: neither
    /// renegotiation (TLS 1.2) nor post-handshake authentication (TLS 1.3) is
    /// spoken. Windows asks later unless its binding says
    /// `clientcertnegotiation=enable`.
    Certificate(ClientCertificate),
}

impl Target {
    /// The system's certificate authorities.
    #[must_use]
    pub fn new(endpoint: Endpoint, sign_in: SignIn) -> Self {
        Self { endpoint, sign_in, tls: Tls::system(), proxy: None }
    }

    /// Whether an answer is the host's word: sealed, or over TLS.
    pub(crate) fn is_proven(&self) -> bool {
        self.endpoint.is_tls() || !matches!(self.sign_in, SignIn::DangerousClearTextBasic(_))
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
            SignIn::Certificate(_) if !self.endpoint.is_tls() => {
                Err(Error::new(ErrorKind::Misuse, "a certificate signs in over https only"))
            }
            _ => Ok(()),
        }
    }
}
