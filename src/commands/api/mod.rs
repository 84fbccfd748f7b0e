//! `api`: the escape hatch, in the manner of GitHub's `gh api`. Any request, the same connection, the answer as it comes.

mod address;
mod error;
mod fields;
mod headers;
mod word;

pub use address::Address;
pub use error::{API_PHRASES, ApiError};
pub use word::Api;
