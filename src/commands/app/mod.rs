//! `app`: registering an app of your own in Entra. Everything here is known without a network.

mod az;
mod guide;
mod page;
mod word;

pub use word::{APP_PHRASES, App, AppError};
