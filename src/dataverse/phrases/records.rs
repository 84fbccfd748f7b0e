//! What it means when Dataverse refuses a record, a value or a name. Nothing about who may do what.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static RECORD_MISSING: Phrase = Phrase {
    code: "dataverse/record-missing",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "no such record exists in this organisation, or this user may not see it",
    remedy: &["check the id, and with `d365conn whoami` that this is the organisation it belongs to"],
};

pub(in crate::dataverse) static NOT_FOUND: Phrase = Phrase {
    code: "dataverse/not-found",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the address itself was not found, which says nothing about any record: the service says so of records by a code",
    remedy: &[
        "check the table: `d365conn tables list` shows those there are",
        "run `d365conn doctor` to see who answers: something between here and the service may",
    ],
};

pub(in crate::dataverse) static MISQUOTED: Phrase = Phrase {
    code: "dataverse/misquoted",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "in a condition an id stands without quotes, and the values of a query function stand in double quotes",
    remedy: &[
        "write the condition like this: `{mended}`",
        "see how conditions are written: `d365conn accounts list --help`",
    ],
};

pub(in crate::dataverse) static UNKNOWN_RESOURCE: Phrase = Phrase {
    code: "dataverse/unknown-resource",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "no table, function or action is called so here; names are case sensitive",
    remedy: &[
        "run the command again with the table's logical name, such as `d365conn records account list`",
        "in Power Apps: Tables → All shows every table of this organisation with its names",
    ],
};

pub(in crate::dataverse) static UNKNOWN_COLUMN: Phrase = Phrase {
    code: "dataverse/unknown-column",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the service could not read the query: most often a column is misspelt, or a text has no closing quote",
    remedy: &[
        "run the command again with {nearest}",
        "run `d365conn tables show {table} --columns` to see every column of the table",
        "write column names in lower case, a lookup as `_name_value`, and double an apostrophe inside a text: `'O''Neil'`",
    ],
};

pub(in crate::dataverse) static UNSUPPORTED_QUERY: Phrase = Phrase {
    code: "dataverse/unsupported-query",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "Dataverse does not support this kind of query; its text names the clause",
    remedy: &["take the clause out of `--filter` or `--order-by`, or write it another way"],
};

pub(in crate::dataverse) static BAD_PAYLOAD: Phrase = Phrase {
    code: "dataverse/bad-payload",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a column or a navigation property is misspelt, or a value has the wrong type; navigation properties are case sensitive",
    remedy: &[
        "set the lookup through the navigation property to its table: {nearest}",
        "write what is not text with `:=`: `numberofemployees:=12`, `creditonhold:=true`, `description:=null`",
        "run `d365conn records <table> list --top 1 --select '*' -o json` to see every column of a record",
        "a lookup is set through its navigation property: `primarycontactid@odata.bind=/contacts(<id>)`; in Power Apps: Tables → the table → Relationships shows their names",
    ],
};

pub(in crate::dataverse) static TEXT_TOO_LONG: Phrase = Phrase {
    code: "dataverse/text-too-long",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a text is longer than its column",
    remedy: &[
        "shorten it and run the command again; in Power Apps: Tables → the table → Columns shows the longest length",
    ],
};

pub(in crate::dataverse) static OUT_OF_RANGE: Phrase = Phrase {
    code: "dataverse/out-of-range",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a number or a date lies outside what its column takes; dates begin with 1753-01-01",
    remedy: &["change it and run the command again; in Power Apps: Tables → the table → Columns shows the limits"],
};

pub(in crate::dataverse) static UNKNOWN_CHOICE: Phrase = Phrase {
    code: "dataverse/unknown-choice",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a value is none of the column's choices",
    remedy: &[
        "in Power Apps: Tables → the table → Columns → the choice column shows its labels with their numbers; give the number, such as `industrycode:=1`",
    ],
};

pub(in crate::dataverse) static BAD_STATUS: Phrase = Phrase {
    code: "dataverse/bad-status",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "this status does not belong to that state, or can't follow the present one",
    remedy: &[
        "in Power Apps: Tables → the table → Columns → Status Reason shows which status belongs to which state; give both, such as `statecode:=1 statuscode:=2`",
    ],
};

pub(in crate::dataverse) static BAD_IDENTIFIER: Phrase = Phrase {
    code: "dataverse/bad-identifier",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "an id in the request is not a GUID of the right kind",
    remedy: &["write ids as 8-4-4-4-12 hexadecimal digits; `-o id` prints them so"],
};

