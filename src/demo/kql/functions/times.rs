//! Functions of times.

use super::{DATETIME, Function, INT, LONG, TEXT, TIMESPAN, Value, at, function, text};
use crate::demo::kql::time::{self, DAY, HOUR, MILLISECOND, MINUTE, SECOND};

pub(super) const TABLE: &[Function] = &[
    function("startofday", "d;l", DATETIME, |a| start(a, "day")),
    function("startofweek", "d;l", DATETIME, |a| start(a, "week")),
    function("startofmonth", "d;l", DATETIME, |a| start(a, "month")),
    function("startofyear", "d;l", DATETIME, |a| start(a, "year")),
    function("endofday", "d;l", DATETIME, |a| end(a, "day")),
    function("endofweek", "d;l", DATETIME, |a| end(a, "week")),
    function("endofmonth", "d;l", DATETIME, |a| end(a, "month")),
    function("endofyear", "d;l", DATETIME, |a| end(a, "year")),
    function("hourofday", "d", INT, |a| part("hour", at(a, 0))),
    function("dayofmonth", "d", INT, |a| part("day", at(a, 0))),
    function("dayofyear", "d", INT, |a| part("dayofyear", at(a, 0))),
    function("getmonth", "d", INT, |a| part("month", at(a, 0))),
    function("monthofyear", "d", INT, |a| part("month", at(a, 0))),
    function("getyear", "d", INT, |a| part("year", at(a, 0))),
    function("week_of_year", "d", INT, |a| part("week_of_year", at(a, 0))),
    function("weekofyear", "d", INT, |a| part("week_of_year", at(a, 0))),
    // Since the Sunday before.
    function("dayofweek", "d", TIMESPAN, |a| {
        ticks(at(a, 0)).map_or(Value::Null, |ticks| Value::Timespan((ticks.div_euclid(DAY) + 1).rem_euclid(7) * DAY))
    }),
    function("datetime_part", "sd", INT, |a| part(at(a, 0).str(), at(a, 1))),
    function("datetime_diff", "sdd", LONG, |a| match (ticks(at(a, 1)), ticks(at(a, 2))) {
        (Some(to), Some(from)) => time::difference(at(a, 0).str(), to, from).map_or(Value::Null, Value::Long),
        _ => Value::Null,
    }),
    function("datetime_add", "sld", DATETIME, |a| match (at(a, 1).long(), ticks(at(a, 2))) {
        (Some(amount), Some(ticks)) => time::add(at(a, 0).str(), amount, ticks).map_or(Value::Null, Value::DateTime),
        _ => Value::Null,
    }),
    function("format_datetime", "ds", TEXT, |a| match at(a, 0) {
        Value::DateTime(ticks) => text(format(*ticks, at(a, 1).str(), true)),
        _ => Value::Null,
    }),
    function("format_timespan", "ts", TEXT, |a| match at(a, 0) {
        Value::Timespan(ticks) => text(format(*ticks, at(a, 1).str(), false)),
        _ => Value::Null,
    }),
    function("make_datetime", "nnn;nnn", DATETIME, make_datetime),
    function("make_timespan", "nn;nn", TIMESPAN, make_timespan),
    function("unixtime_seconds_todatetime", "n", DATETIME, |a| unix(at(a, 0), SECOND)),
    function("unixtime_milliseconds_todatetime", "n", DATETIME, |a| unix(at(a, 0), MILLISECOND)),
    function("unixtime_microseconds_todatetime", "n", DATETIME, |a| unix(at(a, 0), time::MICROSECOND)),
];

fn ticks(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(ticks) => Some(*ticks),
        _ => None,
    }
}

fn unix(value: &Value, unit: i64) -> Value {
    value.real().and_then(|amount| time::from_unix(amount, unit)).map_or(Value::Null, Value::DateTime)
}

fn start(a: &[Value], part: &str) -> Value {
    let offset = at(a, 1).long().unwrap_or_default();
    ticks(at(a, 0)).and_then(|ticks| time::start_of(part, ticks, offset)).map_or(Value::Null, Value::DateTime)
}

/// The last tick of the part.
fn end(a: &[Value], part: &str) -> Value {
    let offset = at(a, 1).long().unwrap_or_default().saturating_add(1);
    let end = ticks(at(a, 0)).and_then(|ticks| time::start_of(part, ticks, offset)).map(|ticks| ticks - 1);
    end.map_or(Value::Null, Value::DateTime)
}

