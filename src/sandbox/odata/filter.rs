//! The grammar of `$filter`: text in, a tree out. It never looks a name up.

use std::collections::VecDeque;

use crate::sandbox::odata::token::{Placed, Token, tokens};
use crate::sandbox::odata::{Literal, Malformed, json_list};

/// The most conditions one filter may hold.
const MOST_CONDITIONS: usize = 500;
/// How deep parentheses and `not` may nest.
const DEEPEST: usize = 100;

/// A condition on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    /// `a and b and …`
    All(Vec<Self>),
    /// `a or b or …`
    Any(Vec<Self>),
    /// `not a`
    Not(Box<Self>),
    /// `a eq b`
    Compare {
        /// What stands left.
        left: Operand,
        /// The operator.
        operator: Comparison,
        /// What stands right.
        right: Operand,
    },
    /// `contains(a,b)` and its siblings.
    Text {
        /// Which.
        function: TextFunction,
        /// The text that is searched.
        within: Operand,
        /// What it is searched for.
        sought: Operand,
    },
    /// `Microsoft.Dynamics.CRM.Name(Parameter=value,…)`
    Query {
        /// The name without its namespace.
        name: String,
        /// The parameters.
        parameters: Vec<(String, Parameter)>,
    },
    /// A column that is true or not by itself.
    Truth(Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A property, perhaps through lookups: `primarycontactid/fullname`.
    Path(Vec<String>),
    /// A value.
    Literal(Literal),
    /// `@name`: a value given elsewhere in the address.
    Alias(String),
}

/// The value of a query function's parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// One value.
    One(Literal),
    /// A JSON array; its numbers as text.
    Many(Vec<String>),
    /// `@name`.
    Alias(String),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Comparison {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    /// The operator as the service names it in errors.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Eq => "Equal",
            Self::Ne => "NotEqual",
            Self::Gt => "GreaterThan",
            Self::Ge => "GreaterThanOrEqual",
            Self::Lt => "LessThan",
            Self::Le => "LessThanOrEqual",
        }
    }

    /// The operator that says the same with its sides exchanged.
    pub fn turned(self) -> Self {
        match self {
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            same => same,
        }
    }
}

/// A function on text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFunction {
    Contains,
    StartsWith,
    EndsWith,
}

impl TextFunction {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "contains" => Self::Contains,
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            _ => return None,
        })
    }
}

/// Reads a `$filter`.
pub(crate) fn parse_filter(text: &str) -> Result<Expression, Malformed> {
    let mut parser = Parser { text, tokens: tokens(text)?.into(), conditions: 0, depth: 0 };
    let expression = parser.any()?;
    match parser.tokens.pop_front() {
        None => Ok(expression),
        Some((_, at)) => Err(Malformed::syntax(format!("Syntax error at position {at} in '{text}'."))),
    }
}