pub(in crate::dataverse) static BAD_CHARACTERS: Phrase = Phrase {
    code: "dataverse/bad-characters",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a text holds control characters that the service does not store",
    remedy: &["remove them, for example with `LC_ALL=C tr -d '[:cntrl:]'`"],
};

pub(in crate::dataverse) static REQUIRED_MISSING: Phrase = Phrase {
    code: "dataverse/required-missing",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a value that must be there is not",
    remedy: &["in Power Apps: Tables → the table → Columns shows which are required; add it as `column=value`"],
};

pub(in crate::dataverse) static NOT_WRITABLE: Phrase = Phrase {
    code: "dataverse/not-writable",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a column in the request can't be set this way",
    remedy: &[
        "leave it out and run the command again; calculated columns, `createdon`, `modifiedon` and `…_base` are the service's own",
    ],
};

pub(in crate::dataverse) static RECORD_READ_ONLY: Phrase = Phrase {
    code: "dataverse/record-read-only",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the record is closed or inactive, and then it can't be changed or deleted",
    remedy: &[
        "open it again first: `d365conn opportunities reopen <id>`, `d365conn incidents reactivate <id>`, `d365conn accounts activate <id>`",
        "in any other table: `d365conn records <table> update <id> statecode:=0`",
    ],
};

pub(in crate::dataverse) static INVALID_ARGUMENT: Phrase = Phrase {
    code: "dataverse/invalid-argument",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the service does not accept a value; its text says which",
    remedy: &[
        "change the value and run the command again; in Power Apps: Tables → the table → Columns shows types and limits",
    ],
};

pub(in crate::dataverse) static KEY_AMBIGUOUS: Phrase = Phrase {
    code: "dataverse/key-ambiguous",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "several records have these key values, so the key is broken",
    remedy: &[
        "find them with `d365conn records <table> list --filter ODATA`, merge or mend them, then run the command again",
    ],
};

pub(in crate::dataverse) static NOT_A_KEY: Phrase = Phrase {
    code: "dataverse/not-a-key",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "these columns are no alternate key of the table, or the key is not active yet",
    remedy: &["in Power Apps: Tables → the table → Keys shows the keys and whether they are active"],
};

pub(in crate::dataverse) static DUPLICATE: Phrase = Phrase {
    code: "dataverse/duplicate",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "a record with this id or these key values exists already",
    remedy: &[
        "find it with `d365conn records <table> list --filter ODATA`, and change it with `d365conn records <table> update <id>`",
    ],
};

pub(in crate::dataverse) static DUPLICATE_RULE: Phrase = Phrase {
    code: "dataverse/duplicate-rule",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "a duplicate detection rule found a similar record",
    remedy: &["find it with `d365conn records <table> list --filter ODATA`, and change that one instead"],
};

pub(in crate::dataverse) static CHANGED_MEANWHILE: Phrase = Phrase {
    code: "dataverse/changed-meanwhile",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "somebody changed the record after it was read",
    remedy: &["run `d365conn records <table> get <id>`, look at what is different, and make the change again"],
};

pub(in crate::dataverse) static NO_CONCURRENCY: Phrase = Phrase {
    code: "dataverse/no-concurrency",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "this table does not keep versions that could be compared",
    remedy: &["make the change without naming a version"],
};

pub(in crate::dataverse) static USER_STAYS: Phrase = Phrase {
    code: "dataverse/user-stays",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "a user can be deleted only when disabled, without a role and gone from Entra",
    remedy: &[
        "run `d365conn users update <id> isdisabled=yes`: a disabled user signs in no more, and the user's records stay",
        "to delete the user for good: Microsoft Entra admin center → Users → Deleted users → Delete permanently, then run the command again",
    ],
};

pub(in crate::dataverse) static HAS_CHILDREN: Phrase = Phrase {
    code: "dataverse/has-children",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "other records hang on it and forbid the deletion",
    remedy: &["delete or move those first; in Power Apps: Tables → the table → Relationships shows where they may be"],
};

pub(in crate::dataverse) static ALREADY_THAT_STATE: Phrase = Phrase {
    code: "dataverse/already-that-state",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the record is in that state already, or can't go there from where it is",
    remedy: &["run `d365conn records <table> get <id> --select statecode,statuscode --labels` to see where it is"],
};

