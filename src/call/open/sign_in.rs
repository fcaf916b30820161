//! Passwords that a host refused are not tried again and again.
//!
//! Domains lock an account after a few wrong passwords, and every session
//! signs in anew: one question over ten workspaces of a host would be ten
//! tries. So the first session of a host goes alone, and a refused password
//! rests. One that was taken before is tried once more first, alone: a domain
//! controller that was away says no, too, and a single word of it would shut
//! the host for all its tenants.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;
use wsman::secret::Secret;

use crate::answer::ToolError;
use crate::answer::case::{Case, NoSignIn};
use crate::host::{HostError, HostErrorKind, WireCase, WireError};
use crate::tenant::HostId;

/// How long a refused password rests.
///
/// Chosen: Windows' defaults lock an account after ten wrong passwords in ten
/// minutes; this makes two.
const REST: Duration = Duration::from_secs(300);

/// How long sessions are opened side by side on a host that could not be
/// asked for its opinion. Chosen: one fleet question's time; one after the
/// other, each would wait for the dead host anew.
const UNKNOWN: Duration = Duration::from_secs(60);

/// What is known of a host's opinion of a password.
#[derive(Debug, Default)]
enum Opinion {
    #[default]
    None,
    Taken(Secret<String>),
    /// Refused after it had been taken.
    Doubted(Secret<String>),
    Refused(Secret<String>, Instant),
    NotHad(Instant),
}

/// All hosts' opinions. A refused password is kept in memory until it has
/// rested or another one was tried.
#[derive(Debug, Default)]
pub(in crate::call) struct SignIns(std::sync::Mutex<HashMap<HostId, Arc<Mutex<Opinion>>>>);

/// The right to try a password on a host.
#[derive(Debug)]
pub(super) struct Try {
    opinion: Arc<Mutex<Opinion>>,
    /// Held while nobody knows whether the host takes the password.
    alone: Option<OwnedMutexGuard<Opinion>>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// The host took the password.
    Taken,
    /// It refused the password.
    Refused,
    /// It was not asked, or did not say.
    NotHad,
}

/// Whether a refused password may be tried once more at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Once,
    No,
}

impl Tried {
    /// What opening a session says of the password.
    pub(super) fn told_by<T>(opened: &Result<T, HostError>) -> Self {
        match opened {
            Ok(_) => Self::Taken,
            Err(HostError { kind: HostErrorKind::Wire(error), .. }) => Self::of(error),
            // Found out by asking the host in an open session.
            Err(_) => Self::Taken,
        }
    }

    /// What an operation that did not come off says of it.
    pub(super) fn of(error: &WireError) -> Self {
        match error.case {
            WireCase::SignInRefused => Self::Refused,
            WireCase::Refused { .. } => Self::Taken,
            _ => Self::NotHad,
        }
    }
}

impl SignIns {
    /// Waits while another call tries the host for the first time. Cancel
    /// safe.
    ///
    /// # Errors
    ///
    /// `sign_in_refused` when the host has just refused this password.
    pub(super) async fn may_try(&self, host: &HostId, password: &Secret<String>) -> Result<Try, ToolError> {
        let opinion = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(host.clone()).or_default())
        };
        let held = Arc::clone(&opinion).lock_owned().await;
        let now = Instant::now();
        let alone = match &*held {
            Opinion::Refused(refused, since) if refused == password && now < *since + REST => {
                let minutes = (*since + REST - now).as_secs().div_ceil(60);
                let why = NoSignIn::Resting { minutes };
                return Err(ToolError::of(Case::NoSignIn { host: host.clone(), why }));
            }
            Opinion::Taken(taken) if taken == password => None,
            Opinion::NotHad(since) if now < *since + UNKNOWN => None,
            _ => Some(held),
        };
        Ok(Try { opinion, alone })
    }
}

impl Try {
    /// Keeps what came of it; whether the password may be tried once more.
    /// Dropped without, nothing was learnt.
    pub(super) async fn end(self, password: Secret<String>, tried: Tried) -> Again {
        let alone = self.alone.is_some();
        let mut opinion = match self.alone {
            Some(alone) => alone,
            None => self.opinion.lock_owned().await,
        };
        let (new, again) = match (tried, &*opinion) {
            (Tried::Taken, _) => (Opinion::Taken(password), Again::No),
            // Of several that went side by side each is refused once; all may come again, one after the other.
            (Tried::Refused, Opinion::Taken(taken)) if *taken == password => (Opinion::Doubted(password), Again::Once),
            (Tried::Refused, Opinion::Doubted(doubted)) if !alone && *doubted == password => {
                (Opinion::Doubted(password), Again::Once)
            }
            (Tried::Refused, _) => (Opinion::Refused(password, Instant::now()), Again::No),
            // It says nothing against one that was taken.
            (Tried::NotHad, Opinion::Taken(taken)) if *taken == password => (Opinion::Taken(password), Again::No),
            (Tried::NotHad, _) => (Opinion::NotHad(Instant::now()), Again::No),
        };
        *opinion = new;
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Code;

    #[tokio::test(start_paused = true)]
    async fn a_refused_password_rests_and_another_does_not() {
        let (signs, host) = (SignIns::default(), HostId::parse("jump").unwrap());
        let password = |text: &str| Secret::new(text.to_owned());
        let first = signs.may_try(&host, &password("a")).await.unwrap();
        first.end(password("a"), Tried::Refused).await;
        assert_eq!(signs.may_try(&host, &password("a")).await.unwrap_err().code(), Code::SignInRefused);
        drop(signs.may_try(&host, &password("b")).await.unwrap());
        tokio::time::advance(REST).await;
        assert!(signs.may_try(&host, &password("a")).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn e1_a_password_that_was_taken_gets_a_second_try_and_no_third() {
        let (signs, host) = (SignIns::default(), HostId::parse("jump").unwrap());
        let password = Secret::new("a".to_owned());
        let first = signs.may_try(&host, &password).await.unwrap();
        assert_eq!(first.end(password.clone(), Tried::Taken).await, Again::No);
        // Three sessions sign in side by side when the domain forgets the password for a moment.
        let mut together = Vec::new();
        for _ in 0..3 {
            together.push(signs.may_try(&host, &password).await.unwrap());
        }
        for one in together {
            assert_eq!(one.end(password.clone(), Tried::Refused).await, Again::Once);
        }
        let second = signs.may_try(&host, &password).await.unwrap();
        assert!(tokio::time::timeout(REST, signs.may_try(&host, &password)).await.is_err(), "it goes alone");
        assert_eq!(second.end(password.clone(), Tried::Refused).await, Again::No);
        assert_eq!(signs.may_try(&host, &password).await.unwrap_err().code(), Code::SignInRefused);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_goes_alone_until_the_host_has_spoken() {
        let (signs, host) = (SignIns::default(), HostId::parse("jump").unwrap());
        let password = Secret::new("a".to_owned());
        let first = signs.may_try(&host, &password).await.unwrap();
        let second = tokio::time::timeout(REST, signs.may_try(&host, &password));
        assert!(second.await.is_err(), "it waits");
        first.end(password.clone(), Tried::Taken).await;
        let (a, b) = tokio::join!(signs.may_try(&host, &password), signs.may_try(&host, &password));
        assert!(a.is_ok() && b.is_ok(), "both at once");
    }
}
