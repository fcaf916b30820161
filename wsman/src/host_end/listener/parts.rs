//! What a listener was told, as its connections need it.

use std::sync::Arc;

use super::tls::{BasicSignIn, HostTls};
#[cfg(feature = "credssp")]
use crate::auth::CredSspIdentity;
use crate::auth::Credentials;

/// What every connection needs to know.
pub(super) struct Parts {
    pub(super) accounts: Arc<[Credentials]>,
    pub(super) name: String,
    pub(super) basic: BasicSignIn,
    pub(super) tls: Option<HostTls>,
    #[cfg(feature = "credssp")]
    pub(super) credssp: Option<CredSspIdentity>,
}
