//! The words of a refusal, out of whatever body they come in: the Web API's JSON, that of plug-ins and gateways, pages in
//! HTML. Pure and total: a body of any bytes gives words or none.
//!
//! Sources: Microsoft Learn, "Compose HTTP requests and handle errors" (`error`, `innererror`); OData JSON Format 4.01 §21
//! (`details`); RFC 6749 §5.2 (`error_description`); RFC 9457 (`title`, `detail`); ASP.NET's `HttpError` (`Message`,
//! `ExceptionMessage`, `ExceptionType`).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::dataverse::codes;

/// How many inner errors are looked into.
const DEEPEST: usize = 8;
/// The longest text of a page that is taken, in characters.
const LONGEST_TEXT: usize = 300;

/// What a refusal says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// The code as it came; empty where there is none.
    pub code: String,
    /// The words; empty where there are none.
    pub message: String,
}

impl ErrorBody {
    /// Reads JSON that holds an error, in any of the shapes in which they come.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let root = serde_json::from_slice::<Value>(body).ok()?;
        let root = root.as_object()?;
        let outer = Self::of_object(root);
        match root.get("error").or_else(|| root.get("odata.error")) {
            Some(Value::Object(error)) => Some(Self::of_object(error)),
            Some(Value::String(code)) => Some(Self { code: code.clone(), ..outer }),
            Some(_) => Some(outer),
            None => (!outer.code.is_empty() || !outer.message.is_empty()).then_some(outer),
        }
    }

    /// The number that the code is, if it is one.
    pub(super) fn number(&self) -> Option<u32> {
        codes::parse(&self.code)
    }

    /// The words with a code that is none of the service's numbers in front of them.
    pub(super) fn words(&self) -> String {
        let code = self.code.trim();
        match (self.number(), code.is_empty(), self.message.is_empty()) {
            (Some(_), ..) | (None, true, _) => self.message.clone(),
            (None, false, true) => code.to_owned(),
            (None, false, false) if self.message.contains(code) => self.message.clone(),
            (None, false, false) => format!("{code}: {}", self.message),
        }
    }

    fn of_object(error: &Map<String, Value>) -> Self {
        let code = match error.get("code").or_else(|| error.get("Code")) {
            Some(Value::String(code)) => code.clone(),
            Some(Value::Number(code)) => code.to_string(),
            _ => String::new(),
        };
        let mut words = Words::default();
        words.of_error(error, DEEPEST);
        Self { code, message: words.0 }
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        value.as_object().map(Self::of_object).ok_or_else(|| D::Error::custom("an error that is no object"))
    }
}

/// Texts one after the other, none said twice.
#[derive(Default)]
struct Words(String);

impl Words {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.0.contains(text) {
            return;
        }
        if !self.0.is_empty() {
            self.0.truncate(self.0.trim_end_matches('.').len());
            self.0.push_str("; ");
        }
        self.0.push_str(text);
    }

    fn of_error(&mut self, error: &Map<String, Value>, depth: usize) {
        for name in ["message", "Message", "error_description", "title", "detail"] {
            if let Some(text) = error.get(name).and_then(text_of) {
                self.add(text);
            }
        }
        let exception = |name| error.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        match (exception("ExceptionType"), exception("ExceptionMessage")) {
            (Some(kind), Some(text)) if !self.0.contains(text.trim()) => self.add(&format!("{kind}: {text}")),
            (_, Some(text)) | (Some(text), None) => self.add(text),
            (None, None) => {}
        }
        if depth == 0 {
            return;
        }
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
            if let Some(detail) = detail.as_object() {
                self.of_error(detail, 0);
            }
        }
        for name in ["innererror", "InnerError", "innerError", "internalexception", "InnerException"] {
            if let Some(inner) = error.get(name).and_then(Value::as_object) {
                self.of_error(inner, depth - 1);
            }
        }
    }
}

/// A text, or one with its language beside it.
fn text_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("value").and_then(Value::as_str))
}

/// The title, the first heading and the first paragraph of a page, as far as they say different things.
pub(super) fn page_words(page: &str) -> String {
    // Of the same length, so that places in one are places in the other.
    let lower = page.to_ascii_lowercase();
    let mut words = Words::default();
    for tags in [&["title"][..], &["h1", "h2", "h3"], &["p"]] {
        if let Some(text) = tags.iter().find_map(|tag| element(page, &lower, tag)) {
            words.add(&text);
        }
    }
    words.0
}

/// Whether it is the page of Windows' own web server, which stands in front of the service and answers what never gets there:
/// an address that it can't read, and one whose query is longer than its filter allows (404.15). Source: Microsoft Learn,
/// "HTTP status code overview in IIS".
pub(super) fn is_of_front_door(page: &str) -> bool {
    let lower = page.to_ascii_lowercase();
    lower.contains("<hr><p>http error ") || lower.contains("http error 404.1")
}

/// The text of the first element of that name, in one line, without the tags in it; `None` where there is none.
fn element(page: &str, lower: &str, tag: &str) -> Option<String> {
    let opening = format!("<{tag}");
    let mut from = 0;
    let start = loop {
        let at = from + lower.get(from..)?.find(&opening)? + opening.len();
        // `<p>` and `<p class=…>`, not `<pre>`.
        if lower[at..].starts_with(|next: char| next == '>' || next.is_ascii_whitespace()) {
            break at + lower[at..].find('>')? + 1;
        }
        from = at;
    };
    let end = lower[start..].find(&format!("</{tag}")).map_or(lower.len(), |length| start + length);
    let text = plain(&page[start..end]);
    (!text.is_empty()).then_some(text)
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => {
                is_tag = false;
                text.push(' ');
            }
            _ if is_tag => {}
            letter => text.push(letter),
        }
        if text.len() > 8 * LONGEST_TEXT {
            break;
        }
    }
    for (entity, letter) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        text = text.replace(entity, letter);
    }
    clipped(&text)
}

