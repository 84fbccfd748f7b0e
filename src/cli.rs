//! What may be typed: the root of the command line, the global flags, and which command is meant. Nothing is done here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::auth::Browser;
use crate::clock::Clock;
use crate::commands::records::{NOUNS, Noun, Records};
use crate::commands::{
    CommandError, action, api, app, batch, completions, connect, connections, demo, disconnect, doctor, empty_argument,
    explain, man, naming, proxy, query, reconnect, sandbox, search, serving, tables, version, whoami,
};
use crate::context::Context;
use crate::environment::{self, Environment, EnvironmentError};
use crate::output::problem::show;
use crate::output::{ColorChoice, Filter, Format, OutputError, Screen, ScreenOptions, Stdio, term};
use crate::problem::{Exit, Problem, catch_panic};
use crate::settings::{Changes, Flags, Settings, parse_duration};

/// Connect to Dynamics 365 CRM (Dataverse) and work with its records
#[derive(Debug, Parser)]
#[command(
    name = "d365conn",
    version,
    after_help = "Examples:
  d365conn demo
  d365conn connect --tenant-url https://contoso.crm4.dynamics.com
  d365conn accounts list --top 5
  d365conn doctor",
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = false
)]
struct Root {
    #[command(flatten)]
    global: GlobalFlags,
    #[command(subcommand)]
    command: Word,
}

#[derive(Debug, Args)]
struct GlobalFlags {
    /// The connection to use
    #[arg(short, long, global = true, value_name = "NAME", help_heading = "Global flags")]
    connection: Option<String>,
    /// Output format: table, json, ndjson, csv, tsv or id
    #[arg(short, long, global = true, value_name = "FORMAT", help_heading = "Global flags")]
    output: Option<String>,
    /// A jq expression that every record passes through; strings are written raw
    #[arg(long, global = true, value_name = "EXPR", help_heading = "Global flags")]
    jq: Option<String>,
    /// Say only what was asked for
    #[arg(short, long, global = true, help_heading = "Global flags")]
    quiet: bool,
    /// Say what is decided; twice: every request, without secrets
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global flags")]
    verbose: u8,
    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        help_heading = "Global flags"
    )]
    color: When,
    /// Never ask and never open a browser
    #[arg(long, global = true, help_heading = "Global flags")]
    no_input: bool,
    /// Answer yes where a question would be asked
    #[arg(short, long, global = true, help_heading = "Global flags")]
    yes: bool,
    /// Show the requests that a change would send, and send none of them
    #[arg(long, global = true, action = ArgAction::Count, help_heading = "Global flags")]
    dry_run: u8,
    /// Act on behalf of this user: a sign-in name, a user id or an Entra object id
    #[arg(long = "as", global = true, value_name = "USER", help_heading = "Global flags")]
    acting_as: Option<String>,
    /// Longest silence of the service, such as 90s [default: 60s, and 240s until Dataverse answers]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, help_heading = "Global flags")]
    timeout: Option<Duration>,
    /// Longest wait when the service throttles, such as 5m [default: 10m]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, help_heading = "Global flags")]
    max_wait: Option<Duration>,
    /// File of further certificate authorities, in PEM
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global flags")]
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// On a terminal that can
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The words that are not nouns; the nouns come from their own table.
#[derive(Debug, Subcommand)]
enum Word {
    Connect(Box<connect::Connect>),
    Reconnect(reconnect::Reconnect),
    Disconnect(disconnect::Disconnect),
    Connections(connections::Connections),
    Whoami(whoami::Whoami),
    Token(serving::Token),
    Exec(serving::Exec),
    App(app::App),
    Doctor(doctor::Doctor),
    Explain(explain::Explain),
    Action(action::Action),
    /// List, read, create, change and delete records of any table
    Records(Records),
    Tables(tables::Tables),
    Query(Box<query::Query>),
    Search(search::Search),
    Api(Box<api::Api>),
    Batch(batch::Batch),
    Proxy(proxy::Proxy),
    Sandbox(sandbox::Sandbox),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
    Version(version::Version),
}

