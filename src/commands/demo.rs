//! `demo`: the whole main job on the sandbox, each step with its command: sign in, list, create, change, read, delete,
//! forget. It runs the real commands on a temporary place of its own and leaves nothing behind.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::auth::Browser;
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::context::Context;
use crate::environment::{self, Environment};
use crate::output::{Captured, Lines, Stdio};
use crate::paths::write_own;
use crate::problem::{Exit, Problem};
use crate::sandbox::{INES, Options, Robot, Sandbox};

/// Runs one command line: arguments, environment, streams, clock and browser in, status out.
pub type RunLine = fn(&[OsString], Environment, Stdio, Clock, Browser) -> Exit;

/// Show the whole main job on the sandbox: no account needed, nothing left behind
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d365conn demo
  d365conn demo --browser")]
pub struct Demo {
    /// Sign in yourself, in your browser, instead of watching it being done
    #[arg(long)]
    browser: bool,
}

/// The steps of the demo need a place, an organisation and somebody who signs in.
struct Stage<'a> {
    context: &'a Context,
    run_line: RunLine,
    environment: Environment,
    browser: Browser,
}

impl Demo {
    /// Plays it.
    ///
    /// # Errors
    /// When a step does not end as it should.
    pub fn run(self, context: &Context, run_line: RunLine) -> Result<Exit, Problem> {
        let sandbox = Sandbox::start_in_background(Options::default()).map_err(CommandError::Sandbox)?;
        let place = tempfile::Builder::new().prefix("d365conn-demo-").tempdir().map_err(CommandError::DemoPlace)?;
        let browser = if self.browser {
            context.browser.clone()
        } else {
            Browser::StandIn(Arc::new(Robot::new(INES).in_background()))
        };
        let environment = environment_at(place.path(), context.screen.style().is_coloured())?;
        let stage = Stage { context, run_line, environment, browser };
        let hint = if self.browser {
            format!("Sign in as {} with the password {}.", INES.user_name, INES.password)
        } else {
            format!("{} signs in without a hand on the keyboard; --browser lets you do it.", INES.full_name)
        };
        let begins =
            format!("a sandbox runs at {}: a local Entra and Dataverse with a demo company.", sandbox.address());
        context.screen.note_lines(
            &Lines::of(&begins)
                .line("The connection and its encrypted secrets live in a temporary directory until the end.")
                .line(&hint),
        );
        let address = sandbox.address();
        stage.play("sign in and save the connection", &["connect", "--tenant-url", &address, "--store", "file"])?;
        stage.play("who is connected to what", &["whoami"])?;
        stage.play("list accounts", &["accounts", "list", "--top", "5", "--order-by", "name"])?;
        let created =
            stage.play("create one", &["accounts", "create", "name=Fjord & Co", "telephone1=+47 55 00 11 22"])?;
        let id = created.trim();
        stage.play("change it", &["accounts", "update", id, "telephone1=+47 55 00 11 33"])?;
        stage.play("read it back", &["accounts", "get", id, "--select", "name,telephone1,createdon", "-o", "json"])?;
        stage.play("delete it", &["accounts", "delete", id])?;
        stage.play("examine the connection", &["doctor"])?;
        stage.play("forget the connection and its secrets", &["disconnect", "sandbox"])?;
        place.close().map_err(CommandError::DemoPlace)?;
        context.screen.note_lines(
            &Lines::default()
                .blank()
                .line("The same with your own organisation:")
                .line("  d365conn connect --tenant-url https://ORG.crm.dynamics.com"),
        );
        Ok(Exit::Done)
    }
}

/// Nothing of the user's own set-up reaches the demo, and nothing of the demo reaches it.
fn environment_at(place: &Path, is_coloured: bool) -> Result<Environment, Problem> {
    let passphrase = place.join("passphrase");
    write_own(&passphrase, uuid::Uuid::new_v4().to_string().as_bytes())?;
    Ok(Environment::of([
        (environment::CONFIG_DIR.name, place.join("config").as_os_str()),
        (environment::STATE_DIR.name, place.join("state").as_os_str()),
        (environment::STORE_PASSPHRASE_FILE.name, passphrase.as_os_str()),
        // The steps see a terminal, so that they show tables; whether it has colours is known here.
        (environment::NO_COLOR.name, std::ffi::OsStr::new(if is_coloured { "" } else { "1" })),
    ]))
}

impl Stage<'_> {
    /// Shows the command, runs it and shows what it said. Gives back its stdout.
    fn play(&self, title: &str, words: &[&str]) -> Result<String, Problem> {
        let screen = &self.context.screen;
        let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let command = format!("d365conn {}", shown.join(" "));
        screen.line(&format!("\n# {title}\n$ {command}"))?;
        // What is shown in a terminal's shape may still go to a file.
        let color = if screen.style().is_coloured() { "--color=always" } else { "--color=never" };
        let verbosity = (0..self.context.settings.verbosity).map(|_| "-v");
        let arguments: Vec<OsString> = ["d365conn"]
            .into_iter()
            .chain(words.iter().copied())
            .chain([color])
            .chain(verbosity)
            .map(Into::into)
            .collect();
        let (stdio, captured) = Stdio::captured();
        let stdio = stdio.with_terminal(screen.width().unwrap_or(100));
        let clock = self.context.clock.clone();
        let exit = (self.run_line)(&arguments, self.environment.clone(), stdio, clock, self.browser.clone());
        self.replay(&captured)?;
        if exit == Exit::Done { Ok(captured.stdout()) } else { Err(CommandError::DemoStopped { command }.into()) }
    }

    fn replay(&self, captured: &Captured) -> Result<(), Problem> {
        let screen = &self.context.screen;
        // Both were made inert when they were written.
        screen.show(&captured.stderr())?;
        Ok(screen.show(&captured.stdout())?)
    }
}

/// A word as a shell needs it.
fn quoted(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=./:+,@".contains(&byte));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
