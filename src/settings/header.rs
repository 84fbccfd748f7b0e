//! Text that goes into a header of a request.

/// Takes text that a header can hold: one line without control characters.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_header_text(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("it goes into a header, which takes one line without control characters".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_line_goes_into_a_header() {
        for good in ["W/\"123\"", "*", "my_solution", "Lösung", ""] {
            assert_eq!(parse_header_text(good).as_deref(), Ok(good));
        }
        for bad in ["a\r\nX: y", "a\nb", "a\0", "a\u{85}b"] {
            assert!(parse_header_text(bad).is_err(), "{bad:?}");
        }
    }
}
