//! What a command with network needs of the system before it begins: a runtime, and room for files and connections.

use crate::guard;
use crate::problem::{Diagnose, Exit, Phrase, Who};

/// The files and connections that a command with network has open at the same time: the runtime's own, state, a few sockets.
const OPEN_AT_ONCE: usize = 16;

/// The system leaves no room to work in.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// No further file or connection can be opened.
    #[error("this process may not open enough files and connections")]
    TooManyFiles(#[source] std::io::Error),
    /// The runtime could not be set up.
    #[error("the system gave no means to wait for files and connections")]
    NoRuntime(#[source] std::io::Error),
}

impl Diagnose for RuntimeError {
    fn phrase(&self) -> &'static Phrase {
        match self {
            Self::TooManyFiles(_) => &TOO_MANY_FILES,
            Self::NoRuntime(_) => &NO_RUNTIME,
        }
    }
}

pub(super) static TOO_MANY_FILES: Phrase = Phrase {
    code: "net/too-many-files",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "the limit on open files is too low here, or others have used it up; nothing was sent",
    remedy: &["run `ulimit -n 1024` in the shell before, or raise the limit of the service that starts d365conn"],
};

pub(super) static NO_RUNTIME: Phrase = Phrase {
    code: "net/no-runtime",
    exit: Exit::Failed,
    who: Who::You,
    meaning: "memory, handles or threads have run out; nothing was sent",
    remedy: &["look at the limits with `ulimit -a`, and run the command again"],
};

/// The runtime on which everything that waits for the network runs.
///
/// # Errors
/// [`RuntimeError`], before anything is sent.
pub fn runtime() -> Result<tokio::runtime::Runtime, RuntimeError> {
    guard::can_open(OPEN_AT_ONCE).map_err(RuntimeError::TooManyFiles)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RuntimeError::NoRuntime)
}
