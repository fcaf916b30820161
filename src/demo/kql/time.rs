//! Times and spans in ticks of 100 ns, and how they are written.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

pub(super) const TICK: i64 = 1;
pub(super) const MICROSECOND: i64 = 10 * TICK;
pub(super) const MILLISECOND: i64 = 1_000 * MICROSECOND;
pub(super) const SECOND: i64 = 1_000 * MILLISECOND;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Days from the year 1 to 1970.
const DAYS_TO_UNIX: i64 = 719_162;
/// The first moment of the year 10000.
const END: i64 = 3_652_059 * DAY;

/// Ticks of a moment; what lies outside the years 1 to 9999 is cut.
pub(in crate::demo) fn ticks(time: Timestamp) -> i64 {
    let since = time.as_nanosecond().div_euclid(100);
    i64::try_from(since).unwrap_or_default().saturating_add(DAYS_TO_UNIX * DAY).clamp(0, END - 1)
}

/// The moment of ticks.
pub(in crate::demo) fn timestamp(ticks: i64) -> Option<Timestamp> {
    let since = to_unix(ticks);
    let nanos = i32::try_from(since.rem_euclid(SECOND) * 100).ok()?;
    Timestamp::new(since.div_euclid(SECOND), nanos).ok()
}

pub(super) fn in_range(ticks: i64) -> Option<i64> {
    (0..END).contains(&ticks).then_some(ticks)
}

/// Ticks of so many since 1970.
pub(super) fn from_unix(amount: f64, unit: i64) -> Option<i64> {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "checked below, and reals round")]
    let since = (amount * unit as f64) as i64;
    in_range(since.checked_add(DAYS_TO_UNIX * DAY)?)
}

pub(super) fn to_unix(ticks: i64) -> i64 {
    ticks - DAYS_TO_UNIX * DAY
}

/// The calendar's reading of ticks.
pub(super) fn civil(ticks: i64) -> DateTime {
    timestamp(ticks).map_or_else(DateTime::default, |time| TimeZone::UTC.to_datetime(time))
}

/// Ticks of a calendar's reading.
pub(super) fn from_civil(time: DateTime) -> Option<i64> {
    TimeZone::UTC.to_timestamp(time).ok().map(ticks)
}

pub(super) fn from_date(date: Date) -> Option<i64> {
    from_civil(date.to_datetime(jiff::civil::Time::midnight()))
}

/// `2026-03-10T12:00:00.0000000Z`.
pub(super) fn datetime_text(ticks: i64) -> String {
    let time = civil(ticks);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        ticks.rem_euclid(SECOND)
    )
}

/// `1.02:03:04.5000000`, as .NET writes a span.
pub(super) fn timespan_text(ticks: i64) -> String {
    let size = ticks.unsigned_abs();
    let part = |unit: i64, of: u64| size / unit.unsigned_abs() % of;
    let mut text = String::new();
    if ticks < 0 {
        text.push('-');
    }
    let days = size / DAY.unsigned_abs();
    if days > 0 {
        text += &format!("{days}.");
    }
    text += &format!("{:02}:{:02}:{:02}", part(HOUR, 24), part(MINUTE, 60), part(SECOND, 60));
    let fraction = size % SECOND.unsigned_abs();
    if fraction > 0 {
        text += &format!(".{fraction:07}");
    }
    text
}

/// What `datetime(…)` and `todatetime` read: ISO 8601, a date alone, and the
/// forms of RFC 822 and 850.
pub(in crate::demo) fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() >= 4 && bytes.iter().take(4).all(u8::is_ascii_digit) {
        return parse_iso(text);
    }
    parse_named(text)
}

fn parse_iso(text: &str) -> Option<i64> {
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.trim()),
        None => (text, ""),
    };
    let mut parts = date.split(['-', '/']);
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    let day: i8 = parts.next().map_or(Some(1), |part| part.parse().ok())?;
    if parts.next().is_some() {
        return None;
    }
    let start = from_date(Date::new(year, month, day).ok()?)?;
    let (clock, zone) = split_zone(rest)?;
    in_range(start.checked_add(parse_clock(clock)?)?.checked_sub(zone)?)
}

/// The clock's part and the zone's distance from UTC.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at(at);
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse::<i64>().ok()?),
        _ => return None,
    };
    let size = hours * HOUR + minutes * MINUTE;
    Some((clock.trim(), if zone.starts_with('-') { -size } else { size }))
}

fn parse_clock(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds = parts.next().map_or(Some(0), seconds)?;
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..MINUTE).contains(&seconds);
    (fits && parts.next().is_none()).then_some(hours * HOUR + minutes * MINUTE + seconds)
}

