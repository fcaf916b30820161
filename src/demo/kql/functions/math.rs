//! Functions of numbers.

use super::conversion::{convert, cut};
use super::{BOOL, Function, Gives, LONG, REAL, Value, at, function};
use crate::demo::kql::value::Kind;

pub(super) const TABLE: &[Function] = &[
    function("abs", "n", Gives::Of(0), abs),
    function("sign", "n", REAL, |a| real(a, |number| if number == 0.0 { 0.0 } else { number.signum() })),
    function("round", "n;l", REAL, round),
    function("ceiling", "n", REAL, |a| real(a, f64::ceil)),
    function("sqrt", "n", REAL, |a| real(a, f64::sqrt)),
    function("exp", "n", REAL, |a| real(a, f64::exp)),
    function("exp2", "n", REAL, |a| real(a, f64::exp2)),
    function("log", "n", REAL, |a| real(a, f64::ln)),
    function("log2", "n", REAL, |a| real(a, f64::log2)),
    function("log10", "n", REAL, |a| real(a, f64::log10)),
    function("sin", "n", REAL, |a| real(a, f64::sin)),
    function("cos", "n", REAL, |a| real(a, f64::cos)),
    function("tan", "n", REAL, |a| real(a, f64::tan)),
    function("asin", "n", REAL, |a| real(a, f64::asin)),
    function("acos", "n", REAL, |a| real(a, f64::acos)),
    function("atan", "n", REAL, |a| real(a, f64::atan)),
    function("radians", "n", REAL, |a| real(a, f64::to_radians)),
    function("degrees", "n", REAL, |a| real(a, f64::to_degrees)),
    function("pi", "", REAL, |_| Value::Real(std::f64::consts::PI)),
    function("pow", "nn", REAL, |a| match (at(a, 0).real(), at(a, 1).real()) {
        (Some(base), Some(power)) => Value::Real(base.powf(power)),
        _ => Value::Null,
    }),
    function("min_of", "a*", Gives::Widest, |a| extreme(a, std::cmp::Ordering::Less)),
    function("max_of", "a*", Gives::Widest, |a| extreme(a, std::cmp::Ordering::Greater)),
    function("isnan", "r", BOOL, |a| test(a, f64::is_nan)),
    function("isinf", "r", BOOL, |a| test(a, f64::is_infinite)),
    function("isfinite", "r", BOOL, |a| test(a, f64::is_finite)),
    function("binary_and", "ll", LONG, |a| whole(a, |left, right| Some(left & right))),
    function("binary_or", "ll", LONG, |a| whole(a, |left, right| Some(left | right))),
    function("binary_xor", "ll", LONG, |a| whole(a, |left, right| Some(left ^ right))),
    function("binary_not", "l", LONG, |a| at(a, 0).long().map_or(Value::Null, |number| Value::Long(!number))),
    function("binary_shift_left", "ll", LONG, |a| whole(a, |left, by| left.checked_shl(u32::try_from(by).ok()?))),
    function("binary_shift_right", "ll", LONG, |a| whole(a, |left, by| left.checked_shr(u32::try_from(by).ok()?))),
    function("bitset_count_ones", "l", LONG, |a| {
        at(a, 0).long().map_or(Value::Null, |number| Value::Long(number.count_ones().into()))
    }),
];

fn real(a: &[Value], run: fn(f64) -> f64) -> Value {
    at(a, 0).real().map_or(Value::Null, |number| Value::Real(run(number)))
}

fn test(a: &[Value], run: fn(f64) -> bool) -> Value {
    at(a, 0).real().map_or(Value::Null, |number| Value::Bool(run(number)))
}

fn whole(a: &[Value], run: fn(i64, i64) -> Option<i64>) -> Value {
    match (at(a, 0).long(), at(a, 1).long()) {
        (Some(left), Some(right)) => run(left, right).map_or(Value::Null, Value::Long),
        _ => Value::Null,
    }
}

fn abs(a: &[Value]) -> Value {
    match at(a, 0) {
        Value::Int(number) => Value::Long(i64::from(*number).abs()),
        Value::Long(number) => number.checked_abs().map_or(Value::Null, Value::Long),
        Value::Timespan(ticks) => ticks.checked_abs().map_or(Value::Null, Value::Timespan),
        other => other.real().map_or(Value::Null, |number| Value::Real(number.abs())),
    }
}

fn round(a: &[Value]) -> Value {
    let Some(number) = at(a, 0).real() else { return Value::Null };
    let digits = i32::try_from(at(a, 1).long().unwrap_or_default().clamp(-300, 300)).unwrap_or_default();
    let scale = 10_f64.powi(digits);
    let rounded = (number * scale).round() / scale;
    Value::Real(if rounded.is_finite() { rounded } else { number })
}

fn extreme(a: &[Value], side: std::cmp::Ordering) -> Value {
    let kind = a
        .iter()
        .filter(|value| value.real().is_some() && !matches!(value, Value::DateTime(_)))
        .find_map(|value| matches!(value, Value::Real(_)).then_some(Kind::Real));
    let best = a
        .iter()
        .filter(|value| !value.is_null())
        .reduce(|best, value| if value.order(best) == Some(side) { value } else { best });
    match (best, kind) {
        (Some(value), Some(kind)) => convert(value, kind),
        (Some(Value::Int(number)), None) if a.iter().any(|value| matches!(value, Value::Long(_))) => {
            Value::Long(i64::from(*number))
        }
        (best, _) => best.cloned().unwrap_or(Value::Null),
    }
}

/// The largest multiple of `size` that is not above `value`.
pub(in crate::demo::kql) fn bin(value: &Value, size: &Value, from: &Value, kind: Kind) -> Value {
    if value.is_null() || size.is_null() {
        return Value::Null;
    }
    if kind == Kind::Real {
        let (Some(value), Some(size)) = (value.real(), size.real()) else { return Value::Null };
        let from = from.real().unwrap_or_default();
        let bin = ((value - from) / size).floor() * size + from;
        return if size > 0.0 && bin.is_finite() { Value::Real(bin) } else { Value::Null };
    }
    let size = match size {
        Value::Real(size) => cut(*size),
        other => other.long(),
    };
    let (Some(number), Some(size)) = (value.long(), size.filter(|size| *size > 0)) else { return Value::Null };
    let from = from.long().unwrap_or_default();
    let bin = number.checked_sub(from).and_then(|number| number.div_euclid(size).checked_mul(size)?.checked_add(from));
    match (bin, kind) {
        (None, _) => Value::Null,
        (Some(ticks), Kind::DateTime) => Value::DateTime(ticks),
        (Some(ticks), Kind::Timespan) => Value::Timespan(ticks),
        (Some(number), Kind::Int) => i32::try_from(number).map_or(Value::Null, Value::Int),
        (Some(number), _) => Value::Long(number),
    }
}
