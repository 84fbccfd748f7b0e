//! A document as the runner sees it: what happens meanwhile, what is typed and what appears, what only has to be
//! written rightly. Nothing is run here.

/// A part of a document that the runner looks at, and the line of the file on which it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// `<!-- meanwhile: two hours pass -->`: something that a reader is told in prose, or need not know.
    Meanwhile(String),
    /// A `console` block.
    Session(Vec<Typed>),
    /// Any other block whose language is a shell's or a workflow's: one command a line, continuations joined.
    Commands(Vec<String>),
    /// A code span in prose.
    Span(String),
}

/// A line after `$ ` and what follows it, up to the next one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// As it stands in the file, continuation lines included.
    pub text: String,
    /// The same as one line.
    pub command: String,
    /// What is to appear.
    pub shown: String,
}

/// The parts of a Markdown text, in order.
pub fn parts(markdown: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut lines = markdown.lines().zip(1..);
    while let Some((text, line)) = lines.next() {
        if let Some(language) = text.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().map(|(text, _)| text).take_while(|text| *text != "```").collect();
            match language {
                "console" => found.push(Part { line, kind: Kind::Session(session(&inside)) }),
                "sh" | "yaml" => found.push(Part { line, kind: Kind::Commands(joined(&inside)) }),
                _ => {}
            }
        } else if let Some(event) = text.strip_prefix("<!-- meanwhile: ").and_then(|rest| rest.strip_suffix(" -->")) {
            found.push(Part { line, kind: Kind::Meanwhile(event.to_owned()) });
        } else {
            // Every second piece between backticks is code. A span never goes on in the next line.
            let spans = text.split('`').skip(1).step_by(2);
            found.extend(spans.map(|span| Part { line, kind: Kind::Span(span.to_owned()) }));
        }
    }
    found
}

fn session(lines: &[&str]) -> Vec<Typed> {
    let mut found: Vec<Typed> = Vec::new();
    for line in lines {
        if let Some(typed) = line.strip_prefix("$ ") {
            found.push(Typed { text: format!("{line}\n"), command: typed.to_owned(), shown: String::new() });
            continue;
        }
        let last = found.last_mut().expect("a session begins with a line that is typed");
        match (last.command.strip_suffix('\\'), line.strip_prefix("> ")) {
            (Some(command), Some(more)) => {
                last.command = format!("{command}{}", more.trim_start());
                last.text.extend([line, "\n"]);
            }
            _ => last.shown.extend([line, "\n"]),
        }
    }
    found
}

fn joined(lines: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push_str(line.trim());
            }
            _ => found.push(line.trim().trim_start_matches("- ").trim_start_matches("run: ").to_owned()),
        }
    }
    found
}

#[test]
fn a_document_is_read_as_a_reader_reads_it() {
    let text = "Run `d365conn whoami`.\n\n<!-- meanwhile: two hours pass -->\n```console\n$ d365conn \\\n>   whoami\nme\n\n$ true\n```\n\n```toml\nx = 1\n```\n```yaml\n  - run: d365conn a \\\n      b\n```\n";
    let typed = |text: &str, command: &str, shown: &str| Typed {
        text: text.to_owned(),
        command: command.to_owned(),
        shown: shown.to_owned(),
    };
    let session =
        vec![typed("$ d365conn \\\n>   whoami\n", "d365conn whoami", "me\n\n"), typed("$ true\n", "true", "")];
    assert_eq!(
        parts(text),
        [
            Part { line: 1, kind: Kind::Span("d365conn whoami".to_owned()) },
            Part { line: 3, kind: Kind::Meanwhile("two hours pass".to_owned()) },
            Part { line: 4, kind: Kind::Session(session) },
            Part { line: 15, kind: Kind::Commands(vec!["d365conn a b".to_owned()]) },
        ]
    );
}
