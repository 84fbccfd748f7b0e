//! Secrets that no connection owns: what a command that died between keeping secrets and writing the list left in a store.
//! They are found and listed here, and removed where a person asked for that; never by themselves, never beside a list that
//! is missing or can't be read, and never those of another configuration on the same keyring.

use std::collections::BTreeSet;

use crate::connection::StoreKind;
use crate::context::Context;
use crate::problem::Problem;
use crate::store::{ConfigurationId, KeepingLock, StoreError, Unowned};

/// The places that secrets are kept in.
const STORES: [StoreKind; 2] = [StoreKind::Keyring, StoreKind::File];

/// A record that no connection owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orphan {
    /// Where it is.
    pub(super) store: StoreKind,
    /// What it is filed under there.
    pub(super) name: String,
    /// The organisation that it was made for, if it says so.
    pub(super) address: Option<String>,
}

impl Orphan {
    /// The record in a line for people.
    pub(super) fn line(&self) -> String {
        let made_for = match &self.address {
            Some(address) => format!(", made for {address}"),
            None if self.name.starts_with("probe-") => ", a trial without any secret".to_owned(),
            None => String::new(),
        };
        format!("{} in the {}{made_for}", self.name, self.store.place())
    }
}

/// The records of this configuration that no connection owns; `None` where there is no list yet, so that nobody can tell.
///
/// # Errors
/// When the list is damaged or newer; when another process is keeping secrets for too long; when a store that is there
/// can't be read.
pub(super) fn find(context: &Context) -> Result<Option<Vec<Orphan>>, Problem> {
    let _alone = KeepingLock::exclusive(context.places()?)?;
    let Some(configuration) = context.registry()?.configuration()? else { return Ok(None) };
    let mut found = Vec::new();
    for store in STORES {
        match in_store(context, store, &configuration) {
            Ok(orphans) => found.extend(orphans),
            // Without a keyring there is nothing in it that could be removed now.
            Err(error @ StoreError::StoreAbsent { .. }) => {
                context.trace().decision(|| format!("not looking into the keyring: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(found))
}

/// Removes those of `listed` that no connection owns still, and says how many these were.
///
/// # Errors
/// As [`find`]; when one can't be removed.
pub(super) fn remove(context: &Context, listed: &[Orphan]) -> Result<usize, Problem> {
    if listed.is_empty() {
        return Ok(0);
    }
    let _alone = KeepingLock::exclusive(context.places()?)?;
    let Some(configuration) = context.registry()?.configuration()? else { return Ok(0) };
    let mut removed = 0;
    for store in STORES {
        if !listed.iter().any(|orphan| orphan.store == store) {
            continue;
        }
        for orphan in in_store(context, store, &configuration)?.iter().filter(|orphan| listed.contains(orphan)) {
            context.vault(store)?.clear(&orphan.name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes everything that this configuration keeps, where its list can't be read and a person wants all of it gone.
///
/// # Errors
/// When a store that is there can't be read, or doesn't let go.
pub(super) fn remove_all_of(context: &Context, configuration: &ConfigurationId) -> Result<usize, Problem> {
    let _alone = KeepingLock::exclusive(context.places()?)?;
    let mut removed = 0;
    for store in STORES {
        let vault = context.vault(store)?;
        match vault.unowned(&BTreeSet::new()) {
            Ok(records) => {
                for record in records.iter().filter(|record| record.configuration.as_ref() == Some(configuration)) {
                    vault.clear(&record.name)?;
                    removed += 1;
                }
            }
            Err(StoreError::StoreAbsent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(removed)
}

/// Says how many there are in a store that is open already. Nothing is waited for, and nothing fails.
pub(super) fn tell(context: &Context, store: StoreKind) {
    let count = || {
        let Some(_alone) = KeepingLock::exclusive_if_free(context.places()?)? else { return Ok(0) };
        match context.registry()?.configuration()? {
            Some(configuration) => Ok(in_store(context, store, &configuration)?.len()),
            None => Ok::<usize, Problem>(0),
        }
    };
    match count() {
        Ok(0) => {}
        Ok(count) => context.screen.note(&format!(
            "{} in the {} {} to no connection; `d365conn doctor --fix` shows and removes {}",
            counted(count),
            store.place(),
            if count == 1 { "belongs" } else { "belong" },
            if count == 1 { "it" } else { "them" }
        )),
        Err(problem) => context.trace().decision(|| format!("could not look for secrets left behind: {problem}")),
    }
}

/// `1 record of secrets`, `2 records of secrets`.
pub(super) fn counted(records: usize) -> String {
    if records == 1 { "1 record of secrets".to_owned() } else { format!("{records} records of secrets") }
}

/// A connection owns what is filed under its id in its own store; a copy in the other one is nobody's.
fn in_store(context: &Context, store: StoreKind, configuration: &ConfigurationId) -> Result<Vec<Orphan>, StoreError> {
    let unreachable = |problem: Problem| StoreError::StoreFailed { detail: problem.to_string() };
    let registry = context.registry().map_err(unreachable)?;
    let connections = registry.read()?;
    let owned = connections.iter().filter(|connection| connection.store == store);
    let owned = owned.map(|connection| connection.id.to_string()).collect();
    let records = context.vault(store).map_err(unreachable)?.unowned(&owned)?;
    let ours = records.into_iter().filter(|record| record.configuration.as_ref() == Some(configuration));
    Ok(ours.map(|Unowned { name, address, .. }| Orphan { store, name, address }).collect())
}
