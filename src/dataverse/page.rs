//! Cuts rows out of a page while its bytes arrive. Pure: it is pushed to, it never reads. It doesn't judge whether a row
//! is good JSON; [`Record`](crate::record::Record) does.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use crate::dataverse::error_body::ErrorBody;

/// The longest row, in bytes. A file column's thumbnail or a long text fits many times over.
const LONGEST_ROW: usize = 128 << 20;
/// The longest text around the rows: links, counts, an error.
const LONGEST_SIDE: usize = 4 << 20;
/// The deepest nesting. The JSON reader behind this one has its own limit of 128.
const DEEPEST: usize = 100;

/// What stands around the rows of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Side {
    /// Where the next page is; absent on the last.
    #[serde(rename = "@odata.nextLink")]
    pub next_link: Option<String>,
    /// How many rows there are, up to 5000, if that was asked.
    #[serde(rename = "@odata.count")]
    pub count: Option<u64>,
    /// Where the next page of a Fetch query is.
    #[serde(rename = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie")]
    pub cookie: Option<String>,
    #[serde(rename = "@Microsoft.Dynamics.CRM.morerecords")]
    more: Option<Truth>,
    /// An error in the place of rows.
    pub(super) error: Option<ErrorBody>,
}

/// Yes or no, as a truth or as its word.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Truth {
    Flag(bool),
    Word(String),
}

impl Side {
    /// Whether a Fetch query has more rows.
    pub(super) fn has_more_records(&self) -> bool {
        match &self.more {
            Some(Truth::Flag(flag)) => *flag,
            Some(Truth::Word(word)) => word.eq_ignore_ascii_case("true"),
            None => false,
        }
    }
}

/// Why bytes are no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// They are not JSON, or not an object with an array `value`.
    Malformed(String),
    /// They end in the middle.
    CutShort,
    /// The service put an error where rows should be.
    Reported {
        /// The service's code, as text.
        code: String,
        /// The service's text.
        message: String,
    },
}

/// Takes a page in pieces and gives its rows out whole. Memory: the row that is not complete yet, and the side.
#[derive(Debug, Default)]
pub struct Splitter {
    state: State,
    /// Containers open around the current byte.
    depth: usize,
    text: Text,
    /// Text of the outer object without the rows: `"value":[]` stands in for them.
    side: Vec<u8>,
    /// Beginning of a row whose end has not arrived.
    pending: BytesMut,
    /// Where in `side` the string at depth 1 began that was read last: a key, if a colon follows.
    key_start: usize,
    /// Whether the key that was read last at depth 1 is `value`.
    is_value_key: bool,
    has_rows: bool,
}

/// Whether the current byte belongs to a string.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// Inside, and the byte before was a backslash.
    Escaped,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the outer `{`.
    #[default]
    Start,
    /// In the outer object, outside the rows.
    Side,
    /// In the array of rows, between two rows; `true` after a comma, when a row must follow.
    Between { is_row_due: bool, is_first: bool },
    /// In a row.
    Row,
    /// After the outer `}`.
    End,
}

impl Splitter {
    /// A splitter at the beginning of a page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece and puts the rows that it completes into `rows`, as JSON text. A row that lies within one
    /// piece is not copied.
    ///
    /// # Errors
    /// [`PageError::Malformed`] when this can't become a page any more.
    pub fn push(&mut self, piece: &Bytes, rows: &mut Vec<Bytes>) -> Result<(), PageError> {
        let mut at = 0;
        while at < piece.len() {
            at = match self.state {
                State::Start => self.start(piece, at)?,
                State::Side => self.side(piece, at)?,
                State::Between { is_row_due, is_first } => self.between(piece, at, is_row_due, is_first)?,
                State::Row => self.row(piece, at, rows)?,
                State::End => Self::end(piece, at)?,
            };
        }
        Ok(())
    }

    /// Closes the page.
    ///
    /// # Errors
    /// [`PageError`] when the page is not complete, has no rows array, or is an error.
    pub fn finish(self) -> Result<Side, PageError> {
        if self.state != State::End {
            // A service that fails half-way may write its error into the middle of a row and stop.
            return Err(find_error(&self.pending).unwrap_or(PageError::CutShort));
        }
        let side: Side = serde_json::from_slice(&self.side).map_err(|error| malformed(error.to_string()))?;
        if let Some(ErrorBody { code, message }) = side.error {
            return Err(PageError::Reported { code, message });
        }
        if !self.has_rows {
            return Err(malformed("it has no array `value`"));
        }
        Ok(side)
    }

