//! What can be wrong with a question for rows before it is sent.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static BAD_EXPAND: Phrase = Phrase {
    code: "dataverse/bad-expand",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an expansion is a list of navigation properties, each with its options in parentheses, parted by semicolons",
    remedy: &[
        "write for example `--expand 'primarycontactid($select=fullname),Account_Tasks($select=subject;$top=3)'` behind `d365conn accounts list`",
    ],
};

pub(in crate::dataverse) static BAD_FETCHXML_TEXT: Phrase = Phrase {
    code: "dataverse/fetchxml-not-well-formed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a query is one `<fetch>` around one `<entity name=…>`, and every element in it is closed; nothing was sent",
    remedy: &[
        "mend it, or take that of a view: `d365conn records savedquery list --select name,fetchxml -o json`",
        "from a file: `d365conn query --fetchxml @query.xml`",
    ],
};

pub(in crate::dataverse) static UNKNOWN_VIEW: Phrase = Phrase {
    code: "dataverse/unknown-view",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "no public view of the table, and none that you made, has that name",
    remedy: &[
        "run the command again with `--view` and {nearest}",
        "run `d365conn records savedquery list --select name,returnedtypecode --all` to see the public views, and `d365conn records userquery list` for your own",
    ],
};

pub(in crate::dataverse) static AMBIGUOUS_VIEW: Phrase = Phrase {
    code: "dataverse/ambiguous-view",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it is not clear which of them is meant",
    remedy: &["run the same `d365conn` command with the id of one of them behind `--view`"],
};

pub(in crate::dataverse) static BAD_SEARCH: Phrase = Phrase {
    code: "dataverse/bad-search",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a search takes 1 to 100 characters",
    remedy: &[
        "run `d365conn search` with fewer words, or filter one table: `d365conn accounts list --filter \"name eq '…'\"`",
    ],
};

pub(in crate::dataverse) static SEARCH_NOT_ENABLED: Phrase = Phrase {
    code: "dataverse/search-not-enabled",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the organisation keeps no index to search in",
    remedy: &[
        "in Power Platform admin center: Manage → Environments → this environment → Settings → Product → Features → Search → turn Dataverse search on; the index takes some hours",
        "until then, filter one table: `d365conn accounts list --filter \"contains(name,'…')\"`",
    ],
};
