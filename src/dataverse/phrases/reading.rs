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
