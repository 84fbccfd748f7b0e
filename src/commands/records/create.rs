//! `create`: a new record from words or JSON. The id is made on this side, so that a lost answer can't make a second one.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::writing::Writing;
use crate::context::Context;
use crate::dataverse::{Purpose, RecordId, Write};
use crate::problem::{Exit, Problem};

/// Create a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn accounts create name=\"Fjord & Co\" revenue=125000.50 industrycode=Consulting
  d365conn accounts create --data '{\"name\": \"Fjord & Co\", \"numberofemployees\": 12}'
  d365conn contacts create lastname=Lund birthdate=1984-05-06 parentcustomerid=account:ACCOUNT_ID --return
  d365conn accounts create name=\"Fjord & Co\" donotemail=yes --dry-run
  d365conn accounts create --data '{\"name\": \"Fjord & Co\", \"contact_customer_accounts\": [{\"lastname\": \"Lund\"}]}'

A value is read as its column holds it: `d365conn tables show account --columns` tells. A lookup
takes an id, a name or a key, with its table in front where it may lead to several:
`primarycontactid=\"Ida Holm\"`, `parentcustomerid=account@accountnumber=AC-1`. In JSON, records may
stand inside the new one, under the names of relationships: they are made with it, or none is.")]
pub struct Create {
    #[command(flatten)]
    writing: Writing,
}

impl Create {
    /// Creates it and prints its id.
    pub(super) fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.writing.run(context, place, Purpose::Create, None, async |opened, body, _| {
            Ok(Write::create(&opened.table, RecordId::random(), &body)?)
        })
    }
}
