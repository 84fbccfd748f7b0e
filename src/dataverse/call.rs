//! An action or a function as a value, the request it becomes, and how it is sent: an action once and never again by itself,
//! for nobody knows what a second one would do. Which action means what is not known here.

use bytes::Bytes;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, resource};
use crate::dataverse::error::{Lost, Sending};
use crate::dataverse::{DataverseError, RecordId, SentOrShown, Table};
use crate::net::{Idempotency, Method, NetError, Request};

/// The namespace of everything the service declares.
pub(super) const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";
/// The longest answer of an action that is read whole.
const LONGEST_ANSWER: usize = 64 << 20;

/// What an action or a function is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Nothing: it stands for itself.
    Nothing,
    /// One record.
    Record(Table, RecordId),
    /// All records of a table.
    Set(Table),
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name without the namespace.
    pub name: String,
    /// What it is done to.
    pub bound: Bound,
    /// What it is given.
    pub arguments: Arguments,
}

/// What a call is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// To an action: a JSON object.
    Action(String),
    /// To a function: names with values, as they stand in an address, not encoded.
    Function(Vec<(String, String)>),
}

impl Call {
    /// The request. A function's values travel behind aliases, where every sign may stand. Source: Microsoft Learn, "Use Web
    /// API functions".
    #[must_use]
    pub fn to_request(&self) -> Request {
        let mut path = match &self.bound {
            Bound::Nothing => format!("{API}{}", resource(&self.name)),
            Bound::Record(table, id) => {
                format!("{API}{}({id})/{NAMESPACE}{}", resource(&table.entity_set), resource(&self.name))
            }
            Bound::Set(table) => format!("{API}{}/{NAMESPACE}{}", resource(&table.entity_set), resource(&self.name)),
        };
        match &self.arguments {
            Arguments::Action(json) => {
                Request { method: Method::POST, path, headers: Vec::new(), body: Some(Bytes::from(json.clone())) }
            }
            Arguments::Function(values) => {
                let aliases: Vec<String> =
                    values.iter().zip(1..).map(|((name, _), nth)| format!("{}=@p{nth}", resource(name))).collect();
                path = format!("{path}({})", aliases.join(","));
                let options: Vec<String> =
                    values.iter().zip(1..).map(|((_, value), nth)| format!("@p{nth}={}", query_value(value))).collect();
                if !options.is_empty() {
                    path = format!("{path}?{}", options.join("&"));
                }
                Request::get(path)
            }
        }
    }

    fn is_function(&self) -> bool {
        matches!(self.arguments, Arguments::Function(_))
    }
}

impl Client {
    /// Carries out a call; gives the JSON it was answered with, if there is any.
    ///
    /// # Errors
    /// [`DataverseError::ReadOnly`] before an action is sent; [`DataverseError::Refused`];
    /// [`DataverseError::OutcomeUnknown`] when an action's answer was lost.
    pub async fn call(&self, call: &Call) -> Result<SentOrShown<Option<Vec<u8>>>, DataverseError> {
        let request = call.to_request();
        if call.is_function() {
            return self.read(&request).await.map(|body| SentOrShown::Sent(Some(body)));
        }
        self.check_writable()?;
        let mut retry = self.retry(Idempotency::Once);
        let SentOrShown::Sent(mut sent) = self.send(&request, &mut retry).await? else {
            return Ok(SentOrShown::Shown);
        };
        if sent.response.status == 204 {
            return Ok(SentOrShown::Sent(None));
        }
        self.expect_json(&sent.response)?;
        let lost = |error: NetError| {
            DataverseError::unknown(Lost::OnTheWay(error), Sending { times: 1, is_once: true, is_open: true })
        };
        Ok(SentOrShown::Sent(Some(sent.response.body.read(LONGEST_ANSWER).await.map_err(lost)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            logical_name: "lead".into(),
            entity_set: "leads".into(),
            id_column: "leadid".into(),
            name_column: Some("fullname".into()),
        }
    }

    #[test]
    fn an_action_is_posted_and_a_function_got_behind_aliases() {
        let id = RecordId::parse("5d0c0001-1111-ef11-8400-000d3ab1c111").expect("an id");
        let call = |bound, arguments| Call { name: "Do".into(), bound, arguments }.to_request();
        let request = call(Bound::Record(table(), id), Arguments::Action("{}".into()));
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/api/data/v9.2/leads(5d0c0001-1111-ef11-8400-000d3ab1c111)/Microsoft.Dynamics.CRM.Do")
        );
        assert_eq!(request.body.as_deref(), Some(b"{}".as_slice()));
        let values = vec![
            ("Target".to_owned(), "{'@odata.id':'contacts(1)'}".to_owned()),
            ("When".to_owned(), "2026-03-01T00:00:00+01:00".to_owned()),
        ];
        let request = call(Bound::Nothing, Arguments::Function(values));
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            (
                "GET",
                "/api/data/v9.2/Do(Target=@p1,When=@p2)?@p1=%7B%27@odata.id%27:%27contacts(1)%27%7D\
                 &@p2=2026-03-01T00:00:00%2B01:00"
            )
        );
        let request = call(Bound::Set(table()), Arguments::Function(Vec::new()));
        assert_eq!(request.path, "/api/data/v9.2/leads/Microsoft.Dynamics.CRM.Do()");
    }
}