/// Plain text in one line, and not more than a reader reads.
pub(super) fn clipped(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(LONGEST_TEXT) {
        line.truncate(at);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(body: &str) -> Option<(Option<u32>, String)> {
        ErrorBody::parse(body.as_bytes()).map(|body| (body.number(), body.words()))
    }

    #[test]
    fn words_and_code_are_read_in_every_shape_in_which_a_refusal_comes() {
        let table = [
            (r#"{"error":{"code":"0x80040217","message":"gone"}}"#, Some(0x8004_0217), "gone"),
            (r#"{"error":{"code":"0x80040217","message":null}}"#, Some(0x8004_0217), ""),
            (r#"{"error":{"code":-2147220969,"message":"gone"}}"#, Some(0x8004_0217), "gone"),
            (r#"{"error":{"code":2147746327,"message":"gone"}}"#, Some(0x8004_0217), "gone"),
            (r#"{"error":{"code":"","message":{"lang":"en-US","value":"gone"}}}"#, None, "gone"),
            (r#"{"odata.error":{"code":"","message":{"lang":"en-US","value":"gone"}}}"#, None, "gone"),
            (
                r#"{"Message":"An error has occurred.","ExceptionMessage":"No such set.","ExceptionType":"System.Argument"}"#,
                None,
                "An error has occurred; System.Argument: No such set.",
            ),
            (
                r#"{"Message":"The requested resource does not support http method 'PUT'."}"#,
                None,
                "The requested resource does not support http method 'PUT'.",
            ),
            (
                r#"{"error":"invalid_request","error_description":"AADSTS900144: The body is missing"}"#,
                None,
                "invalid_request: AADSTS900144: The body is missing",
            ),
            (r#"{"error":"unauthorized"}"#, None, "unauthorized"),
            (
                r#"{"error":{"code":"0x0","message":"no","innererror":{"message":"no","type":"T","stacktrace":"at x","internalexception":{"message":"because"}}}}"#,
                Some(0),
                "no; because",
            ),
            (
                r#"{"error":{"code":"BadArgument","message":"Several.","details":[{"code":"a","message":"one"},{"message":"two"},7]}}"#,
                None,
                "BadArgument: Several; one; two",
            ),
            (
                r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Blocked by policy 7"}"#,
                None,
                "Forbidden; Blocked by policy 7",
            ),
            (r#"{"error":null}"#, None, ""),
            (r#"{"error":{}}"#, None, ""),
        ];
        for (body, code, words) in table {
            assert_eq!(told(body), Some((code, words.to_owned())), "{body}");
        }
        for nothing in ["", "{}", "[]", "7", "\"text\"", "{\"value\":[]}", "{\"error\":{\"code\":", "<html>"] {
            assert_eq!(told(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_page_says_its_title_its_heading_and_its_first_sentence() {
        let invalid_url = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
            <HTML><HEAD><TITLE>Bad Request</TITLE>\r\n<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n\
            <BODY><h2>Bad Request - Invalid URL</h2>\r\n<hr><p>HTTP Error 400. The request URL is invalid.</p>\r\n</BODY></HTML>";
        let told = "Bad Request; Bad Request - Invalid URL; HTTP Error 400. The request URL is invalid.";
        assert_eq!(page_words(invalid_url), told);
        assert!(is_of_front_door(invalid_url));
        let portal = "<html><head><title>Hotel &amp; Spa\n  network</title></head><body><pre>x</pre><p class='a'>Sign <b>in</b></p>";
        assert_eq!(page_words(portal), "Hotel & Spa network; Sign in");
        assert!(!is_of_front_door(portal));
        for (page, words) in
            [("", ""), ("<title", ""), ("<title>", ""), ("<title>é", "é"), ("<p", ""), ("<İp><p>x", "x")]
        {
            assert_eq!(page_words(page), words, "{page}");
        }
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reading_and_a_code_is_a_number(body in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(body) = ErrorBody::parse(&body) {
                prop_assert!(body.number().is_none() || body.code.trim().bytes().any(|byte| byte.is_ascii_digit()));
            }
            let text = String::from_utf8_lossy(&body);
            page_words(&text);
            is_of_front_door(&text);
        }

        #[test]
        fn no_json_breaks_the_reading(
            code in "(\"[ -~é]{0,14}\"|-?[0-9]{1,12}|null|\\[\\]|true)",
            message in "(\"[a-zé .]{0,20}\"|null|7|\\{\"value\":\"x\"\\})",
            shape in 0..4,
        ) {
            let error = format!("{{\"code\":{},\"message\":{message}}}", code.replace('\\', "/"));
            let body = match shape {
                0 => format!("{{\"error\":{error}}}"),
                1 => error,
                2 => format!("{{\"error\":{code},\"Message\":{message}}}"),
                _ => format!("{{\"error\":{{\"innererror\":{error},\"details\":[{error}]}}}}"),
            };
            if let Some(body) = ErrorBody::parse(body.as_bytes())
                && let Some(number) = body.number()
            {
                let shown = format!("0x{number:08X}");
                prop_assert!(shown[2..].bytes().all(|byte| byte.is_ascii_hexdigit()));
                prop_assert!(body.code.trim().trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_alphanumeric()));
            }
        }

        #[test]
        fn tags_in_any_order_are_only_ever_text(page in "(<|>|/|title|p|h1| |é|&lt;|x){0,40}") {
            page_words(&page);
        }
    }
}
