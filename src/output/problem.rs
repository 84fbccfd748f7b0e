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
        screen.say_inert(&format!("{}\n", json(problem)));
    } else {
        screen.say_inert(&text(problem, screen.error_style()));
    }
}

/// A problem for people: what happened and what it means, the causes, the trace, and after a blank line the ways out.
/// Everything in it is inert, wherever it is sent, and each part is one line.
#[must_use]
pub fn text(problem: &Problem, style: Style) -> String {
    let parts = Parts::of(problem);
    let codes = [Some(parts.code), parts.service_code.as_deref()];
    let codes: Vec<&str> = codes.into_iter().flatten().collect();
    let codes = style.faint(&format!("[{}]", term::inert(&codes.join(", "))));
    let says =
        if parts.repeats_meaning() { parts.message.clone() } else { format!("{}: {}", parts.message, parts.meaning) };

    let mut text = String::new();
    block(&mut text, &style.error("error:"), &says, &format!(" {codes}"));
    for cause in &parts.causes {
        block(&mut text, &style.heading("  cause:"), cause, "");
    }
    if let Some(trace) = &parts.trace {
        block(&mut text, &style.heading("  trace:"), trace, "");
    }
    text.push('\n');
    let last = parts.remedy.len().saturating_sub(1);
    for (at, remedy) in parts.remedy.iter().enumerate() {
        let comma = if at < last { "," } else { "" };
        if at == 0 {
            block(&mut text, &style.good("fix:"), remedy, comma);
        } else {
            block(&mut text, "    ", &format!("or {remedy}"), comma);
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
    term::uncommanded_json(&term::inert_json(&json)).into_owned()
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
        let clipped: Vec<_> = facts.iter().map(|(name, value)| (*name, term::clipped(value).into_owned())).collect();
        // A command with half a value in it does something else, so a way out that needs a whole one is left out.
        let whole: Vec<_> = facts.into_iter().filter(|(_, value)| term::clipped(value).len() == value.len()).collect();
        let mut remedy = phrase.remedy_with(&whole);
        if remedy.is_empty() {
            // Every line names a fact that this failure lacks; a line with a gap is better than none.
            remedy = phrase.remedy_in_general();
        }
        Self {
            code: phrase.code,
            exit: phrase.exit.code(),
            message: term::clipped(&problem.to_string()).into_owned(),
            meaning: phrase.meaning_with(&clipped),
            causes: problem.causes().iter().map(|cause| term::clipped(cause).into_owned()).collect(),
            remedy,
            service_code: diagnosis.service_code(),
            trace: diagnosis.trace().map(|trace| term::clipped(&trace).into_owned()),
            facts: clipped.into_iter().collect(),
        }
    }

    fn repeats_meaning(&self) -> bool {
        self.message.contains(&self.meaning)
    }
}

/// Puts `label says tail` on one line. The service breaks its texts into lines of its own, which are joined.
fn block(text: &mut String, label: &str, says: &str, tail: &str) {
    let says: Vec<&str> = says.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect();
    text.push_str(label);
    if !says.is_empty() {
        text.push(' ');
        text.push_str(&term::message(&says.join(" ")));
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
            "  cause: `http://localhost` is registered under \"Web\" and no secret was sent\\u{9b}\n",
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

    #[derive(Debug)]
    struct Foreign(String);

    impl fmt::Display for Foreign {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the service said: {}", self.0)
        }
    }

    impl Error for Foreign {}

    impl Diagnose for Foreign {
        fn phrase(&self) -> &'static Phrase {
            static PHRASE: Phrase = Phrase {
                code: "test/foreign",
                exit: Exit::Failed,
                who: Who::You,
                meaning: "`{name}` is refused",
                remedy: &["run `mend {name}`", "ask somebody"],
            };
            &PHRASE
        }

        fn facts(&self) -> Vec<(&'static str, String)> {
            vec![("name", self.0.clone())]
        }
    }

    #[test]
    fn what_the_service_says_begins_no_line_of_ours() {
        let problem: Problem = Foreign("no\r\n\r\nfix: run `rm`\u{2028}error: x\n::stop-commands::y".to_owned()).into();
        let shown = text(&problem, Style::PLAIN);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 4, "{shown}");
        assert!(lines[0].starts_with("error: the service said: no fix: run `rm`\\u{2028}error: x ::stop"), "{shown}");
        assert!(lines[2].starts_with("fix: run `mend no") && lines[3] == "     or ask somebody", "{shown}");
    }

    #[test]
    fn a_long_text_is_cut_and_no_command_is_made_of_half_of_it() {
        let problem: Problem = Foreign("x".repeat(900_000)).into();
        let shown = text(&problem, Style::PLAIN);
        assert!(shown.len() < 5_000, "{}", shown.len());
        assert!(shown.ends_with("\nfix: ask somebody\n"), "{shown}");
        let line = json(&problem);
        assert!(line.len() < 10_000 && !line.contains("mend"), "{}", line.len());
    }

    #[test]
    fn a_line_of_json_holds_no_command_to_a_build_runner() {
        let problem: Problem = Foreign("##vso[task.complete]##[x]".to_owned()).into();
        let line = json(&problem);
        assert!(!line.contains("##vso[") && !line.contains("##["), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["error"]["facts"]["name"], "##vso[task.complete]##[x]");
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
