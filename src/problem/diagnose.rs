//! The bridge between what happened (a room's error) and what it means (its phrase). Nothing here prints.

use std::error::Error;
use std::fmt;

use crate::problem::{Exit, Phrase};

/// An error that knows its way out.
///
/// `Display` says what happened as a lower-case fragment without advice; `source()` is the cause beneath it, and the
/// two never repeat each other.
pub trait Diagnose: Error + Send + Sync + 'static {
    /// The phrasebook's entry for this failure.
    fn phrase(&self) -> &'static Phrase;

    /// What fills the phrase's placeholders, and what `-o json` shows as `facts`. Never a secret.
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The service's own code for it, as its documentation spells it: `AADSTS7000218`, `0x80072560`.
    fn service_code(&self) -> Option<String> {
        None
    }

    /// What a support desk asks for: correlation and request ids, the time, each as `name value`.
    fn trace(&self) -> Option<String> {
        None
    }
}

/// Any room's error, on its way to the one place that shows it.
pub struct Problem(Box<dyn Diagnose>);

impl Problem {
    /// The error itself.
    #[must_use]
    pub fn diagnosis(&self) -> &dyn Diagnose {
        &*self.0
    }

    /// The phrasebook's entry.
    #[must_use]
    pub fn phrase(&self) -> &'static Phrase {
        self.0.phrase()
    }

    /// The status the process should end with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.0.phrase().exit
    }

    /// The error of this type, whether it is what happened or what lies beneath it.
    #[must_use]
    pub fn find<E: Error + 'static>(&self) -> Option<&E> {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.0);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// Whether only a person who signs in anew can mend it. Rooms that still hand on problems are asked here; where an
    /// error keeps its type, it is asked itself.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.exit() == Exit::SignIn
    }

    /// The texts of the causes beneath, nearest first; a cause that repeats what was already said is left out.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut said = self.0.to_string();
        let mut causes = Vec::new();
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = error.to_string();
            if !said.contains(&text) {
                said.push('\n');
                said.push_str(&text);
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }
}

impl<E: Diagnose> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem").field("code", &self.0.phrase().code).field("says", &self.0.to_string()).finish()
    }
}
