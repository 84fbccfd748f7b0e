//! `completions`: a script that teaches a shell our words. It touches nothing.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::context::Context;
use crate::problem::{Exit, Problem};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn completions bash > ~/.local/share/bash-completion/completions/d365conn
  d365conn completions zsh > \"${fpath[1]}/_d365conn\"
  d365conn completions fish > ~/.config/fish/completions/d365conn.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    ///
    /// # Errors
    /// When stdout can't be written.
    pub fn run(self, context: &Context, mut command: Command) -> Result<Exit, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "d365conn", &mut script);
        context.screen.show(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
