//! What it means when a verb of the CRM can't be carried out as typed. Nothing about what the service refuses.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static AMBIGUOUS_REASON: Phrase = Phrase {
    code: "dataverse/ambiguous-reason",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "several status reasons answer to that, and none of them is taken; nothing was sent",
    remedy: &[
        "run the command again with {candidates} after `--reason`",
        "run `d365conn tables show TABLE --choices` to see every reason with its number",
    ],
};

pub(in crate::dataverse) static UNKNOWN_REASON: Phrase = Phrase {
    code: "dataverse/unknown-reason",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the organisation's status reasons for this are others; nothing was sent",
    remedy: &[
        "run the command again with one of these after `--reason`: {choices}",
        "leave `--reason` out to take the first of them",
    ],
};

pub(in crate::dataverse) static NO_SUCH_STATE: Phrase = Phrase {
    code: "dataverse/no-such-state",
    exit: Exit::Failed,
    who: Who::DataverseAdmin,
    meaning: "the table can't be brought into that state; nothing was sent",
    remedy: &["in Power Apps: Tables → the table → Columns → Status Reason shows the states and reasons there are"],
};

pub(in crate::dataverse) static NO_SUCH_OWNER: Phrase = Phrase {
    code: "dataverse/no-such-owner",
    exit: Exit::NotFound,
    who: Who::You,
    meaning: "nobody in this organisation has that id, sign-in name, address or name; nothing was sent",
    remedy: &["run `d365conn records systemuser list --all` or `d365conn records team list` to see who there is"],
};

pub(in crate::dataverse) static NOT_AN_OWNER: Phrase = Phrase {
    code: "dataverse/not-an-owner",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the word in front names a table of this organisation, and its records own nothing; it was not read as a part of a name; nothing was sent",
    remedy: &[
        "put `user:` in front of a user, or `team:` in front of a team",
        "run `d365conn records systemuser list --all` or `d365conn records team list` to see who there is",
    ],
};

pub(in crate::dataverse) static AMBIGUOUS_OWNER: Phrase = Phrase {
    code: "dataverse/ambiguous-owner",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "more than one is called so; nothing was sent",
    remedy: &[
        "run the command again with the one that is meant, as `--to user:<id>` or `--to team:<id>`",
        "choose among them: {candidates}",
    ],
};

pub(in crate::dataverse) static UNKNOWN_RELATIONSHIP: Phrase = Phrase {
    code: "dataverse/unknown-relationship",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "neither a navigation property nor a relationship nor a lookup is called so; nothing was sent",
    remedy: &[
        "run the command again with {nearest}",
        "run `d365conn tables show <table> --relationships` to see what they are called",
    ],
};

pub(in crate::dataverse) static AMBIGUOUS_RELATIONSHIP: Phrase = Phrase {
    code: "dataverse/ambiguous-relationship",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it may lead to records of several tables; nothing was sent",
    remedy: &["run the command again with the other record as `table:ID`, such as `contact:<id>`"],
};

pub(in crate::dataverse) static SEVERAL_WAYS: Phrase = Phrase {
    code: "dataverse/several-ways",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the two sides of a relationship have one name where a table is tied to itself; nothing was sent",
    remedy: &[
        "run the command again with {ways} in its place",
        "run `d365conn tables show TABLE --relationships` to see what leads where",
    ],
};

pub(in crate::dataverse) static WRONG_OTHER: Phrase = Phrase {
    code: "dataverse/wrong-other",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the relationship does not lead to records of that table; nothing was sent",
    remedy: &["run the command again with a record of a table it leads to, or with another relationship"],
};

pub(in crate::dataverse) static OTHER_NEEDED: Phrase = Phrase {
    code: "dataverse/other-needed",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "which of them is to be untied was not said; nothing was sent",
    remedy: &["run the command again with the id of the other record at its end"],
};

pub(in crate::dataverse) static MERGED_WITH_ITSELF: Phrase = Phrase {
    code: "dataverse/merged-with-itself",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "both ids are the same; nothing was sent",
    remedy: &["run the command again with the record that stays first, and the one that goes into it second"],
};

pub(in crate::dataverse) static BAD_DAY: Phrase = Phrase {
    code: "dataverse/bad-day",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "days are written year, month, day; nothing was sent",
    remedy: &["run the command again with a day such as `2026-03-31`"],
};

pub(in crate::dataverse) static BAD_AMOUNT: Phrase = Phrase {
    code: "dataverse/bad-amount",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "an amount is digits with at most one point; nothing was sent",
    remedy: &["run the command again with an amount such as `125000.50`"],
};
