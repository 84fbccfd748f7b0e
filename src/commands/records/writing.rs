//! Writing one record, for every verb that fills columns: its flags, the body from what was typed, and what is shown of it
//! afterwards. Which write it is, is each verb's own.

use clap::Args;

use crate::commands::records::Place;
use crate::commands::records::manner::{Logic, Returned};
use crate::commands::records::opened::{Aim, Opened};
use crate::commands::records::values::Values;
use crate::context::Context;
use crate::dataverse::{Body, Purpose, Write};
use crate::problem::{Exit, Problem};

/// What is written, and how.
#[derive(Debug, Args)]
pub struct Writing {
    #[command(flatten)]
    values: Values,
    #[command(flatten)]
    logic: Logic,
    #[command(flatten)]
    returned: Returned,
}

impl Writing {
    /// Makes the change that `write` makes of the body, and shows or tells what came of it.
    ///
    /// # Errors
    /// A value that can't be read or does not fit, and what the write met.
    pub(super) fn run(
        self,
        context: &Context,
        place: &Place,
        purpose: Purpose,
        write: impl AsyncFnOnce(&Opened<'_>, Body) -> Result<Write, Problem>,
    ) -> Result<Exit, Problem> {
        let typed = self.values.read(context)?;
        place.open(context, Aim::Change, async |opened| {
            let Opened { client, table, format, .. } = opened;
            let manner = self.returned.manner(client, table, self.logic.headers(), *format).await?;
            let body = typed.fill(client, table, purpose).await?;
            let write = write(opened, body).await?;
            let written = client.write_in(&write, &manner).await?;
            match (&written.record, written.is_new) {
                (Some(record), _) => self.returned.show(context, *format, &manner, table, record),
                (None, true) => opened.created(&written.id),
                (None, false) => opened.changed(&written.id, "changed"),
            }
        })
    }
}
