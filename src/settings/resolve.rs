//! Flags and environment brought together into what was meant. Nothing here reads the saved connections.

use std::path::PathBuf;
use std::time::Duration;

use crate::connection::{ConnectionName, StoreKind};
use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::settings::{EnvironmentConnection, GivenBundle, SettingsError};

/// What becomes of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Changes {
    /// It is sent.
    #[default]
    Sent,
    /// It is shown and not sent.
    Shown,
}

/// The global flags, as typed.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `-c/--connection`.
    pub connection: Option<String>,
    /// `-o/--output`.
    pub output: Option<String>,
    /// `-q/--quiet`.
    pub quiet: bool,
    /// How often `-v`.
    pub verbosity: u8,
    /// `--no-input`.
    pub no_input: bool,
    /// `-y/--yes`.
    pub yes: bool,
    /// `--dry-run`.
    pub changes: Changes,
    /// `--as`.
    pub acting_as: Option<String>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--max-wait`.
    pub max_wait: Option<Duration>,
    /// `--ca-file`.
    pub ca_file: Option<PathBuf>,
}

/// What was meant.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The output format by name, if anybody asked for one.
    pub output: Option<String>,
    /// Say only what is asked for.
    pub quiet: bool,
    /// 0, 1 (decisions) or 2 (requests).
    pub verbosity: u8,
    /// Never prompt, never open a browser.
    pub no_input: bool,
    /// Answer yes where a question would be asked.
    pub yes: bool,
    /// Show changes and send none.
    pub changes: Changes,
    /// The user on whose behalf everything is asked and done.
    pub acting_as: Option<String>,
    /// Longest silence of a peer.
    pub timeout: Duration,
    /// Longest silence of Dataverse before it begins to answer: a query may take two minutes, a plug-in as long again.
    pub answer_timeout: Duration,
    /// Longest wait that a throttling service may ask for, in sum.
    pub max_wait: Duration,
    /// More certificate authorities.
    pub ca_file: Option<PathBuf>,
    connection_flag: Option<String>,
}

/// Which connection a command works with.
#[derive(Debug, Clone)]
pub enum Target {
    /// The stored connection of this name.
    Named(ConnectionName),
    /// The stored default connection.
    Default,
    /// The connection that lives in the environment alone.
    Environment(Box<EnvironmentConnection>),
}

impl Settings {
    /// Brings flags and environment together.
    ///
    /// # Errors
    /// When a variable holds a value it can't have.
    pub fn resolve(flags: Flags, environment: &Environment) -> Result<Self, Problem> {
        let output = match flags.output {
            Some(output) => Some(output),
            None => environment.text(environment::OUTPUT)?.map(str::to_owned),
        };
        let logged = match environment.text(environment::LOG)? {
            None => 0,
            Some("info") => 1,
            Some("trace") => 2,
            Some(other) => {
                return Err(SettingsError::UnknownValue {
                    variable: environment::LOG.name,
                    value: other.to_owned(),
                    choices: "`info` or `trace`",
                }
                .into());
            }
        };
        let is_unattended = environment.is_set(environment::NO_INPUT) || environment.is_set(environment::CI);
        Ok(Self {
            output,
            quiet: flags.quiet,
            verbosity: flags.verbosity.max(logged),
            no_input: flags.no_input || is_unattended,
            yes: flags.yes,
            changes: flags.changes,
            acting_as: flags.acting_as,
            timeout: flags.timeout.unwrap_or(Duration::from_secs(60)),
            answer_timeout: flags.timeout.unwrap_or(Duration::from_secs(240)),
            max_wait: flags.max_wait.unwrap_or(Duration::from_secs(600)),
            ca_file: flags.ca_file,
            connection_flag: flags.connection,
        })
    }

    /// Whether `-c` names a connection.
    #[must_use]
    pub fn names_connection(&self) -> bool {
        self.connection_flag.is_some()
    }

    /// Which connection is meant: `-c`, else the environment, else the stored default.
    ///
    /// # Errors
    /// When both ways of the environment are set at once, or one of them is wrong.
    pub fn target(&self, environment: &Environment) -> Result<Target, Problem> {
        if let Some(name) = &self.connection_flag {
            return Ok(Target::Named(ConnectionName::parse(name)?));
        }
        environment.check_filled_in()?;
        let named = environment.text(environment::CONNECTION)?;
        if named.is_some() && environment.is_set(environment::TENANT_URL) {
            return Err(SettingsError::Contradiction {
                first: environment::CONNECTION.name,
                second: environment::TENANT_URL.name,
            }
            .into());
        }
        if let Some(name) = named {
            return Ok(Target::Named(ConnectionName::parse(name)?));
        }
        Ok(match EnvironmentConnection::of(environment)? {
            Some(connection) => Target::Environment(Box::new(connection)),
            None => Target::Default,
        })
    }

    /// The bundle that is meant, sealed: the one of the environment, unless `-c` names a stored connection.
    ///
    /// # Errors
    /// As [`GivenBundle::of`].
    pub fn bundle(&self, environment: &Environment) -> Result<Option<GivenBundle>, Problem> {
        if self.connection_flag.is_some() { Ok(None) } else { GivenBundle::of(environment) }
    }

    /// Where a new connection keeps its secrets: the flag, else `D365CONN_STORE`, else the keyring.
    ///
    /// # Errors
    /// When the variable names no store.
    pub fn store(flag: Option<StoreKind>, environment: &Environment) -> Result<StoreKind, Problem> {
        if let Some(kind) = flag {
            return Ok(kind);
        }
        match environment.text(environment::STORE)? {
            None | Some("keyring") => Ok(StoreKind::Keyring),
            Some("file") => Ok(StoreKind::File),
            Some(other) => Err(SettingsError::UnknownValue {
                variable: environment::STORE.name,
                value: other.to_owned(),
                choices: "`keyring` or `file`",
            }
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<Target, Problem> {
        let environment = Environment::of(variables.iter().copied());
        let flags = Flags { connection: flag.map(str::to_owned), ..Flags::default() };
        Settings::resolve(flags, &environment)?.target(&environment)
    }

    #[test]
    fn the_flag_wins_over_everything() {
        let both = [("D365CONN_CONNECTION", "a"), ("D365CONN_TENANT_URL", "https://c.crm.dynamics.com")];
        assert!(matches!(target(Some("x"), &both), Ok(Target::Named(name)) if name.as_str() == "x"));
        assert!(matches!(target(None, &both), Err(problem) if problem.phrase().code == "settings/contradiction"));
        assert!(matches!(target(None, &both[..1]), Ok(Target::Named(name)) if name.as_str() == "a"));
        assert!(matches!(target(None, &[]), Ok(Target::Default)));
    }

    #[test]
    fn a_continuous_integration_job_is_never_asked_anything() {
        let environment = Environment::of([("CI", "true")]);
        assert!(Settings::resolve(Flags::default(), &environment).is_ok_and(|settings| settings.no_input));
    }

    #[test]
    fn an_unknown_store_is_refused() {
        let environment = Environment::of([("D365CONN_STORE", "vault")]);
        assert!(Settings::store(None, &environment).is_err());
        assert_eq!(Settings::store(Some(StoreKind::File), &environment).ok(), Some(StoreKind::File));
    }
}
