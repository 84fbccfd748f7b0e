//! Who shall own a record: a user or a team, found by id, sign-in name or name. Nothing is assigned here.

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::{API, query_value, string_literal};
use crate::dataverse::users::rather_signing_in;
use crate::dataverse::{Body, DataverseError, RecordId, Reference, SentOrShown, Table, ValueError, VerbError};
use crate::net::Request;

const USER: &str = "systemuser";
const TEAM: &str = "team";
/// What the two tables of owners are called, and which of them it is.
const OWNERS: [(&str, &str); 5] = [("user", USER), (USER, USER), ("systemusers", USER), (TEAM, TEAM), ("teams", TEAM)];

/// A user or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Entity set: `systemusers` or `teams`.
    pub entity_set: &'static str,
    /// The id.
    pub id: RecordId,
    /// What people call it.
    pub name: String,
    /// What it signs in with; a team has none.
    sign_in: Option<String>,
}

#[derive(Deserialize)]
struct Team {
    teamid: RecordId,
    name: Option<String>,
}

impl Owner {
    /// The value of an `@odata.bind`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("/{}({})", self.entity_set, self.id)
    }

    fn told(&self) -> String {
        match (&self.sign_in, self.entity_set) {
            (Some(sign_in), _) => format!("{} ({sign_in}, user:{})", self.name, self.id),
            (None, "teams") => format!("{} (team:{})", self.name, self.id),
            (None, _) => format!("{} (user:{})", self.name, self.id),
        }
    }
}

impl Client {
    /// The user or team that `typed` means: an id, `user:ID`, `team:ID`, a sign-in name, an address, or a name.
    ///
    /// # Errors
    /// [`VerbError::NoSuchOwner`], [`VerbError::AmbiguousOwner`], [`VerbError::NotAnOwner`] for a table whose records own
    /// nothing, or whatever kept the answers away.
    pub async fn owner(&self, typed: &str) -> Result<Owner, DataverseError> {
        let (kind, text) = self.kind_of_owner(typed).await?;
        let text = match kind {
            // By its columns, which have to lead to one alone.
            Some(kind) if matches!(Reference::parse(text)?, Reference::Key(_)) => {
                let table = self.table_named(kind).await?;
                &self.find_record(&table, &Reference::parse(text)?).await?.to_string()
            }
            _ => text,
        };
        let mut found = Vec::new();
        if kind != Some(TEAM) {
            found.extend(self.users(text, true).await?.iter().map(|user| Owner {
                entity_set: "systemusers",
                id: user.id,
                name: user.name().to_owned(),
                sign_in: user.sign_in().map(str::to_owned),
            }));
        }
        if kind.is_none_or(|kind| kind == TEAM) {
            let teams: Vec<Team> = self.read_rows(&teams(text)).await?;
            found.extend(teams.into_iter().map(|team| Owner {
                entity_set: "teams",
                id: team.teamid,
                name: team.name.unwrap_or_default(),
                sign_in: None,
            }));
        }
        Ok(only(typed, text, found)?)
    }

    /// The table of owners in front of what was typed, and the rest of it. A word that names no table is a part of a name.
    async fn kind_of_owner<'a>(&self, typed: &'a str) -> Result<(Option<&'static str>, &'a str), DataverseError> {
        let Some((word, text)) = typed.split_once(':') else { return Ok((None, typed)) };
        if let Some((_, kind)) = OWNERS.iter().find(|(called, _)| called.eq_ignore_ascii_case(word)) {
            return Ok((Some(kind), text));
        }
        let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match if is_name { self.table_if_any(word).await? } else { None } {
            Some(table) => Err(VerbError::NotAnOwner { typed: typed.to_owned(), table: table.logical_name }.into()),
            None => Ok((None, typed)),
        }
    }
}

impl Client {
    /// Gives a record to an owner. The navigation property is the table's own: an activity's may be called after its table.
    ///
    /// # Errors
    /// As [`Client::update`].
    pub async fn assign(&self, table: &Table, id: &RecordId, owner: &Owner) -> Result<SentOrShown<()>, DataverseError> {
        let definition = self.definition(&table.logical_name, &[]).await?;
        if definition.column("ownerid").is_none() {
            // It belongs to the organisation.
            let (table, column) = (table.logical_name.clone(), "ownerid".to_owned());
            return Err(ValueError::UnknownColumn { table, column, near: Vec::new() }.into());
        }
        let kind = if owner.entity_set == "teams" { "team" } else { "systemuser" };
        let navigation = definition.navigation("ownerid", kind).map_or("ownerid", |way| way.navigation.as_str());
        let body = Body::parse(None, &[format!("{navigation}@odata.bind={}", owner.reference())])?;
        self.update(table, id, &body).await
    }
}

fn only(typed: &str, text: &str, found: Vec<Owner>) -> Result<Owner, VerbError> {
    let mut found = rather_signing_in(text, found, |owner| owner.sign_in.as_deref());
    if found.len() > 1 {
        let candidates = found.iter().map(Owner::told).collect();
        return Err(VerbError::AmbiguousOwner { typed: typed.to_owned(), candidates });
    }
    found.pop().ok_or_else(|| VerbError::NoSuchOwner { typed: typed.to_owned() })
}

fn teams(text: &str) -> Request {
    let filter = match RecordId::parse(text) {
        Ok(id) => format!("teamid eq {id}"),
        Err(_) => format!("name eq {}", string_literal(text)),
    };
    Request::get(format!("{API}teams?$select=teamid,name&$filter={}&$top=10", query_value(&filter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Diagnose as _, Exit};

    fn owner(name: &str, sign_in: Option<&str>) -> Owner {
        Owner {
            entity_set: "systemusers",
            id: RecordId::random(),
            name: name.into(),
            sign_in: sign_in.map(str::to_owned),
        }
    }

    #[test]
    fn one_owner_is_meant_or_none() {
        let two = vec![owner("Ada", Some("a@b.example")), owner("Ada", Some("c@b.example"))];
        let error = only("Ada", "Ada", two).expect_err("two");
        assert_eq!(error.phrase().exit, Exit::Usage);
        assert!(error.facts()[0].1.contains("c@b.example"), "{:?}", error.facts());
        assert_eq!(only("x", "x", Vec::new()).expect_err("none").phrase().exit, Exit::NotFound);
    }

    #[test]
    fn what_is_typed_is_only_ever_a_literal() {
        assert!(teams("x' or 1 eq 1").path.contains("name%20eq%20%27x%27%27%20or"));
    }
}
