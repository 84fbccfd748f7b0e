//! A jq expression, compiled, and the values it makes of a record. Where those values go is not known here.
//!
//! Language: the jq manual, <https://jqlang.org/manual/>, as jaq speaks it. What would reach out of the expression (the
//! environment, standard error, the end of the process) is not offered.

use std::sync::Arc;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, Error as LoadError, File, Loader, span};
use jaq_core::{Compiler, Ctx, Native, Vars};
use jaq_json::{Val, read};

use crate::output::OutputError;

/// Filters that reach out of the expression.
const REACHING_OUT: [&str; 8] =
    ["env", "halt", "halt_error", "stderr", "stderr_empty", "debug", "debug_empty", "input_line_number"];
/// The formats of jq that its library leaves to the program around it.
const FORMATS: &str = r#"
def @csv: [.[] | if type == "string" then "\"" + (split("\"") | join("\"\"")) + "\""
  elif . == null then "" elif type == "array" or type == "object" then error("no cell for \(type)")
  else tojson end] | join(",");
def @tsv: [.[] | if type == "string" then (split("\\") | join("\\\\")) | (split("\t") | join("\\t"))
  | (split("\n") | join("\\n")) | (split("\r") | join("\\r"))
  elif . == null then "" elif type == "array" or type == "object" then error("no cell for \(type)")
  else tojson end] | join("\t");
"#;
/// Brackets within brackets in JSON: the reader goes down one step for each.
const DEEPEST: usize = 200;
/// Operators and keywords of an expression, and open brackets, which count twice: the reader goes down a step for each.
const MOST_PARTS: usize = 200;
/// Parts of one path, one behind the other; they take less.
const LONGEST_PATH: usize = 800;
/// The longest expression, in bytes.
const LONGEST: usize = 64 * 1024;

/// A compiled jq expression.
#[derive(Clone)]
pub struct Filter(Arc<jaq_core::compile::Filter<Native<JustLut<Val>>>>);

impl Filter {
    /// Reads an expression. Nothing else of the run has to be there for it.
    ///
    /// # Errors
    /// [`OutputError::BadFilter`], with the place.
    pub fn compile(expression: &str) -> Result<Self, OutputError> {
        let bad = |at: usize, what: String| OutputError::BadFilter {
            place: expression[..at.min(expression.len())].chars().count() + 1,
            rest: expression[at.min(expression.len())..].chars().take(20).collect(),
            what,
        };
        if expression.len() > LONGEST {
            return Err(bad(0, format!("it is longer than {LONGEST} bytes")));
        }
        if let Some(at) = too_deep(expression) {
            return Err(bad(
                at,
                format!("more than {MOST_PARTS} brackets, operators and keywords stand within one another"),
            ));
        }
        let is_offered = |name: &str| !REACHING_OUT.contains(&name);
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let formats = jaq_core::load::parse(FORMATS, |parser| parser.defs()).unwrap_or_default();
        let definitions = definitions.chain(formats);
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let loader = Loader::new(definitions.filter(|definition| is_offered(definition.name)));
        let modules = loader.load(&arena, File { code: expression, path: () }).map_err(|errors| {
            let Some((file, error)) = errors.into_iter().next() else { return bad(0, "it can't be read".to_owned()) };
            let place = |part: &str| span(file.code, part).start;
            match error {
                LoadError::Lex(errors) => match errors.first() {
                    Some((expected, part)) => bad(place(part), format!("{} expected", expected.as_str())),
                    None => bad(0, "it can't be read".to_owned()),
                },
                LoadError::Parse(errors) => match errors.first() {
                    Some((expected, "")) => bad(expression.len(), format!("{} expected", expected.as_str())),
                    Some((expected, part)) => bad(place(part), format!("{} expected", expected.as_str())),
                    None => bad(0, "it can't be read".to_owned()),
                },
                LoadError::Io(parts) => {
                    let at = parts.first().map_or(0, |(part, _)| place(part));
                    bad(at, "modules are not loaded here".to_owned())
                }
            }
        })?;
        let compiler = Compiler::default().with_funs(functions.filter(|(name, ..)| is_offered(name)));
        let filter = compiler.compile(modules).map_err(|errors| {
            let undefined = errors.into_iter().flat_map(|(_, undefined)| undefined).next();
            let Some((name, kind)) = undefined else { return bad(0, "it can't be compiled".to_owned()) };
            bad(expression.find(name).unwrap_or(0), format!("there is no {} `{name}`", kind.as_str()))
        })?;
        Ok(Self(Arc::new(filter)))
    }

