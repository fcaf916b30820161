//! The calendar.

use crate::clixml::DateTime;
use crate::time::Duration;

/// A time since 1970 as CLIXML writes it, in UTC.
pub(super) fn utc(unix: Duration) -> Option<DateTime> {
    let seconds = unix.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let ticks = unix.subsec_nanos() / 100;
    DateTime::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ticks:07}Z")).ok()
}

/// Year, month and day of a day since 1970-01-01.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (unix, date) in [
            (0, "1970-01-01T00:00:00.0000000Z"),
            (951_782_400, "2000-02-29T00:00:00.0000000Z"),
            (1_800_000_000, "2027-01-15T08:00:00.0000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.0000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.0000000Z"),
        ] {
            assert_eq!(utc(Duration::from_secs(unix)).unwrap().as_str(), date);
        }
    }
}
