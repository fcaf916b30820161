//! The one error at the crate's edge.
//!
//! Inside, every module has an enum of exact cases. Here they meet as
//! [`Error`]: who must act ([`ErrorKind`]), whether the command may have run
//! ([`Error::may_have_run`]), and the exact case as its
//! [`source`](std::error::Error::source).

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::soap::Fault;

/// Who must act for the operation to come off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The person who manages the credentials: the host refused the sign-in.
    Auth,
    /// The caller: what was asked cannot be asked (wrong state, value that
    /// does not travel, argument too large).
    Misuse,
    /// The maker of the other end, or of this library: what came back does
    /// not follow the protocol.
    PeerMisbehaved,
    /// The operator of the host: it understood and refused, with a fault.
    Refused,
    /// The caller: a deadline of theirs ran out.
    TimedOut,
    /// Whoever says whom to trust: no TLS connection with a host that proves
    /// who it is. Nothing was sent to it.
    Tls,
    /// The network: the host could not be reached or the connection broke.
    Unreachable,
}

/// What a failed operation may have left behind on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// No byte of the command reached the host, or the host said that it did
    /// not act on it.
    NotRun,
    /// The command left and its end was never seen.
    MayHaveRun,
}

/// What would help, if the operation was asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same again, at once.
    Now,
    /// The same in a new session: this one, or its shell, is gone.
    AfterReopen,
    /// The same later: the host is full, busy or away. Seconds, not
    /// milliseconds.
    AfterPause,
    /// Nothing: somebody must act first, see [`Error::kind`].
    Never,
}

/// Why an operation did not come off.
///
/// A script that failed is not an error: it is a result with
/// [`PipelineState::Failed`](crate::psrp::PipelineState).
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    effect: Effect,
    what: &'static str,
    retry: Retry,
    fault: Option<Fault>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, what: &'static str) -> Self {
        let retry = match kind {
            ErrorKind::TimedOut | ErrorKind::Unreachable => Retry::AfterPause,
            // An account that is tried again gets locked.
            ErrorKind::Auth | ErrorKind::Tls | ErrorKind::Misuse | ErrorKind::PeerMisbehaved | ErrorKind::Refused => {
                Retry::Never
            }
        };
        Self(Box::new(Inner { kind, effect: Effect::NotRun, what, retry, fault: None, source: None }))
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn with_fault(mut self, fault: Fault) -> Self {
        self.0.retry = fault.retry();
        self.0.fault = Some(fault);
        self
    }

    pub(crate) fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Marks the command as possibly run; never takes the mark away.
    pub(crate) fn after(mut self, effect: Effect) -> Self {
        if effect == Effect::MayHaveRun {
            self.0.effect = effect;
        }
        self
    }

    /// Who must act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the command may have run on the host.
    ///
    /// `false` is a promise: nothing ran, asking again cannot run it twice.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        self.0.effect == Effect::MayHaveRun
    }

    /// What would help. Not whether it may be done: ask
    /// [`Error::may_have_run`] first, and repeat what may have run only when
    /// twice does no harm.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The host's fault, when it answered with one.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.what)?;
        if let Some(code) = self.0.fault.as_ref().and_then(|fault| fault.code) {
            write!(f, " (fault {code})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("effect", &self.0.effect)
            .field("what", &self.0.what)
            .field("fault", &self.0.fault.as_ref().and_then(|fault| fault.code))
            .field("source", &self.0.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn may_have_run_is_never_taken_back() {
        let error = Error::new(ErrorKind::Unreachable, "x").after(Effect::MayHaveRun).after(Effect::NotRun);
        assert!(error.may_have_run());
    }
}
