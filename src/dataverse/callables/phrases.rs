//! What it means when an action or function can't be sent as typed. Nothing about what the service refuses.

use crate::problem::{Exit, Phrase, Who};

pub(in crate::dataverse) static UNKNOWN_ACTION: Phrase = Phrase {
    code: "dataverse/unknown-action",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "this organisation has none of that name, or it is not active; nothing was sent",
    remedy: &["run the command again with {nearest}", "run `d365conn action list` to see what there is"],
};

pub(in crate::dataverse) static BOUND: Phrase = Phrase {
    code: "dataverse/bound-action",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "what it is done to must be named, and be of the right table; nothing was sent",
    remedy: &[
        "run the command again with `{bound}`",
        "run `d365conn action show <name>` to see what it is done to and what it takes",
    ],
};

pub(in crate::dataverse) static NOT_BOUND: Phrase = Phrase {
    code: "dataverse/unbound-action",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it stands for itself; a record that it is about is one of its parameters; nothing was sent",
    remedy: &["run the command again without `--on`", "run `d365conn action show <name>` to see what it takes"],
};

pub(in crate::dataverse) static UNKNOWN_PARAMETER: Phrase = Phrase {
    code: "dataverse/unknown-parameter",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it takes other parameters; nothing was sent",
    remedy: &[
        "run the command again with one of its parameters: {parameters}",
        "run `d365conn action show <name>` to see what it takes",
    ],
};

pub(in crate::dataverse) static MISSING_PARAMETER: Phrase = Phrase {
    code: "dataverse/missing-parameter",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it can't do without; nothing was sent",
    remedy: &[
        "run the command again with what is missing as `parameter=value`; it takes {parameters}",
        "run `d365conn action show <name>` to see what it takes",
    ],
};

pub(in crate::dataverse) static BAD_PARAMETER: Phrase = Phrase {
    code: "dataverse/bad-parameter",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the value has the wrong type; nothing was sent",
    remedy: &[
        "change the value, or write it as JSON with `parameter:=JSON`",
        "run `d365conn action show <name>` to see the types",
    ],
};

pub(in crate::dataverse) static PARAMETER_TWICE: Phrase = Phrase {
    code: "dataverse/parameter-twice",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "which of the two counts can't be known; nothing was sent",
    remedy: &["run the command again with one of them, among the words or in `--data`"],
};
