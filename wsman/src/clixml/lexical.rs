//! Forms of the primitives that are kept as text: strict, because a host that
//! cannot read one answers nothing at all.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;

use super::{DateTime, Decimal, InvalidLexical, TimeSpan, Version};
use crate::xml::pull::is_space;

/// As .NET reads it: padded, and whatever the last bits say.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

impl DateTime {
    /// Checks `YYYY-MM-DDThh:mm:ss`, with up to seven digits of a second, and
    /// `Z`, `±hh:mm` or nothing behind it.
    ///
    /// # Errors
    ///
    /// [`InvalidLexical`] for any other form and for days that are none.
    pub fn parse(text: &str) -> Result<Self, InvalidLexical> {
        is_date_time(text).then(|| Self(text.into())).ok_or(InvalidLexical { element: "DT" })
    }
}

impl TimeSpan {
    /// Checks `-P1Y2M3DT4H5M6.7S`, in which any part may be missing but not
    /// all; a year is 365 days and a month 30, as in .NET.
    ///
    /// # Errors
    ///
    /// [`InvalidLexical`] for any other form and beyond ±10675199 days.
    pub fn parse(text: &str) -> Result<Self, InvalidLexical> {
        ticks(text).map(|_| Self(text.into())).ok_or(InvalidLexical { element: "TS" })
    }
}

impl Decimal {
    /// Checks digits with a sign and a point.
    ///
    /// # Errors
    ///
    /// [`InvalidLexical`] for any other form (an exponent), for more than 28
    /// places behind the point and beyond ±79228162514264337593543950335.
    pub fn parse(text: &str) -> Result<Self, InvalidLexical> {
        is_decimal(text).then(|| Self(text.into())).ok_or(InvalidLexical { element: "D" })
    }
}

impl Version {
    /// Checks two to four numbers of at most 2147483647 with points between.
    ///
    /// # Errors
    ///
    /// [`InvalidLexical`] for any other form.
    pub fn parse(text: &str) -> Result<Self, InvalidLexical> {
        let number = |part: &str| is_digits(part) && part.parse::<i32>().is_ok();
        let parts = text.split('.').count();
        let good = (2..=4).contains(&parts) && text.split('.').all(number);
        good.then(|| Self(text.into())).ok_or(InvalidLexical { element: "Version" })
    }
}

/// A boolean, in the forms of `xs:boolean`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A GUID: 32 digits, with or without hyphens, then with or without braces.
pub(super) fn guid(text: &str) -> Option<Uuid> {
    // The crate also knows `urn:uuid:`, .NET does not.
    (!text.starts_with('u')).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// Base64, white space anywhere.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    if text.contains(is_space) {
        return BASE64.decode(text.chars().filter(|c| !is_space(*c)).collect::<String>()).ok();
    }
    BASE64.decode(text).ok()
}

/// Writes base64.
pub(super) fn write_base64(bytes: &[u8], out: &mut String) {
    BASE64.encode_string(bytes, out);
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that a field of exactly `width` digits holds.
fn field(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && is_digits(text)).then(|| text.parse().ok()).flatten()
}

fn is_date_time(text: &str) -> bool {
    let checked = || {
        let (date, time) = text.split_once('T')?;
        let mut date = date.split('-');
        let (year, month, day) = (field(date.next()?, 4)?, field(date.next()?, 2)?, field(date.next()?, 2)?);
        let (clock, rest) = time.split_at_checked(8)?;
        let mut clock = clock.split(':');
        let (hour, minute, second) = (field(clock.next()?, 2)?, field(clock.next()?, 2)?, field(clock.next()?, 2)?);
        let zone = match rest.strip_prefix('.') {
            None => rest,
            Some(rest) => {
                let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                (1..=7).contains(&(rest.len() - zone.len())).then_some(zone)?
            }
        };
        let day_fits = year > 0 && (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
        let ends = date.next().is_none() && clock.next().is_none();
        Some(ends && day_fits && hour < 24 && minute < 60 && second < 60 && is_zone(zone))
    };
    checked().unwrap_or(false)
}

fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else { return matches!(text, "" | "Z") };
    let checked = || {
        let (hours, minutes) = offset.split_once(':')?;
        let (hours, minutes) = (field(hours, 2)?, field(minutes, 2)?);
        Some(minutes < 60 && hours * 60 + minutes <= 14 * 60)
    };
    checked().unwrap_or(false)
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A duration in units of 100 ns.
fn ticks(text: &str) -> Option<i64> {
    const SECOND: i128 = 10_000_000;
    const DAY: i128 = 86_400 * SECOND;
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    if date.is_empty() && time.is_none() || time.is_some_and(str::is_empty) {
        return None;
    }
    let mut total = parts(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)])?;
    if let Some(time) = time {
        // Only seconds have a fraction, and they come last.
        let (whole, fraction) = match time.split_once('.') {
            None => (time.to_owned(), ""),
            Some((whole, fraction)) => (format!("{whole}S"), fraction.strip_suffix('S')?),
        };
        if time.contains('.') && !(is_digits(fraction) && fraction.len() <= 9) {
            return None;
        }
        total += parts(&whole, &[('H', 3600 * SECOND), ('M', 60 * SECOND), ('S', SECOND)])?;
        total += format!("{fraction:0<7}").get(..7)?.parse::<i128>().ok()?;
    }
    i64::try_from(sign * total).ok()
}

