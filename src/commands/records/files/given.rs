//! A file that the user gave, as what is sent, and how far it is, in words. Nothing is sent here.

use std::cell::Cell;
use std::path::Path;

use crate::context::Context;
use crate::dataverse::Source;
use crate::output::Progress;
use crate::paths::Sought;
use crate::problem::Problem;

/// A tenth of a megabyte: the least that is told.
const STEP: u64 = 100_000;

/// A file that the user gave.
pub(in crate::commands::records) struct Given(Sought);

impl Given {
    /// Opens it.
    ///
    /// # Errors
    /// [`crate::paths::PathError`] for what is no file with something in it.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        Ok(Self(Sought::open(path)?))
    }
}

impl Source for Given {
    fn name(&self) -> String {
        self.0.name()
    }

    fn length(&self) -> u64 {
        self.0.length()
    }

    fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Problem> {
        Ok(self.0.read(offset, length)?)
    }
}

/// How far a file is, as one line that changes no more often than what it says.
pub(super) struct Meter {
    progress: Progress,
    said: Cell<u64>,
}

impl Meter {
    /// Puts the line up, where there is somebody to read it.
    pub fn start(context: &Context, done: u64, length: Option<u64>) -> Self {
        let progress = Progress::start(&context.screen, &so_far(done, length));
        Self { progress, said: Cell::new(done / STEP) }
    }

    /// So many bytes are there.
    pub fn tell(&self, done: u64, length: Option<u64>) {
        if self.said.replace(done / STEP) != done / STEP {
            self.progress.update(&so_far(done, length));
        }
    }
}

/// `12.5 of 100.0 MB`.
fn so_far(done: u64, length: Option<u64>) -> String {
    let megabytes = |bytes: u64| format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / STEP);
    match length {
        Some(length) => format!("{} of {} MB", megabytes(done), megabytes(length)),
        None => format!("{} MB", megabytes(done)),
    }
}