    /// Hands every value that it makes of `json` to `take`, one after the other: strings as they are, everything else as
    /// JSON on one line.
    ///
    /// # Errors
    /// [`OutputError::FilterFailed`] when the expression can't be applied to this value, or whatever `take` met.
    pub fn run(&self, json: &str, mut take: impl FnMut(&[u8]) -> Result<(), OutputError>) -> Result<(), OutputError> {
        let failed = |said: String| OutputError::FilterFailed { said };
        if is_too_deep(json) {
            return Err(failed(format!("the JSON is nested more than {DEEPEST} levels deep")));
        }
        let input = read::parse_single(json.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for value in self.0.id.run((context, input)) {
            let value = value.map_err(|stopped| match stopped.get_err() {
                Ok(error) => failed(error.to_string()),
                Err(_) => failed("it stopped by itself".to_owned()),
            })?;
            match value {
                Val::TStr(text) | Val::BStr(text) => take(&text)?,
                other => take(other.to_string().as_bytes())?,
            }
        }
        Ok(())
    }
}

/// Where an expression passes all measure. `a | b | c` is one thing inside the other for its reader, as brackets are, so
/// both are counted together; what stands in text counts only where it is an expression again.
fn too_deep(expression: &str) -> Option<usize> {
    let (mut depth, mut operators, mut path) = (0_usize, 0_usize, 0_usize);
    // The bracket depths at which an expression within text ends.
    let mut within = Vec::new();
    let (mut is_text, mut is_escaped) = (false, false);
    let mut before = b' ';
    let mut word_start = None;
    for (at, byte) in expression.bytes().enumerate() {
        if is_text {
            match byte {
                b'(' if is_escaped => {
                    is_text = false;
                    depth += 1;
                    within.push(depth);
                }
                b'"' if !is_escaped => is_text = false,
                _ => {}
            }
            is_escaped = byte == b'\\' && !is_escaped;
        } else {
            let is_letter = byte.is_ascii_alphanumeric() || byte == b'_';
            if !is_letter && let Some(start) = word_start.take() {
                operators += match &expression[start..at] {
                    "def" | "if" | "elif" => 2,
                    "and" | "or" | "try" | "reduce" | "foreach" | "as" | "label" => 1,
                    _ => 0,
                };
            } else if is_letter && word_start.is_none() {
                word_start = Some(at);
            }
            match byte {
                b'"' => is_text = true,
                b'(' | b'[' | b'{' => depth += 1,
                b')' if within.last() == Some(&depth) => {
                    within.pop();
                    depth = depth.saturating_sub(1);
                    is_text = true;
                }
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b'|' | b',' | b'+' | b'-' | b'*' | b'%' | b'<' | b'>' => operators += 1,
                b'/' | b'=' if !b"|+-*/%<>=!".contains(&before) => operators += 1,
                _ => {}
            }
            path = if is_letter || b".[]?".contains(&byte) { path + usize::from(b".[".contains(&byte)) } else { 0 };
        }
        before = byte;
        if 2 * depth + operators > MOST_PARTS || path > LONGEST_PATH {
            return Some(at);
        }
    }
    None
}

/// Whether JSON is nested so deep that reading it, and letting go of what was read, would exhaust the stack.
fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(expression: &str, json: &str, lines: &[&str]) {
        let filter = Filter::compile(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        let mut seen = Vec::new();
        filter
            .run(json, |line| {
                seen.push(String::from_utf8_lossy(line).into_owned());
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(seen, lines, "{expression}");
    }

    fn refused(expression: &str, says: &str) {
        let error = Filter::compile(expression).err().unwrap_or_else(|| panic!("{expression} was taken"));
        assert!(error.to_string().contains(says), "{expression}: {error}");
    }

    #[test]
    fn strings_are_raw_and_everything_else_is_json() {
        let row = r#"{"name":"A \"B\" é","revenue":922337203685477.5807,"n":1.10,"tags":["a","b"],"none":null}"#;
        check(".name", row, &["A \"B\" é"]);
        check(".revenue, .n", row, &["922337203685477.5807", "1.10"]);
        check(".tags[]", row, &["a", "b"]);
        check(".none, .tags", row, &["null", r#"["a","b"]"#]);
        check("{name, n}", row, &[r#"{"name":"A \"B\" é","n":1.10}"#]);
        check("select(.n > 2)", row, &[]);
        check(r#""\(.name): \(.n)""#, row, &[r#"A "B" é: 1.10"#]);
        check("[.tags[] | ascii_upcase] | join(\"+\")", row, &["A+B"]);
        check("[.name, .n] | @csv", row, &[r#""A ""B"" é",1.10"#]);
        check("[.n, .none, \"a\\tb\\\\\"] | @tsv", row, &["1.10\t\ta\\tb\\\\"]);
        check(".d | fromdate | todate", r#"{"d":"2026-11-23T09:00:00Z"}"#, &["2026-11-23T09:00:00Z"]);
        check("keys_unsorted", r#"{"b":1,"a":2}"#, &[r#"["b","a"]"#]);
    }

    #[test]
    fn a_bad_expression_is_told_with_its_place() {
        refused(".name |", "at character 8");
        refused("map(.a", "at character 7");
        refused(".a | nosuch", "there is no filter `nosuch`");
        refused("$x", "there is no variable");
        refused("", "expected");
        refused(&"(".repeat(300), "brackets");
        refused("include \"a\"; .", "modules");
    }

    #[test]
    fn json_that_is_nested_too_deep_is_refused_and_brackets_in_text_are_none() {
        let filter = Filter::compile(".").unwrap();
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(filter.run(&nested(DEEPEST), |_| Ok(())).is_ok());
            for depth in [DEEPEST + 1, 8_000, 1_000_000] {
                let error = filter.run(&nested(depth), |_| Ok(())).unwrap_err();
                assert!(matches!(&error, OutputError::FilterFailed { said } if said.contains("levels")), "{error}");
            }
        }
        assert!(filter.run("[1", |_| Ok(())).is_err());
        let text = serde_json::Value::from("[\\\"[".repeat(1_000)).to_string();
        assert!(filter.run(&text, |_| Ok(())).is_ok());
    }

    #[test]
    fn no_expression_is_read_to_the_end_of_the_stack() {
        assert!(Filter::compile(&" ".repeat(LONGEST + 1)).is_err());
        for (part, end) in [
            (".|", "."),
            (".,", "."),
            ("-", "1"),
            ("try ", "."),
            ("1+", "1"),
            (".a", ""),
            (".[0]", ""),
            ("[0]", ""),
            ("not|", "."),
            (". as $x|", "."),
            ("def f:.;", "."),
            ("if . then ", "."),
            ("if . then . elif ", "."),
            ("reduce ", "."),
            ("def f:", "."),
            ("1//", "1"),
            ("1==", "1"),
            ("label $x|", "."),
            (".a|=", "1"),
            ("1 and ", "1"),
            ("(", "1"),
            ("[", "1"),
            ("{a:", "1"),
            ("(-", "1"),
            ("\"\\(", "."),
        ] {
            for count in [20, 66, 100, 199, 200, 201, 800, 2_000] {
                let text = part.repeat(count) + end;
                let closed = text.clone() + &")".repeat(count);
                for text in [text, closed] {
                    let _ = Filter::compile(&text).map(|filter| filter.run("1", |_| Ok(())));
                }
            }
            let longest = part.repeat(LONGEST / part.len() - 1) + end;
            let _ = Filter::compile(&longest).map(|filter| filter.run("1", |_| Ok(())));
        }
        let columns = (0..150).map(|n| format!(".new_column{n}")).collect::<Vec<_>>().join(", ");
        assert!(Filter::compile(&format!("[{columns}] | @csv")).is_ok());
        let text = "a, b | c - (".repeat(300);
        assert!(Filter::compile(&format!("\"{text}\"")).is_ok(), "what stands in text is no operator");
        refused(&format!("\"\\({}1)\"", "-".repeat(300)), "operators");
    }

    #[test]
    fn an_expression_reaches_nothing_outside() {
        for outside in ["env", "$ENV", "halt", "halt_error", "input", "inputs", "stderr", "debug", "get_search_list"] {
            assert!(Filter::compile(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn what_does_not_fit_the_record_is_a_failure() {
        let error = Filter::compile(".name.first").unwrap().run(r#"{"name":"x"}"#, |_| Ok(())).unwrap_err();
        assert!(matches!(error, OutputError::FilterFailed { said } if said.contains("index")), "cannot index");
        let error = Filter::compile("error(\"no\")").unwrap().run("{}", |_| Ok(())).unwrap_err();
        assert!(matches!(error, OutputError::FilterFailed { .. }));
    }

    proptest! {
        #[test]
        fn no_digit_changes_on_the_way(whole in "[1-9][0-9]{0,24}", part in "[0-9]{1,12}", minus in any::<bool>()) {
            let sign = if minus { "-" } else { "" };
            for number in [format!("{sign}{whole}"), format!("{sign}{whole}.{part}"), format!("{sign}0.{part}")] {
                let mut seen = Vec::new();
                Filter::compile(".a, [.a][0], {b: .a}.b").unwrap().run(&format!("{{\"a\":{number}}}"), |line| {
                    seen.push(String::from_utf8_lossy(line).into_owned());
                    Ok(())
                }).unwrap();
                prop_assert_eq!(seen, vec![number.clone(), number.clone(), number]);
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}") {
            let _ = Filter::compile(&text);
        }
    }
}
