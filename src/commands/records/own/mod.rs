//! The verbs that single nouns have beyond those of every table. A noun lists its own in its row of `nouns.rs`: one that only
//! brings a record into a state is a [`Turn`] there, one that also leaves an activity an [`Ending`]; any other has a file here.

mod closing;
mod ending;
mod lose;
mod merge;
mod qualify;
mod resolve;
mod state;
mod turn;
mod verb;
mod win;

pub use ending::Ending;
pub use turn::Turn;
pub use verb::{Deed, OwnVerb};

pub(super) use lose::Lose;
pub(super) use merge::Merge;
pub(super) use qualify::Qualify;
pub(super) use resolve::Resolve;
pub(super) use win::Win;
