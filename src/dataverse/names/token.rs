//! A condition in OData cut into its tokens. Pure. It knows no grammar; what it can't cut is told by `None`, and nothing is
//! concluded from it. Source: OData 4.0, "ABNF Construction Rules".

/// A piece of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, an operator, a function: `name`, `eq`, `contains`, `$count`.
    Word(&'a str),
    /// A name with dots: `Microsoft.Dynamics.CRM.Today`.
    Dotted(&'a str),
    /// A text without its quotes; two quotes inside stand for one.
    Text(&'a str),
    /// Any other literal: a number, a GUID, a date, an alias, `"…"` in a list.
    Literal,
    /// `/`
    Slash,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `:`
    Colon,
    /// `=`
    Equals,
    /// `,`, `[`, `]`
    Other,
}

/// The tokens, or nothing where one can't be told.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' => text_of(rest)?,
            '"' => (Token::Literal, quoted(rest)?),
            '/' => (Token::Slash, 1),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ':' => (Token::Colon, 1),
            '=' => (Token::Equals, 1),
            ',' | '[' | ']' => (Token::Other, 1),
            '@' => (Token::Literal, 1 + length_while(&rest[1..], is_name)),
            '-' | '0'..='9' => (Token::Literal, 1 + length_while(&rest[1..], is_of_number)),
            '$' | '_' | 'a'..='z' | 'A'..='Z' => match guid(rest) {
                Some(length) => (Token::Literal, length),
                None => word(rest)?,
            },
            _ => return None,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

fn length_while(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_part(letter)).unwrap_or(text.len())
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// What numbers, GUIDs, dates and times are made of.
fn is_of_number(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '+' | '.' | ':')
}

/// A text from its opening quote on, with its length on paper.
fn text_of(rest: &str) -> Option<(Token<'_>, usize)> {
    let mut at = 1;
    loop {
        at += rest[at..].find('\'')?;
        if !rest[at + 1..].starts_with('\'') {
            return Some((Token::Text(&rest[1..at]), at + 1));
        }
        at += 2;
    }
}

/// The length of a JSON text, its quotes included.
fn quoted(rest: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a bare GUID that begins with a letter, as nothing else with a dash does.
fn guid(rest: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let is_it = uuid::Uuid::try_parse(rest.get(..LENGTH)?).is_ok();
    (is_it && !rest[LENGTH..].starts_with(is_name)).then_some(LENGTH)
}

/// A name, or a literal such as `duration'P1D'` that begins like one.
fn word(rest: &str) -> Option<(Token<'_>, usize)> {
    let length = 1 + length_while(&rest[1..], |letter| is_name(letter) || letter == '.');
    let word = &rest[..length];
    if rest[length..].starts_with('\'') {
        let (_, text) = text_of(&rest[length..])?;
        return Some((Token::Literal, length + text));
    }
    Some((if word.contains('.') { Token::Dotted(word) } else { Token::Word(word) }, length))
}
