//! What it means when Dataverse is too busy, too slow or asked for too much. Nothing about single records.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static BUSY: Phrase = Phrase {
    code: "dataverse/busy",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "the service limits what one user may ask for: 6,000 requests or 20 minutes of work in five minutes, 52 requests at once",
    remedy: &[
        "wait some minutes and run the command again, or let it wait by itself with `--max-wait 10m`",
        "run fewer commands of this user at the same time",
    ],
};

pub(in crate::dataverse) static QUERY_TOO_HEAVY: Phrase = Phrase {
    code: "dataverse/query-too-heavy",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the query takes the service too long",
    remedy: &[
        "select fewer columns, narrow the filter, or begin texts with what you look for (`startswith` instead of `contains`)",
        "ask for fewer rows at once: `--top 50`",
    ],
};

pub(in crate::dataverse) static DATABASE: Phrase = Phrase {
    code: "dataverse/database",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "the organisation's database was busy, and trying again did not help",
    remedy: &["run the command again later, with fewer records at once"],
};

pub(in crate::dataverse) static TOO_MANY_CONDITIONS: Phrase = Phrase {
    code: "dataverse/too-many-conditions",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "a query may have 500 conditions",
    remedy: &["use `Microsoft.Dynamics.CRM.In(PropertyName='…',PropertyValues=[…])`, or split the query in two"],
};

pub(in crate::dataverse) static PAGING: Phrase = Phrase {
    code: "dataverse/paging",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the place in the list that was reached no longer fits the query",
    remedy: &["run the command again from the beginning, with `--order-by` on a column that is unique"],
};

pub(in crate::dataverse) static BAD_FETCHXML: Phrase = Phrase {
    code: "dataverse/bad-fetchxml",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the FetchXML names a table, column or alias that does not exist, or is not well formed",
    remedy: &["run `d365conn records <table> list --top 1 --select '*' -o json` to see every column of a record"],
};

pub(in crate::dataverse) static TOO_MANY_TO_ADD_UP: Phrase = Phrase {
    code: "dataverse/too-many-to-add-up",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "Dataverse adds up 50,000 rows at most",
    remedy: &["slice the query, for example by month of createdon, and add the parts up"],
};

pub(in crate::dataverse) static TOKEN_TOO_OLD: Phrase = Phrase {
    code: "dataverse/sync-too-old",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the mark of the last synchronisation is older than what the service keeps",
    remedy: &["start over and read the whole table: `d365conn records <table> list --all`"],
};

pub(in crate::dataverse) static NOT_TRACKED: Phrase = Phrase {
    code: "dataverse/not-tracked",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the table does not track changes",
    remedy: &["in Power Apps: Tables → the table → Properties → Advanced options → Track changes"],
};

pub(in crate::dataverse) static UNAVAILABLE: Phrase = Phrase {
    code: "dataverse/unavailable",
    exit: Exit::Unreachable,
    who: Who::DataverseAdmin,
    meaning: "the service is down, restarting or being moved",
    remedy: &[
        "run `d365conn doctor` to see what answers, and look at the environment's state in Power Platform admin center: Manage → Environments",
    ],
};

pub(in crate::dataverse) static PLATFORM_FAULT: Phrase = Phrase {
    code: "dataverse/platform-fault",
    exit: Exit::Unreachable,
    who: Who::DataverseAdmin,
    meaning: "something broke inside Dataverse",
    remedy: &[
        "run the command again; if it stays, open a support request with the ids below: Power Platform admin center → Help + support",
    ],
};
