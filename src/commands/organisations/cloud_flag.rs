//! The word of `--cloud`, wherever it may be typed. Nothing is looked up here.

use crate::tenant::{CLOUDS, Discovery};

/// Takes the name of a cloud, or the address of a sandbox.
///
/// # Errors
/// A sentence for the parser of the command line, with what may be typed.
pub fn cloud(text: &str) -> Result<Discovery, String> {
    let names: Vec<&str> = CLOUDS.iter().map(|cloud| cloud.name).collect();
    Discovery::named(text)
        .ok_or_else(|| format!("the clouds are {}; a sandbox is named by its address", names.join(", ")))
}
