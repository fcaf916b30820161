//! Time as the core sees it: it is told, it never asks.

use std::fmt;
use std::ops::{Add, Sub};
pub use std::time::Duration;

/// A point in time, counted from a start that the caller chose.
///
/// The core has no clock. Whoever drives it (the client's driver, a test)
/// hands in an `Instant` with every input; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The start of the caller's count.
    pub const START: Self = Self(Duration::ZERO);
    /// Later than every instant that is ever reached.
    pub const NEVER: Self = Self(Duration::MAX);

    /// `since_start` after the start.
    #[must_use]
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// Time since the start.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

impl Sub for Instant {
    type Output = Duration;
    /// Zero when `rhs` is later.
    fn sub(self, rhs: Self) -> Duration {
        self.0.saturating_sub(rhs.0)
    }
}

/// A span as `xs:duration` writes it in WS-Management: `PT20S`, `PT0.250S`.
///
/// Source: [MS-WSMV] §2.2.4.24 (OperationTimeout), XML Schema Part 2 §3.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XsDuration(pub Duration);

impl fmt::Display for XsDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_millis() {
            0 => write!(f, "PT{}S", self.0.as_secs()),
            ms => write!(f, "PT{}.{ms:03}S", self.0.as_secs()),
        }
    }
}

impl XsDuration {
    /// Reads the day and time parts (`P1DT2H3M4.5S`). Years and months have no
    /// fixed length, negative spans no meaning here: `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (days, time) = rest.split_once('T').map_or((rest, ""), |(days, time)| (days, time));
        if days.is_empty() && time.is_empty() {
            return None;
        }
        let mut total = Duration::ZERO;
        if !days.is_empty() {
            let count: u64 = days.strip_suffix('D')?.parse().ok()?;
            total = total.checked_add(Duration::from_secs(count.checked_mul(86_400)?))?;
        }
        let mut rest = time;
        for (unit, seconds) in [('H', 3_600_u64), ('M', 60)] {
            if let Some((count, after)) = rest.split_once(unit) {
                let count: u64 = count.parse().ok()?;
                total = total.checked_add(Duration::from_secs(count.checked_mul(seconds)?))?;
                rest = after;
            }
        }
        if let Some(seconds) = rest.strip_suffix('S') {
            let seconds: f64 = seconds.parse().ok()?;
            total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
            rest = "";
        }
        rest.is_empty().then_some(Self(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_hosts_read_them() {
        assert_eq!(XsDuration(Duration::from_secs(20)).to_string(), "PT20S");
        assert_eq!(XsDuration(Duration::from_millis(250)).to_string(), "PT0.250S");
    }

    #[test]
    fn spans_are_read_as_hosts_write_them() {
        let seconds = |text| XsDuration::parse(text).map(|span| span.0.as_secs_f64());
        assert_eq!(seconds("PT7200.000S"), Some(7200.0));
        assert_eq!(seconds("P0DT1H2M3S"), Some(3723.0));
        assert_eq!(seconds("PT2147483.647S"), Some(2_147_483.647));
        for bad in ["", "P", "PT", "20", "PT-1S", "P1Y", "PTxS", "PT1"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
