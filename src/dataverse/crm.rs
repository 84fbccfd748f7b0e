//! The actions behind the CRM's own verbs, as values. Pure: nothing is asked and nothing is sent.
//!
//! Parameters: Microsoft Learn, "Web API action reference": `QualifyLead`, `WinOpportunity`, `LoseOpportunity`,
//! `WinQuote`, `CloseQuote`, `FulfillSalesOrder`, `CancelSalesOrder`, `CloseIncident`, `Merge`.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::dataverse::call::NAMESPACE;
use crate::dataverse::{Arguments, Bound, Call, RecordId, Table};

/// What is made of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualification {
    /// An account.
    pub account: bool,
    /// A contact.
    pub contact: bool,
    /// An opportunity.
    pub opportunity: bool,
}

/// An action that closes a record, and its parameter that holds the activity which tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// The action.
    pub action: &'static str,
    /// The parameter.
    pub parameter: &'static str,
}

/// An opportunity is won.
pub const WIN_OPPORTUNITY: Closing = Closing { action: "WinOpportunity", parameter: "OpportunityClose" };
/// An opportunity is lost.
pub const LOSE_OPPORTUNITY: Closing = Closing { action: "LoseOpportunity", ..WIN_OPPORTUNITY };
/// A quote is won.
pub const WIN_QUOTE: Closing = Closing { action: "WinQuote", parameter: "QuoteClose" };
/// A quote is lost, cancelled or revised.
pub const CLOSE_QUOTE: Closing = Closing { action: "CloseQuote", ..WIN_QUOTE };
/// An order is delivered.
pub const FULFILL_ORDER: Closing = Closing { action: "FulfillSalesOrder", parameter: "OrderClose" };
/// An order comes to nothing.
pub const CANCEL_ORDER: Closing = Closing { action: "CancelSalesOrder", ..FULFILL_ORDER };

/// How a record ended. Numbers are JSON as typed, so that no digit changes.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// The reason, a number of the organisation's own.
    pub status: i64,
    /// What the activity that tells of it is called.
    pub subject: String,
    /// More about it.
    pub description: Option<String>,
    /// What it really brought in.
    pub revenue: Option<Box<RawValue>>,
    /// The day, `2026-03-01`.
    pub close_date: Option<String>,
}

/// How a case was resolved.
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    /// The reason, a number of the organisation's own.
    pub status: i64,
    /// What was done, in a few words.
    pub subject: String,
    /// More about it.
    pub description: Option<String>,
    /// How long it took.
    pub minutes: Option<u32>,
}

/// `QualifyLead`.
#[must_use]
pub fn qualify_lead(leads: &Table, id: RecordId, what: Qualification, status: i64) -> Call {
    let body = json!({
        "CreateAccount": what.account,
        "CreateContact": what.contact,
        "CreateOpportunity": what.opportunity,
        "Status": status,
    });
    Call {
        name: "QualifyLead".to_owned(),
        bound: Bound::Record(leads.clone(), id),
        arguments: Arguments::Action(body.to_string()),
    }
}

/// An action that closes a record: the activity that tells of it leads to the record by the record's own key.
#[must_use]
pub fn close(closing: Closing, table: &Table, id: RecordId, ending: &Ending) -> Call {
    let mut told = vec![("subject", json!(ending.subject).to_string())];
    told.extend(ending.description.as_ref().map(|text| ("description", json!(text).to_string())));
    told.extend(ending.revenue.as_ref().map(|amount| ("actualrevenue", amount.get().to_owned())));
    told.extend(ending.close_date.as_ref().map(|day| ("actualend", json!(day).to_string())));
    let lookup = format!("{}@odata.bind", table.id_column);
    told.push((&lookup, bind(table, id).to_string()));
    unbound(closing.action, format!("{{\"Status\":{},\"{}\":{}}}", ending.status, closing.parameter, object(&told)))
}

/// `CloseIncident`.
#[must_use]
pub fn close_incident(incidents: &Table, id: RecordId, resolution: &Resolution) -> Call {
    let mut told = Map::new();
    told.insert("subject".to_owned(), json!(resolution.subject));
    if let Some(description) = &resolution.description {
        told.insert("description".to_owned(), json!(description));
    }
    if let Some(minutes) = resolution.minutes {
        told.insert("timespent".to_owned(), json!(minutes));
    }
    told.insert("incidentid@odata.bind".to_owned(), bind(incidents, id));
    let body = json!({ "IncidentResolution": told, "Status": resolution.status });
    unbound("CloseIncident", body.to_string())
}

