//! What a token that is not handed out means, and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of these commands.
pub const PHRASES: &[&Phrase] = &[&UNKNOWN_SHAPE, &ON_TERMINAL, &READ_ONLY, &TOO_LONG, &ENDS_SOONER, &UNFIT, &NESTED];

pub(super) static UNKNOWN_SHAPE: Phrase = Phrase {
    code: "commands/token-output",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a token is no row: it comes alone on its line, as a header, or as JSON with its end beside it",
    remedy: &[
        "run `d365conn token` for the token alone",
        "run `d365conn token -o header` for a line that begins with `Authorization: Bearer`",
        "run `d365conn token -o json` for what Azure's tools print",
    ],
};

pub(super) static ON_TERMINAL: Phrase = Phrase {
    code: "commands/token-on-terminal",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "whoever reads it there, in the scroll-back or in a recording, can act as you until it ends; nothing was asked for",
    remedy: &[
        "keep it in a variable: `TOKEN=$(d365conn token)`",
        "run a program with it: `d365conn exec -- PROGRAM`",
        "run `d365conn token --show` to see it all the same",
    ],
};

pub(super) static READ_ONLY: Phrase = Phrase {
    code: "commands/token-of-read-only",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "d365conn refuses writes over this connection, but another program with its token could write whatever the user may",
    remedy: &[
        "run it again with `--yes` to hand the token out all the same",
        "run `d365conn connections list` to find a connection that is meant for it",
    ],
};

pub(super) static TOO_LONG: Phrase = Phrase {
    code: "commands/token-life",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "Entra alone decides how long a token lasts: 60 to 90 minutes as a rule, 28 hours where the service can revoke it",
    remedy: &[
        "ask for less, such as `d365conn token --min-ttl 30m`",
        "let a longer job call `d365conn token` again for each stretch of its work",
    ],
};

pub(super) static ENDS_SOONER: Phrase = Phrase {
    code: "commands/token-ends-sooner",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a token from the environment can't be renewed here",
    remedy: &[
        "put a fresh token for this organisation into D365CONN_ACCESS_TOKEN",
        "give D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET instead, so that d365conn can get tokens itself",
        "under `d365conn exec` ask for one of the saved connection: `d365conn token -c NAME`, where D365CONN_EXEC_CONNECTION is the name",
    ],
};

pub(super) static UNFIT: Phrase = Phrase {
    code: "commands/token-unfit",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a bearer is one word of letters, digits and a few signs; this text would break the line or the header it is put into",
    remedy: &[
        "if it comes from D365CONN_ACCESS_TOKEN, set that to the token alone",
        "run `d365conn doctor` to see what answers in Entra's place",
    ],
};

pub(super) static NESTED: Phrase = Phrase {
    code: "commands/exec-inside-exec",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "this program has a token in its environment, as D365CONN_EXEC_CONNECTION says; a second one would hide which is used",
    remedy: &[
        "run the program without `d365conn exec`: it inherits D365CONN_TENANT_URL and D365CONN_ACCESS_TOKEN",
        "for another connection ask for its token alone: `d365conn token -c NAME`",
        "unset D365CONN_EXEC_CONNECTION if it was left behind by mistake",
    ],
};
