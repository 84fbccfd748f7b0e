//! FetchXML: checked to be well formed, and taken apart just enough to ask for page after page. Which tables and columns
//! there are is known to the service. Pure. Source: Microsoft Learn, "Page results using FetchXML".

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::dataverse::DataverseError;
use crate::dataverse::page::Side;

/// The most rows of one page.
const MOST_ROWS: u64 = 5000;

/// A query in FetchXML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchXml {
    /// The attributes of `<fetch>`, in order.
    attributes: Vec<(String, String)>,
    /// What follows the opening tag, as it was written.
    rest: String,
    table: String,
    /// Whether the pages after the one that is named are wanted too.
    goes_on: bool,
}

impl FetchXml {
    /// Takes a document: `<fetch>` around one `<entity name=…>`.
    ///
    /// # Errors
    /// [`DataverseError::BadFetchXml`], with the place.
    pub fn parse(text: &str) -> Result<Self, DataverseError> {
        let bad = |at: u64, why: String| {
            let before = text.get(..usize::try_from(at).unwrap_or(0)).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            DataverseError::BadFetchXml { line, column, why }
        };
        let mut reader = Reader::from_str(text);
        let (mut root, mut table) = (None, None);
        let mut depth = 0_usize;
        loop {
            let at = reader.buffer_position();
            let event = reader.read_event().map_err(|error| bad(reader.error_position(), error.to_string()))?;
            match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let is_open = matches!(event, Event::Start(_));
                    let attributes = attributes_of(tag).map_err(|why| bad(at, why))?;
                    match (depth, name_of(tag).as_str()) {
                        (0, "fetch") if root.is_none() && is_open => {
                            root = Some((attributes, reader.buffer_position()));
                        }
                        (0, _) => return Err(bad(at, "one <fetch> is due here".to_owned())),
                        (1, "entity") if table.is_none() => {
                            let name = attributes.into_iter().find(|(name, _)| name == "name").map(|(_, value)| value);
                            table = Some(name.ok_or_else(|| bad(at, "<entity> has no name".to_owned()))?);
                        }
                        (1, _) => return Err(bad(at, "one <entity> is due here".to_owned())),
                        _ => {}
                    }
                    depth += usize::from(is_open);
                }
                Event::End(_) => depth = depth.saturating_sub(1),
                Event::DocType(_) => return Err(bad(at, "a document type is not taken".to_owned())),
                Event::Text(inner) if depth == 0 && !inner.trim().is_empty() => {
                    return Err(bad(at, "there is text outside <fetch>".to_owned()));
                }
                Event::Eof if depth > 0 => return Err(bad(at, "it ends before its last element is closed".to_owned())),
                Event::Eof => break,
                _ => {}
            }
        }
        let (Some((attributes, start)), Some(table)) = (root, table) else {
            return Err(bad(0, "it holds no <fetch> with an <entity>".to_owned()));
        };
        let rest = text.get(usize::try_from(start).unwrap_or(0)..).unwrap_or_default().trim_end().to_owned();
        Ok(Self { attributes, rest, table, goes_on: false })
    }

    /// The logical name of the table.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The same from the page that it names to the last one.
    #[must_use]
    pub fn going_on(self) -> Self {
        Self { goes_on: true, ..self }
    }

    /// Whether it says itself how many rows are wanted: `top`, or one page by its number.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.value("top").is_some() || self.page_alone().is_some()
    }

    /// The number of the page that it asks for and no other.
    #[must_use]
    pub fn page_alone(&self) -> Option<&str> {
        self.value("page").filter(|_| !self.goes_on)
    }

    /// Whether totals are asked for.
    #[must_use]
    pub fn is_aggregate(&self) -> bool {
        matches!(self.value("aggregate"), Some("true" | "1"))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    /// The document for the first page of at most `size` rows, unless it says so itself.
    pub(super) fn first_page(&self, size: Option<u64>) -> String {
        if self.value("top").is_some() || self.value("page").is_some() || self.is_aggregate() {
            return self.text(&[]);
        }
        self.text(&[("count", self.count(size)), ("page", Some("1".to_owned()))])
    }

    /// The document for the page that follows what `read` says; `None` after the last. `page` is the number of the one read.
    pub(super) fn next_page(&self, read: &Side, size: Option<u64>, page: u64) -> Result<Option<String>, String> {
        if self.is_bounded() || !read.has_more_records() {
            return Ok(None);
        }
        let first = self.value("page").and_then(|page| page.trim().parse::<u64>().ok()).unwrap_or(1);
        let (mut number, mut cookie) = (first.saturating_add(page), None);
        // Without a cookie, as where a linked column decides the order, the number alone leads on.
        if let Some(annotation) = &read.cookie {
            let (named, inner) = inner_cookie(annotation).ok_or("its paging cookie can't be read")?;
            number = named.unwrap_or(number);
            cookie = Some(inner);
        }
        // Where pages are as long as the first one decides, another length would leave rows out or give them twice.
        let is_as_written = self.is_aggregate() || self.value("page").is_some();
        let count = if is_as_written { None } else { self.count(size) };
        // A cookie of the document belongs to the page that it names.
        let own = Self {
            attributes: self.attributes.iter().filter(|(name, _)| name != "paging-cookie").cloned().collect(),
            ..self.clone()
        };
        Ok(Some(own.text(&[("count", count), ("page", Some(number.to_string())), ("paging-cookie", cookie)])))
    }

    fn count(&self, size: Option<u64>) -> Option<String> {
        let own = self.value("count").and_then(|count| count.parse::<u64>().ok());
        own.map_or(size, |own| Some(size.map_or(own, |size| size.min(own))))
            .map(|it| it.clamp(1, MOST_ROWS).to_string())
    }

    /// The document with some attributes of `<fetch>` replaced.
    fn text(&self, replaced: &[(&str, Option<String>)]) -> String {
        let mut text = "<fetch".to_owned();
        let mut put = |name: &str, value: &str| {
            for part in [" ", name, "=\"", &escape(value), "\""] {
                text.push_str(part);
            }
        };
        for (name, value) in &self.attributes {
            if !replaced.iter().any(|(other, value)| other == name && value.is_some()) {
                put(name, value);
            }
        }
        for (name, value) in replaced {
            if let Some(value) = value {
                put(name, value);
            }
        }
        text.push('>');
        text.push_str(&self.rest);
        text
    }
}

