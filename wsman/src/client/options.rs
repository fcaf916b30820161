//! What a caller can choose.

use std::time::Duration;

use crate::auth::Credentials;
use crate::psrp::{HostCall, HostResponse, Refusal};
use crate::session::Config;
use crate::transport::{Endpoint, SignIn, Target};
use crate::{Error, entropy::Entropy};

/// How to open a pool.
#[derive(Debug)]
pub struct Options {
    pub(super) target: Target,
    pub(super) entropy: Entropy,
    /// The session's settings.
    pub session: Config,
    /// For one connection to be made and signed in.
    pub connect_timeout: Duration,
}

impl Options {
    /// NTLM at `http://host:5985/wsman`, sealed, or `https://host:5986/wsman`,
    /// with the system's certificate authorities.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`](crate::ErrorKind::Misuse) when the URL is none.
    pub fn new(url: &str, credentials: Credentials) -> Result<Self, Error> {
        Ok(Self::for_target(Target::new(Endpoint::parse(url)?, SignIn::Ntlm(credentials))))
    }

    /// Defaults for everything but the host and how to sign in there.
    #[must_use]
    pub fn for_target(target: Target) -> Self {
        let session = Config::new(target.endpoint.to_string());
        Self {
            target,
            entropy: Entropy::system(),
            session,
            // Chosen: three round trips; a host that is there answers in one
            // second, a firewall that drops packets never does.
            connect_timeout: Duration::from_secs(15),
        }
    }
}

/// How to run a pipeline.
pub struct RunOptions {
    /// Input objects will follow.
    pub with_input: bool,
    /// See [`PipelineSpec`](crate::session::PipelineSpec).
    pub first_message_timeout: Duration,
    /// The whole pipeline.
    pub timeout: Duration,
    /// Answers the host's questions, at once: an unanswered one blocks the
    /// runspace.
    pub host: HostPolicy,
}

/// Answers a question of the host. Void calls do not come here.
pub type HostPolicy = Box<dyn FnMut(&HostCall) -> HostResponse + Send>;

impl Default for RunOptions {
    /// No input, a minute to the first message, ten for all, every question
    /// refused.
    fn default() -> Self {
        Self {
            with_input: false,
            first_message_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(600),
            host: Box::new(|_| {
                HostResponse::Refused(Refusal { id: "Wsman.Refused".into(), message: "nobody is there to ask".into() })
            }),
        }
    }
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
