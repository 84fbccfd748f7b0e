//! What contradictions and gaps in flags and environment mean and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] =
    &[&CONTRADICTION, &HALF_SET, &EMPTY_SECRET, &SEVERAL_LINES, &NOT_SAVED, &NOT_TEXT, &OTHER_ENCODING, &UNKNOWN_VALUE];

pub(super) static CONTRADICTION: Phrase = Phrase {
    code: "settings/contradiction",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "only one of them can be meant",
    remedy: &[
        "unset {first} or {second}",
        "name a stored connection for this run: `d365conn -c {stored} …` wins over both",
    ],
};

pub(super) static HALF_SET: Phrase = Phrase {
    code: "settings/half-set",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the environment-only connection needs the rest of its credential",
    remedy: &["set {missing}", "unset {present} to use a stored connection (`d365conn connections list`)"],
};

pub(super) static EMPTY_SECRET: Phrase = Phrase {
    code: "settings/empty-secret",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a client secret or passphrase was expected there",
    remedy: &["give the secret's value through {origin}, or name another source"],
};

pub(super) static SEVERAL_LINES: Phrase = Phrase {
    code: "settings/several-lines",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a client secret, a passphrase or a token is one line, so this is probably another text",
    remedy: &["put the secret's value alone into {origin}, and run the command again"],
};

pub(super) static NOT_SAVED: Phrase = Phrase {
    code: "settings/not-saved",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "this command works on saved connections, and which one is meant was not said",
    remedy: &[
        "name a saved one: `d365conn connections list` shows them",
        "unset D365CONN_TENANT_URL to go back to the saved default connection",
    ],
};

pub(super) static NOT_TEXT: Phrase = Phrase {
    code: "settings/not-text",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a secret, a bundle or a connection string is text, and these bytes are not UTF-8",
    remedy: &[
        "write {origin} anew, encoded as UTF-8",
        "for a client secret give its value: Entra admin center → App registrations → the app → Certificates & secrets → Value",
    ],
};

pub(super) static OTHER_ENCODING: Phrase = Phrase {
    code: "settings/other-encoding",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "text is read as UTF-8, or as UTF-16 where a byte order mark says so; nothing was sent",
    remedy: &[
        "save {origin} as UTF-8: in PowerShell with `-Encoding utf8`, elsewhere with `iconv -f WINDOWS-1252 -t UTF-8`",
    ],
};

pub(super) static UNKNOWN_VALUE: Phrase = Phrase {
    code: "settings/unknown-value",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it may be {choices}",
    remedy: &["set {variable} to one of {choices}, or unset it"],
};
