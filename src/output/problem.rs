//! A problem as a person reads it, and as a program does. What is said comes from the phrasebook; nothing is worded here.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::output::{Screen, Style, term};
use crate::problem::{Exit, Problem};

/// Shows a problem on standard error, as text or as one line of JSON. One that ends in success, such as a closed pipe, is
/// shown to nobody.
pub fn show(screen: &Screen, problem: &Problem, as_json: bool) {
    if problem.exit() == Exit::Done {
        return;
    }
    if as_json {
        screen.say_error(&format!("{}\n", json(problem)));
    } else {
        screen.say_error(&text(problem, screen.error_style()));
    }
}

/// A problem for people: what happened and what it means, the causes, the trace, and after a blank line the ways out.
/// Everything in it is inert, wherever it is sent.
#[must_use]
pub fn text(problem: &Problem, style: Style) -> String {
    let parts = Parts::of(problem);
    let codes = [Some(parts.code), parts.service_code.as_deref()];
    let codes: Vec<&str> = codes.into_iter().flatten().collect();
    let codes = style.faint(&format!("[{}]", term::inert(&codes.join(", "))));
    let says =
        if parts.repeats_meaning() { parts.message.clone() } else { format!("{}: {}", parts.message, parts.meaning) };

    let mut text = String::new();
    block(&mut text, &style.error("error:"), "error:", &says, &format!(" {codes}"));
    for cause in &parts.causes {
        block(&mut text, &style.heading("  cause:"), "  cause:", cause, "");
    }
    if let Some(trace) = &parts.trace {
        block(&mut text, &style.heading("  trace:"), "  trace:", trace, "");
    }
    text.push('\n');
    let last = parts.remedy.len().saturating_sub(1);
    for (at, remedy) in parts.remedy.iter().enumerate() {
        let comma = if at < last { "," } else { "" };
        if at == 0 {
            block(&mut text, &style.good("fix:"), "fix:", remedy, comma);
        } else {
            block(&mut text, "    ", "    ", &format!("or {remedy}"), comma);
        }
    }
    text
}

/// A problem for programs: one JSON object on one line, without a line break at its end.
#[must_use]
pub fn json(problem: &Problem) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        error: &'a Parts,
    }
    // Text, numbers and lists of them can always be written as JSON.
    let json = serde_json::to_string(&Whole { error: &Parts::of(problem) }).unwrap_or_default();
    term::inert_json(&json).into_owned()
}

/// A problem as one of many: a JSON object with `code`, `message`, `remedy` and, where there is one, `service_code`.
#[must_use]
pub fn brief(problem: &Problem) -> String {
    let Parts { code, message, remedy, service_code, .. } = Parts::of(problem);
    let mut brief = serde_json::json!({"code": code, "message": message, "remedy": remedy});
    if let Some(service_code) = service_code {
        brief["service_code"] = service_code.into();
    }
    brief.to_string()
}

/// What there is to say about a problem, in the order in which JSON shows it.
#[derive(Serialize)]
struct Parts {
    code: &'static str,
    exit: u8,
    message: String,
    meaning: String,
    causes: Vec<String>,
    remedy: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    facts: BTreeMap<&'static str, String>,
}

impl Parts {
    fn of(problem: &Problem) -> Self {
        let (diagnosis, phrase) = (problem.diagnosis(), problem.phrase());
        let facts = diagnosis.facts();
        let mut remedy = phrase.remedy_with(&facts);
        if remedy.is_empty() {
            // Every line names a fact that this failure lacks; a line with a gap is better than none.
            remedy = phrase.remedy_in_general();
        }
        Self {
            code: phrase.code,
            exit: phrase.exit.code(),
            message: problem.to_string(),
            meaning: phrase.meaning_with(&facts),
            causes: problem.causes(),
            remedy,
            service_code: diagnosis.service_code(),
            trace: diagnosis.trace(),
            facts: facts.into_iter().collect(),
        }
    }

    fn repeats_meaning(&self) -> bool {
        self.message.contains(&self.meaning)
    }
}

