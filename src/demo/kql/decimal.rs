//! Decimal numbers: a whole number and where its point stands.
//!
//! Chosen: 34 digits are Kusto's; this keeps what fits 128 bits and gives
//! null where it does not.

use std::cmp::Ordering;
use std::fmt;

/// `units` of ten to the power of minus `scale`.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Decimal {
    units: i128,
    scale: u32,
}

/// Digits behind the point that a quotient gets.
const QUOTIENT_SCALE: u32 = 17;
const MOST_SCALE: u32 = 34;

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if part.starts_with(['+', '-']) || (whole.trim_start_matches(['+', '-']).is_empty() && part.is_empty()) {
            return None;
        }
        let units: i128 = format!("{whole}{part}").parse().ok()?;
        let scale = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(scale) {
            Ok(scale) if scale <= MOST_SCALE => Some(Self { units, scale }),
            Ok(_) => None,
            Err(_) => Some(Self { units: units.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?, scale: 0 }),
        }
    }

    pub(super) fn whole(number: i64) -> Self {
        Self { units: i128::from(number), scale: 0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "as a decimal turns into a real")]
    pub(super) fn real(self) -> f64 {
        self.to_string().parse().unwrap_or(self.units as f64)
    }

    /// Towards zero.
    pub(super) fn long(self) -> Option<i64> {
        i64::try_from(self.units / 10_i128.checked_pow(self.scale)?).ok()
    }

    fn at(self, scale: u32) -> Option<i128> {
        self.units.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { units: self.at(scale)?.checked_add(other.at(scale)?)?, scale })
    }

    pub(super) fn negate(self) -> Option<Self> {
        Some(Self { units: self.units.checked_neg()?, scale: self.scale })
    }

    pub(super) fn multiply(self, other: Self) -> Option<Self> {
        let scale = self.scale + other.scale;
        (scale <= MOST_SCALE).then_some(Self { units: self.units.checked_mul(other.units)?, scale })
    }

    pub(super) fn divide(self, other: Self) -> Option<Self> {
        let scale = QUOTIENT_SCALE.max(self.scale);
        let shift = (scale + other.scale).checked_sub(self.scale)?;
        let units = self.units.checked_mul(10_i128.checked_pow(shift)?)?.checked_div(other.units)?;
        Some(Self { units, scale })
    }

    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { units: self.at(scale)?.checked_rem_euclid(other.at(scale)?)?, scale })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let scale = self.scale.max(other.scale);
        match (self.at(scale), other.at(scale)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let part = part.trim_end_matches('0');
        let sign = if self.units < 0 { "-" } else { "" };
        if part.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}