/// The whole command line, nouns included.
#[must_use]
pub fn command() -> Command {
    NOUNS.iter().fold(Root::command(), |root, noun| root.subcommand(noun.command()))
}

/// Parses, dispatches, and shows what went wrong, once. A panic is a bug of ours: it is told without any value that was in
/// reach, and ends with [`Exit::Bug`].
#[must_use]
pub fn start(arguments: &[OsString], environment: Environment, stdio: Stdio, clock: Clock, browser: Browser) -> Exit {
    let mut command = command();
    let matches = match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return refuse(&error, arguments, &environment, stdio),
    };
    let global = match GlobalFlags::from_arg_matches(&matches) {
        Ok(global) => global,
        Err(error) => return refuse(&error, arguments, &environment, stdio),
    };
    let color = match global.color {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    };
    let ambient = ScreenOptions::of(&environment);
    let no_input = global.no_input || ambient.no_input;
    let screen = Screen::new(stdio, &ScreenOptions { color, quiet: global.quiet, no_input, ..ambient });
    let flags = Flags {
        connection: global.connection,
        output: global.output,
        quiet: global.quiet,
        verbosity: global.verbose,
        no_input: global.no_input,
        yes: global.yes,
        changes: if global.dry_run > 0 { Changes::Shown } else { Changes::Sent },
        acting_as: global.acting_as,
        timeout: global.timeout,
        max_wait: global.max_wait,
        ca_file: global.ca_file,
    };
    let wants_json = is_json(flags.output.as_deref(), &environment);
    let outcome = catch_panic(|| {
        empty_argument::check(&command, &matches)?;
        for (given, meant) in environment.misspelt() {
            screen.note(&format!("the environment variable {given} is none of d365conn's; {meant} is"));
        }
        check_filled_in(arguments)?;
        let (screen, flags) = with_filter(screen.clone(), flags, global.jq.as_deref())?;
        let settings = Settings::resolve(flags, &environment)?;
        let context = Context::new(screen, settings, environment, clock, browser);
        dispatch(&context, &matches)
    });
    match outcome.unwrap_or_else(|place| Err(CommandError::Bug { place }.into())) {
        Ok(exit) => exit,
        Err(problem) => {
            show(&screen, &problem, wants_json);
            problem.exit()
        }
    }
}

/// The flags that name an address, an id, a file or a secret.
const NAMING_FLAGS: &[&str] = &[
    "--tenant-url",
    "--client-id",
    "--tenant",
    "--redirect-uri",
    "--login-hint",
    "--certificate",
    "--certificate-password-file",
    "--client-secret-file",
    "--passphrase-file",
    "--federated-token-file",
    "--identity-client-id",
    "--identity-object-id",
    "--identity-resource-id",
    "--ca-file",
    "--connection",
    "-c",
];

/// Asks that none of those flags has a value that a pipeline should have filled in and did not.
fn check_filled_in(arguments: &[OsString]) -> Result<(), Problem> {
    let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    for (place, word) in words.iter().take_while(|word| **word != "--").enumerate() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (*word, words.get(place + 1).copied()),
        };
        if let Some(value) = value.filter(|value| NAMING_FLAGS.contains(&flag) && environment::is_unfilled(value)) {
            return Err(EnvironmentError::not_filled_in(flag, value).into());
        }
    }
    Ok(())
}

/// `--jq`: what a command would write as JSON passes through it. No other format has a say then.
fn with_filter(screen: Screen, flags: Flags, expression: Option<&str>) -> Result<(Screen, Flags), Problem> {
    let Some(expression) = expression else { return Ok((screen, flags)) };
    if let Some(given) = &flags.output
        && !given.parse::<Format>()?.is_json()
    {
        return Err(OutputError::FilterBesideFormat { given: given.clone() }.into());
    }
    let flags = Flags { output: Some(Format::Ndjson.word().to_owned()), ..flags };
    Ok((screen.filtered(Filter::compile(expression)?), flags))
}

