//! What went wrong, said so that a person can mend it. Nothing here knows any particular failure: rooms bring their own.

mod diagnose;
mod exit;
mod panic;
mod phrase;

pub use diagnose::{Diagnose, Problem};
pub use exit::Exit;
pub use panic::{catch_panic, has_stray_panic, take_charge_of_panics};
pub use phrase::{Phrase, Who};
