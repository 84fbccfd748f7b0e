//! Users of the organisation by what people type for them: an id of either kind, a sign-in name, an address, a name. Why
//! somebody is wanted is not known here.

use serde::Deserialize;

use crate::dataverse::client::Client;
use crate::dataverse::encode::string_literal;
use crate::dataverse::{DataverseError, Query, RecordId};

/// So many of several are told.
const MOST: u64 = 5;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct User {
    /// The user id.
    #[serde(rename = "systemuserid")]
    pub id: RecordId,
    /// The object id in Entra, where there is one.
    #[serde(rename = "azureactivedirectoryobjectid", default)]
    pub object: Option<RecordId>,
    /// What people call them.
    #[serde(rename = "fullname", default)]
    name: Option<String>,
    #[serde(rename = "domainname", default)]
    sign_in: Option<String>,
    #[serde(rename = "internalemailaddress", default)]
    address: Option<String>,
}

impl User {
    /// What people call them.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// What they sign in with, or else are written to at.
    pub(super) fn sign_in(&self) -> Option<&str> {
        self.sign_in.as_deref().or(self.address.as_deref())
    }
}

impl Client {
    /// Some of the users that `typed` may mean; their names are looked at only where `by_name` says so.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub(super) async fn users(&self, typed: &str, by_name: bool) -> Result<Vec<User>, DataverseError> {
        let columns =
            ["systemuserid", "azureactivedirectoryobjectid", "fullname", "domainname", "internalemailaddress"];
        let query = Query {
            select: columns.map(str::to_owned).to_vec(),
            filter: Some(filter(typed, by_name)),
            top: Some(MOST),
            ..Query::of("systemusers")
        };
        self.read_rows(&query.to_request()).await
    }
}

/// The condition under which a user may be meant.
pub(super) fn filter(typed: &str, by_name: bool) -> String {
    if let Ok(id) = RecordId::parse(typed) {
        return format!("systemuserid eq {id} or azureactivedirectoryobjectid eq {id}");
    }
    let text = string_literal(typed);
    let name = if by_name { format!(" or fullname eq {text}") } else { String::new() };
    format!("domainname eq {text} or internalemailaddress eq {text}{name}")
}

/// Those who sign in with what was typed, where that is one of several: it says more than a name.
pub(super) fn rather_signing_in<T>(typed: &str, mut found: Vec<T>, sign_in: impl Fn(&T) -> Option<&str>) -> Vec<T> {
    let is_it = |one: &T| sign_in(one).is_some_and(|name| name.eq_ignore_ascii_case(typed));
    if found.iter().filter(|one| is_it(one)).count() == 1 {
        found.retain(is_it);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_name_says_more_than_a_name() {
        type One = (&'static str, Option<&'static str>);
        fn sign_in(one: &One) -> Option<&str> {
            one.1
        }
        let two = vec![("a@b.example", None), ("Ada", Some("A@b.example"))];
        assert_eq!(rather_signing_in("a@b.example", two, sign_in), [("Ada", Some("A@b.example"))]);
        let two = vec![("Ada", Some("a@b.example")), ("Ada", Some("c@b.example"))];
        assert_eq!(rather_signing_in("Ada", two.clone(), sign_in), two);
    }

    #[test]
    fn what_is_typed_is_only_ever_a_literal() {
        assert_eq!(
            filter("x' or 1 eq 1", true),
            "domainname eq 'x'' or 1 eq 1' or internalemailaddress eq 'x'' or 1 eq 1' or fullname eq 'x'' or 1 eq 1'"
        );
        assert!(!filter("Ada", false).contains("fullname"));
    }
}
