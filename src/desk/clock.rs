//! The time of day, where the server reads it.

use std::fmt;

use jiff::Timestamp;

/// Tells the time of day.
pub(super) struct Clock(Box<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// This computer's.
    #[expect(clippy::disallowed_methods, reason = "the door: everything below is told the time")]
    pub(super) fn system() -> Self {
        Self(Box::new(Timestamp::now))
    }

    pub(super) fn of(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Box::new(clock))
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
