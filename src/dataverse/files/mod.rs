//! Files of records, up and down: in columns of files and images, in notes and in attachments of emails. Whoever keeps them
//! on this machine is not known here.

mod blocks;
mod error;
mod fetch;
mod holder;
mod removing;
mod requests;
mod sending;
mod stored;

pub use blocks::{BLOCK, Begun};
pub use error::{FILE_PHRASES, FileError};
pub use holder::{Holder, HolderKind};
pub use sending::{Courier, Source};
pub use stored::Stored;
