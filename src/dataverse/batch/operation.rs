//! One operation of a batch, read from a line of NDJSON. Pure: whatever is wrong is found here, before anything is sent.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::dataverse::batch::BatchError;
use crate::dataverse::encode::{API, encode, nameless_option, resource};
use crate::dataverse::{Body, RecordId, Table};
use crate::net::{Method, overrides_method};

/// The longest address inside a batch. Source: Microsoft Learn, "Execute batch operations using the Web API".
pub(super) const LONGEST_TARGET: usize = 65_536;
/// Headers that belong to the connection or to the batch as a whole.
const OURS: [&str; 9] = [
    "authorization",
    "connection",
    "content-id",
    "content-length",
    "content-transfer-encoding",
    "cookie",
    "host",
    "proxy-authorization",
    "transfer-encoding",
];
/// Headers that say for whom a request is. Source: Microsoft Learn, "Impersonate another user using the Web API".
const BEHALF: [&str; 2] = ["CallerObjectId", "MSCRMCallerID"];

/// A request that travels inside another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What its answer is called by: given, else the number of the operation.
    pub id: String,
    /// GET, POST, …
    pub method: Method,
    /// Path and query beginning with `/api/data/`, or a reference `$id` to an operation of the same change set.
    pub target: String,
    /// Headers of its own.
    pub headers: Vec<(String, String)>,
    /// JSON, as it was given.
    pub body: Option<String>,
}

impl Operation {
    /// The deletion of a record, whatever its version.
    #[must_use]
    pub fn delete(table: &Table, id: &RecordId) -> Self {
        let target = format!("{API}{}({id})", resource(&table.entity_set));
        let headers = vec![("If-Match".to_owned(), "*".to_owned())];
        Self { id: id.to_string(), method: Method::DELETE, target, headers, body: None }
    }

    /// Whether it does more than read.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.method != Method::GET
    }

    /// The same for the user that `header` names, unless it says itself whom it is for.
    pub(super) fn on_behalf(&self, header: &(&'static str, String)) -> Self {
        let mut operation = self.clone();
        let is_said = operation.headers.iter().any(|(name, _)| BEHALF.iter().any(|own| name.eq_ignore_ascii_case(own)));
        if !is_said {
            operation.headers.push((header.0.to_owned(), header.1.clone()));
        }
        operation
    }
}

/// A line, its values untouched so that their places are known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    path: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
}

/// Reads `{"id", "method", "path", "body", "headers"}` a line; empty lines are passed over. `atomic` allows references to
/// operations before, and forbids reads.
///
/// # Errors
/// [`BatchError::BadLine`] naming the line and the column, [`BatchError::MethodOverride`], or [`BatchError::Nothing`].
pub fn operations(text: &str, atomic: bool) -> Result<Vec<Operation>, BatchError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut operations, mut ids) = (Vec::new(), BTreeSet::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let operation = Reader { number, line, atomic }.read(operations.len() + 1, &ids)?;
        ids.insert(operation.id.clone());
        operations.push(operation);
    }
    if operations.is_empty() { Err(BatchError::Nothing) } else { Ok(operations) }
}

struct Reader<'a> {
    number: usize,
    line: &'a str,
    atomic: bool,
}

