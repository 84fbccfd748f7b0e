//! What was typed behind an action's name, held against what it declares. Pure but for the tables of records, which are
//! asked for.

use serde_json::json;

use crate::dataverse::body::parse_word;
use crate::dataverse::callables::typed::Value;
use crate::dataverse::callables::{Callable, CallableError, Callables, Parameter};
use crate::dataverse::client::Client;
use crate::dataverse::{Arguments, Body, DataverseError, RecordId, Table};

/// Values for the parameters of one callable, in the order in which it declares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<'a> {
    callable: &'a Callable,
    values: Vec<(&'a Parameter, Value)>,
}

impl<'a> Given<'a> {
    /// Reads `parameter=value` and `parameter:=JSON` words, and a JSON object.
    ///
    /// # Errors
    /// [`CallableError`], or [`crate::dataverse::DataverseError::BadJson`] and its kin.
    pub fn parse(
        callables: &'a Callables,
        callable: &'a Callable,
        words: &[String],
        data: Option<&str>,
    ) -> Result<Self, DataverseError> {
        let mut values: Vec<(&Parameter, Value)> = Vec::new();
        let mut add = |parameter: &'a Parameter, value| {
            if values.iter().any(|(given, _)| given.name == parameter.name) {
                return Err(CallableError::Twice { parameter: parameter.name.clone() });
            }
            values.push((parameter, value));
            Ok(())
        };
        for (name, json) in Body::parse(data, &[] as &[&str])?.columns() {
            add(find(callable, name)?, Value::Json(json.to_owned()))?;
        }
        for word in words {
            let (name, json, is_raw) = parse_word(word)?;
            let parameter = find(callable, name)?;
            let value = if is_raw {
                Value::Json(json.get().to_owned())
            } else {
                Value::parse(callables, parameter, word.split_once('=').map_or("", |(_, text)| text))?
            };
            add(parameter, value)?;
        }
        let is_given = |parameter: &&Parameter| values.iter().any(|(given, _)| given.name == parameter.name);
        let missing: Vec<String> = callable
            .parameters
            .iter()
            .filter(|parameter| !parameter.is_optional && !is_given(parameter))
            .map(|parameter| parameter.name.clone())
            .collect();
        if !missing.is_empty() {
            let name = callable.name.clone();
            return Err(CallableError::Missing { name, missing, known: known(callable) }.into());
        }
        Ok(Self { callable, values })
    }

    /// The form in which they are sent; records are found.
    ///
    /// # Errors
    /// When the table of a record is unknown or can't be asked for; as [`Client::find_record`].
    pub async fn arguments(&self, client: &Client) -> Result<Arguments, DataverseError> {
        let mut found = Vec::new();
        for (name, reference) in self.values.iter().flat_map(|(_, value)| value.records()) {
            let table = client.table_named(name).await?;
            let id = client.find_record(&table, reference).await?;
            found.push((table, id));
        }
        Ok(self.sent(&found))
    }

    /// `found` is what the records among the values are, in their order.
    fn sent(&self, found: &[(Table, RecordId)]) -> Arguments {
        let mut found = found.iter();
        if self.callable.is_function {
            let literal = |(parameter, value): &(&Parameter, Value)| {
                (parameter.name.clone(), value.to_literal(parameter, &mut found))
            };
            return Arguments::Function(self.values.iter().map(literal).collect());
        }
        let member = |(parameter, value): &(&Parameter, Value)| {
            format!("{}:{}", json!(parameter.name), value.to_json(&mut found))
        };
        Arguments::Action(format!("{{{}}}", self.values.iter().map(member).collect::<Vec<_>>().join(",")))
    }
}

fn find<'a>(callable: &'a Callable, typed: &str) -> Result<&'a Parameter, CallableError> {
    let exact = callable.parameters.iter().find(|parameter| parameter.name == typed);
    let alike = || callable.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(typed));
    exact.or_else(alike).ok_or_else(|| CallableError::UnknownParameter {
        name: callable.name.clone(),
        typed: typed.to_owned(),
        known: known(callable),
    })
}

