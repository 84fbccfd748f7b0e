//! Dataverse search: words looked for in many tables at once. Records by a condition are read elsewhere.
//! Source: Microsoft Learn, "Dataverse search query".

use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::dataverse::client::Client;
use crate::dataverse::encode::API;
use crate::dataverse::{DataverseError, Raw};
use crate::net::{Method, Request};

/// The most records of one answer. Source: Microsoft Learn, "Dataverse search query".
const MOST_HITS: u64 = 100;
/// The longest text that is searched for, in characters.
const LONGEST: usize = 100;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The words, with the operators of the service's simple syntax.
    pub text: String,
    /// Logical names of tables; none means those that the organisation searches.
    pub tables: Vec<String>,
    /// At most so many; none for all of them.
    pub top: Option<u64>,
    /// OData condition on what is found.
    pub filter: Option<String>,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Logical name of its table.
    pub table: String,
    /// Its id.
    pub id: String,
    /// Its name, where one came along.
    pub name: Option<String>,
    /// How well it fits, with its digits as sent.
    pub score: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    value: Vec<Row>,
    #[serde(default)]
    count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    id: String,
    entity_name: String,
    #[serde(default)]
    attributes: serde_json::Map<String, Value>,
    score: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Envelope {
    response: String,
}

impl Search {
    /// # Errors
    /// [`DataverseError::BadSearch`] for nothing, and for more than the service takes.
    pub fn check(&self) -> Result<(), DataverseError> {
        let length = self.text.trim().chars().count();
        if length == 0 || length > LONGEST { Err(DataverseError::BadSearch { length }) } else { Ok(()) }
    }

    /// The body. What is structured in it is JSON within text, as the service wants it.
    fn body(&self, skip: u64, top: u64) -> String {
        let mut body = json!({"search": self.text, "count": true, "top": top});
        if skip > 0 {
            body["skip"] = skip.into();
        }
        if let Some(filter) = &self.filter {
            body["filter"] = filter.as_str().into();
        }
        if !self.tables.is_empty() {
            let entities: Vec<Value> = self.tables.iter().map(|table| json!({"name": table})).collect();
            body["entities"] = Value::from(entities).to_string().into();
        }
        body.to_string()
    }
}

impl Client {
    /// The records in which the words are found, the best first, and how many the service counts in all.
    ///
    /// # Errors
    /// [`DataverseError::SearchNotEnabled`], or whatever kept the answer away.
    pub async fn search(&self, search: &Search) -> Result<(Vec<Hit>, Option<u64>), DataverseError> {
        search.check()?;
        let (mut hits, mut seen, mut skip) = (Vec::new(), HashSet::new(), 0);
        loop {
            let left = search.top.map_or(MOST_HITS, |top| top.saturating_sub(hits.len() as u64));
            let (found, total) = self.search_from(search, skip, left.min(MOST_HITS)).await?;
            let came = found.len() as u64;
            skip += came;
            // The order of equal scores is not promised, so a record may come again with the next answer.
            hits.extend(found.into_iter().filter(|hit| seen.insert((hit.table.clone(), hit.id.clone()))));
            let is_last = came == 0 || total.is_some_and(|total| skip >= total);
            if is_last || search.top.is_some_and(|top| hits.len() as u64 >= top) {
                return Ok((hits, total));
            }
        }
    }

    async fn search_from(
        &self,
        search: &Search,
        skip: u64,
        top: u64,
    ) -> Result<(Vec<Hit>, Option<u64>), DataverseError> {
        let body = Some(Bytes::from(search.body(skip, top)));
        let raw = Raw { method: Method::POST, path: format!("{API}searchquery"), headers: Vec::new(), body };
        let mut answer = self.read_raw(&raw).await?;
        if let Some(refused) = answer.refused.take() {
            return Err(self.why_no_search(refused).await);
        }
        let body = answer.read().await?;
        let envelope: Envelope = serde_json::from_slice(&body).map_err(|error| self.malformed(&error))?;
        let found: Found = serde_json::from_str(&envelope.response).map_err(|error| self.malformed(&error))?;
        Ok((found.value.into_iter().map(Row::into_hit).collect(), u64::try_from(found.count).ok()))
    }

    /// A refusal of a search has many codes; whether there is a search at all is told elsewhere.
    async fn why_no_search(&self, refused: DataverseError) -> DataverseError {
        #[derive(Deserialize)]
        struct Outer {
            value: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            status: String,
        }
        if !refused.is_refused() {
            return refused;
        }
        let asked = self.read_as::<Envelope>(&Request::get(format!("{API}searchstatus"))).await;
        let status = asked.ok().and_then(|envelope| serde_json::from_str::<Outer>(&envelope.response).ok());
        match status.map(|outer| outer.value.status) {
            Some(status) if !status.eq_ignore_ascii_case("provisioned") => DataverseError::SearchNotEnabled { status },
            _ => refused,
        }
    }
}

impl Row {
    fn into_hit(self) -> Hit {
        let is_own = |name: &&String| !name.starts_with('@');
        let named = ["fullname", "name", "title", "subject"].into_iter().find_map(|name| self.attributes.get(name));
        let first = || self.attributes.iter().find(|(name, _)| is_own(name)).map(|(_, value)| value);
        let name = named.or_else(first).and_then(Value::as_str).map(str::to_owned);
        let score = self.score.map_or_else(String::new, |score| score.get().to_owned());
        Hit { table: self.entity_name, id: self.id, name, score }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_parts_is_json_within_text() {
        let search = Search {
            text: "alder \"x\"".to_owned(),
            tables: vec!["account".to_owned()],
            top: None,
            filter: Some("statecode eq 0".to_owned()),
        };
        assert_eq!(
            search.body(0, 5),
            r#"{"count":true,"entities":"[{\"name\":\"account\"}]","filter":"statecode eq 0","search":"alder \"x\"","top":5}"#
        );
    }

    #[test]
    fn nothing_and_too_much_are_not_searched_for() {
        for text in ["", "  ", &"a".repeat(101)] {
            assert!(Search { text: text.to_owned(), ..Search::default() }.check().is_err());
        }
    }
}
