//! A question for rows, as a value, and the request it becomes. Pure: nothing is sent here.

use crate::dataverse::encode::{API, query_value, resource};
use crate::dataverse::fetchxml::decoded;
use crate::dataverse::{Expand, FetchXml};
use crate::net::Request;

/// The most rows of one page. Source: Microsoft Learn, "Page results".
const MOST_ROWS: u64 = 5000;

/// The annotations that are worth their bytes: what a person reads, and which table a lookup leads to.
pub(super) const ANNOTATIONS: &str =
    "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname";

/// The annotations that lead from page to page of a Fetch query.
const PAGING: &str = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords";

/// Which rows, which columns, how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Entity set: `accounts`; also a collection reached from a record, such as `systemusers(<id>)/systemuserroles_association`.
    pub entity_set: String,
    /// Columns; none means all of them.
    pub select: Vec<String>,
    /// OData `$filter`, as typed: not encoded.
    pub filter: Option<String>,
    /// OData `$orderby`, as typed.
    pub order_by: Option<String>,
    /// Related records that come along.
    pub expand: Option<Expand>,
    /// FetchXML, in the place of columns, filter and order.
    pub fetch: Option<FetchXml>,
    /// Path and query in the user's own words, encoded, in the place of everything but the number of rows.
    pub address: Option<String>,
    /// The most rows to hand out; none means all of them.
    pub top: Option<u64>,
    /// Rows a page, 1 to 5000; none leaves it to the service, which then sends up to 5000.
    pub page_size: Option<u32>,
    /// Whether to ask how many rows there are. The service counts to 5000 at most.
    pub count: bool,
    /// Whether to ask for labels of choices, names of lookups and formatted numbers.
    pub annotations: bool,
}

impl Query {
    /// All rows and columns of `entity_set`.
    #[must_use]
    pub fn of(entity_set: impl Into<String>) -> Self {
        Self { entity_set: entity_set.into(), ..Self::default() }
    }

    /// What stands at `path`, which is encoded already: `/api/data/v9.2/accounts?$select=name`.
    #[must_use]
    pub fn at(path: impl Into<String>) -> Self {
        let path = path.into();
        let last = path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        Self { entity_set: last.to_owned(), address: Some(path.clone()), ..Self::default() }
    }

    /// The FetchXML that an address holds as its only option, as it was written before it was encoded.
    #[must_use]
    pub fn fetch_in(path: &str) -> Option<String> {
        let (name, value) = path.split_once('?')?.1.split_once('=')?;
        if value.contains('&') || !name.eq_ignore_ascii_case("fetchXml") {
            return None;
        }
        decoded(&value.replace('+', " "))
    }

    /// Whether an address asks for a saved query, whose further pages no link leads to.
    fn is_saved_query(&self) -> bool {
        let options = self.address.as_deref().and_then(|path| path.split_once('?')).map_or("", |(_, options)| options);
        let names = options.split('&').filter_map(|option| option.split('=').next());
        let mut names = names.map(str::to_ascii_lowercase);
        names.any(|name| matches!(name.as_str(), "savedquery" | "userquery" | "fetchxml"))
    }

    /// Whether the user's own words say how many rows are wanted.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let has_top = |path: &String| path.contains("$top=") || path.contains("%24top=");
        self.address.as_ref().is_some_and(has_top) || self.fetch.as_ref().is_some_and(FetchXml::is_bounded)
    }

    /// The address of a page of a Fetch query.
    pub(super) fn fetch_path(&self, document: &str) -> String {
        format!("{API}{}?fetchXml={}", resource(&self.entity_set), query_value(document))
    }

    /// The request for the first page.
    ///
    /// The service ignores `$top` beside a page size, so only one of the two is sent. `$top` is one more than wanted: the
    /// row too many is never handed out, but it tells that there are more.
    #[must_use]
    pub fn to_request(&self) -> Request {
        let own = match (&self.fetch, &self.address) {
            (Some(fetch), _) => Some(self.fetch_path(&fetch.first_page(self.sent_page_size()))),
            (None, address) => address.clone(),
        };
        if let Some(path) = own {
            return with_preference(Request::get(path), self.preference());
        }
        let mut options = Vec::new();
        let mut option = |name: &str, value: &str| options.push(format!("{name}={}", query_value(value)));
        if !self.select.is_empty() {
            option("$select", &self.select.join(","));
        }
        if let Some(filter) = &self.filter {
            option("$filter", filter);
        }
        if let Some(order_by) = &self.order_by {
            option("$orderby", order_by);
        }
        if let Some(expand) = &self.expand {
            option("$expand", expand.as_str());
        }
        if let Some(top) = self.sent_top() {
            option("$top", &top.to_string());
        }
        if self.count {
            option("$count", "true");
        }
        let mut path = format!("{API}{}", resource(&self.entity_set));
        if !options.is_empty() {
            path.push('?');
            path.push_str(&options.join("&"));
        }
        with_preference(Request::get(path), self.preference())
    }

    /// The `$top` that goes out: only where one page holds all that is wanted.
    fn sent_top(&self) -> Option<u64> {
        let is_own = self.fetch.is_some() || self.address.is_some();
        self.top.filter(|top| *top < MOST_ROWS && self.page_size.is_none() && !is_own).map(|top| top + 1)
    }

    /// The page size that goes out.
    pub(super) fn sent_page_size(&self) -> Option<u64> {
        if self.sent_top().is_some() || self.is_bounded() {
            return None;
        }
        let asked = self.page_size.map(|size| u64::from(size).clamp(1, MOST_ROWS));
        match self.top {
            // A page need not be larger than what is wanted.
            Some(top) => Some(asked.unwrap_or(MOST_ROWS).min(top.saturating_add(1))),
            None => asked,
        }
    }

    /// The `Prefer` header: it goes with every page, not just the first.
    pub(super) fn preference(&self) -> Option<String> {
        let mut preferences = Vec::new();
        if let Some(size) = self.sent_page_size().filter(|_| self.fetch.is_none()) {
            preferences.push(format!("odata.maxpagesize={size}"));
        }
        let annotations = match (self.annotations, self.fetch.is_some() || self.is_saved_query()) {
            (true, true) => format!("{ANNOTATIONS},{PAGING}"),
            (true, false) => ANNOTATIONS.to_owned(),
            (false, true) => PAGING.to_owned(),
            (false, false) => String::new(),
        };
        if !annotations.is_empty() {
            preferences.push(format!("odata.include-annotations=\"{annotations}\""));
        }
        (!preferences.is_empty()).then(|| preferences.join(","))
    }
}

