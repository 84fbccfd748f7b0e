//! The paging cookie inside `$skiptoken`: XML with a second XML inside, encoded twice. It never touches a record.

use std::fmt::Write;

use crate::sandbox::dataverse::order::{Order, Standing};
use crate::sandbox::dataverse::path::Path;
use crate::sandbox::dataverse::refusal::Refusal;
use crate::sandbox::dataverse::values::{from_text, to_text};
use crate::sandbox::odata::{decode, encode, guid};
use crate::sandbox::world::Value;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    /// The number of the page, from 2 on.
    pub page: u64,
    /// The record before it.
    pub last: Standing,
}

impl Cookie {
    /// The value of `$skiptoken` as it stands in a link, escapes included. `first` begins the page before.
    pub fn to_token(&self, order: &Order, key: &str, first: &Standing) -> String {
        let mut inner = format!("<cookie page=\"{}\">", self.page - 1);
        let values = self.last.values.iter().zip(&first.values);
        for ((name, _), (last, first)) in order.parts().zip(values) {
            let _ = write!(inner, "<{name}");
            for (attribute, value) in [("last", last), ("first", first)] {
                let _ = match value {
                    Some(value) => write!(inner, " {attribute}=\"{}\"", escaped(&to_text(value))),
                    None => write!(inner, " {attribute}null=\"1\""),
                };
            }
            inner.push_str(" />");
        }
        let (last, first) = (to_text(&Value::Id(self.last.id)), to_text(&Value::Id(first.id)));
        let _ = write!(inner, "<{key} last=\"{last}\" first=\"{first}\" /></cookie>");
        let encoded = encode(&encode(&inner));
        let page = self.page;
        format!("%3Ccookie%20pagenumber=%22{page}%22%20pagingcookie=%22{encoded}%22%20istracking=%22False%22%20/%3E")
    }

    /// Reads the value of `$skiptoken`, decoded once as every query option is.
    pub fn read(token: &str, order: &Order, key: &str) -> Result<Self, Refusal> {
        let broken = || Refusal::new(400, "0x8004112A", "The paging cookie in $skiptoken cannot be read.");
        let (outer, page) = tags(token)
            .and_then(|tags| tags.into_iter().next())
            .and_then(|tag| {
                let page = tag.attribute("pagenumber")?.parse().ok()?;
                Some((tag.attribute("pagingcookie")?.to_owned(), page))
            })
            .ok_or_else(broken)?;
        let inner = decode(&outer, false).ok_or_else(broken)?;
        let tags = tags(&inner).filter(|tags| tags.len() > 1).ok_or_else(broken)?;
        let (columns, id) = (&tags[1..tags.len() - 1], &tags[tags.len() - 1]);
        let is_same = columns.iter().map(|tag| tag.name.as_str()).eq(order.parts().map(|(name, _)| name));
        if !is_same || id.name != key {
            let message = "The order of the query does not match the order in its paging cookie.";
            return Err(Refusal::new(400, "0x80041129", message));
        }
        let value = |(tag, (_, path)): (&Tag, (&str, &Path))| {
            let Some(text) = tag.attribute("last") else { return Ok(None) };
            from_text(&path.column().kind, text).map(Some).ok_or_else(broken)
        };
        let values = columns.iter().zip(order.parts()).map(value).collect::<Result<_, _>>()?;
        let id = id.attribute("last").and_then(|last| guid(last.trim_matches(['{', '}']))).ok_or_else(broken)?;
        Ok(Self { page, last: Standing { values, id } })
    }
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }
}

/// The opening tags of a small XML text with their attributes; `None` when it is none.
fn tags(xml: &str) -> Option<Vec<Tag>> {
    let mut rest = xml.trim();
    let mut tags = Vec::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix('<')?;
        if let Some(closing) = rest.strip_prefix('/') {
            rest = closing.split_once('>')?.1.trim_start();
            continue;
        }
        let end = rest.find(|character: char| character.is_whitespace() || matches!(character, '>' | '/'))?;
        let mut tag = Tag { name: rest[..end].to_owned(), attributes: Vec::new() };
        rest = rest[end..].trim_start();
        while !rest.starts_with(['>', '/']) {
            let (name, value) = rest.split_once("=\"")?;
            let (value, after) = value.split_once('"')?;
            tag.attributes.push((name.trim().to_owned(), unescaped(value)));
            rest = after.trim_start();
        }
        rest = rest.trim_start_matches('/').strip_prefix('>')?.trim_start();
        tags.push(tag);
    }
    (!tags.is_empty()).then_some(tags)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::data::Schema;
    use crate::sandbox::dataverse::condition::Setting;
    use crate::sandbox::odata::Number;
    use crate::sandbox::world::made_id;

    fn order() -> Order {
        let options = crate::sandbox::odata::Options::default();
        let setting = Setting { options: &options, caller: made_id(0), is_inside_expand: false };
        Order::read("name,revenue desc", Schema::of_sandbox().by_set("accounts").unwrap(), &setting).unwrap()
    }

    fn standing(name: Option<&str>, nth: u64) -> Standing {
        let money = Number::parse("922337203685477.5807").map(Value::Number);
        Standing { values: vec![name.map(Value::text), money], id: made_id(nth) }
    }

    #[test]
    fn a_cookie_is_read_back_after_one_decoding() {
        for name in [Some("Ø \"<&>\" 100%+1\nnext"), Some("O'Neil"), None] {
            let cookie = Cookie { page: 3, last: standing(name, 2) };
            let token = cookie.to_token(&order(), "accountid", &standing(Some("a"), 1));
            assert!(
                token.starts_with("%3Ccookie%20pagenumber=%223%22%20pagingcookie=%22%253ccookie%2520page"),
                "{token}"
            );
            assert!(token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>&#".contains(&byte)), "{token}");
            let decoded = decode(&token, true).unwrap();
            assert_eq!(Cookie::read(&decoded, &order(), "accountid").unwrap(), cookie);
        }
    }

    #[test]
    fn a_cookie_that_was_encoded_again_or_belongs_to_another_order_is_refused() {
        let token = Cookie { page: 2, last: standing(None, 2) }.to_token(&order(), "accountid", &standing(None, 1));
        let code = |token: &str, order: &Order| Cookie::read(token, order, "accountid").unwrap_err().code;
        assert_eq!(code(&token, &order()), "0x8004112A");
        let decoded = decode(&token, true).unwrap();
        assert_eq!(code(&decoded, &Order::default()), "0x80041129");
        let twice = decode(&decoded, true).unwrap();
        assert_eq!(code(&twice, &order()), "0x8004112A");
        for broken in [
            "",
            "<",
            "<cookie",
            "<cookie pagenumber=\"2\" />",
            "<a b=\"",
            "x",
            "<cookie pagenumber=\"2\" pagingcookie=\"%3ccookie\" />",
        ] {
            assert_eq!(code(broken, &order()), "0x8004112A", "{broken}");
        }
    }
}
