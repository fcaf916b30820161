//! Numbers as .NET reads and writes them.

use std::fmt::{LowerExp, Write};
use std::str::FromStr;

/// An integer: digits with a sign, nothing else.
pub(super) fn integer<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A floating-point number.
///
/// `INF`, `-INF` and `NaN` are what hosts write; `Infinity` they read as well.
pub(super) fn float<T: FromStr>(text: &str) -> Option<T> {
    let word = text.strip_prefix(['+', '-']).unwrap_or(text);
    let known = ["INF", "Infinity", "NaN"].contains(&word);
    let digits = word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    // Overflow gives an infinity, there as here.
    (known || digits).then(|| text.parse().ok()).flatten()
}

/// Writes a double.
pub(super) fn write_f64(value: f64, out: &mut String) {
    write_float(value, value.is_nan(), value.is_infinite().then_some(value > 0.0), 15, out);
}

/// Writes a single.
pub(super) fn write_f32(value: f32, out: &mut String) {
    write_float(value, value.is_nan(), value.is_infinite().then_some(value > 0.0), 7, out);
}

/// The shortest digits that read back as the same number; with an exponent
/// when there are more places than digits and more than `precision`, or more
/// than four zeros behind the point. Seen: recording `numbers`.
fn write_float(value: impl LowerExp, nan: bool, infinite: Option<bool>, precision: i32, out: &mut String) {
    match (nan, infinite) {
        (true, _) => return out.push_str("NaN"),
        (_, Some(true)) => return out.push_str("INF"),
        (_, Some(false)) => return out.push_str("-INF"),
        _ => {}
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    out.push_str(sign);
    let places = exponent + 1;
    if places > count.max(precision) || places < -3 {
        out.push_str(mantissa);
        let direction = if exponent < 0 { '-' } else { '+' };
        // Writing to a String cannot fail.
        let _ = write!(out, "E{direction}{:02}", exponent.unsigned_abs());
    } else if places <= 0 {
        out.push_str("0.");
        (places..0).for_each(|_| out.push('0'));
        out.push_str(&digits);
    } else {
        let whole = usize::try_from(places).unwrap_or_default();
        out.extend(digits.chars().chain(std::iter::repeat('0')).take(whole));
        if let Some(fraction) = digits.get(whole..).filter(|fraction| !fraction.is_empty()) {
            out.push('.');
            out.push_str(fraction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        let mut out = String::new();
        write_f64(value, &mut out);
        out
    }

    fn single(value: f32) -> String {
        let mut out = String::new();
        write_f32(value, &mut out);
        out
    }

    #[test]
    fn doubles_are_written_as_dotnet_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.00001, "1E-05"),
            (1e-7, "1E-07"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
            (1e21, "1E+21"),
            (5e-324, "5E-324"),
            (f64::MAX, "1.7976931348623157E+308"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double(value), text);
            let back: f64 = float(text).unwrap();
            assert!(back.to_bits() == value.to_bits() || value.is_nan() && back.is_nan(), "{text}");
        }
    }

    #[test]
    fn singles_are_written_as_dotnet_writes_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (1.5, "1.5"),
            (1e7, "1E+07"),
            (16_777_216.0, "16777216"),
            (f32::MAX, "3.4028235E+38"),
            (1e-45, "1E-45"),
            (f32::NAN, "NaN"),
        ] {
            assert_eq!(single(value), text);
        }
    }

    #[test]
    fn words_that_are_no_numbers_are_refused() {
        for text in ["", ".", "+", "e5", "inf", "nan", "infinity", "0x10", "1,5", "1_000", "1.5f", "--1"] {
            assert_eq!(float::<f64>(text), None, "{text}");
        }
        for text in ["", "+", "abc", "1.0", "1e3", " 1", "2147483648", "0x1"] {
            assert_eq!(integer::<i32>(text), None, "{text}");
        }
        assert_eq!(float::<f64>("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(float::<f64>("1e999"), Some(f64::INFINITY));
    }
}
