//! `explain`: what a code means and how to mend it, from the tables that the errors themselves use. It needs no network.

use clap::Args;
use serde_json::json;

use crate::commands::{CommandError, phrasebook};
use crate::context::Context;
use crate::doctor::{Explanation, explain, explain_all};
use crate::output::{Column, Format, SinkOptions, objects};
use crate::problem::{Exit, Problem};

/// More text than any log that is worth reading at once, in bytes.
const TEXT_LIMIT: usize = 16 * 1024 * 1024;

/// Explain an AADSTS, Dataverse or d365conn code
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn explain AADSTS65001
  d365conn explain 0x80072560
  d365conn explain DuplicateRecord
  d365conn explain auth/secret-required -o json
  echo 'AADSTS50011: no such URI' | d365conn explain -")]
pub struct Explain {
    /// The code, as it was shown; `-` reads text from stdin and explains every code in it
    code: String,
}

impl Explain {
    /// Explains it.
    ///
    /// # Errors
    /// When the code is unknown.
    pub fn run(self, context: &Context) -> Result<Exit, Problem> {
        let explanations = if self.code == "-" {
            let text = context.screen.read_stdin_to_end(TEXT_LIMIT)?;
            let text = String::from_utf8_lossy(&text);
            let found = explain_all(&text, &phrasebook());
            if found.is_empty() {
                return Err(CommandError::NoCodeFound.into());
            }
            found
        } else {
            vec![
                explain(&self.code, &phrasebook())
                    .map_err(|nearest| CommandError::UnknownCode { code: self.code.clone(), nearest })?,
            ]
        };
        match context.format()? {
            Format::Table => {
                for (position, explanation) in explanations.iter().enumerate() {
                    if position > 0 {
                        context.screen.line("")?;
                    }
                    context.screen.line(&page(explanation))?;
                }
            }
            format => rows(context, format, &explanations)?,
        }
        Ok(Exit::Done)
    }
}

fn page(explanation: &Explanation) -> String {
    let title = match &explanation.name {
        Some(name) => format!("{} ({name})", explanation.code),
        None => explanation.code.clone(),
    };
    let mut page = format!("{title}: {}\n", explanation.meaning);
    for (position, line) in explanation.remedy.iter().enumerate() {
        page.push_str(if position == 0 { "\nfix: " } else { "\n     or " });
        page.push_str(line);
    }
    let link = explanation.link.as_deref().map_or_else(String::new, |link| format!("\nsee: {link}"));
    format!("{page}\nwho: {}{link}", explanation.who.word())
}

fn rows(context: &Context, format: Format, explanations: &[Explanation]) -> Result<(), Problem> {
    let columns: Vec<Column> =
        ["code", "name", "meaning", "who", "remedy", "link"].iter().map(|key| Column::named(*key)).collect();
    let options =
        SinkOptions { id_column: Some("code".to_owned()), single: explanations.len() == 1, ..SinkOptions::default() };
    let rows = explanations.iter().map(|it| {
        [
            ("code", json!(it.code)),
            ("name", json!(it.name)),
            ("meaning", json!(it.meaning)),
            ("who", json!(it.who.word())),
            ("remedy", json!(it.remedy)),
            ("link", json!(it.link)),
        ]
    });
    Ok(objects(&context.screen, format, &columns, rows, options)?)
}
