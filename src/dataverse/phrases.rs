//! What failures in this room mean and what to do: here those of the conversation and of what was typed, beneath it those that Dataverse reports. No code of the service is read here.

use crate::dataverse::callables::phrases as actions;
use crate::problem::{Exit, Phrase, Who};

pub(super) mod access;
pub(super) mod load;
pub(super) mod reading;
pub(super) mod records;
pub(super) mod values;
pub(super) mod verbs;

pub use values::VALUE_PHRASES;

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &NOT_DATAVERSE,
    &REDIRECTED,
    &MALFORMED,
    &CUT_SHORT,
    &NO_NEXT_PAGE,
    &PAGE_CHANGED,
    &CYCLIC_LINK,
    &EMPTY_PAGES,
    &OUTCOME_UNKNOWN,
    &STREAM_LOST,
    &BAD_RECORD_ID,
    &BAD_VALUE_WORD,
    &BAD_JSON,
    &COLUMN_TWICE,
    &UNKNOWN_TABLE,
    &AMBIGUOUS_TABLE,
    &ADDRESS_TOO_LONG,
    &reading::BAD_EXPAND,
    &reading::BAD_FETCHXML_TEXT,
    &reading::UNKNOWN_VIEW,
    &reading::AMBIGUOUS_VIEW,
    &reading::BAD_SEARCH,
    &reading::SEARCH_NOT_ENABLED,
    &access::NOT_A_MEMBER,
    &access::NOT_A_MEMBER_APP,
    &access::NO_ROLE,
    &access::MISSING_PRIVILEGE,
    &access::OTHER_PRINCIPAL_PRIVILEGE,
    &access::ACCESS_DENIED,
    &access::SECURED_COLUMN,
    &access::IMPERSONATION,
    &access::USER_DISABLED,
    &access::NO_LICENCE,
    &access::TRIAL_OVER,
    &access::IP_FIREWALL,
    &access::ADMINISTRATION_MODE,
    &access::ORGANISATION_DISABLED,
    &access::TOKEN_REJECTED,
    &access::CLAIMS_CHALLENGE,
    &access::CONDITIONAL_ACCESS,
    &access::FORBIDDEN,
    &access::DISCONNECTED,
    &access::READ_ONLY,
    &load::BUSY,
    &load::QUERY_TOO_HEAVY,
    &load::DATABASE,
    &load::TOO_MANY_CONDITIONS,
    &load::PAGING,
    &load::BAD_FETCHXML,
    &load::TOO_MANY_TO_ADD_UP,
    &load::TOKEN_TOO_OLD,
    &load::NOT_TRACKED,
    &load::UNAVAILABLE,
    &load::PLATFORM_FAULT,
    &records::RECORD_MISSING,
    &records::NOT_FOUND,
    &records::MISQUOTED,
    &records::UNKNOWN_RESOURCE,
    &records::UNKNOWN_COLUMN,
    &records::UNSUPPORTED_QUERY,
    &records::BAD_PAYLOAD,
    &records::TEXT_TOO_LONG,
    &records::OUT_OF_RANGE,
    &records::UNKNOWN_CHOICE,
    &records::BAD_STATUS,
    &records::BAD_IDENTIFIER,
    &records::BAD_CHARACTERS,
    &records::REQUIRED_MISSING,
    &records::NOT_WRITABLE,
    &records::RECORD_READ_ONLY,
    &records::INVALID_ARGUMENT,
    &records::KEY_AMBIGUOUS,
    &records::NOT_A_KEY,
    &records::DUPLICATE,
    &records::DUPLICATE_RULE,
    &records::CHANGED_MEANWHILE,
    &records::NO_CONCURRENCY,
    &records::USER_STAYS,
    &records::HAS_CHILDREN,
    &records::ALREADY_THAT_STATE,
    &records::OPPORTUNITY_CLOSED,
    &records::CASE_CLOSED,
    &records::CASE_IN_WORK,
    &records::NOT_SUPPORTED,
    &records::PLUGIN_REFUSED,
    &records::PLUGIN_BROKEN,
    &records::TOO_BIG,
    &records::FILE_REFUSED,
    &records::NOT_A_PICTURE,
    &records::PARTY,
    &records::EXISTS_IN_SCHEMA,
    &records::REFUSED,
    &verbs::UNKNOWN_REASON,
    &verbs::AMBIGUOUS_REASON,
    &verbs::NO_SUCH_STATE,
    &verbs::NO_SUCH_OWNER,
    &verbs::NOT_AN_OWNER,
    &verbs::AMBIGUOUS_OWNER,
    &verbs::UNKNOWN_RELATIONSHIP,
    &verbs::AMBIGUOUS_RELATIONSHIP,
    &verbs::SEVERAL_WAYS,
    &verbs::WRONG_OTHER,
    &verbs::OTHER_NEEDED,
    &verbs::MERGED_WITH_ITSELF,
    &verbs::BAD_DAY,
    &verbs::BAD_AMOUNT,
    &actions::UNKNOWN_ACTION,
    &actions::BOUND,
    &actions::NOT_BOUND,
    &actions::UNKNOWN_PARAMETER,
    &actions::MISSING_PARAMETER,
    &actions::BAD_PARAMETER,
    &actions::PARAMETER_TWICE,
];

pub(in crate::dataverse) static NOT_DATAVERSE: Phrase = Phrase {
    code: "dataverse/not-dataverse",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "either something between here and {host} answered, such as a login page of this network or a proxy's filter, or {host} is no Dataverse organisation",
    remedy: &[
        "open https://{host} in a browser: a captive portal shows itself there",
        "run `d365conn doctor` to see who answers",
    ],
};

