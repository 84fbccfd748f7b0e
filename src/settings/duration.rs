//! Durations as people write them: `90s`, `5m`, `1h`. Nothing here waits.

use std::time::Duration;

/// Reads `90s`, `5m`, `1h`; a bare number is seconds.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, seconds_each) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let number: u32 = number.parse().map_err(|_| "write it as `90s`, `5m` or `1h`".to_owned())?;
    if number == 0 {
        return Err("it must be longer than nothing".to_owned());
    }
    Ok(Duration::from_secs(u64::from(number) * seconds_each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("1h", 3600), ("45", 45), ("4294967295h", 15_461_882_262_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1.5h", "5 m", "1d", "0", "0s", "99999999999"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