/// `Merge`: `subordinate` goes into `target`, which takes over the values of `taken`, JSON as the service sent it.
#[must_use]
pub fn merge(table: &Table, target: RecordId, subordinate: RecordId, taken: &[(String, Box<RawValue>)]) -> Call {
    let kind = json!(format!("{NAMESPACE}{}", table.logical_name)).to_string();
    let reference = |id: RecordId| {
        object(&[(table.id_column.as_str(), json!(id.to_string()).to_string()), ("@odata.type", kind.clone())])
    };
    let mut body = vec![("Target", reference(target)), ("Subordinate", reference(subordinate))];
    if !taken.is_empty() {
        let mut content: Vec<(&str, String)> =
            taken.iter().map(|(column, value)| (column.as_str(), value.get().to_owned())).collect();
        content.push(("@odata.type", kind.clone()));
        body.push(("UpdateContent", object(&content)));
    }
    body.push(("PerformParentingChecks", "false".to_owned()));
    unbound("Merge", object(&body))
}

/// An object of members whose values are JSON already, so that no digit changes.
fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn unbound(name: &str, json: String) -> Call {
    Call { name: name.to_owned(), bound: Bound::Nothing, arguments: Arguments::Action(json) }
}

fn bind(table: &Table, id: RecordId) -> Value {
    json!(format!("/{}({id})", table.entity_set))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5d0c0001-1111-ef11-8400-000d3ab1c111";

    fn table(name: &str) -> Table {
        Table {
            logical_name: name.into(),
            entity_set: format!("{name}s"),
            id_column: format!("{name}id"),
            name_column: Some("name".into()),
        }
    }

    fn id() -> RecordId {
        RecordId::parse(ID).expect("an id")
    }

    fn body(call: &Call) -> Value {
        let Arguments::Action(json) = &call.arguments else { return Value::Null };
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn every_verb_sends_what_the_reference_says() {
        let what = Qualification { account: true, contact: false, opportunity: true };
        let call = qualify_lead(&table("lead"), id(), what, 3);
        assert_eq!(
            body(&call),
            json!({"CreateAccount": true, "CreateContact": false, "CreateOpportunity": true, "Status": 3})
        );
        let revenue = RawValue::from_string("125000.10".to_owned()).ok();
        let ending = Ending {
            status: 3,
            subject: "Won".into(),
            description: Some("at last".into()),
            revenue,
            close_date: Some("2026-03-01".into()),
        };
        let call = close(WIN_OPPORTUNITY, &table("opportunity"), id(), &ending);
        assert!(matches!(&call.arguments, Arguments::Action(json) if json.contains("\"actualrevenue\":125000.10,")));
        assert_eq!(
            body(&call),
            json!({"Status": 3, "OpportunityClose": {
                "subject": "Won", "description": "at last", "actualrevenue": 125_000.1, "actualend": "2026-03-01",
                "opportunityid@odata.bind": format!("/opportunitys({ID})")
            }})
        );
        assert_eq!(close(LOSE_OPPORTUNITY, &table("opportunity"), id(), &Ending::default()).name, "LoseOpportunity");
        let call = close(CLOSE_QUOTE, &table("quote"), id(), &Ending { status: 5, ..Ending::default() });
        assert_eq!(
            body(&call),
            json!({"Status": 5, "QuoteClose": {"subject": "", "quoteid@odata.bind": format!("/quotes({ID})")}})
        );
        let resolution =
            Resolution { status: 5, subject: "Solved \"it\"".into(), description: None, minutes: Some(30) };
        assert_eq!(
            body(&close_incident(&table("incident"), id(), &resolution)),
            json!({"IncidentResolution": {
                "subject": "Solved \"it\"", "timespent": 30, "incidentid@odata.bind": format!("/incidents({ID})")
            }, "Status": 5})
        );
    }

    #[test]
    fn a_merge_names_its_records_by_their_types() {
        let reference = json!({"accountid": ID, "@odata.type": "Microsoft.Dynamics.CRM.account"});
        let call = merge(&table("account"), id(), id(), &[]);
        assert_eq!(
            body(&call),
            json!({"Target": reference, "Subordinate": reference, "PerformParentingChecks": false})
        );
        let taken = vec![("revenue".to_owned(), RawValue::from_string("1.10".to_owned()).expect("JSON"))];
        let call = merge(&table("account"), id(), id(), &taken);
        assert!(matches!(&call.arguments, Arguments::Action(json) if json.contains("\"revenue\":1.10")));
        assert_eq!(body(&call)["UpdateContent"]["@odata.type"], "Microsoft.Dynamics.CRM.account");
    }
}
