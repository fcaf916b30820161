//! Aliases as types.

use std::fmt;
use std::sync::Arc;

/// A name that cannot be an alias.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit")]
pub struct BadAlias;

fn check(text: &str) -> Result<Arc<str>, BadAlias> {
    let fits = (1..=64).contains(&text.len())
        // Never a dash in front, which a command line takes for an option, nor a dot, which hides a file.
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits { Ok(text.into()) } else { Err(BadAlias) }
}

macro_rules! alias {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an alias as the configuration has it.
            ///
            /// # Errors
            ///
            /// [`BadAlias`] when a character or the length does not fit.
            pub fn parse(text: &str) -> Result<Self, BadAlias> {
                check(text).map(Self)
            }

            /// The alias.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

alias! {
    /// Alias of a customer.
    TenantId
}
alias! {
    /// Alias of a workspace; unique within its tenant only.
    WorkspaceId
}
alias! {
    /// Name of a jump host in the configuration.
    HostId
}