pub(in crate::dataverse) static OPPORTUNITY_CLOSED: Phrase = Phrase {
    code: "dataverse/opportunity-closed",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "it was won or lost before",
    remedy: &[
        "run `d365conn opportunities get <id> --select statecode,statuscode,actualclosedate --labels` to see how it ended",
        "open it again: `d365conn opportunities reopen <id>`",
    ],
};

pub(in crate::dataverse) static CASE_CLOSED: Phrase = Phrase {
    code: "dataverse/case-closed",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "it was resolved or cancelled before",
    remedy: &[
        "run `d365conn incidents get <id> --select statecode,statuscode --labels` to see how it ended",
        "open it again: `d365conn incidents reactivate <id>`",
    ],
};

pub(in crate::dataverse) static CASE_IN_WORK: Phrase = Phrase {
    code: "dataverse/case-in-work",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "activities of the case are still open",
    remedy: &[
        "run `d365conn records activitypointer list --filter \"_regardingobjectid_value eq <id> and statecode eq 0\"` to see them, and complete or cancel each",
    ],
};

pub(in crate::dataverse) static NOT_SUPPORTED: Phrase = Phrase {
    code: "dataverse/not-supported",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "this table does not support the operation",
    remedy: &[
        "use `d365conn records <table> list`, `create`, `update` or `delete`, as far as the table has them, or do it in the app",
    ],
};

pub(in crate::dataverse) static PLUGIN_REFUSED: Phrase = Phrase {
    code: "dataverse/plugin-refused",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "a business rule of this organisation (a plug-in or a workflow) refused it; the text is the organisation's own",
    remedy: &[
        "change the values as the text asks",
        "if the text does not help, show it and the ids below to whoever customised the organisation; `d365conn explain 0x80040265` says more",
    ],
};

pub(in crate::dataverse) static PLUGIN_BROKEN: Phrase = Phrase {
    code: "dataverse/plugin-broken",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "a plug-in of this organisation failed, took longer than two minutes, or called itself again and again",
    remedy: &[
        "run it with fewer records at once",
        "give the ids below to whoever customised the organisation: Power Platform admin center → the environment → Plug-in trace log; `d365conn explain <code>` says more",
    ],
};

pub(in crate::dataverse) static TOO_BIG: Phrase = Phrase {
    code: "dataverse/too-big",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the request or a file in it is larger than the organisation takes",
    remedy: &[
        "send less at once; the limit for files is in Power Platform admin center: the environment → Settings → Email → Email settings",
    ],
};

pub(in crate::dataverse) static FILE_REFUSED: Phrase = Phrase {
    code: "dataverse/file-refused",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the organisation does not take files of this kind, or can't hand this one out in pieces",
    remedy: &[
        "rename or pack the file, or ask an administrator: the environment → Settings → Privacy + Security → Blocked Attachments",
    ],
};

pub(in crate::dataverse) static NOT_A_PICTURE: Phrase = Phrase {
    code: "dataverse/not-a-picture",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "an image column takes pictures that are GIF, JPEG, TIFF, BMP or PNG, of 30 MB at most",
    remedy: &[
        "check what the file is with `file <file>`, save the picture as one of these kinds, and send that",
        "keep what is no picture in a file column or with a note: `d365conn tables show <table> --columns` shows file columns, `d365conn records <table> add-note <id> --file <file>` makes a note",
    ],
};

pub(in crate::dataverse) static PARTY: Phrase = Phrase {
    code: "dataverse/party",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "somebody in to, from or another party list is of a kind that does not belong there",
    remedy: &["set parties as accounts, contacts, leads, users or queues, each with `partyid_<table>@odata.bind`"],
};

pub(in crate::dataverse) static EXISTS_IN_SCHEMA: Phrase = Phrase {
    code: "dataverse/exists-in-schema",
    exit: Exit::Conflict,
    who: Who::You,
    meaning: "a table or column of that name exists already",
    remedy: &["choose another name; in Power Apps: Tables → the table → Columns shows those in use"],
};

pub(in crate::dataverse) static REFUSED: Phrase = Phrase {
    code: "dataverse/refused",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "Dataverse said no; its text above is all it tells",
    remedy: &["run again with `-vv` to see the request, or `d365conn explain <code>` for what is known about the code"],
};