pub(in crate::dataverse) static REDIRECTED: Phrase = Phrase {
    code: "dataverse/redirected",
    exit: Exit::Unreachable,
    who: Who::DataverseAdmin,
    meaning: "Dataverse does not redirect its API, so the address or something in between is wrong; it was not followed",
    remedy: &[
        "run `d365conn connections show` and compare the address with the one in the browser",
        "run `d365conn doctor` to see who answers for {host}",
    ],
};

pub(in crate::dataverse) static MALFORMED: Phrase = Phrase {
    code: "dataverse/malformed",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the answer can't be read as what Dataverse sends",
    remedy: &["run `d365conn doctor` to see who answers for {host}; with `-vv` the requests are shown"],
};

pub(in crate::dataverse) static CUT_SHORT: Phrase = Phrase {
    code: "dataverse/cut-short",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the answer ended in the middle, and asking again did not help; what was printed is not everything",
    remedy: &["run the command again; if it happens often, run `d365conn doctor` to see which link is broken"],
};

pub(in crate::dataverse) static NO_NEXT_PAGE: Phrase = Phrase {
    code: "dataverse/no-next-page",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a saved query gives its first page alone; what was printed is not everything",
    remedy: &[
        "run it as a view, which reads every page: `d365conn records <table> list --view <name>`",
        "give its FetchXML to `d365conn query --fetchxml @FILE`, which reads every page too",
    ],
};

pub(in crate::dataverse) static PAGE_CHANGED: Phrase = Phrase {
    code: "dataverse/page-changed",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the connection broke in the middle of a page, and the page had changed when it was asked for again; nothing was printed twice, and what was printed is not everything",
    remedy: &["run the command again, with `--order-by` on a column that is unique"],
};

pub(in crate::dataverse) static CYCLIC_LINK: Phrase = Phrase {
    code: "dataverse/cyclic-link",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the service leads round in a circle, so the list would never end; what was printed may not be everything",
    remedy: &["run again with `--order-by` on a column that is unique; if it stays, report it with the ids from `-vv`"],
};

pub(in crate::dataverse) static EMPTY_PAGES: Phrase = Phrase {
    code: "dataverse/empty-pages",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the service promises more and sends nothing, page after page; what was printed may not be everything",
    remedy: &["narrow the query with `--filter`, and report it with the ids from `-vv`"],
};

pub(in crate::dataverse) static OUTCOME_UNKNOWN: Phrase = Phrase {
    code: "dataverse/outcome-unknown",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the answer was lost, so the change may or may not have happened; {sending}",
    remedy: &[
        "see whether it is there: `d365conn records {table} get {id}`",
        "run the command again with `{id_column}={id}`: one id is never made twice",
        "look at the record with `d365conn records <table> get <id>` before running the command again",
    ],
};

pub(in crate::dataverse) static STREAM_LOST: Phrase = Phrase {
    code: "dataverse/stream-lost",
    exit: Exit::Bug,
    who: Who::You,
    meaning: "this should never happen: the reader of the pages went away",
    remedy: &["run again with `-vv` and report what it shows"],
};

pub(in crate::dataverse) static BAD_RECORD_ID: Phrase = Phrase {
    code: "dataverse/bad-record-id",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an id is 32 hexadecimal digits as 8-4-4-4-12, with or without braces; a change takes one or `--key column=value`, a read a name or `column=value` too; nothing was sent",
    remedy: &[
        "name it by a value that no other record has: `{example}` in the place of the id",
        "run `d365conn records <table> list -o id` to see the ids of a table",
    ],
};

pub(in crate::dataverse) static BAD_VALUE_WORD: Phrase = Phrase {
    code: "dataverse/bad-value-word",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a value is given as `column=text`, or as `column:=JSON` for anything that is not text",
    remedy: &["write for example `name='Alder Freight' revenue:=125000 description=` (the last one clears the column)"],
};

pub(in crate::dataverse) static BAD_JSON: Phrase = Phrase {
    code: "dataverse/bad-json",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the values are not what JSON allows",
    remedy: &[
        "check them with `jq . <file>`; `--data` takes one object, such as `--data '{\"name\": \"Alder Freight\"}'`",
    ],
};

pub(in crate::dataverse) static COLUMN_TWICE: Phrase = Phrase {
    code: "dataverse/column-twice",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it is not clear which of the two values is meant",
    remedy: &["run the command again with {column} once, in `--data` or as a word"],
};

pub(in crate::dataverse) static UNKNOWN_TABLE: Phrase = Phrase {
    code: "dataverse/unknown-table",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "no table of this organisation has that logical name, entity set name or schema name",
    remedy: &[
        "run the command again with {nearest}",
        "run `d365conn tables list` to see every table of this organisation with its names",
    ],
};

pub(in crate::dataverse) static AMBIGUOUS_TABLE: Phrase = Phrase {
    code: "dataverse/ambiguous-table",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "several tables of this organisation answer to that name",
    remedy: &["run the command again with {candidates}", "run `d365conn tables list` to see the names of every table"],
};

pub(in crate::dataverse) static ADDRESS_TOO_LONG: Phrase = Phrase {
    code: "dataverse/address-too-long",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the service takes so long an address neither alone nor inside a batch; filter and columns count",
    remedy: &["select fewer columns, or split a long `--filter` in two"],
};
