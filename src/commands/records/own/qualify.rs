//! `qualify`: account, contact and opportunity are made of a lead, and the lead is closed.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::records::Place;
use crate::commands::records::own::Deed;
use crate::commands::records::which::Which;
use crate::context::Context;
use crate::dataverse::crm::{Qualification, qualify_lead};
use crate::dataverse::{Made, SentOrShown, made_records};
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// Microsoft Learn, "Lead table reference": state 1 is Qualified.
const QUALIFIED: i64 = 1;

/// Make account, contact and opportunity of a lead, and close it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn leads qualify LEAD_ID
  d365conn leads qualify LEAD_ID --contact --opportunity -o id")]
pub struct Qualify {
    #[command(flatten)]
    which: Which,
    /// Make an account; with none of the three flags, all three are made
    #[arg(long)]
    account: bool,
    /// Make a contact
    #[arg(long)]
    contact: bool,
    /// Make an opportunity
    #[arg(long)]
    opportunity: bool,
    /// The status reason, by its label or number; the organisation's default for the state when left out
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
}

impl Qualify {
    fn what(&self) -> Qualification {
        let all = !(self.account || self.contact || self.opportunity);
        Qualification {
            account: self.account || all,
            contact: self.contact || all,
            opportunity: self.opportunity || all,
        }
    }
}

impl Deed for Qualify {
    const WORD: &'static str = "qualify";

    fn run(self, context: &Context, place: &Place) -> Result<Exit, Problem> {
        self.which.change(context, place, async |opened, id| {
            let status = opened.client.reason(&opened.table, QUALIFIED, self.reason.as_deref()).await?;
            let SentOrShown::Sent(answer) =
                opened.client.call(&qualify_lead(&opened.table, id, self.what(), status.value)).await?
            else {
                return Ok(Exit::Done);
            };
            let made = made_records(answer.as_deref().unwrap_or_default());
            let words: Vec<String> = made.iter().map(|it| format!("{} {}", it.table, it.id)).collect();
            let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
            context.screen.note(&format!("qualified {} {id}: created {words}", opened.table.logical_name));
            context.screen.note(&status.to_string());
            show(context, opened.format, &made)
        })
    }
}

fn show(context: &Context, format: Format, made: &[Made]) -> Result<Exit, Problem> {
    let columns = [Column::named("table"), Column::named("id")];
    let rows =
        made.iter().map(|it| -> [(&str, Value); 2] { [("table", json!(it.table)), ("id", json!(it.id.to_string()))] });
    objects(
        &context.screen,
        format,
        &columns,
        rows,
        SinkOptions { id_column: Some("id".to_owned()), ..SinkOptions::default() },
    )?;
    Ok(Exit::Done)
}
