//! JSON arrays in addresses, as the service's JSON reader takes them: text in double quotes or in apostrophes. It never says
//! which column the members are for.

use crate::sandbox::odata::Malformed;

/// What the service says of an apostrophe inside text that stands in apostrophes. Source: Microsoft Learn, "Filter rows using
/// OData", on names such as O'Brian.
const NO_COMMA: &str = "Invalid JSON. A comma character ',' was expected in scope 'Array'. Every two elements in an array \
                        and properties of an object must be separated by commas.";

/// The members of a JSON array as text; numbers keep their digits.
pub(crate) fn json_list(json: &str) -> Result<Vec<String>, Malformed> {
    let no_list = || Malformed::syntax("Invalid JSON. A list of text and numbers stands in square brackets.");
    let mut rest = json.trim().strip_prefix('[').ok_or_else(no_list)?.trim_start();
    let mut members = Vec::new();
    if let Some(after) = rest.strip_prefix(']') {
        return if after.is_empty() { Ok(members) } else { Err(no_list()) };
    }
    loop {
        let (member, after) = member(rest)?;
        members.push(member);
        rest = after.trim_start();
        match rest.chars().next() {
            Some(',') => rest = rest[1..].trim_start(),
            Some(']') if rest.len() == 1 => return Ok(members),
            Some(']') | None => return Err(no_list()),
            Some(_) => return Err(Malformed::syntax(NO_COMMA)),
        }
    }
}

/// One member, and what stands behind it.
fn member(text: &str) -> Result<(String, &str), Malformed> {
    let unfit = || Malformed::syntax("Invalid JSON. A list holds text and numbers only.");
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        let end = text.find(|letter: char| matches!(letter, ',' | ']') || letter.is_whitespace()).unwrap_or(text.len());
        let bare = &text[..end];
        let is_value = matches!(bare, "true" | "false") || serde_json::from_str::<serde_json::Number>(bare).is_ok();
        return if is_value { Ok((bare.to_owned(), &text[end..])) } else { Err(unfit()) };
    };
    let (mut double, mut is_escaped) = (String::from("\""), false);
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '\'' if is_escaped => {
                // Only the reader of apostrophes knows this escape.
                double.pop();
                double.push('\'');
            }
            letter if letter == quote && !is_escaped => {
                double.push('"');
                let member = serde_json::from_str(&double).map_err(|_| unfit())?;
                return Ok((member, &text[at + 1..]));
            }
            '"' if quote == '\'' && !is_escaped => double.push_str("\\\""),
            other => double.push(other),
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    Err(Malformed::syntax("Invalid JSON. A text in a list is not closed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_in_quotes_of_either_kind() {
        for (json, expected) in [
            ("[]", vec![]),
            ("[\"a\", 'b' ,5,-1.50,true]", vec!["a", "b", "5", "-1.50", "true"]),
            ("[\"O'Brian\",\"a\\\"b\"]", vec!["O'Brian", "a\"b"]),
            (r#"['say "x"', 'O\'Brian', '\u00e9']"#, vec!["say \"x\"", "O'Brian", "é"]),
        ] {
            assert_eq!(json_list(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn an_apostrophe_left_alone_misses_its_comma() {
        for json in ["['O'Brian','Ng']", "['O''Brian']", "[\"a\" \"b\"]"] {
            assert_eq!(json_list(json), Err(Malformed::syntax(NO_COMMA)), "{json}");
        }
        for json in ["", "x", "[", "['a", "[a]", "[[1]]", "[{}]", "[1,]", "[1]x", "[]]", "null", "[null]", "['\\"] {
            assert!(json_list(json).is_err(), "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[\\[\\]'\"\\\\,a1é ]{0,20}") {
            let _ = json_list(&text);
        }
    }
}
