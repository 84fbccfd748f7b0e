//! An exact decimal number, for money and for the literals it is compared with. It never passes through floating point.

use std::cmp::Ordering;
use std::fmt;

/// How many significant digits are kept: those of .NET's `Decimal`, in which the service counts.
const DIGITS: u32 = 28;

/// A decimal number: `units / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    units: i128,
    scale: u32,
}

impl Number {
    /// Reads a JSON or OData number: sign, digits, fraction, exponent. `None` for anything else, or above 28 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let mut units = 0_i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let mut scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        while scale > 0 && units % 10 == 0 && units != 0 {
            units /= 10;
            scale -= 1;
        }
        if units == 0 {
            scale = 0;
        }
        if scale < 0 {
            units = units.checked_mul(10_i128.checked_pow(u32::try_from(-scale).ok()?)?)?;
            scale = 0;
        }
        let scale = u32::try_from(scale).ok().filter(|scale| *scale <= DIGITS)?;
        if units >= 10_i128.pow(DIGITS) {
            return None;
        }
        Some(Self { units: if text.starts_with('-') { -units } else { units }, scale })
    }

    /// A whole number.
    pub const fn whole(value: i64) -> Self {
        Self { units: value as i128, scale: 0 }
    }

    /// `units / 10^scale`, for numbers that are made rather than read.
    pub const fn new(units: i128, scale: u32) -> Self {
        Self { units, scale }
    }

    /// The same number with exactly `scale` digits after the point, rounded half away from zero where some are lost.
    pub fn with_scale(self, scale: u32) -> Self {
        if scale >= self.scale {
            let factor = 10_i128.pow(scale - self.scale);
            return self.units.checked_mul(factor).map_or(self, |units| Self { units, scale });
        }
        let divisor = 10_i128.pow(self.scale - scale);
        let half = divisor / 2 * self.units.signum();
        Self { units: (self.units + half) / divisor, scale }
    }

    /// The sum, at the larger scale of the two; `self` where it would not fit.
    pub fn plus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.with_scale(scale), other.with_scale(scale));
        left.units.checked_add(right.units).map_or(self, |units| Self { units, scale })
    }

    /// The product, rounded to `scale` digits after the point; nothing where it would not fit.
    pub fn times(self, other: Self, scale: u32) -> Self {
        let (left, right) = (self.trimmed(), other.trimmed());
        let product = left.units.checked_mul(right.units).map(|units| Self { units, scale: left.scale + right.scale });
        product.unwrap_or(Self::whole(0)).with_scale(scale)
    }

    /// The same amount on the other side of zero.
    pub fn negated(self) -> Self {
        Self { units: -self.units, ..self }
    }

    /// The same number without zeros at the end of its fraction.
    pub fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The number as an integer, if it is one that fits.
    pub fn as_whole(self) -> Option<i64> {
        let trimmed = self.trimmed();
        (trimmed.scale == 0).then(|| i64::try_from(trimmed.units).ok()).flatten()
    }

    /// The number parted by a whole one, with some more digits after the point.
    pub fn over(self, parts: i64) -> Self {
        let scale = self.scale.max(6);
        let wide = self.with_scale(scale);
        Self { units: wide.units / i128::from(parts).max(1), scale: wide.scale }.trimmed()
    }

    fn parts(self) -> (i128, i128) {
        let unit = 10_i128.pow(self.scale);
        (self.units / unit, self.units % unit * 10_i128.pow(DIGITS.saturating_sub(self.scale)))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let unit = 10_u128.pow(self.scale);
        let (whole, fraction) = (self.units.unsigned_abs() / unit, self.units.unsigned_abs() % unit);
        if self.scale == 0 {
            return write!(formatter, "{sign}{whole}");
        }
        write!(formatter, "{sign}{whole}.{fraction:0width$}", width = self.scale as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (text, scale, shown) in [
            ("922337203685477.5807", 4, "922337203685477.5807"),
            ("-922337203685477.5808", 4, "-922337203685477.5808"),
            ("125000", 4, "125000.0000"),
            ("1.25E3", 4, "1250.0000"),
            ("12e-3", 4, "0.0120"),
            ("0.00005", 4, "0.0001"),
            ("-0.00005", 4, "-0.0001"),
            ("0", 2, "0.00"),
            ("0e99", 0, "0"),
            ("47.639583", 5, "47.63958"),
        ] {
            assert_eq!(Number::parse(text).unwrap().with_scale(scale).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", "1.", ".5", "1e", "1e99", "--1", "1_000", "0x10", "NaN", "12345678901234567890123456789"]
        {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_value_whatever_their_scale() {
        for (less, more) in [("1", "1.0001"), ("-1.5", "-1"), ("-0.5", "0.3"), ("9.99", "10"), ("0.1", "1e2")] {
            assert!(Number::parse(less).unwrap() < Number::parse(more).unwrap(), "{less} {more}");
        }
        assert_eq!(Number::parse("1.50").unwrap(), Number::parse("1.5").unwrap());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[-+0-9.eE]{0,40}") {
            if let Some(number) = Number::parse(&text) {
                let _ = (number.with_scale(4).to_string(), number.trimmed().cmp(&Number::whole(1)));
            }
        }
    }
}
