//! Acting as another user: who is meant, found once, and the header that says so. What that user may do is the service's to
//! judge.

use crate::dataverse::DataverseError;
use std::fmt;

use tokio::sync::OnceCell;

use crate::dataverse::client::Client;
use crate::dataverse::users::{User, rather_signing_in};
use crate::dataverse::values::ValueError;

/// The user whose rights and name a connection borrows.
#[derive(Default)]
pub(super) struct Impersonation {
    /// As typed.
    wanted: String,
    header: OnceCell<(&'static str, String)>,
}

impl Impersonation {
    pub(super) fn of(wanted: String) -> Self {
        Self { wanted, header: OnceCell::new() }
    }

    /// The header for every request. `client` asks as itself.
    ///
    /// Source: Microsoft Learn, "Impersonate another user using the Web API": `CallerObjectId` with the object id of Entra
    /// is preferred, `MSCRMCallerID` with the user id serves users who have none.
    pub(super) async fn header(&self, client: &Client) -> Result<&(&'static str, String), DataverseError> {
        self.header.get_or_try_init(|| self.found(client)).await
    }

    async fn found(&self, client: &Client) -> Result<(&'static str, String), DataverseError> {
        let users = rather_signing_in(&self.wanted, client.users(&self.wanted, false).await?, User::sign_in);
        match users.as_slice() {
            [user] => Ok(match &user.object {
                Some(object) => ("CallerObjectId", object.to_string()),
                None => ("MSCRMCallerID", user.id.to_string()),
            }),
            [] => Err(ValueError::NoSuchUser { typed: self.wanted.clone() }.into()),
            users => {
                let candidates = users.iter().map(|user| format!("{} ({})", user.id, user.name())).collect();
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
