//! Addresses: segments of a path with their keys, options of a query. It never looks a name up.

use crate::sandbox::odata::text::decode;
use crate::sandbox::odata::{Literal, Malformed};

/// One segment of a path: `accounts(accountnumber='A-1')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The name before the parenthesis.
    pub name: String,
    /// What stands in the parentheses, if there are any.
    pub arguments: Option<Vec<Argument>>,
}

/// One argument in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    /// The name, when it is `name=value`.
    pub name: Option<String>,
    /// The value as written, quotes included.
    pub text: String,
}

impl Argument {
    /// The value as a literal.
    pub fn literal(&self) -> Option<Literal> {
        Literal::parse(&self.text)
    }
}

/// Cuts a percent-encoded path below the service's root into segments. A slash always parts, even between quotes:
/// the service decodes no `%2F` in keys either.
pub(crate) fn parse_path(path: &str) -> Result<Vec<Segment>, Malformed> {
    path.split('/').filter(|segment| !segment.is_empty()).map(parse_segment).collect()
}

fn parse_segment(raw: &str) -> Result<Segment, Malformed> {
    let error = || Malformed::unsupported("Bad Request - Error in query syntax.");
    let text = decode(raw, false).ok_or_else(error)?;
    let Some((name, rest)) = text.split_once('(') else { return Ok(Segment { name: text, arguments: None }) };
    let inner = rest.strip_suffix(')').ok_or_else(error)?;
    let arguments = split_outside_quotes(inner, ',')
        .into_iter()
        .filter(|argument| !argument.trim().is_empty())
        .map(|argument| match split_outside_quotes(argument, '=').as_slice() {
            [_] => Ok(Argument { name: None, text: argument.trim().to_owned() }),
            [name, rest @ ..] if !name.trim().is_empty() => {
                Ok(Argument { name: Some(name.trim().to_owned()), text: rest.join("=").trim().to_owned() })
            }
            _ => Err(error()),
        })
        .collect::<Result<_, _>>()?;
    Ok(Segment { name: name.to_owned(), arguments: Some(arguments) })
}

/// Splits at `separator` where it stands outside apostrophes, parentheses and JSON. Inside JSON double quotes quote too.
pub(crate) fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quote, mut depth, mut json) = (Vec::new(), 0, None, 0_usize, 0_usize);
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if let Some(open) = quote {
            let closes = character == open && !is_escaped;
            is_escaped = character == '\\' && open == '"' && !is_escaped;
            quote = (!closes).then_some(open);
            continue;
        }
        match character {
            '\'' => quote = Some('\''),
            '"' if json > 0 => quote = Some('"'),
            '[' | '{' => json += 1,
            ']' | '}' => json = json.saturating_sub(1),
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            other if other == separator && depth + json == 0 => {
                parts.push(&text[start..at]);
                start = at + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The options after `?`, decoded, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options(Vec<(String, String)>);

impl Options {
    /// Reads a percent-encoded query without its `?`.
    pub fn parse(query: &str) -> Result<Self, Malformed> {
        query
            .split('&')
            .filter(|option| !option.is_empty())
            .map(|option| {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                Some((decode(name, true)?, decode(value, true)?))
            })
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| Malformed::unsupported("Bad Request - Error in query syntax."))
    }

    /// The options of an `$expand`, parted by semicolons and not encoded.
    pub fn nested(text: &str) -> Self {
        let option = |option: &str| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            (name.trim().to_owned(), value.trim().to_owned())
        };
        Self(split_outside_quotes(text, ';').into_iter().filter(|text| !text.trim().is_empty()).map(option).collect())
    }

    /// The value of an option; names are case sensitive.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }

    /// A system query option or an alias that is given more than once. Options of a caller's own may be.
    pub fn repeated(&self) -> Option<&str> {
        let names = || self.names().filter(|name| name.starts_with(['$', '@']));
        names().enumerate().find_map(|(at, name)| names().skip(at + 1).any(|other| other == name).then_some(name))
    }

    /// The names of all options.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// The names in a `$select`, or another list parted by commas.
pub(crate) fn parse_names(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// One part of an `$orderby`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderPart {
    /// The property, perhaps through lookups.
    pub path: Vec<String>,
    /// Largest first.
    pub is_descending: bool,
}

/// Reads an `$orderby`.
pub(crate) fn parse_order(text: &str) -> Result<Vec<OrderPart>, Malformed> {
    split_outside_quotes(text, ',')
        .into_iter()
        .map(|part| {
            let mut words = part.split_whitespace();
            let (path, direction, rest) = (words.next(), words.next(), words.next());
            let is_descending = match direction {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(Malformed::syntax(format!("Syntax error in the orderby '{text}'."))),
            };
            match (path, rest) {
                (Some(path), None) => {
                    Ok(OrderPart { path: path.split('/').map(str::to_owned).collect(), is_descending })
                }
                _ => Err(Malformed::syntax(format!("Expression expected in the orderby '{text}'."))),
            }
        })
        .collect()
}

/// One part of an `$expand`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expand {
    /// The navigation property, with what follows a slash.
    pub path: String,
    /// The options in its parentheses.
    pub options: Options,
}

