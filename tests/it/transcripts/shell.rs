//! As much of a shell's grammar as documents need: quotes, variables, `$(…)`, pipes, redirections and assignments before
//! a command. Nothing is run here, and what is beyond it is refused rather than misread.

use std::iter::Peekable;
use std::str::Chars;

/// One part of a word, and whether what it becomes may fall into several words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// `$name`, `${name}` or `$?`.
    Variable {
        name: String,
        splits: bool,
    },
    /// `$(…)`.
    Output {
        command: String,
        splits: bool,
    },
}

pub type Word = Vec<Piece>;

/// One command of a pipeline.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// `NAME=value` before it.
    pub assignments: Vec<(String, Word)>,
    /// Its name and arguments.
    pub words: Vec<Word>,
    /// After `<`.
    pub input: Option<Word>,
    /// After `>`.
    pub output: Option<Word>,
}

/// Reads one line as a pipeline. A comment is an empty one.
pub fn parse(line: &str) -> Vec<Command> {
    let mut characters = line.chars().peekable();
    let mut pipeline = vec![Command::default()];
    loop {
        while characters.next_if(|it| it.is_whitespace()).is_some() {}
        let command = pipeline.last_mut().expect("there is a first command");
        match characters.peek() {
            None | Some('#') => break,
            Some('|') => {
                characters.next();
                assert!(characters.peek() != Some(&'|'), "`||` is more than this shell knows: {line}");
                pipeline.push(Command::default());
            }
            Some(sign @ ('<' | '>')) => {
                let is_input = *sign == '<';
                characters.next();
                assert!(!matches!(characters.peek(), Some('<' | '>' | '&')), "too much redirection: {line}");
                while characters.next_if_eq(&' ').is_some() {}
                let target = Some(word(&mut characters, line));
                if is_input { command.input = target } else { command.output = target }
            }
            Some(sign @ (';' | '&' | '(' | ')')) => panic!("`{sign}` is more than this shell knows: {line}"),
            Some(_) => {
                let word = word(&mut characters, line);
                match assignment(&word).filter(|_| command.words.is_empty()) {
                    Some(assignment) => command.assignments.push(assignment),
                    None => command.words.push(word),
                }
            }
        }
    }
    pipeline
}

/// `name=value`, where the name is a variable's.
pub fn assignment(word: &[Piece]) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.first() else { return None };
    let (name, rest) = first.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    is_name.then(|| (name.to_owned(), [&[Piece::Text(rest.to_owned())], &word[1..]].concat()))
}

fn word(characters: &mut Peekable<Chars<'_>>, line: &str) -> Word {
    let mut word = Word::new();
    let mut text = String::new();
    // An empty pair of quotes is a word too.
    let mut is_quoted = false;
    let mut in_quotes = false;
    while let Some(&character) = characters.peek() {
        match character {
            '"' => {
                characters.next();
                (in_quotes, is_quoted) = (!in_quotes, true);
            }
            '\'' if !in_quotes => {
                characters.next();
                is_quoted = true;
                text.extend(characters.by_ref().take_while(|it| *it != '\''));
            }
            '\\' => {
                characters.next();
                let escaped = characters.next().expect("something after a backslash");
                if in_quotes && !matches!(escaped, '"' | '\\' | '$' | '`') {
                    text.push('\\');
                }
                text.push(escaped);
            }
            '$' => {
                characters.next();
                match expansion(characters, !in_quotes, line) {
                    None => text.push('$'),
                    Some(piece) => {
                        word.push(Piece::Text(std::mem::take(&mut text)));
                        word.push(piece);
                    }
                }
            }
            it if !in_quotes && (it.is_whitespace() || "|<>;&()".contains(it)) => break,
            it => {
                characters.next();
                text.push(it);
            }
        }
    }
    assert!(!in_quotes, "a quote is left open: {line}");
    if !text.is_empty() || (word.is_empty() && is_quoted) {
        word.push(Piece::Text(text));
    }
    word.retain(|piece| is_quoted || *piece != Piece::Text(String::new()));
    word
}

fn expansion(characters: &mut Peekable<Chars<'_>>, splits: bool, line: &str) -> Option<Piece> {
    match characters.peek()? {
        '(' => {
            characters.next();
            let mut depth = 1;
            let command: String = characters
                .by_ref()
                .take_while(|it| {
                    depth += match it {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                    depth > 0
                })
                .collect();
            assert!(depth == 0, "`$(` is left open: {line}");
            Some(Piece::Output { command, splits })
        }
        '{' => {
            characters.next();
            Some(Piece::Variable { name: characters.by_ref().take_while(|it| *it != '}').collect(), splits })
        }
        '?' => {
            characters.next();
            Some(Piece::Variable { name: "?".to_owned(), splits })
        }
        _ => {
            let mut name = String::new();
            while let Some(it) = characters.next_if(|it| it.is_ascii_alphanumeric() || *it == '_') {
                name.push(it);
            }
            (!name.is_empty()).then_some(Piece::Variable { name, splits })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Word {
        vec![Piece::Text(text.to_owned())]
    }

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        let words = |line| parse(line).remove(0).words;
        assert_eq!(words(r#"a 'b "c' "d 'e\"" f\ g '' # h"#), ["a", "b \"c", "d 'e\"", "f g", ""].map(text));
        assert_eq!(words("# nothing"), Vec::<Word>::new());
        let variable = |splits| Piece::Variable { name: "x".to_owned(), splits };
        assert_eq!(words("$x"), [vec![variable(true)]]);
        assert_eq!(words("\"${x}y\"")[0][1..], [variable(false), Piece::Text("y".to_owned())]);
        let output = Piece::Output { command: "f (g) -o id".to_owned(), splits: true };
        assert_eq!(words("$(f (g) -o id)"), [vec![output]]);
        assert_eq!(words("50$ $"), ["50$", "$"].map(text));
    }

    #[test]
    fn assignments_pipes_and_files_are_told_apart_from_words() {
        let pipeline = parse("A=1 f b=2 | g < in > out");
        assert_eq!(pipeline.len(), 2);
        assert_eq!(pipeline[0].assignments, [("A".to_owned(), text("1"))]);
        assert_eq!(pipeline[0].words, ["f", "b=2"].map(text));
        assert_eq!((pipeline[1].input.clone(), pipeline[1].output.clone()), (Some(text("in")), Some(text("out"))));
    }
}
