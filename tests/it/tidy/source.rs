//! Source files as text, and the code in them without comments, literals and tests. It is no parser: it knows just enough
//! of Rust's tokens not to mistake a word in a comment for a word in the code.

use std::path::Path;

/// One file of the project.
#[derive(Debug, Clone)]
pub struct Source {
    /// From the project's top level on, with `/`: `src/tenant/url.rs`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// The project's top level.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `directory` with one of these endings, in the order of their paths. A directory that doesn't exist
/// holds none.
pub fn files_under(directory: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(top().join(&directory)) else { continue };
        for entry in entries {
            let entry = entry.unwrap();
            let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                waiting.push(path);
            } else if endings.iter().any(|ending| path.ends_with(ending)) {
                found.push(Source { text: std::fs::read_to_string(top().join(&path)).unwrap(), path });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The rooms of the house with all their files.
pub fn house() -> Vec<Source> {
    let files = files_under("src", &[".rs"]);
    assert!(files.len() > 10, "the house is not where these tests look for it");
    files
}

impl Source {
    /// A file that exists only in a test.
    pub fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The room it belongs to: the first name under `src`, without `.rs`.
    pub fn room(&self) -> &str {
        let name = self.path.strip_prefix("src/").unwrap_or(&self.path).split('/').next().unwrap_or_default();
        name.strip_suffix(".rs").unwrap_or(name)
    }

    /// How deep its module lies under the crate's root: 1 for `src/clock.rs` and `src/net/mod.rs`, 2 for `src/net/http.rs`.
    pub fn depth(&self) -> usize {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.split('/').filter(|name| !matches!(*name, "mod.rs" | "lib.rs" | "main.rs")).count()
    }

    /// The code, line by line where it was, without comments, without what stands in literals, without tests.
    pub fn code(&self) -> String {
        if self.path.ends_with("/tests.rs") { String::new() } else { without_tests(&blanked(&self.text).0) }
    }

    /// As [`Self::code`], with the tests.
    pub fn code_and_tests(&self) -> String {
        blanked(&self.text).0
    }

    /// What stands in the string literals, escapes as written.
    pub fn literals(&self) -> Vec<String> {
        blanked(&self.text).1
    }
}

/// Every place in `code` where the word `name` stands: what comes before it, and what comes after.
pub fn words<'a>(code: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    code.match_indices(name)
        .map(|(at, _)| (&code[..at], &code[at + name.len()..]))
        .filter(|(before, after)| !before.ends_with(is_of_word) && !after.starts_with(is_of_word))
        .collect()
}

/// The line that ends `before`, counted from 1.
pub fn line_after(before: &str) -> usize {
    before.matches('\n').count() + 1
}

/// The word at the beginning of `text`.
pub fn first_word(text: &str) -> &str {
    text.split(|character| !is_of_word(character)).next().unwrap_or_default()
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The code with comments and the contents of literals turned into blanks, and the contents of the string literals.
fn blanked(text: &str) -> (String, Vec<String>) {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let is_word_before = at > 0 && is_of_word(characters[at - 1]);
        let raw = if is_word_before { None } else { raw_string(rest) };
        let (length, literal) = if rest.starts_with(&['/', '/']) {
            (rest.iter().position(|character| *character == '\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with(&['/', '*']) {
            (block_comment(rest), None)
        } else if let Some((opening, closing, end)) = raw {
            (end, Some(rest[opening..end - closing].iter().collect()))
        } else if rest[0] == '"' {
            let end = quoted(rest, '"');
            (end, Some(rest[1..end.saturating_sub(1).max(1)].iter().collect()))
        } else if rest[0] == '\'' && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
            (quoted(rest, '\''), None)
        } else {
            code.push(rest[0]);
            at += 1;
            continue;
        };
        let is_literal = literal.is_some();
        literals.extend(literal);
        for (offset, character) in rest[..length].iter().enumerate() {
            let is_quote = is_literal && (offset == 0 || offset + 1 == length);
            code.push(match character {
                '\n' => '\n',
                _ if is_quote => '"',
                _ => ' ',
            });
        }
        at += length;
    }
    (code, literals)
}

/// The length of the literal at the beginning of `rest`, both quotes counted.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The lengths of the opening, of the closing and of the whole raw string at the beginning of `rest`.
fn raw_string(rest: &[char]) -> Option<(usize, usize, usize)> {
    let prefix = match rest {
        ['b' | 'c', 'r', ..] => 2,
        ['r', ..] => 1,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|character| **character == '#').count();
    let opening = prefix + hashes + 1;
    if rest.get(opening - 1) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let end = rest[opening..].windows(closing.len()).position(|window| window == closing)?;
    Some((opening, closing.len(), opening + end + closing.len()))
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 && at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at.min(rest.len())
}

/// `code`, which holds no comments and no literals, without the items marked `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = code.to_owned();
    while let Some(start) = kept.find(MARK) {
        let after = start + MARK.len();
        let body = after + kept[after..].find(['{', ';']).unwrap_or(kept.len() - after);
        let mut depth = 0_usize;
        let length = kept[body..]
            .char_indices()
            .find(|(_, character)| {
                match character {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            })
            .map_or(kept.len() - body, |(at, character)| at + character.len_utf8());
        let blank: String =
            kept[start..body + length].chars().map(|character| if character == '\n' { '\n' } else { ' ' }).collect();
        kept.replace_range(start..body + length, &blank);
    }
    kept
}

#[test]
fn words_in_comments_literals_and_tests_are_not_code() {
    let source = Source::planted(
        "src/net/http.rs",
        concat!(
            "//! alpha\n",
            "/* alpha /* alpha */ alpha */ fn beta<'a>(c: char) -> bool { c == '\"' || c == '\\'' }\n",
            "const GAMMA: &str = \"alpha \\\" // alpha\"; const DELTA: &str = r#\"alpha \" \"#;\n",
            "#[cfg(test)]\nmod tests { fn alpha() { if true { } } }\n",
            "fn epsilon() {}\n",
        ),
    );
    let code = source.code();
    assert!(words(&code, "alpha").is_empty(), "{code}");
    for word in ["beta", "GAMMA", "DELTA", "epsilon"] {
        assert_eq!(words(&code, word).len(), 1, "{word} in {code}");
    }
    assert_eq!(words(&source.code_and_tests(), "alpha").len(), 1);
    assert_eq!(source.literals(), ["alpha \\\" // alpha", "alpha \" "]);
    assert_eq!(line_after(words(&code, "epsilon")[0].0), 6);
}
