//! What failures of a batch mean and what to do.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of batches.
pub const BATCH_PHRASES: &[&Phrase] =
    &[&BAD_LINE, &METHOD_OVERRIDE, &NOTHING, &TOO_MANY, &UNKNOWN, &NOT_SENT, &NOT_REACHED, &BUSY];

pub(super) static BAD_LINE: Phrase = Phrase {
    code: "dataverse/batch-line",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a batch is one JSON object a line; nothing was sent",
    remedy: &[
        "mend line {line} at column {column}; a line looks like `{\"method\": \"PATCH\", \"path\": \"accounts(ID)\", \"body\": {\"name\": \"x\"}}`",
        "run `d365conn batch --help` for examples",
    ],
};

pub(super) static METHOD_OVERRIDE: Phrase = Phrase {
    code: "dataverse/batch-method-override",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "what would be judged and what would be done are not the same; nothing was sent",
    remedy: &["leave the header out, and give the method itself: `{\"method\": \"PATCH\", …}`"],
};

pub(super) static NOTHING: Phrase = Phrase {
    code: "dataverse/batch-empty",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the file, or what came on stdin, holds no line with an operation",
    remedy: &["run `d365conn batch --help` for examples of lines"],
};

pub(super) static TOO_MANY: Phrase = Phrase {
    code: "dataverse/batch-too-many",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "Dataverse takes 1,000 operations in one change set",
    remedy: &["split the file, or leave `--atomic` out: the operations are then sent in several batches"],
};

pub(super) static UNKNOWN: Phrase = Phrase {
    code: "dataverse/batch-unknown",
    exit: Exit::Partly,
    who: Who::You,
    meaning: "the answer was lost on the way, so the operation may have been carried out or not",
    remedy: &["look at the record before the operation is sent again: `d365conn records <table> get ID`"],
};

pub(super) static NOT_SENT: Phrase = Phrase {
    code: "dataverse/batch-not-sent",
    exit: Exit::Partly,
    who: Who::You,
    meaning: "the batch it belongs to was not taken",
    remedy: &["mend what the message says, and send this operation again: `d365conn batch FILE`"],
};

pub(super) static NOT_REACHED: Phrase = Phrase {
    code: "dataverse/batch-not-reached",
    exit: Exit::Partly,
    who: Who::You,
    meaning: "the batch stopped at the first failure, as it was asked to",
    remedy: &["mend the operation that failed, and send this one again; without `--stop-on-error` the rest goes on"],
};

pub(super) static BUSY: Phrase = Phrase {
    code: "dataverse/batch-busy",
    exit: Exit::Busy,
    who: Who::You,
    meaning: "the service limits what one user may ask for, and it was asked for too much for too long",
    remedy: &["wait some minutes and send this operation again, or allow a longer wait: `--max-wait 30m`"],
};
