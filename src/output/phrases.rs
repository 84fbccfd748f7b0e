//! What failures of reading and writing mean and what to do. No failure is detected here.

use crate::problem::{Exit, Phrase, Who};

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[
    &CLOSED_PIPE,
    &WRITE_FAILED,
    &READ_FAILED,
    &INPUT_TOO_LONG,
    &INPUT_NOT_TEXT,
    &INPUT_EMPTY,
    &NO_TERMINAL,
    &INTERRUPTED,
    &QUESTION_OVER,
    &DECLINED,
    &ENTRIES_DIFFER,
    &UNKNOWN_FORMAT,
    &NO_ID,
    &BAD_FILTER,
    &FILTER_FAILED,
    &FILTER_BESIDE_FORMAT,
];

pub(super) static CLOSED_PIPE: Phrase = Phrase {
    code: "output/closed-pipe",
    exit: Exit::Done,
    who: Who::You,
    meaning: "the program that was reading has seen enough and went away, which counts as success",
    remedy: &["to see all of it, run the same `d365conn` command without the program behind the pipe"],
};

pub(super) static WRITE_FAILED: Phrase = Phrase {
    code: "output/write-failed",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "what was written so far is incomplete",
    remedy: &[
        "make room on the disk that takes the output, then run the same `d365conn` command again",
        "send the output to another place: `d365conn … > FILE`",
    ],
};

pub(super) static READ_FAILED: Phrase = Phrase {
    code: "output/read-failed",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the input ended before all of it was read, so nothing was done with it",
    remedy: &["check the file or the program that feeds `d365conn`, then run the same command again"],
};

pub(super) static INPUT_TOO_LONG: Phrase = Phrase {
    code: "output/input-too-long",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "at most {limit} bytes are taken here, so this is probably the wrong file",
    remedy: &["check what is fed to the command: `d365conn … < FILE`"],
};

pub(super) static INPUT_NOT_TEXT: Phrase = Phrase {
    code: "output/input-not-text",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "it is a binary file, or text in another encoding such as UTF-16",
    remedy: &["save the input as UTF-8 without a byte order mark, then run the same `d365conn` command again"],
};

pub(super) static INPUT_EMPTY: Phrase = Phrase {
    code: "output/input-empty",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "a value was to be read from there and none came",
    remedy: &["feed the value to the command: `d365conn … < FILE`"],
};

pub(super) static NO_TERMINAL: Phrase = Phrase {
    code: "output/no-terminal",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "standard input and standard error are not both a terminal, or `--no-input`, `D365CONN_NO_INPUT` or `CI` forbids questions",
    remedy: &["answer beforehand with `{flag}`: a flag is added to the command, a variable is set before it runs"],
};

pub(super) static INTERRUPTED: Phrase = Phrase {
    code: "output/interrupted",
    exit: Exit::Interrupted,
    who: Who::You,
    meaning: "no answer was given, and nothing that needed it was done",
    remedy: &["run the same `d365conn` command again when ready"],
};

pub(super) static QUESTION_OVER: Phrase = Phrase {
    code: "output/question-over",
    exit: Exit::SignIn,
    who: Who::You,
    meaning: "`--wait` bounds the whole command, and nobody answered in that time; nothing that needed the answer was done",
    remedy: &["run the command again and allow it more time: `--wait 15m`"],
};

pub(super) static DECLINED: Phrase = Phrase {
    code: "output/declined",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "nothing was done",
    remedy: &["run the same `d365conn` command again and answer `y`, or add `--yes` to it"],
};

pub(super) static ENTRIES_DIFFER: Phrase = Phrase {
    code: "output/entries-differ",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "what was typed the second time is not what was typed first, so neither was used",
    remedy: &["run the same `d365conn` command again and type the same text twice"],
};

pub(super) static UNKNOWN_FORMAT: Phrase = Phrase {
    code: "output/unknown-format",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the formats are table, json, ndjson, csv, tsv and id",
    remedy: &["name one of them: `d365conn … --output json`; `D365CONN_OUTPUT` takes the same words"],
};

pub(super) static NO_ID: Phrase = Phrase {
    code: "output/no-id",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "`-o id` prints the id of each record, and what came back carries none: a total or a group, for example",
    remedy: &["choose a format that shows what is there: `d365conn … -o json`"],
};

pub(super) static BAD_FILTER: Phrase = Phrase {
    code: "output/bad-filter",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "`--jq` takes one jq expression, which sees one record at a time; nothing was asked of the service",
    remedy: &[
        "mend it, in single quotes so that the shell leaves it alone: `d365conn accounts list --jq '.name'`",
        "see https://jqlang.org/manual/ for the language",
    ],
};

pub(super) static FILTER_FAILED: Phrase = Phrase {
    code: "output/filter-failed",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the record is not of the shape that the expression expects; what stands above it is good",
    remedy: &[
        "run the same `d365conn` command with `-o ndjson` instead of `--jq` to see the records",
        "let it pass over what is absent: `--jq '.a?'` or `--jq '.a // \"none\"'`",
    ],
};

pub(super) static FILTER_BESIDE_FORMAT: Phrase = Phrase {
    code: "output/filter-beside-format",
    exit: Exit::Usage,
    who: Who::You,
    meaning: "the expression decides what is written, line by line",
    remedy: &[
        "leave `--output` out; the expression can write CSV and TSV itself: `--jq '[.name, .revenue] | @csv'`",
        "leave `--jq` out of the `d365conn` command",
    ],
};
