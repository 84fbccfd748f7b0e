//! `whoami`: who is connected to what, as the organisation itself says. Nothing is decided from it.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::dataverse::DataverseError;
use crate::output::{Format, object};
use crate::problem::{Exit, Problem};

/// Show the user, organisation and roles behind the connection
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn whoami\n  d365conn whoami -o json")]
pub struct Whoami {}

impl Whoami {
    /// Asks and shows.
    ///
    /// # Errors
    /// When the organisation can't be asked. What it refuses to tell beyond the ids is left empty.
    pub fn run(context: &Context) -> Result<Exit, Problem> {
        let format = context.format()?;
        let client = context.client()?;
        context.block_on(async {
            let ids = client.who_am_i().await?;
            if format == Format::Id {
                context.screen.line(&ids.user_id)?;
                return Ok(Exit::Done);
            }
            // A user without the right to read these may still connect.
            let user = if_allowed(client.user(&ids.user_id).await)?;
            let organisation = if_allowed(client.organisation().await)?;
            let roles = if_allowed(client.roles(&ids.user_id).await)?;
            let fields = vec![
                ("connection".to_owned(), json!(context.target_name())),
                ("tenant_url".to_owned(), json!(client.address())),
                ("organisation".to_owned(), json!(organisation.as_ref().map(|it| &it.friendly_name))),
                ("version".to_owned(), json!(organisation.as_ref().map(|it| &it.version))),
                ("organisation_id".to_owned(), json!(ids.organisation_id)),
                ("user".to_owned(), json!(user.as_ref().map(|it| &it.full_name))),
                ("sign_in_name".to_owned(), json!(user.as_ref().map(|it| &it.domain_name))),
                (
                    "kind".to_owned(),
                    json!(user.as_ref().map(|it| if it.is_application { "application" } else { "user" })),
                ),
                ("user_id".to_owned(), json!(ids.user_id)),
                ("business_unit_id".to_owned(), json!(ids.business_unit_id)),
                ("roles".to_owned(), json!(roles)),
            ];
            object(&context.screen, format, &fields)?;
            Ok(Exit::Done)
        })
    }
}

/// What was not told because it may not be, or is not there, is nothing; any other failure is one.
fn if_allowed<T>(answer: Result<T, DataverseError>) -> Result<Option<T>, DataverseError> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(error) if error.is_forbidden() || error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
