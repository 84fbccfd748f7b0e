//! Collections inside records that the service cut: followed to their end, so that a record is whole before anybody sees it.
//! How pages are read is not known here. Source: Microsoft Learn, "Join tables using OData": `X@odata.nextLink` stands beside
//! every expanded collection, and more rows follow only where it holds a `$skiptoken`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::dataverse::DataverseError;
use crate::dataverse::client::Client;
use crate::dataverse::query::Query;
use crate::record::Record;

/// What stands behind the name of a collection in the name of its link.
const NEXT_LINK: &str = "@odata.nextLink";
/// The longest record with everything that belongs to it, in bytes.
const LONGEST: usize = 128 << 20;
/// Collections within collections; the service allows fewer expansions in one request.
const MOST_LEVELS: usize = 20;
/// The deepest nesting of one record.
const DEEPEST: usize = 128;

/// Makes records whole.
#[derive(Clone)]
pub(super) struct InnerPages {
    client: Client,
    annotations: bool,
    page_size: Option<u32>,
    level: usize,
}

impl fmt::Debug for InnerPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InnerPages").field("level", &self.level).finish_non_exhaustive()
    }
}

type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), DataverseError>> + Send + 'a>>;

impl InnerPages {
    /// For records that are read in this manner. `level` tells in how many collections they stand.
    pub(super) fn new(client: &Client, annotations: bool, page_size: Option<u32>, level: usize) -> Self {
        Self { client: client.clone(), annotations, page_size, level }
    }

    /// The record with every collection in it read to its end. One that was not cut is given back as it came.
    ///
    /// # Errors
    /// Whatever kept a part of it away: a record with a part missing is none.
    pub(super) async fn whole(&self, record: Record) -> Result<Record, DataverseError> {
        if !is_cut(record.as_json()) {
            return Ok(record);
        }
        let mut json = String::with_capacity(2 * record.as_json().len());
        self.write(record.as_json(), &mut json, 0).await?;
        Record::parse(json).map_err(|error| self.client.malformed(&error))
    }

    /// Writes a value into `json`; what was not cut keeps its very text.
    fn write<'a>(&'a self, value: &'a str, json: &'a mut String, depth: usize) -> Writing<'a> {
        Box::pin(async move {
            if depth > DEEPEST || json.len() > LONGEST {
                return Err(self.client.malformed(&"a record with all that belongs to it is too large"));
            }
            match value.as_bytes().first() {
                Some(b'{') if is_cut(value) => self.write_object(value, json, depth).await,
                Some(b'[') if is_cut(value) => {
                    let elements = self.elements(value)?;
                    json.push('[');
                    self.write_elements(&elements, json, depth).await?;
                    json.push(']');
                    Ok(())
                }
                _ => {
                    json.push_str(value);
                    Ok(())
                }
            }
        })
    }

    async fn write_object(&self, object: &str, json: &mut String, depth: usize) -> Result<(), DataverseError> {
        let Members(members) = serde_json::from_str(object).map_err(|error| self.client.malformed(&error))?;
        let mut links: HashMap<&str, String> =
            members.iter().filter_map(|(name, value)| Some((followed(name, value)?, link(value)?))).collect();
        let present: HashSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        let mut sign = '{';
        for (name, value) in &members {
            let (name, own, link) = match followed(name, value) {
                // Its collection stands somewhere else in the record.
                Some(collection) if present.contains(collection) => continue,
                Some(collection) => (collection, "[]", links.remove(collection)),
                None => (name.as_str(), value.get(), links.remove(name.as_str())),
            };
            json.push(sign);
            sign = ',';
            json.push_str(&serde_json::Value::from(name).to_string());
            json.push(':');
            match link {
                Some(link) => self.write_collection(own, &link, json, depth + 1).await?,
                None => self.write(own, json, depth + 1).await?,
            }
        }
        json.push_str(if sign == '{' { "{}" } else { "}" });
        Ok(())
    }

    /// Writes the rows that came along and those to which the link leads.
    async fn write_collection(
        &self,
        own: &str,
        link: &str,
        json: &mut String,
        depth: usize,
    ) -> Result<(), DataverseError> {
        if self.level >= MOST_LEVELS {
            return Err(self.client.malformed(&"collections inside its records lead ever deeper"));
        }
        let elements = self.elements(own)?;
        json.push('[');
        self.write_elements(&elements, json, depth).await?;
        let mut is_first = elements.is_empty();
        let path = self.client.adopt(link)?;
        let query = Query { annotations: self.annotations, page_size: self.page_size, ..Query::at(path) };
        let mut rows = self.client.rows_within(query, self.level + 1);
        while let Some(row) = rows.next().await? {
            if !std::mem::take(&mut is_first) {
                json.push(',');
            }
            self.write(row.as_json(), json, depth).await?;
        }
        json.push(']');
        Ok(())
    }

    async fn write_elements(
        &self,
        elements: &[&RawValue],
        json: &mut String,
        depth: usize,
    ) -> Result<(), DataverseError> {
        for (place, element) in elements.iter().enumerate() {
            if place > 0 {
                json.push(',');
            }
            self.write(element.get(), json, depth + 1).await?;
        }
        Ok(())
    }

    fn elements<'a>(&self, list: &'a str) -> Result<Vec<&'a RawValue>, DataverseError> {
        serde_json::from_str(list).map_err(|error| self.client.malformed(&error))
    }
}

/// Whether JSON may hold a link to the rest of a collection. Cheap: every record pays for it.
pub(super) fn is_cut(json: &str) -> bool {
    let holds = |needle: &str| memchr::memmem::find(json.as_bytes(), needle.as_bytes()).is_some();
    holds(NEXT_LINK) && holds("skiptoken")
}

/// The collection whose rest this member leads to.
fn followed<'a>(name: &'a str, value: &RawValue) -> Option<&'a str> {
    let collection = name.strip_suffix(NEXT_LINK).filter(|collection| !collection.is_empty())?;
    link(value).map(|_| collection)
}

/// The link, if it leads to more rows.
fn link(value: &RawValue) -> Option<String> {
    let link = serde_json::from_str::<String>(value.get()).ok()?;
    let lower = link.to_ascii_lowercase();
    ["$skiptoken=", "%24skiptoken="].iter().any(|token| lower.contains(token)).then_some(link)
}

/// The members of an object in order, their values untouched.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_with_a_skiptoken_leads_to_more_rows() {
        let raw = |text: &str| RawValue::from_string(serde_json::Value::from(text).to_string()).unwrap();
        for (name, value, expected) in [
            ("a@odata.nextLink", "https://x/accounts(1)/a?$select=b&$skiptoken=%3Ccookie", Some("a")),
            ("a@odata.nextLink", "/accounts(1)/a?%24skiptoken=2", Some("a")),
            ("a@odata.nextLink", "/accounts(1)/a?$SkipToken=2", Some("a")),
            ("a@odata.nextLink", "https://x/accounts(1)/a?$select=skiptoken", None),
            ("@odata.nextLink", "https://x/accounts?$skiptoken=2", None),
            ("a@odata.count", "https://x/accounts?$skiptoken=2", None),
        ] {
            assert_eq!(followed(name, &raw(value)), expected, "{name} {value}");
        }
    }
}
