//! Cuts the text of a `$filter` into tokens. It never judges their order.

use crate::sandbox::odata::{Literal, Malformed};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a path of names, an operator.
    Word(String),
    /// A literal.
    Literal(Literal),
    /// `[…]`, as it stands.
    List(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `=`
    Equals,
}

/// A token with the character it begins at.
pub(super) type Placed = (Token, usize);

/// Cuts `text` into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Malformed> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        let start = at;
        let token = match character {
            ' ' | '\t' | '\r' | '\n' => {
                at += 1;
                continue;
            }
            '(' | ')' | ',' | '=' => {
                at += 1;
                match character {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    ',' => Token::Comma,
                    _ => Token::Equals,
                }
            }
            '\'' => Token::Literal(Literal::Text(quoted(&characters, &mut at, text)?)),
            '[' => Token::List(list(&characters, &mut at, text)?),
            character if is_bare(*character) => {
                while characters.get(at).is_some_and(|character| is_bare(*character)) {
                    at += 1;
                }
                let word: String = characters[start..at].iter().collect();
                if characters.get(at) == Some(&'\'') {
                    Token::Literal(Literal::Member { of: word, name: quoted(&characters, &mut at, text)? })
                } else {
                    Literal::bare(&word).map_or(Token::Word(word), Token::Literal)
                }
            }
            other => {
                return Err(Malformed::syntax(format!(
                    "Syntax error: character '{other}' is not valid at position {start} in '{text}'."
                )));
            }
        };
        tokens.push((token, start));
    }
    Ok(tokens)
}

fn is_bare(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '/' | '.' | '@' | ':' | '+' | '-' | '$' | '*')
}

/// Quoted text from the apostrophe at `at` on; a doubled apostrophe stands for one.
fn quoted(characters: &[char], at: &mut usize, text: &str) -> Result<String, Malformed> {
    let mut content = String::new();
    let mut next = *at + 1;
    loop {
        match (characters.get(next), characters.get(next + 1)) {
            (Some('\''), Some('\'')) => {
                content.push('\'');
                next += 2;
            }
            (Some('\''), _) => {
                *at = next + 1;
                return Ok(content);
            }
            (Some(character), _) => {
                content.push(*character);
                next += 1;
            }
            (None, _) => {
                return Err(Malformed::syntax(format!(
                    "There is an unterminated literal at position {} in '{text}'.",
                    characters.len()
                )));
            }
        }
    }
}

/// A JSON array from the bracket at `at` on. Brackets inside JSON text do not count; text stands in quotes of either kind,
/// and where that makes no end, as with an apostrophe left alone, in double quotes only.
fn list(characters: &[char], at: &mut usize, text: &str) -> Result<String, Malformed> {
    let end = list_end(characters, *at, &['"', '\'']).or_else(|| list_end(characters, *at, &['"']));
    let unterminated =
        || Malformed::syntax(format!("There is an unterminated list at position {} in '{text}'.", characters.len()));
    let end = end.ok_or_else(unterminated)?;
    let list = characters[*at..end].iter().collect();
    *at = end;
    Ok(list)
}

/// The place behind the bracket that closes the one at `start`.
fn list_end(characters: &[char], start: usize, quotes: &[char]) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut next = start;
    while let Some(character) = characters.get(next) {
        next += 1;
        match (quote, character) {
            (Some(_), '\\') => next += 1,
            (Some(open), character) if open == *character => quote = None,
            (None, character) if quotes.contains(character) => quote = Some(*character),
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            (Some(_) | None, _) => {}
        }
        if depth == 0 {
            return Some(next.min(characters.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apostrophe_left_alone_is_told_with_its_position() {
        let error = tokens("lastname eq 'O'Bryan'").unwrap_err();
        let expected = "There is an unterminated literal at position 21 in 'lastname eq 'O'Bryan''.";
        assert_eq!(error, Malformed::syntax(expected));
    }

    #[test]
    fn a_list_ends_where_its_json_ends() {
        let tokens = tokens(r#"X(A=["a]b","c\"]"])"#).unwrap();
        assert_eq!(tokens[4].0, Token::List(r#"["a]b","c\"]"]"#.to_owned()));
        assert_eq!(tokens.len(), 6);
        for list in ["['a]','b']", "[\"O'Brian]\"]", "['O'Brian']", "[1,2]"] {
            let tokens = super::tokens(&format!("X(A={list})")).unwrap();
            assert_eq!(tokens[4].0, Token::List(list.to_owned()));
        }
    }
}