struct Parser<'text> {
    text: &'text str,
    tokens: VecDeque<Placed>,
    conditions: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, Malformed> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, Malformed> {
        let mut parts = vec![self.negation()?];
        while self.takes_word("and") {
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn negation(&mut self) -> Result<Expression, Malformed> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Malformed::syntax("The recursion limit for $filter has been reached."));
        }
        let expression = if self.takes_word("not") {
            let negated = self.negation()?;
            if matches!(negated, Expression::Query { .. }) {
                return Err(Malformed::unsupported(
                    "Not operator along with the Custom Named Condition operators is not allowed",
                ));
            }
            Expression::Not(Box::new(negated))
        } else if self.takes(&Token::Open) {
            let inner = self.any()?;
            self.expect(&Token::Close, "')' or operator")?;
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn condition(&mut self) -> Result<Expression, Malformed> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(Malformed::TooManyConditions);
        }
        if let (Some((Token::Word(word), _)), Some((Token::Open, _))) = (self.tokens.front(), self.tokens.get(1)) {
            let word = word.clone();
            self.tokens.drain(..2);
            return self.call(&word);
        }
        let left = self.operand()?;
        let operator = match self.tokens.front() {
            Some((Token::Word(word), _)) => Comparison::parse(word),
            _ => None,
        };
        let Some(operator) = operator else { return Ok(Expression::Truth(left)) };
        self.tokens.pop_front();
        Ok(Expression::Compare { left, operator, right: self.operand()? })
    }

    /// A function; its name and parenthesis have been read.
    fn call(&mut self, word: &str) -> Result<Expression, Malformed> {
        if let Some(function) = TextFunction::parse(word) {
            let within = self.operand()?;
            self.expect(&Token::Comma, "')' or ','")?;
            let sought = self.operand()?;
            self.expect(&Token::Close, "')' or ','")?;
            if matches!(self.tokens.front(), Some((Token::Word(word), _)) if word == "eq") {
                return self.compared(Expression::Text { function, within, sought });
            }
            return Ok(Expression::Text { function, within, sought });
        }
        if let Some(name) = word.strip_prefix("Microsoft.Dynamics.CRM.") {
            return self.query(name);
        }
        if word.ends_with("/any") || word.ends_with("/all") {
            return Err(Malformed::not_built(format!("the lambda '{word}' in $filter")));
        }
        Err(Malformed::syntax(format!("An unknown function with name '{word}' was found.")))
    }

    /// `contains(…) eq true`, which the grammar allows.
    fn compared(&mut self, expression: Expression) -> Result<Expression, Malformed> {
        self.tokens.pop_front();
        match self.operand()? {
            Operand::Literal(Literal::Flag(true)) => Ok(expression),
            Operand::Literal(Literal::Flag(false)) => Ok(Expression::Not(Box::new(expression))),
            _ => Err(Malformed::syntax(format!(
                "A binary operator with incompatible types was detected in '{}'.",
                self.text
            ))),
        }
    }

    fn query(&mut self, name: &str) -> Result<Expression, Malformed> {
        let mut parameters = Vec::new();
        while !self.takes(&Token::Close) {
            if !parameters.is_empty() {
                self.expect(&Token::Comma, "')' or ','")?;
            }
            let Some((Token::Word(parameter), _)) = self.tokens.pop_front() else { return Err(self.expected("Name")) };
            self.expect(&Token::Equals, "'='")?;
            let value = match self.tokens.pop_front() {
                Some((Token::Literal(literal), _)) => Parameter::One(literal),
                Some((Token::List(json), _)) => Parameter::Many(json_list(&json)?),
                Some((Token::Word(word), _)) if word.starts_with('@') => Parameter::Alias(word),
                _ => return Err(self.expected("Literal")),
            };
            parameters.push((parameter, value));
        }
        Ok(Expression::Query { name: name.to_owned(), parameters })
    }

    fn operand(&mut self) -> Result<Operand, Malformed> {
        match self.tokens.pop_front() {
            Some((Token::Literal(literal), _)) => Ok(Operand::Literal(literal)),
            Some((Token::Word(word), _)) if word.starts_with('@') => Ok(Operand::Alias(word)),
            Some((Token::Word(word), at)) => {
                if matches!(self.tokens.front(), Some((Token::Open, _))) {
                    let message = format!("The function '{word}' is not supported in a comparison.");
                    return Err(Malformed::unsupported(message));
                }
                let path: Vec<String> = word.split('/').map(str::to_owned).collect();
                if path.iter().any(String::is_empty) {
                    return Err(Malformed::syntax(format!("Syntax error at position {at} in '{}'.", self.text)));
                }
                Ok(Operand::Path(path))
            }
            Some((_, at)) => Err(Malformed::syntax(format!("Syntax error at position {at} in '{}'.", self.text))),
            None => Err(self.expected("Expression")),
        }
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_there = self.tokens.front().is_some_and(|(front, _)| front == token);
        if is_there {
            self.tokens.pop_front();
        }
        is_there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_there = matches!(self.tokens.front(), Some((Token::Word(front), _)) if front == word);
        if is_there {
            self.tokens.pop_front();
        }
        is_there
    }

    fn expect(&mut self, token: &Token, name: &str) -> Result<(), Malformed> {
        if self.takes(token) { Ok(()) } else { Err(self.expected(name)) }
    }

    fn expected(&self, what: &str) -> Malformed {
        let at = self.tokens.front().map_or(self.text.chars().count(), |(_, at)| *at);
        Malformed::syntax(format!("{what} expected at position {at} in '{}'.", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(expression: &Expression) -> String {
        let operand = |operand: &Operand| match operand {
            Operand::Path(path) => path.join("/"),
            Operand::Literal(literal) => format!("{literal:?}").chars().take(4).collect(),
            Operand::Alias(alias) => alias.clone(),
        };
        let many =
            |parts: &[Expression], word: &str| format!("({})", parts.iter().map(shape).collect::<Vec<_>>().join(word));
        match expression {
            Expression::All(parts) => many(parts, " & "),
            Expression::Any(parts) => many(parts, " | "),
            Expression::Not(inner) => format!("!{}", shape(inner)),
            Expression::Compare { left, operator, right } => {
                format!("{} {operator:?} {}", operand(left), operand(right))
            }
            Expression::Text { function, within, .. } => format!("{function:?}[{}]", operand(within)),
            Expression::Query { name, parameters } => format!("{name}/{}", parameters.len()),
            Expression::Truth(left) => operand(left),
        }
    }

    #[test]
    fn filters_are_read_as_the_grammar_binds_them() {
        for (text, expected) in [
            ("a eq 1 or b eq 2 and not c eq null", "(a Eq Numb | (b Eq Numb & !c Eq Null))"),
            ("(a eq 1 or b eq 2) and c", "((a Eq Numb | b Eq Numb) & c)"),
            ("not (a eq 'x' and startswith(b,'y'))", "!(a Eq Text & StartsWith[b])"),
            ("primarycontactid/fullname eq @p1", "primarycontactid/fullname Eq @p1"),
            ("Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=[\"1\",2])", "In/2"),
            ("Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=['b','c'])", "In/2"),
            ("contains(name,'a') eq false", "!Contains[name]"),
            ("  a\tge  -1.5 ", "a Ge Numb"),
        ] {
            assert_eq!(shape(&parse_filter(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn broken_filters_are_told_with_the_place() {
        for (text, expected) in [
            ("", "Expression expected at position 0 in ''."),
            ("name eq", "Expression expected at position 7 in 'name eq'."),
            ("name eq 'a' b", "Syntax error at position 12 in 'name eq 'a' b'."),
            ("(name eq 'a'", "')' or operator expected at position 12 in '(name eq 'a''."),
            ("name & 1", "Syntax error: character '&' is not valid at position 5 in 'name & 1'."),
            ("frobnicate(name)", "An unknown function with name 'frobnicate' was found."),
        ] {
            assert_eq!(parse_filter(text), Err(Malformed::syntax(expected)), "{text}");
        }
        let apostrophe = parse_filter("Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=['O'Brian','Ng'])");
        assert!(matches!(apostrophe, Err(Malformed::Syntax(message)) if message.starts_with("Invalid JSON. A comma")));
        let lambda = parse_filter("Account_Tasks/any(t:t/subject eq 'x')");
        assert_eq!(lambda, Err(Malformed::not_built("the lambda 'Account_Tasks/any' in $filter")));
        let negated = parse_filter("not Microsoft.Dynamics.CRM.Today(PropertyName='createdon')");
        assert!(matches!(negated, Err(Malformed::Unsupported(_))));
    }

    #[test]
    fn more_than_500_conditions_are_too_many() {
        let filter = |count: usize| vec!["a eq 1"; count].join(" or ");
        assert!(parse_filter(&filter(500)).is_ok());
        assert_eq!(parse_filter(&filter(501)), Err(Malformed::TooManyConditions));
        assert!(matches!(parse_filter(&"(".repeat(5000)), Err(Malformed::Syntax(_))));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
            let _ = parse_filter(&text);
        }

        #[test]
        fn any_row_of_words_is_read_without_a_panic(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "not", "(", ")", "eq", "and", "or", "'x'", "1", ",", "contains(", "[\"", "]", "=", "null",
                    "Microsoft.Dynamics.CRM.In(", "PropertyName", "@p", "'", "é/b", "2026-01-01",
                ]),
                0..40,
            )
        ) {
            let _ = parse_filter(&words.join(" "));
        }
    }
}