fn dispatch(context: &Context, matches: &clap::ArgMatches) -> Result<Exit, Problem> {
    naming::agree(matches)?;
    if let Some((noun, typed)) = matches.subcommand().and_then(|(word, typed)| Some((Noun::find(word)?, typed))) {
        return noun.run(typed, context);
    }
    match Word::from_arg_matches(matches).map_err(|error| usage(&error))? {
        Word::Connect(it) => it.run(context),
        Word::Reconnect(it) => it.run(context),
        Word::Disconnect(it) => it.run(context),
        Word::Connections(it) => it.run(context),
        Word::Whoami(_) => whoami::Whoami::run(context),
        Word::Token(it) => it.run(context),
        Word::Exec(it) => it.run(context),
        Word::App(it) => it.run(context),
        Word::Doctor(it) => it.run(context),
        Word::Explain(it) => it.run(context),
        Word::Action(it) => it.run(context),
        Word::Records(it) => it.run(context),
        Word::Tables(it) => it.run(context),
        Word::Query(it) => it.run(context),
        Word::Search(it) => it.run(context),
        Word::Api(it) => it.run(context),
        Word::Batch(it) => it.run(context),
        Word::Proxy(it) => it.run(context),
        Word::Sandbox(it) => it.run(context),
        Word::Demo(it) => it.run(context, start),
        Word::Completions(it) => it.run(context, command()),
        Word::Man(it) => it.run(context, command()),
        Word::Version(_) => version::Version::run(context),
    }
}

/// The parser ends here: with help or the version on stdout, or with a usage error.
fn refuse(error: &clap::Error, arguments: &[OsString], environment: &Environment, stdio: Stdio) -> Exit {
    let screen = Screen::new(stdio, &ScreenOptions::of(environment));
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_help {
        let text =
            if screen.style().is_coloured() { error.render().ansi().to_string() } else { error.render().to_string() };
        return match screen.show(&text) {
            Ok(()) => Exit::Done,
            Err(error) => Problem::from(error).exit(),
        };
    }
    let wants_json = is_json(output_argument(arguments).as_deref(), environment);
    // The parser shows an argument as it was typed, so it is shown one that can't do anything.
    let inert: Vec<OsString> = arguments.iter().map(inert_argument).collect();
    let told = if inert == arguments { None } else { command().try_get_matches_from(&inert).err() };
    match told.as_ref().or_else(|| (inert == arguments).then_some(error)).filter(|told| told.kind() == error.kind()) {
        Some(told) if !wants_json => {
            let is_coloured = screen.error_style().is_coloured();
            let text = if is_coloured { told.render().ansi().to_string() } else { told.render().to_string() };
            screen.say_styled(&format!("{}\n", text.trim_end()));
        }
        told => show(&screen, &usage(told.unwrap_or(error)), wants_json),
    }
    Exit::Usage
}

fn inert_argument(argument: &OsString) -> OsString {
    match argument.to_str() {
        Some(text) => term::message(text).into_owned().into(),
        // What is not text is refused for that, and never shown.
        None => argument.clone(),
    }
}

fn usage(error: &clap::Error) -> Problem {
    let text = error.render().to_string();
    // The usage line and the pointer to the help come after it, and are the remedy's business.
    let says = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let says = says.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    CommandError::Usage { said: says.strip_prefix("error: ").unwrap_or(&says).to_owned() }.into()
}

fn is_json(output: Option<&str>, environment: &Environment) -> bool {
    let named = output.or_else(|| environment.text(environment::OUTPUT).ok().flatten());
    named.and_then(|name| name.parse::<Format>().ok()).is_some_and(Format::is_json)
}

/// What `-o` says in arguments that could not be parsed as a whole.
fn output_argument(arguments: &[OsString]) -> Option<String> {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    words.iter().enumerate().find_map(|(position, word)| match *word {
        "-o" | "--output" => words.get(position + 1).map(|value| (*value).to_owned()),
        word => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")).map(str::to_owned),
    })
}