impl<'a> Reader<'a> {
    fn read(&self, place: usize, earlier: &BTreeSet<String>) -> Result<Operation, BatchError> {
        if !self.line.trim_start().starts_with('{') {
            return Err(self.refuse_at(1, "an operation is a JSON object".to_owned()));
        }
        let line: Line<'a> = serde_json::from_str(self.line).map_err(|error| {
            let why = error.to_string();
            // It says "at line 1 column 9", and the line is always 1 here.
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            self.refuse_at(error.column().max(1), why)
        })?;
        let id = match line.id {
            None => place.to_string(),
            Some(raw) => match self.value::<serde_json::Value>(raw, "")? {
                serde_json::Value::String(id) => id,
                serde_json::Value::Number(id) => id.to_string(),
                _ => return Err(self.refuse(raw, "`id` is a text or a number")),
            },
        };
        let at_id = |why: &str| line.id.map_or_else(|| self.refuse_at(1, why.to_owned()), |raw| self.refuse(raw, why));
        if earlier.contains(&id) {
            return Err(at_id(&format!("the id `{id}` belongs to an operation before")));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.atomic && (id.is_empty() || !id.bytes().all(is_plain)) {
            return Err(at_id("in a change set an id is made of letters, digits, `-`, `_` and `.`"));
        }
        let method = self.method(line.method)?;
        let raw = line.path.ok_or_else(|| self.refuse_at(1, "`path` is missing".to_owned()))?;
        let path: String = self.value(raw, "`path` is a text")?;
        let target = target(&path, self.atomic.then_some(earlier)).map_err(|why| self.refuse(raw, &why))?;
        let body = self.body(line.body, &method)?;
        Ok(Operation { id, method, target, headers: self.headers(line.headers)?, body })
    }

    fn method(&self, raw: Option<&'a RawValue>) -> Result<Method, BatchError> {
        let raw = raw.ok_or_else(|| self.refuse_at(1, "`method` is missing".to_owned()))?;
        let word: String = self.value(raw, "`method` is a text")?;
        Ok(match word.to_ascii_uppercase().as_str() {
            "GET" if self.atomic => return Err(self.refuse(raw, "a change set takes no GET")),
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PATCH" => Method::PATCH,
            "PUT" => Method::PUT,
            "DELETE" => Method::DELETE,
            _ => return Err(self.refuse(raw, "`method` is GET, POST, PATCH, PUT or DELETE")),
        })
    }

    fn body(&self, raw: Option<&'a RawValue>, method: &Method) -> Result<Option<String>, BatchError> {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(None) };
        if *method == Method::GET || *method == Method::DELETE {
            return Err(self.refuse(raw, &format!("{method} takes no `body`")));
        }
        if !raw.get().starts_with('{') {
            return Err(self.refuse(raw, "`body` is an object"));
        }
        // Readers differ in which of two equal keys they take.
        Body::parse(Some(raw.get()), &[] as &[&str]).map_err(|error| self.refuse(raw, &error.to_string()))?;
        Ok(Some(raw.get().to_owned()))
    }

    fn headers(&self, raw: Option<&'a RawValue>) -> Result<Vec<(String, String)>, BatchError> {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(Vec::new()) };
        let given: serde_json::Map<String, serde_json::Value> = self.value(raw, "`headers` is an object of texts")?;
        let mut headers = Vec::with_capacity(given.len());
        for (name, value) in given {
            if overrides_method(&name) {
                return Err(BatchError::MethodOverride { line: self.number, name });
            }
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !is_name || OURS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(self.refuse(raw, &format!("the header `{}` can't be given", name.escape_debug())));
            }
            match value.as_str() {
                Some(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                    headers.push((name, text.to_owned()));
                }
                _ => return Err(self.refuse(raw, &format!("the header `{name}` is no plain text"))),
            }
        }
        Ok(headers)
    }

    fn value<T: DeserializeOwned>(&self, raw: &RawValue, why: &str) -> Result<T, BatchError> {
        serde_json::from_str(raw.get()).map_err(|_| self.refuse(raw, why))
    }

    /// Something wrong with a value: its column is where it stands in the line.
    fn refuse(&self, raw: &RawValue, why: &str) -> BatchError {
        let offset = (raw.get().as_ptr() as usize).saturating_sub(self.line.as_ptr() as usize);
        let before = self.line.get(..offset).unwrap_or_default();
        self.refuse_at(before.chars().count() + 1, why.to_owned())
    }

    fn refuse_at(&self, column: usize, why: String) -> BatchError {
        BatchError::BadLine { line: self.number, column, why }
    }
}

