//! Letting connections go from a list that can't be read: what can be made out of it leads to their secrets, and these are
//! removed. The list itself is never changed here.

use crate::commands::forgetting::forget_filed;
use crate::commands::moving_error::MovingError;
use crate::connection::ConnectionName;
use crate::context::Context;
use crate::problem::Problem;
use crate::store::{Remains, StoreError};

/// Why the list can't be read, if that is so.
pub(super) fn unreadable(context: &Context) -> Result<Option<StoreError>, Problem> {
    match context.registry()?.read() {
        Err(error @ (StoreError::RegistryDamaged { .. } | StoreError::RegistryNewer { .. })) => Ok(Some(error)),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Removes the secrets of the connection called `name`, or of all, and says what is left: the entry always is.
pub(super) fn forget(context: &Context, name: Option<&ConnectionName>, source: StoreError) -> Result<Problem, Problem> {
    let (StoreError::RegistryDamaged { path, .. } | StoreError::RegistryNewer { path, .. }) = &source else {
        return Ok(source.into());
    };
    let path = path.display().to_string();
    let meant = |remains: &Remains| name.is_none_or(|name| remains.name == *name);
    let found: Vec<Remains> = context.registry()?.remains()?.into_iter().filter(meant).collect();
    if found.is_empty() {
        let names = name.map_or_else(|| "any connection".to_owned(), |name| format!("`{name}`"));
        let secrets = context.places()?.state.join("secrets.d365").display().to_string();
        return Ok(MovingError::NotFound { names, path, secrets, source }.into());
    }
    if name.is_none() {
        let named: Vec<&str> = found.iter().map(|remains| remains.name.as_str()).collect();
        context.confirm(&format!("Remove the secrets of {}?", named.join(", ")))?;
    }
    let (mut removed, mut kept) = (Vec::new(), None);
    for Remains { name, id, store } in found {
        match forget_filed(context, name.as_str(), &id, store, || Ok(()))? {
            None => removed.push(format!("`{name}`")),
            Some(left) => {
                if let Some(told) = kept.replace(left) {
                    context.screen.warn(&told.to_string());
                }
            }
        }
    }
    let (names, count) = (removed.join(", "), removed.len());
    match kept {
        None => Ok(MovingError::EntryLeft { names, count, path, source }.into()),
        Some(left) => {
            if count > 0 {
                context.screen.note(&format!("removed the secrets of {names}"));
            }
            Ok(left.into())
        }
    }
}