fn with_preference(request: Request, preference: Option<String>) -> Request {
    match preference {
        Some(preference) => request.header("Prefer", preference),
        None => request,
    }
}

/// The request for one record, by its key in the address.
pub(super) fn one_record(
    entity_set: &str,
    key: &str,
    select: &[String],
    expand: Option<&Expand>,
    annotations: bool,
) -> Request {
    let mut path = format!("{API}{}({})", resource(entity_set), resource(key));
    let mut sign = '?';
    if !select.is_empty() {
        path.push_str("?$select=");
        path.push_str(&query_value(&select.join(",")));
        sign = '&';
    }
    if let Some(expand) = expand {
        path.push(sign);
        path.push_str("$expand=");
        path.push_str(&query_value(expand.as_str()));
    }
    let request = Request::get(path);
    if annotations { request.header("Prefer", format!("odata.include-annotations=\"{ANNOTATIONS}\"")) } else { request }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &Query, path: &str, prefer: Option<&str>) {
        let request = query.to_request();
        assert_eq!(request.path, path);
        let sent = request.headers.iter().find(|(name, _)| *name == "Prefer").map(|(_, value)| value.as_str());
        assert_eq!(sent, prefer, "{path}");
    }

    #[test]
    fn a_bare_query_asks_for_everything() {
        check(&Query::of("accounts"), "/api/data/v9.2/accounts", None);
    }

    #[test]
    fn every_option_has_its_place() {
        let query = Query {
            select: vec!["name".into(), "_primarycontactid_value".into()],
            filter: Some("name eq 'O''Neil & Co'".into()),
            order_by: Some("createdon desc,accountid".into()),
            top: Some(5),
            count: true,
            annotations: true,
            ..Query::of("accounts")
        };
        check(
            &query,
            "/api/data/v9.2/accounts?$select=name,_primarycontactid_value\
             &$filter=name%20eq%20%27O%27%27Neil%20%26%20Co%27&$orderby=createdon%20desc,accountid&$top=6&$count=true",
            Some(
                "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname\"",
            ),
        );
    }

    #[test]
    fn top_and_page_size_never_travel_together() {
        let table = [
            (Some(50), None, "?$top=51", None),
            (Some(4999), None, "?$top=5000", None),
            (Some(5000), None, "", Some(5000)),
            (Some(7000), None, "", Some(5000)),
            (Some(50), Some(10), "", Some(10)),
            (Some(5), Some(100), "", Some(6)),
            (None, Some(100), "", Some(100)),
            (None, Some(9000), "", Some(5000)),
            (None, Some(0), "", Some(1)),
            (Some(u64::MAX), Some(10), "", Some(10)),
        ];
        for (top, page_size, options, sent_size) in table {
            let query = Query { top, page_size, ..Query::of("accounts") };
            let preference = sent_size.map(|size: u32| format!("odata.maxpagesize={size}"));
            check(&query, &format!("/api/data/v9.2/accounts{options}"), preference.as_deref());
        }
    }

    #[test]
    fn fetchxml_in_an_address_is_found() {
        for (path, text) in [
            ("/api/data/v9.2/accounts?fetchXml=%3Cfetch%3E+x%20%2B", Some("<fetch> x +")),
            ("/api/data/v9.2/accounts?FetchXML=a=b", Some("a=b")),
            ("/api/data/v9.2/accounts?$select=name", None),
            ("/api/data/v9.2/accounts?fetchXml=a&$count=true", None),
            ("/api/data/v9.2/accounts", None),
        ] {
            assert_eq!(Query::fetch_in(path).as_deref(), text, "{path}");
        }
    }

    #[test]
    fn one_record_is_asked_for_by_its_key() {
        let request = one_record("accounts", "5d0c0001-1111-ef11-8400-000d3ab1c111", &["name".into()], None, false);
        assert_eq!(request.path, "/api/data/v9.2/accounts(5d0c0001-1111-ef11-8400-000d3ab1c111)?$select=name");
        assert!(request.headers.is_empty());
    }
}