/// The path as it goes on the wire: below the Web API of this organisation, or a reference to an operation before.
fn target(path: &str, references: Option<&BTreeSet<String>>) -> Result<String, String> {
    let refuse = |why: &str| Err(format!("`path` {why}"));
    let (resource, query) = path.split_once('?').map_or((path, None), |(resource, query)| (resource, Some(query)));
    if path.is_empty() {
        return refuse("is empty");
    }
    if path.chars().any(char::is_control) || path.contains(['\\', '#']) {
        return refuse("holds a character that no address may hold");
    }
    if let Some(option) = nameless_option(path) {
        return refuse(&format!(
            "has an option without a name: `{}`; a shell takes `$top` and the like out of double quotes",
            option.escape_debug()
        ));
    }
    if resource.starts_with("//") || is_absolute(resource) {
        return refuse("is an address; write what follows `/api/data/v9.2/`, such as `accounts`");
    }
    if let Some(reference) = resource.strip_prefix('$').filter(|rest| !rest.starts_with("metadata")) {
        let id = reference.split('/').next().unwrap_or_default();
        return match references {
            Some(known) if known.contains(id) => Ok(encoded(path)),
            Some(_) => refuse(&format!("refers to `${id}`, and no operation before has that id")),
            None => refuse("begins with `$`; references need `--atomic`"),
        };
    }
    let below = match resource.strip_prefix('/') {
        None => resource,
        Some(rooted) => match rooted.strip_prefix("api/data/v9.").and_then(|rest| rest.split_once('/')) {
            Some((minor, below)) if minor.bytes().all(|byte| byte.is_ascii_digit()) && !minor.is_empty() => below,
            _ => return refuse("leads out of the Web API; write what follows `/api/data/v9.2/`"),
        },
    };
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        !plain.is_empty() && plain.bytes().all(|byte| byte == b'.')
    };
    if below.split('/').any(dots) {
        return refuse("walks upwards");
    }
    if below.split('/').any(|segment| segment == "$batch") {
        return refuse("is a batch, and a batch holds none");
    }
    let root = if resource.starts_with('/') { &resource[..resource.len() - below.len()] } else { API };
    let query = query.map_or_else(String::new, |query| format!("?{}", encoded(query)));
    let target = format!("{root}{}{query}", encoded(below));
    if target.len() > LONGEST_TARGET { refuse("is longer than 65,536 characters") } else { Ok(target) }
}

/// `https:…`, `data:…`: a scheme before anything that a path begins with.
fn is_absolute(resource: &str) -> bool {
    let end = resource.find(|character: char| !(character.is_ascii_alphanumeric() || "+-.".contains(character)));
    end.is_some_and(|end| end > 0 && resource[end..].starts_with(':'))
}