    fn start(&mut self, piece: &Bytes, at: usize) -> Result<usize, PageError> {
        // A byte order mark may come in three pieces; its bytes can't begin JSON, so they are passed over one by one.
        match piece[at] {
            byte if byte.is_ascii_whitespace() => {}
            0xEF | 0xBB | 0xBF => {}
            b'{' => {
                self.side.push(b'{');
                self.depth = 1;
                self.state = State::Side;
            }
            _ => return Err(malformed("it does not begin with `{`")),
        }
        Ok(at + 1)
    }

    fn side(&mut self, piece: &Bytes, at: usize) -> Result<usize, PageError> {
        let byte = piece[at];
        if self.side.len() >= LONGEST_SIDE {
            return Err(malformed("the text around its rows is too long"));
        }
        if self.text != Text::Outside {
            let end = self.string_end(piece, at);
            self.side.extend_from_slice(&piece[at..end]);
            return Ok(end);
        }
        self.side.push(byte);
        match byte {
            b'"' => {
                self.text = Text::Inside;
                if self.depth == 1 {
                    self.key_start = self.side.len() - 1;
                }
            }
            b':' if self.depth == 1 => self.is_value_key = self.is_value(),
            b',' if self.depth == 1 => self.is_value_key = false,
            b'[' if self.depth == 1 && self.is_value_key => {
                if self.has_rows {
                    return Err(malformed("it has two arrays `value`"));
                }
                self.has_rows = true;
                self.is_value_key = false;
                self.depth += 1;
                self.state = State::Between { is_row_due: false, is_first: true };
            }
            b'{' | b'[' => self.deeper()?,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::End;
                }
            }
            _ => {}
        }
        Ok(at + 1)
    }

    fn between(&mut self, piece: &Bytes, at: usize, is_row_due: bool, is_first: bool) -> Result<usize, PageError> {
        match piece[at] {
            byte if byte.is_ascii_whitespace() => return Ok(at + 1),
            b'{' if is_row_due || is_first => {
                self.state = State::Row;
                // The row's own first byte is read there.
                return Ok(at);
            }
            b',' if !is_row_due && !is_first => self.state = State::Between { is_row_due: true, is_first: false },
            b']' if !is_row_due => {
                self.side.push(b']');
                self.depth -= 1;
                self.state = State::Side;
            }
            _ => return Err(malformed("something that is no row stands among its rows")),
        }
        Ok(at + 1)
    }

    fn row(&mut self, piece: &Bytes, from: usize, rows: &mut Vec<Bytes>) -> Result<usize, PageError> {
        let mut at = from;
        while at < piece.len() {
            if self.text != Text::Outside {
                at = self.string_end(piece, at);
                continue;
            }
            let byte = piece[at];
            at += 1;
            match byte {
                b'"' => self.text = Text::Inside,
                b'{' | b'[' => self.deeper()?,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 2 {
                        self.state = State::Between { is_row_due: false, is_first: false };
                        rows.push(self.take_row(piece, from, at)?);
                        return Ok(at);
                    }
                }
                _ => {}
            }
        }
        if self.pending.len() + (at - from) > LONGEST_ROW {
            return Err(malformed("a row is longer than 128 MiB"));
        }
        self.pending.extend_from_slice(&piece[from..at]);
        Ok(at)
    }

    fn take_row(&mut self, piece: &Bytes, from: usize, to: usize) -> Result<Bytes, PageError> {
        let row = if self.pending.is_empty() {
            piece.slice(from..to)
        } else {
            self.pending.extend_from_slice(&piece[from..to]);
            self.pending.split().freeze()
        };
        // An error among rows has exactly this beginning; a row begins with its etag or a column that holds no object.
        match row.starts_with(b"{\"error\":{").then(|| ErrorBody::parse(&row)).flatten() {
            Some(ErrorBody { code, message }) if !code.is_empty() || !message.is_empty() => {
                Err(PageError::Reported { code, message })
            }
            _ => Ok(row),
        }
    }

    fn end(piece: &Bytes, at: usize) -> Result<usize, PageError> {
        if piece[at].is_ascii_whitespace() { Ok(at + 1) } else { Err(malformed("something follows its end")) }
    }

    fn deeper(&mut self) -> Result<(), PageError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(malformed("it is nested too deeply")) } else { Ok(()) }
    }

    /// The place behind the string's closing quote, or the end of the piece.
    fn string_end(&mut self, piece: &[u8], from: usize) -> usize {
        let mut at = from;
        while at < piece.len() {
            if self.text == Text::Escaped {
                self.text = Text::Inside;
                at += 1;
                continue;
            }
            match memchr::memchr2(b'"', b'\\', &piece[at..]) {
                None => return piece.len(),
                Some(offset) if piece[at + offset] == b'"' => {
                    self.text = Text::Outside;
                    return at + offset + 1;
                }
                Some(offset) => {
                    self.text = Text::Escaped;
                    at += offset + 1;
                }
            }
        }
        at
    }

    /// Whether the string that ends before the colon just read says `value`, escapes and all.
    fn is_value(&self) -> bool {
        let key = self.side[self.key_start..self.side.len() - 1].trim_ascii();
        key == b"\"value\""
            || (key.contains(&b'\\') && serde_json::from_slice::<String>(key).is_ok_and(|key| key == "value"))
    }
}

