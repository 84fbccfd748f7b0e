//! The names that a condition or an order in OData mentions, with the paths that lead to them. Pure. Whether there is anything
//! of that name is judged elsewhere; what is not understood is left out, or all of it is.

use crate::dataverse::names::token::{Token, tokens};

/// Words that stand where a name could.
const OPERATORS: [&str; 21] = [
    "and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le", "has", "in", "add", "sub", "mul", "div", "mod", "null",
    "true", "false", "INF", "NaN",
];
/// Functions whose first word is followed by what they take.
const FUNCTIONS: [&str; 29] = [
    "contains",
    "endswith",
    "startswith",
    "length",
    "indexof",
    "substring",
    "tolower",
    "toupper",
    "trim",
    "concat",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "fractionalseconds",
    "date",
    "time",
    "totaloffsetminutes",
    "now",
    "maxdatetime",
    "mindatetime",
    "totalseconds",
    "round",
    "floor",
    "ceiling",
    "cast",
    "isof",
];

/// A name, and how it is reached from the table in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention<'a> {
    /// Names from the table on, the mentioned one last.
    pub path: Vec<&'a str>,
    /// What is asked of it.
    pub role: Role,
}

/// What is asked of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its value.
    Value,
    /// Its value, set beside `null`: a lookup may be asked that by its own name.
    BesideNull,
    /// Some of many records: `any`, `all`, `$count`.
    Collection,
    /// The column that a query function takes by its logical name.
    Property,
}

/// What `$filter` mentions; `None` where it can't be read.
pub(super) fn of_filter(filter: &str) -> Option<Vec<Mention<'_>>> {
    let tokens = tokens(filter)?;
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0, scopes: Vec::new(), found: Vec::new() };
    while reader.at < tokens.len() {
        reader.step()?;
    }
    (reader.depth == 0).then_some(reader.found)
}

/// What `$orderby` mentions; `None` where it can't be read.
pub(super) fn of_order(order: &str) -> Option<Vec<Mention<'_>>> {
    let mut found = Vec::new();
    for item in order.split(',') {
        let mut words = item.split_whitespace();
        let (path, direction) = (words.next()?, words.next().unwrap_or("asc"));
        if words.next().is_some() || !matches!(direction, "asc" | "desc") {
            return None;
        }
        // A function or an alias is no column.
        if path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/')) {
            found.push(Mention { path: path.split('/').collect(), role: Role::Value });
        }
    }
    Some(found)
}

/// Inside of `any(o:…)`: what `o` stands for.
struct Scope<'a> {
    variable: &'a str,
    path: Vec<&'a str>,
    /// The parentheses around it.
    depth: usize,
}

struct Reader<'a, 't> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
    scopes: Vec<Scope<'a>>,
    found: Vec<Mention<'a>>,
}

impl<'a, 't> Reader<'a, 't> {
    fn peek(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn step(&mut self) -> Option<()> {
        match self.tokens[self.at] {
            Token::Open => {
                self.depth += 1;
                self.at += 1;
            }
            Token::Close => {
                self.depth = self.depth.checked_sub(1)?;
                self.scopes.retain(|scope| scope.depth <= self.depth);
                self.at += 1;
            }
            Token::Dotted(_) if self.peek(1) == Some(Token::Open) => self.query_function()?,
            Token::Word(word) if OPERATORS.contains(&word) => self.at += 1,
            Token::Word(word) if self.peek(1) == Some(Token::Open) => {
                // What an unknown function takes may be anything.
                self.at += 1;
                if !FUNCTIONS.contains(&word) {
                    self.skip_parentheses()?;
                }
            }
            Token::Word(_) => self.path()?,
            _ => self.at += 1,
        }
        Some(())
    }

    /// `Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=["Lund"])`.
    fn query_function(&mut self) -> Option<()> {
        self.at += 1;
        let inside = self.skip_parentheses()?;
        for part in inside.windows(3) {
            if let [Token::Word("PropertyName"), Token::Equals, Token::Text(name)] = part
                && self.scopes.is_empty()
                && !name.contains('/')
            {
                self.found.push(Mention { path: vec![*name], role: Role::Property });
            }
        }
        Some(())
    }

    /// Leaves out what stands in the parentheses that begin here, and gives it.
    fn skip_parentheses(&mut self) -> Option<&'t [Token<'a>]> {
        let (tokens, start) = (self.tokens, self.at);
        let mut depth = 0_usize;
        loop {
            match tokens.get(self.at)? {
                Token::Open => depth += 1,
                Token::Close => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(&tokens[start..self.at]);
            }
        }
    }