/// Percent-encodes what an address may not hold and leaves everything else as it was written.
fn encoded(text: &str) -> String {
    encode(text, |byte| byte.is_ascii_graphic() && !b"\"<>^`{|}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Operation {
        operations(line, false).expect(line).remove(0)
    }

    #[test]
    fn a_line_is_a_request() {
        let operation = one(
            r#"{"id":"a","method":"post","path":"accounts?$select=name","body":{"revenue": 1.10},"headers":{"Prefer":"return=representation"}}"#,
        );
        assert_eq!((operation.id.as_str(), operation.method), ("a", Method::POST));
        assert_eq!(operation.target, "/api/data/v9.2/accounts?$select=name");
        assert_eq!(operation.body.as_deref(), Some(r#"{"revenue": 1.10}"#));
        assert_eq!(operation.headers, [("Prefer".to_owned(), "return=representation".to_owned())]);
        assert_eq!(one(r#"{"method":"GET","path":"WhoAmI"}"#).id, "1");
        assert_eq!(
            one(r#"{"id":7,"method":"GET","path":"/api/data/v9.1/WhoAmI()"}"#).target,
            "/api/data/v9.1/WhoAmI()"
        );
        let filter = one(r#"{"method":"GET","path":"accounts?$filter=name eq 'Søren'"}"#);
        assert_eq!(filter.target, "/api/data/v9.2/accounts?$filter=name%20eq%20'S%C3%B8ren'");
    }

    #[test]
    fn empty_lines_are_passed_over_and_counted() {
        let text = "\u{feff}\n{\"method\":\"GET\",\"path\":\"WhoAmI\"}\r\n\n{\"method\":\"FETCH\",\"path\":\"x\"}";
        let error = operations(text, false).expect_err("a wrong method");
        assert_eq!(error.to_string(), "line 4, column 11: `method` is GET, POST, PATCH, PUT or DELETE");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (line, place, fragment) in [
            ("{", "line 1, column 1", "EOF"),
            (r#"["1","GET","x",null,null]"#, "line 1, column 1", "a JSON object"),
            (r#"{"method":"GET","path":"x","extra":1}"#, "line 1, column 34", "unknown field `extra`"),
            (r#"{"path":"x"}"#, "line 1, column 1", "`method` is missing"),
            (r#"{"method":"GET"}"#, "line 1, column 1", "`path` is missing"),
            (r#"{"id":true,"method":"GET","path":"x"}"#, "line 1, column 7", "`id` is a text or a number"),
            (r#"{"method":"GET","path":7}"#, "line 1, column 24", "`path` is a text"),
            (r#"{"method":"GET","path":"x","body":{}}"#, "line 1, column 35", "GET takes no `body`"),
            (r#"{"method":"POST","path":"x","body":[]}"#, "line 1, column 36", "`body` is an object"),
            (r#"{"method":"POST","path":"x","body":{"a":1,"a":2}}"#, "line 1, column 36", "given twice"),
            (r#"{"method":"GET","path":"x","headers":{"Host":"y"}}"#, "line 1, column 38", "`Host` can't be given"),
            (r#"{"method":"GET","path":"x","headers":{"A":"é"}}"#, "line 1, column 38", "`A` is no plain text"),
            (r#"{"method":"GET","path":"x","headers":{"A":"a\r\nB: c"}}"#, "line 1, column 38", "no plain text"),
        ] {
            let said = operations(line, false).expect_err(line).to_string();
            assert!(said.starts_with(place) && said.contains(fragment), "{line}: {said}");
        }
        assert!(matches!(operations(" \n\n", false), Err(BatchError::Nothing)));
        let hidden = r#"{"method":"POST","path":"x","headers":{"x-http-method-override":"DELETE"}}"#;
        assert!(matches!(operations(hidden, false), Err(BatchError::MethodOverride { line: 1, .. })));
        let twice =
            "{\"id\":\"a\",\"method\":\"GET\",\"path\":\"x\"}\n{\"id\":\"a\",\"method\":\"GET\",\"path\":\"x\"}";
        assert!(operations(twice, false).expect_err("twice").to_string().starts_with("line 2, column 7"));
    }

    #[test]
    fn a_path_stays_within_the_organisation() {
        for path in [
            "https://elsewhere.example/api/data/v9.2/accounts",
            "//elsewhere.example/api/data/v9.2/accounts",
            "javascript:accounts",
            "/api/data/accounts",
            "/api/data/v9.x/accounts",
            "/_layouts/x",
            "../../x",
            "accounts/%2e%2e/x",
            "a\\b",
            "accounts#x",
            "accounts\r\nHost: x",
            "$batch",
            "/api/data/v9.2/$batch",
            "$1",
            "accounts?=name&=2",
            "accounts?$select=name&=2",
            "",
        ] {
            assert!(target(path, None).is_err(), "{path}");
        }
        for path in ["accounts?$filter=telephone1 eq 'tel:1'", "$metadata", "RetrieveVersion()", "accounts(name='a:b')"]
        {
            assert!(target(path, None).is_ok(), "{path}");
        }
    }

    #[test]
    fn references_lead_back_within_one_change_set() {
        let create = r#"{"id":"a","method":"POST","path":"accounts","body":{}}"#;
        let patch = r#"{"id":"b","method":"PATCH","path":"$a/x","body":{}}"#;
        assert_eq!(operations(&format!("{create}\n{patch}"), true).expect("a set")[1].target, "$a/x");
        assert!(operations(&format!("{patch}\n{create}"), true).is_err());
        assert!(operations(&format!("{create}\n{patch}"), false).is_err());
        assert!(operations(r#"{"method":"GET","path":"accounts"}"#, true).is_err());
        assert!(operations(r#"{"id":"a b","method":"POST","path":"accounts"}"#, true).is_err());
    }
}
