//! What it means when a value that was typed does not fit its column. Nothing that the service itself refuses.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of values.
pub const VALUE_PHRASES: &[&Phrase] = &[
    &NO_SUCH_COLUMN,
    &NO_SUCH_WAY,
    &LOOKUP_BY_NAME,
    &READ_ONLY_COLUMN,
    &NO_SUCH_CHOICE,
    &AMBIGUOUS_CHOICE,
    &LOOKUP_AS_VALUE,
    &NOT_A_TARGET,
    &WRONG_KIND,
    &TOO_LONG,
    &OUT_OF_RANGE,
    &NOT_EMPTY,
    &MISSING,
    &NOT_BY_VALUE,
    &PARTIES_LATER,
    &NESTED_IN_CHANGE,
    &TABLE_NEEDED,
    &BAD_KEY,
    &NOT_A_KEY,
    &TAKEN,
    &NOTHING_FOUND,
    &AMBIGUOUS_RECORD,
    &KEY_OF_SEVERAL,
    &KEY_CONTRADICTED,
    &NO_TIME_ZONE,
    &UNKNOWN_TIME_ZONE,
    &PARTIES_AS_COLUMN,
    &NO_ACTIVITY,
    &NO_SUCH_USER,
];

const fn usage(code: &'static str, meaning: &'static str, remedy: &'static [&'static str]) -> Phrase {
    Phrase { code, exit: Exit::Usage, who: Who::You, meaning, remedy }
}

pub(in crate::dataverse) static NO_SUCH_COLUMN: Phrase = usage(
    "dataverse/column-not-there",
    "the table has no column of that name; nothing was sent",
    &["run the command again with {nearest}", "run `d365conn tables show {table} --columns` to see every column"],
);

pub(in crate::dataverse) static NO_SUCH_WAY: Phrase = usage(
    "dataverse/way-not-there",
    "related records are reached by the names of relationships, whose letters count; nothing was sent",
    &[
        "run the command again with {nearest}",
        "run `d365conn tables show {table} --relationships` to see what leads to other tables",
    ],
);

pub(in crate::dataverse) static LOOKUP_BY_NAME: Phrase = usage(
    "dataverse/lookup-by-name",
    "a condition compares the id that a lookup holds, or a column of the record that it leads to; nothing was sent",
    &["write `_{column}_value` for the id, or `{column}/…` for a column of the other record"],
);

pub(in crate::dataverse) static READ_ONLY_COLUMN: Phrase = usage(
    "dataverse/read-only-column",
    "the platform fills this column itself; nothing was sent",
    &["leave the column out", "run `d365conn tables show {table} --columns` to see which columns can be written"],
);

pub(in crate::dataverse) static NO_SUCH_CHOICE: Phrase = usage(
    "dataverse/no-such-choice",
    "the column takes one of its labels, or its number; nothing was sent",
    &["choose one of: {choices}", "run `d365conn tables show {table} --choices` to see every label with its number"],
);

pub(in crate::dataverse) static AMBIGUOUS_CHOICE: Phrase = usage(
    "dataverse/ambiguous-choice",
    "a label may belong to several choices, or be the number of another one; none of them is taken; nothing was sent",
    &["write {candidates}", "give the very number with `{column}:=NUMBER`"],
);

pub(in crate::dataverse) static LOOKUP_AS_VALUE: Phrase = usage(
    "dataverse/lookup-as-value",
    "in JSON a lookup is set through the navigation property to its table; nothing was changed",
    &["write {bindings} in JSON", "as a word it is {words}"],
);

pub(in crate::dataverse) static NOT_A_TARGET: Phrase = usage(
    "dataverse/not-a-target",
    "the word in front names a table of this organisation, and the lookup does not lead there; it was not read as a part of a name; nothing was sent",
    &[
        "write {examples}",
        "where that is the beginning of a record's name, put the table in front or name the record by its id",
    ],
);

pub(in crate::dataverse) static WRONG_KIND: Phrase = usage(
    "dataverse/wrong-kind",
    "the text can't be read as what the column holds; nothing was sent",
    &[
        "write numbers as `1250.50`, dates as `2026-03-01`, times as `2026-03-01T08:30:00Z` or with an offset such as `+01:00`, yes or no as `true` or `false`",
        "give the very JSON with `:=`, such as `numberofemployees:=12`",
    ],
);

pub(in crate::dataverse) static TOO_LONG: Phrase =
    usage("dataverse/too-long", "the column holds less text than that; nothing was sent", &["shorten the text"]);

pub(in crate::dataverse) static OUT_OF_RANGE: Phrase = usage(
    "dataverse/beyond-limits",
    "the table limits what the column takes; nothing was sent",
    &["give a value within the limits"],
);

pub(in crate::dataverse) static NOT_EMPTY: Phrase = usage(
    "dataverse/not-empty",
    "the platform needs a value in this column; nothing was sent",
    &["give a value, or leave the column out to keep the one it has"],
);

pub(in crate::dataverse) static MISSING: Phrase = usage(
    "dataverse/column-missing",
    "the platform makes no such record without them; nothing was sent",
    &["add {example}"],
);