/// Puts `label says tail`, its later lines below the first one's text. `plain` is the label as wide as it looks.
fn block(text: &mut String, label: &str, plain: &str, says: &str, tail: &str) {
    let mut margin = label.to_owned();
    let mut lines = says.trim_end().lines().filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_none() {
        text.push_str(label);
    }
    while let Some(line) = lines.next() {
        text.push_str(&margin);
        text.push(' ');
        text.push_str(&term::inert(line));
        if lines.peek().is_some() {
            text.push('\n');
        }
        margin = " ".repeat(plain.len());
    }
    text.push_str(tail);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use super::*;
    use crate::output::{OutputError, ScreenOptions, Stdio};
    use crate::problem::{Diagnose, Phrase, Who};

    static SECRET_REQUIRED: Phrase = Phrase {
        code: "auth/secret-required",
        exit: Exit::SignIn,
        who: Who::AppOwner,
        meaning: "this app needs its client secret",
        remedy: &[
            "run again with `--client-secret-stdin`",
            "ask {owner}",
            "move `{redirect_uri}` to \"Mobile and desktop applications\" of app {app}",
        ],
    };

    #[derive(Debug)]
    struct Refused {
        says: &'static str,
        cause: Option<Box<dyn Error + Send + Sync>>,
        facts: bool,
    }

    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.says)
        }
    }

    impl Error for Refused {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.cause.as_deref().map(|cause| cause as _)
        }
    }

    impl Diagnose for Refused {
        fn phrase(&self) -> &'static Phrase {
            &SECRET_REQUIRED
        }

        fn facts(&self) -> Vec<(&'static str, String)> {
            let facts = [("redirect_uri", "http://localhost".to_owned()), ("app", "5f1c\u{1b}[2J".to_owned())];
            if self.facts { facts.into() } else { Vec::new() }
        }

        fn service_code(&self) -> Option<String> {
            self.facts.then(|| "AADSTS7000218".to_owned())
        }

        fn trace(&self) -> Option<String> {
            self.facts.then(|| "correlation 7b2e at 2026-11-23T19:22:07Z".to_owned())
        }
    }

    fn refused() -> Problem {
        let cause = "`http://localhost` is registered under \"Web\"\nand no secret was sent\u{9b}";
        Refused { says: "Entra refused the token request", cause: Some(cause.into()), facts: true }.into()
    }

    #[test]
    fn a_person_reads_what_happened_why_and_what_to_do() {
        let expected = concat!(
            "error: Entra refused the token request: this app needs its client secret ",
            "[auth/secret-required, AADSTS7000218]\n",
            "  cause: `http://localhost` is registered under \"Web\"\n",
            "         and no secret was sent\\u{9b}\n",
            "  trace: correlation 7b2e at 2026-11-23T19:22:07Z\n",
            "\n",
            "fix: run again with `--client-secret-stdin`,\n",
            "     or move `http://localhost` to \"Mobile and desktop applications\" of app 5f1c\\u{1b}[2J\n",
        );
        assert_eq!(text(&refused(), Style::PLAIN), expected);
    }

    #[test]
    fn colour_changes_no_word() {
        let coloured = text(&refused(), Style::COLOURED);
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        plain.push_str(rest);
        assert_ne!(coloured, plain);
        assert_eq!(plain, text(&refused(), Style::PLAIN));
    }

    #[test]
    fn a_program_reads_one_line_of_json() {
        let line = json(&refused());
        assert!(!line.contains(|character: char| character.is_control()), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({ "error": {
            "code": "auth/secret-required",
            "exit": 4,
            "message": "Entra refused the token request",
            "meaning": "this app needs its client secret",
            "causes": ["`http://localhost` is registered under \"Web\"\nand no secret was sent\u{9b}"],
            "remedy": [
                "run again with `--client-secret-stdin`",
                "move `http://localhost` to \"Mobile and desktop applications\" of app 5f1c\u{1b}[2J",
            ],
            "service_code": "AADSTS7000218",
            "trace": "correlation 7b2e at 2026-11-23T19:22:07Z",
            "facts": { "app": "5f1c\u{1b}[2J", "redirect_uri": "http://localhost" },
        }});
        assert_eq!(read, expected);
        let bare: Problem = Refused { says: "refused", cause: None, facts: false }.into();
        assert!(!json(&bare).contains("service_code") && !json(&bare).contains("trace"));
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let problem: Problem =
            Refused { says: "no token: this app needs its client secret", cause: None, facts: false }.into();
        let expected = concat!(
            "error: no token: this app needs its client secret [auth/secret-required]\n\n",
            "fix: run again with `--client-secret-stdin`\n"
        );
        assert_eq!(text(&problem, Style::PLAIN), expected);
    }

    #[test]
    fn a_closed_pipe_is_shown_to_nobody() {
        let (stdio, captured) = Stdio::captured();
        let screen = Screen::new(stdio, &ScreenOptions::default());
        show(&screen, &OutputError::ClosedPipe.into(), false);
        show(&screen, &OutputError::ClosedPipe.into(), true);
        assert_eq!(captured.stderr(), "");
        show(&screen, &OutputError::Interrupted.into(), false);
        assert!(captured.stderr().starts_with("error: interrupted at a question"));
    }
}