    /// `name`, `primarycontactid/fullname`, `o/subject`, `Account_Tasks/any(o:…)`.
    fn path(&mut self) -> Option<()> {
        let start = self.at;
        let mut segments = Vec::new();
        let mut is_plain = true;
        loop {
            match self.peek(0)? {
                Token::Word(word) if OPERATORS.contains(&word) => return None,
                Token::Word(word) => segments.push(word),
                // A type in the path: what comes behind it belongs to a table that is not known here.
                Token::Dotted(_) => is_plain = false,
                _ => return None,
            }
            self.at += 1;
            if self.peek(0) == Some(Token::Open) {
                return self.end_in_parentheses(segments, is_plain);
            }
            if self.peek(0) != Some(Token::Slash) {
                break;
            }
            self.at += 1;
        }
        let role = if segments.last() == Some(&"$count") {
            segments.pop();
            Role::Collection
        } else if self.is_beside_null(start) {
            Role::BesideNull
        } else {
            Role::Value
        };
        if is_plain {
            self.mention(&segments, role);
        }
        Some(())
    }

    /// A path whose last segment takes something: a lambda, or what is not known.
    fn end_in_parentheses(&mut self, mut segments: Vec<&'a str>, is_plain: bool) -> Option<()> {
        let lambda = segments.pop().filter(|last| matches!(*last, "any" | "all"));
        if lambda.is_none() || !is_plain {
            self.skip_parentheses()?;
            return Some(());
        }
        let path = self.mention(&segments, Role::Collection);
        if let (Some(Token::Word(variable)), Some(Token::Colon)) = (self.peek(1), self.peek(2)) {
            self.depth += 1;
            self.at += 3;
            // Where the collection is not known, neither is what is in it; the variable hides others all the same.
            self.scopes.push(Scope { variable, path: path.unwrap_or_default(), depth: self.depth });
            return Some(());
        }
        // `any()` alone.
        self.skip_parentheses()?;
        Some(())
    }

    fn is_beside_null(&self, start: usize) -> bool {
        let is_equality = |token: Option<&Token<'_>>| matches!(token, Some(Token::Word("eq" | "ne")));
        let is_null = |token: Option<&Token<'_>>| token == Some(&Token::Word("null"));
        let before = |back: usize| start.checked_sub(back).and_then(|at| self.tokens.get(at));
        (is_equality(self.tokens.get(self.at)) && is_null(self.tokens.get(self.at + 1)))
            || (is_equality(before(1)) && is_null(before(2)))
    }

    /// Writes a mention down, and gives its whole path. Beneath a variable whose collection is not known, and for a bare name
    /// inside a lambda, there is none.
    fn mention(&mut self, segments: &[&'a str], role: Role) -> Option<Vec<&'a str>> {
        let (first, rest) = segments.split_first()?;
        let path = match self.scopes.iter().rev().find(|scope| scope.variable == *first) {
            Some(scope) if scope.path.is_empty() || rest.is_empty() => return None,
            Some(scope) => scope.path.iter().chain(rest).copied().collect::<Vec<_>>(),
            None if !self.scopes.is_empty() || first.starts_with('$') => return None,
            None => segments.to_vec(),
        };
        self.found.push(Mention { path: path.clone(), role });
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Cases {
        filter: Vec<Case>,
        order: Vec<Case>,
    }

    /// `mentions` of a text that can't be read is left out. `a/b` is a value, `a/b?` one beside null, `a/b*` a collection,
    /// `=a` a column that a query function takes.
    #[derive(Deserialize)]
    struct Case {
        text: String,
        mentions: Option<Vec<String>>,
    }

    fn check(case: &Case, found: Option<Vec<Mention<'_>>>) {
        let shown = |mention: &Mention<'_>| {
            let path = mention.path.join("/");
            match mention.role {
                Role::Value => path,
                Role::BesideNull => format!("{path}?"),
                Role::Collection => format!("{path}*"),
                Role::Property => format!("={path}"),
            }
        };
        let found: Option<Vec<String>> = found.map(|found| found.iter().map(shown).collect());
        assert_eq!(found, case.mentions, "{}", case.text);
    }

    #[test]
    fn the_names_in_a_condition_are_told_from_everything_else() {
        let cases: Cases = toml::from_str(include_str!("../../../tests/data/odata.toml")).unwrap();
        for case in &cases.filter {
            check(case, of_filter(&case.text));
        }
        for case in &cases.order {
            check(case, of_order(&case.text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}", signs in "[ao_$/().:,='\" @1é-]{0,40}") {
            for text in [text, signs] {
                let _ = (of_filter(&text), of_order(&text));
            }
        }

        #[test]
        fn a_text_never_counts_as_a_name(text in "[ -~]{0,20}") {
            let filter = format!("name eq '{}' and contains(fax,'{}')", text.replace('\'', "''"), text.replace('\'', "''"));
            let found = of_filter(&filter).unwrap();
            let paths: Vec<_> = found.iter().map(|mention| mention.path.join("/")).collect();
            prop_assert_eq!(paths, ["name", "fax"]);
        }
    }
}