/// Reads an `$expand`.
pub(crate) fn parse_expand(text: &str) -> Result<Vec<Expand>, Malformed> {
    split_outside_quotes(text, ',')
        .into_iter()
        .map(|part| {
            let part = part.trim();
            let (path, options) = match part.split_once('(') {
                None => (part, ""),
                Some((path, rest)) => {
                    let options = rest.strip_suffix(')');
                    (path, options.ok_or_else(|| Malformed::syntax(format!("')' expected in the expand '{text}'.")))?)
                }
            };
            if path.is_empty() {
                return Err(Malformed::syntax(format!("Expression expected in the expand '{text}'.")));
            }
            Ok(Expand { path: path.to_owned(), options: Options::nested(options) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_into_segments_with_keys() {
        let segments =
            parse_path("contacts(firstname='Ida',emailaddress1='a%40b%2C(c)')/Contact_Tasks/$count").unwrap();
        assert_eq!(segments.len(), 3);
        let arguments = segments[0].arguments.as_ref().unwrap();
        assert_eq!(arguments[0].name.as_deref(), Some("firstname"));
        assert_eq!(arguments[1].literal(), Some(Literal::Text("a@b,(c)".to_owned())));
        assert_eq!(segments[2], Segment { name: "$count".to_owned(), arguments: None });
        assert_eq!(parse_path("WhoAmI()").unwrap()[0].arguments, Some(Vec::new()));
        for list in ["['a','b,(']", "[\"O'Brian\",\"a\\\"],b\"]", "{'@odata.id':'accounts(1)'}"] {
            let encoded = list.replace('"', "%22");
            let segments = parse_path(&format!("F(Names={encoded},Next=1)")).unwrap();
            let arguments = segments[0].arguments.as_ref().unwrap();
            assert_eq!((arguments.len(), arguments[0].text.as_str()), (2, list));
        }
        assert!(parse_path("accounts(").is_err());
    }

    #[test]
    fn options_are_decoded_and_keep_their_case() {
        let options = Options::parse("$select=name&$filter=name%20eq+'a%26b'&@p1='x'&flag").unwrap();
        assert_eq!(options.value("$filter"), Some("name eq 'a&b'"));
        assert_eq!(options.value("@p1"), Some("'x'"));
        assert_eq!(options.value("$Select"), None);
        assert_eq!(options.value("flag"), Some(""));
        assert!(Options::parse("a=%zz").is_err());
        for (query, repeated) in
            [("$top=1&a=2&%24top=3", Some("$top")), ("@p=1&@p=1", Some("@p")), ("a=1&a=2", None), ("=a&=b", None)]
        {
            assert_eq!(Options::parse(query).unwrap().repeated(), repeated, "{query}");
        }
    }

    #[test]
    fn an_expand_holds_its_options() {
        let expand =
            parse_expand("primarycontactid($select=fullname,jobtitle),Account_Tasks($top=2;$filter=a eq ';)')");
        let expand = expand.unwrap();
        assert_eq!(expand[0].options.value("$select"), Some("fullname,jobtitle"));
        assert_eq!(expand[1].options.value("$filter"), Some("a eq ';)'"));
    }

    #[test]
    fn an_order_has_a_direction() {
        let order = parse_order("name desc,primarycontactid/fullname").unwrap();
        assert!(order[0].is_descending && !order[1].is_descending);
        assert_eq!(order[1].path, ["primarycontactid", "fullname"]);
        for broken in ["", "name up", "name desc twice", ",name"] {
            assert!(parse_order(broken).is_err(), "{broken}");
        }
    }
}
