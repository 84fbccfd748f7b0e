//! What can go wrong in changing saved connections, beyond what the stores say themselves, and what to do about it.

use crate::problem::{Diagnose, Exit, Phrase, Who};
use crate::store::StoreError;

/// A change that did not go all the way.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The secrets moved, but the store they came from would not let go of them.
    #[error(
        "the secrets of `{connection}` are in the {place} now and are used from there, but a copy is left in the {left}, filed under {id}"
    )]
    CopyLeft {
        /// The connection.
        connection: String,
        /// The store they are in, in prose.
        place: &'static str,
        /// The store that kept a copy, in prose.
        left: &'static str,
        /// What they are filed under.
        id: String,
        /// Why.
        source: StoreError,
    },
    /// There is no keyring to move to.
    #[error("the secrets of `{connection}` stay in the {place}, because the keyring can't be reached: {detail}")]
    NoKeyringHere {
        /// The connection.
        connection: String,
        /// The store they are in, in prose.
        place: &'static str,
        /// The keyring's own words.
        detail: String,
    },
    /// What was written is not what is read.
    #[error("the {place} did not give back the secrets of `{connection}` as it was given them")]
    NotGivenBack {
        /// The connection.
        connection: String,
        /// The store, in prose.
        place: &'static str,
    },
}

/// The phrases of this file.
pub const PHRASES: &[&Phrase] = &[&COPY_LEFT, &NO_KEYRING_HERE, &NOT_GIVEN_BACK];

static COPY_LEFT: Phrase = Phrase {
    code: "commands/copy-left",
    exit: Exit::Store,
    who: Who::You,
    meaning: "the connection works; no command uses the copy any more, but whoever can open the {left} could",
    remedy: &[
        "when the {left} can be opened, run `d365conn connections set {connection} …` again as you did: it removes the copy",
        "let every copy go with the connection: `d365conn disconnect {connection}`",
    ],
};

static NO_KEYRING_HERE: Phrase = Phrase {
    code: "commands/no-keyring-here",
    exit: Exit::Store,
    who: Who::You,
    meaning: "nothing was changed, and the connection works as before",
    remedy: &[
        "run `d365conn connections set {connection} --store keyring` in a session that has one, such as the desktop, or start one: `dbus-run-session -- d365conn …` with a keyring such as gnome-keyring installed",
    ],
};

static NOT_GIVEN_BACK: Phrase = Phrase {
    code: "commands/not-given-back",
    exit: Exit::Store,
    who: Who::You,
    meaning: "a store that changes what it keeps can't be trusted with a sign-in, so the connection stays where it was and works",
    remedy: &["run `d365conn connections check {connection}` to see that it does"],
};

impl Diagnose for ChangeError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::CopyLeft { .. } => &COPY_LEFT,
            Self::NoKeyringHere { .. } => &NO_KEYRING_HERE,
            Self::NotGivenBack { .. } => &NOT_GIVEN_BACK,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::CopyLeft { connection, left, id, .. } => {
                vec![("connection", connection.clone()), ("left", (*left).to_owned()), ("id", id.clone())]
            }
            Self::NoKeyringHere { connection, .. } | Self::NotGivenBack { connection, .. } => {
                vec![("connection", connection.clone())]
            }
        }
    }
}