fn find_error(torn: &[u8]) -> Option<PageError> {
    let at = memchr::memmem::find(torn, b"{\"error\":{")?;
    let body = serde_json::Deserializer::from_slice(&torn[at..]).into_iter::<serde_json::Value>().next()?.ok()?;
    let ErrorBody { code, message } = ErrorBody::parse(body.to_string().as_bytes())?;
    Some(PageError::Reported { code, message })
}

fn malformed(why: impl Into<String>) -> PageError {
    PageError::Malformed(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    /// Splits `text` with cuts at the given places.
    fn split(text: &[u8], cuts: &[usize]) -> Result<(Vec<String>, Side), PageError> {
        let whole = Bytes::copy_from_slice(text);
        let mut splitter = Splitter::new();
        let mut rows = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([text.len()]) {
            splitter.push(&whole.slice(from..cut), &mut rows)?;
            from = cut;
        }
        let side = splitter.finish()?;
        Ok((rows.iter().map(|row| String::from_utf8(row.to_vec()).expect("text")).collect(), side))
    }

    /// What `serde_json` sees: the raw rows and the next link.
    fn reference(text: &str) -> (Vec<String>, Option<String>) {
        #[derive(Deserialize)]
        struct Page<'a> {
            #[serde(borrow)]
            value: Vec<&'a RawValue>,
            #[serde(rename = "@odata.nextLink")]
            next_link: Option<String>,
        }
        let page: Page = serde_json::from_str(text).expect("a page");
        (page.value.iter().map(|row| row.get().to_owned()).collect(), page.next_link)
    }

    const PAGE: &str = r#"{"@odata.context":"x#value[","@odata.count":7, "value" : [ {"a":1.10,"s":"}]\"\\","n":{"x":[{}]}} ,
        {"b":922337203685477.5807} ], "@odata.nextLink":"https:\/\/h/p?$skiptoken=%22\u0041"}"#;

    #[test]
    fn a_page_is_cut_the_same_wherever_its_pieces_end() {
        let (rows, next_link) = reference(PAGE);
        for first in 0..=PAGE.len() {
            for second in first..=PAGE.len() {
                let (cut, side) = split(PAGE.as_bytes(), &[first, second]).expect("a page");
                assert_eq!(cut, rows, "cut at {first} and {second}");
                assert_eq!(side.next_link, next_link);
                assert_eq!(side.count, Some(7));
            }
        }
    }

    #[test]
    fn half_a_page_is_no_page() {
        for end in 0..PAGE.len() {
            assert!(split(&PAGE.as_bytes()[..end], &[]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "",
            "[]",
            "<html>",
            "null",
            "{}",
            r#"{"value":{}}"#,
            r#"{"value":"[]"}"#,
            r#"{"value":[1]}"#,
            r#"{"value":["x"]}"#,
            r#"{"value":[{}{}]}"#,
            r#"{"value":[,{}]}"#,
            r#"{"value":[{},]}"#,
            r#"{"value":[{}]]}"#,
            r#"{"value":[]}{"value":[]}"#,
            r#"{"value":[],"value":[]}"#,
            r#"{"other":{"value":[{}]}}"#,
            r#"{"value":[]"#,
            r#"{"a" "value":[]}"#,
        ] {
            assert!(split(text.as_bytes(), &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn odd_but_lawful_pages_are_read() {
        for (text, rows) in [
            ("{\"value\":[]}", 0),
            ("\u{feff} {\"value\":[{}]} \n", 1),
            (r#"{"\u0076alue":[{}]}"#, 1),
            (r#"{"a":"value","value":[{"value":[{}]}]}"#, 1),
            (r#"{"value":[{}],"other":["value",{"value":[]}]}"#, 1),
        ] {
            let (cut, _) = split(text.as_bytes(), &[]).expect(text);
            assert_eq!(cut.len(), rows, "{text}");
        }
    }

    #[test]
    fn an_error_in_the_place_of_rows_is_an_error() {
        let told = PageError::Reported { code: "0x80040216".into(), message: "broke".into() };
        for text in [
            r#"{"error":{"code":"0x80040216","message":"broke"}}"#,
            r#"{"value":[{"a":1}],"error":{"code":"0x80040216","message":"broke"}}"#,
            r#"{"value":[{"a":1},{"error":{"code":"0x80040216","message":"broke"}}]}"#,
            r#"{"value":[{"a":1},{"a":2{"error":{"code":"0x80040216","message":"broke"}}"#,
        ] {
            assert_eq!(split(text.as_bytes(), &[]), Err(told.clone()), "{text}");
        }
    }

    #[test]
    fn depth_has_a_bottom() {
        let deep = format!("{{\"value\":[{{\"a\":{}1{}}}]}}", "[".repeat(90), "]".repeat(90));
        assert!(split(deep.as_bytes(), &[]).is_ok());
        let bottomless = format!("{{\"value\":[{{\"a\":{}", "[".repeat(100_000));
        assert!(matches!(split(bottomless.as_bytes(), &[]), Err(PageError::Malformed(_))));
    }

    #[test]
    fn a_side_without_end_is_refused() {
        let endless = Bytes::from(format!("{{\"x\":[{}", "1,".repeat(3 << 20)));
        assert!(matches!(Splitter::new().push(&endless, &mut Vec::new()), Err(PageError::Malformed(_))));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            Just(Value::from("\"}]{[\\")),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-z@\"\\\\{}]{0,6}", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_page_in_any_pieces_gives_the_rows_that_serde_sees(
            rows in prop::collection::vec(prop::collection::vec(("[a-z]{1,5}", json()), 0..4), 0..5),
            link in prop::option::of(".*"),
            before in json(),
            pretty in any::<bool>(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let rows: Vec<Value> = rows.into_iter().map(|pairs| Value::Object(pairs.into_iter().collect())).collect();
            let mut page = serde_json::Map::new();
            page.insert("before".into(), before);
            page.insert("value".into(), Value::from(rows));
            if let Some(link) = link {
                page.insert("@odata.nextLink".into(), Value::from(link));
            }
            let page = Value::Object(page);
            let text = if pretty { serde_json::to_string_pretty(&page) } else { serde_json::to_string(&page) }.expect("json");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.sort_unstable();
            let (cut, side) = split(text.as_bytes(), &cuts).expect("a page");
            let (expected, next_link) = reference(&text);
            prop_assert_eq!(cut, expected);
            prop_assert_eq!(side.next_link, next_link);
        }

        #[test]
        fn no_bytes_make_it_panic_or_say_more_than_serde(
            text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\value "[..])], 0..80),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(text.len() + 1);
            if let Ok((rows, _)) = split_lossy(&text, cut) {
                // What is accepted as a page and whose rows are good JSON is JSON as a whole.
                if rows.iter().all(|row| serde_json::from_slice::<&RawValue>(row).is_ok()) {
                    let start = text.iter().position(|byte| *byte == b'{').unwrap_or(0);
                    prop_assert!(serde_json::from_slice::<&RawValue>(&text[start..]).is_ok());
                }
            }
        }
    }

    fn split_lossy(text: &[u8], cut: usize) -> Result<(Vec<Bytes>, Side), PageError> {
        let whole = Bytes::copy_from_slice(text);
        let mut splitter = Splitter::new();
        let mut rows = Vec::new();
        splitter.push(&whole.slice(..cut), &mut rows)?;
        splitter.push(&whole.slice(cut..), &mut rows)?;
        Ok((rows, splitter.finish()?))
    }
}
