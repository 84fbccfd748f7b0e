//! What can go wrong in arranging a command, where no room below is to blame. Rooms bring their own errors.

use crate::commands::phrases;
use crate::doctor::CHECKS;
use crate::problem::{Diagnose, Phrase};
use crate::sandbox::{RobotError, StartError};
use crate::store::StoreError;

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// `explain` does not know the code.
    #[error("`{code}` is not a code that d365conn knows", code = code.escape_debug())]
    UnknownCode {
        /// The code.
        code: String,
        /// What it resembles.
        nearest: Option<String>,
    },
    /// `explain -` found no code in the text.
    #[error("there is no code in this text")]
    NoCodeFound,
    /// `man` does not know the command.
    #[error("there is no command `{name}`", name = name.escape_debug())]
    UnknownCommand {
        /// The word.
        name: String,
    },
    /// The manual page could not be made.
    #[error("the manual page could not be written")]
    ManualPage(#[source] std::io::Error),
    /// The sandbox could not start.
    #[error("the sandbox could not start")]
    Sandbox(#[source] StartError),
    /// The sandbox was given something else than a certificate.
    #[error("`{file}` holds no certificate that could be registered")]
    NothingToRegister {
        /// The file.
        file: String,
    },
    /// The demo's robot could not play its part.
    #[error("the demo's user could not sign in")]
    Robot(#[source] RobotError),
    /// The demo could not make a place for its files.
    #[error("the demo found no place for its temporary files")]
    DemoPlace(#[source] std::io::Error),
    /// One of the demo's own commands failed; its own words are on the screen already.
    #[error("the demo stopped at `{command}`")]
    DemoStopped {
        /// The command.
        command: String,
    },
    /// Nobody sits at this terminal, so no browser is opened.
    #[error("a sign-in in the browser needs a person at a terminal")]
    NobodyAtTheBrowser,
    /// Nobody sits at this terminal, so the app is not opened.
    #[error("the browser opens for a person at a terminal only")]
    NobodyAtTheApp,
    /// Nobody may be asked to enter a code.
    #[error("a sign-in by device code needs a person who enters the code")]
    NobodyToEnterTheCode,
    /// A flag of one way to sign in beside another way.
    #[error("`{flag}` belongs to `--auth {flows}`, and this is a sign-in by `{flow}`")]
    FlagOfAnotherFlow {
        /// The flag.
        flag: &'static str,
        /// The ways it belongs to.
        flows: String,
        /// The way that is meant.
        flow: &'static str,
    },
    /// An application signs in by itself, and which one was not said.
    #[error("`--auth {flow}` signs in an app of your own, and `--client-id` does not say which")]
    ClientIdNeeded {
        /// The way to sign in.
        flow: &'static str,
    },
    /// An app signs in by its certificate, and which one was not said.
    #[error("`--auth certificate` needs the certificate and its key, and `--certificate` does not name them")]
    CertificateNeeded,
    /// An app signs in by what another provider says, and there is none.
    #[error("`--auth federated` needs somebody who vouches for the app, and there is nobody")]
    NobodyVouches,
    /// A client secret for an app that has none.
    #[error("a client secret was given, and no app of your own")]
    SecretOfNobody,
    /// A connection was forgotten, but the store would not let its secrets go.
    #[error("`{connection}` is forgotten, but its secrets are still in the {place}, filed under {id}")]
    SecretsLeft {
        /// The connection.
        connection: String,
        /// The store in prose.
        place: &'static str,
        /// What they are filed under.
        id: String,
        /// Why.
        source: StoreError,
    },
    /// `--paste` beside a way in which the answer is not in the address.
    #[error("`--paste` takes the answer out of an address, and `--response-mode form-post` keeps it out of there")]
    PasteNeedsTheAddress,
    /// Several connections are saved, and none was named.
    #[error("several connections are saved, and which one to forget was not said")]
    WhichToForget {
        /// Their names.
        known: String,
    },
    /// A record without a single value.
    #[error("no value was given")]
    NoValue,
    /// A column without a name in `--select`.
    #[error("`--select` names no column between two commas")]
    EmptyColumn,
    /// `doctor --only` names a check that there is not.
    #[error("there is no check `{id}`", id = id.escape_debug())]
    UnknownCheck {
        /// The word.
        id: String,
    },
    /// `connections set` without anything to set.
    #[error("nothing to set was named")]
    NothingToSet,
    /// We are at fault.
    #[error("d365conn hit a bug{}", place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default())]
    Bug {
        /// File and line in our source.
        place: Option<String>,
    },
    /// What was typed is no command.
    #[error("{said}")]
    Usage {
        /// What the parser says, in one line.
        said: String,
    },
}

impl Diagnose for CommandError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::UnknownCode { .. } => &phrases::UNKNOWN_CODE,
            Self::NoCodeFound => &phrases::NO_CODE_FOUND,
            Self::UnknownCommand { .. } => &phrases::UNKNOWN_COMMAND,
            Self::ManualPage(_) | Self::Bug { .. } => &phrases::BUG,
            Self::NobodyToEnterTheCode => &phrases::NOBODY_TO_ENTER_THE_CODE,
            Self::FlagOfAnotherFlow { .. } => &phrases::FLAG_OF_ANOTHER_FLOW,
            Self::ClientIdNeeded { .. } => &phrases::CLIENT_ID_NEEDED,
            Self::CertificateNeeded => &phrases::CERTIFICATE_NEEDED,
            Self::NobodyVouches => &phrases::NOBODY_VOUCHES,
            Self::SecretOfNobody => &phrases::SECRET_OF_NOBODY,
            Self::SecretsLeft { .. } => &phrases::SECRETS_LEFT,
            Self::PasteNeedsTheAddress => &phrases::PASTE_NEEDS_THE_ADDRESS,
            Self::WhichToForget { .. } => &phrases::WHICH_TO_FORGET,
            Self::NoValue => &phrases::NO_VALUE,
            Self::EmptyColumn => &phrases::EMPTY_COLUMN,
            Self::UnknownCheck { .. } => &phrases::UNKNOWN_CHECK,
            Self::NothingToSet => &phrases::NOTHING_TO_SET,
            Self::NobodyAtTheBrowser => &phrases::NOBODY_AT_THE_BROWSER,
            Self::NobodyAtTheApp => &phrases::NOBODY_AT_THE_APP,
            Self::Usage { .. } => &phrases::USAGE,
            Self::NothingToRegister { .. } => &phrases::NOTHING_TO_REGISTER,
            Self::Sandbox(_) => &phrases::SANDBOX_NOT_STARTED,
            Self::Robot(_) | Self::DemoPlace(_) | Self::DemoStopped { .. } => &phrases::DEMO_STOPPED,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnknownCode { nearest: Some(nearest), .. } => vec![("nearest", nearest.clone())],
            Self::SecretsLeft { connection, place, id, .. } => {
                vec![("connection", connection.clone()), ("place", (*place).to_owned()), ("id", id.clone())]
            }
            Self::FlagOfAnotherFlow { flag, .. } => vec![("flag", (*flag).to_owned())],
            Self::WhichToForget { known } => vec![("known", known.clone())],
            Self::UnknownCheck { .. } => vec![("checks", CHECKS.join(", "))],
            _ => Vec::new(),
        }
    }
}
