//! What a bundle that is not in order means, and what to do about it. Nothing here decides what is wrong with one.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of bundles.
pub const BUNDLE_PHRASES: &[&Phrase] =
    &[&NOT_BASE64, &CUT, &DAMAGED, &NEWER, &WRONG_PASSPHRASE, &NO_MEMORY, &NOTHING_TO_CARRY];

const MAKE_ANEW: &str = "make it anew on the machine it comes from: `d365conn connections export NAME --encrypt`";

const fn own(code: &'static str, exit: Exit, meaning: &'static str, remedy: &'static [&'static str]) -> Phrase {
    Phrase { code, exit, who: Who::You, meaning, remedy }
}

pub(super) static NOT_BASE64: Phrase = own(
    "store/bundle-not-base64",
    Exit::Store,
    "a bundle is one line of letters, digits, `+`, `/` and `=`, and there is something else in this; nothing was changed",
    &[
        "name the file, or the variable, that holds what `d365conn connections export NAME --encrypt` wrote",
        "for a connection string of XRM tooling, say so: `d365conn connections import --from connection-string`",
    ],
);

pub(super) static CUT: Phrase = own(
    "store/bundle-cut",
    Exit::Store,
    "it begins as a bundle and then ends too early: a copy that broke off, or a line that was not selected to its end; nothing was changed",
    &["copy all of it once more, as one line", MAKE_ANEW],
);

pub(super) static DAMAGED: Phrase = own(
    "store/bundle-damaged",
    Exit::Store,
    "it was changed on its way, or it is something else than a bundle; nothing in it is used, and nothing was changed here",
    &["copy it once more, byte by byte", MAKE_ANEW],
);

pub(super) static NEWER: Phrase = own(
    "store/bundle-newer",
    Exit::Store,
    "a later release of d365conn made it; nothing was changed",
    &[
        "use that later release: `d365conn version` shows which one this is",
        "make it anew with this release, where the connection is: `d365conn connections export NAME --encrypt`",
    ],
);

pub(super) static WRONG_PASSPHRASE: Phrase = own(
    "store/bundle-wrong-passphrase",
    Exit::Store,
    "the bundle is in order, so its passphrase is another one; nothing was changed",
    &[
        "give the passphrase it was made with: at the prompt, through `--passphrase-file`, or in D365CONN_BUNDLE_PASSPHRASE",
        "if it is lost, make the bundle anew with another one: `d365conn connections export NAME --encrypt`",
    ],
);

pub(super) static NO_MEMORY: Phrase = own(
    "store/bundle-no-memory",
    Exit::Store,
    "the passphrase is made into a key in some megabytes of memory, which this machine did not give",
    &["run the command again when there is memory left: `free -m` shows it", MAKE_ANEW],
);

pub(super) static NOTHING_TO_CARRY: Phrase = own(
    "store/bundle-nothing-to-carry",
    Exit::SignIn,
    "a bundle carries what another machine signs in with, and this connection holds nothing of the kind",
    &["run `d365conn reconnect {connection}`, and make the bundle then"],
);
