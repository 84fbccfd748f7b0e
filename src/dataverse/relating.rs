//! Tying two records together and apart, through a relationship that is named by any of its names. Columns that are no
//! lookups are changed elsewhere.

use bytes::Bytes;
use serde_json::json;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, resource};
use crate::dataverse::send_error::NotSent;
use crate::dataverse::values::{Reference, link};
use crate::dataverse::{DataverseError, Definition, RecordId, SentOrShown, Table, VerbError, nearest};
use crate::net::{Idempotency, Method, Request};

/// "Cannot insert duplicate key": such a pair exists.
const DUPLICATE: u32 = 0x8004_0237;

/// A way from one table to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    /// The navigation property of this side; case counts.
    pub navigation: String,
    /// The relationship's schema name.
    schema_name: String,
    /// The lookup behind it, where this side has it.
    column: Option<String>,
    /// Logical name of the table at the other end.
    pub other: String,
    /// Whether it leads to one record instead of many.
    pub is_single: bool,
}

/// The record at the other end, as typed: as the value of a lookup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other(String);

impl Other {
    /// Reads `GUID`, `column=value` or a name, perhaps with its table in front.
    ///
    /// # Errors
    /// [`crate::dataverse::DataverseError::BadRecordId`] for what was meant as an id.
    pub fn parse(text: &str) -> Result<Self, DataverseError> {
        link(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Every way that leads from a table.
fn relationships(table: &Definition) -> Vec<Relationship> {
    let many = |navigation: &str, name: &str, other: &str| Relationship {
        navigation: navigation.to_owned(),
        schema_name: name.to_owned(),
        column: None,
        other: other.to_owned(),
        is_single: false,
    };
    let single = table.many_to_one.iter().map(|it| Relationship {
        column: Some(it.column.clone()),
        is_single: true,
        ..many(&it.navigation, &it.name, &it.table)
    });
    let collections = table.one_to_many.iter().map(|it| many(&it.navigation, &it.name, &it.table));
    let pairs = table.many_to_many.iter().map(|it| many(&it.navigation, &it.name, &it.table));
    single.chain(collections).chain(pairs).collect()
}

impl Client {
    /// The relationship of `table` that `typed` names: a navigation property, a relationship's schema name, or a lookup; and
    /// the record at its other end, where one is named.
    ///
    /// # Errors
    /// [`VerbError::UnknownRelationship`] with names like it, [`VerbError::WrongOther`] when `other` is of another table,
    /// [`VerbError::AmbiguousRelationship`] when it leads to several tables and none is named; as [`Client::find_record`].
    pub async fn relationship(
        &self,
        table: &Table,
        typed: &str,
        other: Option<&Other>,
    ) -> Result<(Relationship, Option<RecordId>), DataverseError> {
        let definition = self.definition(&table.logical_name, &[]).await?;
        let (named, reference) = match other {
            Some(Other(text)) => self.table_and_reference(text).await?,
            None => (None, None),
        };
        let relationship = pick(&relationships(&definition), table, typed, named.as_deref())?;
        let Some(reference) = reference else { return Ok((relationship, None)) };
        let target = self.table_of(&relationship.other).await?;
        let id = self.find_record(&target, &reference).await?;
        Ok((relationship, Some(id)))
    }

    /// The logical name of the table in front, if there is one, and the record. A name may hold what looks like a table.
    async fn table_and_reference(&self, text: &str) -> Result<(Option<String>, Option<Reference>), DataverseError> {
        let link = link(text)?;
        let Some(word) = link.table else { return Ok((None, Some(link.reference))) };
        let word = if word.eq_ignore_ascii_case("user") { "systemuser" } else { word };
        match (self.table_if_any(word).await?, &link.reference) {
            (Some(table), _) => Ok((Some(table.logical_name), Some(link.reference))),
            (None, Reference::Name(_)) => Ok((None, Some(Reference::parse(text)?))),
            (None, _) => Err(DataverseError::UnknownTable { name: word.to_owned(), near: Vec::new() }),
        }
    }

    /// Ties two records together. `false` when they were tied before.
    ///
    /// # Errors
    /// [`VerbError::OtherNeeded`], [`crate::dataverse::DataverseError::ReadOnly`], or whatever the service says.
    pub async fn link(
        &self,
        table: &Table,
        id: RecordId,
        relationship: &Relationship,
        other: Option<RecordId>,
    ) -> Result<SentOrShown<bool>, DataverseError> {
        self.check_writable()?;
        let other = other.ok_or_else(|| needed(relationship))?;
        let target = self.table_of(&relationship.other).await?;
        let reference = format!("{}{API}{}({other})", self.address(), resource(&target.entity_set));
        let method = if relationship.is_single { Method::PUT } else { Method::POST };
        let path = format!("{}/$ref", path(table, id, relationship));
        let body = Some(Bytes::from(json!({ "@odata.id": reference }).to_string()));
        let request = Request { method, path, headers: Vec::new(), body };
        match self.send(&request, &mut self.retry(Idempotency::Keyed)).await {
            Ok(sent) => Ok(sent.map(|_| true)),
            Err(NotSent::Refused { refusal, .. }) if refusal.code == Some(DUPLICATE) && !relationship.is_single => {
                Ok(SentOrShown::Sent(false))
            }
            Err(not_sent) => Err(not_sent.into()),
        }
    }

    /// Ends the tie between two records; `other` is needed where there may be several.
    ///
    /// # Errors
    /// [`VerbError::OtherNeeded`], [`crate::dataverse::DataverseError::ReadOnly`], or whatever the service says.
    pub async fn unlink(
        &self,
        table: &Table,
        id: RecordId,
        relationship: &Relationship,
        other: Option<RecordId>,
    ) -> Result<SentOrShown<()>, DataverseError> {
        self.check_writable()?;
        let path = path(table, id, relationship);
        let path = match (relationship.is_single, other) {
            (true, _) => format!("{path}/$ref"),
            (false, Some(other)) => format!("{path}({other})/$ref"),
            (false, None) => return Err(needed(relationship).into()),
        };
        let request = Request { method: Method::DELETE, path, headers: Vec::new(), body: None };
        Ok(self.send(&request, &mut self.retry(Idempotency::Keyed)).await?.map(drop))
    }
}

fn needed(relationship: &Relationship) -> VerbError {
    VerbError::OtherNeeded { relationship: relationship.navigation.clone() }
}

fn path(table: &Table, id: RecordId, relationship: &Relationship) -> String {
    format!("{API}{}({id})/{}", resource(&table.entity_set), resource(&relationship.navigation))
}

fn pick(known: &[Relationship], table: &Table, typed: &str, other: Option<&str>) -> Result<Relationship, VerbError> {
    let is_named = |it: &&Relationship| {
        it.navigation.eq_ignore_ascii_case(typed)
            || it.schema_name.eq_ignore_ascii_case(typed)
            || it.column.as_deref().is_some_and(|column| column.eq_ignore_ascii_case(typed))
    };
    let named: Vec<&Relationship> = known.iter().filter(is_named).collect();
    if named.is_empty() {
        let all: Vec<String> = known.iter().flat_map(|it| [it.navigation.clone(), it.schema_name.clone()]).collect();
        let near = nearest::names(typed, &all);
        return Err(VerbError::UnknownRelationship {
            typed: typed.to_owned(),
            table: table.logical_name.clone(),
            near,
        });
    }
    let fits: Vec<&Relationship> =
        named.iter().copied().filter(|it| other.is_none_or(|other| it.other == other)).collect();
    match (fits.as_slice(), other) {
        ([one], _) => Ok((*one).clone()),
        ([], _) => Err(VerbError::WrongOther {
            relationship: typed.to_owned(),
            targets: named.iter().map(|it| it.other.clone()).collect(),
        }),
        (several, _) => match several.iter().find(|it| it.navigation == typed) {
            Some(exact) => Ok((*exact).clone()),
            // Both sides of a relationship of a table with itself have one name.
            None if several.iter().all(|it| it.other == several[0].other) => Err(VerbError::SeveralWays {
                relationship: typed.to_owned(),
                ways: several.iter().map(|it| it.navigation.clone()).collect(),
            }),
            None => Err(VerbError::AmbiguousRelationship {
                relationship: typed.to_owned(),
                targets: several.iter().map(|it| it.other.clone()).collect(),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    fn known() -> Vec<Relationship> {
        let one = |navigation: &str, schema_name: &str, column: Option<&str>, other: &str, is_single| Relationship {
            navigation: navigation.into(),
            schema_name: schema_name.into(),
            column: column.map(str::to_owned),
            other: other.into(),
            is_single,
        };
        vec![
            one("customerid_account", "opportunity_customer_accounts", Some("customerid"), "account", true),
            one("customerid_contact", "opportunity_customer_contacts", Some("customerid"), "contact", true),
            one("opportunitycompetitors_association", "opportunitycompetitors_association", None, "competitor", false),
        ]
    }

    fn table() -> Table {
        Table {
            logical_name: "opportunity".into(),
            entity_set: "opportunities".into(),
            id_column: "opportunityid".into(),
            name_column: None,
        }
    }

    #[test]
    fn a_relationship_is_known_by_each_of_its_names() {
        for (typed, other, navigation) in [
            ("customerid_account", None, "customerid_account"),
            ("Customerid_Account", Some("account"), "customerid_account"),
            ("opportunity_customer_contacts", None, "customerid_contact"),
            ("customerid", Some("contact"), "customerid_contact"),
            ("opportunitycompetitors_association", None, "opportunitycompetitors_association"),
        ] {
            let found = pick(&known(), &table(), typed, other).map(|it| it.navigation);
            assert_eq!(found.ok().as_deref(), Some(navigation), "{typed}");
        }
        for (typed, other) in [("customerid", None), ("customerid", Some("lead")), ("customer", None), ("", None)] {
            let error = pick(&known(), &table(), typed, other).expect_err(typed);
            assert_eq!(error.phrase().exit, Exit::Usage, "{typed}");
        }
        let side = |navigation: &str, is_single| Relationship {
            navigation: navigation.into(),
            schema_name: "opportunity_parent".into(),
            column: None,
            other: "opportunity".into(),
            is_single,
        };
        let both = [side("parentid", true), side("children", false)];
        let error = pick(&both, &table(), "opportunity_parent", Some("opportunity")).expect_err("two sides");
        assert_eq!(error.phrase().code, "dataverse/several-ways");
        assert_eq!(error.facts()[0].1, "`parentid` or `children`");
        assert_eq!(pick(&both, &table(), "children", Some("opportunity")).map(|it| it.is_single), Ok(false));
        let error = pick(&known(), &table(), "customerid_acount", None).expect_err("misspelt");
        assert!(error.facts().iter().any(|(_, value)| value.contains("customerid_account")), "{:?}", error.facts());
    }

    #[test]
    fn the_other_record_is_named_as_in_a_lookup_and_a_broken_id_is_no_name() {
        let id = "5d0c0001-1111-ef11-8400-000d3ab1c111";
        for good in [id, &format!("contact:{id}"), "contact@emailaddress1=i@x.dk", "Ida Holm"] {
            assert_eq!(Other::parse(good).ok(), Some(Other(good.to_owned())));
        }
        assert!(Other::parse(&format!("contact:{id}0")).is_err());
    }
}
