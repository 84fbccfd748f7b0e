//! Where the secrets of a finished sign-in go when the keyring went away meanwhile: into the encrypted file, if a person
//! agrees. No store is ever chosen here without being asked for.

use crate::connection::StoreKind;
use crate::context::Context;
use crate::output::prompt;
use crate::problem::Problem;
use crate::session::Wanted;
use crate::store::StoreError;

/// Asks, and hands back the store that was agreed on.
///
/// # Errors
/// The refusal itself, when nobody can be asked, the answer is no, or a connection that exists would be split between two
/// stores.
pub(super) fn agreed(context: &Context, wanted: &Wanted, refusal: StoreError) -> Result<StoreKind, Problem> {
    let screen = &context.screen;
    if wanted.store != StoreKind::Keyring || wanted.replaces.is_some() || !screen.can_ask() {
        return Err(refusal.into());
    }
    screen.warn(&format!("the sign-in worked, but its secrets could not be kept: {refusal}"));
    if !prompt::confirm(screen, "Keep them in a passphrase-encrypted file instead?", "--store file")? {
        return Err(refusal.into());
    }
    Ok(StoreKind::File)
}