pub(in crate::dataverse) static NOT_BY_VALUE: Phrase = usage(
    "dataverse/not-by-value",
    "such a column is not set by a word of text; nothing was sent",
    &[
        "put a file or an image there by itself: `d365conn records TABLE files upload ID {column} FILE`",
        "give the very JSON with `{column}:=…`, or leave the column out",
    ],
);

pub(in crate::dataverse) static PARTIES_LATER: Phrase = usage(
    "dataverse/parties-later",
    "who takes part is said when the activity is created; later only all parties can be replaced together; nothing was sent",
    &[
        "run `d365conn records {table} get <id> --expand {table}_activity_parties -o json` to see who takes part now",
        "run `d365conn api -X PUT '{set}(<id>)/{table}_activity_parties' --input parties.json`, the file holding `{\"value\": […]}` with everybody who shall take part",
    ],
);

pub(in crate::dataverse) static NESTED_IN_CHANGE: Phrase = usage(
    "dataverse/nested-in-change",
    "records inside a record are made together with it; a change takes columns and links; nothing was sent",
    &["create the other record by itself, then tie the two with `d365conn records {table} link`"],
);

pub(in crate::dataverse) static TABLE_NEEDED: Phrase = usage(
    "dataverse/table-needed",
    "a lookup that leads to several tables needs the table before the id or the name; nothing was sent",
    &["write {examples}"],
);

pub(in crate::dataverse) static BAD_KEY: Phrase = usage(
    "dataverse/bad-key",
    "a record is named by its id, or by `column=value` for one column or several",
    &["write for example `accountnumber=AC-1`, and a name of several words in quotes: `\"Alder Freight\"`"],
);

pub(in crate::dataverse) static NOT_A_KEY: Phrase = usage(
    "dataverse/no-key-of-table",
    "an upsert needs all columns of one alternate key of the table, or its primary key; nothing was sent",
    &[
        "use a key of the table: {keys}",
        "run `d365conn tables show {table} --keys` to see its keys and whether they are active",
    ],
);

pub(in crate::dataverse) static TAKEN: Phrase = Phrase {
    code: "dataverse/key-taken",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "only a new record was wanted; nothing was sent",
    remedy: &["leave `--create-only` out to change the one that is there"],
};

pub(in crate::dataverse) static NOTHING_FOUND: Phrase = Phrase {
    code: "dataverse/nothing-found",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "no record answers to that, or this user may not see it; nothing was changed",
    remedy: &[
        "check the spelling, or give the record's id",
        "run `d365conn records {table} list` with less of it behind `--filter` to see what there is",
    ],
};

pub(in crate::dataverse) static AMBIGUOUS_RECORD: Phrase = usage(
    "dataverse/ambiguous-record",
    "exactly one record must be meant; nothing was changed",
    &[
        "give the id of one of: {candidates}",
        "name it by an alternate key, which no two records share: `d365conn tables show {table} --keys` lists them",
    ],
);

pub(in crate::dataverse) static KEY_OF_SEVERAL: Phrase = Phrase {
    code: "dataverse/key-of-several",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "a change is made to one record, and the key does not tell which; nothing was changed",
    remedy: &[
        "give the id of one of: {candidates}",
        "name it by an alternate key, which no two records share: `d365conn tables show {table} --keys` lists them",
    ],
};

pub(in crate::dataverse) static KEY_CONTRADICTED: Phrase = usage(
    "dataverse/key-contradicted",
    "an upsert writes to the record that its key leads to, and the values would give that record another key; nothing was sent",
    &[
        "leave {column} out of the values, or give it the value that it has in `--key`",
        "to give a record another key, run `update` with its id",
    ],
);

pub(in crate::dataverse) static NO_TIME_ZONE: Phrase = usage(
    "dataverse/no-time-zone",
    "the column shows a day and keeps the moment at which it begins for whoever writes it; nothing was changed",
    &["name the zone: `--time-zone Europe/Oslo`", "give the moment with its zone: `{example}`"],
);

pub(in crate::dataverse) static UNKNOWN_TIME_ZONE: Phrase = usage(
    "dataverse/unknown-time-zone",
    "a zone is named as in the IANA database, such as `Europe/Oslo`, and this system's copy of it has none of that name; nothing was sent",
    &["check the spelling; `UTC` is one too", "on a system without the database, install its package `tzdata`"],
);

pub(in crate::dataverse) static PARTIES_AS_COLUMN: Phrase = usage(
    "dataverse/parties-as-column",
    "who takes part in an activity is a collection, and no column that is read or compared; nothing was sent",
    &[
        "run `d365conn records {table} get <id> --parties` to see who takes part",
        "in a list let them come along: `--expand {table}_activity_parties`",
    ],
);

pub(in crate::dataverse) static NO_ACTIVITY: Phrase = usage(
    "dataverse/no-activity",
    "only activities, such as emails, appointments and phone calls, have parties",
    &["leave `--parties` out"],
);

pub(in crate::dataverse) static NO_SUCH_USER: Phrase = usage(
    "dataverse/no-such-user",
    "`--as` takes the sign-in name, the user id or the Entra object id of a user of this organisation",
    &["run `d365conn records systemuser list --select fullname,domainname` to see the users"],
);