fn part(name: &str, value: &Value) -> Value {
    let Some(ticks) = ticks(value) else { return Value::Null };
    let moment = time::civil(ticks);
    let fraction = ticks.rem_euclid(SECOND);
    let number = match name.to_ascii_lowercase().as_str() {
        "year" => i64::from(moment.year()),
        "quarter" => (i64::from(moment.month()) - 1) / 3 + 1,
        "month" | "monthofyear" => i64::from(moment.month()),
        "week_of_year" | "weekofyear" | "week" => i64::from(moment.date().iso_week_date().week()),
        "day" | "dayofmonth" => i64::from(moment.day()),
        "dayofyear" => i64::from(moment.date().day_of_year()),
        "hour" => i64::from(moment.hour()),
        "minute" => i64::from(moment.minute()),
        "second" => i64::from(moment.second()),
        "millisecond" => fraction / MILLISECOND,
        "microsecond" => fraction / time::MICROSECOND,
        "nanosecond" => fraction * 100,
        _ => return Value::Null,
    };
    i32::try_from(number).map_or(Value::Null, Value::Int)
}

fn make_datetime(a: &[Value]) -> Value {
    let number = |n: usize| at(a, n).real().unwrap_or_default();
    let field = |n: usize| super::conversion::cut(number(n));
    let made = || {
        let date = jiff::civil::Date::new(
            i16::try_from(field(0)?).ok()?,
            i8::try_from(field(1)?).ok()?,
            i8::try_from(field(2)?).ok()?,
        );
        let (hours, minutes) = (field(3)?, field(4)?);
        let fits = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0.0..60.0).contains(&number(5));
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "below a minute")]
        let seconds = (number(5) * SECOND as f64).round() as i64;
        let ticks = time::from_date(date.ok()?)? + hours * HOUR + minutes * MINUTE + seconds;
        fits.then_some(Value::DateTime(ticks))
    };
    made().unwrap_or(Value::Null)
}

fn make_timespan(a: &[Value]) -> Value {
    let mut parts: Vec<f64> = a.iter().map(|value| value.real().unwrap_or_default()).collect();
    if parts.len() < 4 {
        parts.insert(0, 0.0);
    }
    let units = [DAY, HOUR, MINUTE, SECOND];
    #[expect(clippy::cast_precision_loss, reason = "spans of parts of a second round")]
    let ticks: f64 = parts.iter().zip(units).map(|(part, unit)| part * unit as f64).sum();
    super::conversion::cut(ticks.round()).map_or(Value::Null, Value::Timespan)
}

/// Runs of a letter: `yyyy-MM-dd HH:mm:ss.fff`; of spans `d` is the days.
fn format(ticks: i64, pattern: &str, is_datetime: bool) -> String {
    let mut out = String::new();
    let size = ticks.unsigned_abs();
    let count = |unit: i64, of: u64| size / unit.unsigned_abs() % of;
    let moment = time::civil(if is_datetime { ticks } else { 0 });
    let mut letters = pattern.chars().peekable();
    if !is_datetime && ticks < 0 {
        out.push('-');
    }
    while let Some(letter) = letters.next() {
        let mut length = 1;
        while letters.next_if_eq(&letter).is_some() {
            length += 1;
        }
        let hours = count(HOUR, 24);
        let number = match letter {
            'y' if is_datetime && length <= 2 => u64::from(moment.year().unsigned_abs()) % 100,
            'y' if is_datetime => u64::from(moment.year().unsigned_abs()),
            'M' if is_datetime => u64::from(moment.month().unsigned_abs()),
            'd' if is_datetime => u64::from(moment.day().unsigned_abs()),
            'd' => size / DAY.unsigned_abs(),
            'h' if is_datetime => (hours + 11) % 12 + 1,
            'h' | 'H' => hours,
            'm' => count(MINUTE, 60),
            's' => count(SECOND, 60),
            'f' | 'F' => {
                let digits = format!("{:07}", size % SECOND.unsigned_abs());
                let digits = digits.get(..length.min(7)).unwrap_or_default();
                out += if letter == 'F' { digits.trim_end_matches('0') } else { digits };
                continue;
            }
            't' if is_datetime => {
                out += if hours < 12 { "AM" } else { "PM" };
                continue;
            }
            other => {
                out.extend(std::iter::repeat_n(other, length));
                continue;
            }
        };
        out += &format!("{number:0length$}");
    }
    out
}
