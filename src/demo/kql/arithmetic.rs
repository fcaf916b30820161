//! Sums and products.

use super::bind::Typed;
use super::decimal::Decimal;
use super::error::Error;
use super::functions::conversion::convert;
use super::syntax::Sign;
use super::time;
use super::value::{Kind, Value};

pub(super) fn negate(inner: &Typed) -> Result<Typed, Error> {
    let kind = match inner.kind {
        Kind::Int | Kind::Dynamic => Kind::Long,
        kind @ (Kind::Long | Kind::Real | Kind::Decimal | Kind::Timespan) => kind,
        other => return Err(Error::semantic("SEM0001", format!("Cannot negate a value of type {}", other.name()))),
    };
    let part = inner.clone();
    Typed::of(kind, &[inner], move |cursor| match convert(&part.at(cursor), kind) {
        Value::Long(number) => number.checked_neg().map_or(Value::Null, Value::Long),
        Value::Real(number) => Value::Real(-number),
        Value::Decimal(number) => number.negate().map_or(Value::Null, Value::Decimal),
        Value::Timespan(ticks) => ticks.checked_neg().map_or(Value::Null, Value::Timespan),
        _ => Value::Null,
    })
}

pub(super) fn binary(sign: Sign, left: &Typed, right: &Typed) -> Result<Typed, Error> {
    // A dynamic value is taken as what stands on the other side.
    let as_other = |own: Kind, other: Kind| match (own, other) {
        (Kind::Dynamic, Kind::Dynamic) => Kind::Real,
        (Kind::Dynamic, other) => other,
        (own, _) => own,
    };
    let kinds = (as_other(left.kind, right.kind), as_other(right.kind, left.kind));
    let Some(kind) = result(sign, kinds) else {
        let message = format!(
            "Arithmetic expression cannot be carried-out between types {} and {}",
            left.kind.name(),
            right.kind.name()
        );
        return Err(Error::semantic("SEM0031", message));
    };
    let (first, second) = (left.clone(), right.clone());
    Typed::of(kind, &[left, right], move |cursor| {
        let (left, right) = (convert(&first.at(cursor), kinds.0), convert(&second.at(cursor), kinds.1));
        compute(sign, kind, &left, &right).unwrap_or(Value::Null)
    })
}

fn result(sign: Sign, kinds: (Kind, Kind)) -> Option<Kind> {
    use Kind::{DateTime, Int, Long, Real, Timespan};
    Some(match (kinds, sign) {
        ((left, right), _) if left.is_number() && right.is_number() => match left.wider(right) {
            Int => Long,
            wider => wider,
        },
        ((DateTime, Timespan), Sign::Add | Sign::Subtract) | ((Timespan, DateTime), Sign::Add) => DateTime,
        ((DateTime, DateTime), Sign::Subtract) | ((DateTime, Timespan), Sign::Remainder) => Timespan,
        ((Timespan, Timespan), Sign::Add | Sign::Subtract | Sign::Remainder) => Timespan,
        ((Timespan, Timespan), Sign::Divide) => Real,
        ((Timespan, number), Sign::Multiply | Sign::Divide) | ((number, Timespan), Sign::Multiply)
            if number.is_number() =>
        {
            Timespan
        }
        _ => return None,
    })
}

fn compute(sign: Sign, kind: Kind, left: &Value, right: &Value) -> Option<Value> {
    if left.is_null() || right.is_null() {
        return None;
    }
    match kind {
        Kind::Real => real(sign, left.real()?, right.real()?).map(Value::Real),
        Kind::Decimal => decimal(sign, left, right).map(Value::Decimal),
        Kind::DateTime => time::in_range(whole(sign, left.long()?, right.long()?)?).map(Value::DateTime),
        Kind::Timespan => span(sign, left, right).map(Value::Timespan),
        _ => whole(sign, left.long()?, right.long()?).map(Value::Long),
    }
}

fn whole(sign: Sign, left: i64, right: i64) -> Option<i64> {
    match sign {
        Sign::Add => left.checked_add(right),
        Sign::Subtract => left.checked_sub(right),
        Sign::Multiply => left.checked_mul(right),
        Sign::Divide => left.checked_div(right),
        // Spec: the remainder is small and not negative.
        _ => left.checked_rem_euclid(right),
    }
}

fn real(sign: Sign, left: f64, right: f64) -> Option<f64> {
    Some(match sign {
        Sign::Add => left + right,
        Sign::Subtract => left - right,
        Sign::Multiply => left * right,
        Sign::Divide => left / right,
        _ => left.rem_euclid(right),
    })
}

fn decimal(sign: Sign, left: &Value, right: &Value) -> Option<Decimal> {
    let number = |value: &Value| match convert(value, Kind::Decimal) {
        Value::Decimal(number) => Some(number),
        _ => None,
    };
    let (left, right) = (number(left)?, number(right)?);
    match sign {
        Sign::Add => left.add(right),
        Sign::Subtract => left.add(right.negate()?),
        Sign::Multiply => left.multiply(right),
        Sign::Divide => left.divide(right),
        _ => left.remainder(right),
    }
}

fn span(sign: Sign, left: &Value, right: &Value) -> Option<i64> {
    let scaled = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie within")]
        let ticks = number.round() as i64;
        (number.abs() < 9.2e18).then_some(ticks)
    };
    match (left, right) {
        (Value::Timespan(ticks), number @ (Value::Real(_) | Value::Decimal(_)))
        | (number @ (Value::Real(_) | Value::Decimal(_)), Value::Timespan(ticks)) => {
            let (ticks, number) = (Value::Timespan(*ticks).real()?, number.real()?);
            scaled(if sign == Sign::Divide { ticks / number } else { ticks * number })
        }
        _ => whole(sign, left.long()?, right.long()?),
    }
}
