//! What failures in taking connections to another machine mean, and what to do. Nothing here moves anything.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of moving.
pub(super) const MOVING_PHRASES: &[&Phrase] = &[&SEVERAL_FOR_ONE_BUNDLE, &NAME_TAKEN, &ENTRY_LEFT, &SECRETS_NOT_FOUND];

pub(super) static SEVERAL_FOR_ONE_BUNDLE: Phrase = Phrase {
    code: "commands/several-for-one-bundle",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a bundle holds one connection",
    remedy: &[
        "make one for each: `d365conn connections export NAME --encrypt -f NAME.bundle`",
        "leave `--encrypt` out for a list without secrets",
    ],
};

pub(super) static NAME_TAKEN: Phrase = Phrase {
    code: "commands/import-name-taken",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an import never replaces a connection, and nothing was changed",
    remedy: &[
        "choose another name: `d365conn connections import FILE --name NAME`",
        "if the one that is here is no longer needed, run `d365conn disconnect {name}` first",
    ],
};

pub(super) static ENTRY_LEFT: Phrase = Phrase {
    code: "commands/entry-left",
    exit: Exit::Store,
    who: Who::You,
    meaning: "nobody on this computer can sign in with it any more; the list can't be read as a whole, so it was left as it is",
    remedy: &[
        "take the lines of {names} out of `{path}`, or put a backup of that file back and run `d365conn disconnect NAME` again",
        "if nothing else in it is needed, move it away: `mv '{path}' '{path}.bad'`",
    ],
};

pub(super) static SECRETS_NOT_FOUND: Phrase = Phrase {
    code: "commands/secrets-not-found",
    exit: Exit::Store,
    who: Who::You,
    meaning: "the list can't be read, and without it nothing says which secrets belong to which connection; nothing was changed",
    remedy: &[
        "remove them all: delete every entry of the service `d365conn` in the program that shows the keyring (Seahorse, Keychain Access, Credential Manager), then run `rm -f '{secrets}' '{path}'`, and connect anew with `d365conn connect --tenant-url https://ORG.crm.dynamics.com`",
    ],
};
