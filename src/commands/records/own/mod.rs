//! The verbs that single nouns have beyond those of every table. A noun lists its own in its row of `nouns.rs`.

mod activate;
mod cancel;
mod closing;
mod deactivate;
mod disqualify;
mod lose;
mod merge;
mod qualify;
mod reactivate;
mod reopen;
mod resolve;
mod state;
mod verb;
mod win;

pub use verb::{Deed, OwnVerb};

pub(super) use activate::Activate;
pub(super) use cancel::Cancel;
pub(super) use deactivate::Deactivate;
pub(super) use disqualify::Disqualify;
pub(super) use lose::Lose;
pub(super) use merge::Merge;
pub(super) use qualify::Qualify;
pub(super) use reactivate::Reactivate;
pub(super) use reopen::Reopen;
pub(super) use resolve::Resolve;
pub(super) use win::Win;
