//! Moving a connection's secrets from one store to the other, under its lock. At every step one store has them whole and
//! the list of connections points at it; where a copy may be is noted before it is made.

use std::sync::Arc;

use crate::commands::connections::error::ChangeError;
use crate::commands::forgetting::LOCK_WAIT;
use crate::connection::{Connection, ConnectionId, ConnectionName, StoreKind};
use crate::context::Context;
use crate::problem::Problem;
use crate::session::SessionError;
use crate::store::{ConfigurationId, CredentialLock, HealthBook, KeepingLock, StoreError, Vault};

/// Moves the secrets of the connection `name` to `store`. `point` changes the list of connections to say so, and whatever
/// else is to change with it; it is called when the new store has the secrets, and gives back the connection as it is then.
///
/// # Errors
/// When a store fails or another process holds the connection: it is then as it was. [`ChangeError::CopyLeft`] when all is
/// done but the old store keeps a copy.
pub(super) fn move_secrets(
    context: &Context,
    name: &ConnectionName,
    store: StoreKind,
    point: impl FnOnce() -> Result<Connection, Problem>,
) -> Result<Connection, Problem> {
    let saved = || Ok::<_, Problem>(context.registry()?.read()?.choose(Some(name))?.clone());
    let before = saved()?;
    // Both stores are opened before the lock is taken: a person may have to type a password for either.
    let new = context.vault(store)?;
    if before.store != store {
        context.stored_secrets(&before)?;
        new.probe().map_err(|error| refused(&before, error))?;
    }
    let places = context.places()?;
    // Whoever renews the token holds the lock of the store in which it found it.
    let (keyring, file) = (context.vault(StoreKind::Keyring)?, context.vault(StoreKind::File)?);
    let _locks = context.block_on(async {
        Ok(CredentialLock::acquire_both(keyring.as_ref(), file.as_ref(), &before.id, LOCK_WAIT).await?)
    })?;
    // A copy that the list doesn't name yet is nothing left behind.
    let _keeping = KeepingLock::shared(places)?;
    let before = saved()?;
    let errand = Errand { book: HealthBook::new(places), id: &before.id, connection: &before, new, store };
    if before.store == store {
        let moved = point()?;
        return errand.clear_copy(context).map(|()| moved);
    }
    let old = context.vault(before.store)?;
    errand.copy(old.as_ref(), context.registry()?.ensured_configuration()?)?;
    let moved = match point() {
        Ok(moved) => moved,
        Err(problem) => {
            errand.take_back();
            return Err(problem);
        }
    };
    // All that is left to do is to clean up, and that is done with or without a note.
    let _ = errand.note(Some(before.store));
    errand.remove_from(old.as_ref(), before.store)?;
    Ok(moved)
}

/// Why the new store can't be had, in words that fit a connection which has another one.
fn refused(connection: &Connection, error: StoreError) -> Problem {
    match error {
        StoreError::StoreAbsent { detail } => ChangeError::NoKeyringHere {
            connection: connection.name.to_string(),
            place: connection.store.place(),
            detail,
        }
        .into(),
        error => error.into(),
    }
}

struct Errand<'a> {
    book: HealthBook,
    id: &'a ConnectionId,
    connection: &'a Connection,
    new: Arc<dyn Vault>,
    store: StoreKind,
}

impl Errand<'_> {
    /// Writes the secrets into the new store, and sees whether they are there.
    fn copy(&self, old: &dyn Vault, configuration: ConfigurationId) -> Result<(), Problem> {
        let gone = || SessionError::SecretsGone {
            connection: self.connection.name.to_string(),
            store: self.connection.store.word(),
        };
        let record = old.read(self.id)?.ok_or_else(gone)?.owned_by(configuration);
        self.note(Some(self.store))?;
        let written = self.new.write(self.id, &record).and_then(|()| self.new.read(self.id));
        let is_same = match written {
            Ok(seen) => seen.is_some_and(|seen| seen.is_same_as(&record)),
            Err(error) => {
                self.take_back();
                return Err(error.into());
            }
        };
        if is_same {
            return Ok(());
        }
        self.take_back();
        Err(ChangeError::NotGivenBack { connection: self.connection.name.to_string(), place: self.store.place() }
            .into())
    }

    /// The move does not happen: the new store is to keep nothing. If it does all the same, the note says so.
    fn take_back(&self) {
        if self.new.remove(self.id).is_ok() {
            let _ = self.note(None);
        }
    }

    /// Removes what a move that broke off left in the other store.
    fn clear_copy(&self, context: &Context) -> Result<(), Problem> {
        match self.book.noted(self.id).copy_in {
            Some(left) if left != self.store => self.remove_from(context.vault(left)?.as_ref(), left),
            _ => Ok(()),
        }
    }

    fn remove_from(&self, vault: &dyn Vault, left: StoreKind) -> Result<(), Problem> {
        let failed = |source| ChangeError::CopyLeft {
            connection: self.connection.name.to_string(),
            place: self.store.place(),
            left: left.place(),
            id: self.id.to_string(),
            source,
        };
        vault.remove(self.id).map_err(failed)?;
        let _ = self.note(None);
        Ok(())
    }

    fn note(&self, copy: Option<StoreKind>) -> Result<(), StoreError> {
        self.book.set_copy_in(self.id, copy)
    }
}
