//! A condition that the service could not read because of its quotes, written as it would read it. Pure; whether it was the
//! quotes is judged by whoever has the refusal.

use uuid::Uuid;

/// What stands in front of the values of a query function.
const VALUES: &str = "PropertyValues=[";

/// The `$filter` of a path, not encoded.
pub(super) fn filter_of(path: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "$filter")
        .map(|(_, value)| value.into_owned())
}

/// The condition with ids without quotes and the values of query functions in double quotes; `None` where it has neither
/// fault.
pub(super) fn mended(filter: &str) -> Option<String> {
    let mut mended = String::with_capacity(filter.len());
    let (mut rest, mut is_list) = (filter, false);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with(VALUES) {
            mended.push_str(VALUES);
            (rest, is_list) = (&rest[VALUES.len()..], true);
        } else if first == '"' && is_list {
            let end = closed(rest, '"')?;
            mended.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if first == '\'' {
            let end = closed(rest, '\'')?;
            let text = rest[1..end - 1].replace("''", "'");
            if is_list {
                mended.push_str(&serde_json::Value::from(text).to_string());
            } else if Uuid::try_parse(&text).is_ok() && text.len() == 36 {
                mended.push_str(&text);
            } else {
                mended.push_str(&rest[..end]);
            }
            rest = &rest[end..];
        } else {
            is_list &= first != ']';
            mended.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (mended != filter).then_some(mended)
}

/// Where a quoted text ends; a doubled quote is a part of it, and so is one behind a backslash in double quotes.
fn closed(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let is_followed = |letters: &mut std::iter::Peekable<_>| letters.next_if(|(_, next)| *next == quote).is_some();
        match letter {
            '\\' if quote == '"' => drop(letters.next()),
            letter if letter == quote && !(quote == '\'' && is_followed(&mut letters)) => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The text in a shell's double quotes; `None` where it holds what nobody can quote there.
pub(super) fn for_shell(text: &str) -> Option<String> {
    if text.contains(|letter: char| letter == '!' || letter.is_control()) {
        return None;
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    #[test]
    fn ids_lose_their_quotes_and_the_values_of_functions_get_the_right_ones() {
        for (filter, expected) in [
            (format!("accountid eq '{ID}'"), Some(format!("accountid eq {ID}"))),
            (
                format!("name eq 'O''Neil' and accountid ne '{ID}'"),
                Some(format!("name eq 'O''Neil' and accountid ne {ID}")),
            ),
            (
                "Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=['O''Brian','Ng'])".to_owned(),
                Some(
                    "Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=[\"O'Brian\",\"Ng\"])".to_owned(),
                ),
            ),
            (
                format!("Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=[\"]\",'{ID}']) and b eq '{ID}'"),
                Some(format!(
                    "Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=[\"]\",\"{ID}\"]) and b eq {ID}"
                )),
            ),
            ("name eq 'x'".to_owned(), None),
            (format!("accountid eq {ID}"), None),
            ("name eq 'x".to_owned(), None),
            (format!("name eq '{{{ID}}}'"), None),
        ] {
            assert_eq!(mended(&filter), expected, "{filter}");
        }
    }

    #[test]
    fn a_condition_is_quoted_for_the_shell_that_it_is_typed_into() {
        assert_eq!(for_shell("a eq 'b'").as_deref(), Some("\"a eq 'b'\""));
        assert_eq!(for_shell("V=[\"$x\"]").as_deref(), Some("\"V=[\\\"\\$x\\\"]\""));
        assert_eq!(for_shell("a\nb"), None);
    }

    #[test]
    fn the_condition_is_taken_out_of_the_address() {
        assert_eq!(filter_of("/api/accounts?$select=name&$filter=a%20eq%20'%C3%A9'").as_deref(), Some("a eq 'é'"));
        assert_eq!(filter_of("/api/accounts"), None);
    }

    proptest! {
        #[test]
        fn no_condition_breaks_the_mending(filter in "('|\"|\\\\|\\[|\\]|PropertyValues=\\[|a|é| ){0,30}") {
            mended(&filter);
        }
    }
}
