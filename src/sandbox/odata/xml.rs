//! XML as a tree, in the small part of the language that FetchXML and paging cookies are written in. It never looks a name
//! up; whatever a document type would bring is refused.

/// The deepest nesting.
const DEEPEST: usize = 60;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes, unescaped.
    pub attributes: Vec<(String, String)>,
    /// The elements inside.
    pub children: Vec<Element>,
    /// The text inside, unescaped.
    pub text: String,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    /// Whether an attribute says yes.
    pub fn says(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"))
    }
}

/// Reads a document; `None` when it is no well-formed one.
pub(crate) fn parse_xml(text: &str) -> Option<Element> {
    let mut parser = Parser { rest: text.trim_start_matches('\u{feff}') };
    parser.skip_prologue()?;
    let root = parser.element(0)?;
    parser.skip_prologue()?;
    parser.rest.is_empty().then_some(root)
}

struct Parser<'text> {
    rest: &'text str,
}

impl<'text> Parser<'text> {
    /// Space, comments, declarations.
    fn skip_prologue(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(after) = self.rest.strip_prefix("<!--") {
                self.rest = after.split_once("-->")?.1;
            } else if let Some(after) = self.rest.strip_prefix("<?") {
                self.rest = after.split_once("?>")?.1;
            } else {
                return Some(());
            }
        }
    }

    fn element(&mut self, depth: usize) -> Option<Element> {
        if depth > DEEPEST {
            return None;
        }
        self.rest = self.rest.strip_prefix('<')?;
        let mut element = Element { name: self.name()?.to_owned(), ..Element::default() };
        loop {
            self.rest = self.rest.trim_start();
            if let Some(after) = self.rest.strip_prefix("/>") {
                self.rest = after;
                return Some(element);
            }
            if let Some(after) = self.rest.strip_prefix('>') {
                self.rest = after;
                break;
            }
            let (name, value) = self.attribute()?;
            if element.attribute(&name).is_some() {
                return None;
            }
            element.attributes.push((name, value));
        }
        loop {
            let (text, _) = self.rest.split_once('<')?;
            element.text.push_str(&unescaped(text)?);
            self.rest = &self.rest[text.len()..];
            if let Some(after) = self.rest.strip_prefix("</") {
                let after = after.strip_prefix(element.name.as_str())?.trim_start();
                self.rest = after.strip_prefix('>')?;
                return Some(element);
            }
            if let Some(after) = self.rest.strip_prefix("<!--") {
                self.rest = after.split_once("-->")?.1;
            } else {
                element.children.push(self.element(depth + 1)?);
            }
        }
    }

    fn name(&mut self) -> Option<&'text str> {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(name)
    }

    fn attribute(&mut self) -> Option<(String, String)> {
        let name = self.name()?.to_owned();
        self.rest = self.rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        Some((name, unescaped(value).filter(|_| !value.contains('<'))?))
    }
}

/// The five entities that XML itself has, and characters by number.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';')?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_trees() {
        let root =
            parse_xml("<?xml version='1.0'?><!-- a --><a b=\"1 &amp; &#x41;\"> <c d='x'/>t&lt;<e>5</e ></a> ").unwrap();
        assert_eq!(root.attribute("b"), Some("1 & A"));
        assert_eq!(root.children.len(), 2);
        assert_eq!((root.children[1].text.as_str(), root.text.trim()), ("5", "t<"));
        for broken in
            ["", "<a>", "<a></b>", "<a b=1/>", "<a b='1' b='2'/>", "<a/><b/>", "<a>&x;</a>", "x", "<!DOCTYPE a><a/>"]
        {
            assert_eq!(parse_xml(broken), None, "{broken}");
        }
        assert_eq!(parse_xml(&"<a>".repeat(5000)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[<>/a='\"&; ]{0,60}", other in "\\PC{0,40}") {
            let _ = (parse_xml(&text), parse_xml(&other));
        }
    }
}