/// `04.5` as ticks.
fn seconds(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: String = part.chars().chain("0000000".chars()).take(7).collect();
    whole.parse::<i64>().ok()?.checked_mul(SECOND)?.checked_add(part.parse().ok()?)
}

/// `Sat, 08 Nov 2014 15:05:02 GMT` and `08 Nov 2014 15:05:02`.
fn parse_named(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let parts: Vec<&str> = text.split([' ', '-']).filter(|part| !part.is_empty()).collect();
    let (day, month, year) = (parts.first()?, parts.get(1)?, parts.get(2)?);
    let head = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == head)? + 1;
    let mut year: i16 = year.parse().ok()?;
    if year < 100 {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let date = Date::new(year, i8::try_from(month).ok()?, day.parse().ok()?).ok()?;
    let clock = parts.get(3).map_or(Some(0), |clock| parse_clock(clock))?;
    in_range(from_date(date)?.checked_add(clock)?)
}

/// The unit of a span literal.
pub(super) fn unit(name: &str) -> Option<i64> {
    Some(match name {
        "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => MILLISECOND,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => MICROSECOND,
        "tick" | "ticks" => TICK,
        _ => return None,
    })
}

/// `1.5` of a unit.
pub(super) fn scaled(amount: &str, unit: i64) -> Option<i64> {
    if let Ok(whole) = amount.parse::<i64>() {
        return whole.checked_mul(unit);
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "spans of parts of a unit round")]
    let ticks = (amount.parse::<f64>().ok()? * unit as f64).round() as i64;
    Some(ticks)
}

/// What `timespan(…)` and `totimespan` read: `1h`, `1.02:03:04.5`, `3` (days).
pub(super) fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, size) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest.trim_start()));
    let ticks = if size.contains(':') {
        let (head, rest) = size.split_once(':')?;
        let (days, hours) = head.split_once('.').unwrap_or(("0", head));
        let (minutes, rest) = rest.split_once(':').unwrap_or((rest, "0"));
        let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        number(days)?
            .checked_mul(DAY)?
            .checked_add(hours * HOUR + minutes * MINUTE)?
            .checked_add(seconds(rest).filter(|ticks| *ticks < MINUTE)?)?
    } else {
        let letters = size.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(size.len());
        let (amount, name) = size.split_at(letters);
        scaled(amount.trim(), if name.is_empty() { DAY } else { unit(name)? })?
    };
    Some(if negative { -ticks } else { ticks })
}

/// So many whole `part`s later, by the calendar for months and years.
pub(super) fn add(part: &str, amount: i64, ticks: i64) -> Option<i64> {
    let months = match part.to_ascii_lowercase().as_str() {
        "year" => amount.checked_mul(12)?,
        "quarter" => amount.checked_mul(3)?,
        "month" => amount,
        other => return in_range(ticks.checked_add(amount.checked_mul(length(other)?)?)?),
    };
    let span = i32::try_from(months).ok().filter(|months| months.abs() < 12 * 9999)?.months();
    in_range(from_civil(civil(ticks).checked_add(span).ok()?)?.checked_add(ticks.rem_euclid(TICK))?)
}

/// Ticks of a part that is always as long.
pub(super) fn length(part: &str) -> Option<i64> {
    Some(match part {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => MILLISECOND,
        "microsecond" => MICROSECOND,
        _ => return None,
    })
}

/// How many borders of `part` lie between two times.
pub(super) fn difference(part: &str, to: i64, from: i64) -> Option<i64> {
    let months = |ticks: i64| {
        let time = civil(ticks);
        i64::from(time.year()) * 12 + i64::from(time.month()) - 1
    };
    Some(match part.to_ascii_lowercase().as_str() {
        "year" => months(to).div_euclid(12) - months(from).div_euclid(12),
        "quarter" => months(to).div_euclid(3) - months(from).div_euclid(3),
        "month" => months(to) - months(from),
        // The year 1 began on a Monday; Kusto's weeks begin on Sundays.
        "week" => (to + DAY).div_euclid(7 * DAY) - (from + DAY).div_euclid(7 * DAY),
        "nanosecond" => (to - from).checked_mul(100)?,
        other => {
            let length = length(other)?;
            to.div_euclid(length) - from.div_euclid(length)
        }
    })
}

/// The start of the `part` that holds a time, so many of them later.
pub(super) fn start_of(part: &str, ticks: i64, offset: i64) -> Option<i64> {
    let time = civil(ticks);
    let start = match part {
        "day" => ticks - ticks.rem_euclid(DAY),
        "week" => ticks - (ticks + DAY).rem_euclid(7 * DAY),
        "month" => from_date(Date::new(time.year(), time.month(), 1).ok()?)?,
        _ => from_date(Date::new(time.year(), 1, 1).ok()?)?,
    };
    add(part, offset, in_range(start)?)
}
