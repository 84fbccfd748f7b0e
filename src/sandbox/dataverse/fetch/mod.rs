//! FetchXML: read into a plan, run over the world, shown as rows. Its subset is what clients build and people use; what it
//! lacks is refused, never passed over.

mod conditions;
mod paging;
mod plan;
mod run;
mod show;
mod words;

pub(super) use show::fetch;
