//! Acting as another user: who is meant, found once, and the header that says so. What that user may do is the service's to
//! judge.

use std::fmt;

use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::dataverse::client::Client;
use crate::dataverse::encode::string_literal;
use crate::dataverse::values::ValueError;
use crate::dataverse::{Query, RecordId};
use crate::problem::Problem;

/// The user whose rights and name a connection borrows.
#[derive(Default)]
pub(super) struct Impersonation {
    /// As typed.
    wanted: String,
    header: OnceCell<(&'static str, String)>,
}

#[derive(Deserialize)]
struct Found {
    value: Vec<FoundUser>,
}

#[derive(Deserialize)]
struct FoundUser {
    systemuserid: RecordId,
    #[serde(default)]
    azureactivedirectoryobjectid: Option<RecordId>,
    #[serde(default)]
    fullname: Option<String>,
}

impl Impersonation {
    pub(super) fn of(wanted: String) -> Self {
        Self { wanted, header: OnceCell::new() }
    }

    /// The header for every request. `client` asks as itself.
    ///
    /// Source: Microsoft Learn, "Impersonate another user using the Web API": `CallerObjectId` with the object id of Entra
    /// is preferred, `MSCRMCallerID` with the user id serves users who have none.
    pub(super) async fn header(&self, client: &Client) -> Result<&(&'static str, String), Problem> {
        self.header.get_or_try_init(|| self.found(client)).await
    }

    async fn found(&self, client: &Client) -> Result<(&'static str, String), Problem> {
        let filter = if let Ok(id) = RecordId::parse(&self.wanted) {
            format!("systemuserid eq {id} or azureactivedirectoryobjectid eq {id}")
        } else {
            let name = string_literal(&self.wanted);
            format!("domainname eq {name} or internalemailaddress eq {name}")
        };
        let query = Query {
            select: ["systemuserid", "azureactivedirectoryobjectid", "fullname"].map(str::to_owned).to_vec(),
            filter: Some(filter),
            top: Some(5),
            ..Query::of("systemusers")
        };
        let found: Found = client.read_as(&query.to_request()).await?;
        match found.value.as_slice() {
            [user] => Ok(match &user.azureactivedirectoryobjectid {
                Some(object) => ("CallerObjectId", object.to_string()),
                None => ("MSCRMCallerID", user.systemuserid.to_string()),
            }),
            [] => Err(ValueError::NoSuchUser { typed: self.wanted.clone() }.into()),
            users => {
                let name = |user: &FoundUser| user.fullname.clone().unwrap_or_default();
                let candidates = users.iter().map(|user| format!("{} ({})", user.systemuserid, name(user))).collect();
                let what = format!("called `{}`", self.wanted);
                Err(ValueError::Ambiguous { table: "systemuser".to_owned(), what, candidates }.into())
            }
        }
    }
}

impl fmt::Debug for Impersonation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Impersonation").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}
