//! `completions`: a script that teaches a shell our words, and the names of saved connections where such a script asks for
//! them. Nothing but the list of connections is ever read.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::commands::completions::place::takes_connection;
use crate::commands::completions::script::script;
use crate::context::Context;
use crate::problem::{Exit, Problem};

mod place;
mod script;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn completions bash > ~/.local/share/bash-completion/completions/d365conn
  d365conn completions zsh > \"${fpath[1]}/_d365conn\"
  d365conn completions fish > ~/.config/fish/completions/d365conn.fish

The script also offers the names of saved connections: after -c, and wherever else
one is typed.")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    /// Sent by the script: the words before the one that is being completed, the program's name first
    #[arg(last = true, hide = true, value_name = "WORD")]
    words: Vec<String>,
}

impl Completions {
    /// Prints the script; or, for the script, the names that fit behind the words typed so far.
    ///
    /// # Errors
    /// When stdout can't be written. A list of connections that can't be read has no names: a key was pressed, and no
    /// command was given that could complain.
    pub fn run(self, context: &Context, mut command: Command) -> Result<Exit, Problem> {
        let Some((_, typed)) = self.words.split_first() else {
            context.screen.show(&script(self.shell, command))?;
            return Ok(Exit::Done);
        };
        command.build();
        if takes_connection(&command, typed)
            && let Ok(connections) = context.registry().and_then(|registry| Ok(registry.read()?))
            && !connections.is_empty()
        {
            let names: Vec<&str> = connections.iter().map(|connection| connection.name.as_str()).collect();
            context.screen.show(&format!("{}\n", names.join("\n")))?;
        }
        Ok(Exit::Done)
    }
}