fn name_of(tag: &BytesStart<'_>) -> String {
    tag.name().as_ref().to_owned()
}

/// The attributes of a tag, unescaped.
fn attributes_of(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    tag.attributes()
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::default()).map_err(|error| error.to_string())?;
            Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
        })
        .collect()
}

/// The number of the next page and the inner cookie, which is percent-encoded twice inside the annotation.
fn inner_cookie(annotation: &str) -> Option<(Option<u64>, String)> {
    let mut reader = Reader::from_str(annotation);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = attributes_of(&tag).ok()?;
                let value = |name: &str| attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
                let inner = decoded(&decoded(value("pagingcookie")?)?)?;
                return Some((value("pagenumber").and_then(|number| number.parse().ok()), inner));
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// Percent escapes undone; `+` is itself.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = after else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// The names of the cells of a view's layout that are shown.
pub(super) fn cells(layout: &str) -> Vec<String> {
    let mut reader = Reader::from_str(layout);
    let mut names = Vec::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) | Event::Empty(tag) if name_of(&tag) == "cell" => {
                let Ok(attributes) = attributes_of(&tag) else { continue };
                let value = |name: &str| attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
                if let Some(name) = value("name").filter(|_| !matches!(value("ishidden"), Some("1" | "true"))) {
                    names.push(name.to_owned());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "<!-- all --><fetch version='1.0' count=\"50\"> <entity name='account'><attribute name='name'/></entity></fetch>\n";

    fn side(json: &str) -> Side {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_page_is_asked_for_by_its_number_and_its_cookie() {
        let fetch = FetchXml::parse(PLAIN).unwrap();
        assert_eq!(fetch.table(), "account");
        let rest = " <entity name='account'><attribute name='name'/></entity></fetch>";
        assert_eq!(fetch.first_page(None), format!("<fetch version=\"1.0\" count=\"50\" page=\"1\">{rest}"));
        assert_eq!(fetch.first_page(Some(11)), format!("<fetch version=\"1.0\" count=\"11\" page=\"1\">{rest}"));
        let side = side(
            r#"{"value":[],"@Microsoft.Dynamics.CRM.morerecords":true,"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie":
               "<cookie pagenumber=\"2\" pagingcookie=\"%253ccookie%2520page%253d%25221%2522%253e%253cname%2520last%253d%2522A%2526amp%253bB%2522%2520%252f%253e%253c%252fcookie%253e\" istracking=\"False\" />"}"#,
        );
        let next = fetch.next_page(&side, None, 1).unwrap().unwrap();
        let cookie = "&lt;cookie page=&quot;1&quot;&gt;&lt;name last=&quot;A&amp;amp;B&quot; /&gt;&lt;/cookie&gt;";
        assert_eq!(next, format!("<fetch version=\"1.0\" count=\"50\" page=\"2\" paging-cookie=\"{cookie}\">{rest}"));
    }

    #[test]
    fn pages_end_where_the_service_or_the_document_says_so() {
        let fetch = FetchXml::parse(PLAIN).unwrap();
        assert_eq!(fetch.next_page(&side(r#"{"value":[]}"#), None, 1).unwrap(), None);
        let more = side(r#"{"value":[],"@Microsoft.Dynamics.CRM.morerecords":"true"}"#);
        assert!(fetch.next_page(&more, None, 3).unwrap().unwrap().contains("page=\"4\""));
        for bounded in ["<fetch top='5'><entity name='a'/></fetch>", "<fetch page='2'><entity name='a'/></fetch>"] {
            let fetch = FetchXml::parse(bounded).unwrap();
            assert!(fetch.is_bounded());
            assert_eq!(fetch.next_page(&more, None, 1).unwrap(), None);
            assert!(!fetch.first_page(Some(7)).contains("count"));
        }
    }

    #[test]
    fn a_page_that_is_named_is_where_the_others_begin() {
        let text = "<fetch count='3' page='4' paging-cookie='old'><entity name='a'/></fetch>";
        let alone = FetchXml::parse(text).unwrap();
        assert_eq!(alone.page_alone(), Some("4"));
        let fetch = alone.going_on();
        assert_eq!((fetch.page_alone(), fetch.is_bounded()), (None, false));
        assert_eq!(
            fetch.first_page(Some(7)),
            "<fetch count=\"3\" page=\"4\" paging-cookie=\"old\"><entity name='a'/></fetch>"
        );
        let more = side(r#"{"value":[],"@Microsoft.Dynamics.CRM.morerecords":true}"#);
        let next = |page| fetch.next_page(&more, Some(7), page).unwrap().unwrap();
        assert_eq!(next(1), "<fetch count=\"3\" page=\"5\"><entity name='a'/></fetch>");
        assert_eq!(next(2), "<fetch count=\"3\" page=\"6\"><entity name='a'/></fetch>");
    }

    #[test]
    fn what_is_not_well_formed_is_told_with_its_place() {
        for (text, line, column) in [
            ("", 1, 1),
            ("<fetch>\n<entity name='a'>\n</fetch>", 3, 1),
            ("<fetch><entity/></fetch>", 1, 8),
            ("<fetch/>", 1, 1),
            ("<select/>", 1, 1),
            ("<fetch><entity name='a'/><entity name='b'/></fetch>", 1, 26),
            ("<fetch><entity name='a'/></fetch><fetch/>", 1, 34),
            ("<!DOCTYPE x><fetch><entity name='a'/></fetch>", 1, 1),
            ("<fetch a='1' a='2'><entity name='a'/></fetch>", 1, 1),
            ("<fetch><entity name='a'>", 1, 25),
        ] {
            match FetchXml::parse(text) {
                Err(DataverseError::BadFetchXml { line: l, column: c, why }) => {
                    assert_eq!((l, c), (line, column), "{text}: {why}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_cells_of_a_layout_are_columns() {
        let layout = "<grid><row id='accountid'><cell name='name' width='1'/><cell name='x' ishidden='1'/><cell name='a.b'></cell></row></grid>";
        assert_eq!(cells(layout), ["name", "a.b"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[<>/a='\"&; \n]{0,60}", other in "\\PC{0,40}") {
            let _ = (FetchXml::parse(&text), FetchXml::parse(&other), inner_cookie(&text), cells(&text));
        }
    }
}
