//! What it means when the proxy refuses, and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &NOT_STARTED,
    &NO_TABLE_NAME,
    &FOREIGN_HOST,
    &FROM_A_WEB_PAGE,
    &NO_SECRET,
    &ODD_METHOD,
    &UPGRADE,
    &METHOD_OVERRIDE,
    &OUTSIDE_THE_API,
    &ODD_PATH,
    &READ_ONLY,
    &BATCH,
    &DISCONNECTED,
    &OTHER_TABLE,
    &OTHER_TABLE_BY_OPTION,
    &OTHER_TABLE_BY_BODY,
    &COMPRESSED,
    &TOO_LONG,
    &BODY_BROKEN,
    &REDIRECTED,
    &STILL_UNAUTHORISED,
    &NOT_REPEATED,
];

pub(super) static NOT_STARTED: Phrase = Phrase {
    code: "proxy/not-started",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "another program holds that port, or this computer allows no listening there",
    remedy: &["run `d365conn proxy` without `--port` to take a free one"],
};

pub(super) static NO_TABLE_NAME: Phrase = Phrase {
    code: "proxy/no-table-name",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a table's name is made of letters, digits and underscores",
    remedy: &["name the tables with a comma between two of them: `d365conn proxy --allow-tables accounts,contacts`"],
};

pub(super) static FOREIGN_HOST: Phrase = Phrase {
    code: "proxy/foreign-host",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the proxy answers to 127.0.0.1 with its port and to no other name, `localhost` included, which may lead to another program",
    remedy: &["use the address exactly as `d365conn proxy` printed it"],
};

pub(super) static FROM_A_WEB_PAGE: Phrase = Phrase {
    code: "proxy/from-a-web-page",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "a page in a browser has no business here, whoever wrote it",
    remedy: &["use the address that `d365conn proxy` printed in a program of your own, not in a page"],
};

pub(super) static NO_SECRET: Phrase = Phrase {
    code: "proxy/no-secret",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the first part of the path is the key to this proxy, and every start makes a new one",
    remedy: &["put the address that `d365conn proxy` printed, secret included, before `/api/data/v9.2/`"],
};

pub(super) static ODD_METHOD: Phrase = Phrase {
    code: "proxy/odd-method",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the Web API needs no other, and some of the others ask the proxy itself for something",
    remedy: &["send what the request is for with one of those methods"],
};

pub(super) static UPGRADE: Phrase = Phrase {
    code: "proxy/upgrade",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the proxy speaks HTTP/1.1 only",
    remedy: &["send the request without the header `Upgrade`"],
};

pub(super) static METHOD_OVERRIDE: Phrase = Phrase {
    code: "proxy/method-override",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "what is judged and what is done would not be the same",
    remedy: &["send the method itself, and leave the header `X-HTTP-Method-Override` or its like out"],
};

pub(super) static OUTSIDE_THE_API: Phrase = Phrase {
    code: "proxy/outside-the-api",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "behind the secret only `/api/data/v9.2/…`, or another version, is open",
    remedy: &["put `/api/data/v9.2/` between the address that `d365conn proxy` printed and the table"],
};

pub(super) static ODD_PATH: Phrase = Phrase {
    code: "proxy/odd-path",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "`.`, `..`, `//`, a backslash, and an encoded slash, backslash, percent sign or control character are read differently by different servers",
    remedy: &["write the path plainly; look for a key that holds such a character with `$filter` instead"],
};

pub(super) static READ_ONLY: Phrase = Phrase {
    code: "proxy/read-only",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "it was started with `--read-only`, or its connection is read-only now: GET and HEAD are let through",
    remedy: &["start `d365conn proxy` without `--read-only`, on a connection that may write"],
};

pub(super) static BATCH: Phrase = Phrase {
    code: "proxy/batch",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the requests inside a batch could be any, so it is refused with `--read-only` and with `--allow-tables`",
    remedy: &["send the requests one by one, or start `d365conn proxy` without those limits"],
};

pub(super) static DISCONNECTED: Phrase = Phrase {
    code: "proxy/disconnected",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "it was saved when the proxy started, and nothing is sent with its token any more",
    remedy: &[
        "end this proxy and start another one: `d365conn proxy -c NAME`; `d365conn connections list` shows the names",
    ],
};

pub(super) static OTHER_TABLE: Phrase = Phrase {
    code: "proxy/other-table",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "with `--allow-tables` only a listed table, one of its records by key and its `$count` are open, and `$metadata` and `WhoAmI` for reading",
    remedy: &["add the table to `--allow-tables` and start the proxy again; ask for a linked record by its own table"],
};

pub(super) static OTHER_TABLE_BY_OPTION: Phrase = Phrase {
    code: "proxy/other-table-by-option",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "with `--allow-tables` a query may have `$select`, `$filter`, `$orderby`, `$top`, `$skip`, `$count`, `$format` and the tokens of its links, with no path across tables in them",
    remedy: &["leave `$expand`, `$apply`, `fetchXml`, saved views and paths such as `primarycontactid/fullname` out"],
};

pub(super) static OTHER_TABLE_BY_BODY: Phrase = Phrase {
    code: "proxy/other-table-by-body",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "with `--allow-tables` a body is one JSON object whose values are texts, numbers, true, false or null",
    remedy: &["write the records of other tables by requests of their own; set a lookup with `…@odata.bind`"],
};

pub(super) static COMPRESSED: Phrase = Phrase {
    code: "proxy/compressed",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the proxy passes bodies on as they are, and looks into some",
    remedy: &["send the body without `Content-Encoding`"],
};

pub(super) static TOO_LONG: Phrase = Phrase {
    code: "proxy/too-long",
    exit: Exit::Forbidden,
    who: Who::You,
    meaning: "the service takes no longer ones, and with `--allow-tables` a body is read whole",
    remedy: &["send a file in pieces, and a record's columns in more than one request"],
};

pub(super) static BODY_BROKEN: Phrase = Phrase {
    code: "proxy/body-broken",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the program closed the connection, or sent nothing for a minute",
    remedy: &["send the request again, whole"],
};

pub(super) static REDIRECTED: Phrase = Phrase {
    code: "proxy/redirected",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the bearer goes to the organisation's own address only, and Dataverse has no reason to send it on",
    remedy: &["run `d365conn doctor` to see who answers for the organisation's address"],
};

pub(super) static STILL_UNAUTHORISED: Phrase = Phrase {
    code: "proxy/still-unauthorised",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "the token was just renewed, and is still not accepted",
    remedy: &["run `d365conn doctor` to see why, then `d365conn reconnect` to sign in again"],
};

pub(super) static NOT_REPEATED: Phrase = Phrase {
    code: "proxy/not-repeated",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the organisation did nothing with it",
    remedy: &["send the same request again; it goes out with the new token"],
};
