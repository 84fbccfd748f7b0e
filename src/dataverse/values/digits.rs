//! Decimal numbers as text: written the one way JSON has, and compared without losing a digit. Pure.

use std::cmp::Ordering;

/// A decimal number: its digits without zeros at either end, and where the point stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    is_negative: bool,
    /// Digits from the first that is not zero to the last that is not.
    significant: String,
    /// The value is 0.DIGITS × 10^exponent.
    exponent: i64,
}

/// `text` as a JSON number with the same digits, if it is a plain decimal number: a sign, digits, a point with digits behind.
pub(super) fn plain(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    if !has_digits || !is_digits(whole) || !fraction.is_none_or(|fraction| !fraction.is_empty() && is_digits(fraction))
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    })
}

/// How many digits stand after the point, zeros at the end not counted.
pub(super) fn fraction_digits(plain: &str) -> usize {
    plain.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len())
}

impl Digits {
    /// Reads a JSON number, with an exponent or without.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let mantissa = plain(mantissa)?;
        let (is_negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.as_str()),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - significant.len()).ok()?;
        let significant = significant.trim_end_matches('0').to_owned();
        if significant.is_empty() {
            return Some(Self { is_negative: false, significant, exponent: 0 });
        }
        let exponent = i64::try_from(whole.len()).ok()?.checked_sub(leading)?.checked_add(power)?;
        Some(Self { is_negative, significant, exponent })
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.significant.is_empty(), other.significant.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Without zeros in front, text of digits is ordered as the fractions they stand for.
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.significant.cmp(&other.significant)),
        }
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_the_one_way_json_has() {
        for (typed, written) in [
            ("12", Some("12")),
            ("+12", Some("12")),
            ("-0012.50", Some("-12.50")),
            ("0", Some("0")),
            (".5", Some("0.5")),
            ("922337203685477.5807", Some("922337203685477.5807")),
            ("1.", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1,000", None),
            ("1e3", None),
            ("0x10", None),
            ("1.2.3", None),
            ("NaN", None),
            ("١", None),
        ] {
            assert_eq!(plain(typed).as_deref(), written, "{typed}");
        }
    }

    #[test]
    fn numbers_are_ordered_to_the_last_digit() {
        let rising = [
            "-1E11",
            "-922337203685477.5808",
            "-922337203685477.5807",
            "-1",
            "-0.1",
            "0",
            "0.09",
            "0.1",
            "1",
            "9.99",
            "10",
            "922337203685477.5807",
            "922337203685477.5808",
        ];
        let rising: Vec<_> = rising.iter().map(|text| Digits::parse(text).unwrap()).collect();
        assert!(rising[1..].is_sorted_by(|a, b| a < b));
        assert_eq!(Digits::parse("1E2"), Digits::parse("100.000"));
        assert_eq!(Digits::parse("-0.0"), Digits::parse("0"));
    }

    proptest! {
        #[test]
        fn whole_numbers_are_ordered_as_numbers(a in any::<i64>(), b in any::<i64>()) {
            let digits = |number: i64| Digits::parse(&number.to_string()).unwrap();
            prop_assert_eq!(digits(a).cmp(&digits(b)), a.cmp(&b));
        }
    }
}
