//! What it means when a connection has no valid token, and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &SECRETS_GONE,
    &NO_REFRESH_TOKEN,
    &TOKEN_REJECTED,
    &OTHER_USER,
    &NAME_TAKEN,
    &SIGN_IN_ELSEWHERE,
    &OVERTAKEN,
    &CLIENT_SECRET_GONE,
    &LENT_BY_ANOTHER,
    &RENEWAL_TOO_SLOW,
    &GIVEN_TOKEN_REFUSED,
    &DISCONNECTED,
    &OTHER_TENANT,
    &WAIT_OVER,
];

pub(super) static RENEWAL_TOO_SLOW: Phrase = Phrase {
    code: "session/renewal-too-slow",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "whoever was asked for the token began to answer and did not end, or did not answer at all; other commands wait for the same connection, so no command waits longer",
    remedy: &[
        "run `d365conn doctor -c {connection}` to see which link is slow",
        "run the command again in a few minutes",
    ],
};

pub(super) static WAIT_OVER: Phrase = Phrase {
    code: "session/wait-over",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a `--wait` that is typed bounds the whole command, and one of its requests took too long; nothing was saved",
    remedy: &["allow it more time: `{again} --wait 15m`", "run `d365conn doctor` to see which link is slow"],
};

pub(super) static GIVEN_TOKEN_REFUSED: Phrase = Phrase {
    code: "session/given-token-refused",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it is cut or mangled, it has ended or was revoked, or it was issued to another app than the one named",
    remedy: &[
        "put a whole, fresh one into {variable}, without quotes or line ends inside it",
        "name the app that it was issued to with `D365CONN_CLIENT_ID`",
        "without a person, set `D365CONN_CLIENT_ID` and `D365CONN_CLIENT_SECRET` instead",
    ],
};

pub(super) static DISCONNECTED: Phrase = Phrase {
    code: "session/disconnected",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "another command removed it with its secrets, so there is nothing left to go on with",
    remedy: &[
        "run `d365conn connections list` to see what there is now",
        "run `d365conn connect --tenant-url {tenant_url} --name {connection}` to have it back",
    ],
};

pub(super) static OTHER_TENANT: Phrase = Phrase {
    code: "session/other-tenant",
    exit: Exit::Store,
    who: Who::You,
    meaning: "an app's secret, certificate or identity is shown to nobody but the tenant that it was made for, and nothing of it was sent",
    remedy: &[
        "if the app is at home in {found} too, give its secret anew: `d365conn reconnect {connection} --client-secret-stdin`, or `--certificate FILE`",
        "if a wrong `tenant_override` stands in the list of connections, mend it there: the tenant was {made_for}; `d365conn connections show {connection}` shows the rest",
    ],
};

pub(super) static SECRETS_GONE: Phrase = Phrase {
    code: "session/secrets-gone",
    exit: Exit::Store,
    who: Who::You,
    meaning: "somebody removed them, or the {store} is another one than when you connected",
    remedy: &[
        "run `d365conn reconnect {connection}` to sign in again and store them anew",
        "run it in the same desktop session and with the same HOME as `connect`",
    ],
};

pub(super) static NO_REFRESH_TOKEN: Phrase = Phrase {
    code: "session/no-refresh-token",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "Entra issues one only when `offline_access` was granted at sign-in",
    remedy: &[
        "run `d365conn reconnect {connection} --prompt consent` and accept staying signed in",
        "run `d365conn reconnect {connection_by_code}`, type the code on the other device and accept staying signed in",
    ],
};

pub(super) static TOKEN_REJECTED: Phrase = Phrase {
    code: "session/token-rejected",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "it has ended, or it was issued for another organisation",
    remedy: &[
        "put a fresh token for this organisation into D365CONN_ACCESS_TOKEN",
        "give D365CONN_CLIENT_ID with D365CONN_CLIENT_SECRET instead, so that d365conn can get tokens itself",
    ],
};

pub(super) static OTHER_USER: Phrase = Phrase {
    code: "session/other-user",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a reconnect keeps the user, so nothing was changed",
    remedy: &[
        "run `d365conn reconnect {connection} --prompt select-account` and choose {expected}",
        "run `d365conn connect` with another `--name` for the other user",
    ],
};

pub(super) static LENT_BY_ANOTHER: Phrase = Phrase {
    code: "session/lent-by-another",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "a connection goes on as the user for whom it was made, or not at all; nothing was changed",
    remedy: &[
        "sign {expected} in: `az login`, or choose a subscription of theirs with `az account set`",
        "run `d365conn connect --auth az` with another `--name` for the other user",
    ],
};

pub(super) static NAME_TAKEN: Phrase = Phrase {
    code: "session/name-taken",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "two organisations can't share a name",
    remedy: &[
        "run `d365conn connect` again with another `--name`",
        "run `d365conn disconnect {connection}` first, if the one for {other} is no longer needed",
    ],
};

pub(super) static CLIENT_SECRET_GONE: Phrase = Phrase {
    code: "session/client-secret-gone",
    exit: Exit::Store,
    who: Who::You,
    meaning: "somebody removed it, or the {store} is another one than when you connected; its app can't sign in without it",
    remedy: &[
        "give it again: `d365conn reconnect {connection} --client-secret-stdin`, or `--client-secret-prompt`",
        "run it in the same desktop session and with the same HOME as `d365conn connect`",
    ],
};

pub(super) static SIGN_IN_ELSEWHERE: Phrase = Phrase {
    code: "session/sign-in-elsewhere",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "one sign-in at a time opens a browser for a connection; the others wait for it, as long as `--wait` says",
    remedy: &[
        "finish or close the sign-in that is open in the browser, then run `d365conn connections list` to see whether `{connection}` is there",
        "see what the other process is doing with `ps -o pid,stat,etime,args -p {pid}`; `kill {pid}` ends it, and the next one takes over",
    ],
};

pub(super) static OVERTAKEN: Phrase = Phrase {
    code: "session/overtaken",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "another command did that; it stands, and nothing of this sign-in was kept",
    remedy: &[
        "run `d365conn connections list` to see what there is now",
        "run `d365conn connect --tenant-url {tenant_url} --name {connection}` to have it back",
    ],
};
