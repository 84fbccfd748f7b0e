//! The one integration test binary: features, wire, real and tidy tests side by side. No test lives in this file.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that can't go on fails where it stands, and the tests read files and start programs themselves"
)]

mod features;
#[cfg(target_os = "linux")]
mod pair;
mod real;
mod tidy;
mod transcripts;
mod wire;
mod world;
