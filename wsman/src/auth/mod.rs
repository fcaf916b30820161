//! Signing in: one mechanism, one TCP connection.
//!
//! NTLM and its relatives sign in the *connection* and number every sealed
//! message on it. A value here therefore belongs to exactly one connection
//! and is thrown away with it.

use crate::secret::Secret;

/// A user name and password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `DOMAIN\user`, `user@domain` or `user`.
    pub username: String,
    /// Wiped on drop.
    pub password: Secret<String>,
}