/// The parameters as they are told: those that may be left out in brackets.
fn known(callable: &Callable) -> Vec<String> {
    let told = |parameter: &Parameter| {
        if parameter.is_optional { format!("[{}]", parameter.name) } else { parameter.name.clone() }
    };
    if callable.parameters.is_empty() {
        return vec!["none".to_owned()];
    }
    callable.parameters.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    fn callables() -> Callables {
        let mut callables = Callables::default();
        callables.records.extend(["account".to_owned(), "contact".to_owned()]);
        callables.choices.insert("Colour".to_owned(), vec!["Red".to_owned(), "Blue".to_owned()]);
        callables
    }

    fn callable(kind: &str, is_function: bool) -> Callable {
        let parameter =
            |name: &str, kind: &str, is_optional| Parameter { name: name.into(), kind: kind.into(), is_optional };
        Callable {
            name: "new_Do".into(),
            is_function,
            bound_to: None,
            is_of_set: false,
            parameters: vec![parameter("It", kind, false), parameter("More", "Edm.String", true)],
            result: None,
        }
    }

    fn sent(kind: &str, word: &str, is_function: bool) -> Result<String, DataverseError> {
        let (callables, callable) = (callables(), callable(kind, is_function));
        let given = Given::parse(&callables, &callable, &[word.to_owned()], None)?;
        let account = Table {
            logical_name: "account".into(),
            entity_set: "accounts".into(),
            id_column: "accountid".into(),
            name_column: None,
        };
        let found = vec![(account, RecordId::parse(ID)?); 2];
        Ok(match given.sent(&found) {
            Arguments::Action(json) => json,
            Arguments::Function(values) => values[0].1.clone(),
        })
    }

    #[test]
    fn each_type_has_its_form_in_a_body_and_in_an_address() {
        let reference = format!(r#"{{"accountid":"{ID}","@odata.type":"Microsoft.Dynamics.CRM.account"}}"#);
        for (kind, word, json, literal) in [
            ("Edm.String", "It=O'Neil \"x\"", r#""O'Neil \"x\"""#, "'O''Neil \"x\"'"),
            ("Edm.String", "it=", "\"\"", "''"),
            ("Edm.String", r#"It:="a'b""#, r#""a'b""#, "'a''b'"),
            ("Edm.Boolean", "It=true", "true", "true"),
            ("Edm.Int32", "It=-12", "-12", "-12"),
            ("Edm.Decimal", "It=922337203685477.5807", "922337203685477.5807", "922337203685477.5807"),
            ("Edm.Guid", &format!("It={{{}}}", ID.to_uppercase()), &format!("\"{ID}\""), ID),
            ("Edm.Date", "It=2026-03-31", "\"2026-03-31\"", "2026-03-31"),
            (
                "Edm.DateTimeOffset",
                "It=2026-03-31T09:00:00+01:00",
                "\"2026-03-31T09:00:00+01:00\"",
                "2026-03-31T09:00:00+01:00",
            ),
            ("Colour", "It=blue", "\"Blue\"", "Microsoft.Dynamics.CRM.Colour'Blue'"),
            ("account", &format!("It={ID}"), &reference, &format!("{{'@odata.id':'accounts({ID})'}}")),
            ("crmbaseentity", &format!("It=account:{ID}"), &reference, &format!("{{'@odata.id':'accounts({ID})'}}")),
            (
                "Collection(account)",
                &format!("It={ID}, account:{ID}"),
                &format!("[{reference},{reference}]"),
                &format!("[{{'@odata.id':'accounts({ID})'}},{{'@odata.id':'accounts({ID})'}}]"),
            ),
            ("Collection(Edm.String)", r#"It:=["a","b"]"#, r#"["a","b"]"#, r#"["a","b"]"#),
            ("Shape", r#"It:={"A":1.10}"#, r#"{"A":1.10}"#, r#"{"A":1.10}"#),
        ] {
            assert_eq!(sent(kind, word, false).ok(), Some(format!("{{\"It\":{json}}}")), "{kind} {word}");
            assert_eq!(sent(kind, word, true).ok().as_deref(), Some(literal), "{kind} {word}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_before_anything_is_sent() {
        for (kind, word) in [
            ("Edm.Boolean", "It=yes"),
            ("Edm.Int32", "It=1.5"),
            ("Edm.Int32", "It=99999999999"),
            ("Edm.Decimal", "It=1,5"),
            ("Edm.Guid", "It=x"),
            ("Edm.Date", "It=2026-02-30"),
            ("Edm.DateTimeOffset", "It=2026-03-31"),
            ("Colour", "It=Green"),
            ("account", "It=5d0c0001-1111-ef11-8400-000d3ab1c11"),
            ("crmbaseentity", "It=5d0c0001-1111-ef11-8400-000d3ab1c111"),
            ("Collection(Edm.String)", "It=a,b"),
            ("Shape", "It=x"),
            ("Edm.String", "Other=x"),
            ("Edm.String", "More=x"),
            ("Edm.String", "It"),
            ("Edm.String", "It:=x"),
        ] {
            let error = sent(kind, word, false).expect_err(word);
            assert_eq!(error.phrase().exit, Exit::Usage, "{kind} {word}");
        }
        let (callables, callable) = (callables(), callable("Edm.String", false));
        let words = ["It=1".to_owned(), "it=2".to_owned()];
        assert!(Given::parse(&callables, &callable, &words, None).is_err());
        assert!(Given::parse(&callables, &callable, &words[..1], Some(r#"{"It":"2"}"#)).is_err());
        assert!(Given::parse(&callables, &callable, &[], Some(r#"{"It":"2"}"#)).is_ok());
        assert!(Given::parse(&callables, &callable, &[], Some("[]")).is_err());
        assert!(Given::parse(&callables, &callable, &[], Some(r#"{"It":"2","It":"3"}"#)).is_err());
    }
}
