//! Keeping a connection, for every command that makes one: its secrets first, then the list that points at them. How the
//! secrets were come by is not known here.

use jiff::Timestamp;

use crate::commands::forgetting::LOCK_WAIT;
use crate::commands::orphans;
use crate::connection::Connection;
use crate::context::Context;
use crate::problem::Problem;
use crate::store::{Connections, CredentialLock, DemandBook, HealthBook, KeepingLock, Secrets, StoreError};

/// What is to be kept.
pub(super) struct Kept<'a> {
    /// The connection as it will be: its secrets are made for this one.
    pub(super) connection: &'a Connection,
    /// The secrets.
    pub(super) secrets: &'a Secrets,
    /// When the refresh token among them was issued, if that is known.
    pub(super) issued: Option<Timestamp>,
}

/// Why a connection was not kept.
pub(super) enum NotKept {
    /// The store would not take the secrets; nothing has changed.
    Refused(StoreError),
    /// Anything else.
    Failed(Problem),
}

impl From<Problem> for NotKept {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<NotKept> for Problem {
    fn from(not_kept: NotKept) -> Self {
        match not_kept {
            NotKept::Refused(refusal) => refusal.into(),
            NotKept::Failed(problem) => problem,
        }
    }
}

impl Kept<'_> {
    /// Keeps the secrets, under their lock, and then lets `list` change the list of connections. `may` is asked before
    /// anything is written. A failure in between leaves what was there before, because a new connection's secrets are filed
    /// under an id of their own; they are removed again, for no connection would point at them.
    ///
    /// # Errors
    /// [`NotKept::Refused`] when the store won't take the secrets. What `may` and `list` say; when the list can't be written, or another process holds the connection.
    pub(super) fn keep<T>(
        &self,
        context: &Context,
        may: impl FnOnce(&Connections) -> Result<(), Problem>,
        list: impl FnOnce(&mut Connections) -> Result<T, Problem>,
    ) -> Result<T, NotKept> {
        let Self { connection, secrets, issued } = self;
        let id = &connection.id;
        let (places, vault, registry) = (context.places()?, context.vault(connection.store)?, context.registry()?);
        let _lock = context.block_on(async { Ok(CredentialLock::acquire(vault.as_ref(), id, LOCK_WAIT).await?) })?;
        // Nobody may take the secrets for left behind before the list names them.
        let keeping = KeepingLock::shared(places).map_err(Problem::from)?;
        may(&registry.read().map_err(Problem::from)?)?;
        let record = context.vault_of(connection)?.record(secrets).map_err(Problem::from)?;
        vault.write(id, &record).map_err(NotKept::Refused)?;
        let listed = registry.change(list);
        if listed.is_err() && !registry.read().map_err(Problem::from)?.iter().any(|saved| saved.id == *id) {
            let _ = vault.remove(id);
        }
        drop(keeping);
        let listed = listed?;
        let notes =
            HealthBook::new(places).set_connected(id, *issued).and_then(|()| DemandBook::new(places).strike(id));
        if let Err(error) = notes {
            context.trace().decision(|| format!("could not mark the connection: {error}"));
        }
        orphans::tell(context, connection.store);
        Ok(listed)
    }
}