/// Numbers with their units, in this order, each at most once.
fn parts(text: &str, units: &[(char, i128)]) -> Option<i128> {
    let mut rest = text;
    let mut total = 0;
    for (unit, size) in units {
        let Some((number, behind)) = rest.split_once(*unit) else { continue };
        if !is_digits(number) {
            return None;
        }
        total += i128::from(number.parse::<i32>().ok()?) * size;
        rest = behind;
    }
    rest.is_empty().then_some(total)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let fits = all.trim_start_matches('0').len() <= 29
        && all.trim_start_matches('0').parse::<u128>().unwrap_or_default() < 1 << 96;
    is_digits(&all) && fraction.len() <= 28 && fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str], accept: impl Fn(&str) -> bool, expected: bool) {
        for text in texts {
            assert_eq!(accept(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_strict() {
        let good = |text: &str| DateTime::parse(text).is_ok();
        all(
            &[
                "0001-01-01T00:00:00",
                "9999-12-31T23:59:59.9999999",
                "2025-11-29T08:00:00.1234567Z",
                "2026-02-03T04:05:06+01:00",
                "2024-02-29T00:00:00-14:00",
                "2000-02-29T00:00:00.5",
            ],
            good,
            true,
        );
        all(
            &[
                "",
                "2026-02-03",
                "2026-02-29T00:00:00",
                "1900-02-29T00:00:00",
                "0000-01-01T00:00:00",
                "2026-13-01T00:00:00",
                "2026-00-01T00:00:00",
                "2026-01-00T00:00:00",
                "2026-04-31T00:00:00",
                "2026-01-01T24:00:00",
                "2026-01-01T00:60:00",
                "2026-01-01T00:00:60",
                "2026-01-01T00:00:00.",
                "2026-01-01T00:00:00.12345678",
                "2026-01-01T00:00:00+15:00",
                "2026-01-01T00:00:00+14:01",
                "2026-01-01T00:00:00+1:00",
                "2026-01-01T00:00:00z",
                "2026-01-01 00:00:00",
                "+026-01-01T00:00:00",
                "2026-1-1T00:00:00",
                "2026-01-01T00:00:00é",
                "2026-01-01T00:00:0é",
            ],
            good,
            false,
        );
    }

    #[test]
    fn spans_are_strict() {
        let good = |text: &str| TimeSpan::parse(text).is_ok();
        all(
            &[
                "PT0S",
                "P1DT2H3M4.5S",
                "-P400DT6H",
                "PT0.0000001S",
                "P10675199DT2H48M5.4775807S",
                "-P10675199DT2H48M5.4775808S",
                "P1Y2M",
                "PT5M",
            ],
            good,
            true,
        );
        all(
            &[
                "",
                "P",
                "PT",
                "P1DT",
                "1D",
                "P1S",
                "PT1D",
                "PT5M1H",
                "P1D1D",
                "PT.5S",
                "PT1.S",
                "PT1.5M",
                "P1.5D",
                "PT-1S",
                "+PT1S",
                "P10675199DT2H48M5.4775808S",
                "P10675200D",
                "PT2147483648S",
                "PT0.0000000001S",
                "P1D ",
            ],
            good,
            false,
        );
    }

    #[test]
    fn decimals_are_strict() {
        let good = |text: &str| Decimal::parse(text).is_ok();
        all(
            &[
                "0",
                "1.10",
                "-79228162514264337593543950335",
                "-0.0000000000000000000000000001",
                "+1",
                "0000000000000000000000000000000000001",
            ],
            good,
            true,
        );
        all(
            &[
                "",
                ".",
                "-",
                "1e5",
                "1,5",
                "INF",
                "79228162514264337593543950336",
                "0.00000000000000000000000000001",
                "1.2.3",
                "340282366920938463463374607431768211457",
            ],
            good,
            false,
        );
    }

    #[test]
    fn versions_are_strict() {
        let good = |text: &str| Version::parse(text).is_ok();
        all(&["1.0", "1.2.3.4", "2147483647.0", "5.1.19041.1"], good, true);
        all(&["", "1", "1.", "1.2.3.4.5", "1.-2", "1.2147483648", "1.0-preview", "1. 0", "+1.0"], good, false);
    }

    #[test]
    fn guids_are_strict() {
        let good = |text: &str| guid(text).is_some();
        all(
            &[
                "00112233-4455-6677-8899-aabbccddeeff",
                "{00112233-4455-6677-8899-AABBCCDDEEFF}",
                "00112233445566778899aabbccddeeff",
            ],
            good,
            true,
        );
        all(&["", "urn:uuid:00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef"], good, false);
    }

    #[test]
    fn base64_is_strict_but_for_white_space() {
        assert_eq!(base64("").unwrap(), b"");
        assert_eq!(base64(" AQ\r\nID\t").unwrap(), [1, 2, 3]);
        all(&["AQI", "A", "AQI=x", "AQI==", "A*ID", "====", "AQ-_"], |text| base64(text).is_some(), false);
    }
}
