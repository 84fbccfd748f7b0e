//! Keeping the secrets of a finished sign-in where the user wanted them, or in the encrypted file when the keyring went away
//! meanwhile and a person agrees. No store is ever chosen here without being asked for.

use crate::connection::{ConnectionId, StoreKind};
use crate::context::Context;
use crate::output::prompt;
use crate::problem::Problem;
use crate::session::Wanted;
use crate::store::Secrets;

/// Keeps them, and hands back which store has them.
///
/// # Errors
/// Why the wanted store would not, when nobody can be asked, the answer is no, or a connection that exists would be split
/// between two stores.
pub(super) fn keep(
    context: &Context,
    wanted: &Wanted,
    id: &ConnectionId,
    secrets: &Secrets,
) -> Result<StoreKind, Problem> {
    let Err(refusal) = context.vault(wanted.store)?.write(id, secrets) else { return Ok(wanted.store) };
    let screen = &context.screen;
    if wanted.store != StoreKind::Keyring || wanted.replaces.is_some() || !screen.can_ask() {
        return Err(refusal.into());
    }
    screen.warn(&format!("the sign-in worked, but its secrets could not be kept: {refusal}"));
    if !prompt::confirm(screen, "Keep them in a passphrase-encrypted file instead?", "--store file")? {
        return Err(refusal.into());
    }
    context.vault(StoreKind::File)?.write(id, secrets)?;
    Ok(StoreKind::File)
}
