//! What stands in the way of running a program, and what to do about it. The statuses are those that shells end with.

use std::io;
use std::time::Duration;

use crate::problem::{Diagnose, Exit, Phrase, Who};

/// A program that did not run.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// No directory of the PATH has it.
    #[error("there is no program `{program}` on the PATH", program = program.escape_debug())]
    Missing {
        /// As typed.
        program: String,
    },
    /// The path that was named leads to nothing.
    #[error("there is no program at `{program}`", program = program.escape_debug())]
    NoFile {
        /// As typed.
        program: String,
    },
    /// It is there, and the system does not run it.
    #[error("`{program}` can't be run", program = program.escape_debug())]
    NotRunnable {
        /// Its path.
        program: String,
        /// What the system says, if it was asked.
        #[source]
        source: Option<io::Error>,
    },
    /// It was asked something and did not end.
    #[error("`{program}` did not answer within {} s", limit.as_secs(), program = program.escape_debug())]
    TooSlow {
        /// Its path.
        program: String,
        /// How long was waited.
        limit: Duration,
    },
}

impl Diagnose for ChildError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::Missing { .. } => &MISSING,
            Self::NoFile { .. } => &NO_FILE,
            Self::NotRunnable { .. } => &NOT_RUNNABLE,
            Self::TooSlow { .. } => &TOO_SLOW,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Missing { program }
            | Self::NoFile { program }
            | Self::NotRunnable { program, .. }
            | Self::TooSlow { program, .. } => {
                vec![("program", program.clone())]
            }
        }
    }
}

/// The phrases of this room.
pub const PHRASES: &[&Phrase] = &[&MISSING, &NO_FILE, &NOT_RUNNABLE, &TOO_SLOW];

static MISSING: Phrase = Phrase {
    code: "child/missing",
    exit: Exit::NoProgram,
    who: Who::You,
    meaning: "a bare name is looked up in the absolute directories of the PATH, and nowhere else; no token was asked for",
    remedy: &[
        "check the name, and where it is installed: `command -v {program}`",
        "name the file itself: `d365conn exec -- ./{program}`",
    ],
};

static NO_FILE: Phrase = Phrase {
    code: "child/no-file",
    exit: Exit::NoProgram,
    who: Who::You,
    meaning: "a name with a separator in it is the path of a file; no token was asked for",
    remedy: &["check the path with `ls -l '{program}'`, and name the file that is there"],
};

static NOT_RUNNABLE: Phrase = Phrase {
    code: "child/not-runnable",
    exit: Exit::NotRunnable,
    who: Who::You,
    meaning: "it is no file, nobody may execute it, or what it needs to run is not there",
    remedy: &[
        "allow it to be executed: `chmod +x '{program}'`",
        "check that the program in its first line, after `#!`, is installed",
    ],
};

static TOO_SLOW: Phrase = Phrase {
    code: "child/too-slow",
    exit: Exit::Unreachable,
    who: Who::You,
    meaning: "it was stopped; it may wait for the network, for a lock or for somebody to answer it",
    remedy: &["run it by itself to see what it waits for: `{program} --version`"],
};
