//! `man`: the manual page, made from the same words as the help. It touches nothing.

use clap::{Args, Command};

use crate::commands::CommandError;
use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Print the manual page of d365conn, or of one command
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  d365conn man > d365conn.1\n  d365conn man connect")]
pub struct Man {
    /// The command; all of d365conn when left out
    command: Option<String>,
}

impl Man {
    /// Prints the page.
    ///
    /// # Errors
    /// When there is no such command, or stdout can't be written.
    pub fn run(self, context: &Context, mut root: Command) -> Result<Exit, Problem> {
        root.build();
        let page = match &self.command {
            None => root,
            Some(name) => root
                .find_subcommand(name)
                .cloned()
                .ok_or_else(|| CommandError::UnknownCommand { name: name.clone() })?,
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text).map_err(CommandError::ManualPage)?;
        context.screen.show(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Done)
    }
}
